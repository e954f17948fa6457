package cloister.protocol;

/// One mistake in a document, at the place where it is.
///
/// @param line from 1; 0 when the document is canonical JSON, which has only one
/// @param column from 1, in code points
public record Mistake(String file, int line, int column, String message) {
  /// As compilers write it: `airline/customers.yaml:7:5: unknown key "aggegates"`.
  @Override
  public String toString() {
    return line == 0 ? file + ": " + message : file + ":" + line + ":" + column + ": " + message;
  }
}
