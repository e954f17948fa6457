package cloister.query;

import cloister.room.ColumnType;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/// Which texts of a query an engine reads as values of another type. A column's text that it cannot
/// read is NULL; a constant that it cannot read makes a condition that never holds, whose empty
/// answer would be paid for.
final class Constants {
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(?:[0-9][0-9_]*\\.?[0-9_]*|\\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?");
  private static final Pattern OTHER_NUMBER =
      Pattern.compile("(?i)[+-]?(?:inf|infinity|nan|0x[0-9a-f_]+|0b[01_]+)");
  private static final Set<String> BOOLEANS =
      Set.of("true", "false", "t", "f", "yes", "no", "y", "n", "on", "off", "1", "0");

  private static final Pattern DAY = between(DuckDbSql.DAY);
  private static final Pattern MOMENT = between(DuckDbSql.MOMENT);

  private Constants() {}

  /// As [DuckDbSql] takes them out of a text.
  private static Pattern between(String pattern) {
    return Pattern.compile(" *(" + pattern + ")Z? *");
  }

  static boolean isReadable(String text, ColumnType type) {
    return switch (type) {
      case ColumnType.Text _ -> true;
      case ColumnType.Bool _ -> BOOLEANS.contains(text.strip().toLowerCase(Locale.ROOT));
      case ColumnType.Int _, ColumnType.Decimal _, ColumnType.Real _ ->
          NUMBER.matcher(text.strip()).matches() || OTHER_NUMBER.matcher(text.strip()).matches();
      case ColumnType.Date _ -> isDay(DAY, text);
      case ColumnType.Timestamp _ -> isDay(MOMENT, text);
    };
  }

  private static boolean isDay(Pattern pattern, String text) {
    var found = pattern.matcher(text);
    if (!found.matches()) {
      return false;
    }
    try {
      var _ = LocalDate.parse(found.group(1).substring(0, "2024-02-29".length()));
      return true;
    } catch (DateTimeParseException _) {
      return false;
    }
  }

  /// What to write instead.
  static String fix(ColumnType type) {
    return switch (type) {
      case ColumnType.Date _ -> "write DATE 'YYYY-MM-DD'";
      case ColumnType.Timestamp _ -> "write TIMESTAMP 'YYYY-MM-DD HH:MM:SS'";
      case ColumnType.Bool _ -> "write TRUE or FALSE";
      case ColumnType.Int _, ColumnType.Decimal _, ColumnType.Real _ -> "write a number, as 12.5";
      case ColumnType.Text _ -> "write a text";
    };
  }
}
