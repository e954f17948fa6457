package cloister.attestation;

import java.util.List;

/// What a verifier concludes from verified reports; [Trust#appraise] makes it.
public sealed interface Appraisal {
  /// Everything that was looked at on the way, in order.
  List<Check> checks();

  /// Every check passed.
  ///
  /// @param protection what stands behind it: hardware, or nothing
  record Accepted(Tee tee, Measurement measurement, Protection protection, List<Check> checks)
      implements Appraisal {
    public Accepted {
      checks = List.copyOf(checks);
    }
  }

  /// At least one check failed.
  record Refused(List<Check> checks) implements Appraisal {
    public Refused {
      checks = List.copyOf(checks);
      if (checks.stream().noneMatch(Check::failed)) {
        throw new IllegalArgumentException("a refusal has a reason");
      }
    }

    /// Each says what was found, what is required and what to do.
    public List<String> reasons() {
      return checks.stream().filter(Check::failed).map(Check::detail).toList();
    }
  }

  /// Shown wherever the result is: nobody may take one for the other.
  enum Protection {
    HARDWARE,
    NONE_SIMULATED
  }
}
