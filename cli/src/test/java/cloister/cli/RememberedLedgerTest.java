package cloister.cli;

import static cloister.cli.Trio.AIRLINE;
import static cloister.cli.Trio.MEDIA;
import static cloister.cli.Trio.PEOPLE;
import static cloister.cli.Trio.RESEARCH;
import static cloister.cli.Trio.refused;
import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.SimulatedEvidence;
import cloister.client.Home;
import cloister.client.Participant;
import cloister.enclave.EnclaveServer;
import cloister.protocol.ErrorCode;
import cloister.testkit.Relay;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The host puts an older folder back, or lets two copies go different ways: whatever a participant
/// asks for first, its home tells it so, and remembers what it knew. Each test has copies of its
/// own.
final class RememberedLedgerTest {
  @TempDir static Path folder;
  private static Trio trio;
  private static Path older = Path.of("");
  private static Path newer = Path.of("");
  private static Path olderHomes = Path.of("");
  private static String run = "";

  /// Between older and newer, research has asked twice.
  @BeforeAll
  static void start() throws Exception {
    Path state = folder.resolve("state");
    var server = Trio.serve(state);
    trio = Trio.at(folder, Trio.uri(server));
    trio.ready(100);
    try (var research = trio.enter(RESEARCH);
        var media = trio.enter(MEDIA)) {
      research.budget();
      media.budget();
    }
    server.close();
    older = Trio.copy(state, folder.resolve("older"));
    olderHomes = Trio.copy(folder.resolve("homes"), folder.resolve("older-homes"));
    try (var again = Trio.serve(state)) {
      trio.relay.leadTo(Trio.uri(again));
      try (var research = trio.enter(RESEARCH)) {
        run = research.run(trio.question(RESEARCH, PEOPLE, 1)).run();
        research.run(trio.question(RESEARCH, PEOPLE, 2));
      }
    }
    newer = Trio.copy(state, folder.resolve("newer"));
  }

  @AfterAll
  static void stop() {
    trio.close();
  }

  private static EnclaveServer serve(Path state, Path copies) throws Exception {
    var server = Trio.serve(Trio.copy(state, copies.resolve("state")));
    trio.relay.leadTo(Trio.uri(server));
    return server;
  }

  /// Everything that a participant can ask of the enclave.
  private static Map<String, ThrowingCallable> verbs(Participant research) throws Exception {
    var verbs = new LinkedHashMap<String, ThrowingCallable>();
    var known = trio.question(RESEARCH, PEOPLE, 1);
    var fresh = trio.question(RESEARCH, PEOPLE, 3);
    verbs.put("status", research::status);
    verbs.put("standing", research::standing);
    verbs.put("check of the ledger", research::checkLedger);
    verbs.put("documents", research::documents);
    verbs.put("receivable", research::receivable);
    verbs.put("agreed", research::agreed);
    verbs.put("runs", research::runs);
    verbs.put("budget", research::budget);
    verbs.put("explain", () -> research.explain(known));
    verbs.put("run of a known question", () -> research.run(known));
    verbs.put("run of a new question", () -> research.run(fresh));
    verbs.put("result", () -> research.result(run));
    verbs.put("apply", () -> research.apply(List.of()));
    verbs.put("own dataset", () -> research.ownDataset(PEOPLE));
    verbs.put("suspend", research::suspend);
    verbs.put("resume", research::resume);
    verbs.put(
        "sign",
        () ->
            Participant.join(
                    trio.home(RESEARCH),
                    trio.agreement(),
                    Optional.empty(),
                    SimulatedEvidence.ACCEPT)
                .close());
    return verbs;
  }

  private static void refusesEverything(ErrorCode code) throws Exception {
    String memory = trio.memory(RESEARCH);
    try (var research = trio.enter(RESEARCH)) {
      for (var verb : verbs(research).entrySet()) {
        try {
          refused(code, verb.getValue());
        } catch (AssertionError e) {
          throw new AssertionError(verb.getKey() + ": " + e.getMessage(), e);
        }
      }
    }
    assertThat(trio.memory(RESEARCH)).isEqualTo(memory);
  }

