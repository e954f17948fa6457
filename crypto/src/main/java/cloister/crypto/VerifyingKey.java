package cloister.crypto;

import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/// An Ed25519 public key (RFC 8032), compared by content and named by its [#thumbprint()].
///
/// One key has one encoding, and every instance is a canonical point of prime order: under a
/// low-order key one signature fits many messages, and a second spelling of a key would be a second
/// identity.
public final class VerifyingKey {
  /// SubjectPublicKeyInfo of Ed25519 (RFC 8410 §4), up to the 32 bytes of the point.
  private static final byte[] SPKI_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

  private static final int SIGNATURE_BYTES = Ed25519.SIGNATURE_SIZE;

  private final Bytes spki;

  private VerifyingKey(byte[] spki) {
    this.spki = Bytes.owning(spki);
  }

  /// Parses an X.509 SubjectPublicKeyInfo: exactly the 44 bytes of RFC 8410 for Ed25519.
  public static VerifyingKey of(Bytes spki) throws CryptoException {
    byte[] encoded = spki.array();
    int length = SPKI_PREFIX.length;
    if (encoded.length != length + Ed25519.PUBLIC_KEY_SIZE
        || !Arrays.equals(encoded, 0, length, SPKI_PREFIX, 0, length)) {
      throw new CryptoException("not an Ed25519 public key (SubjectPublicKeyInfo, 44 bytes)");
    }
    if (!Ed25519.validatePublicKeyFull(encoded, length)) {
      throw new CryptoException("not a canonical Ed25519 point of prime order");
    }
    return new VerifyingKey(encoded.clone());
  }

  static VerifyingKey ofPoint(byte[] point) {
    return new VerifyingKey(Octets.concat(SPKI_PREFIX, point));
  }

  /// The X.509 SubjectPublicKeyInfo, 44 bytes.
  public Bytes spki() {
    return spki;
  }

  /// SHA-256 of [#spki()]: the name by which documents mention this key.
  public Digest thumbprint() {
    return Digest.of(spki);
  }

  /// Returns if the signature is this key's over exactly this message.
  ///
  /// @throws CryptoException if it is not
  public void verify(Bytes message, Bytes signature) throws CryptoException {
    if (signature.size() != SIGNATURE_BYTES) {
      throw new CryptoException("an Ed25519 signature has 64 bytes, not " + signature.size());
    }
    byte[] content = message.array();
    boolean valid =
        Ed25519.verify(
            signature.array(), 0, spki.array(), SPKI_PREFIX.length, content, 0, content.length);
    if (!valid) {
      throw new CryptoException("the signature does not belong to this key and message");
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VerifyingKey that && spki.equals(that.spki);
  }

  @Override
  public int hashCode() {
    return spki.hashCode();
  }

  @Override
  public String toString() {
    return "VerifyingKey " + thumbprint();
  }
}
