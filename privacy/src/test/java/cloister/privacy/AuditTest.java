package cloister.privacy;

import static cloister.privacy.Samples.numbered;
import static cloister.privacy.Samples.plan;
import static cloister.privacy.Samples.row;
import static cloister.privacy.Samples.stream;
import static cloister.privacy.Samples.sum;
import static cloister.privacy.Samples.terms;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Looks at releases from outside: neighbouring tables, a unit with the worst contribution that the
/// engine's contract allows, and whether the answers tell them apart by more than (ε, δ).
///
/// A listed key with many values, each group with the same rows, gives independent draws at once.
/// Seeds are fixed, so a verdict never changes by itself.
class AuditTest {
  private static final int GROUPS = 20_000;

  @Test
  void aWorstCaseUnitStaysWithinEpsilon() {
    assertThat(excess(counting("0.5"), 1, 3, 1)).isLessThan(0.002);
    assertThat(excess(summing("0.5"), 1, 500, 1)).isLessThan(0.002);
    assertThat(excess(summing("0.5"), 1, -300, 1)).isLessThan(0.002);
  }

  @Test
  @Tag("slow")
  void aWorstCaseUnitStaysWithinEpsilonByVote() {
    int passed = 0;
    for (int seed = 1; seed <= 9; seed++) {
      boolean counts = excess(counting("0.5"), 10, 3, seed * 20) < 0.001;
      boolean sums = excess(summing("0.5"), 10, 500, seed * 20) < 0.001;
      passed += counts && sums ? 1 : 0;
    }
    assertThat(passed).isGreaterThanOrEqualTo(5);
  }

  /// The test of the test: an engine that forgets to bound rows, and noise for half the
  /// sensitivity.
  @Test
  void brokenBoundsAndHalvedNoiseAreNoticed() {
    assertThat(excess(counting("0.5"), 1, 6, 1)).isGreaterThan(0.05);
    assertThat(excess(summing("0.5"), 1, 1000, 1)).isGreaterThan(0.05);
    assertThat(excess(counting("1"), 1, 3, 1)).isGreaterThan(0.05);
  }

  /// Twelve numbers make the release Gaussian: its delta is that of all numbers together, so audit
  /// the projection on the worst direction, their sum.
  @Test
  void aGaussianReleaseStaysWithinEpsilonAndDelta() {
    var gaussian = manyCounts();
    assertThat(Mechanism.of(gaussian).noises().getFirst()).isInstanceOf(DiscreteGaussian.class);
    assertThat(excess(gaussian, 1, 3, 1)).isLessThan(0.01 + 0.002);
    assertThat(excess(gaussian, 1, 6, 1)).isGreaterThan(0.05);
  }

  /// A unit of three rows at an end of the range moves all three moments at once. The audit looks
  /// at the likelihood ratio of the three noisy numbers, which no event is better than.
  @Test
  void aWorstCaseUnitOfAVarianceStaysWithinEpsilon() {
    assertThat(excessOfMoments(3, 3, 1)).isLessThan(0.002);
    assertThat(excessOfMoments(3, 3, 2)).isGreaterThan(0.005);
    assertThat(excessOfMoments(6, 3, 1)).isGreaterThan(0.005);
    assertThat(excessOfMoments(3, 6, 1)).isGreaterThan(0.005);
  }

  /// @param squaresFactor 1 unless the engine is broken
  private static double excessOfMoments(int rowsOfSum, int rowsOfCount, int squaresFactor) {
    var measure = Samples.moments(Measure.Statistic.VAR_POP, "1", "-7", "7");
    var mechanism = Mechanism.of(plan(List.of(), 1, List.of(measure), terms("0.5", "0", 1, 3)));
    long squares = 3L * squaresFactor * (49 - measure.centre().longValueExact());
    long[] change = {7L * rowsOfSum, rowsOfCount, squares};
    long[] allowed = {7 * 3, 3, 3 * 25};
    var with = new ArrayList<Long>();
    var without = new ArrayList<Long>();
    try (var stream = stream(3)) {
      for (int i = 0; i < 200_000; i++) {
        double ratioWith = 0;
        double ratioWithout = 0;
        for (int number = 0; number < 3; number++) {
          double scale = 3 * allowed[number] / 0.5;
          long noise = mechanism.noises().get(number).sample(stream).longValueExact();
          long other = mechanism.noises().get(number).sample(stream).longValueExact();
          ratioWithout += (Math.abs(noise) - Math.abs(noise - change[number])) / scale;
          ratioWith += (Math.abs(other + change[number]) - Math.abs(other)) / scale;
        }
        with.add(Math.round(ratioWith * 1000));
        without.add(Math.round(ratioWithout * 1000));
      }
    }
    return Math.max(delta(with, without, 20), delta(without, with, 20));
  }