  @Test
  void afterAnHonestRestartNobodyComplains(@TempDir Path copies) throws Exception {
    try (var server = serve(newer, copies);
        var research = trio.enter(RESEARCH)) {
      assertThat(server.port()).isPositive();
      var standing = research.checkLedger();
      assertThat(standing.size()).isGreaterThanOrEqualTo(standing.before());
      assertThat(research.result(run).table()).isPresent();
      assertThat(research.run(trio.question(RESEARCH, PEOPLE, 1)).repeated()).isTrue();
      assertThat(trio.accusation(RESEARCH)).doesNotExist();
    }
  }

  @Test
  void anOlderFolderIsNoticedByEveryVerb(@TempDir Path copies) throws Exception {
    try (var _ = serve(older, copies)) {
      refusesEverything(ErrorCode.LEDGER_BEHIND);
    }
  }

  @Test
  void anEmptiedFolderIsNoticedByEveryVerb(@TempDir Path copies) throws Exception {
    try (var _ = serve(Files.createDirectory(copies.resolve("empty")), copies)) {
      refusesEverything(ErrorCode.LEDGER_BEHIND);
    }
  }

  /// The enclave on the other branch has more entries than research has seen, and so has no reason
  /// to doubt itself: only research can tell.
  @Test
  void aForkIsNoticedByEveryVerbAndProven(@TempDir Path copies) throws Exception {
    try (var _ = serve(older, copies)) {
      Path homes = Trio.copy(olderHomes, copies.resolve("homes"));
      try (var media = enter(homes, MEDIA)) {
        for (int i = 0; i < 4; i++) {
          media.suspend();
          media.resume();
        }
      }
      refusesEverything(ErrorCode.LEDGER_FORKED);
      try (var lines = Files.lines(trio.accusation(RESEARCH))) {
        assertThat(lines.filter(line -> line.startsWith("cloister/sha256:")).count())
            .as("both checkpoints")
            .isEqualTo(2);
      }
    } finally {
      Files.deleteIfExists(trio.accusation(RESEARCH));
    }
  }

  private static Participant enter(Path homes, cloister.room.Name name) throws Exception {
    return Participant.enter(
        Home.open(homes.resolve(name.value())),
        Optional.empty(),
        Optional.empty(),
        SimulatedEvidence.ACCEPT);
  }

  private static Participant enter(Path homes, cloister.room.Name name, EnclaveServer server)
      throws Exception {
    return Participant.enter(
        Home.open(homes.resolve(name.value())),
        Optional.empty(),
        Optional.of(Trio.uri(server)),
        SimulatedEvidence.ACCEPT);
  }

  /// Two processes share a home; the one that saw less was there when the other saw more.
  @Test
  void whatAnotherProcessOfTheHomeHasSeenCounts(@TempDir Path copies) throws Exception {
    Path homes = Trio.copy(olderHomes, copies.resolve("homes"));
    EnclaveServer server = serve(older, copies);
    try (var early = enter(homes, AIRLINE)) {
      long seen = early.checkLedger().size();
      try (var late = enter(homes, AIRLINE)) {
        late.suspend();
        late.resume();
        assertThat(late.checkLedger().size()).isEqualTo(seen + 2);
      }
      server.close();
      server = serve(older, copies.resolve("again"));
      refused(ErrorCode.LEDGER_BEHIND, early::budget);
    } finally {
      server.close();
    }
  }

  /// The relay keeps the reply to the next message until the test says so.
  private record HeldReply(CountDownLatch arrived, CountDownLatch released) {
    static HeldReply next(Relay relay) {
      var held = new HeldReply(new CountDownLatch(1), new CountDownLatch(1));
      relay.attack((request, onward) -> {
        Relay.Response response = onward.send(request);
        if (request.isMessage() && held.arrived().getCount() > 0) {
          held.arrived().countDown();
          held.released().await();
        }
        return response;
      });
      return held;
    }
  }

  private static void grow(Participant by, int twice) throws Exception {
    for (int i = 0; i < twice; i++) {
      by.suspend();
      by.resume();
    }
  }

