package cloister.query;

import cloister.query.Scalar.Function;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// Expressions in DuckDB's SQL, total by construction: no value of any column makes one fail. Casts
/// are TRY_CAST, divisors are never zero, arithmetic is typed so wide that it cannot overflow; so
/// nothing depends on TRY, which DuckDB's optimizer is known to move fallible parts out of.
///
/// Dates and times are those of the years 1 to 9999 everywhere: ingestion keeps no others, no
/// literal is another, and text becomes no other. DuckDB's own reach further, and some of its
/// functions fail with what does.
final class DuckDbSql {
  /// Also what ingestion reads as a date.
  static final String DAY =
      "(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-[0-9]{2}-[0-9]{2}";

  /// Without an offset, which DuckDB would drop, and without 24:00:00, which may be in year 10000.
  static final String MOMENT =
      DAY + "(?:[ T](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,6})?)?)?";

  private DuckDbSql() {}

  static String text(String value) {
    return "'" + value.replace("'", "''") + "'";
  }

  static String identifier(ColumnName name) {
    return "\"" + name.value() + "\"";
  }

  static String type(ColumnType type) {
    return switch (type) {
      case ColumnType.Text _ -> "VARCHAR";
      case ColumnType.Bool _ -> "BOOLEAN";
      case ColumnType.Int _ -> "BIGINT";
      case ColumnType.Decimal decimal ->
          "DECIMAL(" + decimal.precision() + "," + decimal.scale() + ")";
      case ColumnType.Real _ -> "DOUBLE";
      case ColumnType.Date _ -> "DATE";
      case ColumnType.Timestamp _ -> "TIMESTAMP";
    };
  }

  /// @param columns how a column is written
  static String expression(
      Scalar scalar, java.util.function.Function<Scalar.Column, String> columns) {
    return switch (scalar) {
      case Scalar.Column column -> columns.apply(column);
      case Scalar.Literal literal -> literal(literal);
      case Scalar.Null missing -> "CAST(NULL AS " + type(missing.type()) + ")";
      case Scalar.Call call -> call(call, columns);
    };
  }

  private static String literal(Scalar.Literal literal) {
    return switch (literal.type()) {
      case ColumnType.Text _ -> text(literal.value());
      case ColumnType.Bool _ -> literal.value();
      case ColumnType.Int _,
          ColumnType.Decimal _,
          ColumnType.Real _,
          ColumnType.Date _,
          ColumnType.Timestamp _ ->
          "CAST(" + text(literal.value()) + " AS " + type(literal.type()) + ")";
    };
  }

  private static String call(
      Scalar.Call call, java.util.function.Function<Scalar.Column, String> columns) {
    Optional<String> list = inList(call, columns);
    if (list.isPresent()) {
      return list.get();
    }
    List<String> of =
        call.arguments().stream().map(argument -> expression(argument, columns)).toList();
    String first = of.getFirst();
    return switch (call.function()) {
      case AND -> infix(of, " AND ");
      case OR -> infix(of, " OR ");
      case NOT -> "(NOT " + first + ")";
      case EQUAL -> infix(of, " = ");
      case NOT_EQUAL -> infix(of, " <> ");
      case LESS -> infix(of, " < ");
      case LESS_OR_EQUAL -> infix(of, " <= ");
      case IS_NULL -> "(" + first + " IS NULL)";
      case IS_NOT_NULL -> "(" + first + " IS NOT NULL)";
      case IS_TRUE -> "(" + first + " IS NOT DISTINCT FROM true)";
      case IS_NOT_TRUE -> "(" + first + " IS DISTINCT FROM true)";
      case IS_FALSE -> "(" + first + " IS NOT DISTINCT FROM false)";
      case IS_NOT_FALSE -> "(" + first + " IS DISTINCT FROM false)";
      case LIKE -> infix(of, " LIKE ");
      case ADD -> infix(of, " + ");
      case SUBTRACT -> infix(of, " - ");
      case MULTIPLY -> infix(of, " * ");
      case DIVIDE -> "(" + first + " / NULLIF(" + of.get(1) + ", CAST('0' AS DOUBLE)))";
      case NEGATE -> "(- " + first + ")";
      case ABS -> "abs(" + first + ")";
      case FLOOR -> rounded("floor", first, call);
      case CEIL -> rounded("ceil", first, call);
      case CASE -> choice(of);
      case COALESCE -> "COALESCE(" + String.join(", ", of) + ")";
      case NULLIF -> "NULLIF(" + String.join(", ", of) + ")";
      case CAST -> cast(first, call);
      case LOWER -> "lower(" + first + ")";
      case UPPER -> "upper(" + first + ")";
      case TRIM -> "trim(" + first + ", ' ')";
      case TRIM_LEADING -> "ltrim(" + first + ", ' ')";
      case TRIM_TRAILING -> "rtrim(" + first + ", ' ')";
      case SUBSTRING -> "substring(" + String.join(", ", of) + ")";
      case YEAR -> "year(" + first + ")";
      case MONTH -> "month(" + first + ")";
      case DAY -> "day(" + first + ")";
      case START_OF_YEAR -> start("year", first, call);
      case START_OF_QUARTER -> start("quarter", first, call);
      case START_OF_MONTH -> start("month", first, call);
      case START_OF_WEEK -> start("week", first, call);
      case START_OF_DAY -> start("day", first, call);
    };
  }

