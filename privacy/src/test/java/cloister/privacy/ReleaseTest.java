package cloister.privacy;

import static cloister.privacy.Samples.NO_KEYS;
import static cloister.privacy.Samples.key;
import static cloister.privacy.Samples.mean;
import static cloister.privacy.Samples.numbered;
import static cloister.privacy.Samples.plan;
import static cloister.privacy.Samples.privateKey;
import static cloister.privacy.Samples.publicKey;
import static cloister.privacy.Samples.row;
import static cloister.privacy.Samples.stream;
import static cloister.privacy.Samples.sum;
import static cloister.privacy.Samples.terms;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ReleaseTest {
  /// So large that the noise is 0 but for a chance of e⁻¹⁰⁰.
  private static final Optional<DifferentialPrivacy> HARDLY_ANY_NOISE =
      terms("1000", "0.000001", 1, 1);

  private static Answer release(ReleasePlan plan, ExactTable.Row... rows) {
    return Release.release(plan, new ExactTable(List.of(rows)), stream(7));
  }

  private static List<List<String>> numbers(Answer answer) {
    return answer.rows().stream()
        .map(row ->
            row.values().stream()
                .map(value -> value.map(v -> v.number().toPlainString()).orElse("-"))
                .toList())
        .toList();
  }

  @Test
  void everyMeasureIsReleasedInItsOwnUnits() {
    var plan =
        plan(
            List.of(publicKey("a")),
            1,
            List.of(
                new Measure.Rows(),
                new Measure.Units(0),
                sum("0.5", "0", "1"),
                mean("0.5", "0", "10"),
                new Measure.DistinctValues()),
            HARDLY_ANY_NOISE);
    var answer = release(plan, row(key("a"), 4, 9, 30, 9, 90, 10, 3));
    assertThat(numbers(answer)).containsExactly(List.of("9", "4", "15.0", "4.5000000", "3"));
  }

  @Test
  void publicKeysAreAllListedInOrderAndUnknownOnesAreNot() {
    var plan =
        plan(
            List.of(publicKey("b", "a"), publicKey("2", "1")),
            1,
            List.of(new Measure.Rows()),
            HARDLY_ANY_NOISE);
    var answer = release(plan, row(key("b", "1"), 5, 5), row(key("c", "1"), 9, 9));
    assertThat(answer.rows().stream().map(Answer.Row::keys))
        .containsExactly(key("a", "1"), key("a", "2"), key("b", "1"), key("b", "2"));
    assertThat(numbers(answer))
        .containsExactly(List.of("0"), List.of("0"), List.of("5"), List.of("0"));
  }

  @Test
  void publicGroupsBelowTheMinimumAreListedAndWithheld() {
    var plan = plan(List.of(publicKey("a", "b")), 5, List.of(new Measure.Rows()), HARDLY_ANY_NOISE);
    assertThat(numbers(release(plan, row(key("a"), 5, 7), row(key("b"), 4, 7))))
        .containsExactly(List.of("7"), List.of("-"));
  }

  @Test
  void privateGroupsBelowTheMinimumAreNeverReleasedWhateverTheNoise() {
    var plan =
        plan(List.of(privateKey()), 10, List.of(new Measure.Units(0)), terms("0.001", "0.5", 1, 1));
    var rows = new ArrayList<ExactTable.Row>();
    for (int i = 0; i < 20_000; i++) {
      rows.add(row(key("below" + i), 9));
    }
    var answer = Release.release(plan, new ExactTable(rows), stream(3));
    assertThat(answer.rows()).isEmpty();
    rows.replaceAll(row -> row(row.keys(), 10));
    answer = Release.release(plan, new ExactTable(rows), stream(3));
    // One unit above the shift: each is shown with probability at most the threshold's delta.
    double most = 20_000 * Release.cost(plan).thresholdDelta().doubleValue();
    assertThat(answer.rows().size()).isBetween(1, (int) (most + 4 * Math.sqrt(most)));
  }

  @Test
  void aShownUnitCountIsTheOneThatPassedTheThreshold() {
    var plan =
        plan(List.of(privateKey()), 4, List.of(new Measure.Units(0)), terms("0.1", "0.001", 1, 1));
    var threshold = Mechanism.of(plan).threshold().orElseThrow().longValueExact();
    var rows = new ArrayList<ExactTable.Row>();
    for (int i = 0; i < 2000; i++) {
      rows.add(row(key("group" + i), threshold + 3));
    }
    var shown = Release.release(plan, new ExactTable(rows), stream(9)).rows();
    assertThat(shown).hasSizeBetween(900, 1200);
    assertThat(shown)
        .allSatisfy(row ->
            assertThat(row.values().getFirst().orElseThrow().number().longValueExact())
                .isGreaterThanOrEqualTo(threshold + 3));
  }

  @Test
  void everyCounterMustPass() {
    var plan =
        new ReleasePlan(
            List.of(privateKey()),
            List.of(new ReleasePlan.Counter("a", 1), new ReleasePlan.Counter("b", 3)),
            List.of(),
            HARDLY_ANY_NOISE);
    var both = new ExactTable.Row(key("x"), exacts(5, 5), List.of());
    var one = new ExactTable.Row(key("y"), exacts(500, 2), List.of());
    var other = new ExactTable.Row(key("z"), exacts(0, 500), List.of());
    assertThat(release(plan, both, one, other).rows().stream().map(Answer.Row::keys))
        .containsExactly(key("x"));
  }

  private static List<Exact> exacts(long first, long second) {
    return List.of(Samples.exact(first), Samples.exact(second));
  }

  @Test
  void withoutNoiseSmallGroupsAndMissingOnesLookTheSame() {
    for (var keys : List.of(privateKey(), publicKey("a", "b", "c"))) {
      var plan = plan(List.of(keys), 25, List.of(new Measure.Rows()), Optional.empty());
      var small = release(plan, row(key("a"), 25, 40), row(key("b"), 24, 90));
      assertThat(small).isEqualTo(release(plan, row(key("a"), 25, 40)));
      assertThat(numbers(small)).containsExactly(List.of("40"));
      assertThat(small.rows().getFirst().values().getFirst().orElseThrow().error()).isZero();
    }
  }

  @Test
  void withoutKeysOneRowIsReleasedAndWithheldBelowTheMinimum() {
    var plan = plan(List.of(), 2, List.of(new Measure.Rows()), Optional.empty());
    assertThat(numbers(release(plan, row(NO_KEYS, 2, 8)))).containsExactly(List.of("8"));
    assertThat(numbers(release(plan, row(NO_KEYS, 1, 8)))).containsExactly(List.of("-"));
    assertThat(numbers(release(plan))).containsExactly(List.of("-"));
  }

  @Test
  void withoutNoiseSumAndMeanFollowSql() {
    var plan =
        plan(
            List.of(privateKey()),
            1,
            List.of(sum("0.01", "0", "1"), mean("0.01", "0", "1")),
            Optional.empty());
    assertThat(
            numbers(
                release(
                    plan,
                    row(key("nothing"), 3, 0, 0, 0, 0),
                    row(key("thirds"), 3, 200, 3, 200, 3))))
        .containsExactly(List.of("-", "-"), List.of("2.00", "0.66666667"));
  }

  /// 1, 2 and 6 have the mean 3 and the sum of squares 14 about it; the middle of 0 ‥ 10 is 5.
  @Test
  void everyStatisticOfMomentsIsReleasedInItsOwnUnits() {
    for (var noise : List.of(HARDLY_ANY_NOISE, Optional.<DifferentialPrivacy>empty())) {
      var plan =
          plan(
              List.of(publicKey("a")),
              1,
              List.of(
                  new Measure.Another(1, Measure.Statistic.COUNT),
                  Samples.moments(Measure.Statistic.VAR_POP, "1", "0", "10"),
                  new Measure.Another(1, Measure.Statistic.MEAN),
                  new Measure.Another(1, Measure.Statistic.VAR_SAMP),
                  new Measure.Another(1, Measure.Statistic.STDDEV_POP),
                  new Measure.Another(1, Measure.Statistic.STDDEV_SAMP),
                  new Measure.Rows()),
              noise);
      var answer = release(plan, row(key("a"), 3, -6, 3, 26, 8));
      assertThat(numbers(answer))
          .containsExactly(
              List.of("3", "4.666667", "3.000000", "7.000000", "2.160247", "2.645751", "8"));
    }
  }

  @Test
  void withoutNoiseAVarianceOfTooFewValuesIsNull() {
    var plan =
        plan(
            List.of(privateKey()),
            1,
            List.of(
                Samples.moments(Measure.Statistic.VAR_SAMP, "1", "-9", "9"),
                new Measure.Another(0, Measure.Statistic.STDDEV_POP)),
            Optional.empty());
    assertThat(numbers(release(plan, row(key("none"), 2, 0, 0, 0), row(key("one"), 2, 5, 1, 25))))
        .containsExactly(List.of("-", "-"), List.of("-", "0.000000"));
  }

  @Test
  void nullKeysSortBeforeTheEmptyText() {
    var plan = plan(List.of(privateKey()), 1, List.of(new Measure.Rows()), Optional.empty());
    var answer =
        release(
            plan, row(key("a"), 1, 1), row(key(""), 1, 2), row(List.of(Optional.empty()), 1, 3));
    assertThat(numbers(answer)).containsExactly(List.of("3"), List.of("2"), List.of("1"));
  }

  @Test
  void noiseAndAnswerDoNotDependOnTheEnginesOrder() {
    for (var keys : List.of(privateKey(), numbered(50))) {
      var plan = plan(List.of(keys), 1, List.of(new Measure.Units(0)), terms("1", "0.01", 1, 1));
      var rows = new ArrayList<ExactTable.Row>();
      for (int i = 0; i < 50; i++) {
        rows.add(row(key(String.format("%07d", i)), 100 + i));
      }
      var forwards = Release.release(plan, new ExactTable(rows), stream(1));
      Collections.reverse(rows);
      assertThat(Release.release(plan, new ExactTable(rows), stream(1))).isEqualTo(forwards);
      assertThat(Release.release(plan, new ExactTable(rows), stream(2))).isNotEqualTo(forwards);
    }
  }

  @Test
  void aGroupsNoiseDoesNotDependOnOtherGroups() {
    var plan =
        plan(List.of(privateKey()), 1, List.of(new Measure.Units(0)), terms("1", "0.01", 1, 1));
    var rows = new ArrayList<ExactTable.Row>();
    for (int i = 0; i < 50; i++) {
      rows.add(row(key("group" + i), 100));
    }
    var all = Release.release(plan, new ExactTable(rows), stream(1));
    var some = Release.release(plan, new ExactTable(rows.subList(20, 30)), stream(1));
    assertThat(some.rows()).hasSize(10);
    assertThat(all.rows()).containsAll(some.rows());
    assertThat(all.rows().stream().map(Answer.Row::values).distinct().count()).isGreaterThan(5);
    // Keys of several parts are told apart by where their parts end.
    var streams = new GroupStreams(stream(1));
    assertThat(
            List.of(key("ab", "c"), key("a", "bc"), List.of(Optional.<String>empty()), key(""))
                .stream()
                .map(keys -> streams.of(keys).nextLong())
                .distinct())
        .hasSize(4);
  }

  /// How many candidates there are is exact, and one unit can be one more.
  @Test
  void theLimitOnGroupsCountsThoseThatAreReleased() {
    var noisy =
        plan(List.of(privateKey()), 25, List.of(new Measure.Units(0)), terms("1", "1e-9", 1, 1));
    var exact = plan(List.of(privateKey()), 25, List.of(new Measure.Units(0)), Optional.empty());
    for (var plan : List.of(noisy, exact)) {
      for (int candidates : List.of(10, 11, 5000)) {
        var rows = new ArrayList<ExactTable.Row>();
        for (int i = 0; i < 10; i++) {
          rows.add(row(key("large" + i), 1000));
        }
        for (int i = 10; i < candidates; i++) {
          rows.add(row(key("small" + i), 24));
        }
        assertThat(released(plan, rows).orElseThrow().rows()).hasSize(10);
        rows.add(row(key("one more"), 1000));
        assertThat(released(plan, rows)).isEmpty();
      }
    }
    var candidates = new ArrayList<ExactTable.Row>();
    for (int i = 0; i < 5000; i++) {
      candidates.add(row(key("candidate" + i), 25));
    }
    assertThat(released(noisy, candidates).orElseThrow().rows()).isEmpty();
  }

  private static Optional<Answer> released(ReleasePlan plan, List<ExactTable.Row> rows) {
    var release = Release.of(plan, stream(5), 10);
    rows.forEach(release::accept);
    return release.answer();
  }

  @Test
  void withoutNoiseANumberAboutFewUnitsIsWithheldInAGroupOfMany() {
    var plan =
        new ReleasePlan(
            List.of(privateKey()),
            List.of(
                new ReleasePlan.Counter("all", 5),
                new ReleasePlan.Counter("one", 5).of(Set.of(1, 2)),
                new ReleasePlan.Counter("other", 3).of(Set.of(1))),
            List.of(new Measure.Rows(), sum("1", "0", "9"), new Measure.Rows()),
            Optional.empty());
    var table = new ArrayList<ExactTable.Row>();
    int[][] counters = {{4, 4, 4}, {5, 5, 3}, {5, 4, 3}, {5, 5, 2}, {5, 0, 0}};
    for (int i = 0; i < counters.length; i++) {
      table.add(
          new ExactTable.Row(
              key("k" + i),
              Arrays.stream(counters[i]).mapToObj(Samples::exact).toList(),
              List.of(Samples.exact(7), Samples.exact(8), Samples.exact(4), Samples.exact(9))));
    }
    assertThat(numbers(Release.release(plan, new ExactTable(table), stream(1))))
        .containsExactly(
            List.of("7", "8", "9"),
            List.of("7", "-", "-"),
            List.of("7", "-", "9"),
            List.of("7", "-", "-"));
    assertThatThrownBy(
            () -> new ReleasePlan(plan.keys(), plan.counters(), plan.measures(), HARDLY_ANY_NOISE))
        .hasMessageContaining("with noise");
  }

  @Test
  void everySumIsAMultipleOfItsGranularity() {
    var granularity = new BigDecimal("0.25");
    var plan =
        plan(
            List.of(numbered(1000)),
            1,
            List.of(sum("0.25", "-3.1", "7.3")),
            terms("0.3", "0", 2, 1));
    for (var row : release(plan).rows()) {
      var value = row.values().getFirst().orElseThrow();
      assertThat(value.number().remainder(granularity)).isZero();
      assertThat(value.error().remainder(granularity)).isZero();
    }
  }

  @Test
  void meansStayWithinTheirBoundsWhateverTheNoise() {
    var plan =
        plan(List.of(numbered(2000)), 1, List.of(mean("0.1", "-5", "20")), terms("0.1", "0", 1, 1));
    for (var row : release(plan).rows()) {
      var value = row.values().getFirst().orElseThrow();
      assertThat(value.number()).isBetween(new BigDecimal("-5"), new BigDecimal("20"));
      assertThat(value.error()).isBetween(BigDecimal.ZERO, new BigDecimal("25"));
    }
  }

  @Test
  void errorsFollowFromThePlanExceptAMeansFromItsNoisyCount() {
    var plan =
        plan(
            List.of(numbered(3)),
            1,
            List.of(new Measure.Rows(), sum("0.01", "0", "20"), mean("1", "0", "100")),
            terms("1", "0", 1, 2));
    var expected = Release.expectedErrors(plan);
    for (var row : release(plan, row(key("0000001"), 5, 1000, 5, 5, 5, 5)).rows()) {
      assertThat(row.values().get(0).orElseThrow().error())
          .isEqualByComparingTo(expected.get(0).orElseThrow());
      assertThat(row.values().get(1).orElseThrow().error())
          .isEqualByComparingTo(expected.get(1).orElseThrow());
    }
    assertThat(Release.expectedErrors(plan, 100_000).get(2).orElseThrow())
        .isLessThan(expected.get(2).orElseThrow());
    assertThat(Release.expectedErrors(plan(List.of(), 1, plan.measures(), Optional.empty())))
        .containsOnly(Optional.of(BigDecimal.ZERO))
        .hasSize(3);
  }

  @Test
  void tablesThatBreakTheEnginesContractReleaseNothingAndQuoteNothing() {
    var plan = plan(List.of(privateKey()), 1, List.of(new Measure.Rows()), HARDLY_ANY_NOISE);
    for (var broken :
        List.of(
            List.of(row(key("secret"), 5, 5), row(key("secret"), 5, 5)),
            List.of(row(key("secret"), 5)),
            List.of(row(key("secret"), 5, 1, 2)),
            List.of(row(key("secret", "more"), 5, 5)))) {
      assertThatThrownBy(() -> Release.release(plan, new ExactTable(broken), stream(1)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageNotContaining("secret");
    }
  }

  @Test
  void plansThatCannotBeSoundAreRefused() {
    List<Measure> rows = List.of(new Measure.Rows());
    assertThatThrownBy(() -> plan(List.of(privateKey()), 1, rows, terms("1", "0", 1, 1)))
        .hasMessageContaining("delta");
    assertThatThrownBy(
            () -> plan(List.of(numbered(1001), numbered(1000)), 1, rows, HARDLY_ANY_NOISE))
        .hasMessageContaining("combinations");
    assertThatThrownBy(() -> plan(List.of(), 1, List.of(new Measure.Units(1)), HARDLY_ANY_NOISE))
        .hasMessageContaining("counter");
    for (int of : new int[] {-1, 0, 1, 2, 3}) {
      List<Measure> shown =
          List.of(
              new Measure.Rows(),
              new Measure.Another(of, Measure.Statistic.VAR_POP),
              mean("1", "0", "1"));
      assertThatThrownBy(() -> plan(List.of(), 1, shown, HARDLY_ANY_NOISE))
          .hasMessageContaining("moments");
    }
    assertThatThrownBy(() -> publicKey("a", "a")).hasMessageContaining("twice");
    assertThatThrownBy(() -> sum("0", "0", "1")).hasMessageContaining("granularity");
    assertThatThrownBy(() -> sum("1", "2", "1")).hasMessageContaining("bound");
    assertThatThrownBy(() -> sum("1", "0", "1e999999999")).hasMessageContaining("76 digits");
  }

  @Test
  void anExactAggregateCannotBePrintedComparedOrSerialised() {
    var canary = Samples.exact(8_675_309);
    var table = new ExactTable(List.of(row(key("x"), 8_675_309, 8_675_309)));
    assertThat(canary.toString()).doesNotContain("8675309");
    assertThat(table.toString()).doesNotContain("8675309");
    assertThat((Object) canary).isNotInstanceOf(Serializable.class);
    assertThat((Object) table).isNotInstanceOf(Serializable.class);
    assertThatThrownBy(() -> canary.equals(Samples.exact(8_675_309)))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(canary::hashCode).isInstanceOf(UnsupportedOperationException.class);
  }
}
