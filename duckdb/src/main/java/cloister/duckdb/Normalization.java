package cloister.duckdb;

import cloister.room.Column.Semantic;

/// The published rules for identifiers, as DuckDB expressions: the normal form of a text, or NULL
/// when it is no identifier of that kind.
final class Normalization {
  /// ASCII white space, and no other: tab to carriage return, and the space.
  private static final String WHITE_SPACE =
      "(' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))";

  private static final String ADDRESS = "[^@\\x00-\\x20\\x7f]{1,64}@[^@\\x00-\\x20\\x7f]{1,255}";
  private static final String E164 = "\\+[1-9][0-9]{6,14}";

  private Normalization() {}

  static String sql(Semantic semantic, String text) {
    String stripped = strip(text);
    return switch (semantic) {
      case EMAIL ->
          when("regexp_full_match(" + stripped + ", '" + ADDRESS + "')", lowerAscii(stripped));
      case PHONE -> {
        String digits =
            "regexp_replace(regexp_replace(" + stripped + ", '[ ().\\-/]', '', 'g'), '^00', '+')";
        yield when("regexp_full_match(" + digits + ", '" + E164 + "')", digits);
      }
      case ID -> "nullif(" + stripped + ", '')";
    };
  }

  static String strip(String text) {
    return "trim(" + text + ", " + WHITE_SPACE + ")";
  }

  /// `lower` folds all of Unicode, in a way that changes with its version; only ASCII is folded
  /// here. Where every character is one byte the two agree, and `lower` is the faster one.
  private static String lowerAscii(String text) {
    return "CASE WHEN strlen("
        + text
        + ") = length("
        + text
        + ") THEN lower("
        + text
        + ") ELSE translate("
        + text
        + ", 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END";
  }

  private static String when(String condition, String value) {
    return "CASE WHEN " + condition + " THEN " + value + " END";
  }
}
