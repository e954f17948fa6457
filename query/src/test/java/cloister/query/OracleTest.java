package cloister.query;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.crypto.Digest;
import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Epsilon;
import cloister.query.Rows.Cell;
import cloister.query.Rows.Kind;
import cloister.query.Rows.Line;
import cloister.room.Address;
import cloister.room.Analysis;
import cloister.room.Column;
import cloister.room.Column.Bounds;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import cloister.room.Dataset;
import cloister.room.Use;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What the emitted SQL returns, compared with [Rows], number by number, and with itself on
/// neighbouring data.
class OracleTest {
  private static final int SEEDS = 2;
  private static final int ENOUGH = 1_000;

  /// A query, its lines by the oracle, and the cells it asks for in the plan's order.
  private record Case(String sql, Function<Rows, List<Line>> lines, int groups, List<Cell> cells) {}

  private static final Cell ROWS = Cell.count(Kind.ROWS, 0);

  private static final List<Case> CASES =
      List.of(
          new Case(
              "SELECT zip, COUNT(DISTINCT email), COUNT(*), COUNT(age), COUNT(DISTINCT notes),"
                  + " SUM(spend), AVG(spend) FROM airline.customers GROUP BY zip",
              Rows::customers,
              1,
              List.of(
                  ROWS,
                  Cell.count(Kind.VALUES, 0),
                  Cell.count(Kind.DISTINCT, 3),
                  Cell.number(Kind.SUM, 1, 2, "0", "5000"),
                  Cell.number(Kind.MEAN, 1, 2, "0", "5000"))),
          new Case(
              "SELECT COUNT(score), SUM(score), AVG(score) FROM airline.customers WHERE zip = 'z1'",
              rows ->
                  rows.customers().stream()
                      .filter(line -> line.key().equals("z1"))
                      .map(line -> new Line(line.unit(), 0, "", line.values()))
                      .toList(),
              1,
              List.of(
                  Cell.count(Kind.VALUES, 2),
                  Cell.number(Kind.SUM, 2, 6, "-1", "1"),
                  Cell.number(Kind.MEAN, 2, 6, "-1", "1"))),
          new Case(
              "SELECT m.age_band, COUNT(*), COUNT(DISTINCT m.channel), SUM(a.spend), AVG(a.age)"
                  + " FROM airline.customers a JOIN media.customers m ON a.email = m.email"
                  + " GROUP BY m.age_band",
              Rows::joined,
              1,
              List.of(
                  ROWS,
                  Cell.count(Kind.DISTINCT, 2),
                  Cell.number(Kind.SUM, 1, 2, "0", "5000"),
                  Cell.number(Kind.MEAN, 0, 0, "0", "120"))),
          new Case(
              "SELECT m.age_band, COUNT(DISTINCT a.email), COUNT(DISTINCT m.channel)"
                  + " FROM airline.customers a JOIN media.customers m ON a.email = m.email"
                  + " GROUP BY m.age_band",
              Rows::joined,
              1,
              List.of(Cell.count(Kind.DISTINCT, 2))),
          new Case(
              "SELECT k, COUNT(DISTINCT email) AS n, COUNT(*), COUNT(s), SUM(s), AVG(s) FROM"
                  + " (SELECT email, zip AS k, spend AS s FROM airline.customers WHERE spend > 0"
                  + " UNION ALL SELECT email, airport, spend FROM airline.visits"
                  + " UNION ALL SELECT v.email, m.channel, v.spend FROM airline.visits v"
                  + " JOIN media.customers m ON v.email = m.email) x GROUP BY k",
              Rows::united,
              3,
              List.of(
                  ROWS,
                  Cell.number(Kind.SUM, 0, 2, "0", "5000"),
                  Cell.number(Kind.MEAN, 0, 2, "0", "5000"))),
          new Case(
              "SELECT zip, STDDEV(spend), AVG(spend), COUNT(spend), VAR_POP(spend), VARIANCE(age)"
                  + " FROM airline.customers GROUP BY zip",
              Rows::customers,
              1,
              List.of(
                  Cell.number(Kind.MOMENTS, 1, 2, "0", "5000"),
                  Cell.number(Kind.MOMENTS, 0, 0, "0", "120"))),
          new Case(
              "SELECT COUNT(score), STDDEV_POP(score) FROM airline.customers WHERE zip = 'z1'",
              rows ->
                  rows.customers().stream()
                      .filter(line -> line.key().equals("z1"))
                      .map(line -> new Line(line.unit(), 0, "", line.values()))
                      .toList(),
              1,
              List.of(Cell.count(Kind.VALUES, 2), Cell.number(Kind.MOMENTS, 2, 6, "-1", "1"))),
          new Case(
              "SELECT k, VAR_SAMP(s) FROM"
                  + " (SELECT email, zip AS k, spend AS s FROM airline.customers WHERE spend > 0"
                  + " UNION ALL SELECT email, airport, spend FROM airline.visits"
                  + " UNION ALL SELECT v.email, m.channel, v.spend FROM airline.visits v"
                  + " JOIN media.customers m ON v.email = m.email) x GROUP BY k",
              Rows::united,
              3,
              List.of(Cell.number(Kind.MOMENTS, 0, 2, "0", "5000"))));

