package cloister.privacy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/// A mean of values around a middle, from a noisy sum of their distances to it and a noisy count of
/// them; post-processing, so it costs nothing.
///
/// @param sum of the distances, in units of granularity
record NoisyMean(Measure.Mean measure, BigInteger sum, BigInteger count) {
  /// middle + sum/max(1, count), clamped to the bounds that every row was clamped to: the true mean
  /// lies within, so this moves it only towards the truth.
  BigDecimal number() {
    var offset =
        new BigDecimal(sum)
            .multiply(measure.granularity())
            .divide(
                new BigDecimal(count.max(BigInteger.ONE)), measure.scale(), RoundingMode.HALF_EVEN);
    var middle = new BigDecimal(measure.middle()).multiply(measure.granularity());
    return middle
        .add(offset)
        .setScale(measure.scale(), RoundingMode.HALF_EVEN)
        .max(lower())
        .min(upper());
  }

  /// A bound of |released - true| that holds whenever the two numbers are within their half widths,
  /// so with probability 95 % when each is with 97.5 %.
  ///
  /// Let S, N be the true sum and count, r = S/N, and S', N' the noisy ones, N' ≥ 1. Then S'/N' - r
  /// = (S' - S)/N' + r·(N - N')/N', so the error e is at most (hₛ + |r|·hₙ)/N'. What is known of r:
  /// |r| ≤ H, half the range, so e ≤ (hₛ + H·hₙ)/N'. And |r| ≤ |S'/N'| + e, so, if N' > hₙ, e ≤ (hₛ
  /// + |S'/N'|·hₙ)/(N' - hₙ). Clamping only reduces it, and no error exceeds the range. Where N' <
  ///   1, nothing but the range is known.
  BigDecimal error(BigInteger sumHalfWidth, BigInteger countHalfWidth) {
    var range = upper().subtract(lower());
    if (count.signum() <= 0) {
      return range;
    }
    var bound =
        distance(
            sum,
            count,
            sumHalfWidth,
            countHalfWidth,
            measure.halfRange(),
            measure.granularity(),
            measure.scale());
    // The released mean was rounded at its last digit.
    return bound.add(BigDecimal.ONE.movePointLeft(measure.scale())).min(range);
  }

  /// The bound of |S'/N' - S/N| that is derived above, for |S/N| ≤ `largest` and N' ≥ 1, in units
  /// of `unit` and rounded up to `scale` digits.
  static BigDecimal distance(
      BigInteger sum,
      BigInteger count,
      BigInteger sumHalfWidth,
      BigInteger countHalfWidth,
      BigInteger largest,
      BigDecimal unit,
      int scale) {
    var width = new BigDecimal(sumHalfWidth);
    var countWidth = new BigDecimal(countHalfWidth);
    var n = new BigDecimal(count);
    var bound =
        width
            .add(new BigDecimal(largest).multiply(countWidth))
            .multiply(unit)
            .divide(n, scale, RoundingMode.UP);
    if (count.compareTo(countHalfWidth) <= 0) {
      return bound;
    }
    // (hₛ + |S'|/N'·hₙ)/(N' - hₙ), multiplied through by N'.
    var local =
        width
            .multiply(n)
            .add(new BigDecimal(sum.abs()).multiply(countWidth))
            .multiply(unit)
            .divide(n.multiply(n.subtract(countWidth)), scale, RoundingMode.UP);
    return bound.min(local);
  }

  private BigDecimal lower() {
    return new BigDecimal(measure.lowest()).multiply(measure.granularity());
  }

  private BigDecimal upper() {
    return new BigDecimal(measure.highest()).multiply(measure.granularity());
  }
}
