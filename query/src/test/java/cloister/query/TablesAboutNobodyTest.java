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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Price lists, regions, calendars: tables without a unit may be joined on anything, and count for
/// nobody.
class TablesAboutNobodyTest {
  private static final DifferentialPrivacy UNBOUNDED =
      new DifferentialPrivacy(Epsilon.of("1"), Delta.of("0.000001"), 1_000, 1_000_000);

  /// Each gives a key, the distinct units and the number of rows.
  private static final List<String> QUERIES =
      List.of(
          "SELECT p.region, COUNT(DISTINCT v.email), COUNT(*) FROM airline.visits v JOIN"
              + " media.airports p ON v.airport = p.code GROUP BY p.region",
          "SELECT p.region, COUNT(DISTINCT v.email), COUNT(*) FROM media.airports p JOIN"
              + " airline.visits v ON v.airport = p.code AND v.spend > p.price JOIN"
              + " airline.customers a ON a.email = v.email GROUP BY p.region",
          "SELECT p.region, COUNT(DISTINCT v.email), COUNT(*) FROM airline.visits v LEFT JOIN"
              + " media.airports p ON v.airport = p.code GROUP BY p.region",
          "SELECT v.airport, COUNT(DISTINCT v.email), COUNT(*) FROM airline.visits v WHERE v.airport"
              + " IN (SELECT code FROM media.airports WHERE price > 3) GROUP BY v.airport",
          "SELECT v.airport, COUNT(DISTINCT v.email), COUNT(*) FROM airline.visits v WHERE NOT"
              + " EXISTS (SELECT 1 FROM media.airports p WHERE p.code = v.airport AND p.region ="
              + " 'north') GROUP BY v.airport",
          "SELECT v.airport, COUNT(DISTINCT v.email), COUNT(*) FROM airline.visits v,"
              + " media.airports p, media.airports q GROUP BY v.airport",
          "SELECT n, COUNT(DISTINCT email), COUNT(*) FROM (SELECT v.email, COUNT(*) AS n FROM"
              + " airline.visits v JOIN media.airports p ON v.airport = p.code GROUP BY v.email) x"
              + " GROUP BY n");

  private static CheckedPlan check(String sql) throws QueryException {
    return Planner.check(sql, Fixture.RESEARCH, Fixture.withAirports());
  }

  private static Compiled compile(CheckedPlan plan, Optional<DifferentialPrivacy> noise)
      throws QueryException {
    return compile(plan, 25, noise);
  }

  private static Compiled compile(
      CheckedPlan plan, int minimumUnits, Optional<DifferentialPrivacy> noise)
      throws QueryException {
    Map<Address, Integer> minimums = new HashMap<>();
    plan.datasets()
        .forEach(each -> minimums.put(each, each.equals(Fixture.AIRPORTS) ? 1 : minimumUnits));
    return plan.compile(minimums, noise, "c0ffee");
  }

  @Test
  void emittedSqlGivesWhatTheAnalystsSqlGives() throws Exception {
    for (long seed = 1; seed <= 4; seed++) {
      try (var duck = new Duck().fill(Fixture.withAirports(), new SplittableRandom(seed))) {
        for (String sql : QUERIES) {
          compare(duck, sql, Optional.empty());
          compare(duck, sql, Optional.of(UNBOUNDED));
        }
      }
    }
  }

  private static void compare(Duck duck, String sql, Optional<DifferentialPrivacy> noise)
      throws QueryException, SQLException {
    EngineQuery query = compile(check(sql), 1, noise).engine();
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
  void nobodyInThemIsCountedOrChanges() throws QueryException {
    for (String sql : QUERIES) {
      var release = compile(check(sql), Optional.of(UNBOUNDED)).release();
      assertThat(release.counters()).as(sql).hasSize(1);
      assertThat(release.counters().getFirst().minimumUnits()).isEqualTo(25);
      assertThat(release.unitsMayChange()).as(sql).isFalse();
    }
  }

  /// Whoever has to be joined with another's people is not, by somebody's list of airports.
  @Test
  void aJoinWithOneIsNoOverlap() throws QueryException {
    assertThat(check(QUERIES.getFirst()).joined()).doesNotContain(Fixture.VISITS);
  }

  /// Otherwise whoever owns a list would filter by it what may be joined only.
  @Test
  void comparingWithOneFilters() throws QueryException {
    for (String sql : List.of(QUERIES.get(0), QUERIES.get(2), QUERIES.get(3), QUERIES.get(4))) {
      assertThat(check(sql).uses().get(Fixture.VISITS))
          .as(sql)
          .extractingByKey(new ColumnName("airport"))
          .satisfies(uses -> assertThat(uses).contains(Use.JOIN, Use.FILTER));
    }
  }

  /// With prices 1, 10, 100 … the sum's digits would be the number of rows at each airport, however
  /// few.
  @Test
  void withoutNoiseTheirColumnsAreNotSummed() throws QueryException {
    for (String measure : List.of("SUM(p.price)", "AVG(p.price)", "COUNT(p.price)")) {
      CheckedPlan plan =
          check(
              "SELECT "
                  + measure
                  + " FROM airline.visits v JOIN media.airports p ON v.airport = p.code");
      assertThat(
              catchThrowableOfType(QueryException.class, () -> compile(plan, Optional.empty()))
                  .kind())
          .isEqualTo(Kind.NEEDS_NOISE);
      assertThat(compile(plan, Optional.of(UNBOUNDED)).release().measures()).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT COUNT(*) FROM media.airports",
        "SELECT p.region, COUNT(*) FROM media.airports p LEFT JOIN airline.visits v ON v.airport ="
            + " p.code GROUP BY p.region",
        "SELECT COUNT(*) FROM (SELECT airport FROM airline.visits UNION ALL SELECT code FROM"
            + " media.airports) x",
        "SELECT COUNT(*) FROM airline.visits v JOIN media.airports p ON v.email = p.code",
        "SELECT COUNT(*) FROM airline.visits v JOIN media.airports p ON v.airport = p.code JOIN"
            + " media.customers m ON m.channel = p.code",
        "SELECT COUNT(*) FROM airline.visits v WHERE v.email IN (SELECT code FROM media.airports)",
      })
  void whatHasNobodyOrTiesByItIsRefused(String sql) {
    QueryException refusal = catchThrowableOfType(QueryException.class, () -> check(sql));
    assertThat(refusal).as(sql).isNotNull();
    assertThat(refusal.kind()).isEqualTo(Kind.JOIN);
    assertThat(refusal.fix()).isNotEmpty();
  }
}
