package cloister.cli;

import cloister.attestation.Measurement;
import cloister.protocol.Json;
import java.util.List;
import picocli.CommandLine.Command;

/// `cloister enclave measurement`
@Command(
    name = "measurement",
    description = "Print what an enclave of this build measures, for the collaboration to demand.",
    footer = {
      "Examples:",
      "  cloister enclave measurement",
      "",
      "Take it from your own build of the release that was agreed on, not from the server that is to",
      "be measured."
    })
final class EnclaveMeasurement extends Verb {
  EnclaveMeasurement(Options options) {
    super(options);
  }

  static Measurement ofThisBuild() {
    return Simulation.measurement();
  }

  @Override
  void run() {
    Measurement measurement = ofThisBuild();
    options.print(
        Json.object().put("tee", "simulated").put("measurement", measurement.toString()).build(),
        List.of(measurement.toString()));
  }
}
