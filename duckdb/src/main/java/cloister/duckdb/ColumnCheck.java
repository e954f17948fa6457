package cloister.duckdb;

import cloister.duckdb.IngestionReport.Reason;
import cloister.room.Column;
import cloister.room.ColumnType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// One column's way from what a file holds to what the schema declares, as DuckDB expressions that
/// cannot fail: `value` is NULL where the text does not read as the type, and `fault` says why a
/// row cannot be kept.
///
/// DuckDB's casts are lenient where a schema must not be: they round `1.5` to an integer, drop the
/// time of day from a date and the offset from a timestamp, read `infinity` as a date and `1_000`
/// as a number, and round a double to a decimal. Text is therefore matched first, and other types
/// are compared with their cast. Only a column that is declared `double` takes the nearest one.
final class ColumnCheck {
  private static final int TEXT_BYTES = 65_536;
  private static final Set<String> WHOLE =
      Set.of(
          "TINYINT",
          "SMALLINT",
          "INTEGER",
          "BIGINT",
          "HUGEINT",
          "UTINYINT",
          "USMALLINT",
          "UINTEGER",
          "UBIGINT",
          "UHUGEINT");
  private static final Set<String> FLOATING = Set.of("FLOAT", "DOUBLE");
  private static final String NANOSECONDS = "TIMESTAMP_NS";
  private static final Set<String> ZONELESS =
      Set.of("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", NANOSECONDS);
  private static final String ZONED = "TIMESTAMP WITH TIME ZONE";

  private final Column column;
  private final String source;
  private final String sourceType;

  private ColumnCheck(Column column, String sourceType) {
    this.column = column;
    this.source = Sql.name(column.name().value());
    this.sourceType = sourceType;
  }

  /// Empty when values of the file's type cannot stand for the declared one.
  static Optional<ColumnCheck> of(Column column, String sourceType) {
    var check = new ColumnCheck(column, sourceType);
    return check.isSuitable() ? Optional.of(check) : Optional.empty();
  }

  String source() {
    return source;
  }

  /// The declared type in DuckDB's words.
  private static String type(ColumnType type) {
    return switch (type) {
      case ColumnType.Text _ -> "VARCHAR";
      case ColumnType.Bool _ -> "BOOLEAN";
      case ColumnType.Int _ -> "BIGINT";
      case ColumnType.Decimal(int precision, int scale) ->
          "DECIMAL(" + precision + "," + scale + ")";
      case ColumnType.Real _ -> "DOUBLE";
      case ColumnType.Date _ -> "DATE";
      case ColumnType.Timestamp _ -> "TIMESTAMP";
    };
  }

  private boolean isText() {
    return sourceType.equals("VARCHAR");
  }

  private boolean isDecimal() {
    return sourceType.startsWith("DECIMAL(");
  }

  private boolean isNumber() {
    return WHOLE.contains(sourceType) || FLOATING.contains(sourceType) || isDecimal();
  }

  private boolean isTime() {
    return sourceType.equals("DATE") || sourceType.equals(ZONED) || ZONELESS.contains(sourceType);
  }

  private boolean isSuitable() {
    return isText()
        || switch (column.type()) {
          case ColumnType.Text _ ->
              isNumber()
                  || isTime()
                  || sourceType.equals("BOOLEAN")
                  || sourceType.equals("UUID")
                  || sourceType.equals("TIME");
          case ColumnType.Bool _ -> sourceType.equals("BOOLEAN");
          case ColumnType.Int _, ColumnType.Decimal _, ColumnType.Real _ -> isNumber();
          case ColumnType.Date _, ColumnType.Timestamp _ -> isTime();
        };
  }

