package cloister.privacy;

import java.math.BigDecimal;
import java.math.RoundingMode;

/// A pure differential-privacy parameter ε in (0, 1000], exact to 10⁻⁹ so that budgets add up.
public record Epsilon(BigDecimal value) implements Comparable<Epsilon> {
  static final int SCALE = 9;
  private static final BigDecimal LARGEST = BigDecimal.valueOf(1000);

  public Epsilon {
    if (value.signum() <= 0 || value.compareTo(LARGEST) > 0) {
      throw new IllegalArgumentException("epsilon must be above 0 and at most 1000, not " + value);
    }
    value = value.setScale(SCALE, RoundingMode.UNNECESSARY);
  }

  public static Epsilon of(String value) {
    return new Epsilon(new BigDecimal(value));
  }

  @Override
  public int compareTo(Epsilon other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value.stripTrailingZeros().toPlainString();
  }
}
