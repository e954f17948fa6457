package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.ErrorCode;
import cloister.protocol.Reply;
import cloister.room.Name;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Budget is spent before anything is computed, once per question, and by nothing given back. Each
/// test has a dataset of its own.
final class BudgetTest {
  @TempDir static Path folder;
  private static TestRoom room;

  @BeforeAll
  static void start() throws Exception {
    room = TestRoom.active(folder, InstantSource.system());
  }

  @AfterAll
  static void stop() {
    room.close();
  }

  private static String dataset(String name, int budget) {
    return """
    dataset: %s
    unit: email
    columns:
      email: {type: string, semantic: email, use: [join]}
      zip: {type: string, use: [group, filter], domain: [Z0, Z1, Z2, Z3]}
      age: {type: integer, use: [filter]}
    terms:
      - rule: counting
        analysts: [research]
        analyses: [any-sql]
        purposes: [ResearchAndDevelopment]
        recipients: [research, media]
        obligations:
          minimum-units: 1
          differential-privacy: {epsilon: 1}
          budget: {epsilon: %d}
    """
        .formatted(name, budget);
  }

  private static String people(int count) {
    var csv = new StringBuilder("email,zip,age\n");
    // A file without any row is refused; this one is nobody's.
    csv.append(",Z0,1\n");
    for (int i = 0; i < count; i++) {
      csv.append("person%d@example.org,Z%d,%d\n".formatted(i, i % 4, i % 90));
    }
    return csv.toString();
  }

  private static void share(String name, int budget, int people) throws Exception {
    room.share(room.airline, dataset(name, budget), people(people));
  }

  private static Command.Run question(String dataset, int number) {
    return room.adHoc(
        "SELECT zip, COUNT(DISTINCT email) AS n FROM airline.\"%s\" WHERE age > %d GROUP BY zip"
            .formatted(dataset, number));
  }

  private static void refused(Command.Run run) throws Exception {
    var before = room.books();
    assertThat(TestRoom.refusal(() -> room.research.ask(run)).code())
        .isEqualTo(ErrorCode.BUDGET_EXHAUSTED);
    assertThat(room.books()).isEqualTo(before);
  }

  @Test
  void aBudgetIsSpentToItsEndAndTheSameQuestionStaysFree() throws Exception {
    share("spending", 3, 400);
    Reply.Ran first = room.research.ask(question("spending", 0));
    for (int i = 1; i < 3; i++) {
      room.research.ask(question("spending", i));
      assertThat(room.spent("spending")).isEqualByComparingTo(Integer.toString(i + 1));
    }
    refused(question("spending", 3));
    Reply.Ran again = room.research.ask(question("spending", 0));
    assertThat(again.repeated()).isTrue();
    assertThat(room.byKey(room.research, again)).isEqualTo(room.byKey(room.research, first));
    // In other words, and to another recipient: still the same question.
    var reworded =
        room.adHoc(
            "SELECT c.zip AS place, COUNT(DISTINCT c.email) AS people FROM airline.spending c WHERE c.age > 0"
                + " GROUP BY c.zip");
    var toMedia =
        new Command.Run(
            new Command.RunRequest(
                reworded.request().subject(),
                Optional.empty(),
                Optional.of(Set.<Name>of(room.media.name))));
    Reply.Ran other = room.research.ask(toMedia);
    assertThat(other.answer()).as("research is no recipient of this one").isEmpty();
    Reply.Ran medias = room.media.ask(new Command.Result(other.run()));
    assertThat(room.byKey(room.media, medias)).isEqualTo(room.byKey(room.research, first));
    assertThat(room.spent("spending")).isEqualByComparingTo("3");
  }

