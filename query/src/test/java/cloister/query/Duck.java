package cloister.query;

import cloister.privacy.Exact;
import cloister.privacy.ExactTable;
import cloister.room.Address;
import cloister.room.Column;
import cloister.room.ColumnType;
import cloister.room.Dataset;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;

/// A DuckDB with small random data in the tables of a [Fixture], to run emitted SQL on.
final class Duck implements AutoCloseable {
  private final Connection connection;

  Duck() throws SQLException {
    connection = DriverManager.getConnection("jdbc:duckdb:");
    run("SET threads=1");
    run("SET disabled_optimizers='common_subexpressions'");
    run("SET error_on_division_by_zero=false");
  }

  /// Fills `party.name` for every dataset: few distinct units and values, nulls, duplicates.
  Duck fill(Fixture fixture, RandomGenerator random) throws SQLException {
    return fill(fixture.datasets(), random);
  }

  Duck fill(Collection<Dataset> datasets, RandomGenerator random) throws SQLException {
    for (Dataset dataset : datasets) {
      String table = direct(dataset.address());
      run("CREATE SCHEMA IF NOT EXISTS " + dataset.address().party());
      run(
          "CREATE TABLE "
              + table
              + " ("
              + dataset.columns().stream()
                  .map(column -> column.name() + " " + DuckDbSql.type(column.type()))
                  .collect(Collectors.joining(", "))
              + ")");
      List<String> rows = new ArrayList<>();
      for (int row = 0; row < 40; row++) {
        rows.add(
            dataset.columns().stream()
                .map(column -> value(column, random))
                .collect(Collectors.joining(", ", "(", ")")));
      }
      run("INSERT INTO " + table + " VALUES " + String.join(", ", rows));
    }
    return this;
  }

  private static String value(Column column, RandomGenerator random) {
    if (!column.required() && random.nextInt(5) == 0) {
      return "NULL";
    }
    if (column.domain().isPresent()) {
      List<String> domain = column.domain().get();
      return DuckDbSql.text(domain.get(random.nextInt(domain.size())));
    }
    return switch (column.type()) {
      case ColumnType.Text _ ->
          column.required()
              ? "'u" + random.nextInt(12) + "@x'"
              : List.of("'a'", "'b'", "'B '", "'12'", "'z%'", "''").get(random.nextInt(6));
      case ColumnType.Bool _ -> random.nextBoolean() ? "true" : "false";
      case ColumnType.Int _ ->
          List.of("0", "1", "42", "-7", "119", "9223372036854775807", "-9223372036854775808")
              .get(random.nextInt(column.bounds().isPresent() ? 5 : 7));
      case ColumnType.Decimal _ ->
          List.of("0.00", "1.25", "-3.10", "4999.99", "99999999.99").get(random.nextInt(5));
      case ColumnType.Real _ -> List.of("0", "0.5", "-0.25", "1").get(random.nextInt(4));
      case ColumnType.Date _ ->
          List.of("DATE '2024-02-29'", "DATE '0001-01-01'", "DATE '9999-12-31'")
              .get(random.nextInt(3));
      case ColumnType.Timestamp _ -> "TIMESTAMP '2024-02-29 12:34:56.789'";
    };
  }

  static String direct(Address dataset) {
    return dataset.party() + "." + dataset.name();
  }

  /// Rows as text, in order of their text.
  List<String> rows(EngineQuery query) throws SQLException {
    return rows(query, _ -> "true");
  }

  /// @param kept which rows of each dataset there are
  List<String> rows(EngineQuery query, Function<Address, String> kept) throws SQLException {
    view(query, kept);
    return rows(query.sql());
  }

  /// Unordered, each cell as text.
  List<String[]> cells(EngineQuery query, Function<Address, String> kept) throws SQLException {
    view(query, kept);
    List<String[]> rows = new ArrayList<>();
    try (var statement = connection.createStatement();
        ResultSet result = statement.executeQuery(query.sql())) {
      int columns = result.getMetaData().getColumnCount();
      while (result.next()) {
        var row = new String[columns];
        for (int column = 1; column <= columns; column++) {
          row[column - 1] = String.valueOf(result.getString(column));
        }
        rows.add(row);
      }
    }
    return rows;
  }

  private void view(EngineQuery query, Function<Address, String> kept) throws SQLException {
    for (Map.Entry<String, Address> table : query.tables().entrySet()) {
      run(
          "CREATE OR REPLACE VIEW "
              + table.getKey()
              + " AS SELECT * FROM "
              + direct(table.getValue())
              + " WHERE "
              + kept.apply(table.getValue()));
    }
  }

  /// As an engine delivers it.
  ExactTable table(EngineQuery query) throws SQLException {
    view(query, _ -> "true");
    List<ExactTable.Row> rows = new ArrayList<>();
    try (var statement = connection.createStatement();
        ResultSet result = statement.executeQuery(query.sql())) {
      while (result.next()) {
        List<Optional<String>> keys = new ArrayList<>();
        for (int key = 0; key < query.keys(); key++) {
          keys.add(Optional.ofNullable(result.getString(1 + key)));
        }
        List<Exact> numbers = new ArrayList<>();
        for (int number = 0; number < query.counters() + query.cells(); number++) {
          numbers.add(Exact.of(new BigInteger(result.getString(1 + query.keys() + number))));
        }
        rows.add(
            new ExactTable.Row(
                keys,
                numbers.subList(0, query.counters()),
                numbers.subList(query.counters(), numbers.size()),
                lists(query, result)));
      }
    }
    return new ExactTable(rows);
  }

  private static List<List<Exact>> lists(EngineQuery query, ResultSet result) throws SQLException {
    List<List<Exact>> lists = new ArrayList<>();
    for (int list = 0; list < query.lists(); list++) {
      int column = 1 + query.keys() + query.counters() + query.cells() + list;
      lists.add(
          Arrays.stream((Object[]) result.getArray(column).getArray())
              .map(each -> Exact.of((BigInteger) each))
              .toList());
    }
    return lists;
  }

  List<String> rows(String sql) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (var statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      int columns = result.getMetaData().getColumnCount();
      while (result.next()) {
        List<String> row = new ArrayList<>();
        for (int column = 1; column <= columns; column++) {
          row.add(String.valueOf(result.getString(column)));
        }
        rows.add(String.join("|", row));
      }
    }
    return rows.stream().sorted().toList();
  }

  /// For what is too much for INSERT.
  DuckDBAppender appender(String schema, String table) throws SQLException {
    return connection.unwrap(DuckDBConnection.class).createAppender(schema, table);
  }

  void run(String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
