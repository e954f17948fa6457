package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.ErrorCode;
import cloister.protocol.Reply;
import cloister.protocol.SignedDocument;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What an analyst asks twice to find out one person, where terms demand a minimum of 25 units and
/// no noise. Each pair has datasets of its own, through a whole server.
///
/// Of 200 people number 77, bob, alone is at SECRET1, and 40 years old; the even are younger and
/// the others older. Everybody has a row of visit 1 and one of visit 2, bob another of visit 3.
class DifferencingTest {
  private static final int PEOPLE = 200;
  private static final int BOB = 77;

  @TempDir static Path folder;
  private static TestRoom room;
  private static int pairs;
  private static Optional<Pair> unasked = Optional.empty();

  @BeforeAll
  static void start() throws Exception {
    room = TestRoom.active(folder, InstantSource.system());
  }

  @AfterAll
  static void stop() {
    room.close();
  }

  /// Datasets that nobody has asked anything of: `T` of airline's and `V` of media's, of the same
  /// people.
  private record Pair(String name) {
    static Pair of(String... questions) throws Exception {
      var pair = new Pair("d" + pairs++);
      pair.publish(PEOPLE, BOB);
      if (List.of(questions).stream().noneMatch(question -> question.contains(" V"))) {
        return pair;
      }
      var viewers = new StringBuilder("email,tag\n");
      for (int i = 0; i < PEOPLE; i++) {
        viewers.append("p%d@x.org,all\n".formatted(i));
        if (i != BOB) {
          viewers.append("p%d@x.org,most\n".formatted(i));
        }
      }
      room.share(
          room.media, dataset(pair.name, "tag: {type: string, use: [group, filter]}"), viewers);
      return pair;
    }

    void publish(int people, int bob) throws Exception {
      var rows = new StringBuilder("email,number,zip,age,band,spend,refund,visit\n");
      for (int i = 0; i < people; i++) {
        boolean old = i % 2 == 1;
        for (int visit = 1; visit <= (i == bob ? 3 : 2); visit++) {
          rows.append(
              "p%d@x.org,%d,%s,%d,%s,%d.25,%s,%d\n"
                  .formatted(
                      i,
                      i,
                      i == bob ? "SECRET1" : "Z" + i % 4,
                      i == bob ? 40 : (old ? 50 : 30) + i % 9,
                      old ? "old" : "young",
                      visit == 3 ? 0 : 10 + i,
                      i == bob || i % 3 == 0 ? "7.50" : "0.00",
                      visit));
        }
      }
      room.share(
          room.airline,
          dataset(
              name,
              "number: {type: integer, use: [filter]}",
              "zip: {type: string, use: [group, filter]}",
              "age: {type: integer, use: [sum, avg, group, filter], bounds: [0, 120]}",
              "band: {type: string, use: [group, filter]}",
              "spend: {type: \"decimal(10,2)\", use: [sum, avg, count, filter], bounds: [0, 500]}",
              "refund: {type: \"decimal(10,2)\", use: [sum, avg, filter], bounds: [0, 500]}",
              "visit: {type: integer, use: [filter, group]}"),
          rows);
    }

    Reply.Ran ask(String sql) throws Exception {
      return room.research.ask(
          room.adHoc(
              sql.replaceAll("\\bT\\b", "airline." + name).replaceAll("\\bV\\b", "media." + name)));
    }

    CloisterException refused(String sql) {
      return TestRoom.refusal(() -> ask(sql));
    }
  }

  private static String dataset(String name, String... columns) {
    return """
    dataset: %s
    unit: email
    columns:
      email: {type: string, semantic: email, use: [join]}
      %s
    terms:
      - rule: any
        analysts: [research]
        analyses: [any-sql]
        purposes: [ResearchAndDevelopment]
        recipients: [research]
        obligations: {minimum-units: 25}
    """
        .formatted(name, String.join("\n  ", columns));
  }

