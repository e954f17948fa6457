package cloister.crypto;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
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

  private static final int SIGNATURE_BYTES = 64;

  private final Bytes spki;
  private final PublicKey publicKey;

  private VerifyingKey(byte[] spki) {
    try {
      this.spki = Bytes.owning(spki);
      this.publicKey =
          KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(spki));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the point was checked before", e);
    }
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
    boolean valid;
    try {
      Signature verifier = Signature.getInstance("Ed25519");
      verifier.initVerify(publicKey);
      verifier.update(message.array());
      valid = verifier.verify(signature.array());
    } catch (GeneralSecurityException e) {
      throw new CryptoException("the signature is malformed", e);
    }
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
