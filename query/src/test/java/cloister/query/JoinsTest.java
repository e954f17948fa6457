package cloister.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Epsilon;
import cloister.query.QueryException.Kind;
import cloister.room.Address;
import cloister.room.ColumnName;
import cloister.room.Use;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Outer joins, EXISTS and IN: what the emitted SQL gives, and what it may read.
class JoinsTest {
  private static final DifferentialPrivacy UNBOUNDED =
      new DifferentialPrivacy(Epsilon.of("1"), Delta.of("0.000001"), 1_000, 1_000_000);
  private static final DifferentialPrivacy TWO_GROUPS =
      new DifferentialPrivacy(Epsilon.of("1"), Delta.of("0.000001"), 2, 3);

  /// Each gives a key, the distinct units and the number of rows.
  private static final List<String> QUERIES =
      List.of(
          "SELECT a.zip, COUNT(DISTINCT a.email), COUNT(*) FROM airline.customers a"
              + " LEFT JOIN media.customers m ON a.email = m.email GROUP BY a.zip",
          "SELECT COALESCE(m.channel, 'none'), COUNT(DISTINCT a.email), COUNT(*) FROM"
              + " airline.customers a LEFT JOIN media.customers m ON a.email = m.email AND m.views"
              + " > 0 AND a.zip <> 'a' GROUP BY COALESCE(m.channel, 'none')",
          "SELECT a.zip, COUNT(DISTINCT a.email), COUNT(*) FROM airline.customers a LEFT JOIN"
              + " airline.visits v ON v.email = a.email AND v.spend > a.spend GROUP BY a.zip",
          "SELECT m.channel, COUNT(DISTINCT m.email), COUNT(*) FROM airline.customers a RIGHT JOIN"
              + " media.customers m ON a.email = m.email AND a.vip GROUP BY m.channel",
          "SELECT CASE WHEN m.email IS NULL THEN 'no' ELSE 'yes' END, COUNT(DISTINCT a.email),"
              + " COUNT(*) FROM airline.customers a LEFT JOIN media.customers m ON a.email ="
              + " m.email GROUP BY CASE WHEN m.email IS NULL THEN 'no' ELSE 'yes' END",
          "SELECT x.flag, COUNT(DISTINCT a.email), COUNT(*) FROM airline.customers a LEFT JOIN"
              + " (SELECT email, 'seen' AS flag FROM media.customers WHERE views > 0) x"
              + " ON a.email = x.email GROUP BY x.flag",
          "SELECT v.airport, COUNT(DISTINCT a.email), COUNT(*) FROM airline.customers a JOIN"
              + " media.customers m ON a.email = m.email LEFT JOIN airline.visits v ON v.email ="
              + " m.email GROUP BY v.airport",
          "SELECT a.zip, COUNT(DISTINCT a.email), COUNT(*) FROM airline.customers a LEFT JOIN"
              + " media.customers m ON a.email = m.email LEFT JOIN airline.visits v ON v.email ="
              + " a.email WHERE m.views IS NULL OR v.spend > 1 GROUP BY a.zip",
          "SELECT a.zip, COUNT(DISTINCT a.email), COUNT(*) FROM airline.customers a WHERE EXISTS"
              + " (SELECT 1 FROM media.customers m WHERE m.email = a.email AND m.views > 0)"
              + " GROUP BY a.zip",
          "SELECT a.zip, COUNT(DISTINCT a.email), COUNT(*) FROM airline.customers a WHERE NOT"
              + " EXISTS (SELECT 1 FROM media.customers m WHERE m.email = a.email) AND a.age > 0"
              + " GROUP BY a.zip",
          "SELECT zip, COUNT(DISTINCT email), COUNT(*) FROM airline.customers WHERE email IN"
              + " (SELECT email FROM media.customers WHERE channel = 'a') AND email NOT IN"
              + " (SELECT email FROM airline.visits WHERE spend > 2) GROUP BY zip",
          "SELECT a.zip, COUNT(DISTINCT a.email), COUNT(*) FROM airline.customers a WHERE EXISTS"
              + " (SELECT * FROM airline.visits v WHERE v.email = a.email AND v.airport = a.zip)"
              + " GROUP BY a.zip",
          "SELECT a.zip, COUNT(DISTINCT a.email), COUNT(*) FROM airline.customers a WHERE NOT"
              + " EXISTS (SELECT * FROM airline.visits v JOIN media.customers m ON v.email ="
              + " m.email WHERE v.email = a.email AND v.spend > a.spend) GROUP BY a.zip",
          "SELECT zip, COUNT(DISTINCT email), COUNT(*) FROM airline.customers a WHERE (email, zip)"
              + " IN (SELECT email, airport FROM airline.visits) GROUP BY zip",
          "WITH seen AS (SELECT email FROM media.customers WHERE views > 0)"
              + " SELECT a.zip, COUNT(DISTINCT a.email), COUNT(*) FROM airline.customers a JOIN"
              + " airline.visits v ON a.email = v.email WHERE a.email IN (SELECT email FROM seen)"
              + " GROUP BY a.zip",
          "SELECT zip, COUNT(DISTINCT email), COUNT(*) FROM (SELECT a.email, a.zip FROM"
              + " airline.customers a LEFT JOIN media.customers m ON a.email = m.email UNION ALL"
              + " SELECT email, airport FROM airline.visits) x GROUP BY zip");

