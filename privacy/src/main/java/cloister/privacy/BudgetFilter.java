package cloister.privacy;

import java.math.BigDecimal;
import java.util.Optional;
import java.util.function.LongPredicate;

/// The books of one dataset: everything charged so far, folded, and whether one more charge fits.
/// Immutable; what was spent never decreases.
///
/// Analysts choose each release after seeing the earlier ones, so the rule must be a *privacy
/// filter* (Rogers, Roth, Ullman and Vadhan 2016), valid for charges chosen adaptively. Two are:
///
/// - **basic**: stop before Σε > ε or Σδ > δ;
/// - **concentrated**: stop before Σρ exceeds what implies (ε, δ₁), or the thresholds' Σδ' exceeds
///   δ₂, with δ₁ + δ₂ = δ as the owner divides it, each half unless said (Feldman and Zrnic 2021,
///   Theorem 4.3; Whitehouse, Ramdas, Rogers and Wu 2023, for approximate zCDP: together (ε, δ₁ +
///   δ₂)).
///
/// Both are fixed boxes, which is what the theorems need. A frontier along which ρ may be exchanged
/// for δ' is *not* a filter: an adversary spends ρ only where the loss is high already, and δ'
/// everywhere else, so that each part fails with almost all of δ. For the same reason the union of
/// the two filters is not (ε, δ) when both spend δ: it is (ε, 2δ). So one filter is chosen, by the
/// first charge — before the data has answered anything, so that the choice tells nothing and
/// cannot be steered by an answer —: the one under which more releases like the first would fit,
/// basic when equal. Two consequences: a budget of (k·ε, k·δ) always admits k releases of (ε, δ),
/// and many small Gaussian releases get the square-root composition.
///
/// Under the concentrated filter, `Σε ≤ ε while Σδ = 0` admits too. That union is sound: where a
/// sequence ends by this rule, all its charges were pure and its privacy loss is at most ε with
/// certainty, so it adds nothing to the δ of the sequences that end by the other.
public final class BudgetFilter {
  private static final long MOST_RUNS = 1_000_000_000;

  private final BudgetLimit limit;
  private final Spending spending;

  private enum Composition {
    BASIC,
    CONCENTRATED
  }

  /// What an owner or analyst may be shown.
  ///
  /// @param epsilon what basic composition leaves, at least 0
  /// @param runsLikeTheLast how many more charges like the last one fit; absent when nothing has
  ///   been charged
  public record Remaining(BigDecimal epsilon, Optional<Long> runsLikeTheLast) {}

  private BudgetFilter(BudgetLimit limit, Spending spending) {
    this.limit = limit;
    this.spending = spending;
  }

  /// The books of a dataset that nothing has been asked of.
  public static BudgetFilter of(BudgetLimit limit) {
    return of(limit, Spending.NONE);
  }

  public static BudgetFilter of(BudgetLimit limit, Spending spending) {
    return new BudgetFilter(limit, spending);
  }

  public Charge spent() {
    return spending.sum();
  }

  public boolean admits(Charge charge) {
    return charge.isNone()
        || holds(spending.sum().plus(charge), composition(spending.first().orElse(charge)));
  }

  /// The books after a charge, whether it fits or not.
  public BudgetFilter spend(Charge charge) {
    return charge.isNone() ? this : of(limit, spending.plus(charge));
  }

  public Remaining remaining() {
    return new Remaining(
        limit.epsilon().value().subtract(spending.sum().epsilon()).max(BigDecimal.ZERO),
        spending.last().map(this::runsLike));
  }

  private long runsLike(Charge charge) {
    var composition = composition(spending.first().orElse(charge));
    return most(runs -> holds(spending.sum().plus(charge.times(runs)), composition));
  }

  private Composition composition(Charge first) {
    long basic = most(runs -> basicHolds(first.times(runs)));
    long concentrated = most(runs -> concentratedHolds(first.times(runs)));
    return concentrated > basic ? Composition.CONCENTRATED : Composition.BASIC;
  }

  private boolean holds(Charge total, Composition composition) {
    return switch (composition) {
      case BASIC -> basicHolds(total);
      case CONCENTRATED ->
          concentratedHolds(total) || (total.delta().signum() == 0 && basicHolds(total));
    };
  }

  private boolean basicHolds(Charge total) {
    return total.epsilon().compareTo(limit.epsilon().value()) <= 0
        && total.delta().compareTo(limit.delta().value()) <= 0;
  }

  private boolean concentratedHolds(Charge total) {
    return total.thresholdDelta().compareTo(limit.deltaForGroups().value()) <= 0
        && ConcentratedPrivacy.implies(
            total.rho(), limit.epsilon().value(), limit.deltaForNoise().value());
  }

  /// The largest count that fits; `fits` is monotone, because every part of a charge adds up.
  private static long most(LongPredicate fits) {
    long fit = 0;
    long excess = MOST_RUNS + 1;
    while (excess - fit > 1) {
      long middle = (fit + excess) / 2;
      if (fits.test(middle)) {
        fit = middle;
      } else {
        excess = middle;
      }
    }
    return fit;
  }
}
