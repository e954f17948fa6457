package cloister.crypto;

import java.util.Arrays;
import org.bouncycastle.pqc.crypto.xwing.XWingPrivateKeyParameters;

/// The private half of an HPKE key pair: opens what was sealed to its [SealingKey]. Safe for use by
/// several threads.
public final class OpeningKey {
  private final Secret seed;
  private final XWingPrivateKeyParameters privateKey;
  private final SealingKey sealingKey;

  private OpeningKey(Suite suite, Secret seed) {
    XWing.KeyPair pair = XWing.keyPair(seed);
    this.seed = seed;
    this.privateKey = pair.privateKey();
    this.sealingKey = new SealingKey(suite, pair.publicKey().array());
  }

  public static OpeningKey generate() {
    return new OpeningKey(Suite.X_WING_HKDF_SHA256_AES_256_GCM, Secret.random(XWing.SEED_BYTES));
  }

  /// Reads what [#encoded()] writes, and nothing else.
  public static OpeningKey decode(Secret encoded) throws CryptoException {
    byte[] bytes = encoded.view();
    if (bytes.length != Suite.ID_BYTES + XWing.SEED_BYTES) {
      throw new CryptoException("an opening key has 34 bytes, not " + bytes.length);
    }
    Suite suite = Suite.startOf(Bytes.of(Arrays.copyOf(bytes, Suite.ID_BYTES)));
    return new OpeningKey(
        suite, Secret.owning(Arrays.copyOfRange(bytes, Suite.ID_BYTES, bytes.length)));
  }

  /// `u16 suite | 32-byte seed`.
  public Secret encoded() {
    return Secret.owning(Octets.concat(sealingKey.suite().idBytes(), seed.view()));
  }

  public SealingKey sealingKey() {
    return sealingKey;
  }

  Secret decapsulate(byte[] encapsulation) throws CryptoException {
    return XWing.decapsulate(privateKey, encapsulation);
  }

  @Override
  public String toString() {
    return "OpeningKey of " + sealingKey.thumbprint();
  }
}
