package cloister.duckdb;

/// An owner's file cannot be published as it is. The message says what to mend, with the number of
/// the line where that is known; it names columns and no values.
public final class UnreadableFileException extends Exception {
  private static final long serialVersionUID = 1;

  /// What is wrong with it.
  public enum Kind {
    /// It is not there, may not be read, or is of a kind that is not known.
    FILE,
    /// It is not what its name says: no sound CSV, JSON or Parquet, or not in UTF-8.
    FORMAT,
    /// It lacks declared columns.
    COLUMNS
  }

  private final Kind kind;

  UnreadableFileException(Kind kind, String message) {
    super(message, null, false, false);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
