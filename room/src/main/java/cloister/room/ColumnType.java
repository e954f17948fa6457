package cloister.room;

import java.util.regex.Pattern;

/// The type of a column.
public sealed interface ColumnType {
  record Text() implements ColumnType {
    @Override
    public String toString() {
      return "string";
    }
  }

  record Bool() implements ColumnType {
    @Override
    public String toString() {
      return "boolean";
    }
  }

  /// A signed 64-bit integer.
  record Int() implements ColumnType {
    @Override
    public String toString() {
      return "integer";
    }
  }

  /// An exact decimal of `precision` digits in all (1 to 38), `scale` of them after the point.
  record Decimal(int precision, int scale) implements ColumnType {
    public Decimal {
      if (precision < 1 || precision > 38 || scale < 0 || scale > precision) {
        throw new IllegalArgumentException("decimal(p,s) has 1 <= p <= 38 and 0 <= s <= p");
      }
    }

    @Override
    public String toString() {
      return "decimal(" + precision + "," + scale + ")";
    }
  }

  /// An IEEE 754 double; NaN and the infinities are bad rows.
  record Real() implements ColumnType {
    @Override
    public String toString() {
      return "double";
    }
  }

  /// A calendar date, 0001-01-01 to 9999-12-31.
  record Date() implements ColumnType {
    @Override
    public String toString() {
      return "date";
    }
  }

  /// An instant in UTC with microseconds, in the same range of years.
  record Timestamp() implements ColumnType {
    @Override
    public String toString() {
      return "timestamp";
    }
  }

  static ColumnType parse(String text) {
    var decimal = Pattern.compile("decimal\\((\\d{1,2}), ?(\\d{1,2})\\)").matcher(text);
    if (decimal.matches()) {
      return new Decimal(Integer.parseInt(decimal.group(1)), Integer.parseInt(decimal.group(2)));
    }
    return switch (text) {
      case "string" -> new Text();
      case "boolean" -> new Bool();
      case "integer" -> new Int();
      case "double" -> new Real();
      case "date" -> new Date();
      case "timestamp" -> new Timestamp();
      default ->
          throw new IllegalArgumentException(
              "a column type is string, boolean, integer, decimal(p,s), double, date or timestamp");
    };
  }
}
