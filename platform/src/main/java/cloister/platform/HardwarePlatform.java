package cloister.platform;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.EvidenceException;
import cloister.attestation.Measurement;
import cloister.attestation.Report;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import cloister.crypto.Secret;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A TEE in hardware, of the kind that the operator named. What it needs of the machine is looked
/// for when it is opened; what is missing stops it there.
///
/// Safe for use by many threads: the hardware is asked by one at a time, on a thread of its own,
/// since a native call or a read of a device ends when it ends. Who has waited too long is told so.
public final class HardwarePlatform implements Platform {
  /// Longer than any of the sources tries.
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Tee tee;
  private final EvidenceSource evidence;
  private final SealingSource sealing;
  private final Duration patience;
  private final Semaphore turn = new Semaphore(1, true);
  private final Measurement measurement;

  /// What becomes of the state when the process ends.
  public enum State {
    /// The hardware gives the root again to the same code: the state lives on.
    SEALED,
    /// A new root at each start: the state ends with the process, and so does whatever was
    /// published, run and spent.
    EPHEMERAL
  }

  /// @param folder where the server keeps its state
  /// @param audience for whom tokens of Confidential Space are; empty for all other TEEs
  public record Settings(Tee tee, Path folder, State state, Optional<String> audience) {}

  /// How the one digest that stands for the code is read out of evidence.
  interface Reading {
    Measurement measurement(Evidence evidence) throws EvidenceException;
  }

  HardwarePlatform(
      Tee tee, EvidenceSource evidence, SealingSource sealing, Reading reading, Duration patience)
      throws PlatformException {
    this.tee = tee;
    this.evidence = evidence;
    this.sealing = sealing;
    this.patience = patience;
    this.measurement = measure(reading);
  }

  /// Looks for the hardware, obtains evidence once, and reads from it what this code measures.
  ///
  /// @throws PlatformException naming what is missing and what to do
  public static HardwarePlatform open(Settings settings) throws PlatformException {
    var machine = Machine.real();
    return new HardwarePlatform(
        settings.tee(),
        machine.evidence(settings),
        machine.sealing(settings),
        evidence -> Report.parse(evidence).measured(),
        PATIENCE);
  }

  /// By the same parser that verifiers have. Nothing is verified here: an enclave cannot vouch for
  /// itself, and what it says of itself is held against the evidence by whoever reads it.
  private Measurement measure(Reading reading) throws PlatformException {
    Bytes unique;
    try (Secret random = Secret.random(32)) {
      unique = Bytes.of(random.expose());
    }
    try {
      return reading.measurement(evidence(Binding.of("cloister/self/v1", unique)));
    } catch (EvidenceException e) {
      throw new PlatformException(
          "this version cannot read the evidence that this machine gives as %s: %s"
              .formatted(tee, e.getMessage()),
          e);
    }
  }

  @Override
  public Tee tee() {
    return tee;
  }

  @Override
  public Evidence evidence(Binding binding) throws PlatformException {
    return inTurn(() -> evidence.evidence(binding));
  }

  @Override
  public Measurement measurement() {
    return measurement;
  }

  @Override
  public Secret sealingRoot() throws PlatformException {
    return inTurn(sealing::root);
  }

  private interface Question<T> {
    T ask() throws PlatformException;
  }

  /// The turn goes back when the hardware has answered, also to a caller that has left.
  private <T> T inTurn(Question<T> question) throws PlatformException {
    long deadlineNanos = System.nanoTime() + patience.toNanos();
    try {
      if (!turn.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        throw late();
      }
      var asked =
          new FutureTask<T>(() -> {
            try {
              return question.ask();
            } finally {
              turn.release();
            }
          });
      Thread.ofPlatform().daemon().name("hardware").start(asked);
      return asked.get(Math.max(0, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PlatformException("interrupted while the hardware was asked", e);
    } catch (TimeoutException _) {
      throw late();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof PlatformException refusal) {
        throw new PlatformException(String.valueOf(refusal.getMessage()), refusal);
      }
      throw new IllegalStateException("a bug in what asks the hardware", e.getCause());
    }
  }

  private PlatformException late() {
    return new PlatformException(
        "the %s hardware did not answer within %d seconds".formatted(tee, patience.toSeconds()));
  }
}
