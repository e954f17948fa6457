package cloister.privacy;

import static cloister.privacy.Samples.key;
import static cloister.privacy.Samples.mean;
import static cloister.privacy.Samples.numbered;
import static cloister.privacy.Samples.plan;
import static cloister.privacy.Samples.privateKey;
import static cloister.privacy.Samples.row;
import static cloister.privacy.Samples.stream;
import static cloister.privacy.Samples.sum;
import static cloister.privacy.Samples.terms;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MechanismTest {
  /// The continuous thresholds are 14.1, 59.0, 255 and 1107; ours are integers.
  @ParameterizedTest
  @CsvSource({"1,15", "4,60", "16,256", "64,1108"})
  void laplaceThresholdIsTheAnalyticOneRoundedUp(int groups, int expected) {
    var plan = privateCount(groups);
    var laplace = Mechanism.laplace(plan, Mechanism.Draws.of(plan));
    assertThat(laplace.threshold().orElseThrow().intValueExact()).isEqualTo(expected);
    // P[1 + X >= t] by the closed form is at most delta / groups, and one below it is not.
    double b = groups;
    assertThat(laplaceTail(expected - 1, b)).isLessThanOrEqualTo(1e-6 / groups);
    assertThat(laplaceTail(expected - 2, b)).isGreaterThan(1e-6 / groups);
  }

  private static double laplaceTail(int k, double b) {
    return Math.exp(-k / b) / (1 + Math.exp(-1 / b));
  }

  /// The study's thresholds with the analytic Gaussian are 22.4, 46.0, 95.5, 198.5; zCDP is 5 to 10
  /// % above it.
  @ParameterizedTest
  @CsvSource({"1,22.4", "4,46.0", "16,95.5", "64,198.5"})
  void gaussianThresholdIsCloseToTheAnalyticMechanisms(int groups, double analytic) {
    var plan = privateCount(groups);
    var gaussian = Mechanism.gaussian(plan, Mechanism.Draws.of(plan)).orElseThrow();
    assertThat(gaussian.threshold().orElseThrow().doubleValue())
        .isBetween(analytic, analytic * 1.1 + 1);
  }

  private static ReleasePlan privateCount(int groups) {
    return plan(
        List.of(privateKey()), 1, List.of(new Measure.Units(0)), terms("1", "0.000001", groups, 1));
  }

  @Test
  void laplaceIsChosenForFewNumbersAndGaussianForMany() {
    assertThat(chosen(1, 1)).isInstanceOf(DiscreteLaplace.class);
    assertThat(chosen(4, 1)).isInstanceOf(DiscreteLaplace.class);
    assertThat(chosen(10, 3)).isInstanceOf(DiscreteGaussian.class);
    assertThat(chosen(50, 3)).isInstanceOf(DiscreteGaussian.class);
  }

  private static Noise chosen(int groups, int numbers) {
    List<Measure> measures = Collections.nCopies(numbers, new Measure.Rows());
    return Mechanism.of(
            plan(List.of(numbered(100)), 1, measures, terms("1", "0.000001", groups, 1)))
        .noises()
        .getFirst();
  }

  @Test
  void laplaceScaleIsGroupsTimesNumbersTimesSensitivityOverEpsilon() {
    var plan =
        plan(
            List.of(numbered(100)),
            1,
            List.of(
                new Measure.Units(0),
                new Measure.Rows(),
                sum("0.01", "-20", "50"),
                mean("1", "0", "100")),
            terms("0.7", "0", 3, 4));
    // 5 numbers: units, rows, sum, and a mean's sum and count.
    var expected =
        List.of(1L, 4L, 5000L, 4 * 50L, 4L).stream()
            .map(change -> (Noise) new DiscreteLaplace(Ratio.of(3 * 5 * change * 10, 7)))
            .toList();
    assertThat(Mechanism.of(plan).noises()).isEqualTo(expected);
    assertThat(Release.cost(plan)).isEqualTo(Charge.pure(Epsilon.of("0.7"), BigDecimal.ZERO));
  }

  /// The middle of 0 ‥ 101 is 50, so H = 51, H² = 2601, and squares are re-centred at 1300.
  @Test
  void momentsHaveThreeNumbersAndWhatElseIsShownOfThemHasNone() {
    List<Measure> measures =
        List.of(
            new Measure.Another(1, Measure.Statistic.COUNT),
            Samples.moments(Measure.Statistic.STDDEV_SAMP, "1", "0", "101"),
            new Measure.Another(1, Measure.Statistic.MEAN));
    var plan = plan(List.of(numbered(100)), 1, measures, terms("0.7", "0", 3, 4));
    var expected =
        List.of(4 * 51L, 4L, 4 * 1301L).stream()
            .map(change -> (Noise) new DiscreteLaplace(Ratio.of(3 * 3 * change * 10, 7)))
            .toList();
    assertThat(Mechanism.of(plan).noises()).isEqualTo(expected);
    assertThat(Mechanism.of(plan).draws().ofMeasure()).containsExactly(0, 0, 0);
    var counters = List.of(new ReleasePlan.Counter("all", 1), new ReleasePlan.Counter("a", 1));
    var united = new ReleasePlan(plan.keys(), counters, measures, plan.noise());
    var changed =
        List.of(4 * 102L, 4L, 4 * 2601L).stream()
            .map(change -> (Noise) new DiscreteLaplace(Ratio.of(2 * 3 * 3 * change * 10, 7)))
            .toList();
    assertThat(Mechanism.of(united).noises()).isEqualTo(changed);
  }

  @Test
  void aUnitCountsInNoMoreGroupsThanThereAre() {
    var two = plan(List.of(numbered(2)), 1, List.of(new Measure.Rows()), terms("1", "0", 50, 1));
    var none = plan(List.of(), 1, List.of(new Measure.Rows()), terms("1", "0", 50, 1));
    assertThat(Mechanism.of(two).noises()).containsExactly(new DiscreteLaplace(Ratio.of(2, 1)));
    assertThat(Mechanism.of(none).noises()).containsExactly(new DiscreteLaplace(Ratio.of(1, 1)));
  }

  /// A unit that leaves one of several datasets may move from its groups to others, and in a group
  /// from one end of the range to the other.
  @Test
  void aUnitOfSeveralDatasetsMayChangeInsteadOfAppear() {
    var counters = List.of(new ReleasePlan.Counter("all", 1), new ReleasePlan.Counter("a", 1));
    List<Measure> measures =
        List.of(new Measure.Rows(), sum("0.01", "-20", "50"), mean("1", "0", "100"));
    var plan = new ReleasePlan(List.of(numbered(100)), counters, measures, terms("0.7", "0", 3, 4));
    var expected =
        List.of(4L, 7000L, 4 * 100L, 4L).stream()
            .map(change -> (Noise) new DiscreteLaplace(Ratio.of(2 * 3 * 4 * change * 10, 7)))
            .toList();
    assertThat(Mechanism.of(plan).noises()).isEqualTo(expected);
    var none = new ReleasePlan(List.of(), counters, List.of(sum("1", "5", "9")), plan.noise());
    assertThat(Mechanism.of(none).noises())
        .containsExactly(new DiscreteLaplace(Ratio.of(9 * 10, 7)));
    var hidden =
        new ReleasePlan(List.of(privateKey()), counters, List.of(), terms("1", "1e-6", 1, 1));
    // Two counters in two groups: b = 4, and half of delta for each group.
    assertThat(laplaceTail(Mechanism.of(hidden).threshold().orElseThrow().intValueExact() - 1, 4))
        .isLessThanOrEqualTo(1e-6 / 2);
  }

  @Test
  void gaussianSigmasSpendExactlyTheirRhoRoundedUp() {
    var plan =
        plan(
            List.of(numbered(100)),
            1,
            List.of(new Measure.Units(0), sum("0.01", "0", "5000"), mean("1", "0", "9")),
            terms("1", "0.000001", 20, 3));
    var mechanism = Mechanism.of(plan);
    double rho = 0;
    long[] changes = {1, 500_000, 15, 3};
    for (int i = 0; i < changes.length; i++) {
      double sigma = ((DiscreteGaussian) mechanism.noises().get(i)).sigma().roundedUp();
      rho += 20.0 * changes[i] * changes[i] / (2 * sigma * sigma);
    }
    double charged = mechanism.charge().rho().doubleValue();
    assertThat(rho).isBetween(charged * (1 - 1e-8), charged * (1 + 1e-12));
    assertThat(
            ConcentratedPrivacy.implies(
                mechanism.charge().rho(), BigDecimal.ONE, new BigDecimal("0.000001")))
        .isTrue();
  }

  /// The analytic Gaussian at (1, 1e-5) has sigma 3.7306 and the classic formula 4.8448.
  @Test
  void zeroConcentratedConversionLiesBetweenTheAnalyticAndTheClassicGaussian() {
    double rho = ConcentratedPrivacy.rho(Epsilon.of("1"), new BigDecimal("0.00001")).doubleValue();
    assertThat(Math.sqrt(1 / (2 * rho))).isBetween(3.7306, 4.1);
    // Better than the plain conversion epsilon = rho + 2 sqrt(rho ln(1/delta)).
    assertThat(rho + 2 * Math.sqrt(rho * Math.log(1e5))).isGreaterThan(1);
  }

  @Test
  void aConversionIsMonotoneAndItsInverseNeverOvershoots() {
    for (var epsilon : List.of("0.001", "0.1", "1", "10", "100", "1000")) {
      for (var delta : List.of("0.000000000000000001", "0.000000001", "0.001", "0.1")) {
        var rho = ConcentratedPrivacy.rho(Epsilon.of(epsilon), new BigDecimal(delta));
        var e = new BigDecimal(epsilon);
        var d = new BigDecimal(delta);
        assertThat(ConcentratedPrivacy.implies(rho, e, d)).as(epsilon + " " + delta).isTrue();
        assertThat(ConcentratedPrivacy.implies(rho.multiply(new BigDecimal("1.001")), e, d))
            .as(epsilon + " " + delta)
            .isEqualTo(rho.signum() == 0);
      }
    }
  }

  @Test
  void onlyCountersThatDecideOrAreShownAreNoised() {
    var counters = List.of(new ReleasePlan.Counter("a", 1), new ReleasePlan.Counter("b", 5));
    var noise = terms("1", "0.000001", 1, 1);
    List<Measure> shown = List.of(new Measure.Units(1), new Measure.Units(1));
    var listed = new ReleasePlan(List.of(numbered(3)), counters, shown, noise);
    var hidden = new ReleasePlan(List.of(privateKey()), counters, shown, noise);
    assertThat(Mechanism.of(listed).noises()).hasSize(1);
    assertThat(Mechanism.of(hidden).noises()).hasSize(2);
  }

  @Test
  void costDependsOnThePlanAlone() {
    var plan = privateCount(3);
    var before = Release.cost(plan);
    var unused =
        Release.release(plan, new ExactTable(List.of(row(key("x"), 1_000_000))), stream(1));
    assertThat(unused.rows()).hasSize(1);
    assertThat(Release.cost(plan)).isEqualTo(before);
    assertThat(before.delta()).isEqualByComparingTo("0.000001");
    assertThat(before.thresholdDelta()).isEqualByComparingTo("0.000001");
  }

  @Test
  void noiseOfAnySizeIsCalibrated() {
    var plan =
        plan(
            List.of(numbered(100)),
            1,
            List.of(sum("0.000001", "0", "100000000000000000000000000000")),
            terms("0.1", "0", 100, 1));
    var noise = Mechanism.of(plan).noises().getFirst();
    assertThat(noise.sample(stream(1)).bitLength()).isBetween(90, 150);
    assertThat(noise.halfWidth(0.05)).isGreaterThan(BigInteger.TEN.pow(37));
  }
}
