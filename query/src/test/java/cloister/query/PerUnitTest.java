package cloister.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Epsilon;
import cloister.privacy.Measure;
import cloister.query.QueryException.Kind;
import cloister.room.Address;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Tables per unit: what each unit's own rows add up to, below the aggregate.
class PerUnitTest {
  private static final DifferentialPrivacy UNBOUNDED =
      new DifferentialPrivacy(Epsilon.of("1"), Delta.of("0.000001"), 1_000, 1_000_000);

  /// Each gives a key, the distinct units and the number of rows.
  private static final List<String> QUERIES =
      List.of(
          // How many saw it how often.
          "SELECT n, COUNT(DISTINCT email), COUNT(*) FROM (SELECT email, COUNT(*) AS n FROM"
              + " airline.visits GROUP BY email) x GROUP BY n",
          "SELECT n, COUNT(DISTINCT email), COUNT(*) FROM (SELECT email, COUNT(DISTINCT airport)"
              + " AS n FROM airline.visits WHERE spend > 0 GROUP BY email HAVING COUNT(*) > 1) x"
              + " GROUP BY n",
          // Of those who were there often.
          "SELECT a.zip, COUNT(DISTINCT a.email), COUNT(*) FROM airline.customers a JOIN (SELECT"
              + " email FROM airline.visits GROUP BY email HAVING SUM(spend) > 5 AND MIN(spend) <"
              + " 100) v ON a.email = v.email GROUP BY a.zip",
          "SELECT a.zip, COUNT(DISTINCT a.email), COUNT(*) FROM airline.customers a WHERE a.email"
              + " IN (SELECT email FROM airline.visits GROUP BY email HAVING COUNT(*) >= 3)"
              + " GROUP BY a.zip",
          "SELECT a.zip, COUNT(DISTINCT a.email), COUNT(*) FROM airline.customers a WHERE NOT"
              + " EXISTS (SELECT 1 FROM (SELECT email, MAX(spend) AS most FROM airline.visits"
              + " GROUP BY email) v WHERE v.email = a.email AND v.most > a.spend) GROUP BY a.zip",
          "SELECT COALESCE(v.n, 0), COUNT(DISTINCT a.email), COUNT(*) FROM airline.customers a"
              + " LEFT JOIN (SELECT email, COUNT(*) AS n FROM airline.visits GROUP BY email) v"
              + " ON a.email = v.email GROUP BY COALESCE(v.n, 0)",
          // By more than the unit, and of a join.
          "SELECT zip, COUNT(DISTINCT email), COUNT(*) FROM (SELECT a.email, a.zip, m.channel,"
              + " COUNT(*) AS n FROM airline.customers a JOIN media.customers m ON a.email ="
              + " m.email GROUP BY a.email, a.zip, m.channel) x WHERE n > 1 GROUP BY zip",
          // Of a table per unit.
          "SELECT n, COUNT(DISTINCT email), COUNT(*) FROM (SELECT email, COUNT(*) AS n FROM (SELECT"
              + " email, airport, COUNT(*) AS m FROM airline.visits GROUP BY email, airport) x WHERE"
              + " m > 1 GROUP BY email) y GROUP BY n",
          "SELECT zip, COUNT(DISTINCT email), COUNT(*) FROM (SELECT DISTINCT email, zip FROM"
              + " airline.customers) x GROUP BY zip",
          // The last that each saw, and what each saw before buying.
          "SELECT channel, COUNT(DISTINCT email), COUNT(*) FROM (SELECT email, channel, ROW_NUMBER()"
              + " OVER (PARTITION BY email ORDER BY seen DESC NULLS LAST, views NULLS FIRST, channel"
              + " NULLS LAST, age_band NULLS LAST) AS r FROM media.customers) x WHERE r = 1 GROUP BY"
              + " channel",
          "SELECT r, COUNT(DISTINCT email), COUNT(*) FROM (SELECT v.email, RANK() OVER (PARTITION BY"
              + " v.email ORDER BY v.spend DESC NULLS LAST) + 1 AS r FROM airline.visits v JOIN"
              + " airline.customers a ON v.email = a.email AND a.vip) x GROUP BY r",
          "SELECT d, COUNT(DISTINCT email), COUNT(*) FROM (SELECT email, DENSE_RANK() OVER (PARTITION"
              + " BY email, airport ORDER BY spend NULLS FIRST) AS d FROM airline.visits) x GROUP BY d",
          "SELECT n, COUNT(DISTINCT email), COUNT(*) FROM (SELECT email, COUNT(*) OVER (PARTITION BY"
              + " email) AS n, SUM(spend) OVER (PARTITION BY email) AS s, MAX(age) OVER (PARTITION BY"
              + " email, zip) AS m FROM airline.customers) x WHERE s > 5 OR m < 100 GROUP BY n",
          "SELECT CASE WHEN share > 0.5 THEN 'most' ELSE 'less' END, COUNT(DISTINCT email), COUNT(*)"
              + " FROM (SELECT email, spend / NULLIF(SUM(spend) OVER (PARTITION BY email), 0) AS share"
              + " FROM airline.visits WHERE spend > 0) x GROUP BY CASE WHEN share > 0.5 THEN 'most'"
              + " ELSE 'less' END");