  /// The clip is on the edge between two: as many units in the higher bucket as noise needs. One
  /// unit more there moves what clip is found, and by all of that clip the sum. What is looked at
  /// is both together.
  @Test
  void aWorstCaseUnitOfAClippedSumStaysWithinEpsilon() {
    assertThat(excessOfClip(Measure.Sides.POSITIVE, 1)).isLessThan(0.002);
    assertThat(excessOfClip(Measure.Sides.BOTH, 1)).isLessThan(0.002);
    assertThat(excessOfClip(Measure.Sides.POSITIVE, 3)).isGreaterThan(0.02);
  }

  /// @param counted as how many the unit counts: 1 unless the engine is broken
  private static double excessOfClip(Measure.Sides sides, int counted) {
    var plan =
        plan(
            List.of(numbered(GROUPS)),
            1,
            List.of(new Measure.Clipped(BigDecimal.ONE, sides, 6)),
            terms("0.5", "0", 1, 1));
    long needed = Mechanism.of(plan).clips().getFirst().units().longValueExact();
    return Math.max(
        delta(clipped(plan, needed - 1, 11), clipped(plan, needed - 1 + counted, 12), 1),
        delta(clipped(plan, needed - 1 + counted, 13), clipped(plan, needed - 1, 14), 1));
  }

  /// Of each group, in one number: the clip, by way of the error, and where the sum is in quarters
  /// of the clip.
  private static List<Long> clipped(ReleasePlan plan, long higher, int seed) {
    var table = new ArrayList<ExactTable.Row>();
    // 500 units of 8 and so many of 16.
    var list =
        Arrays.stream(new long[] {7, 500, 4000, 11, higher, higher * 16})
            .mapToObj(Samples::exact)
            .toList();
    for (Optional<String> number : plan.keys().getFirst().domain().orElseThrow()) {
      table.add(
          new ExactTable.Row(List.of(number), List.of(Samples.exact(5)), List.of(), List.of(list)));
    }
    var seen = new ArrayList<Long>();
    for (var row : Release.release(plan, new ExactTable(table), stream(seed)).rows()) {
      var value = row.values().getFirst();
      long error = value.map(each -> each.error().longValueExact()).orElse(0L);
      long sum = value.map(each -> each.number().longValueExact()).orElse(0L);
      seen.add(error * 1_000_000 + Math.floorDiv(sum - 4000, 4));
    }
    return seen;
  }

  /// A unit's three values are in one leaf, so on every level in one node. Looked at is the
  /// likelihood ratio of the five nodes that it moves: the others say nothing.
  @Test
  void aWorstCaseUnitOfAQuantileStaysWithinEpsilon() {
    assertThat(excessOfTree(3)).isLessThan(0.002);
    assertThat(excessOfTree(6)).isGreaterThan(0.02);
  }

