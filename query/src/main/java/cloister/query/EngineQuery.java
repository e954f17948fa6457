package cloister.query;

import cloister.room.Address;
import java.util.Map;

/// SQL that Cloister wrote from a checked plan, and the shape of its result: `keys` VARCHAR
/// columns, then `counters` BIGINT columns, then `cells` HUGEINT columns.
///
/// Only [CheckedPlan] makes one, so an engine never sees an analyst's text.
public final class EngineQuery {
  private final String sql;
  private final Map<String, Address> tables;
  private final int keys;
  private final int counters;
  private final int cells;

  EngineQuery(String sql, Map<String, Address> tables, int keys, int counters, int cells) {
    this.sql = sql;
    this.tables = Map.copyOf(tables);
    this.keys = keys;
    this.counters = counters;
    this.cells = cells;
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
}
