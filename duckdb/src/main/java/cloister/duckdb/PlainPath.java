package cloister.duckdb;

import java.nio.file.Path;

/// A path as DuckDB takes it: absolute, and free of the characters that it would expand.
final class PlainPath {
  private PlainPath() {}

  static String of(Path path) {
    String text = path.toAbsolutePath().normalize().toString();
    if (text.chars().anyMatch(character -> "*?[]{}".indexOf(character) >= 0)) {
      throw new IllegalArgumentException("a data file's path has none of *?[]{}");
    }
    return text;
  }
}