  /// @param values of the unit: 3 unless the engine is broken
  private static double excessOfTree(int values) {
    var measure =
        new Measure.Quantile(
            new BigDecimal("0.5"), BigDecimal.ONE, BigDecimal.ZERO, new BigDecimal(5000));
    var plan = plan(List.of(), 1, List.of(measure), terms("0.5", "0", 1, 3));
    var tree = Mechanism.of(plan).trees().getFirst();
    double scale = 5 * 3 / 0.5;
    var with = new ArrayList<Long>();
    var without = new ArrayList<Long>();
    try (var stream = stream(4)) {
      for (int i = 0; i < 100_000; i++) {
        double ratioWith = 0;
        double ratioWithout = 0;
        for (int level = 0; level < 5; level++) {
          long noise = tree.noise().sample(stream).longValueExact();
          long other = tree.noise().sample(stream).longValueExact();
          ratioWithout += (Math.abs(noise) - Math.abs(noise - values)) / scale;
          ratioWith += (Math.abs(other + values) - Math.abs(other)) / scale;
        }
        with.add(Math.round(ratioWith * 1000));
        without.add(Math.round(ratioWithout * 1000));
      }
    }
    return Math.max(delta(with, without, 20), delta(without, with, 20));
  }

  private static ReleasePlan manyCounts() {
    List<Measure> measures = Collections.nCopies(12, new Measure.Rows());
    return plan(List.of(numbered(GROUPS)), 1, measures, terms("0.5", "0.01", 1, 3));
  }

  private static ReleasePlan counting(String epsilon) {
    return plan(
        List.of(numbered(GROUPS)), 1, List.of(new Measure.Rows()), terms(epsilon, "0", 1, 3));
  }

  private static ReleasePlan summing(String epsilon) {
    return plan(
        List.of(numbered(GROUPS)), 1, List.of(sum("0.01", "-3", "5")), terms(epsilon, "0", 1, 1));
  }

  /// How much more likely than exp(0.5) times as likely the answers are under one table, in either
  /// direction: an estimate of δ from below. The event is learned from the even groups and judged
  /// on the odd ones, so sampling noise cannot make it look worse than it is.
  private static double excess(ReleasePlan plan, int repeats, long change, int seed) {
    var without = new ArrayList<Long>();
    var with = new ArrayList<Long>();
    for (int i = 0; i < repeats; i++) {
      without.addAll(sums(plan, 100, seed + i));
      with.addAll(sums(plan, 100 + change, seed + 10 + i));
    }
    long width = Math.max(1, Math.abs(change) * plan.measures().size() / 3);
    return Math.max(delta(with, without, width), delta(without, with, width));
  }

  private static double delta(List<Long> left, List<Long> right, long width) {
    var event = new HashSet<Long>();
    var learnedLeft = histogram(left, width, 0);
    var learnedRight = histogram(right, width, 0);
    learnedLeft.forEach((bucket, count) -> {
      if (count > Math.exp(0.5) * learnedRight.getOrDefault(bucket, 0)) {
        event.add(bucket);
      }
    });
    double judged = left.size() / 2.0;
    double hits = hits(histogram(left, width, 1), event);
    double others = Math.exp(0.5) * hits(histogram(right, width, 1), event);
    // Four standard deviations in favour of the mechanism.
    double doubt = 4 * Math.sqrt(hits + Math.exp(0.5) * others + 1);
    return (hits - others - doubt) / judged;
  }

  private static double hits(Map<Long, Integer> histogram, Set<Long> event) {
    return event.stream().mapToDouble(bucket -> histogram.getOrDefault(bucket, 0)).sum();
  }

  private static Map<Long, Integer> histogram(List<Long> values, long width, int parity) {
    var counts = new HashMap<Long, Integer>();
    for (int i = parity; i < values.size(); i += 2) {
      counts.merge(Math.floorDiv(values.get(i), width), 1, Integer::sum);
    }
    return counts;
  }

  /// Each group's numbers, added up, in units of granularity.
  private static List<Long> sums(ReleasePlan plan, long cell, int seed) {
    int cells = plan.measures().stream().mapToInt(Measure::cells).sum();
    var contents = new long[cells];
    Arrays.fill(contents, cell);
    var table = new ArrayList<ExactTable.Row>();
    for (Optional<String> number : plan.keys().getFirst().domain().orElseThrow()) {
      table.add(row(List.of(number), 5, contents));
    }
    var sums = new ArrayList<Long>();
    for (var row : Release.release(plan, new ExactTable(table), stream(seed)).rows()) {
      long total = 0;
      for (var value : row.values()) {
        total += value.orElseThrow().number().unscaledValue().longValueExact();
      }
      sums.add(total);
    }
    return sums;
  }
}