  private static Path remembered(Path homes, cloister.room.Name name, String kind) {
    return homes.resolve(name.value()).resolve("collaborations/" + Trio.ROOM + kind);
  }

  /// What a participant's two processes are told by two copies of an enclave, of which each is true
  /// to what it has said itself.
  enum Lie {
    THE_HELD_REPLY_IS_OF_THE_LARGER_COPY,
    THE_HELD_REPLY_IS_OF_THE_SMALLER_COPY,
    THE_RELAY_CHANGES_OVER
  }

  @ParameterizedTest
  @EnumSource
  void aForkBetweenTwoProcessesOfAHomeIsNoticedAndProven(Lie lie, @TempDir Path copies)
      throws Exception {
    Path homes = Trio.copy(olderHomes, copies.resolve("homes"));
    Path others = Trio.copy(olderHomes, copies.resolve("others"));
    try (var a = serve(older, copies.resolve("a"));
        var b = serve(older, copies.resolve("b"));
        var onB = enter(homes, RESEARCH);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      boolean smaller = lie == Lie.THE_HELD_REPLY_IS_OF_THE_SMALLER_COPY;
      try (var media = enter(others, MEDIA, smaller ? a : b)) {
        grow(media, 4);
      }
      var held = HeldReply.next(trio.relay);
      var reply = threads.submit(() -> onB.run(trio.question(RESEARCH, PEOPLE, 1)));
      held.arrived().await();
      try (var onA = enter(homes, RESEARCH, a)) {
        onA.run(trio.question(RESEARCH, PEOPLE, 2));
      }
      String memory = Files.readString(remembered(homes, RESEARCH, ".json"));
      if (lie == Lie.THE_RELAY_CHANGES_OVER) {
        trio.relay.leadTo(Trio.uri(a));
      }
      held.released().countDown();
      refused(ErrorCode.LEDGER_FORKED, () -> resultOf(reply));
      assertThat(remembered(homes, RESEARCH, ".json")).hasContent(memory);
      try (var lines = Files.lines(remembered(homes, RESEARCH, ".accusation"))) {
        assertThat(lines.filter(line -> line.startsWith("cloister/sha256:")).count())
            .as("both checkpoints")
            .isEqualTo(2);
      }
      trio.relay.leadTo(Trio.uri(b));
      refused(smaller ? ErrorCode.LEDGER_BEHIND : ErrorCode.LEDGER_FORKED, onB::budget);
    } finally {
      trio.relay.carryHonestly();
    }
  }

