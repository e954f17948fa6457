package cloister.privacy;

import java.math.BigDecimal;

/// One released number per group, and which exact integers the engine delivers for it, in order.
/// `granularity` turns a column's values into integers: the engine sums `value / granularity`.
public sealed interface Measure {
  /// How many exact integers a group carries for this measure.
  int cells();

  /// The number of distinct privacy units: the plan's counter of that index, so no cell of its own.
  record Units(int counter) implements Measure {
    @Override
    public int cells() {
      return 0;
    }
  }

  /// A number of rows; each unit counts with at most `rowsPerUnit` rows when there is noise.
  record Rows() implements Measure {
    @Override
    public int cells() {
      return 1;
    }
  }

  /// A number of distinct values of a column that is not the unit; each unit brings at most
  /// `rowsPerUnit` of them when there is noise.
  record DistinctValues() implements Measure {
    @Override
    public int cells() {
      return 1;
    }
  }

  /// A sum: first the sum of the clamped values in units of `granularity`, then the number of
  /// non-null values. `lower` and `upper` bound one unit's contribution to a group.
  record Sum(BigDecimal granularity, BigDecimal lower, BigDecimal upper) implements Measure {
    @Override
    public int cells() {
      return 2;
    }
  }

  /// A mean: the same two cells as a sum, with row values clamped to `lower..upper`.
  record Mean(BigDecimal granularity, BigDecimal lower, BigDecimal upper) implements Measure {
    @Override
    public int cells() {
      return 2;
    }
  }
}
