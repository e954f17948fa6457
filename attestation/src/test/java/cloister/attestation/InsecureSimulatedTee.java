package cloister.attestation;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.crypto.Secret;
import cloister.crypto.SigningKey;
import java.time.Instant;

/// What the module `simulated` does, for the tests of this one, which it depends on.
final class InsecureSimulatedTee {
  private static final SigningKey DEVELOPMENT_KEY =
      SigningKey.ofSeed(
          Secret.of(Digest.ofUtf8("Cloister's simulated TEE proves nothing to anyone.").toArray()));

  private final Measurement measurement;
  private final Claims.Debug debug;

  private InsecureSimulatedTee(Measurement measurement, Claims.Debug debug) {
    this.measurement = measurement;
    this.debug = debug;
  }

  static InsecureSimulatedTee running(Measurement measurement) {
    return new InsecureSimulatedTee(measurement, Claims.Debug.OFF);
  }

  static InsecureSimulatedTee debugging(Measurement measurement) {
    return new InsecureSimulatedTee(measurement, Claims.Debug.ON);
  }

  Evidence evidence(Binding binding, Instant issuedAt) {
    SimulatedReport unsigned = report(binding, issuedAt, Bytes.of(new byte[64]));
    Bytes signature = DEVELOPMENT_KEY.sign(unsigned.signedContent());
    return new Evidence(Tee.SIMULATED, report(binding, issuedAt, signature).encoded());
  }

  private SimulatedReport report(Binding binding, Instant issuedAt, Bytes signature) {
    return new SimulatedReport(measurement, binding.reportData(), debug, issuedAt, signature);
  }
}
