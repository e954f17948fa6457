package cloister.room;

import cloister.privacy.Bounding;
import cloister.privacy.BudgetLimit;
import cloister.privacy.DifferentialPrivacy;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What binds an answer about one dataset.
///
/// @param minimumUnits each released group has at least so many of the dataset's privacy units
/// @param noise at most so much per run; absent means threshold-only
/// @param budget present exactly when `noise` is
public record Obligations(
    boolean joinRequired,
    int minimumUnits,
    Optional<DifferentialPrivacy> noise,
    Optional<BudgetLimit> budget) {
  private static final int MOST_UNITS = 1_000_000_000;

  public Obligations {
    if (minimumUnits < 1 || minimumUnits > MOST_UNITS) {
      throw new IllegalArgumentException("minimum-units must be 1 to " + MOST_UNITS);
    }
    if (noise.isPresent() != budget.isPresent()) {
      throw new IllegalArgumentException(
          "differential-privacy and budget come together: noise without a budget averages out");
    }
    if (noise.isPresent()
        && budget.isPresent()
        && (noise.get().epsilon().compareTo(budget.get().epsilon()) > 0
            || noise.get().delta().compareTo(budget.get().delta()) > 0)) {
      throw new IllegalArgumentException(
          "differential-privacy allows one run more than the whole budget does");
    }
  }

  /// Whether they ask for nothing that counts units.
  boolean protectNobody() {
    return minimumUnits == 1 && noise.isEmpty();
  }

  /// The strictest of each: what satisfies the result satisfies both.
  public Obligations meet(Obligations other) {
    var met = meetBudgets(budget, other.budget);
    return new Obligations(
        joinRequired || other.joinRequired,
        Math.max(minimumUnits, other.minimumUnits),
        meetNoise(List.of(noise, other.noise)).map(each -> affordable(each, met.orElseThrow())),
        met);
  }

  /// Two budgets that divide δ differently may leave less of it than either's noise asks for.
  private static DifferentialPrivacy affordable(DifferentialPrivacy noise, BudgetLimit budget) {
    return new DifferentialPrivacy(
        noise.epsilon(),
        smaller(noise.delta(), budget.delta()),
        noise.groupsPerUnit(),
        noise.rowsPerUnit(),
        noise.rows());
  }

  /// The strictest noise among those present; absent if none is.
  static Optional<DifferentialPrivacy> meetNoise(List<Optional<DifferentialPrivacy>> noises) {
    return noises.stream()
        .flatMap(Optional::stream)
        .reduce((a, b) -> {
          var rows = fewerRows(a, b);
          return new DifferentialPrivacy(
              smaller(a.epsilon(), b.epsilon()),
              smaller(a.delta(), b.delta()),
              Math.min(a.groupsPerUnit(), b.groupsPerUnit()),
              rows.rowsPerUnit(),
              rows.rows());
        });
  }

  /// Of two numbers of rows the smaller; whoever declares none is content with anybody's.
  private static DifferentialPrivacy fewerRows(DifferentialPrivacy a, DifferentialPrivacy b) {
    if (a.rows() != b.rows()) {
      return a.rows() == Bounding.DECLARED ? a : b;
    }
    return a.rowsPerUnit() <= b.rowsPerUnit() ? a : b;
  }

  /// Whether a run with `spent` stays within what `allowed` permits, in every figure.
  static boolean isWithin(DifferentialPrivacy spent, DifferentialPrivacy allowed) {
    return spent.epsilon().compareTo(allowed.epsilon()) <= 0
        && spent.delta().compareTo(allowed.delta()) <= 0
        && spent.groupsPerUnit() <= allowed.groupsPerUnit()
        && (allowed.rows() == Bounding.AUTOMATIC
            || (spent.rows() == Bounding.DECLARED && spent.rowsPerUnit() <= allowed.rowsPerUnit()));
  }

  private static Optional<BudgetLimit> meetBudgets(
      Optional<BudgetLimit> one, Optional<BudgetLimit> other) {
    return Stream.of(one, other).flatMap(Optional::stream).reduce(BudgetLimit::meet);
  }

  private static <T extends Comparable<T>> T smaller(T one, T other) {
    return one.compareTo(other) <= 0 ? one : other;
  }
}
