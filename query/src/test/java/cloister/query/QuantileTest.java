package cloister.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Epsilon;
import cloister.privacy.Measure;
import cloister.privacy.NoiseStream;
import cloister.privacy.Release;
import cloister.query.QueryException.Kind;
import cloister.query.Rows.Line;
import cloister.room.Address;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Medians and other quantiles, from SQL to answer.
class QuantileTest {
  private static Compiled compile(String sql, String epsilon, int rowsPerUnit)
      throws QueryException {
    CheckedPlan plan = Fixture.check(sql);
    Map<Address, Integer> minimums = new TreeMap<>();
    plan.datasets().forEach(dataset -> minimums.put(dataset, 1));
    return plan.compile(
        minimums,
        Optional.of(
            new DifferentialPrivacy(Epsilon.of(epsilon), Delta.of("0.000001"), 50, rowsPerUnit)),
        "c0ffee");
  }

  /// Leaf → how many, of text like `[3, 1, 7, 2]`.
  private static Map<Integer, Integer> histogram(String text) {
    var leaves = new TreeMap<Integer, Integer>();
    String[] numbers = text.substring(1, text.length() - 1).split(", *", -1);
    for (int i = 0; i + 1 < numbers.length; i += 2) {
      leaves.put(Integer.valueOf(numbers[i]), Integer.valueOf(numbers[i + 1]));
    }
    return leaves;
  }

  private static int leaf(BigDecimal value, String lower, String upper, int digits) {
    long lowest = new BigDecimal(lower).movePointRight(digits).longValueExact();
    long highest = new BigDecimal(upper).movePointRight(digits).longValueExact();
    long step = Math.clamp(value.movePointRight(digits).longValueExact(), lowest, highest);
    return (int) ((step - lowest) * 1024 / (highest - lowest + 1));
  }

  @Test
  void theLeavesAreTheOracles() throws Exception {
    String sql =
        "SELECT zip, MEDIAN(spend), PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY spend),"
            + " MEDIAN(age) FROM airline.customers GROUP BY zip";
    for (long seed = 1; seed <= 2; seed++) {
      var rows = new Rows(new SplittableRandom(seed));
      try (var duck = new Duck()) {
        rows.load(duck);
        var compiled = compile(sql, "1", 100_000);
        assertThat(compiled.engine().lists()).isEqualTo(2);
        var byKey = Rows.byKey(rows.customers());
        for (String row : duck.rows(compiled.engine())) {
          String[] columns = row.split("\\|", -1);
          var lines = Optional.ofNullable(byKey.get(columns[0])).orElseThrow();
          // The arguments are in the order of their texts: age is before spend.
          assertThat(histogram(columns[2])).isEqualTo(oracle(lines, 0, "0", "120", 0));
          assertThat(histogram(columns[3])).isEqualTo(oracle(lines, 1, "0", "5000", 2));
        }
      }
    }
  }

  private static Map<Integer, Integer> oracle(
      List<Line> lines, int argument, String lower, String upper, int digits) {
    var leaves = new TreeMap<Integer, Integer>();
    for (Line line : lines) {
      line.values()
          .get(argument)
          .ifPresent(value ->
              leaves.merge(
                  leaf(new BigDecimal(value.toString()), lower, upper, digits), 1, Integer::sum));
    }
    return leaves;
  }

  /// Of many rows as many as allowed, by a rule that sees one unit: the histogram is the sum of
  /// what each unit has alone.
  @Test
  void aUnitKeepsSomeOfItsValues() throws Exception {
    for (int rowsPerUnit : new int[] {1, 3}) {
      var compiled = compile("SELECT MEDIAN(spend) FROM airline.customers", "1", rowsPerUnit);
      try (var duck = new Duck()) {
        var rows = new Rows(new SplittableRandom(1));
        rows.load(duck);
        var sum = new TreeMap<Integer, Integer>();
        for (String unit : rows.units()) {
          var all =
              oracle(
                  rows.customers().stream().filter(line -> line.unit().equals(unit)).toList(),
                  1,
                  "0",
                  "5000",
                  2);
          int values = all.values().stream().mapToInt(Integer::intValue).sum();
          var alone =
              duck.rows(compiled.engine(), _ -> "email = " + DuckDbSql.text(unit)).getFirst();
          var own = histogram(alone.substring(alone.indexOf('[')));
          assertThat(own.values().stream().mapToInt(Integer::intValue).sum())
              .isEqualTo(Math.min(values, rowsPerUnit));
          own.forEach((leaf, count) -> {
            assertThat(count).isLessThanOrEqualTo(all.getOrDefault(leaf, 0));
            sum.merge(leaf, count, Integer::sum);
          });
        }
        var together = duck.rows(compiled.engine()).getFirst();
        assertThat(histogram(together.substring(together.indexOf('[')))).isEqualTo(sum);
      }
    }
  }

