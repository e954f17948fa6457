package cloister.enclave;

import cloister.enclave.EnclaveServer.Settings;
import cloister.simulated.InsecureSimulatedPlatform;
import java.time.InstantSource;

/// A server without any protection, as most tests have it.
final class InsecureServer {
  private InsecureServer() {}

  static EnclaveServer start(Settings settings, InstantSource clock) {
    return EnclaveServer.start(
        settings, clock, new InsecureSimulatedPlatform(settings.state(), clock));
  }
}
