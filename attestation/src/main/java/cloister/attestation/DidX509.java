package cloister.attestation;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// An issuer that is named by how its certificates look (did:x509, method version 0): the SHA-256
/// of an authority's certificate, and a purpose that the authority gave to the signer's. Of the
/// method's predicates, `eku` alone is read.
///
/// @param text as in `did:x509:0:sha256:I__iuL…9s::eku:1.3.6.1.4.1.311.76.59.1.2`
record DidX509(String text, Bytes fingerprint, String purpose) {
  private static final Pattern FORM =
      Pattern.compile(
          "did:x509:0:sha256:([A-Za-z0-9_-]{43})::eku:([0-9]{1,10}(?:\\.[0-9]{1,10}){1,19})");

  static DidX509 parse(String text) throws EvidenceException {
    Matcher parts = FORM.matcher(text);
    if (!parts.matches()) {
      throw new EvidenceException("not of the form did:x509:0:sha256:<digest>::eku:<identifier>");
    }
    return new DidX509(
        text, Base64Url.decode("the digest of a did:x509", parts.group(1)), parts.group(2));
  }

  /// Whether the certificates are of this issuer. Whether they lead to a pinned root is for
  /// [Chain#require].
  ///
  /// @param path the signer's first, then whoever signed the one before, the root included
  boolean names(List<X509Certificate> path) {
    return path.stream()
            .skip(1)
            .anyMatch(authority ->
                fingerprint.equals(Bytes.of(Digest.of(Certificates.encoded(authority)).toArray())))
        && path.stream().findFirst().filter(this::isForPurpose).isPresent();
  }

  private boolean isForPurpose(X509Certificate signer) {
    try {
      return Optional.ofNullable(signer.getExtendedKeyUsage()).orElse(List.of()).contains(purpose);
    } catch (CertificateParsingException _) {
      return false;
    }
  }

  @Override
  public String toString() {
    return text;
  }
}
