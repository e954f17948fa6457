package cloister.query;

import cloister.crypto.Digest;
import cloister.privacy.Bounding;
import cloister.room.Address;
import cloister.room.Analysis;
import cloister.room.Column;
import cloister.room.Column.Bounds;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import cloister.room.Dataset;
import cloister.room.Name;
import cloister.room.Purpose;
import cloister.room.Use;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// A collaboration to attack: a hospital and an insurer lend what terms lend in practice, and the
/// analyst, research, brings tables of its own.
///
/// Bob is in every dataset of people. He has more rows than others, values beyond every bound, and
/// texts that contain [#CANARY], which nobody else has.
final class Hospital implements Catalog {
  static final Name RESEARCH = new Name("research");
  static final Address PATIENTS = Address.parse("/hospital/dataset/patients");
  static final Address STAYS = Address.parse("/hospital/dataset/stays");
  static final Address CLAIMS = Address.parse("/insurer/dataset/claims");
  static final Address PANEL = Address.parse("/research/dataset/panel");

  /// About nobody, and the analyst's.
  static final Address CODES = Address.parse("/research/dataset/codes");

  static final String CANARY = "KANARI";
  static final String BOB = "bob@x";

  private final Map<Address, Dataset> datasets = new LinkedHashMap<>();
  private final Map<Address, Analysis> analyses = new HashMap<>();

  Hospital() {
    people(
        PATIENTS,
        column("zip", "string", "join group filter count"),
        column("age", "integer", "join group filter count sum avg", 0, 120),
        column("cost", "decimal(10,2)", "group filter count sum avg", 0, 5000),
        column("score", "double", "filter count sum avg group", -1, 1),
        column("born", "date", "group filter"),
        column("seen", "timestamp", "group filter count"),
        column("vip", "boolean", "group filter"),
        column("notes", "string", "group filter count"),
        column("code", "string", "join group filter count"),
        column("diagnosis", "string", ""),
        automatic("fees", "decimal(12,2)"),
        column("big", "integer", "group filter count"));
    people(
        STAYS,
        column("ward", "string", "group filter join"),
        column("days", "integer", "filter sum avg count", 0, 60));
    people(
        CLAIMS,
        domain("kind", "group filter", "car", "home", "life"),
        column("amount", "decimal(10,2)", "filter count sum avg", -100, 900),
        column("code", "string", "join group filter count"),
        column("tries", "integer", "filter group"));
    people(
        PANEL,
        column("tag", "string", "join group filter count"),
        column("w", "integer", "filter join sum avg count group", 0, 9));
    datasets.put(
        CODES,
        new Dataset(
            CODES,
            Digest.ofUtf8("codes"),
            Optional.empty(),
            List.of(
                column("code", "string", "join group filter count"),
                domain("chapter", "group filter join", "A", "B"),
                column("w", "integer", "join group filter count sum avg", 0, 9)),
            Optional.empty(),
            List.of()));
    analysis("rows", "SELECT email, zip, cost FROM hospital.patients WHERE age > 3");
    analysis("answer", "SELECT zip, COUNT(*) AS n FROM hospital.patients GROUP BY zip");
    analysis("left_loop", "SELECT email FROM right_loop");
    analysis("right_loop", "SELECT email FROM left_loop");
  }

  private void analysis(String name, String sql) {
    Address address = Address.parse("/research/analysis/" + name);
    analyses.put(
        address,
        new Analysis(
            address,
            Digest.ofUtf8(sql),
            sql,
            Set.of(),
            Purpose.byTerm("Purpose").orElseThrow(),
            Set.of(),
            List.of()));
  }

  private void people(Address address, Column... columns) {
    List<Column> all = new java.util.ArrayList<>();
    all.add(
        new Column(
            new ColumnName("email"),
            new ColumnType.Text(),
            Optional.empty(),
            Set.of(Use.JOIN),
            true,
            Optional.empty(),
            Optional.empty()));
    all.addAll(List.of(columns));
    datasets.put(
        address,
        new Dataset(
            address,
            Digest.ofUtf8(address.toString()),
            Optional.of(new ColumnName("email")),
            all,
            Optional.empty(),
            List.of()));
  }

  private static Set<Use> uses(String labels) {
    Set<Use> uses = EnumSet.noneOf(Use.class);
    for (String label : labels.split(" ", -1)) {
      Use.byLabel(label).ifPresent(uses::add);
    }
    return uses;
  }

  private static Column column(String name, String type, String uses) {
    return column(name, type, uses, Optional.empty(), Optional.empty(), Bounding.DECLARED);
  }

  private static Column column(String name, String type, String uses, int lower, int upper) {
    var bounds = new Bounds(BigDecimal.valueOf(lower), BigDecimal.valueOf(upper));
    return column(name, type, uses, Optional.empty(), Optional.of(bounds), Bounding.DECLARED);
  }

  private static Column automatic(String name, String type) {
    return column(name, type, "sum", Optional.empty(), Optional.empty(), Bounding.AUTOMATIC);
  }

  private static Column domain(String name, String uses, String... values) {
    return column(
        name, "string", uses, Optional.of(List.of(values)), Optional.empty(), Bounding.DECLARED);
  }