  private static final List<String> WITH_NOISE_ONLY =
      List.of(
          "SELECT n, COUNT(DISTINCT email), COUNT(*) FROM (SELECT email, COUNT(*) AS n FROM (SELECT"
              + " email FROM airline.visits UNION ALL SELECT email FROM media.customers) x GROUP BY"
              + " email) y GROUP BY n",
          "SELECT zip, COUNT(DISTINCT email), COUNT(*) FROM (SELECT email, zip FROM"
              + " airline.customers UNION SELECT email, airport FROM airline.visits) x GROUP BY zip");

  private static Compiled compile(CheckedPlan plan, Optional<DifferentialPrivacy> noise)
      throws QueryException {
    return plan.compile(
        plan.datasets().stream().collect(Collectors.toMap(each -> each, _ -> 1)), noise, "c0ffee");
  }

  @Test
  void emittedSqlGivesWhatTheAnalystsSqlGives() throws Exception {
    for (long seed = 1; seed <= 5; seed++) {
      try (var duck = new Duck().fill(new Fixture(), new SplittableRandom(seed))) {
        for (String sql : QUERIES) {
          compare(duck, sql, Optional.empty());
          compare(duck, sql, Optional.of(UNBOUNDED));
        }
        for (String sql : WITH_NOISE_ONLY) {
          compare(duck, sql, Optional.of(UNBOUNDED));
        }
      }
    }
  }

  private static void compare(Duck duck, String sql, Optional<DifferentialPrivacy> noise)
      throws QueryException, SQLException {
    EngineQuery query = compile(Fixture.check(sql), noise).engine();
    List<String> ours =
        duck.rows(query).stream()
            .map(row -> {
              List<String> cells = List.of(row.split("\\|", -1));
              return cells.get(0) + "|" + cells.get(1) + "|" + cells.getLast();
            })
            .sorted()
            .toList();
    assertThat(ours).as("%s\n%s", sql, query.sql()).isEqualTo(duck.rows(sql));
  }

  @Test
  void whatIsAggregatedPerUnitIsExact() throws Exception {
    String sql =
        "SELECT SUM(s), SUM(m) FROM (SELECT email, SUM(spend) AS s, MAX(age) AS m FROM"
            + " airline.customers GROUP BY email) x";
    try (var duck = new Duck().fill(new Fixture(), new SplittableRandom(2))) {
      assertThat(duck.rows(compile(Fixture.check(sql), Optional.empty()).engine()))
          .allSatisfy(row ->
              assertThat(row)
                  .contains(
                      duck.rows("SELECT CAST(SUM(spend) * 100 AS HUGEINT) FROM airline.customers")
                          .getFirst()));
    }
  }

  @Test
  void withoutNoiseUnitsThatMayBeOfOneDatasetOrAnotherAreRefused() throws QueryException {
    for (String sql : WITH_NOISE_ONLY) {
      CheckedPlan plan = Fixture.check(sql);
      assertThat(
              catchThrowableOfType(QueryException.class, () -> compile(plan, Optional.empty()))
                  .kind())
          .as(sql)
          .isEqualTo(Kind.NEEDS_NOISE);
      assertThat(compile(plan, Optional.of(UNBOUNDED)).release().unitsMayChange()).isTrue();
    }
    CheckedPlan some =
        Fixture.check(
            "SELECT SUM(n) FROM (SELECT email, SUM(CASE WHEN zip = 'a' THEN spend END) AS n FROM"
                + " airline.customers GROUP BY email) x");
    assertThat(
            catchThrowableOfType(QueryException.class, () -> compile(some, Optional.empty()))
                .kind())
        .isEqualTo(Kind.NEEDS_NOISE);
  }

