package cloister.privacy;

import static cloister.privacy.Samples.numbered;
import static cloister.privacy.Samples.plan;
import static cloister.privacy.Samples.terms;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BudgetFilterTest {
  private static final Charge PURE = Charge.pure(Epsilon.of("0.1"), BigDecimal.ZERO);
  private static final Charge THRESHOLD =
      Charge.pure(Epsilon.of("0.1"), new BigDecimal("0.0000001"));

  private static BudgetLimit limit(String epsilon, String delta) {
    return new BudgetLimit(Epsilon.of(epsilon), Delta.of(delta));
  }

  private static Charge gaussian() {
    var plan =
        plan(
            List.of(numbered(100)),
            1,
            Collections.nCopies(5, new Measure.Rows()),
            terms("0.3", "0.000001", 10, 1));
    return Release.cost(plan);
  }

  private static int fit(BudgetLimit limit, Charge charge) {
    var filter = BudgetFilter.of(limit);
    int count = 0;
    while (filter.admits(charge)) {
      filter = filter.spend(charge);
      count++;
    }
    return count;
  }

  @Test
  void aBudgetAdmitsAsManyRunsAsItIsAMultipleOf() {
    assertThat(fit(limit("1", "0"), PURE)).isEqualTo(10);
    assertThat(fit(limit("1", "0.000001"), THRESHOLD)).isEqualTo(10);
    assertThat(fit(limit("0.1", "0.0000001"), THRESHOLD)).isEqualTo(1);
    assertThat(fit(limit("0.099999999", "0.0000001"), THRESHOLD)).isZero();
    assertThat(fit(limit("1", "0.000000999999999999"), THRESHOLD)).isEqualTo(9);
  }

  /// The study's figure: at (3, 1e-6), 30 by the basic rule, 37 by zCDP with all of δ; half of it
  /// is kept for thresholds.
  @Test
  void smallReleasesAreComposedByConcentratedPrivacyWhereItIsBetter() {
    assertThat(fit(limit("1", "0.000001"), PURE)).isEqualTo(10);
    assertThat(fit(limit("3", "0.000001"), PURE)).isBetween(34, 36);
    assertThat(fit(limit("3", "0.000001"), gaussian())).isGreaterThan(50);
  }

  /// The study's figures: counts with a deviation of √200, which Laplace noise at ε = 0.1 has,
  /// under budgets whose owner keeps no δ for groups: 74 at (3, 1e-6), where 30 fit by the basic
  /// rule, and 615 at (10, 1e-6), where 100 do.
  @Test
  void anOwnerWhoseKeysAllHaveDomainsGivesAllOfDeltaToNoise() {
    var answer =
        new Charge(
            new BigDecimal("0.1"),
            new BigDecimal("0.0000001"),
            new BigDecimal("0.0025"),
            BigDecimal.ZERO);
    assertThat(fit(forNoise("3"), answer)).isGreaterThanOrEqualTo(74);
    assertThat(fit(forNoise("10"), answer)).isGreaterThanOrEqualTo(600);
    assertThat(fit(limit("3", "0.000001"), answer)).isBetween(68, 72);
    assertThat(BudgetFilter.of(forNoise("3")).spend(answer).admits(THRESHOLD)).isFalse();
  }

  private static BudgetLimit forNoise(String epsilon) {
    return new BudgetLimit(Epsilon.of(epsilon), Delta.of("0.000001"), Delta.ZERO);
  }

  /// Whatever is within the meet of two budgets is within both.
  @Test
  void aMeetIsWithinBoth() {
    var one = new BudgetLimit(Epsilon.of("3"), Delta.of("0.000001"), Delta.ZERO);
    var other = new BudgetLimit(Epsilon.of("2"), Delta.of("0.000001"));
    var meet = one.meet(other);
    assertThat(meet)
        .isEqualTo(new BudgetLimit(Epsilon.of("2"), Delta.of("0.0000005"), Delta.ZERO))
        .isEqualTo(other.meet(one));
    for (var charge : List.of(PURE, THRESHOLD, gaussian())) {
      assertThat(fit(meet, charge))
          .isLessThanOrEqualTo(Math.min(fit(one, charge), fit(other, charge)));
    }
  }

  @Test
  void theFirstChargeDecidesAndLaterOnesCannotSteerIt() {
    var limit = limit("3", "0.000001");
    var first = Charge.pure(Epsilon.of("3"), new BigDecimal("0.000001"));
    var basic = BudgetFilter.of(limit).spend(first);
    assertThat(basic.admits(gaussian())).isFalse();
    // Basic spends all of delta, so nothing may be left to the concentrated filter's.
    var mixed = BudgetFilter.of(limit).spend(THRESHOLD.times(10));
    assertThat(mixed.admits(PURE)).isTrue();
    assertThat(mixed.admits(THRESHOLD)).isFalse();
  }

  /// Were ρ exchangeable for δ', an adversary would spend ρ where the loss is high already and δ'
  /// everywhere else, and fail with almost twice δ.
  @Test
  void whatNoiseLeavesOfDeltaIsNotForThresholdsNorTheOtherWayRound() {
    var limit = limit("3", "0.000001");
    var opening = BudgetFilter.of(limit).spend(gaussian());
    var half = new BigDecimal("0.0000005");
    assertThat(opening.admits(Charge.pure(Epsilon.of("0.1"), half))).isTrue();
    assertThat(opening.admits(Charge.pure(Epsilon.of("0.1"), half.add(new BigDecimal("1e-18")))))
        .isFalse();
    var withoutThresholds = opening;
    var withThresholds = opening.spend(Charge.pure(Epsilon.of("0.000001"), half));
    int runs = 0;
    while (withoutThresholds.admits(gaussian())) {
      assertThat(withThresholds.admits(gaussian())).isTrue();
      withoutThresholds = withoutThresholds.spend(gaussian());
      withThresholds = withThresholds.spend(gaussian());
      runs++;
    }
    assertThat(runs).isGreaterThan(50);
  }

  @Test
  void sequencesOfPureReleasesMayAlwaysUseTheBasicRule() {
    var limit = limit("3", "0.000001");
    var filter = BudgetFilter.of(limit).spend(PURE);
    assertThat(filter.admits(Charge.pure(Epsilon.of("2.9"), BigDecimal.ZERO))).isTrue();
    assertThat(filter.admits(Charge.pure(Epsilon.of("2.900000001"), BigDecimal.ZERO))).isFalse();
    // ... but not with a delta beside it, which the other rule already counts on.
    assertThat(filter.admits(Charge.pure(Epsilon.of("2.9"), new BigDecimal("0.0000001"))))
        .isFalse();
  }

  @Test
  void theFoldIsExactMonotoneAndOnceRefusedStaysRefused() {
    var choices = List.of(PURE, THRESHOLD, gaussian(), Charge.NONE);
    for (long seed = 0; seed < 200; seed++) {
      var random = new SplittableRandom(seed);
      var filter = BudgetFilter.of(limit("2", "0.000001"));
      var past = new ArrayList<Charge>();
      boolean refused = false;
      for (int i = 0; i < 40; i++) {
        var charge = choices.get(random.nextInt(4));
        var before = filter.spent();
        boolean probe = filter.admits(PURE);
        assertThat(refused && probe).as("seed " + seed).isFalse();
        refused = !probe;
        filter = filter.spend(charge);
        past.add(charge);
        assertThat(filter.spent().epsilon()).isGreaterThanOrEqualTo(before.epsilon());
        assertThat(filter.spent().rho()).isGreaterThanOrEqualTo(before.rho());
        assertThat(filter.spent().delta()).isGreaterThanOrEqualTo(before.delta());
      }
      var folded =
          BudgetFilter.of(
              limit("2", "0.000001"),
              past.stream().reduce(Spending.NONE, Spending::plus, (_, last) -> last));
      assertThat(folded.spent())
          .as("seed " + seed)
          .isEqualTo(filter.spent())
          .isEqualTo(past.stream().reduce(Charge.NONE, Charge::plus));
      assertThat(folded.remaining()).as("seed " + seed).isEqualTo(filter.remaining());
    }
  }

  @Test
  void remainingTellsHowManyRunsLikeTheLastFit() {
    var filter = BudgetFilter.of(limit("1", "0.000001"));
    assertThat(filter.remaining().runsLikeTheLast()).isEmpty();
    filter = filter.spend(THRESHOLD).spend(THRESHOLD).spend(THRESHOLD);
    assertThat(filter.remaining().epsilon()).isEqualByComparingTo("0.7");
    assertThat(filter.remaining().runsLikeTheLast()).contains(7L);
    assertThat(filter.spend(THRESHOLD.times(9)).remaining().epsilon()).isZero();
  }

  @Test
  void aReleaseWithoutNoiseIsFreeEvenWhenNothingIsLeft() {
    var empty = BudgetFilter.of(limit("0.1", "0")).spend(PURE);
    assertThat(empty.admits(PURE)).isFalse();
    assertThat(empty.admits(Charge.NONE)).isTrue();
    assertThat(empty.spend(Charge.NONE)).isSameAs(empty);
  }

  @Test
  void aChargeThatCannotBeIsRefused() {
    var one = BigDecimal.ONE;
    var zero = BigDecimal.ZERO;
    var half = new BigDecimal("0.5");
    assertThatThrownBy(() -> new Charge(one.negate(), zero, one, zero))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Charge(one, zero, zero, zero))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Charge(zero, half, zero, zero))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Charge(one, zero, one, half))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Charge(new BigDecimal("1e-10"), zero, one, zero))
        .isInstanceOf(ArithmeticException.class);
  }
}
