package cloister.crypto;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500Name;

/// An authority's self-signed certificate, fit to be a trust anchor. That it is well-formed says
/// nothing about whether to trust it: compare [#thumbprint()] with what the enclave's evidence or
/// the collaboration binds.
public final class AuthorityCertificate {
  private static final int KEY_CERT_SIGN = 5;
  private static final Set<String> UNDERSTOOD = Set.of("2.5.29.19", "2.5.29.15");

  private final Bytes encoded;
  private final X509Certificate certificate;
  private final IssuingAlgorithm algorithm;

  private AuthorityCertificate(
      Bytes encoded, X509Certificate certificate, IssuingAlgorithm algorithm) {
    this.encoded = encoded;
    this.certificate = certificate;
    this.algorithm = algorithm;
  }

  /// Parses the form that [CertificateAuthority#create] writes: self-signed by the key it contains,
  /// a certificate authority of path length 0, for signing certificates only.
  public static AuthorityCertificate parse(Bytes der) throws CryptoException {
    X509Certificate parsed = CertificateFormat.parse(der);
    CertificateFormat.name(subject(parsed));
    if (!parsed.getSubjectX500Principal().equals(parsed.getIssuerX500Principal())) {
      throw new CryptoException("the authority's certificate is not self-signed");
    }
    // 0 is a CA that may issue to leaves only; -1 is no CA, more is a CA of CAs.
    boolean[] usage = parsed.getKeyUsage();
    if (parsed.getBasicConstraints() != 0 || usage == null || !onlySignsCertificates(usage)) {
      throw new CryptoException("not the certificate of an authority for participants");
    }
    Set<String> critical = parsed.getCriticalExtensionOIDs();
    if (critical == null || !critical.equals(UNDERSTOOD)) {
      throw new CryptoException("the authority's certificate has unknown critical extensions");
    }
    IssuingAlgorithm algorithm = algorithm(parsed);
    try {
      parsed.verify(parsed.getPublicKey());
    } catch (GeneralSecurityException e) {
      throw new CryptoException("the authority's certificate is not signed by its own key", e);
    }
    return new AuthorityCertificate(der, parsed, algorithm);
  }

  private static boolean onlySignsCertificates(boolean[] usage) {
    boolean[] expected = new boolean[usage.length];
    expected[KEY_CERT_SIGN] = true;
    return Arrays.equals(usage, expected);
  }

  private static IssuingAlgorithm algorithm(X509Certificate certificate) throws CryptoException {
    return Arrays.stream(IssuingAlgorithm.values())
        .filter(known -> known.jcaName().equalsIgnoreCase(certificate.getSigAlgName()))
        .findFirst()
        .orElseThrow(
            () -> new CryptoException("an authority signs with Ed25519 or ECDSA P-384 only"));
  }

  private static X500Name subject(X509Certificate certificate) {
    return X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
  }

  /// DER.
  public Bytes encoded() {
    return encoded;
  }

  /// The public key as X.509 SubjectPublicKeyInfo.
  public Bytes spki() {
    return Bytes.owning(certificate.getPublicKey().getEncoded());
  }

  /// SHA-256 of [#spki()].
  public Digest thumbprint() {
    return Digest.of(spki());
  }

  public IssuingAlgorithm algorithm() {
    return algorithm;
  }

  public Validity validity() {
    return new Validity(
        certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant());
  }

  X500Name subject() {
    return subject(certificate);
  }

  X509Certificate anchor() {
    return certificate;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AuthorityCertificate that && encoded.equals(that.encoded);
  }

  @Override
  public int hashCode() {
    return encoded.hashCode();
  }

  @Override
  public String toString() {
    return "AuthorityCertificate of " + thumbprint();
  }
}
