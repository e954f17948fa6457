package cloister.crypto;

import java.util.Arrays;

/// The public half of an HPKE key pair: what others seal to. Its holder opens with [OpeningKey].
/// One key has one encoding; two keys are equal if their encodings are.
public final class SealingKey {
  private final Suite suite;
  private final byte[] publicKey;
  private final Bytes encoded;

  SealingKey(Suite suite, byte[] publicKey) {
    this.suite = suite;
    this.publicKey = publicKey;
    this.encoded = Bytes.owning(Octets.concat(suite.idBytes(), publicKey));
  }

  /// Parses what [#encoded()] writes, and nothing else.
  public static SealingKey decode(Bytes encoded) throws CryptoException {
    Suite suite = Suite.startOf(encoded);
    byte[] publicKey = Arrays.copyOfRange(encoded.array(), Suite.ID_BYTES, encoded.size());
    XWing.checkPublicKey(publicKey);
    return new SealingKey(suite, publicKey);
  }

  /// `u16 suite | public key`: 1218 bytes for X-Wing.
  public Bytes encoded() {
    return encoded;
  }

  public Suite suite() {
    return suite;
  }

  /// SHA-256 of [#encoded()].
  public Digest thumbprint() {
    return Digest.of(encoded);
  }

  /// The KEM's public key, for reading inside this module.
  byte[] publicKey() {
    return publicKey;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SealingKey that && encoded.equals(that.encoded);
  }

  @Override
  public int hashCode() {
    return encoded.hashCode();
  }

  @Override
  public String toString() {
    return "SealingKey " + thumbprint();
  }
}
