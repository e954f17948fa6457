package cloister.cli;

import cloister.attestation.Measurement;
import cloister.platform.Platform;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.simulated.InsecureSimulatedPlatform;
import java.nio.file.Path;
import java.time.InstantSource;

/// The one place that knows the simulated TEE, whose module a production distribution leaves out
/// (docs/adr/0014-simulated-module.md). Nothing else may name a class of it: the JVM would look for
/// that class.
final class Simulation {
  private Simulation() {}

  static Platform platform(Path state, InstantSource clock) {
    requireIncluded();
    return new InsecureSimulatedPlatform(state, clock);
  }

  /// What the simulated TEE measures of the running program.
  static Measurement measurement() {
    requireIncluded();
    return InsecureSimulatedPlatform.measureClassPath();
  }

  private static void requireIncluded() {
    if (Simulation.class.getResource("/cloister/simulated/InsecureSimulatedPlatform.class")
        == null) {
      throw new CloisterException(
          ErrorCode.TEE_UNAVAILABLE,
          "this is a production distribution, which has no simulated TEE: name a real one with"
              + " --tee, or use a development build");
    }
  }
}
