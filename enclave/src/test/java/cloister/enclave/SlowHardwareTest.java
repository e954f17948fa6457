package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.Measurement;
import cloister.attestation.Tee;
import cloister.crypto.Secret;
import cloister.platform.Platform;
import cloister.platform.PlatformException;
import cloister.protocol.Command;
import cloister.protocol.Reply;
import cloister.simulated.InsecureSimulatedPlatform;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Hardware that takes its time holds up who needs it, and nobody else.
@Timeout(120)
final class SlowHardwareTest {
  @TempDir Path folder;

  /// Evidence only once it is let go.
  private static final class Stuck implements Platform {
    final Platform inner;
    final Semaphore asked = new Semaphore(0);
    volatile CountDownLatch letGo = new CountDownLatch(0);

    Stuck(Platform inner) {
      this.inner = inner;
    }

    @Override
    public Evidence evidence(Binding binding) throws PlatformException {
      asked.release();
      try {
        letGo.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new PlatformException("interrupted", e);
      }
      return inner.evidence(binding);
    }

    @Override
    public Tee tee() {
      return inner.tee();
    }

    @Override
    public Measurement measurement() {
      return inner.measurement();
    }

    @Override
    public Secret sealingRoot() throws PlatformException {
      return inner.sealingRoot();
    }
  }

  @Test
  void aRunThatWaitsForItHoldsUpNobodyInTheRoom() throws Exception {
    var clock = InstantSource.system();
    var settings = TestRoom.settings(folder, 0);
    var hardware = new Stuck(new InsecureSimulatedPlatform(settings.state(), clock));
    try (var server = EnclaveServer.start(settings, clock, hardware);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var room = new TestRoom(folder, server, clock);
      room.activate();
      room.enrol();
      room.apply();
      room.publish();
      hardware.asked.drainPermits();
      hardware.letGo = new CountDownLatch(1);
      Future<Reply.Ran> run = threads.submit(room::overlap);
      hardware.asked.acquire();
      Reply.Status status = room.airline.ask(new Command.Status());
      assertThat(status.enrolled()).hasSize(3);
      assertThat(run.isDone()).isFalse();
      hardware.letGo.countDown();
      assertThat(room.byKey(room.research, run.get())).containsKey("50+");
    }
  }

  @Test
  void whoeverGreetsWaitsInAQueueOfTheirOwn() throws Exception {
    var hardware =
        new Stuck(new InsecureSimulatedPlatform(folder.resolve("state"), InstantSource.system()));
    var attester = new Attester(hardware);
    hardware.letGo = new CountDownLatch(1);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var flood =
          IntStream.range(0, 50)
              .mapToObj(_ -> threads.submit(() -> attester.greeting(Binding.of("test"))))
              .toList();
      hardware.asked.acquire(2);
      assertThat(hardware.asked.tryAcquire(200, TimeUnit.MILLISECONDS)).isFalse();
      var run = threads.submit(() -> attester.evidence(Binding.of("test")));
      hardware.asked.acquire();
      hardware.letGo.countDown();
      assertThat(run.get()).isNotNull();
      for (var one : flood) {
        assertThat(got(one)).isNotNull();
      }
    }
  }

  private static Evidence got(Future<Evidence> one) throws InterruptedException {
    try {
      return one.get();
    } catch (ExecutionException e) {
      throw new AssertionError(e);
    }
  }
}
