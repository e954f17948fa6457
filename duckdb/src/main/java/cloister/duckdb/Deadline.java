package cloister.duckdb;

import java.time.Duration;

/// The instant by which all steps of one piece of work must be done.
record Deadline(long nanoTime) {
  static Deadline after(Duration time) {
    return new Deadline(System.nanoTime() + time.toNanos());
  }

  /// Zero or less when it has passed.
  Duration left() {
    return Duration.ofNanos(nanoTime - System.nanoTime());
  }
}
