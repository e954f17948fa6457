package cloister.duckdb;

/// An owner's file cannot be published as it is. The message says what to mend, with the number of
/// the line where that is known; it names columns and no values.
public final class UnreadableFileException extends Exception {
  private static final long serialVersionUID = 1;

  UnreadableFileException(String message) {
    super(message, null, false, false);
  }
}
