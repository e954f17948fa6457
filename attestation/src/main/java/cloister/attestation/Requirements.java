package cloister.attestation;

import cloister.crypto.Digest;
import java.util.Optional;
import java.util.Set;

/// What a collaboration demands of the evidence: kinds of TEE, measurements of the enclave's code,
/// and the [Policy] that says everything else. What is not listed is refused, so there is no way to
/// say "any"; and hardware without a policy would leave its debug switches and patch levels
/// unchecked, so that cannot be said either.
///
/// @param policy its digest; absent only where the simulated TEE is all that is accepted
public record Requirements(
    Set<Tee> accept, Set<Measurement> measurements, Optional<Digest> policy) {
  public Requirements {
    accept = Set.copyOf(accept);
    measurements = Set.copyOf(measurements);
    if (accept.isEmpty() || measurements.isEmpty()) {
      throw new IllegalArgumentException("at least one TEE and one measurement must be named");
    }
    if (policy.isEmpty() && !accept.equals(Set.of(Tee.SIMULATED))) {
      throw new IllegalArgumentException(
          "hardware is accepted under a policy: name its digest (cloister policy explain)");
    }
  }

  /// For development, where nothing is protected anyway.
  public static Requirements simulated(Set<Measurement> measurements) {
    return new Requirements(Set.of(Tee.SIMULATED), measurements, Optional.empty());
  }
}