  @Test
  void aColumnPerUnitHasTheUsesOfWhatItIsComputedFrom() throws QueryException {
    var plan =
        Fixture.check(
            "SELECT s, SUM(m), COUNT(*) FROM (SELECT email, zip, SUM(spend) AS s, MAX(age) AS m,"
                + " COUNT(score) AS c FROM airline.customers WHERE vip GROUP BY email, zip) x"
                + " WHERE c > 2 GROUP BY s");
    assertThat(uses(plan, Fixture.AIRLINE))
        .isEqualTo("age=[SUM] score=[FILTER, COUNT] spend=[GROUP, SUM] vip=[FILTER] zip=[GROUP]");
  }

  @Test
  void aWindowHasTheUsesOfWhatItLooksAt() throws QueryException {
    var plan =
        Fixture.check(
            "SELECT zip, COUNT(*) FROM (SELECT email, zip, notes, ROW_NUMBER() OVER (PARTITION BY"
                + " email, vip ORDER BY joined) AS r, SUM(spend) OVER (PARTITION BY email) AS s FROM"
                + " airline.customers) x WHERE r = 1 GROUP BY zip");
    assertThat(uses(plan, Fixture.AIRLINE))
        .isEqualTo("joined=[FILTER] spend=[SUM] vip=[FILTER] zip=[GROUP]");
  }

  private static String uses(CheckedPlan plan, Address dataset) {
    return plan.uses().getOrDefault(dataset, Map.of()).entrySet().stream()
        .map(each -> each.getKey() + "=" + each.getValue())
        .sorted()
        .collect(Collectors.joining(" "));
  }

  /// Each level reads the one below twice, so that the last would read 2^30 tables; in one text,
  /// and in analyses that are planned one by one.
  @Test
  void whatGrowsExponentiallyIsRefusedAtOnce() {
    String level =
        "SELECT a.email, COUNT(*) AS n FROM %1$s a JOIN %1$s b ON a.email = b.email"
            + " GROUP BY a.email";
    var ctes = new StringBuilder("WITH d0 AS (SELECT email, airport FROM airline.visits)");
    var catalog =
        new Fixture().analysis("/research/analysis/d0", "SELECT email FROM airline.visits");
    for (int depth = 1; depth <= 30; depth++) {
      String below = "d" + (depth - 1);
      ctes.append(", d").append(depth).append(" AS (").append(level.formatted(below)).append(")");
      catalog.analysis(
          "/research/analysis/d" + depth,
          "SELECT x.email FROM ("
              + level.formatted(below)
              + ") x JOIN airline.customers c ON x.email = c.email");
    }
    for (String sql :
        List.of(ctes + " SELECT COUNT(*) FROM d30", "SELECT COUNT(*) FROM research.d30")) {
      assertThat(
              catchThrowableOfType(
                      QueryException.class, () -> Planner.check(sql, Fixture.RESEARCH, catalog))
                  .kind())
          .isEqualTo(Kind.TOO_LARGE);
    }
  }

