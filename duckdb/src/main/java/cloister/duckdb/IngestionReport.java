package cloister.duckdb;

import cloister.room.ColumnName;
import java.util.List;

/// What ingestion found, for the data's owner alone: counts and row numbers, never a value.
///
/// @param read rows of the upload
/// @param kept rows that queries will see
/// @param withoutUnit rows dropped because their privacy unit is null or blank
/// @param faults why other rows were dropped; a row with several faults is in each
public record IngestionReport(long read, long kept, long withoutUnit, List<Fault> faults) {
  /// So many row numbers are listed per fault.
  public static final int LISTED_ROWS = 100;

  public IngestionReport {
    faults = List.copyOf(faults);
  }

  /// Rows with one kind of fault in one column.
  ///
  /// @param firstRows the numbers of the first [#LISTED_ROWS], counted from 1 through all parts
  public record Fault(ColumnName column, Reason reason, long rows, List<Long> firstRows) {
    public Fault {
      firstRows = List.copyOf(firstRows);
    }
  }

  /// What is wrong with a value.
  public enum Reason {
    /// A null in a required column.
    MISSING,
    /// It does not read as the declared type without loss.
    WRONG_TYPE,
    /// NaN or an infinity.
    NOT_FINITE,
    /// A date or time outside the years 1 to 9999.
    OUT_OF_RANGE,
    /// None of the declared values.
    NOT_IN_DOMAIN,
    /// A text of more than 65,536 bytes.
    TOO_LONG,
    /// No identifier of the declared kind.
    NOT_NORMAL
  }
}
