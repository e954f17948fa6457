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
  /// @param values one per measure; absent when the group is below a threshold (possible only for
  ///   public keys, which are always listed) or SQL's NULL
  public record Row(List<Optional<String>> keys, List<Optional<Value>> values) {
    public Row {
      keys = List.copyOf(keys);
      values = List.copyOf(values);
    }
  }

  /// A released number. With probability 95 % the noise moved it by at most `error`; 0 means no
  /// noise.
  public record Value(BigDecimal number, BigDecimal error) {}
}