  /// Without noise: the analyst's SQL, and SQL of ours with the numbers that Cloister's has.
  private static final Map<String, String> EXACT =
      Map.of(
          "SELECT zip, COUNT(DISTINCT email), COUNT(*), COUNT(age), SUM(spend), AVG(spend) FROM"
              + " airline.customers GROUP BY zip",
          "SELECT zip, COUNT(DISTINCT email), COUNT(DISTINCT CASE WHEN age IS NOT NULL THEN email"
              + " END), COUNT(DISTINCT CASE WHEN spend IS NOT NULL THEN email END), COUNT(*),"
              + " COUNT(age), (COALESCE(SUM(spend), 0) * 100)::HUGEINT, COUNT(spend),"
              + " (COALESCE(SUM(spend), 0) * 100)::HUGEINT, COUNT(spend)"
              + " FROM airline.customers GROUP BY zip",
          "SELECT COUNT(score), SUM(score), AVG(score) FROM airline.customers WHERE zip = 'z1'",
          "SELECT COUNT(DISTINCT email), COUNT(DISTINCT CASE WHEN score IS NOT NULL THEN email END),"
              + " COUNT(DISTINCT CASE WHEN score IS NOT NULL THEN email END), COUNT(score),"
              + " (COALESCE(SUM(score::DECIMAL(18,6)), 0) * 1000000)::HUGEINT, COUNT(score),"
              + " (COALESCE(SUM(score::DECIMAL(18,6)), 0) * 1000000)::HUGEINT, COUNT(score)"
              + " FROM airline.customers WHERE zip = 'z1'",
          "SELECT m.age_band, COUNT(*), SUM(a.spend), AVG(a.age)"
              + " FROM airline.customers a JOIN media.customers m ON a.email = m.email"
              + " GROUP BY m.age_band",
          "SELECT m.age_band, COUNT(DISTINCT a.email), COUNT(DISTINCT CASE WHEN a.spend IS NOT NULL"
              + " THEN a.email END), COUNT(DISTINCT CASE WHEN a.age IS NOT NULL THEN a.email END),"
              + " COUNT(*), (COALESCE(SUM(a.spend), 0) * 100)::HUGEINT, COUNT(a.spend),"
              + " COALESCE(SUM(a.age), 0)::HUGEINT, COUNT(a.age)"
              + " FROM airline.customers a JOIN media.customers m ON a.email = m.email"
              + " GROUP BY m.age_band",
          "SELECT zip, VAR_POP(spend), COUNT(spend), STDDEV(age), AVG(score), VAR_SAMP(score) FROM"
              + " airline.customers GROUP BY zip",
          "SELECT zip, COUNT(DISTINCT email), COUNT(DISTINCT CASE WHEN spend IS NOT NULL THEN email"
              + " END), COUNT(DISTINCT CASE WHEN score IS NOT NULL THEN email END), COUNT(DISTINCT"
              + " CASE WHEN age IS NOT NULL THEN email END),"
              + " (COALESCE(SUM(score::DECIMAL(18,6)), 0) * 1000000)::HUGEINT, COUNT(score), 0,"
              + " 0, (COALESCE(SUM(score::DECIMAL(18,6) * score::DECIMAL(18,6)), 0) *"
              + " 1000000000000)::HUGEINT, (COALESCE(SUM(spend), 0) * 100)::HUGEINT, COUNT(spend),"
              + " (COALESCE(SUM((spend * 100)::HUGEINT * (spend * 100)::HUGEINT), 0))::HUGEINT,"
              + " COALESCE(SUM(age), 0)::HUGEINT, COUNT(age), 0, 0,"
              + " COALESCE(SUM(age * age), 0)::HUGEINT FROM airline.customers GROUP BY zip",
          "SELECT v.airport, COUNT(DISTINCT m.email) FROM media.customers m"
              + " JOIN airline.customers a ON m.email = a.email"
              + " JOIN airline.visits v ON a.email = v.email"
              + " WHERE a.spend > 10 AND m.channel IS NOT NULL GROUP BY v.airport",
          "SELECT v.airport, COUNT(DISTINCT m.email) FROM media.customers m, airline.customers a,"
              + " airline.visits v WHERE m.email = a.email AND a.email = v.email"
              + " AND a.spend > 10 AND m.channel IS NOT NULL GROUP BY v.airport",
          "SELECT COUNT(DISTINCT m.email) FROM media.customers m"
              + " JOIN airline.customers a ON m.email = a.email",
          "SELECT COUNT(DISTINCT m.email) FROM media.customers m, airline.customers a"
              + " WHERE m.email = a.email",
          "SELECT k, COUNT(*), COUNT(s), SUM(s) FROM"
              + " (SELECT email, zip AS k, spend AS s FROM airline.customers WHERE spend > 0"
              + " UNION ALL SELECT email, airport, spend FROM airline.visits) x GROUP BY k",
          "SELECT k, COUNT(DISTINCT email), COUNT(DISTINCT CASE WHEN g = 0 THEN email END),"
              + " COUNT(DISTINCT CASE WHEN g = 1 THEN email END),"
              + " COUNT(DISTINCT CASE WHEN g = 0 AND s IS NOT NULL THEN email END),"
              + " COUNT(DISTINCT CASE WHEN g = 1 AND s IS NOT NULL THEN email END), COUNT(*),"
              + " COUNT(s), (COALESCE(SUM(s), 0) * 100)::HUGEINT, COUNT(s) FROM"
              + " (SELECT 0 AS g, email, zip AS k, spend AS s FROM airline.customers"
              + " WHERE spend > 0 UNION ALL SELECT 1, email, airport, spend FROM"
              + " airline.visits) x GROUP BY k");

