package cloister.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.hpke.HPKE;
import org.bouncycastle.crypto.params.X25519PublicKeyParameters;
import org.junit.jupiter.api.Test;

class HpkeTest {
  private static final Bytes INFO = Bytes.utf8("cloister/test/v1");
  private static final Bytes AAD = Bytes.utf8("/airline/dataset/customers");
  private static final Bytes NOTHING = Bytes.of(new byte[0]);

  private final OpeningKey key = OpeningKey.generate();

  @Test
  void xWingAgreesWithThePublishedVectors() throws Exception {
    List<Vectors.Case> cases = Vectors.read("x-wing.json");
    assertThat(cases).hasSizeGreaterThanOrEqualTo(3);
    for (Vectors.Case vector : cases) {
      XWing.KeyPair pair = XWing.keyPair(Secret.of(vector.bytes("sk")));
      assertThat(pair.publicKey().hex()).isEqualTo(vector.text("pk"));
      var encapsulated =
          XWing.encapsulate(vector.bytes("pk"), new ReplayedRandom(vector.bytes("eseed")));
      assertThat(encapsulated.encapsulation().hex()).isEqualTo(vector.text("ct"));
      Secret expected = Secret.of(vector.bytes("ss"));
      assertThat(encapsulated.sharedSecret()).isEqualTo(expected);
      assertThat(XWing.decapsulate(pair.privateKey(), vector.bytes("ct"))).isEqualTo(expected);
    }
  }

  @Test
  void hpkeWithXWingAgreesWithTheVectorsOfThePostQuantumDraft() throws Exception {
    for (Vectors.Case vector : Vectors.read("hpke-x-wing.json")) {
      XWing.KeyPair pair = XWing.keyPair(Secret.of(vector.bytes("skRm")));
      assertThat(pair.publicKey().hex()).isEqualTo(vector.text("pkRm"));
      Secret shared = XWing.decapsulate(pair.privateKey(), vector.bytes("enc"));
      assertThat(shared).isEqualTo(Secret.of(vector.bytes("shared_secret")));
      checkSchedule(vector, 32);
    }
  }

  @Test
  void theKeyScheduleAgreesWithTheVectorsOfRfc9180() throws Exception {
    List<Vectors.Case> cases = Vectors.read("hpke-rfc9180.json");
    assertThat(cases).hasSize(3);
    for (Vectors.Case vector : cases) {
      checkSchedule(vector, vector.number("aead_id") == 1 ? 16 : 32);
    }
  }

  private static void checkSchedule(Vectors.Case vector, int keyBytes) throws Exception {
    byte[] suiteId =
        Suite.hpkeSuiteId(
            vector.number("kem_id"), vector.number("kdf_id"), vector.number("aead_id"));
    KeySchedule schedule =
        KeySchedule.base(
            suiteId, Secret.of(vector.bytes("shared_secret")), vector.bytes("info"), keyBytes);
    assertThat(schedule.key()).isEqualTo(Secret.of(vector.bytes("key")));
    assertThat(schedule.baseNonce()).isEqualTo(Secret.of(vector.bytes("base_nonce")));
    assertThat(schedule.exporterSecret()).isEqualTo(Secret.of(vector.bytes("exporter_secret")));
    for (Vectors.Case export : vector.cases("exports")) {
      assertThat(schedule.export(export.bytes("exporter_context"), export.number("L")))
          .isEqualTo(Secret.of(export.bytes("exported_value")));
    }
    for (Vectors.Case encryption : vector.cases("encryptions")) {
      assertThat(open(vector, schedule, encryption)).isEqualTo(encryption.bytes("pt"));
    }
  }

