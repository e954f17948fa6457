package cloister.enclave;

import cloister.crypto.AuthorityCertificate;
import cloister.crypto.Bytes;
import cloister.crypto.CertificateAuthority;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.IssuingKey;
import cloister.crypto.Secret;
import cloister.crypto.Validity;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/// Where the key of a collaboration's certificate authority lives: in the enclave, or in an HSM.
interface Authorities {
  /// The life of an authority; a collaboration that lasts longer is opened anew.
  Duration LIFE = Duration.ofDays(3650);

  /// The authority's key for a collaboration: the same one each time.
  IssuingKey key(Digest collaboration, Secret root) throws CryptoException;

  /// Derived from the collaboration's root secret: never outside the enclave but sealed.
  static Authorities inEnclave() {
    return (_, root) -> RoomKeys.authorityKey(root);
  }

  default CertificateAuthority create(Digest collaboration, Secret root, Instant now) {
    try {
      Instant second = now.truncatedTo(ChronoUnit.SECONDS);
      var validity = new Validity(second.minus(Duration.ofHours(1)), second.plus(LIFE));
      return CertificateAuthority.create(
          key(collaboration, root), "cloister " + collaboration.brief(), validity, BigInteger.ONE);
    } catch (CryptoException e) {
      throw unavailable(e);
    }
  }

  default CertificateAuthority resume(Digest collaboration, Secret root, Bytes certificate) {
    try {
      return CertificateAuthority.resume(
          key(collaboration, root), AuthorityCertificate.parse(certificate));
    } catch (CryptoException e) {
      throw unavailable(e);
    }
  }

  private static CloisterException unavailable(CryptoException cause) {
    return new CloisterException(
        ErrorCode.INTERNAL, "the key of the collaboration's authority cannot be used", cause);
  }
}
