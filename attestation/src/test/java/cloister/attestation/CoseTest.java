package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Signatures.Algorithm;
import cloister.attestation.TestAuthority.Contents;
import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import java.security.PublicKey;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class CoseTest {
  private static final Bytes PAYLOAD = Bytes.of(new byte[300]);
  private static final Bytes EMPTY_MAP = Bytes.hex("a0");

  /// {1: -35}
  private static final Bytes ES384 = Bytes.hex("a1013822");

  private final TestAuthority signer = TestAuthority.root(Kind.P384, "Signer");

  @Test
  void aMessageHoldsWithAndWithoutItsTag() throws Exception {
    Bytes message = signed(signer, Algorithm.ES384, ES384, EMPTY_MAP, PAYLOAD);
    for (Bytes form : List.of(message, Bytes.concat(Bytes.hex("d2"), message))) {
      Cose cose = Cose.parse("a test", form);
      assertThat(cose.payload()).isEqualTo(PAYLOAD);
      assertThat(holds(cose, Algorithm.ES384, signer)).isTrue();
    }
  }

  /// Independent of this class: RFC 9052 appendix C.2.1, with its key 11 on P-256.
  @Test
  void theExampleOfTheSpecificationHolds() throws Exception {
    Cose cose =
        Cose.parse(
            "RFC 9052 C.2.1",
            Bytes.hex(
                "d28443a10126a10442313154546869732069732074686520636f6e74656e742e"
                    + "58408eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4d25a91aef0b0117e"
                    + "2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36"));
    PublicKey key =
        Signatures.p256(
            Bytes.hex("bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff"),
            Bytes.hex("20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e"));
    assertThat(cose.requireSigned(new Checks(), "cose", Algorithm.ES256, key)).isTrue();
  }

  @Test
  void everyAlteredBitIsRefused() {
    Bytes payload = Bytes.utf8("a payload");
    byte[] message = signed(signer, Algorithm.ES384, ES384, EMPTY_MAP, payload).toArray();
    for (int bit = 0; bit < message.length * 8; bit++) {
      byte[] altered = message.clone();
      altered[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(accepted(Bytes.of(altered))).as("bit %d", bit).isFalse();
    }
    for (int length = 0; length < message.length + 2; length++) {
      if (length != message.length) {
        assertThat(accepted(Bytes.of(Arrays.copyOf(message, length)))).isFalse();
      }
    }
  }

  @Test
  void theAlgorithmIsTheCallersAndTheProtectedHeaderAgrees() throws Exception {
    for (String header : new String[] {"a10126", "a1013825", "a0", "a1013823"}) {
      Bytes message = signed(signer, Algorithm.ES384, Bytes.hex(header), EMPTY_MAP, PAYLOAD);
      assertThat(holds(Cose.parse("a test", message), Algorithm.ES384, signer)).isFalse();
    }
    Bytes unprotected = signed(signer, Algorithm.ES384, EMPTY_MAP, Bytes.hex("a1013822"), PAYLOAD);
    assertThat(holds(Cose.parse("a test", unprotected), Algorithm.ES384, signer)).isFalse();
    Bytes other = signed(signer, Algorithm.ES384, ES384, EMPTY_MAP, PAYLOAD);
    var stranger = TestAuthority.root(Kind.P384, "Signer");
    assertThat(holds(Cose.parse("a test", other), Algorithm.ES384, stranger)).isFalse();
  }

  @Test
  void certificatesComeFromEitherHeaderAndSignPs384() throws Exception {
    var root = TestAuthority.root(Kind.RSA, "Root");
    var leaf = root.leaf(Kind.RSA, Contents.of("Leaf"));
    // {1: -38, 33: [leaf, root]}
    Bytes several =
        Bytes.concat(
            Bytes.hex("a20138251821"),
            Bytes.hex("82"),
            CborWriting.bytes(leaf.der()),
            CborWriting.bytes(root.der()));
    Cose cose = Cose.parse("a test", signed(leaf, Algorithm.PS384, several, EMPTY_MAP, PAYLOAD));
    assertThat(cose.certificates(2)).containsExactly(leaf.certificate(), root.certificate());
    assertThatThrownBy(() -> cose.certificates(1)).hasMessageContaining("2 certificates");
    assertThat(holds(cose, Algorithm.PS384, leaf)).isTrue();
    assertThat(holds(cose, Algorithm.RS384, leaf)).isFalse();

    Bytes one = Bytes.concat(Bytes.hex("a11821"), CborWriting.bytes(leaf.der()));
    Cose unprotected =
        Cose.parse("a test", signed(leaf, Algorithm.PS384, Bytes.hex("a1013825"), one, PAYLOAD));
    assertThat(unprotected.certificates(2)).containsExactly(leaf.certificate());
    assertThatThrownBy(() ->
            Cose.parse("a test", signed(leaf, Algorithm.PS384, ES384, EMPTY_MAP, PAYLOAD))
                .certificates(2))
        .hasMessageContaining("no certificates");
  }

  @Test
  void otherShapesAreRefusedByTheirFlaw() {
    check("d1" + "84" + "44a1013822" + "a0" + "40" + "40", "CBOR tag 17");
    check("83" + "44a1013822" + "a0" + "40", "no COSE_Sign1");
    check("85" + "44a1013822" + "a0" + "40" + "40" + "40", "no COSE_Sign1");
    check("84" + "44a1013822" + "a0" + "f6" + "40", "no COSE_Sign1");
    check("84" + "a1013822" + "a0" + "40" + "40", "no COSE_Sign1");
    check("84" + "40" + "a0" + "40" + "40", "ends early");
    check("84" + "4180" + "a0" + "40" + "40", "no map");
    check("84" + "45a101382200" + "a0" + "40" + "40", "bytes follow");
    check("84" + "44a1013822" + "a1013822" + "40" + "40", "in both headers");
    check("84" + "47a2013822028103" + "a0" + "40" + "40", "critical");
    check("84" + "44a1013822" + "a1028103" + "40" + "40", "critical");
    check("84" + "46a20138220126" + "a0" + "40" + "40", "the same key twice");
    check("84" + "44a1013822" + "a0" + "40" + "40" + "00", "bytes follow");
    assertThatThrownBy(() -> Cose.parse("a test", Bytes.of(new byte[1 << 18])))
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining("at most");
  }

  private static void check(String hex, String flaw) {
    assertThatThrownBy(() -> Cose.parse("a test", Bytes.hex(hex)))
        .as(hex)
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining(flaw);
  }

  private boolean accepted(Bytes message) {
    try {
      return holds(Cose.parse("a test", message), Algorithm.ES384, signer);
    } catch (EvidenceException _) {
      return false;
    }
  }

  private static boolean holds(Cose cose, Algorithm algorithm, TestAuthority by) {
    var checks = new Checks();
    boolean holds = cose.requireSigned(checks, "cose", algorithm, by.certificate().getPublicKey());
    assertThat(checks.failed()).isEqualTo(!holds);
    return holds;
  }

  /// COSE_Sign1 without a tag, made without the class under test.
  static Bytes signed(
      TestAuthority by, Algorithm algorithm, Bytes header, Bytes unprotected, Bytes payload) {
    Bytes context = Bytes.concat(Bytes.hex("846a"), Bytes.utf8("Signature1"));
    Bytes structure =
        Bytes.concat(
            context, CborWriting.bytes(header), Bytes.hex("40"), CborWriting.bytes(payload));
    return Bytes.concat(
        Bytes.hex("84"),
        CborWriting.bytes(header),
        unprotected,
        CborWriting.bytes(payload),
        CborWriting.bytes(by.sign(algorithm, structure)));
  }
}
