package cloister.crypto;

import java.security.SecureRandom;
import java.util.Arrays;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.hpke.HPKE;
import org.bouncycastle.pqc.crypto.xwing.XWingKEMExtractor;
import org.bouncycastle.pqc.crypto.xwing.XWingKEMGenerator;
import org.bouncycastle.pqc.crypto.xwing.XWingPrivateKeyParameters;
import org.bouncycastle.pqc.crypto.xwing.XWingPublicKeyParameters;

/// The KEM X-Wing (draft-connolly-cfrg-xwing-kem §5), from Bouncy Castle: its failures become
/// [CryptoException], its arrays [Secret].
final class XWing {
  static final int SEED_BYTES = 32;
  static final int PUBLIC_KEY_BYTES = 1216;
  static final int ENCAPSULATION_BYTES = 1120;

  private XWing() {}

  record Encapsulated(Secret sharedSecret, Bytes encapsulation) {}

  record KeyPair(XWingPrivateKeyParameters privateKey, Bytes publicKey) {}

  /// §5.2.1: the private key is its seed, from which both halves expand.
  static KeyPair keyPair(Secret seed) {
    var hpke =
        new HPKE(HPKE.mode_base, HPKE.kem_X_WING, HPKE.kdf_HKDF_SHA256, HPKE.aead_AES_GCM256);
    AsymmetricCipherKeyPair pair = hpke.deserializePrivateKey(seed.view(), null);
    return new KeyPair(
        (XWingPrivateKeyParameters) pair.getPrivate(),
        Bytes.owning(hpke.serializePublicKey(pair.getPublic())));
  }

  /// §5.4. Refuses a public key that is not one: wrong length, ML-KEM coefficients out of range
  /// (FIPS 203 §7.2), or an X25519 point of low order (RFC 7748 §6.1).
  static Encapsulated encapsulate(byte[] publicKey, SecureRandom random) throws CryptoException {
    try {
      var generated =
          new XWingKEMGenerator(random)
              .generateEncapsulated(new XWingPublicKeyParameters(publicKey));
      return new Encapsulated(
          Secret.owning(generated.getSecret()), Bytes.owning(generated.getEncapsulation()));
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new CryptoException("not an X-Wing public key", e);
    }
  }

  /// Whether bytes are a public key at all; one of low order shows only at [#encapsulate].
  static void checkPublicKey(byte[] publicKey) throws CryptoException {
    if (publicKey.length != PUBLIC_KEY_BYTES) {
      throw new CryptoException("an X-Wing public key has 1216 bytes");
    }
    try {
      var parsed = new XWingPublicKeyParameters(publicKey);
      if (!Arrays.equals(parsed.getEncoded(), publicKey)) {
        throw new CryptoException("not a canonical X-Wing public key");
      }
    } catch (IllegalArgumentException e) {
      throw new CryptoException("not an X-Wing public key", e);
    }
  }

  /// §5.5. ML-KEM rejects implicitly, so a foreign encapsulation gives a secret that opens nothing.
  static Secret decapsulate(XWingPrivateKeyParameters privateKey, byte[] encapsulation)
      throws CryptoException {
    if (encapsulation.length != ENCAPSULATION_BYTES) {
      throw new CryptoException("an X-Wing encapsulation has 1120 bytes");
    }
    try {
      return Secret.owning(new XWingKEMExtractor(privateKey).extractSecret(encapsulation));
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new CryptoException("not an X-Wing encapsulation", e);
    }
  }
}