  private static EngineQuery compile(String sql, Optional<DifferentialPrivacy> noise)
      throws QueryException {
    CheckedPlan plan = Fixture.check(sql);
    Map<Address, Integer> minimums =
        plan.datasets().stream().collect(Collectors.toMap(dataset -> dataset, _ -> 1));
    return plan.compile(minimums, noise, "c0ffee").engine();
  }

  private static EngineQuery bounded(Case each, int groupsPerUnit, int rowsPerUnit)
      throws QueryException {
    return compile(
        each.sql(),
        Optional.of(
            new DifferentialPrivacy(
                Epsilon.of("1"), Delta.of("0.000001"), groupsPerUnit, rowsPerUnit)));
  }

  private interface Check {
    void on(String what, Case each, Rows rows, Duck duck) throws Exception;
  }

  private static void onRandomData(Check check) throws Exception {
    for (long seed = 1; seed <= SEEDS; seed++) {
      var rows = new Rows(new SplittableRandom(seed));
      try (var duck = new Duck()) {
        rows.load(duck);
        for (Case each : CASES) {
          check.on("seed " + seed + ": " + each.sql(), each, rows, duck);
        }
      }
    }
  }

  /// Without keys the oracle's empty key stands where the SQL has no column.
  private static List<String> oracle(Case each, Rows rows, int rowsPerUnit) {
    return Rows.bounded(each.lines().apply(rows), each.groups(), each.cells(), rowsPerUnit).stream()
        .map(row -> each.sql().contains("GROUP BY") ? row : row.substring(1))
        .toList();
  }

  @Test
  void theBoundedTableIsTheOracles() throws Exception {
    onRandomData((what, each, rows, duck) -> {
      for (int rowsPerUnit : List.of(3, 7, 100_000)) {
        assertThat(duck.rows(bounded(each, ENOUGH, rowsPerUnit)))
            .as(what + " with " + rowsPerUnit)
            .isEqualTo(oracle(each, rows, rowsPerUnit));
      }
    });
  }

