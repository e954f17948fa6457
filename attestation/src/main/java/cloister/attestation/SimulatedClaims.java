package cloister.attestation;

import cloister.crypto.Bytes;
import java.util.List;
import java.util.Map;

/// What the simulated TEE said; it could have said anything.
record SimulatedClaims(SimulatedReport report) implements Claims {
  @Override
  public Tee tee() {
    return Tee.SIMULATED;
  }

  @Override
  public Measurement measurement() {
    return report.measurement();
  }

  @Override
  public Debug debug() {
    return report.debug();
  }

  @Override
  public boolean boundTo(Binding expected) {
    return expected.isReportData(report.reportData());
  }

  @Override
  public Map<Identifier, Bytes> identifiers() {
    return Map.of(Identifier.REPORT_DATA, report.reportData());
  }

  @Override
  public List<Claim> claims() {
    return report.claims();
  }
}
