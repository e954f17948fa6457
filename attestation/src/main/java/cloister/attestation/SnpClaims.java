package cloister.attestation;

import cloister.crypto.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What an SNP report says, read with the product that its key's certificate names.
///
/// @param provider whom AMD issued the signing key to; VLEK only
record SnpClaims(
    SnpReport report,
    SnpProduct product,
    SnpSigningKey signingKey,
    Optional<String> provider,
    SnpTcb currentTcb,
    SnpTcb reportedTcb,
    SnpTcb committedTcb,
    SnpTcb launchTcb)
    implements Claims {

  /// @throws EvidenceException if a TCB version has reserved bytes that are not zero
  static SnpClaims of(SnpReport report, SnpEndorsement endorsement) throws EvidenceException {
    SnpProduct.Layout layout = endorsement.product().layout();
    return new SnpClaims(
        report,
        endorsement.product(),
        endorsement.key(),
        endorsement.provider(),
        SnpTcb.read(layout, "current", report.currentTcb()),
        SnpTcb.read(layout, "reported", report.reportedTcb()),
        SnpTcb.read(layout, "committed", report.committedTcb()),
        SnpTcb.read(layout, "launch", report.launchTcb()));
  }

  @Override
  public Tee tee() {
    return Tee.SEV_SNP;
  }

  /// Of the memory and the processors' state at launch: firmware, and what it was started with.
  @Override
  public Measurement measurement() {
    return report.measured();
  }

  @Override
  public Debug debug() {
    return report.policy().has(SnpGuestPolicy.Flag.DEBUG) ? Debug.ON : Debug.OFF;
  }

  @Override
  public boolean boundTo(Binding expected) {
    return expected.isReportData(report.reportData());
  }

  @Override
  public Map<Identifier, Bytes> identifiers() {
    return report.identifiers();
  }

  /// Firmware runs that can still be rolled back.
  boolean isProvisional() {
    return !currentTcb.equals(committedTcb)
        || !report.currentFirmware().equals(report.committedFirmware());
  }

  @Override
  public List<Claim> claims() {
    var claims = new ArrayList<>(report.fields());
    claims.add(new Claim("product", product.vendorName()));
    claims.add(new Claim("provider", provider.orElse("none")));
    claims.add(new Claim("current-tcb-components", currentTcb.toString()));
    claims.add(new Claim("reported-tcb-components", reportedTcb.toString()));
    claims.add(new Claim("committed-tcb-components", committedTcb.toString()));
    claims.add(new Claim("launch-tcb-components", launchTcb.toString()));
    return List.copyOf(claims);
  }
}