  private static final String FULL_JOIN =
      "SELECT COALESCE(a.zip, m.channel), COUNT(DISTINCT COALESCE(a.email, m.email)), COUNT(*)"
          + " FROM airline.customers a FULL JOIN media.customers m ON a.email = m.email AND"
          + " m.views > 0 GROUP BY COALESCE(a.zip, m.channel)";

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
        compare(duck, FULL_JOIN, Optional.of(UNBOUNDED));
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

  /// With the kept groups and rows of a unit bounded, taking all rows of one unit out of one
  /// dataset moves no more groups and no cell further than the plan says.
  @Test
  void oneUnitThatLeavesOneDatasetMovesNoMoreThanThePlanSays() throws Exception {
    List<String> queries = new ArrayList<>(QUERIES);
    queries.add(FULL_JOIN);
    for (long seed = 1; seed <= 2; seed++) {
      try (var duck = new Duck().fill(new Fixture(), new SplittableRandom(seed))) {
        for (String sql : queries) {
          CheckedPlan plan = Fixture.check(sql);
          Compiled compiled = compile(plan, Optional.of(TWO_GROUPS));
          int groups = compiled.release().unitsMayChange() ? 4 : 2;
          List<String> all = duck.rows(compiled.engine());
          for (Address from : plan.datasets()) {
            for (int unit = 0; unit < 12; unit++) {
              String bob = "u" + unit + "@x";
              List<String> without =
                  duck.rows(
                      compiled.engine(),
                      dataset -> dataset.equals(from) ? "email <> '" + bob + "'" : "true");
              requireNear(all, without, groups, sql);
            }
          }
        }
      }
    }
  }

  private static void requireNear(List<String> one, List<String> other, int groups, String sql) {
    Map<String, List<Long>> left = cells(one);
    Map<String, List<Long>> right = cells(other);
    long moved = 0;
    for (String key :
        Stream.concat(left.keySet().stream(), right.keySet().stream()).distinct().toList()) {
      List<Long> a = left.getOrDefault(key, List.of());
      List<Long> b = right.getOrDefault(key, List.of());
      moved += a.equals(b) ? 0 : 1;
      for (int cell = 0; cell < Math.max(a.size(), b.size()); cell++) {
        long change = Math.abs((a.isEmpty() ? 0 : a.get(cell)) - (b.isEmpty() ? 0 : b.get(cell)));
        boolean rows = cell == Math.max(a.size(), b.size()) - 1;
        assertThat(change).as(sql).isLessThanOrEqualTo(rows ? 3 : 1);
      }
    }
    assertThat(moved).as(sql).isLessThanOrEqualTo(groups);
  }

  private static Map<String, List<Long>> cells(List<String> rows) {
    Map<String, List<Long>> cells = new HashMap<>();
    for (String row : rows) {
      int key = row.indexOf('|');
      cells.put(
          row.substring(0, key),
          List.of(row.substring(key + 1).split("\\|")).stream().map(Long::valueOf).toList());
    }
    return cells;
  }

  @Test
  void matchedUnitsAreCountedByTheirOwn() throws Exception {
    String sql =
        "SELECT a.zip, COUNT(DISTINCT a.email), COUNT(DISTINCT m.email) FROM airline.customers a"
            + " LEFT JOIN media.customers m ON a.email = m.email AND m.views > 0 GROUP BY a.zip";
    try (var duck = new Duck().fill(new Fixture(), new SplittableRandom(4))) {
      Compiled noisy = compile(Fixture.check(sql), Optional.of(UNBOUNDED));
      assertThat(duck.rows(noisy.engine())).isEqualTo(duck.rows(sql));
      assertThat(noisy.release().counters()).hasSize(2);
      assertThat(noisy.release().counters().getLast().minimumUnits()).isZero();
      Compiled exact = compile(Fixture.check(sql), Optional.empty());
      assertThat(
              duck.rows(exact.engine()).stream()
                  .map(row -> {
                    String[] cells = row.split("\\|", -1);
                    // all, matched or none, not matched or none, matched
                    assertThat(Long.parseLong(cells[2]) + Long.parseLong(cells[3]))
                        .isGreaterThanOrEqualTo(Long.parseLong(cells[1]));
                    return cells[0] + "|" + cells[1] + "|" + cells[4];
                  })
                  .toList())
          .isEqualTo(duck.rows(sql));
    }
    assertThat(Fixture.check(sql).uses().get(Fixture.MEDIA))
        .containsEntry(new ColumnName("email"), Set.of(Use.JOIN));
  }

