package cloister.client;

import cloister.attestation.Appraisal;
import cloister.attestation.Measurement;
import cloister.attestation.Tee;
import java.net.URI;
import java.util.List;

/// Evidence that was checked, just now, and met the demands.
public record Attestation(URI enclave, Appraisal.Accepted accepted) {
  public Tee tee() {
    return accepted.tee();
  }

  public Measurement measurement() {
    return accepted.measurement();
  }

  /// Whether nothing stands behind it.
  public boolean simulated() {
    return accepted.protection() == Appraisal.Protection.NONE_SIMULATED;
  }

  /// What was checked, for people.
  public List<String> checks() {
    return List.of(
        "the evidence is signed by what it says it comes from: " + tee(),
        "it answers this machine's fresh nonce, and is bound to this session's key",
        "the TEE is one that the collaboration accepts",
        "the code measures what the collaboration requires",
        "debugging is off");
  }
}
