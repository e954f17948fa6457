package cloister.attestation;

import cloister.attestation.Collateral.Kind;
import cloister.attestation.Collateral.Source;
import cloister.crypto.Bytes;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Where AMD's key distribution service has what verifies a report (AMD 57230, chapter 4). Nothing
/// here asks it.
final class SnpKeyDistribution {
  private static final String SERVICE = "https://kdsintf.amd.com/";

  private SnpKeyDistribution() {}

  /// What a verifier needs beside the report and its certificates. A report of version 2 does not
  /// say its product: without its key's certificate that is not known, and the authorities of both
  /// products that wrote such reports are named.
  static List<Source> sources(SnpReport report, List<X509Certificate> certificates) {
    SnpSigningKey key = report.signingKey().orElse(SnpSigningKey.VCEK);
    List<SnpEndorsement> endorsements = endorsements(certificates, key);
    var sources = new ArrayList<Source>();
    if (endorsements.isEmpty()) {
      chipKey(report).ifPresent(url -> sources.add(Source.of(Kind.CERTIFICATES, url)));
    }
    for (SnpProduct product : products(report, endorsements)) {
      sources.add(Source.of(Kind.CERTIFICATES, authorities(key, product)));
      sources.add(Source.of(Kind.REVOCATION_LIST, service(key.toString(), product) + "crl"));
    }
    return List.copyOf(sources);
  }

  /// The certificates of the authority and the root for that kind of key, PEM.
  static String authorities(SnpSigningKey key, SnpProduct product) {
    return service(key.toString(), product) + "cert_chain";
  }

  /// The certificate of the chip's key at the reported TCB; empty where the report does not say
  /// which it is, and for a provider's key, which AMD gives to the provider alone.
  static Optional<String> chipKey(SnpReport report) {
    Optional<SnpProduct> known = product(report);
    boolean isChips = report.signingKey().equals(Optional.of(SnpSigningKey.VCEK));
    if (known.isEmpty() || !isChips || SnpReport.isZero(report.chipId())) {
      return Optional.empty();
    }
    SnpProduct product = known.get();
    Bytes chip = report.chipId().slice(0, product.chipIdBytes());
    try {
      SnpTcb tcb = SnpTcb.read(product.layout(), "reported", report.reportedTcb());
      return Optional.of(service("vcek", product) + chip.hex() + "?" + tcb.query());
    } catch (EvidenceException _) {
      return Optional.empty();
    }
  }

  private static List<SnpProduct> products(SnpReport report, List<SnpEndorsement> endorsements) {
    return product(report)
        .or(() -> endorsements.stream().map(SnpEndorsement::product).findFirst())
        .map(List::of)
        .orElse(List.of(SnpProduct.MILAN, SnpProduct.GENOA));
  }

  /// What the report itself says; one of version 2 says nothing.
  static Optional<SnpProduct> product(SnpReport report) {
    return report.cpuid().flatMap(cpuid -> SnpProduct.byCpuid(cpuid.family(), cpuid.model()));
  }

  private static List<SnpEndorsement> endorsements(
      List<X509Certificate> certificates, SnpSigningKey key) {
    var endorsements = new ArrayList<SnpEndorsement>();
    for (X509Certificate certificate : certificates) {
      try {
        if (SnpEndorsement.isOne(certificate)) {
          endorsements.add(SnpEndorsement.read(certificate));
        }
      } catch (EvidenceException _) {
        // It will be refused; another may be fetched.
      }
    }
    return endorsements.stream().filter(one -> one.key() == key).toList();
  }

  private static String service(String key, SnpProduct product) {
    return "%s%s/v1/%s/".formatted(SERVICE, key, product.vendorName());
  }
}