  private static Column column(
      String name,
      String type,
      String uses,
      Optional<List<String>> domain,
      Optional<Bounds> bounds,
      Bounding sums) {
    return new Column(
        new ColumnName(name),
        ColumnType.parse(type),
        Optional.empty(),
        uses(uses),
        false,
        domain,
        bounds,
        sums);
  }

  @Override
  public Optional<Dataset> dataset(Address address) {
    return Optional.ofNullable(datasets.get(address));
  }

  @Override
  public Optional<Analysis> analysis(Address address) {
    return Optional.ofNullable(analyses.get(address));
  }

  /// Whether the terms lend every column for what the plan does with it.
  boolean permits(CheckedPlan plan) {
    return plan.uses().entrySet().stream()
        .allMatch(dataset ->
            dataset.getValue().entrySet().stream()
                .allMatch(column ->
                    dataset(dataset.getKey())
                        .orElseThrow()
                        .column(column.getKey())
                        .orElseThrow()
                        .use()
                        .containsAll(column.getValue())));
  }

  /// Thirty ordinary people, and Bob.
  Duck data() throws SQLException {
    var duck = new Duck();
    for (Dataset dataset : datasets.values()) {
      duck.run("CREATE SCHEMA IF NOT EXISTS " + dataset.address().party());
      duck.run(
          "CREATE TABLE "
              + Duck.direct(dataset.address())
              + " ("
              + dataset.columns().stream()
                  .map(column -> column.name() + " " + DuckDbSql.type(column.type()))
                  .collect(Collectors.joining(", "))
              + ")");
    }
    String person = "'u' || (i % 30) || '@x'";
    duck.run(
        "INSERT INTO hospital.patients SELECT "
            + person
            + ", 'z' || (i % 3), 30 + i % 20, 10 + i, 0.25, DATE '1980-01-01' + (i % 9)::INTEGER,"
            + " TIMESTAMP '2024-02-29 12:00:00', i % 2 = 0, 'n' || (i % 2), 'c' || (i % 3), 'flu',"
            + " 100 + i, i FROM range(40) t(i)");
    duck.run(
        "INSERT INTO hospital.stays SELECT "
            + person
            + ", 'w' || (i % 3), 1 + i % 5 FROM range(50) t(i)");
    duck.run(
        "INSERT INTO insurer.claims SELECT "
            + person
            + ", CASE i % 3 WHEN 0 THEN 'car' WHEN 1 THEN 'home' END, i - 7, 'c' || (i % 3), i % 4"
            + " FROM range(45) t(i)");
    duck.run(
        "INSERT INTO research.panel SELECT "
            + person
            + ", 'z' || (i % 3), i % 5 FROM range(30) t(i)");
    duck.run(
        "INSERT INTO research.codes VALUES ('c0', 'A', 1), ('c1', 'B', 2), ('c1', 'A', 9), (NULL,"
            + " NULL, NULL), ('KANARI', 'A', 9), ('42', 'B', 0), ('z1', 'B', 3)");
    bob(duck);
    return duck;
  }

  private static void bob(Duck duck) throws SQLException {
    duck.run(
        "INSERT INTO hospital.patients VALUES"
            + " ('bob@x', 'KANARI', 42, 99999999.99, 'nan', DATE '9999-12-31', TIMESTAMP"
            + " '9999-12-31 23:59:59.999999', true, 'KANARI', 'KANARI', 'KANARI', 9999999999.99,"
            + " 9223372036854775807),"
            + " ('bob@x', 'z0', -5, -99999999.99, 'inf', DATE '0001-01-01', TIMESTAMP '0001-01-01"
            + " 00:00:00', false, '2024-02-30', '42', 'KANARI', -9999999999.99,"
            + " -9223372036854775808),"
            + " ('bob@x', 'z1', 9223372036854775807, 0, '-inf', NULL, NULL, NULL, '1e400', NULL,"
            + " NULL, NULL, 0), ('bob@x', '1', -9223372036854775808, NULL, -0.0, DATE"
            + " '2024-02-29', NULL, true, '%_\\', 'c1', 'x', 1, NULL), ('bob@x', NULL, NULL, 1,"
            + " 1e308, NULL, NULL, NULL, '', 'c0', NULL, 2, 42), ('bob@x', 'z2', 42, 42.00, NULL,"
            + " DATE '2024-02-29', NULL, true, NULL, 'c2', NULL, 3, 42)");
    duck.run(
        "INSERT INTO hospital.stays VALUES ('bob@x', 'KANARI', 9223372036854775807), ('bob@x',"
            + " 'w0', -9223372036854775808), ('bob@x', 'w1', 42), ('bob@x', 'w2', NULL), ('bob@x',"
            + " NULL, 0), ('bob@x', 'w0', 42), ('bob@x', 'z1', 1)");
    duck.run(
        "INSERT INTO insurer.claims VALUES ('bob@x', 'car', 99999999.99, 'KANARI',"
            + " 9223372036854775807), ('bob@x', 'home', -99999999.99, 'c0', 42), ('bob@x', 'life',"
            + " NULL, 'c1', NULL), ('bob@x', NULL, 42, NULL, -1), ('bob@x', 'car', 42, 'c2', 0)");
    duck.run("INSERT INTO research.panel VALUES ('bob@x', 'KANARI', 9), ('bob@x', 'z1', 9)");
  }
}
