package cloister.attestation;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// What a verifier concludes from a verified report.
public sealed interface Appraisal {
  /// Every check passed.
  ///
  /// @param protection what stands behind it: hardware, or nothing
  record Accepted(Tee tee, Measurement measurement, Protection protection) implements Appraisal {}

  /// At least one check failed; each reason says what was found, what is required and what to do.
  record Refused(List<String> reasons) implements Appraisal {
    public Refused {
      reasons = List.copyOf(reasons);
      if (reasons.isEmpty()) {
        throw new IllegalArgumentException("a refusal has a reason");
      }
    }
  }

  /// Shown wherever the result is: nobody may take one for the other.
  enum Protection {
    HARDWARE,
    NONE_SIMULATED
  }

  /// Compares the report with what is required of it. All checks run, so that one answer names
  /// everything that is wrong.
  ///
  /// @param expected what the evidence has to be tied to, computed by the verifier from its own
  ///   nonce
  static Appraisal appraise(
      VerifiedReport report,
      Requirements requirements,
      Binding expected,
      SimulatedEvidence simulated) {
    var reasons = new ArrayList<String>();
    if (report.tee() == Tee.SIMULATED && simulated == SimulatedEvidence.REFUSE) {
      reasons.add(
          "the evidence is simulated and proves nothing: run the enclave in a real TEE, or, for"
              + " development only, accept simulated evidence explicitly");
    }
    if (!requirements.accept().contains(report.tee())) {
      reasons.add(
          "the TEE is %s, and the collaboration accepts %s: run the enclave there, or have all"
                  .formatted(report.tee(), listed(requirements.accept()))
              + " participants sign a collaboration that accepts it");
    }
    if (!requirements.measurements().contains(report.measurement())) {
      reasons.add(
          "the enclave measures %s, and the collaboration requires %s: run the release that was"
                  .formatted(report.measurement(), listed(requirements.measurements()))
              + " agreed on, or have all participants sign the new measurement");
    }
    if (report.debug() == Report.Debug.ON) {
      reasons.add(
          "the TEE runs in debug mode, in which its operator can read its memory: start it without"
              + " debugging");
    }
    if (!expected.matches(report.reportData())) {
      reasons.add(
          "the evidence was not made for this nonce and these keys: ask the enclave for fresh"
              + " evidence; if that fails too, something between you and it replaces messages");
    }
    return reasons.isEmpty()
        ? new Accepted(report.tee(), report.measurement(), protection(report.tee()))
        : new Refused(reasons);
  }

  private static Protection protection(Tee tee) {
    return tee == Tee.SIMULATED ? Protection.NONE_SIMULATED : Protection.HARDWARE;
  }

  private static String listed(Set<?> values) {
    return values.stream().map(Object::toString).sorted().collect(Collectors.joining(" or "));
  }
}
