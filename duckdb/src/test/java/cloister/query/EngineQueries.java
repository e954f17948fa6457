package cloister.query;

import cloister.room.Address;
import java.util.Map;

/// Queries as a plan would make them, hostile ones included.
public final class EngineQueries {
  private EngineQueries() {}

  public static EngineQuery of(
      String sql, Map<String, Address> tables, int keys, int counters, int cells) {
    return new EngineQuery(sql, tables, keys, counters, cells);
  }

  public static EngineQuery withLists(
      String sql, Map<String, Address> tables, int keys, int counters, int lists) {
    return new EngineQuery(sql, tables, keys, counters, 0, lists);
  }
}
