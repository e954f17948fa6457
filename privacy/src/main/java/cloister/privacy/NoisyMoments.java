package cloister.privacy;

import cloister.privacy.Measure.Statistic;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/// The variance of values about a middle, from a noisy sum of their distances to it, a noisy count
/// of them, and a noisy sum of their re-centred squares; post-processing, so it costs nothing.
///
/// Let N, Y, Z be the true count, sum of distances y, and sum of y² - c, for the centre c. With the
/// mean distance m = Y/N and the mean square q = Z/N + c the variance is q - m². Released is the
/// same of the noisy numbers, clamped to 0 ‥ (range/2)², within which the variance of values of
/// that range is (Popoviciu), so this moves it only towards the truth. A sample's has the factor
/// N/(N - 1), a deviation the root.
///
/// **The error.** When each of the three is within its half width, with probability at least 95 %
/// if each is with 98⅓ %, then |Y'/N' - m| and |Z'/N' - (q - c)| are within the bounds of
/// [NoisyMean#distance], for |m| ≤ H and |q - c| ≤ ⌈H²/2⌉. So m and q lie in intervals that are
/// known, and with them q - m²: its least is that of q less the largest m² of the interval, and the
/// other way around. Factor and root are monotone. Every end is rounded outwards, and the error is
/// the distance from what was released to the farther end. Where N' < 1 nothing is known but the
/// range; where N' < 2 a sample's factor is taken to be that of two values.
///
/// @param sum of the distances, in units of granularity
/// @param squares the sum of y² - c, in units of granularity²
record NoisyMoments(Measure.Moments measure, BigInteger sum, BigInteger count, BigInteger squares) {
  /// Digits after the point that intervals are computed to, in units of granularity².
  private static final int WORKING_SCALE = 18;

  private static final BigDecimal LAST_DIGIT = BigDecimal.ONE.movePointLeft(WORKING_SCALE);

  /// Digits of a root, of 25 before its point at most.
  private static final int ROOT_DIGITS = 40;

  /// What three half widths say of a noisy number.
  record HalfWidths(BigInteger sum, BigInteger count, BigInteger squares) {}

  private record Interval(BigDecimal low, BigDecimal high) {
    static Interval around(BigDecimal middle, BigDecimal distance) {
      return new Interval(middle.subtract(distance), middle.add(distance));
    }

    Interval clamped(BigDecimal lowest, BigDecimal highest) {
      return new Interval(low.max(lowest).min(highest), high.max(lowest).min(highest));
    }

    Interval squared() {
      var least =
          low.signum() <= 0 && high.signum() >= 0 ? BigDecimal.ZERO : low.abs().min(high.abs());
      var most = low.abs().max(high.abs());
      return new Interval(least.multiply(least), most.multiply(most));
    }
  }

  BigDecimal number(Statistic statistic) {
    return shown(statistic, estimate(statistic), RoundingMode.HALF_EVEN);
  }

  /// At most the largest value that the statistic can have.
  BigDecimal error(Statistic statistic, HalfWidths widths) {
    var truth = truth(statistic, widths);
    var released = number(statistic);
    var below = released.subtract(shown(statistic, truth.low(), RoundingMode.FLOOR));
    var above = shown(statistic, truth.high(), RoundingMode.CEILING).subtract(released);
    return below.max(above).max(BigDecimal.ZERO);
  }

  /// In units of granularity, squared where the statistic is a square.
  private BigDecimal estimate(Statistic statistic) {
    var n = new BigDecimal(count.max(BigInteger.ONE));
    var mean = new BigDecimal(sum).divide(n, WORKING_SCALE, RoundingMode.HALF_EVEN);
    var variance =
        meanSquare(n).subtract(mean.multiply(mean)).max(BigDecimal.ZERO).min(largestVariance());
    var atLeastTwo = count.max(BigInteger.TWO);
    return switch (statistic) {
      case VAR_POP -> variance;
      case VAR_SAMP -> ofSample(variance, atLeastTwo, RoundingMode.HALF_EVEN);
      case STDDEV_POP -> root(variance, RoundingMode.HALF_EVEN);
      case STDDEV_SAMP ->
          root(ofSample(variance, atLeastTwo, RoundingMode.HALF_EVEN), RoundingMode.HALF_EVEN);
      case COUNT, MEAN -> throw new IllegalArgumentException("no variance is in " + statistic);
    };
  }

  private BigDecimal meanSquare(BigDecimal n) {
    return new BigDecimal(squares)
        .divide(n, WORKING_SCALE, RoundingMode.HALF_EVEN)
        .add(new BigDecimal(measure.centre()));
  }

  private Interval truth(Statistic statistic, HalfWidths widths) {
    var variance = variance(widths);
    var fewest = count.subtract(widths.count()).max(BigInteger.TWO);
    var most = count.add(widths.count()).max(BigInteger.TWO);
    var ofSample =
        new Interval(
            ofSample(variance.low(), most, RoundingMode.FLOOR),
            ofSample(variance.high(), fewest, RoundingMode.CEILING));
    return switch (statistic) {
      case VAR_POP -> variance;
      case VAR_SAMP -> ofSample;
      case STDDEV_POP -> roots(variance);
      case STDDEV_SAMP -> roots(ofSample);
      case COUNT, MEAN -> throw new IllegalArgumentException("no variance is in " + statistic);
    };
  }