  @Test
  void aConditionOnAnotherTableJoinsOrFilters() throws QueryException {
    var exists =
        Fixture.check(
            "SELECT COUNT(*) FROM airline.customers a WHERE EXISTS (SELECT 1 FROM airline.visits v"
                + " WHERE v.email = a.email AND v.airport = a.zip AND v.spend > a.spend)");
    assertThat(uses(exists, Fixture.AIRLINE)).isEqualTo("email=[JOIN] spend=[FILTER] zip=[JOIN]");
    assertThat(uses(exists, Fixture.VISITS))
        .isEqualTo("airport=[JOIN] email=[JOIN] spend=[FILTER]");
    var left =
        Fixture.check(
            "SELECT CASE WHEN m.email IS NULL THEN 'x' END, COUNT(*) FROM airline.customers a LEFT"
                + " JOIN media.customers m ON a.email = m.email AND m.views > 3"
                + " WHERE m.channel = 'c' GROUP BY CASE WHEN m.email IS NULL THEN 'x' END");
    assertThat(uses(left, Fixture.MEDIA)).isEqualTo("channel=[FILTER] email=[JOIN] views=[FILTER]");
  }

  private static String uses(CheckedPlan plan, Address dataset) {
    return plan.uses().getOrDefault(dataset, Map.of()).entrySet().stream()
        .map(each -> each.getKey() + "=" + each.getValue())
        .sorted()
        .collect(Collectors.joining(" "));
  }

  /// A dataset that has to be joined is not released by way of what does not match.
  @Test
  void onlyRowsThatNeedTheOtherAreJoinedWithIt() throws QueryException {
    String on = " media.customers m ON a.email = m.email";
    assertThat(Fixture.check("SELECT COUNT(*) FROM airline.customers a JOIN" + on).joined())
        .containsExactly(Fixture.AIRLINE, Fixture.MEDIA);
    assertThat(Fixture.check("SELECT COUNT(*) FROM airline.customers a LEFT JOIN" + on).joined())
        .containsExactly(Fixture.MEDIA);
    assertThat(Fixture.check("SELECT COUNT(*) FROM airline.customers a RIGHT JOIN" + on).joined())
        .containsExactly(Fixture.AIRLINE);
    assertThat(Fixture.check("SELECT COUNT(*) FROM airline.customers a FULL JOIN" + on).joined())
        .isEmpty();
    assertThat(
            Fixture.check(
                    "SELECT COUNT(*) FROM airline.customers WHERE email IN (SELECT email FROM"
                        + " media.customers)")
                .joined())
        .containsExactly(Fixture.AIRLINE, Fixture.MEDIA);
    assertThat(
            Fixture.check(
                    "SELECT COUNT(*) FROM airline.customers WHERE email NOT IN (SELECT email FROM"
                        + " media.customers)")
                .joined())
        .containsExactly(Fixture.MEDIA);
  }

  @Test
  void whatIsAboutUnitsAloneIsNoChange() throws QueryException {
    assertThat(
            changes(
                "SELECT COUNT(*) FROM airline.customers WHERE email NOT IN (SELECT email FROM"
                    + " media.customers WHERE views > 1)"))
        .isFalse();
    assertThat(
            changes(
                "SELECT COUNT(*) FROM airline.customers a WHERE NOT EXISTS (SELECT 1 FROM"
                    + " airline.visits v WHERE v.email = a.email AND v.airport = a.zip)"))
        .isTrue();
    assertThat(
            changes(
                "SELECT COUNT(*) FROM airline.customers a LEFT JOIN media.customers m ON a.email ="
                    + " m.email"))
        .isTrue();
  }

  /// Who leaves media has rows of one part, and of both.
  @Test
  void whatIsUnitedWithWhatAppearsMayChange() throws QueryException {
    String united =
        "SELECT email, zip FROM airline.customers UNION ALL SELECT email, notes FROM"
            + " airline.customers WHERE email NOT IN (SELECT email FROM media.customers)";
    assertThat(changes("SELECT zip, COUNT(*) FROM (" + united + ") x GROUP BY zip")).isTrue();
    assertThat(
            changes(
                "SELECT n, COUNT(*) FROM (SELECT email, COUNT(*) AS n FROM ("
                    + united
                    + ") x GROUP BY email) y GROUP BY n"))
        .isTrue();
  }