  private static <T> T resultOf(Future<T> future) throws Throwable {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw Objects.requireNonNull(e.getCause());
    }
  }

  /// One enclave, and a reply that is older than what another process has seen since.
  @Test
  void aLateReplyIsNoFork(@TempDir Path copies) throws Exception {
    Path homes = Trio.copy(olderHomes, copies.resolve("homes"));
    try (var server = serve(older, copies);
        var late = enter(homes, RESEARCH);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var held = HeldReply.next(trio.relay);
      var reply = threads.submit(() -> late.run(trio.question(RESEARCH, PEOPLE, 1)));
      held.arrived().await();
      long seen;
      try (var early = enter(homes, RESEARCH, server)) {
        early.run(trio.question(RESEARCH, PEOPLE, 2));
        seen = early.checkLedger().size();
      }
      held.released().countDown();
      assertThat(reply.get().table()).isPresent();
      assertThat(late.checkLedger().before()).isEqualTo(seen);
      assertThat(remembered(homes, RESEARCH, ".accusation")).doesNotExist();
    } finally {
      trio.relay.carryHonestly();
    }
  }

  /// The ledger grows under all of them all the time.
  @Test
  void processesOfAHomeThatAskAtOnceAreAllAnswered(@TempDir Path copies) throws Exception {
    Path homes = Trio.copy(olderHomes, copies.resolve("homes"));
    try (var server = serve(older, copies);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> processes = new ArrayList<>();
      for (int process = 0; process < 4; process++) {
        int first = 10 * process;
        processes.add(
            threads.submit(() -> {
              try (var research = enter(homes, RESEARCH)) {
                for (int i = 0; i < 8; i++) {
                  var finished = research.run(trio.question(RESEARCH, PEOPLE, first + i));
                  assertThat(finished.table()).isPresent();
                  research.budget();
                  research.checkLedger();
                }
              }
              return null;
            }));
      }
      for (int process = 0; process < 2; process++) {
        processes.add(
            threads.submit(() -> {
              try (var airline = enter(homes, AIRLINE)) {
                for (int i = 0; i < 40; i++) {
                  airline.apply(List.of());
                  airline.status();
                }
              }
              return null;
            }));
      }
      for (var process : processes) {
        process.get();
      }
      assertThat(server.port()).isPositive();
      assertThat(remembered(homes, RESEARCH, ".accusation")).doesNotExist();
      assertThat(remembered(homes, AIRLINE, ".accusation")).doesNotExist();
    }
  }

  /// Two processes sign at once, and each is led to another enclave.
  @Test
  void ofTwoFirstContactsOneEnclaveIsBelieved(@TempDir Path copies) throws Exception {
    try (var a = Trio.serve(copies.resolve("a"));
        var b = Trio.serve(copies.resolve("b"));
        var three = Trio.at(copies, Trio.uri(b))) {
      Path proposer = Trio.copy(three.homeOf(AIRLINE), copies.resolve("airline-twice"));
      join(three, three.home(AIRLINE), Trio.uri(a));
      join(three, Home.open(proposer), Trio.uri(b));
      var reply = new AtomicReference<String>("");
      refused(ErrorCode.LEDGER_FORKED, () -> firstContacts(three, Trio.uri(a), reply));
      assertThat(three.memory(RESEARCH)).isEqualTo(reply.get());
    }
  }

  @Test
  void twoFirstContactsWithOneEnclaveAgree(@TempDir Path copies) throws Throwable {
    try (var server = Trio.serve(copies.resolve("state"));
        var three = Trio.at(copies, Trio.uri(server))) {
      join(three, three.home(AIRLINE), three.relay.uri());
      firstContacts(three, Trio.uri(server), new AtomicReference<>(""));
      try (var research = three.enter(RESEARCH)) {
        assertThat(research.checkLedger().before()).isPositive();
      }
    }
  }

  /// Research signs by way of the relay; while a reply is held there, it signs at `direct` too.
  ///
  /// @param memory set to what the home knows when the second has signed
  private static void firstContacts(Trio three, URI direct, AtomicReference<String> memory)
      throws Throwable {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var held = HeldReply.next(three.relay);
      var signing =
          threads.submit(() -> {
            join(three, three.home(RESEARCH), three.relay.uri());
            return true;
          });
      held.arrived().await();
      join(three, three.home(RESEARCH), direct);
      memory.set(three.memory(RESEARCH));
      held.released().countDown();
      assertThat(resultOf(signing)).isTrue();
    }
  }

  private static void join(Trio three, Home home, URI enclave) throws Exception {
    Participant.join(home, three.agreement(), Optional.of(enclave), SimulatedEvidence.ACCEPT)
        .close();
  }

  /// What was verified with a key is not verified with another.
  @Test
  void aKeyThatChangesInTheHomeIsNoticedAtOnce(@TempDir Path copies) throws Exception {
    Path homes = Trio.copy(olderHomes, copies.resolve("homes"));
    Path file = remembered(homes, RESEARCH, ".json");
    try (var server = serve(older, copies);
        var research = enter(homes, RESEARCH)) {
      assertThat(server.port()).isPositive();
      research.budget();
      String sound = Files.readString(file);
      Files.writeString(file, altered(sound, "certificateAuthority"));
      // Whatever is asked, the home is read again.
      research.status();
      refused(ErrorCode.EVIDENCE_REFUSED, research::budget);
      Files.writeString(file, altered(sound, "enclaveKey"));
      refused(ErrorCode.EVIDENCE_REFUSED, research::budget);
    }
  }

  private static String altered(String json, String member) {
    return json.replaceFirst('"' + member + "\":\"[^\"]+", '"' + member + "\":\"AAAA");
  }
}