  @Test
  void manyAtOnceSpendExactlyTheBudgetAndNoMore() throws Exception {
    int affordable = 5;
    share("contested", affordable, 100);
    int questions = 64;
    int sessions = 8;
    List<Future<Integer>> answered;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      answered =
          IntStream.range(0, sessions)
              .mapToObj(session ->
                  threads.submit(() -> {
                    var wire = room.research.connect();
                    int mine = 0;
                    for (int i = session; i < questions; i += sessions) {
                      mine += ask(wire, question("contested", i));
                    }
                    return mine;
                  }))
              .toList();
    }
    int total = 0;
    for (var one : answered) {
      total += one.get();
    }
    assertThat(total).isEqualTo(affordable);
    assertThat(room.spent("contested")).isEqualByComparingTo(Integer.toString(affordable));
  }

  /// 1 if it was answered, 0 if there was no budget left; asked again while the enclave is busy.
  private static int ask(TestParticipant.Wire wire, Command.Run run) throws Exception {
    while (true) {
      try {
        room.research.ask(wire, run);
        return 1;
      } catch (CloisterException e) {
        if (e.code() == ErrorCode.BUDGET_EXHAUSTED) {
          return 0;
        }
        assertThat(e.code()).isEqualTo(ErrorCode.TOO_BUSY);
      }
    }
  }

  @Test
  void anotherVersionOfTheDataIsAnotherQuestion() throws Exception {
    share("replaced", 2, 200);
    room.research.ask(question("replaced", 0));
    String yaml = dataset("replaced", 2);
    Path csv = room.csv("replaced-again", people(200));
    room.airline.publish(
        TestRoom.dataset(room.airline, yaml),
        TestRoom.schema(room.airline, yaml),
        csv,
        room.work("replaced-again"));
    Reply.Ran second = room.research.ask(question("replaced", 0));
    assertThat(second.repeated()).isFalse();
    assertThat(room.spent("replaced"))
        .as("a new version has no new budget")
        .isEqualByComparingTo("2");
    refused(question("replaced", 1));
  }

  @Test
  void aNewVersionOfTheTermsGivesNoBudgetBack() throws Exception {
    share("renewed", 1, 100);
    room.research.ask(question("renewed", 0));
    refused(question("renewed", 1));
    for (String yaml :
        List.of(
            dataset("renewed", 1).replace("rule: counting", "rule: renamed"),
            dataset("renewed", 1) + "\n")) {
      room.airline.ask(new Command.Apply(List.of(room.airline.signed(yaml))));
      refused(question("renewed", 1));
    }
    room.airline.ask(new Command.Apply(List.of(room.airline.signed(dataset("renewed", 2)))));
    room.research.ask(question("renewed", 1));
    refused(question("renewed", 2));
  }

  @Test
  void oneBudgetTooSmallAmongSeveralDatasetsChargesNone() throws Exception {
    share("rich", 5, 100);
    share("poor", 1, 100);
    room.research.ask(question("poor", 0));
    var before = room.spent("rich");
    refused(
        room.adHoc(
            "SELECT COUNT(DISTINCT r.email) FROM airline.rich r JOIN airline.poor p ON r.email = p.email"));
    assertThat(room.spent("rich")).isEqualByComparingTo(before);
  }

  @Test
  void oneMorePersonChangesNeitherChargeNorStatusNorShape() throws Exception {
    share("without", 3, 40);
    share("with", 3, 41);
    share("nobody", 3, 0);
    for (String dataset : List.of("without", "with", "nobody")) {
      Reply.Ran ran = room.research.ask(question(dataset, 0));
      assertThat(ran.repeated()).isFalse();
      assertThat(room.byKey(room.research, ran).keySet())
          .containsExactly("NULL", "Z0", "Z1", "Z2", "Z3");
      assertThat(room.spent(dataset)).isEqualByComparingTo(BigDecimal.ONE);
    }
  }

  @Test
  void whatWasReservedWhenTheEnclaveDiedStaysSpentAndItsNoiseIsDrawnOnce() throws Exception {
    share("killed", 2, 400);
    var asked = question("killed", 7);
    var wire = room.research.connect();
    Path parent = Files.createDirectories(folder.resolve("as-of-the-crash"));
    Reply.Ran survived;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Reply.Ran> run;
      try (var _ = TestRoom.standstill()) {
        run = threads.submit(() -> room.research.<Reply.Ran>ask(wire, asked));
        while (running() == 0) {
          assertThat(run.isDone()).isFalse();
        }
        // The disk as a crash between reservation and release leaves it.
        copy(folder.resolve("state"), parent.resolve("state"));
      }
      survived = run.get();
    }
    var expected = room.byKey(room.research, survived);
    var home = room.server;
    try (var server = TestRoom.start(parent, InstantSource.system())) {
      room.server = server;
      room.reconnect();
      assertThat(running()).as("what died with the enclave has ended").isZero();
      assertThat(room.spent("killed")).isEqualByComparingTo(BigDecimal.ONE);
      Reply.Ran after = room.research.ask(asked);
      assertThat(after.repeated()).isTrue();
      assertThat(room.spent("killed")).isEqualByComparingTo(BigDecimal.ONE);
      assertThat(room.byKey(room.research, after)).isEqualTo(expected);
    } finally {
      room.server = home;
      room.reconnect();
    }
  }

  @Test
  void aBudgetThatIsDemandedLaterIsChargedForTheSameQuestion() throws Exception {
    share("early", 3, 100);
    String late = dataset("late", 3).replaceAll("(?m)^ *(differential|budget).*\n", "");
    room.share(room.airline, late, people(100));
    var asked =
        room.adHoc(
            "SELECT COUNT(DISTINCT e.email) FROM airline.early e JOIN airline.late l ON e.email ="
                + " l.email");
    Reply.Ran first = room.research.ask(asked);
    room.airline.ask(new Command.Apply(List.of(room.airline.signed(dataset("late", 3)))));
    Reply.Ran again = room.research.ask(asked);
    assertThat(again.repeated()).isFalse();
    assertThat(room.research.open(again)).isEqualTo(room.research.open(first));
    assertThat(room.spent("early")).isEqualByComparingTo(BigDecimal.ONE);
    assertThat(room.spent("late")).isEqualByComparingTo(BigDecimal.ONE);
    assertThat(((Reply.Ran) room.research.ask(asked)).repeated()).isTrue();
    assertThat(room.spent("late")).isEqualByComparingTo(BigDecimal.ONE);
  }

  private static long running() throws Exception {
    Reply.RunList list = room.research.ask(new Command.Runs());
    return list.runs().stream().filter(run -> run.state() == Reply.RunState.RUNNING).count();
  }

  private static void copy(Path from, Path to) throws Exception {
    try (var files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
  }
}