  private static String infix(List<String> of, String operator) {
    return of.stream().collect(Collectors.joining(operator, "(", ")"));
  }

  private static String cast(String argument, Scalar.Call call) {
    boolean text = call.arguments().getFirst().type() instanceof ColumnType.Text;
    String value =
        switch (call.type()) {
          case ColumnType.Date _ when text -> matching(DAY, argument);
          case ColumnType.Timestamp _ when text -> matching(MOMENT, argument);
          default -> argument;
        };
    return "TRY_CAST(" + value + " AS " + type(call.type()) + ")";
  }

  /// The part of a text that matches between spaces, or the empty text; it names the argument once,
  /// so that casts of casts do not grow.
  private static String matching(String pattern, String argument) {
    return "regexp_extract(" + argument + ", '^ *(" + pattern + ")Z? *$', 1)";
  }

  private static String rounded(String function, String argument, Scalar.Call call) {
    return "TRY_CAST(" + function + "(" + argument + ") AS " + type(call.type()) + ")";
  }

  private static String start(String unit, String argument, Scalar.Call call) {
    return "TRY_CAST(date_trunc('" + unit + "', " + argument + ") AS " + type(call.type()) + ")";
  }

  private static String choice(List<String> of) {
    var sql = new StringBuilder("(CASE");
    for (int index = 0; index + 1 < of.size(); index += 2) {
      sql.append(" WHEN ").append(of.get(index)).append(" THEN ").append(of.get(index + 1));
    }
    return sql.append(" ELSE ").append(of.getLast()).append(" END)").toString();
  }

  /// `x = 1 OR x = 2 …` as `x IN (1, 2 …)`: what IN became on the way, and what DuckDB hashes.
  private static Optional<String> inList(
      Scalar.Call call, java.util.function.Function<Scalar.Column, String> columns) {
    if (call.function() != Function.OR || call.arguments().size() < 3) {
      return Optional.empty();
    }
    List<String> values = new ArrayList<>();
    Optional<Scalar> subject = Optional.empty();
    for (Scalar argument : call.arguments()) {
      if (!(argument instanceof Scalar.Call equal) || equal.function() != Function.EQUAL) {
        return Optional.empty();
      }
      boolean literalFirst = equal.arguments().getFirst() instanceof Scalar.Literal;
      Scalar literal = literalFirst ? equal.arguments().getFirst() : equal.arguments().getLast();
      Scalar other = literalFirst ? equal.arguments().getLast() : equal.arguments().getFirst();
      if (!(literal instanceof Scalar.Literal) || !subject.orElse(other).equals(other)) {
        return Optional.empty();
      }
      subject = Optional.of(other);
      values.add(expression(literal, columns));
    }
    return subject.map(
        each -> "(" + expression(each, columns) + " IN (" + String.join(", ", values) + "))");
  }
}
