package cloister.duckdb;

import cloister.query.EngineException;
import cloister.room.ColumnName;
import java.util.List;

/// An upload was refused as a whole. Nothing of it is kept.
public final class IngestionException extends Exception {
  private static final long serialVersionUID = 1;

  /// Why. Parts are counted from 1.
  public sealed interface Problem {
    /// The part is no Parquet file, or a broken one.
    record Malformed(int part) implements Problem {}

    /// The part has more rows than [Ingestion#PART_ROWS].
    record TooManyRows(int part) implements Problem {}

    /// The part lacks declared columns.
    record MissingColumns(int part, List<ColumnName> columns) implements Problem {
      public MissingColumns {
        columns = List.copyOf(columns);
      }
    }

    /// The column's type in the file (a list, a struct, bytes …) has no reading as the declared
    /// one.
    record UnsuitableType(int part, ColumnName column) implements Problem {}

    /// A limit was met before the end, or the engine was lost. The data may be sound.
    record Unfinished(EngineException.Reason reason) implements Problem {}
  }

  private final transient Problem problem;

  public IngestionException(Problem problem) {
    super(message(problem), null, false, false);
    this.problem = problem;
  }

  public Problem problem() {
    return problem;
  }

  private static String message(Problem problem) {
    return switch (problem) {
      case Problem.Malformed(int part) -> "part " + part + " is not a sound Parquet file";
      case Problem.TooManyRows(int part) ->
          "part " + part + " has more than " + Ingestion.PART_ROWS + " rows";
      case Problem.MissingColumns(int part, var columns) ->
          "part " + part + " lacks the declared columns " + columns;
      case Problem.UnsuitableType(int part, var column) ->
          "part " + part + " holds column " + column + " in a type that does not fit its schema";
      case Problem.Unfinished(var reason) -> "ingestion did not come to its end: " + reason;
    };
  }
}
