package cloister.privacy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.List;
import java.util.stream.IntStream;

/// One released number per group, and which exact integers the engine delivers for it, in order.
///
/// This page is the contract between the rewritten SQL and the noise. When the plan has noise, a
/// *contribution* is what one privacy unit has in one group, over all contributing datasets
/// together, and the engine guarantees, in this order:
///
/// 1. rows whose unit is NULL, or whose key lies outside a declared domain, are dropped, and so are
///    rows of a joined source beyond a number per unit, by a rule that looks at that unit alone;
/// 2. each row's value is turned into an integer by itself (rounded `value / granularity`; NULL,
///    NaN and what cannot be computed are no value), so that no other row can move it;
/// 3. the contribution of each unit to each group is bounded as each measure says;
/// 4. a unit is kept in at most `groupsPerUnit` groups, by a rule that looks at that unit alone;
/// 5. contributions are added as integers that cannot overflow.
///
/// Then one unit's appearance changes at most `groupsPerUnit` rows of the [ExactTable], and in each
/// of them every number by at most the sensitivity stated here; [Mechanism] derives from it what a
/// unit's change does. Without noise nothing is bounded or clamped.
public sealed interface Measure {
  /// The number of digits that a mean has beyond its granularity's.
  int MEAN_DIGITS = 6;

  /// How many exact integers a group carries for this measure.
  int cells();

  /// How many lists of exact integers a group carries for this measure.
  default int lists() {
    return 0;
  }

  /// The number of distinct privacy units: the plan's counter of that index, so no cell of its own.
  /// Sensitivity 1.
  record Units(int counter) implements Measure {
    public Units {
      if (counter < 0) {
        throw new IllegalArgumentException("a counter's index is at least 0, not " + counter);
      }
    }

    @Override
    public int cells() {
      return 0;
    }
  }

  /// A number of rows, or of rows with a value. A contribution is clamped to at most `rowsPerUnit`,
  /// which is the sensitivity.
  record Rows() implements Measure {
    @Override
    public int cells() {
      return 1;
    }
  }

  /// A number of distinct values of a column that is not the unit. A unit keeps at most
  /// `rowsPerUnit` distinct values per group, chosen by looking at that unit alone, *before* the
  /// union over units is counted; so the sensitivity is `rowsPerUnit`.
  record DistinctValues() implements Measure {
    @Override
    public int cells() {
      return 1;
    }
  }

  /// A sum: first the sum in units of `granularity`, then the number of non-null values.
  ///
  /// A contribution is the sum of the unit's integers, clamped as a whole to `lowest()..highest()`.
  /// A unit without values contributes 0, so the sensitivity is max(|lowest|, |highest|). The
  /// second cell only tells SQL's NULL in threshold-only mode; with noise it is not read.
  record Sum(BigDecimal granularity, BigDecimal lower, BigDecimal upper) implements Measure {
    public Sum {
      checkGrid(granularity, lower, upper);
    }

    @Override
    public int cells() {
      return 2;
    }

    /// What a contribution is clamped to, in units of granularity.
    public BigInteger lowest() {
      return gridFloor(lower, granularity);
    }

    public BigInteger highest() {
      return gridCeiling(upper, granularity);
    }

    /// How far a unit's appearance moves the sum.
    BigInteger sensitivity() {
      return lowest().abs().max(highest().abs());
    }

    /// How far apart two contributions may be; none is 0.
    BigInteger span() {
      return highest().max(BigInteger.ZERO).subtract(lowest().min(BigInteger.ZERO));
    }
  }

  /// A mean: first the sum in units of `granularity`, then the number of non-null values.
  ///
  /// Each row's integer is clamped to `lowest()..highest()`. A unit with c > `rowsPerUnit` rows
  /// with a value counts as `rowsPerUnit` rows of its own mean: the contribution is `sum ·
  /// rowsPerUnit / c`, truncated, and `rowsPerUnit`. Both ends of the range are integers, so
  /// truncation does not leave it. The count's sensitivity is `rowsPerUnit`. The released sum is
  /// re-centred, sum - middle·count, so that a row moves it by at most half the range: its
  /// sensitivity is `rowsPerUnit · max(highest - middle, middle - lowest)`.
  record Mean(BigDecimal granularity, BigDecimal lower, BigDecimal upper) implements Measure {
    public Mean {
      checkGrid(granularity, lower, upper);
    }

    @Override
    public int cells() {
      return 2;
    }