  private static byte[] open(Vectors.Case vector, KeySchedule schedule, Vectors.Case encryption)
      throws Exception {
    byte[] nonce = encryption.bytes("nonce");
    boolean aes = vector.number("aead_id") == 1;
    Cipher cipher = Cipher.getInstance(aes ? "AES/GCM/NoPadding" : "ChaCha20-Poly1305");
    cipher.init(
        Cipher.DECRYPT_MODE,
        new SecretKeySpec(schedule.key().expose(), aes ? "AES" : "ChaCha20"),
        aes ? new GCMParameterSpec(128, nonce) : new IvParameterSpec(nonce));
    cipher.updateAAD(encryption.bytes("aad"));
    return cipher.doFinal(encryption.bytes("ct"));
  }

  @Test
  void bouncyCastleOpensWhatWeSealAndWeOpenWhatItSeals() throws Exception {
    var other =
        new HPKE(HPKE.mode_base, HPKE.kem_X_WING, HPKE.kdf_HKDF_SHA256, HPKE.aead_AES_GCM256);
    byte[] seed = Arrays.copyOfRange(key.encoded().expose(), 2, 34);
    var otherKey = other.deserializePrivateKey(seed, null);
    byte[] suite = {0, 1};

    var sender = HpkeSender.to(key.sealingKey(), INFO);
    byte[] encapsulation = sender.encapsulation().slice(2, 1122).toArray();
    var otherReceiver = other.setupBaseR(encapsulation, otherKey, INFO.toArray());
    for (int i = 0; i < 300; i++) {
      byte[] message = {(byte) i, 7};
      var numbered = sender.seal(AAD, message);
      assertThat(numbered.number()).isEqualTo(i);
      assertThat(otherReceiver.open(AAD.toArray(), numbered.sealed().toArray())).isEqualTo(message);
    }
    assertThat(sender.export("label", 48))
        .isEqualTo(Secret.of(otherReceiver.export(Bytes.utf8("label").toArray(), 48)));

    var otherSender = other.setupBaseS(otherKey.getPublic(), INFO.toArray());
    Bytes theirs = Bytes.concat(Bytes.of(suite), Bytes.of(otherSender.getEncapsulation()));
    var receiver = HpkeReceiver.from(key, theirs, INFO);
    for (int i = 0; i < 300; i++) {
      byte[] message = {(byte) i, 9};
      Bytes sealed = Bytes.of(otherSender.seal(AAD.toArray(), message));
      assertThat(receiver.open(i, AAD, sealed)).isEqualTo(message);
    }
  }

  @Test
  void aSealedMessageOpensForItsHolderOnly() throws Exception {
    Secret message = Secret.utf8("the data key");
    Bytes sealed = Hpke.seal(key.sealingKey(), INFO, AAD, message);
    assertThat(sealed.size()).isEqualTo(message.size() + 1138);
    assertThat(Hpke.open(key, INFO, AAD, sealed)).isEqualTo(message);
    assertThatThrownBy(() -> Hpke.open(OpeningKey.generate(), INFO, AAD, sealed))
        .isInstanceOf(CryptoException.class);
    assertThatThrownBy(() -> Hpke.open(key, Bytes.utf8("cloister/other/v1"), AAD, sealed))
        .isInstanceOf(CryptoException.class);
    assertThatThrownBy(() -> Hpke.open(key, INFO, NOTHING, sealed))
        .isInstanceOf(CryptoException.class);
  }

  @Test
  void theFormatIsTheOneOfTheVectors() throws Exception {
    Vectors.Case vector = Vectors.ofFormat("sealed-message");
    Secret opened =
        Hpke.open(
            OpeningKey.decode(Secret.of(vector.bytes("opening-key"))),
            Bytes.of(vector.bytes("info")),
            Bytes.of(vector.bytes("aad")),
            Bytes.of(vector.bytes("sealed")));
    assertThat(opened).isEqualTo(Secret.of(vector.bytes("content")));
  }

