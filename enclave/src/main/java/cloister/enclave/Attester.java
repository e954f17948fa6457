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
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// The platform as the server asks it: what the hardware does not give is an error with a code,
/// like any other.
final class Attester {
  private static final int STRANGERS_AT_ONCE = 2;
  private static final Duration STRANGERS_PATIENCE = Duration.ofSeconds(20);

  private final Platform platform;
  private final Semaphore strangers = new Semaphore(STRANGERS_AT_ONCE, true);

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

  /// For whoever greets, which anybody may, and hardware takes up to seconds: they wait for each
  /// other, so that what a run needs waits for few of them.
  Evidence greeting(Binding binding) {
    try {
      if (!strangers.tryAcquire(STRANGERS_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new CloisterException(
            ErrorCode.TOO_BUSY, "too many sessions are being opened at once");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CloisterException(ErrorCode.STOPPING, "the enclave is stopping", e);
    }
    try {
      return evidence(binding);
    } finally {
      strangers.release();
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
