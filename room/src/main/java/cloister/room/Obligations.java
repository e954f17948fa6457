package cloister.room;

import cloister.privacy.BudgetLimit;
import cloister.privacy.DifferentialPrivacy;
import java.util.Optional;

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
  public Obligations {
    if (minimumUnits < 1) {
      throw new IllegalArgumentException("minimum-units must be at least 1");
    }
    if (noise.isPresent() != budget.isPresent()) {
      throw new IllegalArgumentException(
          "differential-privacy and budget come together: noise without a budget averages out");
    }
  }
}