  @Test
  void withoutNoiseEveryColumnIsWhatTheAnalystsSqlGives() throws Exception {
    for (long seed = 1; seed <= SEEDS; seed++) {
      try (var duck = new Duck()) {
        new Rows(new SplittableRandom(seed)).load(duck);
        for (Map.Entry<String, String> each : EXACT.entrySet()) {
          assertThat(duck.rows(compile(each.getKey(), Optional.empty())))
              .as("seed " + seed + ": " + each.getKey())
              .isEqualTo(duck.rows(each.getValue()));
        }
      }
    }
  }

  /// Which groups a unit keeps is the SQL's choice; that the table is the sum of what each unit
  /// gives alone shows that the choice looks at that unit alone.
  @Test
  void aUnitKeepsSomeOfItsOwnGroupsAndTheTableIsTheSumOverUnits() throws Exception {
    onRandomData((what, each, rows, duck) -> {
      int groupsPerUnit = 2;
      var query = bounded(each, groupsPerUnit, 3);
      Map<String, List<Line>> units =
          each.lines().apply(rows).stream().collect(Collectors.groupingBy(Line::unit));
      var total = new TreeMap<String, List<BigInteger>>();
      units.forEach((unit, lines) -> {
        List<String> own = alone(duck, query, unit);
        List<String> all =
            Rows.bounded(lines, each.groups(), each.cells(), 3).stream()
                .map(row -> each.sql().contains("GROUP BY") ? row : row.substring(1))
                .toList();
        assertThat(all).as(what + " " + unit).containsAll(own);
        assertThat(own).as(what + " " + unit).hasSize(Math.min(groupsPerUnit, all.size()));
        parsed(own, each).forEach((key, numbers) -> total.merge(key, numbers, OracleTest::added));
      });
      var together = parsed(duck.rows(query), each);
      assertThat(together.keySet()).as(what).isEqualTo(total.keySet());
      together.forEach((key, numbers) -> {
        List<BigInteger> summed = Optional.ofNullable(total.get(key)).orElseThrow();
        for (int i = 0; i < numbers.size(); i++) {
          // A union of values has no more than the sum of their counts.
          if (!isDistinct(each, i)) {
            assertThat(numbers.get(i)).as(what + " " + key).isEqualTo(summed.get(i));
          } else {
            assertThat(numbers.get(i))
                .as(what + " " + key)
                .isBetween(BigInteger.ZERO, summed.get(i));
          }
        }
      });
    });
  }