  /// T22: two questions that together would be about one person, or about 24.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          SELECT COUNT(DISTINCT email) FROM T | SELECT COUNT(DISTINCT email) FROM T WHERE zip <> 'SECRET1'
          SELECT COUNT(*) FROM T | SELECT COUNT(*) FROM T WHERE zip <> 'SECRET1'
          SELECT COUNT(spend) FROM T | SELECT COUNT(spend) FROM T WHERE zip <> 'SECRET1'
          SELECT SUM(spend) FROM T | SELECT SUM(spend) FROM T WHERE zip <> 'SECRET1'
          SELECT AVG(spend) FROM T | SELECT AVG(spend) FROM T WHERE zip <> 'SECRET1'
          SELECT STDDEV(spend) FROM T | SELECT VARIANCE(spend) FROM T WHERE zip <> 'SECRET1'
          SELECT AVG(spend) FROM T | SELECT SUM(spend) FROM T WHERE zip <> 'SECRET1'
          SELECT COUNT(*) FROM T | SELECT COUNT(spend) FROM T WHERE zip <> 'SECRET1'
          SELECT COUNT(DISTINCT email) FROM T | SELECT COUNT(*) FROM T WHERE zip <> 'SECRET1' AND visit = 1
          SELECT COUNT(*) FROM T WHERE zip <> 'SECRET1' | SELECT COUNT(*) FROM T
          SELECT COUNT(*) FROM T WHERE age < 40 | SELECT COUNT(*) FROM T WHERE age < 41
          SELECT SUM(age) FROM T WHERE age <= 40 | SELECT SUM(age) FROM T WHERE age < 40
          SELECT COUNT(*) FROM T WHERE age BETWEEN 30 AND 40 | SELECT COUNT(*) FROM T WHERE age BETWEEN 30 AND 39
          SELECT COUNT(*) FROM T WHERE number < 78 | SELECT COUNT(*) FROM T WHERE number < 77
          SELECT SUM(spend) FROM T WHERE number >= 77 | SELECT SUM(spend) FROM T WHERE number > 77
          SELECT COUNT(*) FROM T | SELECT COUNT(*) FROM T WHERE number <> 77 AND number <> 12
          SELECT COUNT(*) FROM T | SELECT COUNT(*) FROM T WHERE number < 176
          SELECT COUNT(*) FROM T WHERE number >= 12 | SELECT COUNT(*) FROM T WHERE number < 188
          SELECT COUNT(*) FROM T | SELECT COUNT(*) FROM T WHERE NOT (zip = 'SECRET1')
          SELECT COUNT(*) FROM T | SELECT COUNT(*) FROM T WHERE zip IN ('Z0', 'Z1', 'Z2', 'Z3')
          SELECT COUNT(*) FROM T | SELECT COUNT(*) FROM T WHERE zip LIKE 'Z%'
          SELECT COUNT(*) FROM T | SELECT COUNT(*) FROM T WHERE CASE WHEN zip = 'SECRET1' THEN 0 ELSE 1 END = 1
          SELECT COUNT(*) FROM T | SELECT COUNT(*) FROM (SELECT email, zip AS z FROM T) x WHERE z <> 'SECRET1'
          SELECT COUNT(*) FROM T | WITH x AS (SELECT * FROM T WHERE zip <> 'SECRET1') SELECT COUNT(*) FROM x
          SELECT band, COUNT(*) FROM T GROUP BY band | SELECT band, COUNT(*) FROM T WHERE zip <> 'SECRET1' GROUP BY band
          SELECT band, COUNT(*) FROM T GROUP BY band | SELECT COUNT(*) FROM T WHERE band = 'old' AND zip <> 'SECRET1'
          SELECT COUNT(*) FROM T WHERE zip <> 'SECRET1' AND band = 'old' | SELECT band, AVG(spend), COUNT(*) FROM T GROUP BY band
          SELECT band, COUNT(*) FROM T GROUP BY band HAVING COUNT(*) > 10 | SELECT band, COUNT(*) FROM T WHERE zip <> 'SECRET1' GROUP BY band HAVING COUNT(*) > 10
          SELECT band, COUNT(*) AS n FROM T GROUP BY band ORDER BY n DESC LIMIT 1 | SELECT COUNT(*) FROM T WHERE band = 'old' AND age <> 40
          SELECT COUNT(*) FROM T | SELECT zip, COUNT(*) FROM T GROUP BY zip
          SELECT zip, SUM(spend) FROM T GROUP BY zip | SELECT SUM(spend) FROM T
          SELECT COUNT(DISTINCT email) FROM T | SELECT zip, COUNT(DISTINCT email) FROM T GROUP BY zip
          SELECT band, COUNT(*) FROM T GROUP BY band | SELECT band, zip, COUNT(*) FROM T GROUP BY band, zip
          SELECT COUNT(*) FROM T WHERE band = 'old' | SELECT band, zip, COUNT(*) FROM T GROUP BY band, zip
          SELECT visit, COUNT(*) FROM T WHERE visit < 3 GROUP BY visit | SELECT visit, COUNT(*) FROM T WHERE visit < 3 AND zip <> 'SECRET1' GROUP BY visit
          SELECT COUNT(*) FROM T WHERE visit < 3 | SELECT COUNT(*) FROM T
          SELECT SUM(refund) FROM T | SELECT SUM(refund) FROM T WHERE NOT (refund = 0 OR zip = 'SECRET1')
          SELECT COUNT(*) FROM T t JOIN V v ON t.email = v.email WHERE v.tag = 'all' | SELECT COUNT(*) FROM T t JOIN V v ON t.email = v.email WHERE v.tag = 'most'
          SELECT COUNT(*) FROM T | SELECT COUNT(*) FROM T t JOIN V v ON t.email = v.email WHERE v.tag = 'most'
          SELECT COUNT(DISTINCT t.email) FROM T t JOIN V v ON t.email = v.email | SELECT COUNT(DISTINCT email) FROM V WHERE tag = 'most'
          SELECT COUNT(*) FROM T t JOIN V v ON t.email = v.email | SELECT COUNT(*) FROM T t JOIN V v ON t.email = v.email WHERE t.zip <> 'SECRET1'
          SELECT COUNT(*) FROM T WHERE email IN (SELECT email FROM V) | SELECT COUNT(*) FROM T WHERE email IN (SELECT email FROM V WHERE tag = 'most')
          SELECT COUNT(*) FROM (SELECT email FROM T UNION ALL SELECT email FROM V) x | SELECT COUNT(*) FROM (SELECT email FROM T WHERE zip <> 'SECRET1' UNION ALL SELECT email FROM V) x
          SELECT COUNT(*) FROM T | SELECT COUNT(*) FROM (SELECT email FROM T WHERE zip <> 'SECRET1' UNION ALL SELECT email FROM V) x
          """)
  void oneThatIsFewPeopleFromAnotherIsRefused(String first, String second) throws Exception {
    var pair = Pair.of(first, second);
    var earlier = pair.ask(first);
    var refusal = pair.refused(second);
    assertThat(refusal.code()).isEqualTo(ErrorCode.DIFFERENCE_REFUSED);
    assertThat(refusal).hasMessageContaining("run " + earlier.run() + ";");
    // Asking again changes nothing, and what was answered stays answered.
    assertThat(pair.refused(second)).hasMessage(refusal.getMessage());
    assertThat(pair.ask(first).repeated()).isTrue();
  }

  /// Neither the same in other words, nor what enough people tell apart, is.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          SELECT COUNT(*) FROM T | SELECT COUNT(*) AS n FROM T WHERE number < 1000
          SELECT COUNT(*) FROM T | SELECT COUNT(*), COUNT(DISTINCT email), SUM(spend), AVG(age) FROM T
          SELECT COUNT(*) FROM T | SELECT COUNT(*) FROM T WHERE number < 175
          SELECT COUNT(*) FROM T WHERE age < 40 | SELECT COUNT(*) FROM T WHERE age >= 50
          SELECT COUNT(*) FROM T | SELECT band, COUNT(*) FROM T GROUP BY band
          SELECT band, SUM(spend) FROM T GROUP BY band | SELECT SUM(spend) FROM T
          SELECT zip, COUNT(*) FROM T GROUP BY zip | SELECT zip, SUM(spend) FROM T GROUP BY zip
          SELECT COUNT(*) FROM T WHERE number <> 77 | SELECT zip, COUNT(*) FROM T GROUP BY zip
          SELECT COUNT(*) FROM T WHERE visit = 1 | SELECT COUNT(*) FROM T WHERE visit = 2
          SELECT COUNT(*) FROM T t JOIN V v ON t.email = v.email | SELECT COUNT(*) FROM V
          """)
  void oneThatIsNoneOrManyIsAnswered(String first, String second) throws Exception {
    var pair = Pair.of(first, second);
    pair.ask(first);
    assertThat(pair.ask(second).repeated()).isFalse();
  }

  @Test
  void bobsRowThatComesOrGoesTomorrowShowsNothing() throws Exception {
    for (String sql :
        List.of(
            "SELECT COUNT(*) FROM T",
            "SELECT SUM(spend), COUNT(DISTINCT email) FROM T",
            "SELECT band, AVG(age) FROM T GROUP BY band")) {
      var pair = Pair.of();
      var earlier = pair.ask(sql);
      pair.publish(PEOPLE, BOB);
      assertThat(pair.ask(sql).run()).isNotEqualTo(earlier.run());
      pair.publish(PEOPLE + 1, BOB);
      assertThat(pair.refused(sql)).hasMessageContaining("run " + earlier.run());
      pair.publish(PEOPLE - 1, BOB);
      assertThat(pair.refused(sql)).hasMessageContaining("run " + earlier.run());
      pair.publish(PEOPLE, 3);
      assertThat(pair.refused(sql).code()).isEqualTo(ErrorCode.DIFFERENCE_REFUSED);
      pair.publish(PEOPLE + 80, BOB);
      pair.ask(sql);
    }
  }

  @Test
  void twoNumbersOfOneAnswerAreComparedToo() throws Exception {
    String sql = "SELECT v.tag, COUNT(*) FROM T t JOIN V v ON t.email = v.email GROUP BY v.tag";
    assertThat(Pair.of(sql).refused(sql)).hasMessageContaining("from one of the same answer");
  }

  /// Units are compared with units and counted, and nothing else: whoever could name one would need
  /// no second question.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT COUNT(*) FROM T WHERE email <> 'p77@x.org'",
        "SELECT COUNT(*) FROM T WHERE NOT email = 'p77@x.org'",
        "SELECT COUNT(*) FROM T WHERE email NOT IN ('p77@x.org')",
        "SELECT COUNT(*) FROM T WHERE email NOT LIKE 'p77%'",
        "SELECT COUNT(*) FROM T WHERE email BETWEEN 'a' AND 'p76@x.org'",
        "SELECT COUNT(*) FROM T WHERE LOWER(email) <> 'p77@x.org'",
        "SELECT COUNT(*) FROM T WHERE SUBSTRING(email, 1, 3) <> 'p77'",
        "SELECT COUNT(*) FROM T WHERE COALESCE(email, 'x') <> 'p77@x.org'",
        "SELECT COUNT(*) FROM T WHERE CASE WHEN email = 'p77@x.org' THEN 0 ELSE 1 END = 1",
        "SELECT COUNT(*) FROM T WHERE email <> zip",
        "SELECT COUNT(*) FROM (SELECT email AS e, zip FROM T) x WHERE e <> 'p77@x.org'",
        "WITH x AS (SELECT * FROM T WHERE email <> 'p77@x.org') SELECT COUNT(*) FROM x",
        "SELECT COUNT(*) FROM T t JOIN V v ON t.email = v.email AND v.email <> 'p77@x.org'",
        "SELECT COUNT(*) FROM T t JOIN V v ON t.email = v.email AND v.email > t.email",
        "SELECT COUNT(*) FROM T WHERE email IN (SELECT email FROM V WHERE email <> 'p77@x.org')",
        "SELECT COUNT(NULLIF(email, 'p77@x.org')) FROM T",
        "SELECT email, COUNT(*) FROM T GROUP BY email",
        "SELECT email = 'p77@x.org', COUNT(*) FROM T GROUP BY email = 'p77@x.org'",
        "SELECT MIN(email) FROM T"
      })
  void noUnitIsNamed(String sql) throws Exception {
    assertThat(unasked().refused(sql).code()).isIn(ErrorCode.QUERY_REJECTED, ErrorCode.RUN_DENIED);
  }

  private static Pair unasked() throws Exception {
    if (unasked.isEmpty()) {
      unasked = Optional.of(Pair.of(" V"));
    }
    return unasked.get();
  }

  @ParameterizedTest
  @ValueSource(strings = {"filter", "group", "count"})
  void noOwnerCanPermitIt(String use) {
    String yaml =
        dataset("named", "zip: {type: string, use: [group]}")
            .replace("use: [join]", "use: [join, " + use + "]");
    assertThat(TestRoom.refusal(() -> room.airline.document(yaml)).code())
        .isEqualTo(ErrorCode.DOCUMENT_INVALID);
  }

  /// Neither a restart nor an amendment of the collaboration, and owners see that somebody tried.
  @Test
  void nothingMakesItForget() throws Exception {
    var pair = Pair.of();
    var earlier = pair.ask("SELECT COUNT(*), SUM(spend) FROM T");
    String near = "SELECT SUM(spend) FROM T WHERE zip <> 'SECRET1'";
    room.restart();
    assertThat(pair.refused(near)).hasMessageContaining("run " + earlier.run());
    var amended = room.airline.signed(room.collaborationYaml(2));
    room.airline.ask(new Command.Propose(amended));
    for (var participant : List.of(room.media, room.research)) {
      participant.ask(
          new Command.Sign(
              amended.digest(), participant.key.sign(SignedDocument.message(amended.digest()))));
    }
    room.reconnect();
    assertThat(pair.refused(near)).hasMessageContaining("run " + earlier.run());
    Reply.RunList runs = room.airline.ask(new Command.Runs());
    assertThat(runs.runs().getLast().state()).isEqualTo(Reply.RunState.REFUSED);
    assertThat(runs.runs().getLast().requester()).isEqualTo(room.research.name);
    room.restart();
    Reply.RunList after = room.airline.ask(new Command.Runs());
    assertThat(after).isEqualTo(runs);
  }
}
