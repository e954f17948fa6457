package cloister.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Epsilon;
import cloister.privacy.NoiseStream;
import cloister.privacy.Release;
import cloister.query.QueryException.Kind;
import cloister.room.Address;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What an attacker tries with one question where terms demand a minimum of units and no noise: a
/// number about fewer.
class ThresholdTest {
  private static final int MINIMUM = 25;

  private static final String JOIN =
      " FROM airline.customers c JOIN media.customers v ON c.email = v.email";

  private static Compiled compile(String sql, Optional<DifferentialPrivacy> noise)
      throws QueryException {
    CheckedPlan plan = Fixture.check(sql);
    Map<Address, Integer> minimums =
        plan.datasets().stream().collect(Collectors.toMap(each -> each, _ -> MINIMUM));
    return plan.compile(minimums, noise, "c0ffee");
  }

  /// 200 customers who are viewers too: number 77 alone is at SECRET1 and 42 years old, `few` have
  /// a spend, and of the visits `few` are at FRA.
  private static Duck data(int few) throws SQLException {
    var duck = new Duck();
    duck.run("CREATE SCHEMA airline");
    duck.run("CREATE SCHEMA media");
    duck.run(
        "CREATE TABLE airline.customers AS SELECT 'p' || i AS email,"
            + " CASE WHEN i = 77 THEN 'SECRET1' ELSE 'Z' || i % 4 END AS zip,"
            + " CASE WHEN i = 77 THEN 42 ELSE 30 + i % 3 END::BIGINT AS age,"
            + " CASE WHEN i < "
            + few
            + " THEN 100.25 END::DECIMAL(10,2) AS spend,"
            + " CASE WHEN i < "
            + few
            + " THEN 0.5 ELSE 'nan'::DOUBLE END AS score, 'n' || i AS notes FROM range(200) t(i)");
    duck.run(
        "CREATE TABLE media.customers AS SELECT 'p' || i AS email, 'tv' AS channel, i AS views"
            + " FROM range(200) t(i)");
    duck.run(
        "CREATE TABLE airline.visits AS SELECT 'p' || i AS email, CASE WHEN i < "
            + few
            + " THEN 'FRA' ELSE 'JFK' END AS airport, 1.00::DECIMAL(10,2) AS spend"
            + " FROM range(200) t(i)");
    return duck;
  }

