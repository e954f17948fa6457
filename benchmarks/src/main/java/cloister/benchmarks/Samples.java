package cloister.benchmarks;

import java.util.List;

/// Durations of the same thing done several times, in nanoseconds.
record Samples(List<Long> nanoseconds) {
  private static final double NANOSECONDS_PER_MILLISECOND = 1e6;

  Samples {
    if (nanoseconds.isEmpty()) {
      throw new IllegalArgumentException("nothing was measured");
    }
    nanoseconds = nanoseconds.stream().sorted().toList();
  }

  double medianMilliseconds() {
    return milliseconds(0.5);
  }

  /// The smallest sample that at least this part of all does not exceed.
  double milliseconds(double quantile) {
    int rank = (int) Math.ceil(quantile * nanoseconds.size());
    return nanoseconds.get(Math.max(0, rank - 1)) / NANOSECONDS_PER_MILLISECOND;
  }
}