  /// A count of rows has no bound but that of the query.
  @Test
  void aCountIsBoundedByTheQuery() throws QueryException {
    String of = " FROM (SELECT email, COUNT(*) AS n FROM airline.visits GROUP BY email) x";
    CheckedPlan plain = Fixture.check("SELECT SUM(n)" + of);
    assertThat(
            catchThrowableOfType(QueryException.class, () -> compile(plain, Optional.of(UNBOUNDED)))
                .kind())
        .isEqualTo(Kind.UNBOUNDED);
    for (String bounded :
        List.of(
            "CASE WHEN n > 10 THEN 10 ELSE n END",
            "CASE WHEN n <= 10 THEN n ELSE 10 END",
            "CASE WHEN n >= 10 THEN 10 WHEN n < 10 THEN n END",
            "LEAST(n, 10)",
            "LEAST(10, n)",
            "GREATEST(LEAST(n, 10), 0)")) {
      var measure =
          (Measure.Mean)
              compile(Fixture.check("SELECT AVG(" + bounded + ")" + of), Optional.of(UNBOUNDED))
                  .release()
                  .measures()
                  .getFirst();
      assertThat(measure.lower()).as(bounded).isEqualByComparingTo(BigDecimal.ZERO);
      assertThat(measure.upper()).as(bounded).isEqualByComparingTo(BigDecimal.TEN);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT SUM(n) FROM (SELECT zip, COUNT(*) AS n FROM airline.customers GROUP BY zip) x",
        "SELECT COUNT(*) FROM (SELECT DISTINCT zip FROM airline.customers) x",
        "SELECT COUNT(*) FROM (SELECT zip FROM airline.customers UNION SELECT airport FROM"
            + " airline.visits) x",
        "SELECT COUNT(*) FROM (SELECT COUNT(*) AS n FROM airline.customers) x",
        "SELECT COUNT(*) FROM (SELECT LOWER(email) AS email, COUNT(*) AS n FROM airline.customers"
            + " GROUP BY LOWER(email)) x",
        "SELECT COUNT(*) FROM (SELECT email, ANY_VALUE(zip) AS n FROM airline.customers GROUP BY"
            + " email) x",
        "SELECT COUNT(*) FROM (SELECT email, LISTAGG(zip) AS n FROM airline.customers GROUP BY"
            + " email) x",
        "SELECT COUNT(*) FROM (SELECT email, SUM(DISTINCT spend) AS n FROM airline.customers GROUP"
            + " BY email) x",
        "SELECT COUNT(*) FROM (SELECT email, VARIANCE(spend) AS n FROM airline.customers GROUP BY"
            + " email) x",
        "SELECT COUNT(*) FROM (SELECT email, zip, COUNT(*) AS n FROM airline.customers GROUP BY"
            + " ROLLUP(email, zip)) x",
        "SELECT COUNT(*) FROM (SELECT email, COUNT(*) AS n FROM airline.customers GROUP BY email"
            + " ORDER BY n LIMIT 3) x",
        "SELECT COUNT(*) FROM (SELECT m.email, COUNT(*) AS n FROM airline.customers a LEFT JOIN"
            + " media.customers m ON a.email = m.email GROUP BY m.email) x",
        "SELECT COUNT(*) FROM (SELECT email, ROW_NUMBER() OVER (ORDER BY zip) AS r FROM"
            + " airline.customers) x WHERE r = 1",
        "SELECT COUNT(*) FROM (SELECT email, ROW_NUMBER() OVER (PARTITION BY zip ORDER BY spend) AS"
            + " r FROM airline.customers) x WHERE r = 1",
        "SELECT COUNT(*) FROM (SELECT email, RANK() OVER (PARTITION BY LOWER(email) ORDER BY spend)"
            + " AS r FROM airline.customers) x WHERE r = 1",
        "SELECT COUNT(*) FROM (SELECT email, RANK() OVER (PARTITION BY email ORDER BY spend) AS r"
            + " FROM (SELECT zip AS email, spend FROM airline.customers) y) x WHERE r = 1",
        "SELECT COUNT(*) FROM (SELECT email, SUM(spend) OVER (PARTITION BY email ORDER BY joined) AS"
            + " r FROM airline.customers) x WHERE r > 1",
        "SELECT COUNT(*) FROM (SELECT email, SUM(spend) OVER (PARTITION BY email ROWS 1 PRECEDING) AS"
            + " r FROM airline.customers) x WHERE r > 1",
        "SELECT COUNT(*) FROM (SELECT email, LAG(spend) OVER (PARTITION BY email ORDER BY joined) AS"
            + " r FROM airline.customers) x WHERE r > 1",
        "SELECT COUNT(*) FROM (SELECT email, NTILE(4) OVER (PARTITION BY email ORDER BY joined) AS r"
            + " FROM airline.customers) x WHERE r > 1",
        "SELECT COUNT(*) FROM (SELECT email, COUNT(DISTINCT zip) OVER (PARTITION BY email) AS r FROM"
            + " airline.customers) x WHERE r > 1",
        "SELECT COUNT(*) FROM airline.customers WHERE RANK() OVER (PARTITION BY email ORDER BY zip)"
            + " = 1",
        "SELECT zip, COUNT(*), RANK() OVER (PARTITION BY zip ORDER BY COUNT(*)) FROM"
            + " airline.customers GROUP BY zip",
        "SELECT COUNT(*) OVER (PARTITION BY email) FROM airline.customers",
        "SELECT COUNT(*) FROM (SELECT email FROM airline.customers QUALIFY ROW_NUMBER() OVER"
            + " (PARTITION BY email ORDER BY zip) = 1) x",
        "SELECT COUNT(*) FROM (SELECT email, RANK() OVER w AS r FROM airline.customers WINDOW w AS"
            + " (PARTITION BY email ORDER BY zip)) x WHERE r = 1",
        "SELECT MAX(n) FROM (SELECT email, COUNT(*) AS n FROM airline.customers GROUP BY email) x",
        "SELECT COUNT(*) FROM (SELECT email, COUNT(*) AS n FROM airline.customers GROUP BY email) x"
            + " JOIN media.customers m ON x.n = m.views",
      })
  void whatIsNotPerUnitIsRefused(String sql) {
    QueryException refusal = catchThrowableOfType(QueryException.class, () -> Fixture.check(sql));
    assertThat(refusal).as(sql).isNotNull();
    assertThat(refusal.fix()).isNotEmpty();
  }
}
