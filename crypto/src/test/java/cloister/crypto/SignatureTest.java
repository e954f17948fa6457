package cloister.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.security.KeyPairGenerator;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SignatureTest {
  private static final String SPKI_PREFIX = "302a300506032b6570032100";
  private static final Bytes MESSAGE = Bytes.utf8("I agree.");

  private final SigningKey key = SigningKey.generate();

  @Test
  void itAgreesWithTheVectorsOfRfc8032() throws Exception {
    // RFC 8032 §7.1, TEST 2.
    SigningKey signer =
        SigningKey.ofSeed(
            secret("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
    assertThat(signer.verifyingKey().spki().hex())
        .isEqualTo(
            SPKI_PREFIX + "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    assertThat(signer.sign(Bytes.hex("72")).hex())
        .isEqualTo(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  }

  @Test
  void aSignatureIsGoodForItsKeyAndMessageOnly() throws Exception {
    Bytes signature = key.sign(MESSAGE);
    key.verifyingKey().verify(MESSAGE, signature);
    refused(key.verifyingKey(), Bytes.utf8("I agree!"), signature);
    refused(SigningKey.generate().verifyingKey(), MESSAGE, signature);
  }

  @Test
  void anyFlippedBitOfTheSignatureIsRefused() {
    Bytes signature = key.sign(MESSAGE);
    for (int bit = 0; bit < 512; bit++) {
      byte[] altered = signature.toArray();
      altered[bit / 8] ^= (byte) (1 << (bit % 8));
      refused(key.verifyingKey(), MESSAGE, Bytes.of(altered));
    }
    refused(key.verifyingKey(), MESSAGE, signature.slice(0, 63));
    refused(key.verifyingKey(), MESSAGE, Bytes.of(new byte[0]));
    refused(key.verifyingKey(), MESSAGE, Bytes.concat(signature, Bytes.of(new byte[1])));
  }

  @Test
  void aSignatureHasNoSecondSpelling() {
    // S + L verifies the same equation; RFC 8032 §5.1.7 requires S < L.
    BigInteger order =
        BigInteger.TWO.pow(252).add(new BigInteger("27742317777372353535851937790883648493"));
    byte[] signature = key.sign(MESSAGE).toArray();
    byte[] s = reversed(Arrays.copyOfRange(signature, 32, 64));
    byte[] larger = new BigInteger(1, s).add(order).toByteArray();
    byte[] padded = new byte[32];
    System.arraycopy(larger, 0, padded, 32 - larger.length, larger.length);
    System.arraycopy(reversed(padded), 0, signature, 32, 32);
    refused(key.verifyingKey(), MESSAGE, Bytes.of(signature));
  }

  @Test
  void aKeyComesBackFromItsEncoding() throws Exception {
    SigningKey again = SigningKey.decode(key.encoded());
    assertThat(again.verifyingKey()).isEqualTo(key.verifyingKey());
    again.verifyingKey().verify(MESSAGE, key.sign(MESSAGE));
    assertThat(VerifyingKey.of(key.verifyingKey().spki())).isEqualTo(key.verifyingKey());
    assertThat(key.verifyingKey().thumbprint()).isEqualTo(Digest.of(key.verifyingKey().spki()));
    assertThat(key.encoded().size()).isEqualTo(48);
  }

  @Test
  void aPrivateKeyOfAnotherFormIsRefused() throws Exception {
    byte[] encoded = key.encoded().expose();
    for (int at = 0; at < 16; at++) {
      byte[] altered = encoded.clone();
      altered[at] ^= 1;
      assertThatThrownBy(() -> SigningKey.decode(Secret.of(altered)))
          .isInstanceOf(CryptoException.class);
    }
    byte[] other =
        KeyPairGenerator.getInstance("X25519").generateKeyPair().getPrivate().getEncoded();
    for (byte[] wrong :
        new byte[][] {{}, Arrays.copyOf(encoded, 47), Arrays.copyOf(encoded, 49), other}) {
      assertThatThrownBy(() -> SigningKey.decode(Secret.of(wrong)))
          .isInstanceOf(CryptoException.class);
    }
  }

  @Test
  void publicKeysOfLowOrderOrWithASecondSpellingAreRefused() {
    // The eight points of small order and their non-canonical spellings (RFC 8032 §5.1.3;
    // https://eprint.iacr.org/2020/823, table 6).
    for (String point :
        new String[] {
          "0100000000000000000000000000000000000000000000000000000000000000",
          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
          "0000000000000000000000000000000000000000000000000000000000000000",
          "0000000000000000000000000000000000000000000000000000000000000080",
          "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
          "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
          "0100000000000000000000000000000000000000000000000000000000000080",
          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
          "0200000000000000000000000000000000000000000000000000000000000000",
          "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        }) {
      assertThatThrownBy(() -> VerifyingKey.of(Bytes.hex(SPKI_PREFIX + point)))
          .as(point)
          .isInstanceOf(CryptoException.class);
    }
  }

  @Test
  void keysOfOtherAlgorithmsAndGarbageAreRefused() throws Exception {
    for (String algorithm : new String[] {"X25519", "Ed448", "RSA", "EC"}) {
      byte[] other =
          KeyPairGenerator.getInstance(algorithm).generateKeyPair().getPublic().getEncoded();
      assertThatThrownBy(() -> VerifyingKey.of(Bytes.of(other)))
          .as(algorithm)
          .isInstanceOf(CryptoException.class);
    }
    Bytes spki = key.verifyingKey().spki();
    for (Bytes wrong :
        new Bytes[] {
          Bytes.of(new byte[0]),
          spki.slice(0, 43),
          spki.slice(12, 44),
          Bytes.concat(spki, Bytes.of(new byte[1])),
          Bytes.of(new byte[44])
        }) {
      assertThatThrownBy(() -> VerifyingKey.of(wrong)).isInstanceOf(CryptoException.class);
    }
  }

  @Test
  void aSigningKeyPrintsItsPublicHalfOnly() {
    assertThat(key.toString()).isEqualTo("SigningKey of " + key.verifyingKey().thumbprint());
  }

  private static void refused(VerifyingKey verifier, Bytes message, Bytes signature) {
    assertThatThrownBy(() -> verifier.verify(message, signature))
        .isInstanceOf(CryptoException.class);
  }

  private static Secret secret(String hex) {
    return Secret.of(Bytes.hex(hex).toArray());
  }

  private static byte[] reversed(byte[] bytes) {
    byte[] reversed = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      reversed[i] = bytes[bytes.length - 1 - i];
    }
    return reversed;
  }
}
