package cloister.query;

import cloister.room.ColumnType;
import java.util.List;

/// Row-level SQL: its column names, and its rows as the UNION ALL of `branches`.
record Relation(List<String> columns, List<Branch> branches) {
  static final int MOST_BRANCHES = 16;

  Relation {
    columns = List.copyOf(columns);
    branches = List.copyOf(branches);
  }

  ColumnType type(int column) {
    return branches.getFirst().outputs().get(column).type();
  }
}