  /// 4000 units with one row each, of 0.00 to 3999.00.
  @Test
  void quantilesAreCloseAndCovered() throws Exception {
    var compiled =
        compile(
            "SELECT MEDIAN(spend), PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY spend),"
                + " PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY spend DESC),"
                + " PERCENTILE_CONT(0) WITHIN GROUP (ORDER BY spend) FROM airline.customers",
            "1",
            1);
    assertThat(compiled.release().measures())
        .hasExactlyElementsOfTypes(
            Measure.Quantile.class,
            Measure.AnotherQuantile.class,
            Measure.AnotherQuantile.class,
            Measure.AnotherQuantile.class);
    // In the order of the fractions.
    double[] truth = {0, 1999.5, 2999.25, 3599.1};
    int[] covered = new int[4];
    int runs = 100;
    try (var duck = new Duck()) {
      duck.run("CREATE SCHEMA airline");
      duck.run(
          "CREATE TABLE airline.customers AS SELECT 'u' || i AS email, i::DECIMAL(10,2) AS spend"
              + " FROM range(4000) t(i)");
      var table = duck.table(compiled.engine());
      var errors = new ArrayList<Double>();
      for (int run = 0; run < runs; run++) {
        var key = ByteBuffer.allocate(NoiseStream.KEY_BYTES).putInt(run).array();
        try (var stream = new NoiseStream(key)) {
          var row = Release.release(compiled.release(), table, stream).rows().getFirst();
          for (int i = 0; i < truth.length; i++) {
            var value = row.values().get(i).orElseThrow();
            double off = Math.abs(value.number().doubleValue() - truth[i]);
            covered[i] += off <= value.error().doubleValue() ? 1 : 0;
            if (i == 1) {
              errors.add(off);
            }
            assertThat(value.error().doubleValue()).isLessThan(400);
          }
        }
      }
      assertThat(errors.stream().mapToDouble(each -> each).average().orElseThrow()).isLessThan(60);
    }
    assertThat(Arrays.stream(covered).min().orElseThrow())
        .as(Arrays.toString(covered))
        .isGreaterThanOrEqualTo(93);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT PERCENTILE_CONT(1.5) WITHIN GROUP (ORDER BY spend) FROM airline.customers",
        "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY spend, age) FROM airline.customers",
        "SELECT PERCENTILE_CONT(age) WITHIN GROUP (ORDER BY spend) FROM airline.customers",
        "SELECT PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY spend) FROM airline.customers",
        "SELECT LISTAGG(zip) WITHIN GROUP (ORDER BY spend) FROM airline.customers",
        "SELECT MEDIAN(DISTINCT spend) FROM airline.customers",
        "SELECT MEDIAN(spend, age) FROM airline.customers",
        "SELECT MEDIAN(zip) FROM airline.customers",
        "SELECT MEDIAN(SUM(spend)) FROM airline.customers",
        "SELECT COUNT(*) FROM airline.customers WHERE MEDIAN(spend) > 1",
        "SELECT PERCENTILE_CONT(0.5) FROM airline.customers",
        "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY MEDIAN(spend)) FROM airline.customers"
      })
  void otherFormsAreRefused(String sql) {
    QueryException refusal = catchThrowableOfType(QueryException.class, () -> Fixture.check(sql));
    assertThat(refusal).as(sql).isNotNull();
    assertThat(refusal.fix()).isNotEmpty();
  }

  @Test
  void withoutNoiseAQuantileIsRefusedAndUnboundedOnesAlways() throws QueryException {
    QueryException refusal =
        catchThrowableOfType(
            QueryException.class,
            () ->
                Fixture.check("SELECT MEDIAN(spend) FROM airline.customers")
                    .compile(Map.of(Fixture.AIRLINE, 25), Optional.empty(), "c0ffee"));
    assertThat(refusal.kind()).isEqualTo(Kind.NEEDS_NOISE);
    assertThat(
            catchThrowableOfType(
                    QueryException.class,
                    () -> compile("SELECT MEDIAN(views) FROM media.customers", "1", 1))
                .kind())
        .isEqualTo(Kind.UNBOUNDED);
  }
}
