package cloister.attestation;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Whether the certificates of a chain were looked for on revocation lists, where the vendor says
/// that it may be left out. Lists at hand are always checked, by issuer and serial number, so that
/// a re-encoded certificate is no other one. That all published lists were at hand is for a policy
/// to demand: `"revocation": ["checked"]`, or `any`, which every result shows.
enum Revocation {
  CHECKED,
  UNCHECKED;

  /// cRLDistributionPoints, RFC 5280 §4.2.1.13.
  private static final String DISTRIBUTION_POINTS = "2.5.29.31";

  /// For policies, which can demand one thing only.
  static Revocation parse(String label) {
    if (label.equals("checked")) {
      return CHECKED;
    }
    throw new IllegalArgumentException("the only demand is checked");
  }

  /// Looks each certificate up whose issuer's list is at hand. One that names a list which is not
  /// at hand makes it unchecked; one that names none has no list to be on.
  ///
  /// @param path leaf first, with the root at its end
  static Revocation check(
      Checks checks, String name, List<X509Certificate> path, Collateral collateral, Instant at) {
    Revocation revocation = CHECKED;
    for (int i = 0; i < path.size() - 1; i++) {
      X509Certificate certificate = path.get(i);
      X509Certificate issuer = path.get(i + 1);
      if (!Chain.lists(issuer, collateral).isEmpty()) {
        Chain.requireNotRevoked(checks, name, certificate, issuer, collateral, at);
      } else if (certificate.getExtensionValue(DISTRIBUTION_POINTS) == null) {
        checks.noted(name, "no list is published for " + Chain.of(certificate));
      } else {
        checks.noted(
            name,
            "%s was not looked for on a list: none of %s is at hand"
                .formatted(Chain.of(certificate), Chain.of(issuer)));
        revocation = UNCHECKED;
      }
    }
    return revocation;
  }

  /// Where the certificates say that lists are. Nobody has verified them yet, so an address is one
  /// of the vendor's, or left out.
  static List<Collateral.Source> sources(List<X509Certificate> certificates, Pattern vendors) {
    return certificates.stream()
        .map(Revocation::address)
        .flatMap(Optional::stream)
        .filter(address -> vendors.matcher(address).matches())
        .distinct()
        .map(address -> Collateral.Source.of(Collateral.Kind.REVOCATION_LIST, address))
        .toList();
  }

  /// The first address of the first distribution point.
  private static Optional<String> address(X509Certificate certificate) {
    try {
      var points = Certificates.extension(certificate, DISTRIBUTION_POINTS);
      if (points.isEmpty()) {
        return Optional.empty();
      }
      Der names =
          Der.of("distribution points", points.get())
              .sequence()
              .sequence()
              .inside(0xa0)
              .inside(0xa0);
      return Optional.of(names.text(0x86));
    } catch (EvidenceException _) {
      return Optional.empty();
    }
  }

  @Override
  public String toString() {
    return this == CHECKED ? "checked" : "unchecked";
  }
}