  private static boolean changes(String sql) throws QueryException {
    return compile(Fixture.check(sql), Optional.of(TWO_GROUPS)).release().unitsMayChange();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // Not tied by the unit.
        "SELECT COUNT(*) FROM airline.customers a LEFT JOIN media.customers m ON a.zip = m.channel",
        "SELECT COUNT(*) FROM airline.customers a LEFT JOIN media.customers m ON TRUE",
        "SELECT COUNT(*) FROM airline.customers a LEFT JOIN media.customers m ON a.email = m.email"
            + " OR m.views > 3",
        "SELECT COUNT(*) FROM airline.customers a FULL JOIN media.customers m ON m.views > 3",
        "SELECT COUNT(*) FROM airline.customers a WHERE EXISTS (SELECT 1 FROM media.customers)",
        "SELECT COUNT(*) FROM airline.customers a WHERE EXISTS (SELECT 1 FROM media.customers m"
            + " WHERE m.email = a.zip)",
        "SELECT COUNT(*) FROM airline.customers a WHERE EXISTS (SELECT 1 FROM media.customers m"
            + " WHERE m.email <> a.email)",
        "SELECT COUNT(*) FROM airline.customers WHERE zip IN (SELECT airport FROM airline.visits)",
        "SELECT COUNT(*) FROM airline.customers WHERE email IN (SELECT 'bob@x' FROM"
            + " media.customers)",
        "SELECT COUNT(*) FROM airline.customers a LEFT JOIN media.customers m ON a.email = m.email"
            + " JOIN airline.visits v ON v.email = m.channel",
        // The unit of one outer join does not tie another.
        "SELECT COUNT(*) FROM airline.customers a LEFT JOIN media.customers m ON a.email = m.email"
            + " LEFT JOIN airline.visits v ON v.email = m.email",
        // A NULL makes NOT IN something else than NOT EXISTS.
        "SELECT COUNT(*) FROM airline.customers WHERE zip NOT IN (SELECT airport FROM"
            + " airline.visits v WHERE v.email = email)",
        // Neither is one of AND's.
        "SELECT COUNT(*) FROM airline.customers a WHERE a.vip OR EXISTS (SELECT 1 FROM"
            + " media.customers m WHERE m.email = a.email)",
        "SELECT COUNT(CASE WHEN a.email IN (SELECT email FROM media.customers) THEN 1 END) FROM"
            + " airline.customers a",
        "SELECT COUNT(*) FROM airline.customers a GROUP BY zip HAVING EXISTS (SELECT 1 FROM"
            + " media.customers)",
        "SELECT COUNT(*) FROM airline.customers a WHERE NOT (a.vip AND EXISTS (SELECT 1 FROM"
            + " media.customers m WHERE m.email = a.email))",
        "SELECT COUNT(*) FROM airline.customers a LEFT JOIN media.customers m ON a.email = m.email"
            + " AND m.email IN (SELECT email FROM airline.visits)",
        // Subqueries in subqueries, aggregates, and rows chosen among others.
        "SELECT COUNT(*) FROM airline.customers a WHERE EXISTS (SELECT 1 FROM media.customers m"
            + " WHERE m.email = a.email AND EXISTS (SELECT 1 FROM airline.visits v WHERE v.email ="
            + " m.email))",
        "SELECT COUNT(*) FROM airline.customers a WHERE email IN (SELECT email FROM"
            + " media.customers ORDER BY views LIMIT 1)",
        "SELECT COUNT(*) FROM airline.customers a WHERE a.spend > ALL (SELECT spend FROM"
            + " airline.visits)",
        "SELECT COUNT(*) FROM airline.customers a WHERE a.spend = SOME (SELECT spend FROM"
            + " airline.visits)",
        "SELECT COUNT(*) FROM airline.customers a WHERE UNIQUE (SELECT spend FROM airline.visits)",
        "SELECT COUNT(*) FROM airline.customers a LEFT JOIN (SELECT a.email FROM airline.customers"
            + " a JOIN media.customers m ON a.email = m.email) x ON a.email = x.email",
        "SELECT COUNT(*) FROM airline.customers a ASOF JOIN media.customers m MATCH_CONDITION"
            + " m.seen < m.seen ON a.email = m.email",
        "SELECT COUNT(*) FROM airline.customers a LEFT SEMI JOIN media.customers m ON a.email ="
            + " m.email",
      })
  void whatDoesNotFollowTheUnitIsRefused(String sql) {
    QueryException refusal =
        catchThrowableOfType(
            QueryException.class, () -> compile(Fixture.check(sql), Optional.of(TWO_GROUPS)));
    assertThat(refusal).as(sql).isNotNull();
    assertThat(refusal.fix()).isNotEmpty();
  }

  @Test
  void withoutNoiseAFullJoinIsRefused() throws QueryException {
    CheckedPlan plan = Fixture.check(FULL_JOIN);
    assertThat(
            catchThrowableOfType(QueryException.class, () -> compile(plan, Optional.empty()))
                .kind())
        .isEqualTo(Kind.NEEDS_NOISE);
  }
}