  @Test
  void anyFlippedBitTruncationOrExtensionIsRefused() throws Exception {
    Bytes sealed = Hpke.seal(key.sealingKey(), INFO, AAD, Secret.utf8("x"));
    for (int at = 0; at < sealed.size(); at++) {
      byte[] altered = sealed.toArray();
      altered[at] ^= (byte) (1 << (at % 8));
      assertThatThrownBy(() -> Hpke.open(key, INFO, AAD, Bytes.of(altered)))
          .as("byte %d", at)
          .isInstanceOf(CryptoException.class);
    }
    for (int length : new int[] {0, 1, 2, 1121, 1122, 1137, sealed.size() - 1}) {
      assertThatThrownBy(() -> Hpke.open(key, INFO, AAD, sealed.slice(0, length)))
          .isInstanceOf(CryptoException.class);
    }
    assertThatThrownBy(() -> Hpke.open(key, INFO, AAD, Bytes.concat(sealed, Bytes.of(new byte[1]))))
        .isInstanceOf(CryptoException.class);
  }

  @Test
  void anUnknownSuiteIsRefusedByItsNumber() throws Exception {
    byte[] sealed = Hpke.seal(key.sealingKey(), INFO, AAD, Secret.utf8("x")).toArray();
    sealed[0] = 0x7f;
    assertThatThrownBy(() -> Hpke.open(key, INFO, AAD, Bytes.of(sealed)))
        .isInstanceOf(CryptoException.class)
        .hasMessageContaining("0x7f01");
  }

  @Test
  void aRequestOpensOnceInAnyOrderAndAForgeryDoesNotUseUpItsNumber() throws Exception {
    var sender = HpkeSender.to(key.sealingKey(), INFO);
    var receiver = HpkeReceiver.from(key, sender.encapsulation(), INFO);
    var first = sender.seal(AAD, new byte[] {1});
    var second = sender.seal(AAD, new byte[] {2});

    assertThatThrownBy(() -> receiver.open(0, AAD, second.sealed()))
        .isInstanceOf(CryptoException.class);
    assertThat(receiver.open(1, AAD, second.sealed())).containsExactly(2);
    assertThat(receiver.open(0, AAD, first.sealed())).containsExactly(1);
    assertThatThrownBy(() -> receiver.open(0, AAD, first.sealed()))
        .isInstanceOf(CryptoException.class)
        .hasMessageContaining("already");
    assertThatThrownBy(() -> receiver.open(-1, AAD, first.sealed()))
        .isInstanceOf(CryptoException.class);
    assertThatThrownBy(() -> receiver.open(Long.MAX_VALUE, AAD, first.sealed()))
        .isInstanceOf(CryptoException.class);
  }

