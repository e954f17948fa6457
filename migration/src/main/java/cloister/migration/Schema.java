package cloister.migration;

import cloister.protocol.PlacedJson;
import cloister.protocol.Tree;
import cloister.room.ColumnType;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// The columns of a `CREATE TABLE` statement, in any of the dialects.
final class Schema {
  private Schema() {}

  /// @param type absent when Cloister has no such type
  record Field(String name, Tree.Position at, String foreignType, Optional<ColumnType> type) {}

  /// Reads a file that holds one `CREATE TABLE` and nothing else.
  static void read(Notes notes, SourceFile file, Source dialect, Draft draft) {
    var places = PlacedJson.places(file.text());
    List<Token> tokens;
    try {
      tokens = Tokens.of(file.text(), dialect, places);
    } catch (Tokens.Unreadable e) {
      notes.mistake(e.at(), e.problem());
      return;
    }
    var cursor = new Cursor(tokens, places);
    cursor.statements(
        notes,
        () -> {
          Tree.Position at = cursor.place();
          if (!startsTable(cursor)) {
            throw cursor.unexpected("CREATE TABLE");
          }
          if (draft.hasSchema()) {
            throw new Tokens.Unreadable(at, "a file has the columns of one table");
          }
          Cursor.Path table = table(cursor);
          draft.table(table.last());
          draft.schema(notes, fields(cursor));
          // Where and how it is stored.
          skip(cursor, Set.of());
        });
    if (!draft.hasSchema()) {
      notes.mistake(new Tree.Position(1, 1), "there is no CREATE TABLE in it");
    }
  }

  static boolean startsTable(Cursor cursor) {
    return cursor.peekAll("CREATE", "TABLE")
        || cursor.peekAll("CREATE", "EXTERNAL", "TABLE")
        || cursor.peekAll("CREATE", "TRANSIENT", "TABLE")
        || cursor.peekAll("CREATE", "OR", "REPLACE", "TABLE")
        || cursor.peekAll("CREATE", "OR", "REPLACE", "TRANSIENT", "TABLE");
  }

  static Cursor.Path table(Cursor cursor) {
    cursor.expect("CREATE");
    cursor.accept("OR", "REPLACE");
    cursor.acceptOneOf("EXTERNAL", "TRANSIENT");
    cursor.expect("TABLE");
    cursor.accept("IF", "NOT", "EXISTS");
    return cursor.path();
  }

  private static List<Field> fields(Cursor cursor) {
    return fields(cursor, (_, _) -> {});
  }

  /// What follows a column's type.
  interface Rest {
    void read(Cursor cursor, Field field);
  }

  /// The columns in their parentheses.
  static List<Field> fields(Cursor cursor, Rest rest) {
    cursor.expect("(");
    var fields = new ArrayList<Field>();
    do {
      if (cursor.peek("PRIMARY") || cursor.peek("CONSTRAINT") || cursor.peek("FOREIGN")) {
        cursor.upTo(Set.of(",", ")"));
        continue;
      }
      Fields.Placed name = cursor.name();
      Field field = type(cursor, name);
      fields.add(field);
      rest.read(cursor, field);
      skip(cursor, Set.of(",", ")"));
    } while (cursor.accept(","));
    cursor.expect(")");
    return fields;
  }

  /// What says nothing about who may learn what; a policy does.
  static void skip(Cursor cursor, Set<String> until) {
    Tree.Position at = cursor.place();
    if (List.of(cursor.upTo(until).toUpperCase(Locale.ROOT).split(" ", -1)).contains("POLICY")) {
      throw new Tokens.Unreadable(at, "a policy that is not read here; give it by ALTER TABLE");
    }
  }

  private static Field type(Cursor cursor, Fields.Placed name) {
    String type = cursor.name().text().toUpperCase(Locale.ROOT);
    if (type.equals("DOUBLE")) {
      cursor.accept("PRECISION");
    }
    var arguments = new ArrayList<BigDecimal>();
    boolean plain = true;
    if (cursor.peek("<")) {
      // ARRAY<STRING>, STRUCT<…>: the angle brackets nest as parentheses do.
      int depth = 0;
      do {
        depth += cursor.peek("<") ? 1 : 0;
        depth -= cursor.peek(">") ? 1 : 0;
        if (cursor.isEnd()) {
          throw cursor.unexpected(">");
        }
        cursor.next();
      } while (depth > 0);
      plain = false;
    } else if (cursor.accept("(")) {
      do {
        Optional<BigDecimal> argument = cursor.number();
        argument.ifPresent(arguments::add);
        plain &= argument.isPresent();
        if (argument.isEmpty()) {
          cursor.next();
        }
      } while (cursor.accept(","));
      cursor.expect(")");
    }
    return new Field(
        name.text(), name.at(), type, plain ? type(type, arguments) : Optional.empty());
  }

  private static Optional<ColumnType> type(String type, List<BigDecimal> arguments) {
    return switch (type) {
      case "STRING", "VARCHAR", "CHAR", "CHARACTER", "TEXT", "NVARCHAR" ->
          Optional.of(new ColumnType.Text());
      case "BOOL", "BOOLEAN" -> Optional.of(new ColumnType.Bool());
      case "INT", "INTEGER", "INT64", "BIGINT", "SMALLINT", "TINYINT", "BYTEINT", "LONG" ->
          Optional.of(new ColumnType.Int());
      case "FLOAT", "FLOAT4", "FLOAT8", "FLOAT64", "DOUBLE", "REAL" ->
          Optional.of(new ColumnType.Real());
      case "DATE" -> Optional.of(new ColumnType.Date());
      case "TIMESTAMP", "DATETIME", "TIMESTAMP_NTZ", "TIMESTAMP_TZ", "TIMESTAMP_LTZ" ->
          Optional.of(new ColumnType.Timestamp());
      case "DECIMAL", "NUMERIC", "NUMBER", "BIGNUMERIC" -> decimal(type, arguments);
      default -> Optional.empty();
    };
  }

  /// Without digits Snowflake means 38 and 0, and BigQuery 38 and 9.
  private static Optional<ColumnType> decimal(String type, List<BigDecimal> arguments) {
    try {
      return Optional.of(
          switch (arguments.size()) {
            case 0 -> new ColumnType.Decimal(38, type.equals("NUMERIC") ? 9 : 0);
            case 1 -> new ColumnType.Decimal(arguments.getFirst().intValueExact(), 0);
            default ->
                new ColumnType.Decimal(
                    arguments.getFirst().intValueExact(), arguments.get(1).intValueExact());
          });
    } catch (IllegalArgumentException | ArithmeticException _) {
      return Optional.empty();
    }
  }
}
