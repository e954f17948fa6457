package cloister.attestation;

import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Certificates from a leaf up to a pinned root (RFC 5280 §6, by the JDK's PKIX), and revocation
/// lists of whoever issued them. The JDK's own revocation checking is off, because it fetches.
final class Chain {
  private static final int LONGEST = 8;

  /// RFC 5280 §5.2.4.
  private static final String DELTA = "2.5.29.27";

  private Chain() {}

  /// Checks that the path holds at that instant, the root included.
  ///
  /// @param path leaf first; the root itself may be at its end
  /// @return whether it holds
  static boolean require(
      Checks checks, String name, List<X509Certificate> path, X509Certificate root, Instant at) {
    List<X509Certificate> below = path.stream().filter(one -> !one.equals(root)).toList();
    if (below.isEmpty()) {
      checks.fails(name, "has no certificate below the pinned root");
      return false;
    }
    try {
      root.checkValidity(Date.from(at));
      var parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(at));
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(below), parameters);
    } catch (CertPathValidatorException e) {
      checks.fails(
          name, "does not lead to the pinned root %s: %s".formatted(of(root), why(e, below, at)));
      return false;
    } catch (CertificateException e) {
      checks.fails(name, "the pinned root %s is not valid at %s".formatted(of(root), at));
      return false;
    } catch (InvalidAlgorithmParameterException | NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK validates paths", e);
    }
    checks.holds(name, "leads to the pinned root %s, valid at %s".formatted(of(root), at));
    return true;
  }

  /// The leaf and who issued it, and who issued that, as far as the candidates go: by name and
  /// signature, whatever their order. Whether it leads to a root is for [#require].
  static List<X509Certificate> path(X509Certificate leaf, Collection<X509Certificate> candidates) {
    var path = new ArrayList<X509Certificate>();
    Optional<X509Certificate> next = Optional.of(leaf);
    while (next.isPresent() && path.size() < LONGEST && !path.contains(next.get())) {
      X509Certificate one = next.get();
      path.add(one);
      List<X509Certificate> named =
          candidates.stream()
              .filter(other -> other.getSubjectX500Principal().equals(one.getIssuerX500Principal()))
              .distinct()
              .toList();
      // Where names leave a choice the signature makes it; PKIX verifies it in any case.
      next =
          named.size() < 2
              ? named.stream().findFirst()
              : named.stream().filter(other -> isSignedBy(one, other)).findFirst();
    }
    return path;
  }

  /// The issuer's lists at hand, by name and signature, the newest first.
  static List<X509CRL> lists(X509Certificate issuer, Collateral collateral) {
    return collateral.revocationLists().stream()
        .filter(list -> list.getIssuerX500Principal().equals(issuer.getSubjectX500Principal()))
        .filter(list -> isSignedBy(list, issuer))
        .sorted(Comparator.comparing(X509CRL::getThisUpdate).reversed())
        .toList();
  }

  /// Checks that the issuer's newest list among the collateral is signed by the issuer and current,
  /// and that no list of the issuer names the certificate. No list is a failure: unset never means
  /// unchecked.
  static boolean requireNotRevoked(
      Checks checks,
      String name,
      X509Certificate certificate,
      X509Certificate issuer,
      Collateral collateral,
      Instant at) {
    List<X509CRL> all = lists(issuer, collateral);
    // Of what was issued later, nobody knew at that instant.
    List<X509CRL> lists =
        all.stream().filter(list -> !list.getThisUpdate().toInstant().isAfter(at)).toList();
    if (lists.isEmpty()) {
      checks.fails(
          name,
          "no revocation list signed by %s for %s is at hand: fetch collateral"
              .formatted(of(issuer), at));
      return false;
    }
    X509CRL newest = lists.getFirst();
    if (newest.getNextUpdate() == null || !newest.getNextUpdate().toInstant().isAfter(at)) {
      checks.fails(
          name,
          "the revocation list of %s is for %s to %s, not for %s: fetch collateral"
              .formatted(
                  of(issuer),
                  newest.getThisUpdate().toInstant(),
                  newest.getNextUpdate() == null ? "ever" : newest.getNextUpdate().toInstant(),
                  at));
      return false;
    }
    if (!isWhole(newest)) {
      checks.fails(name, "the revocation list of %s is not a whole one".formatted(of(issuer)));
      return false;
    }
    // On any list, not the newest alone: an issuer may publish several that name different ones.
    // And
    // on later ones too: who has got hold of a key signs for any instant.
    return checks.require(
        name,
        all.stream()
            .allMatch(list -> list.getRevokedCertificate(certificate.getSerialNumber()) == null),
        "%s is not revoked, says the list of %s"
            .formatted(of(certificate), newest.getThisUpdate().toInstant()),
        "%s was revoked by %s".formatted(of(certificate), of(issuer)));
  }

  /// Whether any list at hand that the issuer signed, however old, names the certificate.
  static boolean isNamed(
      X509Certificate certificate, X509Certificate issuer, Collateral collateral) {
    return lists(issuer, collateral).stream()
        .anyMatch(list -> list.getRevokedCertificate(certificate.getSerialNumber()) != null);
  }

  /// The JDK knows lists of changes and of some kinds of certificates, and calls them supported.
  private static boolean isWhole(X509CRL list) {
    Set<String> critical = list.getCriticalExtensionOIDs();
    return list.getExtensionValue(DELTA) == null && (critical == null || critical.isEmpty());
  }

  static boolean isSignedBy(X509Certificate certificate, X509Certificate issuer) {
    try {
      certificate.verify(issuer.getPublicKey());
      return true;
    } catch (GeneralSecurityException _) {
      return false;
    }
  }

  private static boolean isSignedBy(X509CRL list, X509Certificate issuer) {
    try {
      list.verify(issuer.getPublicKey());
      return true;
    } catch (GeneralSecurityException _) {
      return false;
    }
  }

  /// The subject's common name, which is public and short.
  static String of(X509Certificate certificate) {
    String name = certificate.getSubjectX500Principal().getName();
    return name.replaceAll("(?i).*?\\bCN=((?:\\\\.|[^,])*).*", "$1");
  }

  private static Optional<X509Certificate> concerned(
      CertPathValidatorException e, List<X509Certificate> path) {
    return e.getIndex() >= 0 && e.getIndex() < path.size()
        ? Optional.of(path.get(e.getIndex()))
        : Optional.empty();
  }

  private static String why(CertPathValidatorException e, List<X509Certificate> path, Instant at) {
    return switch (e.getReason()) {
      case CertPathValidatorException.BasicReason.EXPIRED ->
          concerned(e, path)
              .map(one ->
                  "the certificate %s expired at %s, and it is %s"
                      .formatted(of(one), one.getNotAfter().toInstant(), at))
              .orElse("a certificate has expired");
      case CertPathValidatorException.BasicReason.NOT_YET_VALID ->
          concerned(e, path)
              .map(one ->
                  "the certificate %s is not valid before %s, and it is %s"
                      .formatted(of(one), one.getNotBefore().toInstant(), at))
              .orElse("a certificate is not valid yet");
      case CertPathValidatorException.BasicReason.INVALID_SIGNATURE ->
          "a certificate is not signed by the next";
      default -> "the path is broken (%s)".formatted(e.getReason());
    };
  }
}