  private static List<String> alone(Duck duck, EngineQuery query, String unit) {
    try {
      return duck.rows(query, _ -> "email = " + DuckDbSql.text(unit));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /// All rows of a unit go, from everywhere or from one dataset: no more groups and numbers move
  /// than noise is made for.
  @Test
  void neighboursDifferByNoMoreThanTheSensitivities() throws Exception {
    onRandomData((what, each, rows, duck) -> {
      int groupsPerUnit = 1;
      int rowsPerUnit = 2;
      var query = bounded(each, groupsPerUnit, rowsPerUnit);
      var with = parsed(duck.rows(query), each);
      for (String unit : List.of("heavy@x", "wide@x", "u1@x", "u7@x")) {
        for (String from : List.of("", "/airline/dataset/customers", "/airline/dataset/visits")) {
          var without =
              parsed(
                  duck.rows(
                      query,
                      dataset ->
                          from.isEmpty() || dataset.toString().equals(from)
                              ? "email <> " + DuckDbSql.text(unit)
                              : "true"),
                  each);
          int differ = 0;
          for (String key : union(with, without)) {
            var difference =
                difference(
                    Optional.ofNullable(with.get(key)),
                    Optional.ofNullable(without.get(key)),
                    width(each));
            differ += difference.stream().anyMatch(number -> number.signum() != 0) ? 1 : 0;
            for (int i = 0; i < difference.size(); i++) {
              assertThat(difference.get(i).abs())
                  .as(what + " without " + unit + " of " + from + ", number " + i)
                  .isLessThanOrEqualTo(most(each, i, rowsPerUnit));
            }
          }
          boolean mayChange = each.groups() > 1 && !from.isEmpty();
          assertThat(differ)
              .as(what + " without " + unit + " of " + from)
              .isLessThanOrEqualTo(mayChange ? 2 * groupsPerUnit : groupsPerUnit);
        }
      }
    });
  }

  private static List<String> union(Map<String, ?> one, Map<String, ?> other) {
    var keys = new TreeMap<String, Object>(one);
    keys.putAll(other);
    return List.copyOf(keys.keySet());
  }

  private static List<BigInteger> difference(
      Optional<List<BigInteger>> one, Optional<List<BigInteger>> other, int width) {
    List<BigInteger> nothing = Collections.nCopies(width, BigInteger.ZERO);
    List<BigInteger> difference = new ArrayList<>();
    for (int i = 0; i < width; i++) {
      difference.add(one.orElse(nothing).get(i).subtract(other.orElse(nothing).get(i)));
    }
    return difference;
  }

  private static int counters(Case each) {
    return each.groups() == 1 ? 1 : each.groups() + 1;
  }

  private static int width(Case each) {
    return counters(each) + columns(each).size();
  }

  /// The cell of each number after the counters.
  private static List<Cell> columns(Case each) {
    List<Cell> columns = new ArrayList<>();
    for (Cell cell : each.cells()) {
      columns.add(cell);
      if (cell.isNumber()) {
        columns.add(Cell.count(Kind.VALUES, cell.argument()));
      }
      if (cell.kind() == Kind.MOMENTS) {
        columns.add(
            new Cell(Kind.SQUARES, cell.argument(), cell.digits(), cell.lowest(), cell.highest()));
      }
    }
    return columns;
  }

  private static boolean isDistinct(Case each, int number) {
    return number >= counters(each)
        && columns(each).get(number - counters(each)).kind() == Kind.DISTINCT;
  }

  private static BigInteger most(Case each, int number, int rowsPerUnit) {
    if (number < counters(each)) {
      return BigInteger.ONE;
    }
    Cell cell = columns(each).get(number - counters(each));
    BigInteger rows = BigInteger.valueOf(rowsPerUnit);
    return switch (cell.kind()) {
      case ROWS, VALUES, DISTINCT -> rows;
      // All of these start at or below 0, so that the range is the widest change.
      case SUM -> cell.highest().subtract(cell.lowest());
      case MEAN, MOMENTS -> cell.highest().subtract(cell.lowest()).multiply(rows);
      case SQUARES -> cell.highest().subtract(cell.middle()).pow(2).multiply(rows);
    };
  }

  private static List<BigInteger> added(List<BigInteger> one, List<BigInteger> other) {
    List<BigInteger> sum = new ArrayList<>();
    for (int i = 0; i < one.size(); i++) {
      sum.add(one.get(i).add(other.get(i)));
    }
    return sum;
  }

  /// By key, counters and cells.
  private static Map<String, List<BigInteger>> parsed(List<String> rows, Case each) {
    Map<String, List<BigInteger>> result = new TreeMap<>();
    for (String row : rows) {
      List<String> parts = new ArrayList<>(List.of(row.split("\\|", -1)));
      String key = each.sql().contains("GROUP BY") ? parts.removeFirst() : "";
      result.put(key, parts.stream().map(BigInteger::new).toList());
    }
    return result;
  }

  /// Without a bound before the join one unit's presence would decide whether a run ends in time.
  @Test
  void aUnitsRowsInAJoinAreBoundedBySource() throws Exception {
    String two =
        "SELECT COUNT(*), SUM(a.spend) FROM airline.customers a JOIN media.customers m ON a.email ="
            + " m.email WHERE a.spend > 0";
    String three =
        "SELECT COUNT(*), SUM(a.spend) FROM airline.customers a JOIN media.customers m ON a.email ="
            + " m.email JOIN media.customers w ON w.email = m.email WHERE m.channel <> 'none'"
            + " AND w.channel <> m.channel";
    String which =
        "SELECT m.channel, COUNT(*) FROM airline.customers a JOIN media.customers m ON a.email ="
            + " m.email GROUP BY m.channel";
    var terms = new DifferentialPrivacy(Epsilon.of("1"), Delta.of("0.000001"), 2_000, 1_000_000);
    var kept = new TreeMap<String, List<String>>();
    for (String order : List.of("i", "hash(i)", "-i")) {
      try (var duck = new Duck()) {
        duck.run("SET threads=2");
        duck.run("CREATE SCHEMA airline");
        duck.run("CREATE SCHEMA media");
        duck.run(
            "CREATE TABLE airline.customers AS SELECT CASE WHEN i < 30000 THEN 'heavy' ELSE 'u' || i"
                + " END AS email, CASE WHEN i % 2 = 0 THEN i / 100 ELSE 0 END::DECIMAL(10,2) AS spend"
                + " FROM range(35000) t(i) ORDER BY "
                + order);
        duck.run(
            "CREATE TABLE media.customers AS SELECT CASE WHEN i < 30000 THEN 'heavy' ELSE 'u' || i"
                + " END AS email, 'c' || i AS channel FROM range(35000) t(i) ORDER BY "
                + order);
        List<String> chosen = duck.rows(compile(which, Optional.of(terms)), _ -> "email = 'heavy'");
        assertThat(chosen).hasSize(1000).allMatch(row -> row.endsWith("|1|1000"));
        assertThat(kept.computeIfAbsent(which, _ -> chosen)).as(order).isEqualTo(chosen);
        for (String sql : List.of(two, three)) {
          EngineQuery query = compile(sql, Optional.of(terms));
          List<String> rows = duck.rows(query);
          assertThat(kept.computeIfAbsent(sql, _ -> rows)).as(order).isEqualTo(rows);
          String[] heavy = duck.rows(query, _ -> "email = 'heavy'").getFirst().split("\\|", -1);
          assertThat(heavy[0]).isEqualTo("1");
          // 1000 rows of each of two sources, 100 of each of three less those that do not match
          assertThat(Long.parseLong(heavy[1]))
              .isBetween(sql.equals(two) ? 1_000_000L : 900_000L, 1_000_000L);
          long others =
              Long.parseLong(
                  duck.rows(query, _ -> "email <> 'heavy'").getFirst().split("\\|", -1)[1]);
          assertThat(others).isEqualTo(sql.equals(two) ? 2500 : 0);
          assertThat(Long.parseLong(rows.getFirst().split("\\|", -1)[1]))
              .isEqualTo(others + Long.parseLong(heavy[1]));
        }
      }
    }
  }

  @Test
  void whichZeroAKeyIsCalledDoesNotDependOnRows() throws Exception {
    var each =
        new Case(
            "SELECT CEIL(score), COUNT(*) FROM airline.customers GROUP BY CEIL(score)",
            _ -> List.of(),
            1,
            List.of(ROWS));
    for (String scores : List.of("(-0.5), (0.0)", "(0.0), (-0.5)", "(-0.5), (-0.5)")) {
      try (var duck = new Duck()) {
        duck.run("CREATE SCHEMA airline");
        duck.run(
            "CREATE TABLE airline.customers AS SELECT 'u' || score AS email, score"
                + " FROM (VALUES "
                + scores
                + ") t(s), LATERAL (SELECT s::DOUBLE AS score)");
        for (var noise : List.of(bounded(each, 1, 5), compile(each.sql(), Optional.empty()))) {
          assertThat(duck.rows(noise)).as(scores).hasSize(1);
          assertThat(duck.rows(noise).getFirst()).as(scores).startsWith("0.0|");
        }
      }
    }
  }

  /// Bounds far above what a cast lets through: every unit's sum is clamped upwards.
  @Test
  void noClampOverflows() throws Exception {
    var largest = BigInteger.TEN.pow(25).multiply(BigInteger.valueOf(400));
    assertThat(
            wide(
                "SUM(CAST(x AS DECIMAL(19,18)))",
                "SELECT 'u' || i AS email, 5::BIGINT AS x FROM range(400) t(i)"))
        .containsExactly("400|" + largest + "|400");
  }

  /// Distances of more than 42 bits are squared in parts.
  @Test
  void squaresOfAWideRangeComeInParts() throws Exception {
    var largest = BigInteger.TEN.pow(18);
    var middle = largest.divide(BigInteger.valueOf(4)).multiply(BigInteger.valueOf(3));
    var distance = largest.subtract(middle);
    var limb = BigInteger.TWO.pow(42);
    var high = distance.divide(limb);
    var low = distance.mod(limb);
    // Of 1,000,000 rows each unit's 2,000,001 are scaled down to, so that nothing is left over.
    var rows = BigInteger.valueOf(1_000_000);
    assertThat(
            wide(
                "VAR_POP(x)",
                "SELECT 'u' || i % 2 AS email, (1000000000000000000 - (i % 2) * 500000000000000000)"
                    + "::BIGINT AS x FROM range(4000002) t(i)"))
        .containsExactly(
            "2|0|2000000|"
                + high.multiply(high).multiply(rows).shiftLeft(1)
                + "|"
                + high.multiply(low).multiply(rows).shiftLeft(1)
                + "|"
                + low.multiply(low).multiply(rows).shiftLeft(1));
  }

  /// The contract's re-centred squares of one unit, at both ends and in the middle of the range,
  /// with and without rows to be scaled down.
  @Test
  void aUnitMovesReCentredSquaresByNoMoreThanHalfTheLargest() throws Exception {
    var largest = BigInteger.valueOf(250_000).pow(2);
    for (String value : List.of("0", "1250.55", "2500", "3333.33", "5000", "9999")) {
      for (int rows : List.of(1, 2, 3, 7)) {
        try (var duck = new Duck()) {
          duck.run("CREATE SCHEMA airline");
          duck.run(
              "CREATE TABLE airline.customers AS SELECT 'u' AS email, "
                  + value
                  + "::DECIMAL(10,2) AS spend FROM range("
                  + rows
                  + ")");
          var terms = new DifferentialPrivacy(Epsilon.of("1"), Delta.ZERO, 1, 2);
          String[] cells =
              duck.rows(compile("SELECT VAR_POP(spend) FROM airline.customers", Optional.of(terms)))
                  .getFirst()
                  .split("\\|", -1);
          var count = new BigInteger(cells[2]);
          var centred = new BigInteger(cells[3]).subtract(largest.shiftRight(1).multiply(count));
          assertThat(count.intValueExact()).isEqualTo(Math.min(rows, 2));
          assertThat(centred.abs())
              .as(value + " in " + rows)
              .isLessThanOrEqualTo(largest.add(BigInteger.ONE).shiftRight(1).multiply(count));
        }
      }
    }
  }

  /// One unit with millions of rows of the largest values that are summed exactly.
  @Test
  @Tag("slow")
  void noNumberOfRowsOverflows() throws Exception {
    var mean = new BigInteger("9999999999999" + "0".repeat(12 + 6));
    assertThat(
            wide(
                "AVG(CAST(y AS DECIMAL(25,12)))",
                "SELECT 'u' AS email, 9999999999999 AS y FROM range(18000000)"))
        .containsExactly("1|" + mean + "|1000000");
  }

  /// An overflow would be an error that depends on data.
  private static List<String> wide(String aggregate, String rows) throws Exception {
    var dataset =
        new Dataset(
            Fixture.AIRLINE,
            Digest.ofUtf8("wide"),
            Optional.of(new ColumnName("email")),
            List.of(
                column("email", "string", true, Optional.empty()),
                column("x", "integer", false, bounds("500000000000000000")),
                column("y", "integer", false, bounds("0"))),
            Optional.empty(),
            List.of());
    CheckedPlan plan =
        Planner.check(
            "SELECT " + aggregate + " FROM airline.customers", Fixture.RESEARCH, catalog(dataset));
    var noise = new DifferentialPrivacy(Epsilon.of("1"), Delta.ZERO, 1, 1_000_000);
    try (var duck = new Duck()) {
      duck.run("CREATE SCHEMA airline");
      duck.run("CREATE TABLE airline.customers AS " + rows);
      return duck.rows(
          plan.compile(Map.of(Fixture.AIRLINE, 1), Optional.of(noise), "c0ffee").engine());
    }
  }

  private static Catalog catalog(Dataset dataset) {
    return new Catalog() {
      @Override
      public Optional<Dataset> dataset(Address address) {
        return Optional.of(dataset).filter(each -> each.address().equals(address));
      }

      @Override
      public Optional<Analysis> analysis(Address address) {
        return Optional.empty();
      }
    };
  }

  private static Optional<Bounds> bounds(String lower) {
    return Optional.of(new Bounds(new BigDecimal(lower), new BigDecimal("1000000000000000000")));
  }

  private static Column column(
      String name, String type, boolean required, Optional<Bounds> bounds) {
    return new Column(
        new ColumnName(name),
        ColumnType.parse(type),
        Optional.empty(),
        required ? Set.of(Use.JOIN) : Set.of(Use.values()),
        required,
        Optional.empty(),
        bounds);
  }
}
