package cloister.attestation;

import java.util.Arrays;
import java.util.Optional;

/// Which kind of key signed a report (AMD 56860, ATTESTATION_REPORT, SIGNING_KEY).
enum SnpSigningKey {
  /// Versioned chip endorsement key: derived from one chip's secret and its TCB version.
  VCEK("vcek", 0, "SEV-VCEK", "SEV-"),
  /// Versioned loaded endorsement key: AMD issued it to a cloud provider, for all its chips.
  VLEK("vlek", 1, "SEV-VLEK", "SEV-VLEK-");

  private final String label;
  private final int code;
  private final String subject;
  private final String issuer;

  SnpSigningKey(String label, int code, String subject, String issuer) {
    this.label = label;
    this.code = code;
    this.subject = subject;
    this.issuer = issuer;
  }

  static Optional<SnpSigningKey> byCode(int code) {
    return Arrays.stream(values()).filter(key -> key.code == code).findFirst();
  }

  static Optional<SnpSigningKey> byLabel(String label) {
    return Arrays.stream(values()).filter(key -> key.label.equals(label)).findFirst();
  }

  /// The common name of its certificate.
  String subject() {
    return subject;
  }

  /// The common name of the key that certifies it.
  String issuer(SnpProduct product) {
    return issuer + product.vendorName();
  }

  @Override
  public String toString() {
    return label;
  }
}
