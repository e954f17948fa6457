package cloister.attestation;

import java.util.Set;

/// What a collaboration demands of the evidence. Both sets are required and non-empty: what is not
/// listed is refused, so there is no way to say "any".
public record Requirements(Set<Tee> accept, Set<Measurement> measurements) {
  public Requirements {
    accept = Set.copyOf(accept);
    measurements = Set.copyOf(measurements);
    if (accept.isEmpty() || measurements.isEmpty()) {
      throw new IllegalArgumentException("at least one TEE and one measurement must be named");
    }
  }
}
