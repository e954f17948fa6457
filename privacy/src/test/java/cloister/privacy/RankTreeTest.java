package cloister.privacy;

import static cloister.privacy.Samples.numbered;
import static cloister.privacy.Samples.plan;
import static cloister.privacy.Samples.stream;
import static cloister.privacy.Samples.terms;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RankTreeTest {
  private static final Measure.Quantile MEDIAN = quantile("0.5", "10239");

  /// Of integers, with leaves of ten where the range ends at 10239.
  private static Measure.Quantile quantile(String fraction, String upper) {
    return new Measure.Quantile(
        new BigDecimal(fraction), BigDecimal.ONE, BigDecimal.ZERO, new BigDecimal(upper));
  }

  private static List<Exact> leaves(long highest, long... values) {
    var counts = new TreeMap<Long, Long>();
    for (long value : values) {
      counts.merge(value * 1024 / (highest + 1), 1L, Long::sum);
    }
    var list = new ArrayList<Exact>();
    counts.forEach((leaf, count) -> {
      list.add(Samples.exact(leaf));
      list.add(Samples.exact(count));
    });
    return list;
  }

  /// PERCENTILE_CONT, which interpolates between two values.
  private static double exact(long[] sorted, double fraction) {
    double rank = fraction * (sorted.length - 1);
    int below = (int) Math.floor(rank);
    int above = (int) Math.ceil(rank);
    return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
  }

  /// Values that are all alike, in two heaps with nothing between, crowded at an end, few, and
  /// spread.
  @ParameterizedTest
  @ValueSource(strings = {"laplace", "gaussian"})
  void theErrorCoversTheTruthNineteenTimesInTwenty(String kind) {
    var random = new SplittableRandom(3);
    var noise =
        kind.equals("laplace")
            ? new DiscreteLaplace(Ratio.of(5, 1))
            : new DiscreteGaussian(Ratio.of(15, 2));
    long[][] data = new long[5][];
    data[0] = random.longs(900, 5_000, 5_001).toArray();
    data[1] = random.longs(1_000, 0, 2).map(each -> 2_000 + each * 6_000).toArray();
    data[2] = random.longs(700, 0, 30).toArray();
    data[3] = random.longs(9, 0, 10_240).toArray();
    data[4] = random.longs(5_000, 0, 10_240).toArray();
    for (long[] values : data) {
      Arrays.sort(values);
      for (String fraction : List.of("0", "0.01", "0.5", "0.9", "1")) {
        var tree = new RankTree(MEDIAN, noise, 1);
        int covered = 0;
        int runs = 300;
        try (var stream = stream(6)) {
          for (int run = 0; run < runs; run++) {
            var value =
                tree.quantile(new BigDecimal(fraction), tree.draw(leaves(10_239, values), stream));
            double off =
                Math.abs(
                    value.number().doubleValue() - exact(values, Double.parseDouble(fraction)));
            covered += off <= value.error().doubleValue() + 1e-9 ? 1 : 0;
          }
        }
        assertThat(covered).as("%s of %d", fraction, values.length).isGreaterThan(runs * 93 / 100);
      }
    }
  }

  @Test
  void withHardlyAnyNoiseAQuantileIsInItsLeaf() {
    var tree = new RankTree(MEDIAN, new DiscreteLaplace(Ratio.of(1, 1000)), 1);
    long[] values = new SplittableRandom(2).longs(4_001, 0, 10_240).sorted().toArray();
    for (String fraction : List.of("0.001", "0.25", "0.5", "0.999")) {
      var value =
          tree.quantile(new BigDecimal(fraction), tree.draw(leaves(10_239, values), stream(1)));
      assertThat(value.number().doubleValue() - exact(values, Double.parseDouble(fraction)))
          .isBetween(-10.0, 10.0);
      assertThat(value.error().doubleValue()).isLessThan(60);
    }
  }

  /// The root mean square error of a rank less its part of the total, which is what a quantile
  /// looks at, for noise of a sensitivity of 1. A binary tree over as many leaves, made consistent
  /// likewise, has 3.27, and with Laplace noise twice as many levels to pay for.
  @Test
  void ranksAreNoWorseThanABinaryTrees() {
    double sigma = 1000 * Math.sqrt(RankTree.LEVELS);
    var tree = new RankTree(MEDIAN, new DiscreteGaussian(Ratio.of(Math.round(sigma), 1)), 1);
    var full = new ArrayList<Exact>();
    for (int leaf = 0; leaf < RankTree.LEAVES; leaf++) {
      full.add(Samples.exact(leaf));
      full.add(Samples.exact(1_000_000));
    }
    double squares = 0;
    int runs = 100;
    try (var stream = stream(2)) {
      for (int run = 0; run < runs; run++) {
        var counts = tree.draw(full, stream);
        for (int leaf = 0; leaf < RankTree.LEAVES; leaf++) {
          double part = (leaf + 1.0) / RankTree.LEAVES;
          double off = (counts.rank(leaf) - part * counts.rank(RankTree.LEAVES - 1)) / 1000;
          squares += off * off / RankTree.LEAVES / runs;
        }
      }
    }
    assertThat(Math.sqrt(squares)).isLessThan(3.35);
  }

  /// Two numbers in three groups, on five levels, two values of a unit.
  @Test
  void aTreeIsOneNumberWhateverIsAskedOfIt() {
    List<Measure> measures =
        List.of(
            new Measure.AnotherQuantile(1, new BigDecimal("0.9")),
            MEDIAN,
            new Measure.Rows(),
            new Measure.AnotherQuantile(1, new BigDecimal("0.1")));
    var plan = plan(List.of(numbered(9)), 1, measures, terms("0.6", "0", 3, 2));
    assertThat(Mechanism.of(plan).trees().getFirst().noise())
        .isEqualTo(new DiscreteLaplace(Ratio.of(6 * 5 * 2 * 10, 6)));
    assertThat(Release.cost(plan)).isEqualTo(Charge.pure(Epsilon.of("0.6"), BigDecimal.ZERO));
    var counters = List.of(new ReleasePlan.Counter("all", 1), new ReleasePlan.Counter("a", 1));
    var united =
        new ReleasePlan(
            List.of(numbered(9)),
            counters,
            Collections.nCopies(12, MEDIAN),
            terms("1", "0.000001", 3, 2));
    double sigma =
        ((DiscreteGaussian) Mechanism.of(united).trees().getFirst().noise()).sigma().roundedUp();
    double charged = Release.cost(united).rho().doubleValue();
    // 12 numbers, 6 groups, 5 levels, a change of 2 · 2².
    assertThat(12 * 6 * 5 * 8 / (2 * sigma * sigma))
        .isBetween(charged * (1 - 1e-7), charged * (1 + 1e-12));
    assertThat(Release.mechanism(united)).contains("on a tree of counts");
    assertThat(Release.expectedErrors(plan).get(1).orElseThrow().doubleValue())
        .isBetween(100.0, 10_240.0);
  }

  @Test
  void everyQuantileOfAReleaseIsOfTheSameCounts() {
    var plan =
        plan(
            List.of(),
            1,
            List.of(MEDIAN, new Measure.AnotherQuantile(0, new BigDecimal("0.5"))),
            terms("1", "0", 1, 1));
    var row =
        new ExactTable.Row(
            List.of(),
            List.of(Samples.exact(40)),
            List.of(),
            List.of(leaves(10_239, 5, 9, 4_000, 7_000)));
    var values =
        Release.release(plan, new ExactTable(List.of(row)), stream(1)).rows().getFirst().values();
    assertThat(values.getFirst()).isEqualTo(values.getLast()).isNotEqualTo(Optional.empty());
  }

  @Test
  void whatIsNoHistogramOrNoQuantileIsRefused() {
    var tree = new RankTree(MEDIAN, new DiscreteLaplace(Ratio.of(1, 1)), 1);
    for (long[] broken :
        new long[][] {{1}, {-1, 1}, {1024, 1}, {5, 0}, {5, -1}, {5, 1, 5, 1}, {5, 1L << 50}}) {
      assertThatThrownBy(
              () -> tree.draw(Arrays.stream(broken).mapToObj(Samples::exact).toList(), stream(1)))
          .as(Arrays.toString(broken))
          .isInstanceOf(IllegalStateException.class);
    }
    assertThatThrownBy(() -> quantile("1.1", "9")).hasMessageContaining("between 0 and 1");
    assertThatThrownBy(() -> plan(List.of(), 1, List.of(MEDIAN), Optional.empty()))
        .hasMessageContaining("without noise");
    for (int of : new int[] {-1, 0, 1, 2}) {
      List<Measure> measures =
          List.of(new Measure.Rows(), new Measure.AnotherQuantile(of, BigDecimal.ONE));
      assertThatThrownBy(() -> plan(List.of(), 1, measures, terms("1", "0", 1, 1)))
          .hasMessageContaining("has the values");
    }
  }

  /// So little ε that noise does not fit a long.
  @Test
  void noiseOfAnySizeIsSurvived() {
    var tree =
        new RankTree(
            MEDIAN, new DiscreteLaplace(new Ratio(BigInteger.TEN.pow(30), BigInteger.ONE)), 1);
    var value = tree.quantile(new BigDecimal("0.5"), tree.draw(leaves(10_239, 7), stream(1)));
    assertThat(value.number()).isBetween(BigDecimal.ZERO, new BigDecimal(10_239));
    assertThat(value.error().doubleValue()).isGreaterThan(5_000);
  }
}
