package cloister.privacy;

import java.math.BigDecimal;
import java.math.RoundingMode;

/// The probability δ in [0, 1) with which the ε guarantee may fail, exact to 10⁻¹⁸.
public record Delta(BigDecimal value) implements Comparable<Delta> {
  static final int SCALE = 18;
  public static final Delta ZERO = new Delta(BigDecimal.ZERO);

  public Delta {
    if (value.signum() < 0 || value.compareTo(BigDecimal.ONE) >= 0) {
      throw new IllegalArgumentException("delta must be at least 0 and below 1, not " + value);
    }
    value = value.setScale(SCALE, RoundingMode.UNNECESSARY);
  }

  public static Delta of(String value) {
    return new Delta(new BigDecimal(value));
  }

  @Override
  public int compareTo(Delta other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value.signum() == 0 ? "0" : value.stripTrailingZeros().toString();
  }
}
