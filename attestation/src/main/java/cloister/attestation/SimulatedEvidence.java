package cloister.attestation;

/// Whether a verifier takes evidence that proves nothing. There is no default.
public enum SimulatedEvidence {
  ACCEPT,
  REFUSE
}
