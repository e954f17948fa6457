package cloister.query;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloister.crypto.Digest;
import cloister.privacy.Answer;
import cloister.privacy.Bounding;
import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Epsilon;
import cloister.privacy.Measure;
import cloister.privacy.NoiseStream;
import cloister.privacy.Release;
import cloister.query.QueryException.Kind;
import cloister.room.Address;
import cloister.room.Analysis;
import cloister.room.Column;
import cloister.room.Column.Bounds;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import cloister.room.Dataset;
import cloister.room.Name;
import cloister.room.Use;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Sums and counts whose clip noise finds, from SQL to answer.
class ClippingTest {
  private static final Address SALES = Address.parse("/shop/dataset/sales");

  private static final class Shop implements Catalog {
    @Override
    public Optional<Dataset> dataset(Address address) {
      return Optional.of(
              new Dataset(
                  SALES,
                  Digest.ofUtf8("sales"),
                  Optional.of(new ColumnName("email")),
                  List.of(
                      column("email", "string", Bounding.DECLARED, Optional.empty()),
                      column("k", "string", Bounding.DECLARED, Optional.empty()),
                      column("price", "decimal(10,2)", Bounding.AUTOMATIC, Optional.empty()),
                      column("big", "integer", Bounding.AUTOMATIC, Optional.empty()),
                      column("score", "double", Bounding.AUTOMATIC, Optional.empty()),
                      column(
                          "share",
                          "decimal(4,2)",
                          Bounding.DECLARED,
                          Optional.of(new Bounds(BigDecimal.ZERO, BigDecimal.ONE))),
                      column("views", "integer", Bounding.DECLARED, Optional.empty())),
                  Optional.empty(),
                  List.of()))
          .filter(each -> each.address().equals(address));
    }

    @Override
    public Optional<Analysis> analysis(Address address) {
      return Optional.empty();
    }

    private static Column column(String name, String type, Bounding sums, Optional<Bounds> bounds) {
      return new Column(
          new ColumnName(name),
          ColumnType.parse(type),
          Optional.empty(),
          name.equals("email")
              ? Set.of(Use.JOIN)
              : sums == Bounding.AUTOMATIC
                  ? Set.of(Use.SUM, Use.COUNT, Use.FILTER)
                  : bounds.isPresent()
                      ? Set.of(Use.values())
                      : Set.of(Use.GROUP, Use.FILTER, Use.COUNT),
          name.equals("email"),
          Optional.empty(),
          bounds,
          sums);
    }
  }

  private static final String COLUMNS =
      "email VARCHAR, k VARCHAR, price DECIMAL(10,2), big BIGINT, score DOUBLE,"
          + " share DECIMAL(4,2), views BIGINT";

  private static DifferentialPrivacy terms(String epsilon, int groupsPerUnit, Bounding rows) {
    return new DifferentialPrivacy(
        Epsilon.of(epsilon), Delta.of("0.000001"), groupsPerUnit, 1, rows);
  }

  private static Compiled compile(String sql, DifferentialPrivacy terms) throws QueryException {
    return Planner.check(sql, new Name("shop"), new Shop())
        .compile(Map.of(SALES, 1), Optional.of(terms), "5eed");
  }

  private static Duck duck(String rows) throws Exception {
    var duck = new Duck();
    duck.run("CREATE SCHEMA shop");
    duck.run("CREATE TABLE shop.sales (" + COLUMNS + ")");
    duck.run("INSERT INTO shop.sales BY NAME " + rows);
    return duck;
  }

  private static Answer release(Compiled compiled, Duck duck, int seed) throws Exception {
    var key = new byte[NoiseStream.KEY_BYTES];
    Arrays.fill(key, (byte) 1);
    ByteBuffer.wrap(key).putInt(seed);
    try (var stream = new NoiseStream(key)) {
      return Release.release(compiled.release(), duck.table(compiled.engine()), stream);
    }
  }

