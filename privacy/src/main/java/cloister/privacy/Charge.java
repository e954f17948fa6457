package cloister.privacy;

import java.math.BigDecimal;
import java.math.RoundingMode;

/// What one release costs every dataset it draws on, in exact decimals that were rounded up.
///
/// The same release is described twice, because two theorems compose it. It is (ε, δ)-DP; and,
/// unless a threshold lets a rare group through, which has a probability of at most
/// `thresholdDelta`, it is ρ-zCDP ("`thresholdDelta`-approximate ρ-zCDP", Bun and Steinke 2016,
/// Definition 8.1).
///
/// @param epsilon 0 only for a release without noise
/// @param delta all of δ, including `thresholdDelta`; 0 for pure ε-DP
/// @param rho for pure ε-DP, ε²/2
/// @param thresholdDelta the part of `delta` that pays for group keys without a domain
public record Charge(
    BigDecimal epsilon, BigDecimal delta, BigDecimal rho, BigDecimal thresholdDelta) {
  /// The cost of a release that has no noise, or nothing to release.
  public static final Charge NONE =
      new Charge(BigDecimal.ZERO, BigDecimal.ZERO, BigDecimal.ZERO, BigDecimal.ZERO);

  public Charge {
    epsilon = exact("epsilon", epsilon, Epsilon.SCALE);
    delta = exact("delta", delta, Delta.SCALE);
    rho = exact("rho", rho, ConcentratedPrivacy.SCALE);
    thresholdDelta = exact("threshold delta", thresholdDelta, Delta.SCALE);
    if (thresholdDelta.compareTo(delta) > 0) {
      throw new IllegalArgumentException("the threshold's delta is a part of delta");
    }
    if (epsilon.signum() == 0 && (rho.signum() != 0 || delta.signum() != 0)) {
      throw new IllegalArgumentException("a charge without epsilon charges nothing");
    }
    if (epsilon.signum() != 0 && rho.signum() == 0) {
      throw new IllegalArgumentException("a charge of epsilon has a rho above 0");
    }
  }

  private static BigDecimal exact(String name, BigDecimal value, int scale) {
    if (value.signum() < 0) {
      throw new IllegalArgumentException(name + " must be at least 0, not " + value);
    }
    return value.setScale(scale, RoundingMode.UNNECESSARY);
  }

  /// A pure ε-DP release, whose threshold fails with probability `thresholdDelta`.
  static Charge pure(Epsilon epsilon, BigDecimal thresholdDelta) {
    return new Charge(
        epsilon.value(),
        thresholdDelta,
        ConcentratedPrivacy.ofPure(epsilon.value()),
        thresholdDelta);
  }

  public boolean isNone() {
    return epsilon.signum() == 0;
  }

  public Charge plus(Charge other) {
    return new Charge(
        epsilon.add(other.epsilon),
        delta.add(other.delta),
        rho.add(other.rho),
        thresholdDelta.add(other.thresholdDelta));
  }

  Charge times(long count) {
    var factor = BigDecimal.valueOf(count);
    return new Charge(
        epsilon.multiply(factor),
        delta.multiply(factor),
        rho.multiply(factor),
        thresholdDelta.multiply(factor));
  }
}
