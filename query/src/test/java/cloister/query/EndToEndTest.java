package cloister.query;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.crypto.Digest;
import cloister.privacy.Answer;
import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Epsilon;
import cloister.privacy.ExactTable;
import cloister.privacy.NoiseStream;
import cloister.privacy.Release;
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
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// SQL to answer, by way of the planner, an engine and the noise. A public key with thousands of
/// equal groups gives as many independent draws at once; seeds are fixed, so a verdict never
/// changes by itself.
class EndToEndTest {
  private static final int GROUPS = 10_000;
  private static final Address SALES = Address.parse("/shop/dataset/sales");

  /// Every group has 40 units with 3 rows each, of 12.50: rows-per-unit 2 counts 80 rows, the bound
  /// 20.00 of a unit's sum 800.00, and the mean is 12.50.
  private static final String ROWS =
      "SELECT 'u' || (g * 40 + i % 40) AS email, lpad(g::VARCHAR, 5, '0') AS k,"
          + " 'p' || lpad(g::VARCHAR, 5, '0') AS hidden, CAST(12.5 AS DECIMAL(6,2)) AS price"
          + " FROM range(10000) a(g), range(120) b(i)";

  private static final String ALONE =
      "SELECT 'u' || g AS email, '00000' AS k, 'p' || g AS hidden, CAST(5 AS DECIMAL(6,2)) AS price"
          + " FROM range(10000) a(g), range(3) b(i)";

  private static final class Shop implements Catalog {
    @Override
    public Optional<Dataset> dataset(Address address) {
      return address.equals(SALES) ? Optional.of(sales()) : Optional.empty();
    }

    @Override
    public Optional<Analysis> analysis(Address address) {
      return Optional.empty();
    }

    private static Dataset sales() {
      List<String> domain =
          IntStream.range(0, GROUPS).mapToObj(group -> String.format("%05d", group)).toList();
      return new Dataset(
          SALES,
          Digest.ofUtf8("sales"),
          Optional.of(new ColumnName("email")),
          List.of(
              column("email", "string", Set.of(Use.JOIN), Optional.empty(), Optional.empty()),
              column("k", "string", Set.of(Use.GROUP), Optional.of(domain), Optional.empty()),
              column("hidden", "string", Set.of(Use.GROUP), Optional.empty(), Optional.empty()),
              column(
                  "price",
                  "decimal(6,2)",
                  Set.of(Use.SUM, Use.AVG, Use.COUNT),
                  Optional.empty(),
                  Optional.of(new Bounds(BigDecimal.ZERO, new BigDecimal("20"))))),
          Optional.empty(),
          List.of());
    }

    private static Column column(
        String name,
        String type,
        Set<Use> use,
        Optional<List<String>> domain,
        Optional<Bounds> bounds) {
      boolean required = name.equals("email") || name.equals("k");
      return new Column(
          new ColumnName(name),
          ColumnType.parse(type),
          Optional.empty(),
          use,
          required,
          domain,
          bounds);
    }
  }

  private record Prepared(Compiled compiled, ExactTable table) {
    Answer release(int seed) {
      var key = new byte[NoiseStream.KEY_BYTES];
      Arrays.fill(key, (byte) 1);
      ByteBuffer.wrap(key).putInt(seed);
      try (var stream = new NoiseStream(key)) {
        return Release.release(compiled.release(), table, stream);
      }
    }
  }

  private static Prepared prepare(String sql, String rows, String epsilon, String delta)
      throws Exception {
    var terms = new DifferentialPrivacy(Epsilon.of(epsilon), Delta.of(delta), 1, 2);
    var compiled =
        Planner.check(sql, new Name("shop"), new Shop())
            .compile(Map.of(SALES, 1), Optional.of(terms), "5eed");
    try (var duck = new Duck()) {
      duck.run("CREATE SCHEMA shop");
      duck.run("CREATE TABLE shop.sales AS " + rows);
      return new Prepared(compiled, duck.table(compiled.engine()));
    }
  }

  @Test
  void releasesAreTheTruthPlusTheDeclaredNoise() throws Exception {
    check(1, 0.05, 0.02);
  }

  @Test
  @Tag("slow")
  void releasesAreTheTruthPlusTheDeclaredNoiseToTwoPercent() throws Exception {
    check(30, 0.02, 0.005);
  }

  /// Three numbers' worth of draws: rows, the sum, and a mean's two: Laplace of scale 4·Δ/ε.
  private static void check(int releases, double tolerance, double coverageTolerance)
      throws Exception {
    var prepared =
        prepare(
            "SELECT k, COUNT(*) AS n, SUM(price) AS s, AVG(price) AS m FROM sales GROUP BY k",
            ROWS,
            "0.8",
            "0");
    var draws = new ArrayList<double[]>();
    int[] covered = new int[3];
    double[] truth = {80, 800, 12.5};
    for (int seed = 0; seed < releases; seed++) {
      for (Answer.Row row : prepared.release(seed).rows()) {
        double[] errors = new double[3];
        for (int i = 0; i < 3; i++) {
          Answer.Value value = row.values().get(i).orElseThrow();
          errors[i] = value.number().doubleValue() - truth[i];
          covered[i] += Math.abs(errors[i]) <= value.error().doubleValue() ? 1 : 0;
        }
        draws.add(errors);
      }
    }
    assertThat(draws).hasSize(releases * GROUPS);
    distributed(draws.stream().mapToDouble(each -> each[0]).toArray(), 4 * 2 / 0.8, tolerance);
    distributed(
        draws.stream().mapToDouble(each -> each[1] * 100).toArray(), 4 * 2000 / 0.8, tolerance);
    assertThat((double) covered[0] / draws.size()).isBetween(0.95 - coverageTolerance, 0.98);
    assertThat((double) covered[1] / draws.size()).isBetween(0.95 - coverageTolerance, 0.98);
    assertThat((double) covered[2] / draws.size()).isGreaterThan(0.95 - coverageTolerance);
  }

