package cloister.attestation;

import cloister.crypto.Bytes;
import java.time.Instant;

/// Evidence, parsed within bounds and not believed: [#verify] checks who signed it.
public sealed interface Report permits SimulatedReport {
  Tee tee();

  Measurement measurement();

  /// The 64 bytes that the code asked the TEE to include.
  Bytes reportData();

  /// Whether the TEE lets its operator look inside.
  Debug debug();

  /// The signature and everything it rests on, at that instant.
  VerifiedReport verify(Instant at) throws EvidenceException;

  /// A debuggable TEE keeps nothing secret from its operator.
  enum Debug {
    OFF,
    ON
  }

  /// Parses the document as the kind of evidence that it claims to be.
  ///
  /// @throws EvidenceException if it is malformed, or of a TEE that this version cannot verify
  static Report parse(Evidence evidence) throws EvidenceException {
    return switch (evidence.tee()) {
      case SIMULATED -> SimulatedReport.parse(evidence.document());
      case SEV_SNP, TDX, SGX, NITRO, CONFIDENTIAL_SPACE, AZURE_CVM, AZURE_ACI ->
          throw new EvidenceException(
              "this version cannot verify " + evidence.tee().label() + " evidence");
    };
  }
}
