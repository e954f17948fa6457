package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.protocol.Answered;
import cloister.protocol.Command;
import cloister.protocol.ErrorCode;
import cloister.protocol.Reply;
import java.io.ByteArrayOutputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An analyst who writes queries to make errors, names and shapes talk. Two datasets differ in one
/// person: whatever is asked of both has the same status, the same message, the same shape, the
/// same charge and the same log; and nothing that is planted in the data comes out anywhere.
final class LeakTest {
  private static final String VICTIM = "victim.canary@example.org";
  private static final String NOTE = "canary-note-4711";
  private static final List<String> CANARIES = List.of("victim", "canary", "4711");

  @TempDir static Path folder;
  private static TestRoom room;
  private static final List<String> LOGGED = new ArrayList<>();
  private static final Handler LOG =
      new Handler() {
        @Override
        public void publish(LogRecord line) {
          synchronized (LOGGED) {
            LOGGED.add(
                line.getMessage()
                    + " "
                    + java.util.Arrays.toString(line.getParameters())
                    + line.getThrown());
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeAll
  static void start() throws Exception {
    Logger.getLogger("").addHandler(LOG);
    LOG.setLevel(Level.ALL);
    room = TestRoom.active(folder, InstantSource.system());
    room.share(room.airline, dataset("without"), people(300, ""));
    room.share(room.airline, dataset("with"), people(300, VICTIM + ",Z1,99,13.5," + NOTE + "\n"));
  }

  @AfterAll
  static void stop() {
    Logger.getLogger("").removeHandler(LOG);
    room.close();
  }

  private static String dataset(String name) {
    return """
    dataset: %s
    unit: email
    columns:
      email: {type: string, semantic: email, use: [join]}
      zip: {type: string, use: [group, filter], domain: [Z0, Z1, Z2]}
      age: {type: integer, use: [filter, sum, avg], bounds: [0, 100]}
      spend: {type: "decimal(10,2)", use: [sum, avg], bounds: [0, 500]}
      notes: {type: string, use: [filter, count]}
    terms:
      - rule: all
        analysts: [research]
        analyses: [any-sql]
        purposes: [ResearchAndDevelopment]
        recipients: [research]
        obligations:
          minimum-units: 5
          differential-privacy: {epsilon: 1}
          budget: {epsilon: 100}
    """
        .formatted(name);
  }

  private static String people(int count, String more) {
    var csv = new StringBuilder("email,zip,age,spend,notes\n");
    for (int i = 0; i < count; i++) {
      csv.append(
          "person%d@example.org,Z%d,%d,%d.25,note %d\n".formatted(i, i % 3, i % 100, i % 500, i));
    }
    return csv.append(more).toString();
  }

  /// `%s` is the dataset.
  private static final List<String> QUERIES =
      List.of(
          "SELECT COUNT(DISTINCT email) FROM %s",
          "SELECT zip, COUNT(DISTINCT email), SUM(spend), AVG(age) FROM %s GROUP BY zip",
          "SELECT COUNT(*) FROM %s WHERE notes = 'canary-note-4711'",
          "SELECT SUM(CASE WHEN notes = 'canary-note-4711' THEN 1 / 0 ELSE 1 END) FROM %s",
          "SELECT COUNT(*) FROM %s WHERE 1 / (CASE WHEN notes = 'canary-note-4711' THEN 0 ELSE 1 END) = 1",
          "SELECT COUNT(*) FROM %s WHERE 1 / (age - 99) > 0",
          "SELECT COUNT(*) FROM %s WHERE CAST(notes AS INTEGER) = 1",
          "SELECT COUNT(*) FROM %s WHERE CAST(notes AS DATE) > DATE '2020-01-01'",
          "SELECT COUNT(*) FROM %s WHERE CASE WHEN notes = 'canary-note-4711' THEN CAST(notes AS INTEGER) > 0"
              + " ELSE TRUE END",
          "SELECT COUNT(*) FROM %s WHERE age * 9000000000000000000 > 0",
          "SELECT SUM(age * 9000000000000000000) FROM %s WHERE notes = 'canary-note-4711'",
          "SELECT SUM(CASE WHEN email = 'victim.canary@example.org' THEN 1 / 0 ELSE 1 END) FROM %s",
          "SELECT COUNT(*) FROM %s WHERE email = 'victim.canary@example.org'",
          "SELECT notes, COUNT(DISTINCT email) FROM %s GROUP BY notes",
          "SELECT email, COUNT(*) FROM %s GROUP BY email",
          "SELECT MIN(notes) FROM %s",
          "SELECT MAX(email) FROM %s",
          "SELECT STRING_AGG(notes, ',') FROM %s",
          "SELECT COUNT(DISTINCT notes) FROM %s WHERE age = 99",
          "SELECT COUNT(*) FROM %s WHERE notes = (SELECT MAX(notes) FROM %s)",
          "SELECT COUNT(*) FROM %s WHERE SUBSTRING(notes, 1, -1) = 'x'",
          "SELECT COUNT(*) FROM %s WHERE SQRT(-age) > 1",
          "SELECT COUNT(*) FROM %s WHERE LN(age) > 1",
          // Each zip has a hundred, far from either number: noise decides nothing.
          "SELECT zip, COUNT(DISTINCT email) FROM %s GROUP BY zip HAVING COUNT(*) > 10",
          "SELECT zip, COUNT(DISTINCT email) FROM %s GROUP BY zip HAVING COUNT(*) > 1000",
          "SELECT COUNT(DISTINCT email) AS \"canary-note-4712\" FROM %s",
          ofOne("FLOOR(CAST(%s AS DATE) TO YEAR)", "5881580-07-10", "DATE '2030-01-01'"),
          ofOne("FLOOR(CAST(%s AS DATE) TO WEEK)", "5877642-06-25 (BC)", "DATE '2030-01-01'"),
          ofOne("FLOOR(CAST(%s AS DATE) TO DAY)", "infinity", "DATE '2030-01-01'"),
          ofOne("CAST(CAST(%s AS DATE) AS TIMESTAMP)", "5881580-07-10", "DATE '2030-01-01'"),
          ofOne("FLOOR(CAST(%s AS TIMESTAMP) TO MONTH)", "-infinity", "DATE '2030-01-01'"),
          ofOne("FLOOR(CAST(%s AS TIMESTAMP) TO YEAR)", "290309-12-22 (BC)", "DATE '2030-01-01'"),
          ofOne("CAST(CAST(%s AS TIMESTAMP) AS DATE)", "9999-12-31 24:00:00", "DATE '2030-01-01'"),
          ofOne("- CAST(%s AS INTEGER)", "-9223372036854775808", "1"),
          ofOne("CEIL(CAST(%s AS DECIMAL(38,1)))", "9999999999999999999999999999999999999.9", "1"),
          ofOne("CAST(CAST(%s AS DOUBLE) AS INTEGER)", "nan", "1"));

  /// What one person's note makes an extreme value, and everybody else's an ordinary one.
  private static String ofOne(String expression, String extreme, String compared) {
    String ordinary = compared.startsWith("DATE") ? "2020-01-01" : "0";
    return "SELECT COUNT(*) FROM %s WHERE "
        + expression.replace(
            "%s",
            "CASE WHEN notes = 'canary-note-4711' THEN '"
                + extreme
                + "' ELSE '"
                + ordinary
                + "' END")
        + " < "
        + compared;
  }

  /// What a query came to, apart from the numbers.
  private record Shape(
      String outcome, List<List<String>> keys, String charged, List<String> logged) {}

  private static Shape ask(String query, String dataset, ByteArrayOutputStream said)
      throws Exception {
    var before = room.spent(dataset);
    int heard = logged().size();
    String sql = query.replace("%s", "airline.\"" + dataset + "\"");
    Answered answered = room.research.exchange(room.adHoc(sql));
    said.writeBytes(
        answered.toString().replace("canary-note-4712", "").getBytes(StandardCharsets.UTF_8));
    var charged = room.spent(dataset).subtract(before).toPlainString();
    return switch (answered.outcome()) {
      case Answered.Outcome.Refused(var code, var message) -> {
        assertThat(code).as(sql).isNotEqualTo(ErrorCode.INTERNAL);
        // The analyst's own words may come back in a message, the data's never: both are asked in
        // the same words.
        yield new Shape(
            code
                + ": "
                + message.replace("\"" + dataset + "\"", "D").replace("dataset/" + dataset, "D"),
            List.of(),
            charged,
            loggedSince(heard, dataset));
      }
      case Answered.Outcome.Ok(var reply) -> {
        var ran = (Reply.Ran) reply;
        said.writeBytes(ran.receipt().toArray());
        var table = room.research.open(ran);
        said.writeBytes(table.toString().getBytes(StandardCharsets.UTF_8));
        var keys = new ArrayList<List<String>>();
        for (var row : table.rows()) {
          var cells = new ArrayList<String>();
          for (int i = 0; i < row.size(); i++) {
            cells.add(
                switch (table.columns().get(i).content()) {
                  case KEY -> row.get(i).value().orElse("NULL");
                  case MEASURE -> "measure";
                });
          }
          keys.add(cells);
        }
        yield new Shape("answered", keys, charged, loggedSince(heard, dataset));
      }
    };
  }

  private static List<String> logged() {
    synchronized (LOGGED) {
      return List.copyOf(LOGGED);
    }
  }

  private static List<String> loggedSince(int heard, String dataset) {
    List<String> all = logged();
    return all.subList(heard, all.size()).stream()
        .map(line -> line.replace("dataset/" + dataset, "D"))
        .toList();
  }

  @Test
  void onePersonMoreIsSeenInNoStatusMessageShapeChargeOrLog() throws Exception {
    var said = new ByteArrayOutputStream();
    // The first worker says what confines it.
    ask("SELECT COUNT(*) FROM %s", "without", said);
    int answered = 0;
    for (String query : QUERIES) {
      var without = ask(query, "without", said);
      var with = ask(query, "with", said);
      // Messages point into the SQL, and one name is three characters longer.
      assertThat(positions(with)).as(query).isEqualTo(positions(without));
      answered += without.outcome().equals("answered") ? 1 : 0;
    }
    assertThat(answered).as("queries that were permitted").isGreaterThan(4);
    // Not even texts that the analyst wrote itself come back: there is no telling whose they are.
    assertThat(said.toString(StandardCharsets.UTF_8))
        .doesNotContain(VICTIM, NOTE, "note 17", "person17@");
  }

  private static Shape positions(Shape shape) {
    return new Shape(
        shape
            .outcome()
            .replaceAll("(line|column|position) \\d+", "$1 N")
            .replaceAll("\\d+:\\d+", "N:N"),
        shape.keys(),
        shape.charged(),
        shape.logged());
  }

  @Test
  void nothingThatWasPlantedIsLoggedMeasuredOrStored() throws Exception {
    var said = new ByteArrayOutputStream();
    for (String query : QUERIES) {
      ask(query, "without", said);
      ask(query, "with", said);
    }
    for (String canary : CANARIES) {
      assertThat(logged()).as("log lines").noneMatch(line -> line.contains(canary));
    }
    var metrics =
        TestParticipant.HTTP.send(
            HttpRequest.newBuilder(room.uri().resolve("/metrics")).build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(metrics.body()).contains("cloister_bugs_total 0\n");
    var found = new ArrayList<String>();
    try (var files = Files.walk(folder.resolve("state"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        byte[] content = Files.readAllBytes(file);
        for (String canary : List.of(VICTIM, NOTE, "person17@")) {
          if (TestRoom.contains(content, canary)) {
            found.add(canary + " in " + file.getFileName());
          }
        }
      }
    }
    assertThat(found).isEmpty();
    assertThat(room.media.ask(new Command.Runs()).toString()).doesNotContain(CANARIES.getFirst());
  }
}
