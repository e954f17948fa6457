package cloister.attestation;

import java.time.Instant;
import java.util.List;

/// Demands of the simulated TEE: `tee: simulated, measurement: [sha384:…]`.
record SimulatedPolicy(Allowed<Measurement> measurement) implements Policy.Entry {
  static SimulatedPolicy read(Fields fields) throws EvidenceException {
    return new SimulatedPolicy(fields.allowed("measurement", Measurement::parse));
  }

  @Override
  public Tee tee() {
    return Tee.SIMULATED;
  }

  @Override
  public List<Check> compare(Claims claims, Instant at) {
    return List.of(measurement.check("simulated.measurement", claims.measurement()));
  }
}
