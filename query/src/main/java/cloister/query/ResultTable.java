package cloister.query;

import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;

/// A released answer as its analyst asked for it: columns and rows in the query's order, after its
/// ORDER BY and LIMIT.
public record ResultTable(List<Column> columns, List<List<Cell>> rows) {
  public ResultTable {
    columns = List.copyOf(columns);
    rows = rows.stream().map(List::copyOf).toList();
  }

  /// A column of the answer. Names need not differ: they are what the query calls them.
  public record Column(String name, Content content) {}

  /// What a column holds.
  public enum Content {
    /// The value of a group key.
    KEY,
    /// A text that the query makes of released values, of at most 100 characters or a key's.
    LABEL,
    /// A number that was aggregated and released, or computed from such.
    MEASURE
  }

  /// One value.
  public sealed interface Cell {}

  /// A group key's value, or a label.
  public record Text(String value) implements Cell {}

  /// A released number, or one computed from such.
  ///
  /// @param error with probability 95 % the noise moved it by at most so far; 0 means that there is
  ///   none; absent when it may be anywhere, as a quotient by what may be 0
  public record Value(BigDecimal value, Optional<BigDecimal> error) implements Cell {}

  /// SQL's NULL, or a number that a threshold withholds.
  public record Missing() implements Cell {}
}
