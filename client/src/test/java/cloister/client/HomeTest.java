package cloister.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.crypto.SigningKey;
import cloister.ledger.Checkpoint;
import cloister.ledger.CheckpointKey;
import cloister.ledger.SignedCheckpoint;
import cloister.ledger.TreeHead;
import cloister.protocol.Checkpoints;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.room.Name;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HomeTest {
  private static final Name AIRLINE = new Name("airline");
  private static final Name ROOM = new Name("room");
  private static final Digest ID = Digest.ofUtf8("collaboration");
  private static final Bytes DOCUMENT = Bytes.utf8("{}");

  @TempDir private Path folder;

  private Path at() {
    return folder.resolve("home");
  }

  @Test
  void aHomeIsTheSameWhenOpenedAgain() {
    Home made = Home.create(at(), AIRLINE);
    Home opened = Home.open(at());
    assertThat(opened.participant()).isEqualTo(AIRLINE);
    assertThat(opened.thumbprint()).isEqualTo(made.thumbprint());
    assertThat(opened.openingKey().sealingKey()).isEqualTo(made.openingKey().sealingKey());
  }

  @Test
  void nobodyElseCanReadWhatIsInIt() throws Exception {
    Home home = Home.create(at(), AIRLINE);
    home.add(membership());
    try (Stream<Path> files = Files.walk(at())) {
      for (Path file : files.filter(each -> !each.endsWith(".lock")).toList()) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
            .as(file.toString())
            .endsWith("------");
      }
    }
  }

  @Test
  void keysThatOthersCanReadAreRefused() throws Exception {
    Home.create(at(), AIRLINE);
    for (String file : List.of("signing.key", "opening.key", "participant.json")) {
      Path path = at().resolve(file);
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r-----"));
      assertRefused(ErrorCode.HOME_INVALID, () -> Home.open(at()));
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
    }
    assertThat(Home.open(at()).participant()).isEqualTo(AIRLINE);
  }

  @Test
  void anExistingHomeIsNeverOverwritten() throws Exception {
    Digest before = Home.create(at(), AIRLINE).thumbprint();
    assertRefused(ErrorCode.HOME_INVALID, () -> Home.create(at(), new Name("media")));
    assertThat(Home.open(at()).thumbprint()).isEqualTo(before);
    Files.delete(at().resolve("participant.json"));
    assertRefused(ErrorCode.HOME_INVALID, () -> Home.create(at(), AIRLINE));
  }

  @Test
  void brokenFilesAreOneClearError() throws Exception {
    Home.create(at(), AIRLINE);
    Path key = at().resolve("signing.key");
    byte[] good = Files.readAllBytes(key);
    Files.write(key, new byte[good.length]);
    assertRefused(ErrorCode.HOME_INVALID, () -> Home.open(at()));
    Files.write(key, good);
    Files.writeString(at().resolve("participant.json"), "{\"participant\":\"airline\"}");
    assertRefused(ErrorCode.MESSAGE_MALFORMED, () -> Home.open(at()));
    assertRefused(ErrorCode.HOME_INVALID, () -> Home.open(folder.resolve("none")));
  }

  @Test
  void theOnlyCollaborationNeedsNoName() {
    Home home = Home.create(at(), AIRLINE);
    assertRefused(ErrorCode.COLLABORATION_UNKNOWN, () -> home.membership(Optional.empty()));
    home.add(membership());
    assertThat(home.membership(Optional.empty())).isEqualTo(membership());
    home.add(Membership.of(new Name("other"), ID, DOCUMENT, URI.create("http://localhost:1")));
    assertRefused(ErrorCode.COLLABORATION_UNKNOWN, () -> home.membership(Optional.empty()));
    assertThat(home.membership(Optional.of(ROOM))).isEqualTo(membership());
  }

  /// Each extends what was there before, and nothing says that they extend each other.
  @Test
  void oneOfManyCheckpointsWithTheSameBeginningIsWrittenDown() throws Exception {
    Home home = Home.create(at(), AIRLINE);
    home.add(membership());
    SigningKey key = SigningKey.generate();
    try (var writers = Executors.newVirtualThreadPerTaskExecutor()) {
      var done =
          IntStream.rangeClosed(1, 24)
              .mapToObj(size ->
                  writers.submit(() ->
                      Home.open(at())
                          .change(
                              ROOM,
                              known -> known.withCheckpoint(Optional.empty(), signed(key, size)))))
              .toList();
      Set<Optional<TreeHead>> known = new HashSet<>();
      for (var one : done) {
        known.add(one.get().head());
      }
      assertThat(known).containsExactly(home.membership(Optional.of(ROOM)).head());
    }
    Optional<TreeHead> before = home.membership(Optional.of(ROOM)).head();
    home.change(ROOM, known -> known.withCheckpoint(before, signed(key, 25)));
    assertThat(home.membership(Optional.of(ROOM)).head().orElseThrow().size()).isEqualTo(25);
  }

  @Test
  void anEnclavesKeyIsWrittenDownOnce() {
    Home home = Home.create(at(), AIRLINE);
    home.add(membership());
    home.change(ROOM, known -> known.withEnclaveKey(Bytes.utf8("key"), Bytes.utf8("CA")));
    assertRefused(
        ErrorCode.LEDGER_FORKED,
        () ->
            home.change(
                ROOM, known -> known.withEnclaveKey(Bytes.utf8("other key"), Bytes.utf8("CA"))));
    Membership known =
        home.change(ROOM, same -> same.withEnclaveKey(Bytes.utf8("key"), Bytes.utf8("other CA")));
    assertThat(known.enclaveKey()).contains(Bytes.utf8("key"));
    assertThat(known.certificateAuthority()).contains(Bytes.utf8("CA"));
  }

  private static SignedCheckpoint signed(SigningKey key, long size) {
    CheckpointKey checkpointKey = Checkpoints.key(ID, key.verifyingKey());
    return new Checkpoint(
            checkpointKey.origin(), new TreeHead(size, Digest.ofUtf8("root of " + size)))
        .sign(checkpointKey, key::sign);
  }

  private static Membership membership() {
    return Membership.of(ROOM, ID, DOCUMENT, URI.create("https://enclave.example"));
  }

  private static void assertRefused(ErrorCode code, Runnable attempt) {
    assertThatThrownBy(attempt::run)
        .isInstanceOfSatisfying(
            CloisterException.class, refusal -> assertThat(refusal.code()).isEqualTo(code));
  }
}