  @Test
  void aRequestCannotBeReflectedAsAResponseNorAnsweredTwice() throws Exception {
    var sender = HpkeSender.to(key.sealingKey(), INFO);
    var receiver = HpkeReceiver.from(key, sender.encapsulation(), INFO);
    var request = sender.seal(AAD, new byte[] {1});
    assertThatThrownBy(() -> sender.openResponse(0, AAD, request.sealed()))
        .isInstanceOf(CryptoException.class);

    Bytes response = receiver.sealResponse(0, AAD, new byte[] {5});
    assertThatThrownBy(() -> receiver.sealResponse(0, AAD, new byte[] {6}))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> sender.openResponse(1, AAD, response))
        .isInstanceOf(CryptoException.class);
    assertThat(sender.openResponse(0, AAD, response)).containsExactly(5);
    assertThatThrownBy(() -> sender.openResponse(0, AAD, response))
        .isInstanceOf(CryptoException.class);
  }

  @Test
  void messagesOfOneSessionAreNothingInAnother() throws Exception {
    var sender = HpkeSender.to(key.sealingKey(), INFO);
    var other = HpkeSender.to(key.sealingKey(), INFO);
    var receiver = HpkeReceiver.from(key, other.encapsulation(), INFO);
    assertThatThrownBy(() -> receiver.open(0, AAD, sender.seal(AAD, new byte[1]).sealed()))
        .isInstanceOf(CryptoException.class);
    assertThat(sender.export("x", 32)).isNotEqualTo(other.export("x", 32));
    assertThat(receiver.export("x", 32)).isEqualTo(other.export("x", 32));
  }

  @Test
  void theKeysOfTheResponsesCannotBeExported() throws Exception {
    var sender = HpkeSender.to(key.sealingKey(), INFO);
    assertThatThrownBy(() -> sender.export("cloister/response/key", 32))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aClosedSessionDoesNothing() throws Exception {
    var sender = HpkeSender.to(key.sealingKey(), INFO);
    sender.close();
    assertThatThrownBy(() -> sender.seal(AAD, new byte[1]))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> sender.export("x", 32)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void tenMegabytesGoThroughOneMessage() throws Exception {
    byte[] large = new byte[10 << 20];
    Arrays.fill(large, (byte) 3);
    var sender = HpkeSender.to(key.sealingKey(), INFO);
    var receiver = HpkeReceiver.from(key, sender.encapsulation(), INFO);
    assertThat(receiver.open(0, AAD, sender.seal(AAD, large).sealed())).isEqualTo(large);
  }

  @Test
  void keysHaveOneEncodingAndRefuseOthers() throws Exception {
    assertThat(OpeningKey.decode(key.encoded()).sealingKey()).isEqualTo(key.sealingKey());
    assertThat(SealingKey.decode(key.sealingKey().encoded())).isEqualTo(key.sealingKey());
    assertThat(key.sealingKey().encoded().size()).isEqualTo(1218);
    for (int length : new int[] {0, 1, 2, 1217, 1219}) {
      Bytes wrong = Bytes.of(Arrays.copyOf(key.sealingKey().encoded().toArray(), length));
      assertThatThrownBy(() -> SealingKey.decode(wrong)).isInstanceOf(CryptoException.class);
    }
    assertThatThrownBy(() -> OpeningKey.decode(Secret.random(33)))
        .isInstanceOf(CryptoException.class);
    assertThatThrownBy(() -> OpeningKey.decode(Secret.of(new byte[34])))
        .isInstanceOf(CryptoException.class)
        .hasMessageContaining("unknown cipher suite");
  }

  @Test
  void aPublicKeyWithCoefficientsOutOfRangeIsRefused() {
    byte[] encoded = key.sealingKey().encoded().toArray();
    // FIPS 203 §7.2: the first twelve-bit coefficient becomes 4095, above q - 1 = 3328.
    encoded[2] = (byte) 0xff;
    encoded[3] |= 0x0f;
    assertThatThrownBy(() -> SealingKey.decode(Bytes.of(encoded)))
        .isInstanceOf(CryptoException.class);
  }

  @Test
  void nobodySealsToAPublicKeyOfLowOrder() throws Exception {
    byte[] encoded = key.sealingKey().encoded().toArray();
    Arrays.fill(encoded, 1218 - X25519PublicKeyParameters.KEY_SIZE, 1218, (byte) 0);
    SealingKey lowOrder = SealingKey.decode(Bytes.of(encoded));
    assertThatThrownBy(() -> Hpke.seal(lowOrder, INFO, AAD, Secret.utf8("x")))
        .isInstanceOf(CryptoException.class);
  }

  @Test
  void sealingTwiceGivesTwoCiphertexts() throws Exception {
    Bytes one = Hpke.seal(key.sealingKey(), INFO, AAD, Secret.utf8("x"));
    assertThat(Hpke.seal(key.sealingKey(), INFO, AAD, Secret.utf8("x"))).isNotEqualTo(one);
  }

  /// Gives out fixed bytes in order, for derandomised encapsulation.
  private static final class ReplayedRandom extends SecureRandom {
    private final ByteBuffer bytes;

    ReplayedRandom(byte[] bytes) {
      this.bytes = ByteBuffer.wrap(bytes);
    }

    @Override
    public void nextBytes(byte[] target) {
      bytes.get(target);
    }
  }
}