  private static List<List<String>> answer(Duck duck, String sql) throws Exception {
    CheckedPlan plan = Fixture.check(sql);
    Compiled compiled = compile(sql, Optional.empty());
    try (var unused = new NoiseStream(new byte[NoiseStream.KEY_BYTES])) {
      var answer = Release.release(compiled.release(), duck.table(compiled.engine()), unused);
      return plan.present(answer).rows().stream()
          .map(row ->
              row.stream()
                  .map(cell ->
                      switch (cell) {
                        case ResultTable.Text(var text) -> text;
                        case ResultTable.Value(var number, var _) -> number.toPlainString();
                        case ResultTable.Missing() -> "-";
                      })
                  .toList())
          .toList();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "COUNT(CASE WHEN zip = 'SECRET1' THEN 1 END)",
        "SUM(CASE WHEN zip = 'SECRET1' THEN spend END)",
        "SUM(CASE WHEN zip = 'SECRET1' THEN spend ELSE 0 END)",
        "COUNT(NULLIF(age, 42))",
        "COUNT(1 / (age - 42))",
        "SUM(COALESCE(CAST(age - 33 AS DECIMAL(1,0)) * 0, 1))",
        "SUM(CAST(age - 33 AS DECIMAL(1,0)))",
        "COUNT(CAST(SUBSTRING(notes, 1, 1) AS INTEGER))",
        "SUM(FLOOR(1 - ABS(age - 42) * 0.005))",
        "SUM(age / 164000000)",
        "SUM(views * age)",
        "SUM((age - 30) * (age - 31) * (age - 32))",
        "VAR_POP(CASE WHEN zip = 'SECRET1' THEN spend END)",
        "STDDEV(age * views)",
        "COUNT(DISTINCT zip)",
        "COUNT(DISTINCT LOWER(zip))"
      })
  void whatLooksAtPartOfItsRowsNeedsNoise(String measure) throws QueryException {
    QueryException refusal =
        catchThrowableOfType(
            QueryException.class,
            () -> compile("SELECT COUNT(*), " + measure + JOIN, Optional.empty()));
    assertThat(refusal.kind()).isEqualTo(Kind.NEEDS_NOISE);
    assertThat(refusal.fix()).contains("GROUP BY");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT SUM(x) FROM (SELECT c.spend AS x, c.email FROM airline.customers c WHERE zip ="
            + " 'SECRET1' UNION ALL SELECT 0, email FROM airline.visits) t",
        "SELECT COUNT(x) FROM (SELECT c.spend AS x, c.email FROM airline.customers c WHERE zip ="
            + " 'SECRET1' UNION ALL SELECT CAST(NULL AS DECIMAL(10,2)), email FROM airline.visits) t",
        "SELECT SUM(x) FROM (SELECT spend AS x, email FROM airline.customers UNION ALL"
            + " SELECT - spend, email FROM airline.customers WHERE zip <> 'SECRET1') t",
        "SELECT COUNT(*), COUNT(DISTINCT email) FROM (SELECT email FROM airline.customers UNION ALL"
            + " SELECT email FROM airline.customers WHERE zip <> 'SECRET1') t",
        "SELECT k, COUNT(*) FROM (SELECT email, 'all' AS k FROM airline.customers UNION ALL"
            + " SELECT email, 'but one' FROM airline.customers WHERE zip <> 'SECRET1') t GROUP BY k",
        "SELECT COUNT(*) FROM (SELECT c.email"
            + JOIN
            + " UNION ALL SELECT a.email FROM airline.visits a JOIN media.customers m ON a.email ="
            + " m.email) t"
      })
  void partsOfAUnionThatMayDifferByOneUnitNeedNoise(String sql) throws QueryException {
    assertThat(
            catchThrowableOfType(QueryException.class, () -> compile(sql, Optional.empty())).kind())
        .isEqualTo(Kind.NEEDS_NOISE);
  }

  @Test
  void withNoiseAllOfThatIsAllowed() throws QueryException {
    var noise = new DifferentialPrivacy(Epsilon.of("1"), Delta.of("0.000001"), 1, 1);
    for (String sql :
        List.of(
            "SELECT SUM(CASE WHEN zip = 'SECRET1' THEN spend END), COUNT(DISTINCT zip)" + JOIN,
            "SELECT COUNT(*) FROM (SELECT email FROM airline.customers UNION ALL"
                + " SELECT email FROM airline.customers WHERE zip <> 'SECRET1') t")) {
      assertThat(compile(sql, Optional.of(noise)).release().noise()).as(sql).contains(noise);
    }
  }

  /// Also where none has one: withheld, zero and NULL look the same.
  @Test
  void aNumberAboutFewUnitsIsWithheldThoughItsGroupIsNot() throws Exception {
    String sql =
        "SELECT COUNT(*), COUNT(spend), SUM(spend), AVG(spend), COUNT(score), SUM(score), SUM(age)"
            + JOIN;
    for (int few : List.of(0, 1, MINIMUM - 1)) {
      try (var duck = data(few)) {
        assertThat(answer(duck, sql))
            .as("%d", few)
            .containsExactly(List.of("200", "-", "-", "-", "200", "-", "6209"));
      }
    }
    try (var duck = data(MINIMUM)) {
      assertThat(answer(duck, sql))
          .containsExactly(
              List.of("200", "25", "2506.25", "100.25000000", "200", "12.500000", "6209"));
    }
  }

