package cloister.crypto;

import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/// An Ed25519 private key (RFC 8032). Safe for use by several threads.
public final class SigningKey implements IssuingKey {
  private static final int SEED_BYTES = 32;

  /// PKCS#8 around a 32-byte Ed25519 seed (RFC 8410 §7): version 0, no public key, no attributes.
  private static final byte[] PKCS8_PREFIX =
      HexFormat.of().parseHex("302e020100300506032b657004220420");

  private final Secret seed;
  private final VerifyingKey verifyingKey;

  private SigningKey(Secret seed) {
    this.seed = seed;
    byte[] point = new byte[Ed25519.PUBLIC_KEY_SIZE];
    Ed25519.generatePublicKey(seed.view(), 0, point, 0);
    this.verifyingKey = VerifyingKey.ofPoint(point);
  }

  public static SigningKey generate() {
    return new SigningKey(Secret.random(SEED_BYTES));
  }

  /// The key of a 32-byte seed (RFC 8032 §5.1.5). Whoever knows the seed is the signer.
  public static SigningKey ofSeed(Secret seed) {
    if (seed.size() != SEED_BYTES) {
      throw new IllegalArgumentException("an Ed25519 seed has 32 bytes, not " + seed.size());
    }
    return new SigningKey(seed.copy());
  }

  /// Reads what [#encoded()] writes, and nothing else.
  public static SigningKey decode(Secret pkcs8) throws CryptoException {
    byte[] encoded = pkcs8.view();
    if (encoded.length != PKCS8_PREFIX.length + SEED_BYTES
        || !Arrays.equals(encoded, 0, PKCS8_PREFIX.length, PKCS8_PREFIX, 0, PKCS8_PREFIX.length)) {
      throw new CryptoException("not an Ed25519 private key in PKCS#8");
    }
    return new SigningKey(
        Secret.owning(Arrays.copyOfRange(encoded, PKCS8_PREFIX.length, encoded.length)));
  }

  /// PKCS#8 (RFC 8410 §7), 48 bytes.
  public Secret encoded() {
    return Secret.owning(Octets.concat(PKCS8_PREFIX, seed.view()));
  }

  public VerifyingKey verifyingKey() {
    return verifyingKey;
  }

  /// A 64-byte signature of the message.
  public Bytes sign(Bytes message) {
    return sign(message.array());
  }

  @Override
  public Bytes sign(byte[] message) {
    // Bouncy Castle's is five times as fast as the JDK's.
    byte[] signature = new byte[Ed25519.SIGNATURE_SIZE];
    Ed25519.sign(seed.view(), 0, message, 0, message.length, signature, 0);
    return Bytes.owning(signature);
  }

  @Override
  public IssuingAlgorithm algorithm() {
    return IssuingAlgorithm.ED25519;
  }

  @Override
  public Bytes spki() {
    return verifyingKey.spki();
  }

  @Override
  public String toString() {
    return "SigningKey of " + verifyingKey.thumbprint();
  }
}
