package cloister.cli;

import cloister.attestation.Anchors;
import cloister.attestation.Appraisal;
import cloister.attestation.Binding;
import cloister.attestation.Collateral;
import cloister.attestation.Evidence;
import cloister.attestation.EvidenceException;
import cloister.attestation.Measurement;
import cloister.attestation.Policy;
import cloister.attestation.Recognition;
import cloister.attestation.Report;
import cloister.attestation.Requirements;
import cloister.attestation.SimulatedEvidence;
import cloister.attestation.Trust;
import cloister.attestation.VerifiedReport;
import cloister.crypto.Bytes;
import cloister.protocol.CollateralFile;
import cloister.protocol.PolicyDocument;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Whether a machine is what it should be. It fetches nothing and trusts no file.
final class VerifyEvidenceInJava {
  private VerifyEvidenceInJava() {}

  /// @param policy YAML as in docs/evidence.md; bundle: what `cloister collateral export` wrote
  /// @param measurement of the code that you want, as `sha384:…`
  /// @param reportData the 64 bytes that you asked the machine to bind its evidence to
  static Appraisal appraise(
      Path evidence, Path bundle, Path policy, String measurement, Bytes reportData, Instant at)
      throws IOException, EvidenceException {
    // 1. Parse: the bytes are well-formed, and nothing is believed.
    Evidence file = Recognition.recognise(Bytes.of(Files.readAllBytes(evidence)));
    Report report = Report.parse(file);

    // 2. Verify: hardware signed it, up to a pinned root, and no list revokes that.
    Collateral collateral = CollateralFile.read(Files.readAllBytes(bundle));
    VerifiedReport verified = report.verify(collateral, Anchors.pinned(), at);

    // 3. Appraise: it is your code, on a machine that you accept, and the answer is to you.
    Policy demanded = PolicyDocument.parse("policy", Files.readString(policy)).policy();
    var required =
        new Requirements(
            Set.of(report.tee()),
            Set.of(Measurement.parse(measurement)),
            Optional.of(demanded.digest()));
    return new Trust(required, List.of(demanded), SimulatedEvidence.REFUSE)
        .appraise(List.of(verified), Binding.ofReportData(reportData), at);
  }
}
