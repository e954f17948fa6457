package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.protocol.ErrorCode;
import cloister.protocol.Reply;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What an analyst and an owner who collude ask to find out one person, through a whole server.
/// Number 77 of 200 customers alone is at SECRET1.
class SingleOutTest {
  private static final String NOISE =
      ", differential-privacy: {epsilon: 0.1, delta: 1e-6}, budget: {epsilon: 1, delta: 1e-4}";

  @TempDir static Path folder;
  private static TestRoom room;

  @BeforeAll
  static void start() throws Exception {
    room = TestRoom.active(folder, InstantSource.system());
    var customers = new StringBuilder("email,zip,spend,age\n");
    for (int i = 0; i < 200; i++) {
      customers.append(
          "p%d@x.org,%s,%s,%d\n"
              .formatted(i, i == 77 ? "SECRET1" : "Z", i < 20 ? i + ".37" : "", i == 77 ? 42 : 30));
    }
    for (String name : List.of("exact", "noisy")) {
      room.share(
          room.airline,
          dataset(
              name,
              name.equals("noisy") ? NOISE : "",
              "zip: {type: string, use: [group, filter]}",
              "spend: {type: \"decimal(10,2)\", use: [sum, count], bounds: [0, 500]}",
              "age: {type: integer, use: [sum, count, filter], bounds: [0, 120]}"),
          customers);
    }
  }

  @AfterAll
  static void stop() {
    room.close();
  }

  private static String dataset(String name, String obligations, String... columns) {
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
        obligations: {minimum-units: 25%s}
    """
        .formatted(name, String.join("\n  ", columns), obligations);
  }

  private static List<List<String>> answer(String sql) throws Exception {
    Reply.Ran ran = room.research.ask(room.adHoc(sql));
    return room.research.open(ran).rows().stream()
        .map(row -> row.stream().map(cell -> cell.value().orElse("-")).toList())
        .toList();
  }

  @Test
  void withoutNoiseNoQuestionIsAboutFewerThanTheMinimum() throws Exception {
    assertThat(
            answer(
                "SELECT COUNT(*) AS n, COUNT(spend) AS c, SUM(spend) AS s, SUM(age) AS a FROM"
                    + " airline.exact"))
        .containsExactly(List.of("200", "-", "-", "6012"));
    for (String sql :
        List.of(
            "SELECT COUNT(*), COUNT(CASE WHEN zip = 'SECRET1' THEN 1 END) FROM airline.exact",
            "SELECT SUM(CASE WHEN zip = 'SECRET1' THEN spend END) FROM airline.exact",
            "SELECT SUM(x) FROM (SELECT spend AS x FROM airline.exact WHERE zip = 'SECRET1'"
                + " UNION ALL SELECT 0 FROM airline.exact) t",
            "SELECT SUM(x) FROM (SELECT age AS x FROM airline.exact UNION ALL SELECT - age FROM"
                + " airline.exact WHERE zip <> 'SECRET1') t",
            "SELECT COUNT(DISTINCT age) FROM airline.exact")) {
      var refusal = TestRoom.refusal(() -> room.research.ask(room.adHoc(sql)));
      assertThat(refusal.code()).as(sql).isEqualTo(ErrorCode.QUERY_REJECTED);
      assertThat(refusal).as(sql).hasMessageContaining("GROUP BY");
    }
  }

  /// Tens of thousands of rows of a person who is a customer, or of one who is none, in a join that
  /// would multiply them.
  @Test
  void thatOnePersonsRowsMultiplyShowsNothing() throws Exception {
    for (String person : List.of("p77", "nobody")) {
      var viewers = new StringBuilder("email,tag\n");
      for (int i = 0; i < 60; i++) {
        viewers.append("p%d@x.org,a\n".formatted(i));
      }
      for (int i = 0; i < 30_000; i++) {
        viewers.append("%s@x.org,%d\n".formatted(person, i));
      }
      String name = "of_" + person;
      room.share(room.media, dataset(name, "", "tag: {type: string, use: [filter]}"), viewers);
      assertThat(
              answer(
                  "SELECT COUNT(*) AS n FROM airline.noisy c JOIN media.%1$s v ON c.email = v.email"
                          .formatted(name)
                      + " JOIN media.%1$s w ON w.email = v.email JOIN media.%1$s y ON y.email ="
                          .formatted(name)
                      + " w.email WHERE v.tag <> w.tag AND w.tag <> y.tag"))
          .as(person)
          .hasSize(1);
    }
  }

  /// As many groups of one unit each, or of enough units, as an answer may have; one person is in
  /// one more.
  @Test
  void thatOnePersonIsOneGroupMoreThanTheLimitShowsNothing() throws Exception {
    var ones = new StringBuilder("email,tag\n");
    for (int i = 0; i < 10_000; i++) {
      ones.append("m%d@y.org,t%d\n".formatted(i, i));
    }
    var many = new StringBuilder("email,tag\n");
    for (int i = 0; i < 10_000 * 26; i++) {
      many.append("m%d@y.org,t%d\n".formatted(i, i / 26));
    }
    room.share(room.media, dataset("ones", "", "tag: {type: string, use: [group]}"), ones);
    room.share(room.media, dataset("many", "", "tag: {type: string, use: [group]}"), many);
    for (String tags : List.of("ones", "many")) {
      var answers = new ArrayList<List<List<String>>>();
      for (String zip : List.of("SECRET1", "SECRET2")) {
        answers.add(
            answer(
                "SELECT k, COUNT(*) AS n FROM (SELECT email, tag AS k FROM media."
                    + tags
                    + " UNION ALL SELECT email, zip FROM airline.noisy WHERE zip = '"
                    + zip
                    + "') u GROUP BY k"));
      }
      assertThat(answers).as(tags).containsExactly(List.of(), List.of());
    }
    assertThat(room.spent("noisy")).isGreaterThan(new BigDecimal("0.3"));
  }
}