  /// Forty times 1 and twenty times 3001: the squares about the mean 1001 add up to 120,000,000.
  @Test
  void aVarianceIsExactAndAboutEnoughUnits() throws Exception {
    String sql =
        "SELECT COUNT(score), VAR_POP(spend), STDDEV_POP(spend), VARIANCE(spend), STDDEV(spend),"
            + " AVG(spend), COUNT(spend) FROM airline.customers";
    try (var duck = data(60)) {
      duck.run(
          "UPDATE airline.customers SET spend = CASE WHEN spend IS NULL THEN NULL"
              + " WHEN substring(email, 2)::INT % 3 = 0 THEN 3001 ELSE 1 END");
      assertThat(answer(duck, sql))
          .containsExactly(
              List.of(
                  "200",
                  "2000000.0000000000",
                  "1414.21356237",
                  "2033898.3050847458",
                  "1426.14806562",
                  "1001.00000000",
                  "60"));
      duck.run("UPDATE airline.customers SET spend = NULL WHERE substring(email, 2)::INT >= 24");
      assertThat(answer(duck, sql)).containsExactly(List.of("200", "-", "-", "-", "-", "-", "-"));
    }
  }

  @Test
  void aValueOfManyUnitsInOneGroupSaysNothingInAnother() throws Exception {
    try (var duck = data(100)) {
      duck.run("UPDATE airline.customers SET zip = CASE WHEN email < 'p5' THEN 'A' ELSE 'B' END");
      duck.run("UPDATE airline.customers SET spend = NULL WHERE zip = 'B' AND email <> 'p99'");
      assertThat(
              answer(
                      duck,
                      "SELECT zip, COUNT(*), SUM(age), SUM(spend) FROM airline.customers"
                          + " GROUP BY zip")
                  .stream()
                  .map(List::getLast))
          .containsExactly(
              duck.rows("SELECT SUM(spend) FROM airline.customers WHERE zip = 'A'").getFirst(),
              "-");
    }
  }

  /// T24: of which one unit has more than 80 %, or to which few contribute anything.
  @Test
  void aSumThatOneUnitDominatesIsWithheld() throws Exception {
    String sql =
        "SELECT COUNT(*), COUNT(spend), SUM(spend), AVG(spend), STDDEV(spend), SUM(age) FROM"
            + " airline.customers";
    // 199 others have 1.00 each: 796.00 is 80 % of all.
    for (String bobs : List.of("796.00", "-796.00", "796.01", "-796.01")) {
      try (var duck = data(0)) {
        duck.run(
            "UPDATE airline.customers SET spend = CASE WHEN email = 'p77' THEN %s ELSE 1 END"
                .formatted(bobs));
        assertThat(answer(duck, sql).getFirst().subList(2, 5).contains("-"))
            .as(bobs)
            .isEqualTo(bobs.endsWith(".01"));
        assertThat(answer(duck, sql).getFirst()).startsWith("200", "200").endsWith("6209");
      }
    }
    for (int few : List.of(MINIMUM - 1, MINIMUM)) {
      try (var duck = data(few)) {
        duck.run("UPDATE airline.customers SET spend = COALESCE(spend, 0)");
        assertThat(answer(duck, sql).getFirst().get(2))
            .as("%d", few)
            .isEqualTo(few < MINIMUM ? "-" : "2506.25");
      }
    }
  }

  /// The hash that spreads units is DuckDB's: were it another, what was kept could not be compared,
  /// and [cloister.privacy.Footprints] would have to say so by another version.
  @Test
  void unitsHaveTheHashThatTheyAlwaysHad() throws Exception {
    try (var duck = data(0)) {
      assertThat(
              duck.rows(
                  "SELECT hash(hash('00112233-4455-6677-8899-aabbccddeeff'::UUID, 'c0ffee')),"
                      + " hash(hash(77::BIGINT, 'c0ffee')), hash(77::UBIGINT)"))
          .containsExactly("11317642859717555298|14528073541770285079|18355718433251849978");
    }
  }

  @Test
  void everyPartOfAUnionHasEnoughUnitsByItself() throws Exception {
    String sql =
        "SELECT COUNT(*), SUM(s) FROM (SELECT email, age, spend AS s FROM airline.customers UNION"
            + " ALL SELECT email, 0 AS age, spend FROM airline.visits WHERE airport = 'FRA') t";
    for (int few : List.of(0, 1, MINIMUM - 1)) {
      try (var duck = data(few)) {
        duck.run("UPDATE airline.customers SET spend = 7");
        assertThat(answer(duck, sql)).as("%d", few).containsExactly(List.of("-", "-"));
      }
    }
    try (var duck = data(MINIMUM)) {
      duck.run("UPDATE airline.customers SET spend = 7");
      assertThat(answer(duck, sql)).containsExactly(List.of("225", "1425.00"));
      duck.run("UPDATE airline.visits SET spend = NULL WHERE email = 'p3'");
      assertThat(answer(duck, sql)).containsExactly(List.of("225", "-"));
    }
  }

