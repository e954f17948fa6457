package cloister.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.testkit.ForAll;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class CheckpointTest {
  private static final String ORIGIN = "cloister.example/airline-media-2026";
  private static final KeyPair PAIR = pair();
  private static final CheckpointKey KEY = CheckpointKey.of(ORIGIN, PAIR.getPublic());
  private static final List<Bytes> LEAVES = Trees.numbered(20);
  private static final Ledger LEDGER = Trees.ledgerOf(LEAVES);

  @Test
  void aSignedCheckpointIsReadBackAndVerifies() throws ProofException {
    SignedCheckpoint signed = signed(LEDGER.head(7));
    SignedCheckpoint read = SignedCheckpoint.parse(signed.format());
    assertThat(read).isEqualTo(signed);
    assertThat(read.verify(KEY)).isEqualTo(new Checkpoint(ORIGIN, LEDGER.head(7)));
  }

  /// The example key of the C2SP signed-note specification's reference implementation
  /// (golang.org/x/mod/sumdb/note, package documentation).
  @Test
  void theKeyIdIsThatOfTheSpecification() {
    String published = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assertThat(CheckpointKey.parse(published).format()).isEqualTo(published);
    assertThat(CheckpointKey.parse(published).id().hex()).isEqualTo("c74f20a3");
  }

  @Test
  void theSpecificationsExampleSignatureVerifies() {
    CheckpointKey key =
        CheckpointKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    Bytes text =
        Bytes.utf8(
            """
            If you think cryptography is the answer to your problem,
            then you don't know what your problem is.
            """);
    byte[] line =
        Bytes.base64(
                "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=")
            .toArray();
    Bytes signature = Bytes.of(Arrays.copyOfRange(line, 4, line.length));
    assertThat(key.verifies(text, signature)).isTrue();
    assertThat(key.verifies(Bytes.utf8("other\n"), signature)).isFalse();
  }

  @ForAll(tries = 300)
  void anyChangedCharacterIsRefused(RandomGenerator random) {
    String note = signed(LEDGER.head(7)).format();
    int at = random.nextInt(note.length());
    char other = (char) random.nextInt(1, 0x250);
    String changed =
        switch (random.nextInt(3)) {
          case 0 -> note.substring(0, at) + note.substring(at + 1);
          case 1 -> note.substring(0, at) + other + note.substring(at);
          default -> note.substring(0, at) + other + note.substring(at + 1);
        };
    if (!changed.equals(note)) {
      assertThatThrownBy(() -> SignedCheckpoint.parse(changed).verify(KEY))
          .as(changed)
          .isInstanceOf(ProofException.class);
    }
  }

  @Test
  void oneCheckpointHasOneSpelling() {
    String root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    assertThat(new Checkpoint("log", TreeHead.EMPTY).format()).isEqualTo("log\n0\n" + root + "\n");
    for (String bad :
        List.of(
            "",
            "log\n0\n" + root,
            "log\n00\n" + root + "\n",
            "log\n+0\n" + root + "\n",
            "log\n-0\n" + root + "\n",
            "log\n0 \n" + root + "\n",
            "log\n٠\n" + root + "\n",
            "log\n99999999999999999999\n" + root + "\n",
            "log\n-1\n" + root + "\n",
            "\n0\n" + root + "\n",
            "a log\n0\n" + root + "\n",
            "a+log\n0\n" + root + "\n",
            "log\n0\n" + root.replace("FU=", "FV=") + "\n",
            "log\n0\n" + root.replace("=", "") + "\n",
            "log\n0\nAAAA\n",
            "log\n0\n" + root + "\nextension\n",
            "log\r\n0\n" + root + "\n",
            "l".repeat(256) + "\n0\n" + root + "\n",
            "log\n0\n" + root + "\n" + "x".repeat(1 << 20))) {
      assertThatThrownBy(() -> Checkpoint.parse(bad)).isInstanceOf(ProofException.class);
    }
  }

  @Test
  void anotherKeyOrOriginIsRefused() {
    SignedCheckpoint signed = signed(LEDGER.head(7));
    CheckpointKey otherKey = CheckpointKey.of(ORIGIN, pair().getPublic());
    CheckpointKey otherOrigin = CheckpointKey.of("elsewhere", PAIR.getPublic());
    assertThatThrownBy(() -> signed.verify(otherKey)).hasMessageContaining("another key");
    assertThatThrownBy(() -> signed.verify(otherOrigin)).hasMessageContaining("another ledger");
    var claimed = new SignedCheckpoint(signed.checkpoint(), otherKey.id(), signed.signature());
    assertThatThrownBy(() -> claimed.verify(otherKey)).hasMessageContaining("does not verify");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> signed.checkpoint().sign(otherOrigin, CheckpointTest::sign));
  }

  @Test
  void badKeysAreRefused() {
    String good = KEY.format();
    assertThat(CheckpointKey.parse(good)).isEqualTo(KEY);
    for (String bad :
        List.of("", "a+b", "a+b+c", good + "A", good.replaceFirst("\\+.{8}", "+00000000"))) {
      assertThatIllegalArgumentException().isThrownBy(() -> CheckpointKey.parse(bad));
    }
  }

  @Test
  void memoryFollowsAnHonestLedger() throws ProofException {
    CheckpointMemory memory = CheckpointMemory.begin(KEY, signed(LEDGER.head(3)));
    for (int size : List.of(3, 4, 11, 11, 20)) {
      ConsistencyProof proof = LEDGER.consistency(memory.last().checkpoint().head().size(), size);
      memory = memory.advance(signed(LEDGER.head(size)), proof);
      assertThat(memory.last().checkpoint().head()).isEqualTo(LEDGER.head(size));
      memory = CheckpointMemory.begin(KEY, SignedCheckpoint.parse(memory.last().format()));
    }
  }

  @Test
  void aSmallerTreeIsARollback() throws ProofException {
    CheckpointMemory memory = CheckpointMemory.begin(KEY, signed(LEDGER.head(9)));
    refused(
        memory, signed(LEDGER.head(8)), LEDGER.consistency(8, 9), ProofException.Reason.ROLLBACK);
    refused(
        memory, signed(TreeHead.EMPTY), LEDGER.consistency(0, 9), ProofException.Reason.ROLLBACK);
  }

  @Test
  void anotherHistoryIsAFork() throws ProofException {
    CheckpointMemory memory = CheckpointMemory.begin(KEY, signed(LEDGER.head(9)));
    Ledger fork = Ledger.open(new MemoryStore());
    for (int i = 0; i < 20; i++) {
      Bytes leaf = i == 5 ? Bytes.utf8("rewritten") : LEAVES.get(i);
      fork.append(new Entry(leaf, Bytes.utf8("")));
    }
    refused(memory, signed(fork.head(9)), fork.consistency(9, 9), ProofException.Reason.FORK);
    for (int size = 10; size <= 20; size++) {
      refused(
          memory, signed(fork.head(size)), fork.consistency(9, size), ProofException.Reason.FORK);
    }
  }

  @Test
  void whatIsNotSignedAccusesNobody() throws ProofException {
    CheckpointMemory memory = CheckpointMemory.begin(KEY, signed(LEDGER.head(9)));
    SignedCheckpoint good = signed(LEDGER.head(8));
    SignedCheckpoint forged =
        new SignedCheckpoint(
            new Checkpoint(ORIGIN, new TreeHead(9, Digest.ofUtf8("fork"))),
            good.keyId(),
            good.signature());
    refused(memory, forged, LEDGER.consistency(9, 9), ProofException.Reason.INVALID);
    refused(
        memory, signed(LEDGER.head(12)), LEDGER.consistency(8, 12), ProofException.Reason.INVALID);
    assertThatThrownBy(() -> CheckpointMemory.begin(KEY, forged))
        .isInstanceOf(ProofException.class);
  }

  private static void refused(
      CheckpointMemory memory,
      SignedCheckpoint next,
      ConsistencyProof proof,
      ProofException.Reason reason) {
    assertThatThrownBy(() -> memory.advance(next, proof))
        .isInstanceOfSatisfying(
            ProofException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  private static SignedCheckpoint signed(TreeHead head) {
    return new Checkpoint(ORIGIN, head).sign(KEY, CheckpointTest::sign);
  }

  private static Bytes sign(Bytes message) {
    try {
      Signature ed25519 = Signature.getInstance("Ed25519");
      ed25519.initSign(PAIR.getPrivate());
      ed25519.update(message.toArray());
      return Bytes.of(ed25519.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyPair pair() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