  /// Per key the list of a histogram, as the contract of [Measure.Clipped] has it.
  private static Map<String, Map<Integer, List<BigInteger>>> oracle(
      Map<String, Map<String, BigInteger>> totals, Measure.Clipped clipped) {
    var edges = clipped.edges();
    var result = new TreeMap<String, Map<Integer, List<BigInteger>>>();
    totals.forEach((key, units) -> {
      var buckets = new TreeMap<Integer, List<BigInteger>>();
      units
          .values()
          .forEach(total -> {
            var clamped = total.min(edges.getLast()).max(edges.getLast().negate());
            if (clamped.signum() != 0) {
              int bucket =
                  (int) edges.stream().filter(edge -> edge.compareTo(clamped.abs()) < 0).count()
                      + 1;
              buckets.merge(
                  bucket * clamped.signum(),
                  List.of(BigInteger.ONE, clamped),
                  (one, other) ->
                      List.of(one.get(0).add(other.get(0)), one.get(1).add(other.get(1))));
            }
          });
      result.put(key, buckets);
    });
    return result;
  }

  private static Map<Integer, List<BigInteger>> histogram(String text) {
    var numbers =
        Arrays.stream(text.substring(1, text.length() - 1).split(", *", -1))
            .filter(each -> !each.isEmpty())
            .map(BigInteger::new)
            .toList();
    var buckets = new TreeMap<Integer, List<BigInteger>>();
    for (int i = 0; i < numbers.size(); i += 3) {
      assertThat(buckets.put(numbers.get(i).intValueExact(), numbers.subList(i + 1, i + 3)))
          .isNull();
    }
    return buckets;
  }

  /// Totals of every size and of both signs, on the edges, next to them and beyond the last.
  @Test
  void theHistogramIsTheOracles() throws Exception {
    var random = new SplittableRandom(5);
    var edges = new Measure.Clipped(BigDecimal.ONE, Measure.Sides.BOTH, 63).edges();
    var rows = new ArrayList<String>();
    var prices = new TreeMap<String, Map<String, BigInteger>>();
    var bigs = new TreeMap<String, Map<String, BigInteger>>();
    var counts = new TreeMap<String, Map<String, BigInteger>>();
    var priced = new TreeMap<String, Map<String, BigInteger>>();
    for (int i = 0; i < 3000; i++) {
      String unit = "u" + random.nextInt(800);
      String key = "k" + random.nextInt(2);
      var edge = edges.get(random.nextInt(edges.size()));
      var big =
          edge.add(BigInteger.valueOf(random.nextInt(3) - 1))
              .min(BigInteger.valueOf(Long.MAX_VALUE));
      big = random.nextBoolean() ? big : big.negate();
      long price = random.nextLong(-500, 501) * (random.nextInt(9) == 0 ? 1_000_000 : 1);
      boolean missing = random.nextInt(6) == 0;
      rows.add(
          "('"
              + unit
              + "', '"
              + key
              + "', "
              + (missing ? "NULL" : BigDecimal.valueOf(price, 2).toPlainString())
              + ", "
              + big
              + ")");
      merge(bigs, key, unit, big);
      merge(counts, key, unit, BigInteger.ONE);
      merge(prices, key, unit, missing ? BigInteger.ZERO : BigInteger.valueOf(price));
      merge(priced, key, unit, missing ? BigInteger.ZERO : BigInteger.ONE);
    }
    var values = "SELECT * FROM (VALUES " + String.join(", ", rows) + ") t(email, k, price, big)";
    var grouped = new LinkedHashMap<String, List<Map<String, Map<String, BigInteger>>>>();
    grouped.put(
        "SELECT k, COUNT(*), COUNT(price), SUM(price), SUM(big) FROM sales GROUP BY k",
        List.of(counts, priced, bigs, prices));
    for (var each : grouped.entrySet()) {
      var compiled = compile(each.getKey(), terms("1", 5, Bounding.AUTOMATIC));
      assertThat(compiled.engine().lists()).isEqualTo(4);
      assertThat(compiled.engine().cells()).isZero();
      try (var duck = duck(values)) {
        for (String row : duck.rows(compiled.engine())) {
          String[] columns = row.split("\\|", -1);
          for (int list = 0; list < 4; list++) {
            var measure = (Measure.Clipped) compiled.release().measures().get(list);
            assertThat(histogram(columns[2 + list]))
                .as("%s, list %d", columns[0], list)
                .isEqualTo(oracle(each.getValue().get(list), measure).get(columns[0]));
          }
        }
      }
    }
  }

