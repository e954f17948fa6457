package cloister.query;

import cloister.room.Address;
import java.util.Map;

/// SQL that Cloister wrote from a checked plan, and the shape of its result: `keys` VARCHAR
/// columns, then `counters` BIGINT columns, then `cells` HUGEINT columns, then `lists` HUGEINT[]
/// columns.
///
/// Only [CheckedPlan] makes one, so an engine never sees an analyst's text.
public final class EngineQuery {
  private final String sql;
  private final Map<String, Address> tables;
  private final int keys;
  private final int counters;
  private final int cells;
  private final int lists;

  /// Without lists.
  EngineQuery(String sql, Map<String, Address> tables, int keys, int counters, int cells) {
    this(sql, tables, keys, counters, cells, 0);
  }

  EngineQuery(
      String sql, Map<String, Address> tables, int keys, int counters, int cells, int lists) {
    this.sql = sql;
    this.tables = Map.copyOf(tables);
    this.keys = keys;
    this.counters = counters;
    this.cells = cells;
    this.lists = lists;
  }

  public String sql() {
    return sql;
  }

  /// The names that the SQL gives to its input tables.
  public Map<String, Address> tables() {
    return tables;
  }

  public int keys() {
    return keys;
  }

  public int counters() {
    return counters;
  }

  public int cells() {
    return cells;
  }

  public int lists() {
    return lists;
  }
}
