package cloister.attestation;

import cloister.crypto.Bytes;

/// A report whose signature has been checked, and made nowhere else: its fields are what the TEE
/// said. Whether that is good enough is for [Appraisal#appraise].
public final class VerifiedReport {
  private final Report report;

  /// For implementations of [Report#verify], once they have.
  VerifiedReport(Report report) {
    this.report = report;
  }

  public Tee tee() {
    return report.tee();
  }

  public Measurement measurement() {
    return report.measurement();
  }

  public Bytes reportData() {
    return report.reportData();
  }

  public Report.Debug debug() {
    return report.debug();
  }
}