  private static void merge(
      Map<String, Map<String, BigInteger>> totals, String key, String unit, BigInteger value) {
    totals.computeIfAbsent(key, _ -> new TreeMap<>()).merge(unit, value, BigInteger::add);
  }

  /// One unit of every size, whatever its rows: one more or less in one bucket of one group.
  @Test
  void aUnitIsInOneBucketOfItsGroups() throws Exception {
    var compiled =
        compile(
            "SELECT k, COUNT(*), SUM(big) FROM sales GROUP BY k",
            terms("1", 2, Bounding.AUTOMATIC));
    try (var duck =
        duck(
            "SELECT 'u' || i % 50 AS email, 'k' || (i * 7) % 11 AS k, (i * 7919) % 1000 - 500 AS big"
                + " FROM range(5000) t(i)")) {
      var with = lists(duck.rows(compiled.engine()));
      for (int unit = 0; unit < 50; unit++) {
        String email = "u" + unit;
        var without = lists(duck.rows(compiled.engine(), _ -> "email <> '" + email + "'"));
        var keys = new ArrayList<>(with.keySet());
        int groups = 0;
        for (String key : keys) {
          int changed = 0;
          for (int list = 0; list < 2; list++) {
            var one = requireNonNull(with.get(key)).get(list);
            var other =
                without.containsKey(key)
                    ? without.get(key).get(list)
                    : Map.<Integer, List<BigInteger>>of();
            var buckets = new ArrayList<>(one.keySet());
            int moved = 0;
            for (int bucket : buckets) {
              var units =
                  Optional.ofNullable(other.get(bucket))
                      .map(List::getFirst)
                      .orElse(BigInteger.ZERO);
              var difference = requireNonNull(one.get(bucket)).getFirst().subtract(units);
              assertThat(difference).isBetween(BigInteger.ZERO, BigInteger.ONE);
              moved += difference.intValueExact();
            }
            assertThat(moved).isLessThanOrEqualTo(1);
            changed += moved;
          }
          groups += changed > 0 ? 1 : 0;
        }
        assertThat(groups).isLessThanOrEqualTo(2);
      }
    }
  }

  private static Map<String, List<Map<Integer, List<BigInteger>>>> lists(List<String> rows) {
    var result = new TreeMap<String, List<Map<Integer, List<BigInteger>>>>();
    for (String row : rows) {
      String[] columns = row.split("\\|", -1);
      result.put(columns[0], Arrays.stream(columns).skip(2).map(ClippingTest::histogram).toList());
    }
    return result;
  }

  /// 20,000 units of 1 to 7 rows, each row of 2.50 or of minus that.
  @Test
  void aSumAndACountAreCloseWithoutAnybodysBounds() throws Exception {
    var compiled =
        compile(
            "SELECT COUNT(*), SUM(price), SUM(score), SUM(price * share), SUM(CASE WHEN views > 0"
                + " THEN price ELSE 0 END) FROM sales",
            terms("2", 1, Bounding.AUTOMATIC));
    try (var duck =
        duck(
            "SELECT 'u' || i % 20000 AS email, CASE WHEN i % 5 = 0 THEN -2.5 ELSE 2.5 END AS price,"
                + " 0.25 AS score, 0.5 AS share, i % 2 AS views"
                + " FROM range(140000) t(i) WHERE i % 20000 % 7 >= i // 20000")) {
      String[] truth =
          duck.rows(
                  "SELECT count(*), sum(price), sum(score), sum(price * share),"
                      + " sum(price) FILTER (WHERE views > 0) FROM shop.sales")
              .getFirst()
              .split("\\|", -1);
      int runs = 20;
      int[] covered = new int[truth.length];
      for (int run = 0; run < runs; run++) {
        var row = release(compiled, duck, run).rows().getFirst();
        for (int i = 0; i < truth.length; i++) {
          var value = row.values().get(i).orElseThrow();
          double exact = Double.parseDouble(truth[i]);
          assertThat(value.error().doubleValue()).isLessThan(Math.abs(exact) / 50);
          covered[i] +=
              Math.abs(value.number().doubleValue() - exact) <= value.error().doubleValue() ? 1 : 0;
        }
      }
      assertThat(Arrays.stream(covered).min().orElseThrow())
          .as(Arrays.toString(covered))
          .isGreaterThanOrEqualTo(runs - 4);
    }
  }

