package cloister.privacy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/// A positive fraction in lowest terms.
record Ratio(BigInteger numerator, BigInteger denominator) {
  Ratio {
    if (numerator.signum() <= 0 || denominator.signum() <= 0) {
      throw new IllegalArgumentException("a ratio here is above 0");
    }
    var common = numerator.gcd(denominator);
    numerator = numerator.divide(common);
    denominator = denominator.divide(common);
  }

  static Ratio of(long numerator, long denominator) {
    return new Ratio(BigInteger.valueOf(numerator), BigInteger.valueOf(denominator));
  }

  /// The value or a little more, never less.
  double roundedUp() {
    return Math.nextUp(
        new BigDecimal(numerator)
            .divide(new BigDecimal(denominator), new MathContext(20, RoundingMode.UP))
            .doubleValue());
  }

  /// Both parts leave room in a `long` for a multiple by up to 256.
  boolean fitsLong() {
    return numerator.bitLength() <= 54 && denominator.bitLength() <= 54;
  }

  /// To four significant digits, for people.
  String approximately() {
    return new BigDecimal(numerator)
        .divide(new BigDecimal(denominator), new MathContext(4))
        .stripTrailingZeros()
        .toPlainString();
  }
}
