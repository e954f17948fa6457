package cloister.enclave;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.Measurement;
import cloister.attestation.Tee;
import cloister.crypto.Secret;
import cloister.platform.Platform;
import cloister.platform.PlatformException;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;

/// The platform as the server asks it: what the hardware does not give is an error with a code,
/// like any other.
final class Attester {
  private final Platform platform;

  Attester(Platform platform) {
    this.platform = platform;
  }

  Tee tee() {
    return platform.tee();
  }

  Measurement measurement() {
    return platform.measurement();
  }

  /// Fresh, and tied to the binding.
  Evidence evidence(Binding binding) {
    try {
      return platform.evidence(binding);
    } catch (PlatformException e) {
      throw unavailable(e);
    }
  }

  /// The caller closes it.
  Secret sealingRoot() {
    try {
      return platform.sealingRoot();
    } catch (PlatformException e) {
      throw unavailable(e);
    }
  }

  private static CloisterException unavailable(PlatformException cause) {
    return new CloisterException(
        ErrorCode.TEE_UNAVAILABLE, String.valueOf(cause.getMessage()), cause);
  }
}
