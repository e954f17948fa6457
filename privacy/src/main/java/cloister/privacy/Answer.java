package cloister.privacy;

import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;

/// What may leave the enclave. Its order says nothing: rows are sorted by key.
public record Answer(List<Row> rows) {
  public Answer {
    rows = List.copyOf(rows);
  }

  /// @param keys the group's key values as text, absent for SQL's NULL
  /// @param values one per measure; absent when the group is withheld (only where it is listed
  ///   anyway: its keys are public, or there are none) or SQL's NULL
  public record Row(List<Optional<String>> keys, List<Optional<Value>> values) {
    public Row {
      keys = List.copyOf(keys);
      values = List.copyOf(values);
    }
  }

  /// A released number. What the bounds on a unit's contribution cut off is in neither error.
  ///
  /// @param error with probability 95 % the noise moved it by at most so far; 0 means no noise
  /// @param jointError with probability 95 % the noise moved *each* number of its row by at most
  ///   the row's: what is computed from several has its error from these
  public record Value(BigDecimal number, BigDecimal error, BigDecimal jointError) {
    public Value {
      if (error.signum() < 0 || jointError.compareTo(error) < 0) {
        throw new IllegalArgumentException("an error is at least 0, a joint one at least as large");
      }
    }

    /// A number without noise.
    public static Value exact(BigDecimal number) {
      return new Value(number, BigDecimal.ZERO, BigDecimal.ZERO);
    }
  }
}