  private Interval variance(HalfWidths widths) {
    var largest = largestVariance();
    if (count.signum() <= 0) {
      return new Interval(BigDecimal.ZERO, largest);
    }
    var n = new BigDecimal(count);
    var half = measure.mean().halfRange();
    var mean =
        Interval.around(
                new BigDecimal(sum).divide(n, WORKING_SCALE, RoundingMode.HALF_EVEN),
                distance(sum, widths.sum(), half, widths))
            .clamped(new BigDecimal(half).negate(), new BigDecimal(half));
    var square = new BigDecimal(measure.largestSquare());
    var squareFromCentre = measure.largestSquare().subtract(measure.centre());
    var meanSquare =
        Interval.around(
                meanSquare(n), distance(squares, widths.squares(), squareFromCentre, widths))
            .clamped(BigDecimal.ZERO, square);
    var squaredMean = mean.squared();
    return new Interval(
            meanSquare.low().subtract(squaredMean.high()),
            meanSquare.high().subtract(squaredMean.low()))
        .clamped(BigDecimal.ZERO, largest);
  }

  /// And the digit that the quotient was rounded at.
  private BigDecimal distance(
      BigInteger number, BigInteger width, BigInteger largest, HalfWidths widths) {
    return NoisyMean.distance(
            number, count, width, widths.count(), largest, BigDecimal.ONE, WORKING_SCALE)
        .add(LAST_DIGIT);
  }

  /// (range/2)².
  private BigDecimal largestVariance() {
    var mean = measure.mean();
    var range = new BigDecimal(mean.highest().subtract(mean.lowest()));
    return range.multiply(range).multiply(new BigDecimal("0.25"));
  }

  private static BigDecimal ofSample(BigDecimal variance, BigInteger count, RoundingMode rounding) {
    return variance
        .multiply(new BigDecimal(count))
        .divide(new BigDecimal(count.subtract(BigInteger.ONE)), WORKING_SCALE, rounding);
  }

  private static Interval roots(Interval squares) {
    return new Interval(
        root(squares.low(), RoundingMode.DOWN), root(squares.high(), RoundingMode.UP));
  }

  private static BigDecimal root(BigDecimal square, RoundingMode rounding) {
    return square.sqrt(new MathContext(ROOT_DIGITS, rounding));
  }

  private BigDecimal shown(Statistic statistic, BigDecimal value, RoundingMode rounding) {
    return switch (statistic) {
      case VAR_POP, VAR_SAMP ->
          value.multiply(measure.granularity().pow(2)).setScale(measure.squareScale(), rounding);
      case STDDEV_POP, STDDEV_SAMP ->
          value.multiply(measure.granularity()).setScale(measure.mean().scale(), rounding);
      case COUNT, MEAN -> throw new IllegalArgumentException("no variance is in " + statistic);
    };
  }

  /// As of values spread evenly over the range: what is expected where nothing is known of them.
  static NoisyMoments typical(Measure.Moments measure, long rows) {
    var meanSquare = measure.largestSquare().divide(BigInteger.valueOf(3));
    return new NoisyMoments(
        measure,
        BigInteger.ZERO,
        BigInteger.valueOf(rows),
        meanSquare.subtract(measure.centre()).multiply(BigInteger.valueOf(rows)));
  }

  /// The statistic of exact moments: (Σy²·n - (Σy)²)/n² or /n(n - 1), divided exactly and rounded
  /// HALF_EVEN once; a deviation is the root of at least forty digits of it. There are at least as
  /// many values as the statistic needs.
  static BigDecimal exact(
      Measure.Moments measure,
      Statistic statistic,
      BigInteger sum,
      BigInteger count,
      BigInteger squares) {
    var numerator = new BigDecimal(squares.multiply(count).subtract(sum.multiply(sum)));
    var unit = measure.granularity();
    boolean sample = statistic == Statistic.VAR_SAMP || statistic == Statistic.STDDEV_SAMP;
    var divisor = new BigDecimal(count.multiply(sample ? count.subtract(BigInteger.ONE) : count));
    return switch (statistic) {
      case VAR_POP, VAR_SAMP ->
          numerator
              .multiply(unit.pow(2))
              .divide(divisor, measure.squareScale(), RoundingMode.HALF_EVEN);
      case STDDEV_POP, STDDEV_SAMP ->
          numerator
              .divide(divisor, new MathContext(2 * ROOT_DIGITS, RoundingMode.HALF_EVEN))
              .sqrt(new MathContext(ROOT_DIGITS, RoundingMode.HALF_EVEN))
              .multiply(unit)
              .setScale(measure.mean().scale(), RoundingMode.HALF_EVEN);
      case COUNT, MEAN -> throw new IllegalArgumentException("no variance is in " + statistic);
    };
  }
}
