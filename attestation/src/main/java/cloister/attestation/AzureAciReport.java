package cloister.attestation;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Evidence of a confidential container group of Azure (ACI, or AKS with confidential containers).
/// Its parts, as Azure gives them in `UVM_SECURITY_CONTEXT_DIR` and the guest's driver gives the
/// report:
///
/// - `report`: an [SnpReport] of the utility VM,
/// - `certificates`: of the chip's key (`host-amd-cert-base64`),
/// - `policy`: the confidential computing enforcement policy, base64-decoded
///   (`security-policy-base64`); its SHA-256 is the report's host data. It says which containers
///   the VM runs, and so what the code is,
/// - `endorsement`: a [UvmEndorsement] of the report's measurement (`reference-info-base64`).
///
/// The host sets host data. A policy's digest there means something only because the VM that
/// enforces it is endorsed: neither is worth anything without the other.
record AzureAciReport(
    SnpReport report, List<X509Certificate> certificates, Bytes policy, UvmEndorsement endorsement)
    implements Report {
  private static final String PREFIX = "azure-aci.";
  private static final int MAX_POLICY_BYTES = 512 * 1024;

  AzureAciReport {
    certificates = List.copyOf(certificates);
  }

  static AzureAciReport parse(Evidence evidence) throws EvidenceException {
    evidence.onlyWith(Evidence.Part.CERTIFICATES, Evidence.Part.POLICY, Evidence.Part.ENDORSEMENT);
    Bytes policy = evidence.required(Evidence.Part.POLICY);
    if (policy.size() > MAX_POLICY_BYTES) {
      throw new EvidenceException("a CCE policy has at most " + MAX_POLICY_BYTES + " bytes");
    }
    Optional<Bytes> certificates = evidence.part(Evidence.Part.CERTIFICATES);
    return new AzureAciReport(
        SnpReport.parse(evidence.report()),
        certificates.isPresent() ? SnpCertificates.read(certificates.get()) : List.of(),
        policy,
        UvmEndorsement.parse(evidence.required(Evidence.Part.ENDORSEMENT)));
  }

  @Override
  public Tee tee() {
    return Tee.AZURE_ACI;
  }

  @Override
  public List<Collateral.Source> sources() {
    var sources = new ArrayList<>(SnpKeyDistribution.sources(report, certificates));
    sources.addAll(UvmEndorsement.sources());
    return List.copyOf(sources);
  }

  @Override
  public VerifiedReport verify(Collateral collateral, Anchors anchors, Instant at)
      throws EvidenceException {
    var checks = new Checks();
    SnpClaims snp =
        new SnpVerification(checks, PREFIX + "snp", anchors, at)
            .verify(report, certificates, collateral);
    checks.require(
        PREFIX + "vmpl",
        report.vmpl() == 0,
        "the report is of privilege level 0, where the utility VM runs",
        "the report is of privilege level %d, and the utility VM runs at 0"
            .formatted(report.vmpl()));
    checks.require(
        PREFIX + "policy",
        MessageDigest.isEqual(Digest.of(policy).toArray(), report.hostData().toArray()),
        "the report's host data are the policy's digest",
        "the report's host data are %s, and the policy's digest is %s: send the policy that the"
                .formatted(report.hostData().hex(), Digest.of(policy))
            + " group was started with");
    endorsement.require(checks, PREFIX + "uvm", collateral, anchors, at);
    checks.require(
        PREFIX + "uvm.measurement",
        MessageDigest.isEqual(endorsement.measurement().toArray(), report.measurement().toArray()),
        "the endorsement is of the VM that runs",
        "the endorsement is of another VM (%s) than runs (%s): what enforces the policy is unknown"
            .formatted(endorsement.measurement().hex(), report.measurement().hex()));
    return checks.verified(new AzureAciClaims(snp, endorsement));
  }

  @Override
  public Measurement measured() {
    return new Measurement("sha256", report.hostData());
  }

  @Override
  public List<Claim> claims() {
    var claims = new ArrayList<>(report.claims());
    claims.add(new Claim("cce-policy", Digest.of(policy).toString()));
    claims.addAll(endorsement.claims());
    return List.copyOf(claims);
  }
}
