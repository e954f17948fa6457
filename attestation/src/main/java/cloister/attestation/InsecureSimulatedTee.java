package cloister.attestation;

import java.time.Instant;

/// Produces evidence without any TEE, for development and tests. Anybody can produce the same for
/// any measurement; it is accepted only where [SimulatedEvidence#ACCEPT] is said and the
/// requirements name [Tee#SIMULATED].
public final class InsecureSimulatedTee {
  private final Measurement measurement;
  private final Claims.Debug debug;

  private InsecureSimulatedTee(Measurement measurement, Claims.Debug debug) {
    if (!measurement.algorithm().equals("sha384")) {
      throw new IllegalArgumentException("the simulated TEE measures with sha384");
    }
    this.measurement = measurement;
    this.debug = debug;
  }

  /// @param measurement what the caller says it measured of its own code, with SHA-384
  public static InsecureSimulatedTee running(Measurement measurement) {
    return new InsecureSimulatedTee(measurement, Claims.Debug.OFF);
  }

  /// A TEE in debug mode, whose evidence every appraisal refuses.
  public static InsecureSimulatedTee debugging(Measurement measurement) {
    return new InsecureSimulatedTee(measurement, Claims.Debug.ON);
  }

  public Evidence evidence(Binding binding, Instant issuedAt) {
    return new Evidence(
        Tee.SIMULATED, SimulatedReport.signed(measurement, binding, debug, issuedAt).encoded());
  }
}