    /// What a row's integer is clamped to, in units of granularity.
    public BigInteger lowest() {
      return gridFloor(lower, granularity);
    }

    public BigInteger highest() {
      return gridCeiling(upper, granularity);
    }

    BigInteger middle() {
      return lowest().add(highest()).shiftRight(1);
    }

    /// The largest distance of a row from the middle.
    BigInteger halfRange() {
      return highest().subtract(middle()).max(middle().subtract(lowest()));
    }

    /// Digits after the point of a released mean.
    int scale() {
      return Math.max(0, granularity.scale()) + MEAN_DIGITS;
    }
  }

  /// Which signs the contributions to a sum have.
  enum Sides {
    POSITIVE,
    BOTH
  }

  /// A sum whose contributions nobody has declared bounds of: noise finds them ([Clip]). It has no
  /// cell, but one list: for every bucket that some unit's contribution is in three integers, the
  /// bucket's number, how many units, and the sum of their contributions.
  ///
  /// A contribution is the sum of the unit's integers, clamped to ± the last of [#edges()] (or to 0
  /// and it). A positive one is in the first bucket, numbered from 1, whose edge it does not
  /// exceed; a negative one in that of its absolute value, with a negative number; 0 is in none. So
  /// a unit that appears adds one to one bucket. Only plans with noise have it.
  ///
  /// @param bits the last edge is 2 to this power
  record Clipped(BigDecimal granularity, Sides sides, int bits) implements Measure {
    /// 10^12 contributions of so many bits add up to less than 2^127.
    public static final int MOST_BITS = 84;

    private static final int PER_OCTAVE = 4;

    public Clipped {
      checkGrid(granularity, BigDecimal.ZERO, BigDecimal.ZERO);
      if (bits < 1 || bits > MOST_BITS) {
        throw new IllegalArgumentException("an edge has 1 to 84 bits, not " + bits);
      }
    }

    @Override
    public int cells() {
      return 0;
    }

    @Override
    public int lists() {
      return 1;
    }

    /// The upper edges of the buckets: the integers ⌊2^(k/4)⌋, each once, in order.
    public List<BigInteger> edges() {
      return quarters().stream().distinct().toList();
    }

    /// ⌊2^(k/4)⌋ for every k from 0.
    public List<BigInteger> quarters() {
      return IntStream.rangeClosed(0, PER_OCTAVE * bits)
          .mapToObj(quarter -> BigInteger.TWO.pow(quarter).sqrt().sqrt())
          .toList();
    }
  }

  /// A quantile of a column's values ([RankTree]). It has no cell, but one list: for every leaf
  /// that some value is in two integers, the leaf's number and how many values.
  ///
  /// Each row's integer x is clamped to `lowest()..highest()`, and of 1024 leaves it is in number
  /// ⌊(x - lowest) · 1024 / (highest - lowest + 1)⌋. A unit keeps at most `rowsPerUnit` values per
  /// group, chosen by looking at that unit alone. Only plans with noise have it: a quantile is one
  /// unit's value.
  ///
  /// @param fraction of the values that are below it, between 0 and 1
  record Quantile(BigDecimal fraction, BigDecimal granularity, BigDecimal lower, BigDecimal upper)
      implements Measure {
    public static final int LEAVES = RankTree.LEAVES;

    public Quantile {
      checkGrid(granularity, lower, upper);
      checkFraction(fraction);
    }

    @Override
    public int cells() {
      return 0;
    }

    @Override
    public int lists() {
      return 1;
    }

    /// What a row's integer is clamped to, in units of granularity.
    public BigInteger lowest() {
      return gridFloor(lower, granularity);
    }

    public BigInteger highest() {
      return gridCeiling(upper, granularity);
    }
  }

  /// Another quantile of the values that some [Quantile] of the plan has: from the same noise, so
  /// it costs nothing.
  ///
  /// @param measure the index of the one that has them
  record AnotherQuantile(int measure, BigDecimal fraction) implements Measure {
    public AnotherQuantile {
      checkFraction(fraction);
    }

    @Override
    public int cells() {
      return 0;
    }
  }

  private static void checkFraction(BigDecimal fraction) {
    if (fraction.signum() < 0 || fraction.compareTo(BigDecimal.ONE) > 0 || fraction.scale() > 18) {
      throw new IllegalArgumentException("a quantile is between 0 and 1, of 18 digits at most");
    }
  }

  /// What is computed from the moments of a column's values.
  enum Statistic {
    COUNT,
    MEAN,
    VAR_POP,
    VAR_SAMP,
    STDDEV_POP,
    STDDEV_SAMP
  }

