package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Signatures.Algorithm;
import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TpmQuoteTest {
  private static final TpmRegisters REGISTERS = AzureTestMachine.registers();
  private static final Bytes NONCE = AzureTestMachine.BINDING.sha256();
  private static final Bytes ATTEST = AzureTestMachine.attest(NONCE, REGISTERS);

  @Test
  void aQuoteSaysWhatTheTpmSaid() throws Exception {
    TpmQuote quote = TpmQuote.parse(AzureTestMachine.quote());
    assertThat(quote.nonce()).isEqualTo(NONCE);
    assertThat(quote.clockMillis()).isEqualTo(12345);
    assertThat(quote.resets()).isEqualTo(7);
    assertThat(quote.clockState()).isEqualTo(TpmQuote.ClockState.SAFE);
    assertThat(quote.selection()).hasSize(24);
    assertThat(quote.isBoundTo(AzureTestMachine.BINDING)).isTrue();
    assertThat(quote.isBoundTo(Binding.of("another"))).isFalse();
    assertThat(quote.claims()).contains(new Claim("tpm-reset-count", "7"));
    assertThat(failures(AzureTestMachine.quote(), REGISTERS)).isEmpty();
  }

  /// With every byte flipped by one of its bits in turn, it is read no more or holds no more.
  @Test
  void noBitOfAQuoteCanBeFlipped() {
    byte[] quote = AzureTestMachine.quote().toArray();
    for (int bit = 0; bit < quote.length * 8; bit++) {
      byte[] altered = quote.clone();
      altered[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(failures(Bytes.of(altered), REGISTERS))
          .as("bit %d", bit)
          .containsAnyOf("parse", "tpm.signature");
    }
  }

  @Test
  void aQuoteCutShortOrExtendedIsNone() {
    byte[] quote = AzureTestMachine.quote().toArray();
    for (int length = 0; length <= quote.length + 3; length++) {
      if (length != quote.length) {
        assertThat(failures(Bytes.of(Arrays.copyOf(quote, length)), REGISTERS))
            .as("%d bytes", length)
            .containsExactly("parse");
      }
    }
    assertThat(failures(Bytes.of(new byte[5000]), REGISTERS)).containsExactly("parse");
  }

  @Test
  void ecdsaIsReadWithAndWithoutLeadingZeros() throws Exception {
    TestAuthority key = TestAuthority.root(Kind.P256, "TPM");
    for (int tries = 0; tries < 10_000; tries++) {
      Bytes signature = key.sign(Algorithm.ES256, ATTEST);
      Bytes r = signature.slice(0, 32);
      Bytes s = signature.slice(32, 64);
      boolean isShort = r.toArray()[0] == 0;
      Bytes written = isShort ? r.slice(1, 32) : r;
      var checks = new Checks();
      TpmQuote.parse(ecdsa(written, s)).require(checks, "tpm", key.keys().getPublic(), REGISTERS);
      assertThat(checks.failed()).isFalse();
      if (isShort) {
        return;
      }
    }
    throw new IllegalStateException("no signature with a leading zero among so many");
  }

  @Test
  void theSchemeIsOneOfTwoAndFitsTheKey() {
    Bytes s = Bytes.of(new byte[33]);
    assertThat(failures(ecdsa(s, s), REGISTERS)).as("long scalars").containsExactly("parse");
    Bytes zero = Bytes.of(new byte[32]);
    assertThat(failures(ecdsa(zero, zero), REGISTERS))
        .as("ECDSA and a key of RSA")
        .containsExactly("tpm.signature");
    for (String scheme : List.of("0016000b", "0014000c", "0014000a", "0000000b")) {
      Bytes quote =
          Bytes.concat(
              AzureTestMachine.sized(ATTEST),
              Bytes.hex(scheme),
              AzureTestMachine.sized(AzureTestMachine.TPM.sign(Algorithm.RS256, ATTEST)));
      assertThat(failures(quote, REGISTERS)).as(scheme).containsExactly("parse");
    }
  }

  /// What the TPM's key signs of a caller's choosing does not begin with its magic; what it signs
  /// about other things than registers has other types.
  @Test
  void onlyWhatTheTpmMadeAsAQuoteIsOne() {
    for (String start : List.of("ff5443468018", "ff5443478017", "ff544347801a", "000000008018")) {
      Bytes attest = Bytes.concat(Bytes.hex(start), ATTEST.slice(6, ATTEST.size()));
      assertThat(failures(AzureTestMachine.quote(attest), REGISTERS))
          .as(start)
          .containsExactly("parse");
    }
  }

  /// docs/forgotten-checks.md no. 13: the selection is compared, not only the digest.
  @Test
  void theRegistersPresentedAreExactlyThoseSelected() {
    var fewer = new TreeMap<>(REGISTERS.values());
    fewer.remove(12);
    var without12 = new TpmRegisters(fewer);
    assertThat(failures(AzureTestMachine.quote(), without12))
        .containsExactlyInAnyOrder("tpm.selection", "tpm.registers");
    Bytes narrow = AzureTestMachine.quote(AzureTestMachine.attest(NONCE, without12));
    assertThat(failures(narrow, without12)).isEmpty();
    assertThat(failures(narrow, REGISTERS))
        .containsExactlyInAnyOrder("tpm.selection", "tpm.registers");
    // The same values under other indices have the same digest.
    var moved = new TreeMap<>(fewer);
    moved.put(12, REGISTERS.values().get(13));
    moved.remove(13);
    assertThat(failures(narrow, new TpmRegisters(moved))).containsExactly("tpm.selection");
  }

  @Test
  void anotherValueOfARegisterIsFound() {
    for (int index = 0; index < TpmRegisters.COUNT; index++) {
      var values = new TreeMap<>(REGISTERS.values());
      values.put(index, Bytes.of(new byte[32]));
      assertThat(failures(AzureTestMachine.quote(), new TpmRegisters(values)))
          .containsExactly("tpm.registers");
    }
  }

  @Test
  void aSelectionIsOfTheOneBank() {
    int at = 4 + 2 + 36 + 34 + 25;
    for (String selection :
        List.of(
            "00000001" + "000c" + "03ffffff",
            "00000001" + "000b" + "02ffff",
            "00000001" + "000b" + "03000000",
            "00000000",
            "00000002" + "000b" + "03ffffff" + "000c" + "03ffffff")) {
      Bytes attest =
          Bytes.concat(
              ATTEST.slice(0, at), Bytes.hex(selection), ATTEST.slice(at + 10, ATTEST.size()));
      assertThat(failures(AzureTestMachine.quote(attest), REGISTERS))
          .as(selection)
          .containsExactly("parse");
    }
  }

  @Test
  void registersHaveOneEncoding() throws Exception {
    assertThat(TpmRegisters.parse(REGISTERS.encoded())).isEqualTo(REGISTERS);
    var one = new TreeMap<Integer, Bytes>();
    one.put(23, Bytes.of(new byte[32]));
    assertThat(new TpmRegisters(one).encoded()).isEqualTo(Bytes.hex("000b17" + "00".repeat(32)));
    Bytes zero = Bytes.of(new byte[32]);
    for (Bytes bad :
        List.of(
            Bytes.of(new byte[0]),
            Bytes.hex("000b"),
            Bytes.concat(Bytes.hex("000c00"), zero),
            Bytes.concat(Bytes.hex("000b18"), zero),
            Bytes.concat(Bytes.hex("000b05"), zero, Bytes.hex("05"), zero),
            Bytes.concat(Bytes.hex("000b05"), zero, Bytes.hex("04"), zero),
            Bytes.concat(Bytes.hex("000b05"), zero.slice(0, 31)),
            Bytes.concat(REGISTERS.encoded(), Bytes.hex("00")))) {
      assertThatThrownBy(() -> TpmRegisters.parse(bad)).isInstanceOf(EvidenceException.class);
    }
  }

  private static Bytes ecdsa(Bytes r, Bytes s) {
    return Bytes.concat(
        AzureTestMachine.sized(ATTEST),
        Bytes.hex("0018000b"),
        AzureTestMachine.sized(r),
        AzureTestMachine.sized(s));
  }

  private static Set<String> failures(Bytes quote, TpmRegisters registers) {
    var checks = new Checks();
    try {
      TpmQuote.parse(quote)
          .require(checks, "tpm", AzureTestMachine.TPM.keys().getPublic(), registers);
    } catch (EvidenceException _) {
      return Set.of("parse");
    }
    return SnpTestPlatform.names(checks.list());
  }
}
