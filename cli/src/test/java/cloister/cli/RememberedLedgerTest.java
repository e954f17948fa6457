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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    verbs.put("apply", () -> research.apply(java.util.List.of()));
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
}
