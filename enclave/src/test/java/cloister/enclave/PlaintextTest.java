package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Digest;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PlaintextTest {
  private static final Digest ONE = Digest.ofUtf8("one");
  private static final Digest TWO = Digest.ofUtf8("two");

  @TempDir Path memory;
  private final List<Path> told = new ArrayList<>();
  private final Plaintext plaintext = new Plaintext(100, told::add);
  private final AtomicInteger made = new AtomicInteger();

  private List<Path> make(Path folder) {
    made.incrementAndGet();
    try {
      Files.createDirectory(folder);
      return List.of(Files.writeString(folder.resolve("part"), "plain"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Plaintext.Lease acquire(Digest version, long size) {
    return plaintext.acquire(version, memory, size, this::make);
  }

  @Test
  void aVersionIsMadeOnceForAllWhoAskAtTheSameTime() throws Exception {
    var leases = new ArrayList<Plaintext.Lease>();
    var answers = new ArrayList<Future<List<Path>>>();
    var start = new CountDownLatch(1);
    try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 50; i++) {
        var lease = acquire(ONE, 60);
        leases.add(lease);
        answers.add(
            callers.submit(() -> {
              start.await();
              return lease.files();
            }));
      }
      start.countDown();
      for (var answer : answers) {
        assertThat(answer.get()).isEqualTo(answers.getFirst().get());
      }
    }
    assertThat(made).hasValue(1);
    assertThat(plaintext.bytes()).isEqualTo(60);
    leases.forEach(Plaintext.Lease::close);
  }

  @Test
  void nobodyWaitsForAnotherVersion() throws Exception {
    var begun = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    try (var slow =
            plaintext.acquire(
                ONE,
                memory,
                10,
                folder -> {
                  begun.countDown();
                  try {
                    go.await();
                  } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                  }
                  return make(folder);
                });
        var fast = acquire(TWO, 10);
        var caller = Executors.newVirtualThreadPerTaskExecutor()) {
      var waiting = caller.submit(slow::files);
      begun.await();
      assertThat(fast.files()).hasSize(1);
      go.countDown();
      assertThat(waiting.get()).hasSize(1);
    }
  }

  @Test
  void whatIsReadStaysAndWhatIsIdleGivesWay() {
    var first = acquire(ONE, 60);
    Path file = first.files().getFirst();
    assertThatThrownBy(() -> acquire(TWO, 60))
        .isInstanceOfSatisfying(
            CloisterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.MEMORY_LIMIT));
    assertThat(file).exists();
    first.close();
    assertThat(file).exists();
    try (var second = acquire(TWO, 60)) {
      assertThat(file).doesNotExist();
      assertThat(second.files().getFirst()).exists();
      assertThat(plaintext.bytes()).isEqualTo(60);
    }
    try (var again = acquire(ONE, 60)) {
      // Workers know a file by its path, and this is another file.
      assertThat(again.files().getFirst()).exists().isNotEqualTo(file);
    }
  }

  @Test
  void aSupersededVersionIsGoneWhenTheLastReaderIs() {
    var first = acquire(ONE, 60);
    var second = acquire(ONE, 60);
    Path file = first.files().getFirst();
    plaintext.supersede(ONE);
    first.close();
    first.close();
    assertThat(file).exists();
    assertThat(told).isEmpty();
    second.close();
    assertThat(told).containsExactly(file.getParent());
    assertThat(file).doesNotExist();
    assertThat(memory).isEmptyDirectory();
    assertThat(plaintext.bytes()).isZero();
    plaintext.supersede(ONE);
    assertThat(plaintext.bytes()).isZero();
  }

  @Test
  void aFailureFreesItsRoomAndTheNextTriesAnew() {
    var broken =
        plaintext.acquire(
            ONE,
            memory,
            60,
            _ -> {
              throw new CloisterException(ErrorCode.SEALED_DATA_CORRUPT, "broken");
            });
    assertThatThrownBy(broken::files).isInstanceOf(CloisterException.class);
    broken.close();
    assertThat(plaintext.bytes()).isZero();
    try (var lease = acquire(ONE, 60)) {
      assertThat(lease.files()).hasSize(1);
    }
  }

  @Test
  void whatLiesIdleTakesRoomFromThoseWhoOnlyPrepare() {
    try (var lease = acquire(ONE, 60)) {
      assertThat(lease.files()).hasSize(1);
    }
    assertThat(plaintext.hasRoom(40)).isTrue();
    assertThat(plaintext.hasRoom(41)).isFalse();
  }
}