  /// Neither its own rows, nor those of a join with itself, nor another table's make one unit many.
  @Test
  void manyRowsOfAUnitAreOneUnit() throws Exception {
    try (var duck = data(0)) {
      duck.run("INSERT INTO media.customers SELECT 'p77', 'ch' || i % 50, i FROM range(1000) t(i)");
      for (String sql :
          List.of(
              "SELECT COUNT(*), SUM(views)" + JOIN + " WHERE zip = 'SECRET1'",
              "SELECT COUNT(*), COUNT(v.views)"
                  + JOIN
                  + " JOIN media.customers w ON w.email = v.email WHERE v.channel <> w.channel")) {
        assertThat(answer(duck, sql)).as(sql).containsExactly(List.of("-", "-"));
      }
      assertThat(
              answer(
                  duck,
                  "SELECT CASE WHEN zip = 'SECRET1' THEN 'x' END AS k, COUNT(*) AS n"
                      + JOIN
                      + " GROUP BY CASE WHEN zip = 'SECRET1' THEN 'x' END ORDER BY n LIMIT 1"))
          .containsExactly(List.of("-", "199"));
    }
  }

  /// What one statement may hide from counters of units: a number for each value by way of a table
  /// of the analyst's, values that are not there as 0, and parts that differ by one unit.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT SUM(p.price) FROM airline.visits v JOIN media.airports p ON v.airport = p.code",
        "SELECT COUNT(p.code) FROM airline.visits v LEFT JOIN media.airports p ON v.airport ="
            + " p.code",
        "SELECT AVG(w) FROM (SELECT v.email, SUM(p.price) AS w FROM airline.visits v JOIN"
            + " media.airports p ON v.airport = p.code GROUP BY v.email) x",
        "SELECT SUM(n) FROM (SELECT email, COUNT(spend) AS n FROM airline.customers GROUP BY email)"
            + " x",
        "SELECT SUM(n) FROM (SELECT email, COUNT(DISTINCT age) AS n FROM airline.customers GROUP BY"
            + " email) x",
        "SELECT SUM(s) FROM (SELECT email, SUM(x) AS s FROM (SELECT email, spend AS x FROM"
            + " airline.customers UNION ALL SELECT email, spend FROM airline.customers WHERE zip <>"
            + " 'SECRET1') y GROUP BY email) z",
        "SELECT COUNT(*) FROM (SELECT email, zip FROM airline.customers UNION SELECT email, zip"
            + " FROM airline.customers WHERE zip <> 'SECRET1') z"
      })
  void whatCountersOfUnitsDoNotSeeNeedsNoise(String sql) throws QueryException {
    CheckedPlan plan = Planner.check(sql, Fixture.RESEARCH, Fixture.withAirports());
    Map<Address, Integer> minimums =
        plan.datasets().stream().collect(Collectors.toMap(each -> each, _ -> MINIMUM));
    assertThat(
            catchThrowableOfType(
                    QueryException.class, () -> plan.compile(minimums, Optional.empty(), "c0ffee"))
                .kind())
        .isEqualTo(Kind.NEEDS_NOISE);
  }

  /// The one who is at SECRET1, by a join of a dataset with itself.
  @Test
  void matchedUnitsOfTheSameDatasetAreNoneOrMany() throws Exception {
    for (String condition : List.of("= 'SECRET1'", "<> 'SECRET1'")) {
      String sql =
          "SELECT COUNT(DISTINCT c.email), COUNT(DISTINCT d.email) FROM airline.customers c LEFT JOIN"
              + " airline.customers d ON c.email = d.email AND d.zip "
              + condition;
      try (var duck = data(100)) {
        assertThat(answer(duck, sql)).as(sql).containsExactly(List.of("-", "-"));
      }
    }
  }
}