  /// The first two moments of a column's values about a middle, of which one statistic is shown:
  /// first the sum of the distances `y = x - middle` in units of `granularity`, then the number of
  /// non-null values, then the sum of their squares; a wide range has that last in three parts.
  ///
  /// Each row's integer is clamped to `lowest()..highest()` before the middle is taken from it, so
  /// |y| ≤ `halfRange()` = H. A unit with c > `rowsPerUnit` = R rows with a value counts as R rows
  /// that have its own mean and its own mean square: the contributions are the sum of distances · R
  /// / c, R, and the sum of squares · R / c, truncated towards 0. The squares are not negative, and
  /// truncation only makes them smaller, so a contribution to them is in 0 ‥ R·H²: all of it
  /// counts, whatever was truncated elsewhere.
  ///
  /// With noise the squares are re-centred too, squares - centre·count for [#centre()] = ⌊H²/2⌋: a
  /// row then moves them by at most ⌈H²/2⌉ where it appears, in place of H². So the sensitivities
  /// are R·H, R, and R·⌈H²/2⌉; a unit that changes moves them by at most R·2H, R, and R·H².
  ///
  /// Without noise nothing is clamped: `lower` and `upper` are then what the type can hold, and the
  /// middle is 0.
  record Moments(Statistic statistic, BigDecimal granularity, BigDecimal lower, BigDecimal upper)
      implements Measure {
    /// Squares of numbers of so many bits, and sums of 10^12 of them, stay below 2^127.
    public static final int NARROW_BITS = 42;

    public Moments {
      checkGrid(granularity, lower, upper);
    }

    @Override
    public int cells() {
      return isWide() ? 5 : 3;
    }

    /// Whether distances are split, |y| = a · 2^42 + b, and the squares come as the sums of a², a·b
    /// and b². All three are not negative, so what truncation takes from each is taken from y².
    public boolean isWide() {
      return mean().halfRange().bitLength() > NARROW_BITS;
    }

    /// What is subtracted from a row's integer, in units of granularity.
    public BigInteger middle() {
      return mean().middle();
    }

    /// The same values' mean.
    Mean mean() {
      return new Mean(granularity, lower, upper);
    }

    BigInteger largestSquare() {
      var half = mean().halfRange();
      return half.multiply(half);
    }

    BigInteger centre() {
      return largestSquare().shiftRight(1);
    }

    /// Digits after the point of a released variance.
    int squareScale() {
      return 2 * Math.max(0, granularity.scale()) + MEAN_DIGITS;
    }

    /// The sum of squares, from the cells that follow the sum and the count.
    BigInteger squares(List<BigInteger> parts) {
      return isWide()
          ? parts
              .get(0)
              .shiftLeft(2 * NARROW_BITS)
              .add(parts.get(1).shiftLeft(NARROW_BITS + 1))
              .add(parts.get(2))
          : parts.getFirst();
    }
  }

  /// Another statistic of the moments that some [Mean] or [Moments] of the plan has: no cell and no
  /// noise of its own, so it costs nothing.
  ///
  /// @param measure the index of the one that has them
  record Another(int measure, Statistic statistic) implements Measure {
    @Override
    public int cells() {
      return 0;
    }
  }

  private static void checkGrid(BigDecimal granularity, BigDecimal lower, BigDecimal upper) {
    if (granularity.signum() <= 0) {
      throw new IllegalArgumentException("granularity must be above 0, not " + granularity);
    }
    if (lower.compareTo(upper) > 0) {
      throw new IllegalArgumentException("lower bound " + lower + " is above upper " + upper);
    }
    // A 38-digit decimal, the widest column type, fits; an exponent like 1e999999999 does not.
    int digits =
        Math.max(lower.precision() - lower.scale(), upper.precision() - upper.scale())
            + granularity.scale();
    if (Math.max(digits, Math.abs(granularity.scale())) > 76
        || Math.max(Math.abs(lower.scale()), Math.abs(upper.scale())) > 76) {
      throw new IllegalArgumentException("bounds and granularity span more than 76 digits");
    }
  }

  private static BigInteger gridFloor(BigDecimal bound, BigDecimal granularity) {
    return bound.divide(granularity, 0, RoundingMode.FLOOR).toBigIntegerExact();
  }

  private static BigInteger gridCeiling(BigDecimal bound, BigDecimal granularity) {
    return bound.divide(granularity, 0, RoundingMode.CEILING).toBigIntegerExact();
  }
}
