package cloister.enclave;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Aead;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.crypto.Secret;
import cloister.crypto.SigningKey;
import cloister.ledger.Checkpoint;
import cloister.ledger.Entry;
import cloister.ledger.Ledger;
import cloister.ledger.SignedCheckpoint;
import cloister.ledger.TreeHead;
import cloister.protocol.Answered;
import cloister.protocol.CheckpointProof;
import cloister.protocol.Checkpoints;
import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.ErrorCode;
import cloister.protocol.Frames;
import cloister.protocol.Json;
import cloister.protocol.ReceiptFile;
import cloister.protocol.Reply;
import cloister.simulated.InsecureSimulatedPlatform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.logging.StreamHandler;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/// The host owns the disk: it may copy it, put back an older one, and change what it likes. The
/// tests share one room; the first looks at its disk, the others damage copies of it.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class RollbackTest {
  @TempDir static Path folder;
  @TempDir static Path copies;
  private static TestRoom room;
  private static Path older = Path.of("");
  private static Path newer = Path.of("");
  private static Optional<SignedCheckpoint> seen = Optional.empty();

  @BeforeAll
  static void start() throws Exception {
    room = TestRoom.ready(folder);
    room.server.close();
    older = copy(folder.resolve("state"), copies.resolve("older"));
    room.server = TestRoom.start(folder, InstantSource.system());
    room.reconnect();
    room.overlap();
    seen = checkpoint(room.research.exchange(new Command.Status()));
  }

  @AfterAll
  static void stop() {
    room.close();
  }

  private static Optional<SignedCheckpoint> checkpoint(Answered answered) {
    return answered.proof().map(CheckpointProof::checkpoint);
  }

  private static Path copy(Path from, Path to) throws IOException {
    try (var files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
    return to;
  }

  private static Path ledger(Path state) throws IOException {
    try (var files = Files.walk(state.resolve("rooms"))) {
      return files
          .filter(file -> file.getFileName().toString().equals("ledger"))
          .findFirst()
          .orElseThrow();
    }
  }

  /// Another server on a copy of the state, and everybody in a session with it.
  private static EnclaveServer serve(Path state) throws Exception {
    Path parent = Files.createTempDirectory(copies, "serve");
    copy(state, parent.resolve("state"));
    var server = TestRoom.start(parent, InstantSource.system());
    for (var participant : room.all()) {
      participant.reconnect(TestRoom.uri(server));
    }
    return server;
  }

  private static void home() throws Exception {
    for (var participant : room.all()) {
      participant.seen = Optional.empty();
    }
    room.reconnect();
  }

  @Test
  @Order(1)
  void nothingUnderTheStateSaysWhatIsInIt() throws Exception {
    var canaries =
        List.of(
            "person17@example.org",
            "example.org",
            "secret-17",
            "18-24",
            "SELECT",
            "customers",
            "overlap",
            "ResearchAndDevelopment",
            "airline-media",
            "research");
    var found = new ArrayList<String>();
    try (var files = Files.walk(folder.resolve("state"))) {
      for (Path file : files.toList()) {
        byte[] content = Files.isRegularFile(file) ? Files.readAllBytes(file) : new byte[0];
        for (String canary : canaries) {
          if (TestRoom.contains(content, canary)
              || file.getFileName().toString().contains(canary)) {
            found.add(canary + " in " + file.getFileName());
          }
        }
      }
    }
    assertThat(found).isEmpty();
  }

  @Test
  @Order(2)
  void twoServersOnOneStateAreRefused() {
    assertThatThrownBy(() -> TestRoom.start(folder, InstantSource.system()))
        .isInstanceOfSatisfying(
            CloisterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_UNUSABLE))
        .hasMessageStartingWith("another server is running on the state in ");
  }

  @Test
  @Order(3)
  void aRestartKeepsEverything() throws Exception {
    Reply.Ran before = room.overlap();
    var answer = room.byKey(room.research, before);
    var books = room.books();
    Reply.Status status = room.research.ask(new Command.Status());
    room.restart();
    assertThat(room.books()).isEqualTo(books);
    assertThat((Reply.Status) room.research.ask(new Command.Status())).isEqualTo(status);
    Reply.Ran again = room.overlap();
    assertThat(again.repeated()).isTrue();
    assertThat(room.byKey(room.research, again)).isEqualTo(answer);
    newer = copy(folder.resolve("state"), copies.resolve("newer"));
  }

  @Test
  @Order(4)
  void whoeverSawMoreIsToldAndTheRoomKeepsRefusing() throws Exception {
    try (var _ = serve(older)) {
      // Nobody who saw more has come yet: this much no enclave can know by itself.
      room.airline.ask(new Command.Budget());
      room.research.seen = seen;
      assertThat(TestRoom.refusal(() -> room.research.ask(new Command.Status())).code())
          .isEqualTo(ErrorCode.LEDGER_BEHIND);
      for (var participant : room.all()) {
        participant.seen = Optional.empty();
        for (Command command :
            List.of(
                new Command.Status(),
                new Command.Budget(),
                TestRoom.run("/research/analysis/overlap"))) {
          assertThat(TestRoom.refusal(() -> participant.ask(command)).code())
              .isEqualTo(ErrorCode.LEDGER_BEHIND);
        }
      }
    } finally {
      home();
    }
  }

  /// A host that rolls back cannot average noise away.
  @Test
  @Order(4)
  void aRollbackDrawsNoOtherNoise() throws Exception {
    var answers = new ArrayList<Object>();
    for (int times = 0; times < 2; times++) {
      for (var participant : room.all()) {
        participant.seen = Optional.empty();
      }
      try (var _ = serve(older)) {
        answers.add(room.byKey(room.research, room.overlap()));
      } finally {
        home();
      }
    }
    assertThat(answers.getFirst()).isEqualTo(answers.getLast());
  }

  @Test
  @Order(4)
  void whatAParticipantOrAStrangerOnlySaysSwitchesNothingOff() throws Exception {
    var stranger = new TestParticipant("stranger", room.uri());
    stranger.collaboration = room.airline.collaboration;
    try {
      for (SignedCheckpoint lie : lies()) {
        stranger.seen = Optional.of(lie);
        assertThat(TestRoom.refusal(() -> stranger.ask(new Command.Status())).code())
            .isEqualTo(ErrorCode.NOT_A_PARTICIPANT);
        room.media.seen = Optional.of(lie);
        assertThat(TestRoom.refusal(() -> room.media.ask(new Command.Status())).code())
            .isEqualTo(ErrorCode.LEDGER_FORKED);
        room.media.seen = Optional.empty();
        for (var participant : room.all()) {
          participant.ask(new Command.Budget());
        }
      }
      // The enclave's own checkpoint changes nothing in a stranger's hand.
      stranger.seen = seen;
      assertThat(TestRoom.refusal(() -> stranger.ask(new Command.Status())).code())
          .isEqualTo(ErrorCode.NOT_A_PARTICIPANT);
    } finally {
      home();
    }
  }

  /// Checkpoints of a ledger that is ahead by far: by a key of the liar's own, by the enclave's key
  /// for another collaboration, and the enclave's own with another size under its signature.
  private static List<SignedCheckpoint> lies() throws Exception {
    var ahead = new TreeHead(1L << 40, Digest.ofUtf8("a root"));
    var id = room.airline.collaboration;
    var own = SigningKey.generate();
    var ownKey = Checkpoints.key(id, own.verifyingKey());
    var other = new TestRoom(folder, room.server, InstantSource.system());
    other.activate();
    var genuine = seen.orElseThrow();
    var elsewhere = checkpoint(other.airline.exchange(new Command.Status())).orElseThrow();
    return List.of(
        new Checkpoint(ownKey.origin(), ahead).sign(ownKey, own::sign),
        elsewhere,
        new SignedCheckpoint(
            new Checkpoint(genuine.checkpoint().origin(), ahead),
            genuine.keyId(),
            genuine.signature()));
  }

  @Test
  @Order(4)
  void aStrangerWithAGenuineCheckpointCannotSwitchOffARoomThatIsBehind() throws Exception {
    try (var server = serve(older)) {
      var stranger = new TestParticipant("stranger", TestRoom.uri(server));
      stranger.collaboration = room.airline.collaboration;
      stranger.seen = seen;
      assertThat(TestRoom.refusal(() -> stranger.ask(new Command.Status())).code())
          .isEqualTo(ErrorCode.NOT_A_PARTICIPANT);
      room.airline.ask(new Command.Budget());
    } finally {
      home();
    }
  }

  @Test
  @Order(5)
  void aRoomThatWasTakenAwayAltogetherIsMissed() throws Exception {
    Path parent = Files.createTempDirectory(copies, "emptied");
    copy(newer, parent.resolve("state"));
    Disk.delete(requireNonNull(ledger(parent.resolve("state")).getParent()));
    try (var server = TestRoom.start(parent, InstantSource.system())) {
      var proposal = room.airline.signed(room.collaborationYaml(1));
      room.airline.reconnect(TestRoom.uri(server));
      room.airline.seen = seen;
      for (Command command : List.of(new Command.Status(), new Command.Propose(proposal))) {
        assertThat(TestRoom.refusal(() -> room.airline.ask(command)).code())
            .isEqualTo(ErrorCode.LEDGER_BEHIND);
      }
    } finally {
      home();
    }
  }

  @Test
  @Order(6)
  void aFlippedByteInTheLedgerIsNeverServed() throws Exception {
    byte[] good = Files.readAllBytes(ledger(newer));
    var places = new TreeSet<Integer>(List.of(0, 22, 512, 530, 1024, 1030, good.length - 1));
    for (int i = 1; i < 6; i++) {
      places.add(good.length / 6 * i);
    }
    Path parent = Files.createTempDirectory(copies, "flipped");
    Path state = copy(newer, parent.resolve("state"));
    for (int place : places) {
      byte[] bad = good.clone();
      bad[place] ^= 1;
      Files.write(ledger(state), bad);
      try (var server = TestRoom.start(parent, InstantSource.system())) {
        everythingIsRefused(server, "flipped at %s of %s".formatted(place, good.length));
      }
    }
    // Damage is not repaired by refusing, and nothing else stands in the way of the good one.
    Files.write(ledger(state), good);
    try (var server = TestRoom.start(parent, InstantSource.system())) {
      room.research.reconnect(TestRoom.uri(server));
      Reply.Ran again = room.overlap();
      assertThat(again.repeated()).isTrue();
    } finally {
      home();
    }
  }

  @Test
  @Order(7)
  void aLedgerThatWasCutIsRefusedOrMissedByWhoeverSawMore() throws Exception {
    byte[] good = Files.readAllBytes(ledger(newer));
    Path parent = Files.createTempDirectory(copies, "cut");
    Path state = copy(newer, parent.resolve("state"));
    for (int size : List.of(good.length - 1, good.length / 2, 1024, 1000, 1, 0)) {
      Files.write(ledger(state), java.util.Arrays.copyOf(good, size));
      try (var server = TestRoom.start(parent, InstantSource.system())) {
        everythingIsRefused(server, "cut to %s of %s".formatted(size, good.length));
      }
    }
    home();
  }

  @Test
  @Order(8)
  void anotherRoomsLedgerInARoomsPlaceIsRefused() throws Exception {
    var other = new TestRoom(folder, room.server, InstantSource.system());
    other.activate();
    Path parent = Files.createTempDirectory(copies, "swapped");
    Path state = copy(newer, parent.resolve("state"));
    Path theirs =
        folder
            .resolve("state/rooms")
            .resolve(other.airline.collaboration.toString().substring("sha256:".length()))
            .resolve("ledger");
    Files.copy(theirs, ledger(state), StandardCopyOption.REPLACE_EXISTING);
    try (var server = TestRoom.start(parent, InstantSource.system())) {
      everythingIsRefused(server, "another room's ledger");
    } finally {
      home();
    }
  }

  /// By one code, whatever is asked and by whom, and nobody opens another room in its place.
  private static void everythingIsRefused(EnclaveServer server, String how) throws Exception {
    var proposal = room.airline.signed(room.collaborationYaml(1));
    for (var participant : room.all()) {
      participant.seen = Optional.empty();
      participant.reconnect(TestRoom.uri(server));
      for (Command command :
          List.of(
              new Command.Status(),
              new Command.Budget(),
              new Command.Propose(proposal),
              TestRoom.run("/research/analysis/overlap"))) {
        var refusal = TestRoom.refusal(() -> participant.ask(command));
        assertThat(refusal.code()).as(how).isEqualTo(ErrorCode.LEDGER_CORRUPT);
        assertThat(refusal).hasMessageNotContaining("/");
      }
    }
  }

  @Test
  @Order(11)
  void aLedgerThatIsChangedUnderARunningServerIsServedNoLonger() throws Exception {
    Path parent = Files.createTempDirectory(copies, "running");
    copy(newer, parent.resolve("state"));
    try (var server = TestRoom.start(parent, InstantSource.system())) {
      Path ledger = ledger(parent.resolve("state"));
      byte[] bytes = Files.readAllBytes(ledger);
      java.util.Arrays.fill(bytes, 1024, bytes.length, (byte) 0);
      Files.write(ledger, bytes);
      room.research.reconnect(TestRoom.uri(server));
      room.research.seen = seen;
      assertThat(TestRoom.refusal(() -> room.research.ask(new Command.Status())).code())
          .isIn(ErrorCode.STORAGE_FULL, ErrorCode.LEDGER_CORRUPT);
      everythingIsRefused(server, "changed while it was open");
    } finally {
      home();
    }
  }

  @Test
  @Order(10)
  void aDamagedRoomIsNamedInTheLogAndHindersNoOther() throws Exception {
    Path parent = Files.createTempDirectory(copies, "neighbours");
    hindersNoOther(
        parent,
        "LedgerException",
        damaged -> {
          byte[] bytes = Files.readAllBytes(damaged);
          bytes[bytes.length / 2] ^= 1;
          Files.write(damaged, bytes);
          Files.createDirectory(parent.resolve("state/rooms/lost+found"));
        });
  }

  /// Sealed with the key of the room, as an enclave of another version would.
  @Test
  @Order(12)
  void aRoomThatThisVersionCannotReadIsNamedInTheLogAndHindersNoOther() throws Exception {
    Path parent = Files.createTempDirectory(copies, "versions");
    var unknown = Json.object().put("at", Instant.EPOCH).put("event", "of-tomorrow").build();
    hindersNoOther(
        parent,
        "CloisterException message-malformed",
        file -> {
          var platform =
              new InsecureSimulatedPlatform(parent.resolve("state"), InstantSource.system());
          Bytes name = Bytes.of(room.airline.collaboration.toArray());
          Bytes salt = Bytes.of(new byte[32]);
          try (var ledger = Ledger.open(LedgerFile.open(file));
              Secret root = new Attester(platform).sealingRoot();
              Secret key = root.derive("cloister/ledger/v1", name, 32)) {
            Bytes plain = Frames.fields(salt, Bytes.of(unknown.canonical()), Bytes.of(new byte[0]));
            Bytes index = Frames.uint64(ledger.head().size());
            ledger.append(
                new Entry(
                    ReceiptFile.leaf(salt, unknown), Aead.of(key).seal(index, plain.toArray())));
          }
        });
  }

  private interface Damage {
    void to(Path ledger) throws Exception;
  }

  private static void hindersNoOther(Path parent, String kind, Damage damage) throws Exception {
    copy(newer, parent.resolve("state"));
    Path damaged = ledger(parent.resolve("state"));
    var lines = new ConcurrentLinkedQueue<String>();
    var handler =
        new StreamHandler() {
          @Override
          public void publish(LogRecord line) {
            lines.add(new SimpleFormatter().formatMessage(line));
          }
        };
    var log = Logger.getLogger("cloister.enclave");
    var clock = InstantSource.system();
    try (var other = new TestRoom(parent, TestRoom.start(parent, clock), clock)) {
      other.activate();
      other.enrol();
      other.apply();
      other.publish();
      other.server.close();
      damage.to(damaged);
      log.addHandler(handler);
      other.server = TestRoom.start(parent, clock);
      other.reconnect();
      everythingIsRefused(other.server, kind);
      assertThat(other.byKey(other.research, other.overlap())).isNotEmpty();
    } finally {
      log.removeHandler(handler);
      home();
    }
    assertThat(lines)
        .anySatisfy(line ->
            assertThat(line)
                .contains(room.airline.collaboration.toString(), "(" + kind + ")")
                .doesNotContain(parent.toString()));
  }

  @Test
  @Order(9)
  void preparedDataThatTheHostChangedIsNeverComputedOn() throws Exception {
    Path parent = Files.createTempDirectory(copies, "data");
    Path state = copy(newer, parent.resolve("state"));
    try (var files = Files.walk(state)) {
      for (Path part :
          files.filter(file -> file.getFileName().toString().startsWith("part-")).toList()) {
        byte[] content = Files.readAllBytes(part);
        content[content.length / 2] ^= 1;
        Files.write(part, content);
      }
    }
    try (var server = TestRoom.start(parent, InstantSource.system())) {
      room.research.reconnect(TestRoom.uri(server));
      var question =
          room.adHoc(
              "SELECT v.age_band, COUNT(DISTINCT c.email) FROM airline.customers c JOIN media.viewers v ON"
                  + " c.email = v.email WHERE c.zip = 'Z2' GROUP BY v.age_band");
      assertThat(TestRoom.refusal(() -> room.research.ask(question)).code())
          .isEqualTo(ErrorCode.SEALED_DATA_CORRUPT);
    } finally {
      home();
    }
  }
}
