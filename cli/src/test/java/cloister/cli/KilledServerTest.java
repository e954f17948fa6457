package cloister.cli;

import static cloister.cli.Trio.AIRLINE;
import static cloister.cli.Trio.PEOPLE;
import static cloister.cli.Trio.RESEARCH;
import static cloister.cli.Trio.VISITS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloister.client.Finished;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Reply;
import cloister.room.Address;
import cloister.testkit.Relay.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A real server process is killed without warning, and started again on what it left: nothing that
/// anybody was told is lost, what was paid is paid once, and the client that was waiting gets its
/// answer.
final class KilledServerTest {
  @TempDir static Path folder;
  private static ServerProcess server;
  private static Trio trio;

  @BeforeAll
  static void start() throws Exception {
    server = serve();
    trio = Trio.at(folder, server.url());
    trio.ready(100);
    try (var research = trio.enter(RESEARCH)) {
      research.budget(); // enrols
    }
  }

  @AfterAll
  static void stop() {
    trio.close();
    server.close();
  }

  @BeforeEach
  void carryHonestly() {
    trio.relay.carryHonestly();
  }

  private static ServerProcess serve() throws IOException, InterruptedException {
    return ServerProcess.start(folder.resolve("state"), folder.resolve("enclave.log"));
  }

  /// SIGKILL, to the server and then to the workers that it leaves behind, and a new one.
  private static void killAndRestart() throws IOException, InterruptedException {
    var process = ProcessHandle.of(server.pid()).orElseThrow();
    List<ProcessHandle> workers = process.descendants().toList();
    process.destroyForcibly();
    process.onExit().join();
    workers.forEach(ProcessHandle::destroyForcibly);
    server = serve();
    trio.relay.leadTo(server.url());
  }

  private static Finished ask(int age) throws Exception {
    try (var research = trio.enter(RESEARCH)) {
      return research.run(trio.question(RESEARCH, PEOPLE, age));
    }
  }

  private static void signal(String signal, long process) throws IOException {
    new ProcessBuilder("kill", signal, Long.toString(process)).start().onExit().join();
  }

  @Test
  void aRunThatWasKilledInTheMiddleIsAnsweredByTheNextServerAndPaidOnce() throws Exception {
    int before = trio.spent().intValueExact();
    // Those that compute stand still: the run is paid for, and does not end.
    for (var worker : ProcessHandle.of(server.pid()).orElseThrow().descendants().toList()) {
      signal("-STOP", worker.pid());
    }
    try (var asker = trio.enter(RESEARCH);
        var witness = trio.enter(RESEARCH);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      int runs = witness.runs().size();
      var waiting = threads.submit(() -> asker.run(trio.question(RESEARCH, PEOPLE, 1)));
      while (witness.runs().size() == runs) {
        Thread.onSpinWait();
      }
      assertThat(witness.runs().getLast().state()).isEqualTo(Reply.RunState.RUNNING);
      trio.relay.attack((request, onward) -> {
        synchronized (KilledServerTest.class) { // until the new one is there
          return onward.send(request);
        }
      });
      synchronized (KilledServerTest.class) {
        killAndRestart();
      }
      Finished finished = waiting.get();
      assertThat(finished.table()).isPresent();
      assertThat(finished.repeated()).as("paid for by the one that was killed").isTrue();
      assertThat(trio.spent()).isEqualByComparingTo(Integer.toString(before + 1));
      assertThat(witness.runs().stream().map(Reply.RunLine::state).skip(runs))
          .containsExactly(Reply.RunState.FAILED, Reply.RunState.RELEASED);
      assertThat(ask(1).table()).isEqualTo(finished.table());
      assertThat(trio.spent()).isEqualByComparingTo(Integer.toString(before + 1));
    }
  }