  @Test
  void keysThatAreNullOrRareHaveTheirOwnHistograms() throws Exception {
    var compiled =
        compile(
            "SELECT k, SUM(price), SUM(views * share) FROM sales GROUP BY k"
                .replace(", SUM(views * share)", ""),
            terms("5", 1, Bounding.DECLARED));
    try (var duck =
        duck(
            "SELECT 'u' || i AS email, CASE WHEN i % 2 = 0 THEN 'even' END AS k, 3.00 AS price"
                + " FROM range(4000) t(i)")) {
      var rows = release(compiled, duck, 3).rows();
      assertThat(rows).hasSize(2);
      for (var row : rows) {
        assertThat(row.values().getFirst().orElseThrow().number().doubleValue())
            .isBetween(5950.0, 6050.0);
      }
    }
    try (var duck = duck("SELECT 'u' || i AS email, 3.00 AS price FROM range(4) t(i)")) {
      assertThat(
              release(
                      compile("SELECT SUM(price) FROM sales", terms("1", 1, Bounding.DECLARED)),
                      duck,
                      3)
                  .rows()
                  .getFirst()
                  .values())
          .containsExactly(Optional.empty());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SUM(views)",
        "SUM(views * price)",
        "SUM(CASE WHEN share > 0 THEN price ELSE views END)",
        "SUM(share / share)",
        "AVG(price)",
        "STDDEV(price)"
      })
  void withoutTheOwnersWordNothingIsClipped(String measure) throws QueryException {
    QueryException refusal =
        catchThrowableOfType(
            QueryException.class,
            () -> compile("SELECT " + measure + " FROM sales", terms("1", 1, Bounding.AUTOMATIC)));
    assertThat(refusal.kind()).isEqualTo(Kind.UNBOUNDED);
  }

  @Test
  void aDeclaredNumberOfRowsAndDeclaredBoundsStand() throws QueryException {
    assertThat(
            compile("SELECT COUNT(*), SUM(share) FROM sales", terms("1", 1, Bounding.DECLARED))
                .release()
                .measures())
        .hasOnlyElementsOfTypes(Measure.Rows.class, Measure.Sum.class);
    assertThat(
            Planner.check("SELECT SUM(price), COUNT(*) FROM sales", new Name("shop"), new Shop())
                .compile(Map.of(SALES, 25), Optional.empty(), "5eed")
                .release()
                .measures())
        .hasOnlyElementsOfTypes(Measure.Rows.class, Measure.Sum.class);
  }

  @Test
  void theCostIsTheTermsWhateverTheData() throws QueryException {
    for (int numbers : IntStream.rangeClosed(1, 30).toArray()) {
      String sums =
          IntStream.range(0, numbers)
              .mapToObj(i -> "SUM(price * " + (i + 1) + ")")
              .collect(Collectors.joining(", "));
      var cost =
          Release.cost(
              compile("SELECT " + sums + " FROM sales", terms("0.7", 3, Bounding.AUTOMATIC))
                  .release());
      assertThat(cost.epsilon()).as("%d", numbers).isEqualByComparingTo("0.7");
    }
  }
}
