package cloister.query;

import java.math.BigDecimal;
import java.util.List;

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
    /// A number that was aggregated and released.
    MEASURE
  }

  /// One value.
  public sealed interface Cell {}

  /// A group key's value.
  public record Text(String value) implements Cell {}

  /// A released number. With probability 95 % the noise moved it by at most `error`; 0 means that
  /// there is none.
  public record Value(BigDecimal value, BigDecimal error) implements Cell {}

  /// SQL's NULL, or a number that a threshold withholds.
  public record Missing() implements Cell {}
}
