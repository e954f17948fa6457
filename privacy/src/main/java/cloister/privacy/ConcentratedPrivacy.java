package cloister.privacy;

import java.math.BigDecimal;
import java.math.RoundingMode;

/// Between zero-concentrated differential privacy ρ (Bun and Steinke 2016) and (ε, δ).
///
/// Canonne, Kamath and Steinke 2020, Corollary 13: a ρ-zCDP mechanism is (ε, δ)-DP for `δ = inf
/// over α > 1 of exp((α - 1)(αρ - ε)) · (1 - 1/α)^(α - 1) / α`. *Every* α gives a sound δ, so the
/// search for the best one may use floating point; only the evaluation must round up, which it does
/// by adding a bound of its error. `StrictMath`, because a laptop that explains a cost and the
/// enclave that charges it must agree to the last digit.
final class ConcentratedPrivacy {
  static final int SCALE = 18;
  private static final BigDecimal TWO = BigDecimal.valueOf(2);

  private ConcentratedPrivacy() {}

  /// A pure ε-DP mechanism is ε²/2-zCDP: Bun and Steinke 2016, Proposition 1.4.
  static BigDecimal ofPure(BigDecimal epsilon) {
    return epsilon.multiply(epsilon).divide(TWO, SCALE, RoundingMode.UP);
  }

  /// The largest ρ, to 12 digits after the point and rounded down, that is certain to imply (ε, δ).
  static BigDecimal rho(Epsilon epsilon, BigDecimal delta) {
    double e = roundedDown(epsilon.value());
    double d = roundedDown(delta);
    double certain = 0;
    // ρ alone costs ρ in ε, for every δ < 1/2, so ε + 1 is far too much.
    double tooMuch = e + 1;
    // 64 halvings of at most 1001 are far below the last of 12 digits.
    for (int i = 0; i < 64; i++) {
      double rho = (certain + tooMuch) / 2;
      if (delta(rho, e) <= d) {
        certain = rho;
      } else {
        tooMuch = rho;
      }
    }
    // Lowered, so that reading the decimal back and rounding it up stays below what was tested.
    return new BigDecimal(certain * (1 - 1e-12)).setScale(12, RoundingMode.DOWN);
  }

  /// Whether ρ-zCDP is certain to imply (ε, δ).
  static boolean implies(BigDecimal rho, BigDecimal epsilon, BigDecimal delta) {
    if (delta.signum() <= 0) {
      return rho.signum() == 0;
    }
    return rho.signum() == 0 || delta(roundedUp(rho), roundedDown(epsilon)) <= roundedDown(delta);
  }

  /// A δ, rounded up, such that ρ-zCDP implies (ε, δ)-DP.
  static double delta(double rho, double epsilon) {
    if (rho == 0) {
      return 0;
    }
    double low = 1;
    double high = (epsilon + 1) / (2 * rho) + 2;
    double best = 1;
    // The logarithm of the bound is convex in α; its derivative is below.
    for (int i = 0; i < 60; i++) {
      double alpha = (low + high) / 2;
      if (alpha <= 1) {
        break;
      }
      best = Math.min(best, bound(alpha, rho, epsilon));
      if ((2 * alpha - 1) * rho - epsilon + StrictMath.log1p(-1 / alpha) < 0) {
        low = alpha;
      } else {
        high = alpha;
      }
    }
    return best;
  }

  private static double bound(double alpha, double rho, double epsilon) {
    double loss = (alpha - 1) * (alpha * rho - epsilon);
    double gain = (alpha - 1) * StrictMath.log1p(-1 / alpha) - StrictMath.log(alpha);
    double error = 1e-12 + 1e-13 * (alpha * alpha * rho + alpha * epsilon + Math.abs(gain));
    return StrictMath.exp(loss + gain + error);
  }

  private static double roundedDown(BigDecimal value) {
    return Math.nextDown(value.doubleValue());
  }

  private static double roundedUp(BigDecimal value) {
    return Math.nextUp(value.doubleValue());
  }
}
