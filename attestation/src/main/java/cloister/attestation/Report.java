package cloister.attestation;

import java.time.Instant;
import java.util.List;

/// Evidence, parsed within bounds and not believed: [#verify] checks who signed it.
public sealed interface Report
    permits AzureAciReport,
        AzureCvmReport,
        DcapQuote,
        MaaReport,
        NitroReport,
        NvidiaReport,
        NvidiaToken,
        SimulatedReport,
        SnpReport,
        SpaceReport {
  Tee tee();

  /// Every field, for people, as it arrived: nothing of it is proved.
  List<Claim> claims();

  /// What [Claims#measurement] will be if the report verifies. It proves nothing, and is for an
  /// enclave that names itself: whoever hears it holds it against verified evidence.
  ///
  /// @throws EvidenceException if a part of what is measured did not come along
  Measurement measured() throws EvidenceException;

  /// Where the vendor publishes what [#verify] needs beside this evidence.
  List<Collateral.Source> sources();

  /// Checks the signature and everything it rests on, at that instant, with the pinned keys of
  /// `anchors` and nothing else as the beginning of trust.
  ///
  /// @throws EvidenceException naming every check that failed
  VerifiedReport verify(Collateral collateral, Anchors anchors, Instant at)
      throws EvidenceException;

  /// Parses the parts as the kind of evidence that they claim to be.
  ///
  /// @throws EvidenceException if they are malformed, or of a TEE that this version cannot verify
  static Report parse(Evidence evidence) throws EvidenceException {
    return switch (evidence.tee()) {
      case SIMULATED -> SimulatedReport.parse(evidence);
      case SEV_SNP -> SnpReport.parse(evidence);
      case NITRO -> NitroReport.parse(evidence);
      case CONFIDENTIAL_SPACE -> SpaceReport.parse(evidence);
      case AZURE_CVM -> AzureCvmReport.parse(evidence);
      case AZURE_ACI -> AzureAciReport.parse(evidence);
      case AZURE_MAA -> MaaReport.parse(evidence);
      case SGX, TDX -> DcapQuote.parse(evidence);
      case NVIDIA -> NvidiaReport.parse(evidence);
    };
  }
}
