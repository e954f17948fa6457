package cloister.privacy;

import java.util.List;
import java.util.Optional;

/// What the engine found, before the mechanism: one row per group that has data.
public record ExactTable(List<Row> rows) {
  public ExactTable {
    rows = List.copyOf(rows);
  }

  /// @param keys the group's key values as text, absent for SQL's NULL
  /// @param counters distinct units per counter of the plan
  /// @param cells the measures' integers, in the plan's order
  /// @param lists the measures' lists of integers, in the plan's order
  public record Row(
      List<Optional<String>> keys,
      List<Exact> counters,
      List<Exact> cells,
      List<List<Exact>> lists) {
    /// A row of measures without lists.
    public Row(List<Optional<String>> keys, List<Exact> counters, List<Exact> cells) {
      this(keys, counters, cells, List.of());
    }

    public Row {
      keys = List.copyOf(keys);
      counters = List.copyOf(counters);
      cells = List.copyOf(cells);
      lists = lists.stream().map(List::copyOf).toList();
    }
  }
}
