package cloister.duckdb;

import cloister.crypto.Digest;
import cloister.room.Address;
import cloister.room.Column;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import cloister.room.Dataset;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Parquet files and schemas for tests.
final class Fixtures {
  private Fixtures() {}

  /// Writes the rows of `sql` with plain DuckDB in this process.
  static Path parquet(Path file, String sql) {
    execute("COPY (" + sql + ") TO " + Sql.literal(file.toString()) + " (FORMAT parquet)");
    return file;
  }

  static void execute(String sql) {
    try (var connection = DriverManager.getConnection("jdbc:duckdb:");
        var statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException failure) {
      throw new IllegalStateException(failure);
    }
  }

  /// Rows as lists of texts, null as "NULL".
  static List<List<String>> rows(String sql) {
    try (var connection = DriverManager.getConnection("jdbc:duckdb:");
        var statement = connection.createStatement();
        var rows = statement.executeQuery(sql)) {
      var all = new ArrayList<List<String>>();
      while (rows.next()) {
        var row = new ArrayList<String>();
        for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
          row.add(Optional.ofNullable(rows.getString(i)).orElse("NULL"));
        }
        all.add(row);
      }
      return all;
    } catch (SQLException failure) {
      throw new IllegalStateException(failure);
    }
  }

  static Column column(String name, String type) {
    return new Column(
        new ColumnName(name),
        ColumnType.parse(type),
        Optional.empty(),
        Set.of(),
        false,
        Optional.empty(),
        Optional.empty());
  }

  static Column required(Column column) {
    return new Column(
        column.name(),
        column.type(),
        column.semantic(),
        column.use(),
        true,
        column.domain(),
        column.bounds());
  }

  static Column meaning(Column column, Column.Semantic semantic) {
    return new Column(
        column.name(),
        column.type(),
        Optional.of(semantic),
        column.use(),
        column.required(),
        column.domain(),
        column.bounds());
  }

  static Column oneOf(Column column, String... domain) {
    return new Column(
        column.name(),
        column.type(),
        column.semantic(),
        column.use(),
        column.required(),
        Optional.of(List.of(domain)),
        column.bounds());
  }

  static Dataset dataset(Column... columns) {
    return new Dataset(
        Address.parse("/airline/dataset/customers"),
        digest(),
        Optional.of(columns[0].name()),
        List.of(columns),
        Optional.empty(),
        List.of());
  }

  private static Digest digest() {
    return Digest.of(new byte[0]);
  }
}