  @Test
  void aRunThatAStoppingServerEndsIsToldSoAndCanBeAskedForAgain() throws Exception {
    var process = ProcessHandle.of(server.pid()).orElseThrow();
    for (var worker : process.descendants().toList()) {
      signal("-STOP", worker.pid());
    }
    // In another home: what two processes of one home have seen has to be proven one history, and a
    // server that stops proves nothing more.
    try (var asker = trio.enter(RESEARCH);
        var witness = trio.enter(AIRLINE);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      int runs = witness.runs().size();
      var waiting =
          threads.submit(() ->
              catchThrowableOfType(
                  CloisterException.class, () -> asker.run(trio.question(RESEARCH, PEOPLE, 3))));
      while (witness.runs().size() == runs) {
        Thread.onSpinWait();
      }
      signal("-TERM", server.pid());
      var refused = waiting.get();
      assertThat(refused.code()).isEqualTo(ErrorCode.STOPPING);
      assertThat(refused.code().kind().exitCode()).isEqualTo(4);
      process.onExit().join();
    }
    assertThat(Files.readString(folder.resolve("enclave.log")))
        .doesNotContain("bug:")
        .doesNotContain("Exception");
    server = serve();
    trio.relay.leadTo(server.url());
    assertThat(ask(3).repeated()).as("paid for by the one that was stopped").isTrue();
  }

  @Test
  void anAnswerThatWasReleasedAndNotHeardIsTheSameAfterwardsAndPaidOnce() throws Exception {
    int before = trio.spent().intValueExact();
    var messages = new AtomicInteger();
    trio.relay.attack((request, onward) -> {
      var response = onward.send(request);
      if (request.isMessage() && messages.getAndIncrement() == 0) {
        killAndRestart();
        return Response.LOST;
      }
      return response;
    });
    Finished finished = ask(2);
    assertThat(finished.repeated()).isTrue();
    assertThat(finished.table()).isPresent();
    assertThat(trio.spent()).isEqualByComparingTo(Integer.toString(before + 1));
    try (var research = trio.enter(RESEARCH)) {
      var standing = research.checkLedger();
      assertThat(standing.size()).isGreaterThanOrEqualTo(standing.before());
    }
  }

  @Test
  void anUploadGoesOnWithTheNextServerAndSendsNothingTwice() throws Exception {
    Path file = Files.writeString(folder.resolve("visits.csv"), Trio.large());
    var sent = new AtomicInteger();
    int before = trio.relay.pieces().size();
    trio.relay.attack((request, onward) -> {
      if (request.isPiece() && sent.getAndIncrement() == 1) {
        killAndRestart();
        return Response.LOST;
      }
      return onward.send(request);
    });
    assertThat(trio.publish(VISITS, file).report().kept()).isEqualTo(Trio.LARGE);
    var pieces = trio.relay.pieces().subList(before, trio.relay.pieces().size());
    assertThat(pieces).hasSizeGreaterThan(1).allMatch(one -> one.response().status() == 200);
    assertThat(pieces.stream().map(one -> one.request().path()).distinct()).hasSize(pieces.size());
    assertThat(trio.visitors()).isEqualTo(Trio.LARGE);
  }

  /// The server dies between taking a version and saying so: the upload is gone there, and the same
  /// one, sent again, is the same version.
  @Test
  void aVersionThatWasTakenAndNotHeardOfIsTheSameVersionAfterwards() throws Exception {
    Path file = trio.csv("visits.csv", 50, "");
    var afterPieces = new AtomicInteger(-1);
    var version = new CompletableFuture<Reply.Version>();
    trio.relay.attack((request, onward) -> {
      var response = onward.send(request);
      if (request.isPiece()) {
        afterPieces.compareAndSet(-1, 0);
      } else if (afterPieces.get() >= 0 && afterPieces.incrementAndGet() == 2) {
        // First where the upload is, then that it is to be taken: that was this.
        version.complete(current());
        killAndRestart();
        return Response.LOST;
      }
      return response;
    });
    var published = trio.publish(VISITS, file);
    assertThat(published.version().orElseThrow().digest()).isEqualTo(version.join().digest());
    assertThat(published.report().kept()).isEqualTo(50);
    assertThat(current().digest()).isEqualTo(version.join().digest());
    assertThat(trio.visitors()).isEqualTo(50);
  }

  private static Reply.Version current() throws InterruptedException {
    try (var research = trio.enter(RESEARCH)) {
      return Objects.requireNonNull(
          research.status().versions().get(Address.parse("/airline/dataset/visits")));
    }
  }
}