  /// Mean 0, the discrete Laplace's deviation, and χ² over sixteen intervals of equal probability.
  private static void distributed(double[] noise, double scale, double tolerance) {
    double decay = Math.exp(-1 / scale);
    double deviation = Math.sqrt(2 * decay) / (1 - decay);
    double mean = Arrays.stream(noise).average().orElseThrow();
    assertThat(Math.abs(mean)).isLessThan(4 * deviation / Math.sqrt(noise.length));
    double variance = Arrays.stream(noise).map(each -> each * each).average().orElseThrow();
    assertThat(Math.sqrt(variance) / deviation).isBetween(1 - tolerance, 1 + tolerance);
    // Cut points at integers and a half, with the probabilities of the integers between.
    double[] cuts =
        IntStream.range(1, 16)
            .mapToDouble(i -> Math.rint(quantile(i / 16.0, scale)) + 0.5)
            .toArray();
    long[] counts = new long[16];
    for (double each : noise) {
      int bucket = 0;
      while (bucket < cuts.length && each > cuts[bucket]) {
        bucket++;
      }
      counts[bucket]++;
    }
    double chiSquare = 0;
    for (int i = 0; i < counts.length; i++) {
      double from = i == 0 ? 0 : below(cuts[i - 1], decay);
      double to = i == cuts.length ? 1 : below(cuts[i], decay);
      double expected = noise.length * (to - from);
      chiSquare += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    // The 99.9 % quantile at 15 degrees of freedom.
    assertThat(chiSquare).isLessThan(37.7);
  }

  /// Every group has 40 units, two rows each of 5.00 or of 15.00: the deviation is 5, a sample's
  /// variance 25·80/79, and a mean of 10 from the same three numbers.
  @Test
  void variancesAreCoveredByTheirErrors() throws Exception {
    var prepared =
        prepare(
            "SELECT k, COUNT(price), AVG(price), VARIANCE(price), STDDEV_POP(price) FROM sales"
                + " GROUP BY k",
            "SELECT 'u' || (g * 40 + i % 40) AS email, lpad(g::VARCHAR, 5, '0') AS k, 'p' AS hidden,"
                + " CAST(5 + i % 2 * 10 AS DECIMAL(6,2)) AS price"
                + " FROM range(10000) a(g), range(80) b(i)",
            "8",
            "0");
    double[] truth = {80, 10, 25 * 80 / 79.0, 5};
    int[] covered = new int[truth.length];
    double[] errors = new double[truth.length];
    for (Answer.Row row : prepared.release(2).rows()) {
      for (int i = 0; i < truth.length; i++) {
        Answer.Value value = row.values().get(i).orElseThrow();
        double error = value.error().doubleValue();
        covered[i] += Math.abs(value.number().doubleValue() - truth[i]) <= error ? 1 : 0;
        errors[i] += error / GROUPS;
      }
    }
    for (int i = 0; i < truth.length; i++) {
      assertThat(covered[i]).as("%d", i).isGreaterThan(GROUPS * 945 / 1000);
      assertThat(errors[i]).as("%d", i).isLessThan(truth[i]);
    }
  }

  private static double quantile(double probability, double scale) {
    return probability < 0.5
        ? scale * Math.log(2 * probability)
        : -scale * Math.log(2 * (1 - probability));
  }

  /// P[X < cut] for a cut at an integer and a half: P[X ≥ k] = decay^k / (1 + decay) for k > 0.
  private static double below(double cut, double decay) {
    return cut > 0
        ? 1 - Math.pow(decay, Math.ceil(cut)) / (1 + decay)
        : Math.pow(decay, -Math.floor(cut)) / (1 + decay);
  }

  /// A unit that makes a group is noticed with probability at most δ, and not with much less: the
  /// threshold is not wasteful either.
  @Test
  void aGroupOfOneUnitIsReleasedWithProbabilityAtMostDelta() throws Exception {
    var prepared =
        prepare("SELECT hidden, COUNT(*) FROM sales GROUP BY hidden", ALONE, "0.5", "0.01");
    assertThat(prepared.table().rows()).hasSize(GROUPS);
    int shown = 0;
    int releases = 3;
    for (int seed = 0; seed < releases; seed++) {
      shown += prepared.release(seed).rows().size();
    }
    double most = releases * GROUPS * 0.01;
    assertThat((double) shown).isBetween(most / 2, most + 4 * Math.sqrt(most));
  }

  /// The test of the test: what hides one unit does not hide forty.
  @Test
  void groupsOfMoreUnitsAreReleasedMoreOften() throws Exception {
    var prepared =
        prepare("SELECT hidden, COUNT(*) FROM sales GROUP BY hidden", ROWS, "0.5", "0.01");
    assertThat(prepared.release(1).rows().size()).isGreaterThan(GROUPS * 9 / 10);
  }
}
