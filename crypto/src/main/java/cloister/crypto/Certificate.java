package cloister.crypto;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.x500.X500Name;

/// A participant's certificate, parsed and not believed: [#verify] gives what an authority says in
/// it.
public final class Certificate {
  private static final int DIGITAL_SIGNATURE = 0;
  private static final String BASIC_CONSTRAINTS = "2.5.29.19";
  private static final String KEY_USAGE = "2.5.29.15";
  private static final String EXTENDED_KEY_USAGE = "2.5.29.37";
  private static final String CLIENT_AUTHENTICATION = "1.3.6.1.5.5.7.3.2";

  private final Bytes encoded;
  private final X509Certificate certificate;

  private Certificate(Bytes encoded, X509Certificate certificate) {
    this.encoded = encoded;
    this.certificate = certificate;
  }

  /// Parses one X.509 certificate of at most 8 KiB in DER.
  public static Certificate parse(Bytes der) throws CryptoException {
    return new Certificate(der, CertificateFormat.parse(der));
  }

  /// DER.
  public Bytes encoded() {
    return encoded;
  }

  /// SHA-256 of [#encoded()].
  public Digest digest() {
    return Digest.of(encoded);
  }

  /// Checks the certificate at the instant and returns what it certifies. Whether a certificate was
  /// withdrawn is for the ledger to say: there are no revocation lists.
  ///
  /// @throws CryptoException if the authority did not issue it, if it or the authority is not valid
  ///   at the instant, or if it is not a participant's
  public VerifiedCertificate verify(AuthorityCertificate authority, Instant at)
      throws CryptoException {
    // RFC 5280 §6 takes the trust anchor's own validity for granted; we do not.
    if (!authority.validity().contains(at)) {
      throw new CryptoException("the authority's certificate is not valid at " + at);
    }
    validatePath(authority, at);
    if (!certificate.getSigAlgName().equalsIgnoreCase(authority.algorithm().jcaName())) {
      throw new CryptoException("the certificate is not signed with the authority's algorithm");
    }
    requireParticipantProfile();
    return new VerifiedCertificate(
        this,
        CertificateFormat.name(
            X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded())),
        VerifyingKey.of(Bytes.owning(certificate.getPublicKey().getEncoded())),
        certifiedSealingKey(),
        new Validity(certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant()),
        certificate.getSerialNumber());
  }

  /// RFC 5280 §6.1: the signature by the anchor, the names, the dates, and no critical extension
  /// that the JDK does not know.
  private void validatePath(AuthorityCertificate authority, Instant at) throws CryptoException {
    try {
      var path = CertificateFactory.getInstance("X.509").generateCertPath(List.of(certificate));
      var parameters = new PKIXParameters(Set.of(new TrustAnchor(authority.anchor(), null)));
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(at));
      CertPathValidator.getInstance("PKIX").validate(path, parameters);
    } catch (CertPathValidatorException e) {
      throw new CryptoException("the certificate was refused: " + reason(e), e);
    } catch (GeneralSecurityException e) {
      throw new CryptoException("the certificate cannot be validated", e);
    }
  }

  private static String reason(CertPathValidatorException refusal) {
    return switch (refusal.getReason()) {
      case CertPathValidatorException.BasicReason.EXPIRED -> "it has expired";
      case CertPathValidatorException.BasicReason.NOT_YET_VALID -> "it is not valid yet";
      case CertPathValidatorException.BasicReason.INVALID_SIGNATURE ->
          "the authority did not sign it";
      default -> "this authority did not issue it, or not in this form";
    };
  }

  private void requireParticipantProfile() throws CryptoException {
    Set<String> critical = certificate.getCriticalExtensionOIDs();
    if (critical == null
        || !critical.equals(Set.of(BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE))
        || certificate.getBasicConstraints() >= 0
        || !onlySigns(certificate.getKeyUsage())
        || !List.of(CLIENT_AUTHENTICATION).equals(extendedUsage())) {
      throw new CryptoException("not a participant's certificate");
    }
  }

  private static boolean onlySigns(boolean[] usage) {
    for (int bit = 0; bit < usage.length; bit++) {
      if (usage[bit] != (bit == DIGITAL_SIGNATURE)) {
        return false;
      }
    }
    return usage.length > 0;
  }

  private List<String> extendedUsage() throws CryptoException {
    try {
      return List.copyOf(certificate.getExtendedKeyUsage());
    } catch (CertificateParsingException e) {
      throw new CryptoException("the extended key usage is malformed", e);
    }
  }

  private SealingKey certifiedSealingKey() throws CryptoException {
    byte[] extension = certificate.getExtensionValue(CertificateFormat.SEALING_KEY.getId());
    if (extension == null) {
      throw new CryptoException("the certificate names no sealing key");
    }
    try {
      // X.509 wraps the value in an OCTET STRING, and the value is one itself.
      byte[] value = ASN1OctetString.getInstance(extension).getOctets();
      return SealingKey.decode(
          Bytes.owning(
              ASN1OctetString.getInstance(ASN1Primitive.fromByteArray(value)).getOctets()));
    } catch (IOException | IllegalArgumentException e) {
      throw new CryptoException("the certificate's sealing key is malformed", e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Certificate that && encoded.equals(that.encoded);
  }

  @Override
  public int hashCode() {
    return encoded.hashCode();
  }

  @Override
  public String toString() {
    return "Certificate " + digest();
  }
}
