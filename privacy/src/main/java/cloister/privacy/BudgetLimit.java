package cloister.privacy;

import java.math.BigDecimal;
import java.math.RoundingMode;

/// What may be learned of one privacy unit of a dataset over the life of the data, in total. A
/// [BudgetFilter] keeps it.
///
/// @param deltaForGroups the part of δ that is kept for group keys without a domain where noise
///   composes by concentrated privacy; the rest is noise's
public record BudgetLimit(Epsilon epsilon, Delta delta, Delta deltaForGroups) {
  public BudgetLimit {
    if (deltaForGroups.compareTo(delta) > 0) {
      throw new IllegalArgumentException("delta-for-groups is a part of delta");
    }
  }

  /// With half of δ for groups.
  public BudgetLimit(Epsilon epsilon, Delta delta) {
    this(epsilon, delta, half(delta));
  }

  private static Delta half(Delta delta) {
    return new Delta(delta.value().divide(BigDecimal.valueOf(2), Delta.SCALE, RoundingMode.DOWN));
  }

  /// Whether nobody said how to divide δ.
  public boolean isHalved() {
    return deltaForGroups.equals(half(delta));
  }

  Delta deltaForNoise() {
    return new Delta(delta.value().subtract(deltaForGroups.value()));
  }

  /// What keeps within it keeps within both.
  public BudgetLimit meet(BudgetLimit other) {
    Epsilon least = epsilon.compareTo(other.epsilon) <= 0 ? epsilon : other.epsilon;
    Delta groups = smaller(deltaForGroups, other.deltaForGroups);
    Delta noise = smaller(deltaForNoise(), other.deltaForNoise());
    return new BudgetLimit(least, new Delta(groups.value().add(noise.value())), groups);
  }

  private static Delta smaller(Delta one, Delta other) {
    return one.compareTo(other) <= 0 ? one : other;
  }
}