  /// The value as declared, or NULL.
  String value() {
    String cast = "TRY_CAST(" + source + " AS " + type(column.type()) + ")";
    return switch (column.type()) {
      case ColumnType.Text _ ->
          column
              .semantic()
              .map(semantic -> Normalization.sql(semantic, "CAST(" + source + " AS VARCHAR)"))
              .orElse(cast);
      case ColumnType.Bool _ -> cast;
      case ColumnType.Int _ -> {
        if (isText()) {
          yield matched("[+-]?[0-9]{1,19}(\\.0*)?", cast);
        }
        yield WHOLE.contains(sourceType) ? cast : lossless(cast);
      }
      case ColumnType.Decimal(_, int scale) -> {
        if (isText()) {
          String digits = "{0," + scale + "}";
          yield matched("[+-]?([0-9]+(\\.[0-9]" + digits + "0*)?|\\.[0-9]" + digits + "0*)", cast);
        }
        yield lossless(cast);
      }
      case ColumnType.Real _ -> isText() ? matched("[^_]*", cast) : cast;
      case ColumnType.Date _ -> {
        if (isText()) {
          yield matched("[0-9]{4}-[0-9]{2}-[0-9]{2}", cast);
        }
        yield sourceType.equals("DATE") ? cast : lossless(cast);
      }
      case ColumnType.Timestamp _ -> {
        if (isText()) {
          // Without an offset the text is in UTC, the session's zone.
          yield matched(
              "[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,6})?)?"
                  + " ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?",
              "TRY_CAST(TRY_CAST(" + source + " AS TIMESTAMPTZ) AS TIMESTAMP)");
        }
        yield sourceType.equals(NANOSECONDS) ? lossless(cast) : cast;
      }
    };
  }

  private String matched(String pattern, String cast) {
    return "CASE WHEN regexp_full_match("
        + Normalization.strip(source)
        + ", "
        + Sql.literal(pattern)
        + ") THEN "
        + cast
        + " END";
  }

  private String lossless(String cast) {
    return "CASE WHEN TRY_CAST("
        + cast
        + " AS "
        + sourceType
        + ") = "
        + source
        + " THEN "
        + cast
        + " END";
  }

  /// The ordinal of the [Reason] why a row is bad, or NULL.
  ///
  /// @param raw the name that holds [#source]
  /// @param value the name that holds [#value]
  String fault(String raw, String value) {
    var cases = new ArrayList<String>();
    if (column.required()) {
      cases.add(when(raw + " IS NULL", Reason.MISSING));
    }
    cases.add(when(raw + " IS NULL", "NULL"));
    switch (column.type()) {
      case ColumnType.Text _ -> {
        cases.add(when("strlen(CAST(" + raw + " AS VARCHAR)) > " + TEXT_BYTES, Reason.TOO_LONG));
        cases.add(
            when(
                value + " IS NULL",
                column.semantic().isPresent() ? Reason.NOT_NORMAL : Reason.WRONG_TYPE));
      }
      case ColumnType.Real _ -> {
        cases.add(when(value + " IS NULL", Reason.WRONG_TYPE));
        cases.add(when("NOT isfinite(" + value + ")", Reason.NOT_FINITE));
      }
      case ColumnType.Date _, ColumnType.Timestamp _ -> {
        if (!isText()) {
          cases.add(when("NOT isfinite(" + raw + ")", Reason.NOT_FINITE));
        }
        cases.add(when(value + " IS NULL", Reason.WRONG_TYPE));
        cases.add(
            when(value + " < '0001-01-01' OR " + value + " >= '10000-01-01'", Reason.OUT_OF_RANGE));
      }
      case ColumnType.Int _, ColumnType.Decimal _ -> {
        if (FLOATING.contains(sourceType)) {
          cases.add(when("NOT isfinite(" + raw + ")", Reason.NOT_FINITE));
        }
        cases.add(when(value + " IS NULL", Reason.WRONG_TYPE));
      }
      case ColumnType.Bool _ -> cases.add(when(value + " IS NULL", Reason.WRONG_TYPE));
    }
    column
        .domain()
        .ifPresent(domain ->
            cases.add(
                when(
                    "(" + value + " IN (" + values(domain) + ")) IS NOT TRUE",
                    Reason.NOT_IN_DOMAIN)));
    return "CASE " + String.join(" ", cases) + " END";
  }

  private String values(List<String> domain) {
    return domain.isEmpty()
        ? "NULL"
        : domain.stream()
            .map(each -> "TRY_CAST(" + Sql.literal(each) + " AS " + type(column.type()) + ")")
            .collect(Collectors.joining(", "));
  }

  @SuppressWarnings("EnumOrdinal") // a code for the length of one statement, never stored
  private static String when(String condition, Reason reason) {
    return when(condition, Integer.toString(reason.ordinal()));
  }

  private static String when(String condition, String result) {
    return "WHEN " + condition + " THEN " + result;
  }
}
