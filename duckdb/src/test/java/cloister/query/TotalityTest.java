package cloister.query;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.crypto.Digest;
import cloister.duckdb.DuckDbEngine;
import cloister.duckdb.Workers;
import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Epsilon;
import cloister.privacy.ExactTable;
import cloister.room.Address;
import cloister.room.Analysis;
import cloister.room.Column;
import cloister.room.Column.Bounds;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import cloister.room.Dataset;
import cloister.room.Name;
import cloister.room.Use;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Every function of SQL, over the extremes of every type, through the planner and a worker: a
/// value that makes an expression fail tells whoever wrote it that somebody has that value.
///
/// A row of one dataset meets every row of the other, so that a function of two columns sees all
/// pairs of extremes.
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class TotalityTest {
  private static final Address LEFT = Address.parse("/airline/dataset/facts");
  private static final Address RIGHT = Address.parse("/media/dataset/facts");
  private static final String FROM =
      " FROM airline.facts l JOIN media.facts r ON l.email = r.email";
  private static final Engine.Limits LIMITS =
      new Engine.Limits(Duration.ofMinutes(2), 1_000_000_000, 2, 1_000_000);
  private static final Optional<DifferentialPrivacy> NO_NOISE = Optional.empty();
  private static final Optional<DifferentialPrivacy> NOISE =
      Optional.of(new DifferentialPrivacy(Epsilon.of("1"), Delta.of("0.000001"), 2, 3));

  /// Expressions that are asked in one query, which saves most of the time.
  private static final int BATCH = 40;

  /// One query has so many keys.
  private static final int KEYS = 20;

  @TempDir static Path folder;
  private static Workers workers;
  private static DuckDbEngine engine;

  /// The same datasets with the extremes and without.
  private static Map<Address, List<Path>> extremes;

  private static Map<Address, List<Path>> ordinary;

  @BeforeAll
  static void start() throws Exception {
    var all = Arrays.stream(Fact.values()).mapToInt(fact -> fact.extremes().size()).max();
    extremes = facts("extremes", all.orElseThrow());
    ordinary = facts("ordinary", 1);
    workers = Workers.of(new Workers.Settings(folder, 1, 1));
    engine = new DuckDbEngine(workers);
  }

  @AfterAll
  static void stop() {
    engine.close();
    workers.close();
  }

  /// What goes together in an operator.
  private enum Kind {
    TEXT,
    TRUTH,
    NUMBER,
    DATE,
    TIMESTAMP
  }

  private static final String NINES = "9".repeat(38);
  private static final String FRACTION = "0." + "0".repeat(37) + "1";

  /// A column of both datasets.
  private enum Fact {
    TEXT(Kind.TEXT, "string"),
    TRUTH(Kind.TRUTH, "boolean"),
    WHOLE(Kind.NUMBER, "integer"),
    MONEY(Kind.NUMBER, "decimal(18,2)"),
    LARGE(Kind.NUMBER, "decimal(38,0)"),
    SMALL(Kind.NUMBER, "decimal(38,38)"),
    REAL(Kind.NUMBER, "double"),
    DAY(Kind.DATE, "date"),
    MOMENT(Kind.TIMESTAMP, "timestamp");

    private final Kind kind;

    @SuppressWarnings("ImmutableEnumChecker") // its kinds are records
    private final ColumnType type;

    Fact(Kind kind, String type) {
      this.kind = kind;
      this.type = ColumnType.parse(type);
    }

    String column() {
      return "c_" + name().toLowerCase(Locale.ROOT);
    }

    /// The extremes of the type, after an ordinary value: whatever ingestion keeps.
    List<String> extremes() {
      return switch (type) {
        case ColumnType.Text _ -> TEXTS;
        case ColumnType.Bool _ -> List.of("true", "false");
        case ColumnType.Int _ ->
            List.of("7", "0", "1", "-1", Long.MAX_VALUE + "", Long.MIN_VALUE + "");
        case ColumnType.Decimal decimal -> decimals(decimal);
        case ColumnType.Real _ ->
            List.of(
                "0.5",
                "0",
                "-0.0",
                "1",
                "-1",
                Double.MAX_VALUE + "",
                -Double.MAX_VALUE + "",
                Double.MIN_VALUE + "",
                "9.223372036854776e18",
                "1e38");
        case ColumnType.Date _ ->
            List.of("2024-02-29", "0001-01-01", "0001-01-02", "1969-12-31", "9999-12-31");
        case ColumnType.Timestamp _ ->
            List.of(
                "2024-02-29 12:34:56.789",
                "0001-01-01 00:00:00",
                "1969-12-31 23:59:59.999999",
                "9999-12-31 23:59:59.999999");
      };
    }

    /// The ordinary value's: those beyond are what clamps are for.
    Optional<Bounds> bounds() {
      return Optional.of(extremes().getFirst())
          .filter(_ -> kind == Kind.NUMBER)
          .map(BigDecimal::new)
          .map(ordinary -> new Bounds(ordinary.negate(), ordinary));
    }

    private static List<String> decimals(ColumnType.Decimal type) {
      BigDecimal unit = BigDecimal.ONE.movePointLeft(type.scale());
      BigDecimal most =
          BigDecimal.TEN.pow(type.precision()).subtract(BigDecimal.ONE).multiply(unit);
      return Stream.of(unit, BigDecimal.ZERO, unit.negate(), most, most.negate())
          .map(BigDecimal::toPlainString)
          .toList();
    }
  }

  private static final List<String> TEXTS =
      List.of(
          "ordinary",
          "",
          " ",
          "A%_\\",
          "é😀ßİ",
          "x".repeat(65_536),
          "true",
          "f",
          "0",
          "-0",
          "1",
          " 1 ",
          "1_000",
          "0x10",
          "9.9",
          Long.MAX_VALUE + "",
          Long.MIN_VALUE + "",
          "9223372036854775808",
          NINES,
          NINES + "9",
          FRACTION,
          "1e38",
          "1e400",
          "-1e400",
          "1e-400",
          "1e2147483647",
          "nan",
          "inf",
          "-Infinity",
          "epoch",
          "infinity",
          "-infinity",
          "2024-02-29",
          "2023-02-29",
          "0000-01-01",
          "0001-01-01",
          "9999-12-31",
          "10000-01-01",
          "294247-01-10",
          "290309-12-22 (BC)",
          "5877642-06-25 (BC)",
          "5881580-07-10",
          "+5881580-07-11",
          "2024-02-29T12:00:00.5Z",
          "0001-01-01 00:00:00+14",
          "9999-12-31 23:59:59.999999",
          "9999-12-31 23:59:59.9999999",
          "9999-12-31 23:59:60",
          "9999-12-31 24:00:00",
          "9999-12-31 23:59:59-14",
          "294247-01-10 04:00:54.775806",
          "290309-12-22 (BC) 00:00:00");

  /// Writes the first `count` values of each column, over and over where it has fewer, with NULL
  /// after them.
  private static Map<Address, List<Path>> facts(String name, int count) throws SQLException {
    var rows = new ArrayList<String>();
    for (int row = 0; row <= count; row++) {
      var values = new ArrayList<String>(List.of("'u@example.org'"));
      for (Fact fact : Fact.values()) {
        String value = DuckDbSql.text(fact.extremes().get(row % fact.extremes().size()));
        values.add(
            "CAST(" + (row == count ? "NULL" : value) + " AS " + DuckDbSql.type(fact.type) + ")");
      }
      rows.add("(" + String.join(", ", values) + ")");
    }
    Path file = folder.resolve(name + ".parquet");
    try (var connection = DriverManager.getConnection("jdbc:duckdb:");
        var statement = connection.createStatement()) {
      statement.execute(
          "COPY (SELECT * FROM (VALUES "
              + String.join(", ", rows)
              + ") f(email, "
              + Arrays.stream(Fact.values()).map(Fact::column).collect(Collectors.joining(", "))
              + ")) TO "
              + DuckDbSql.text(file.toString())
              + " (FORMAT parquet)");
    }
    return Map.of(LEFT, List.of(file), RIGHT, List.of(file));
  }

  private static final Catalog CATALOG =
      new Catalog() {
        private final Map<Address, Dataset> datasets =
            Map.of(LEFT, schema(LEFT), RIGHT, schema(RIGHT));

        @Override
        public Optional<Dataset> dataset(Address address) {
          return Optional.ofNullable(datasets.get(address));
        }

        @Override
        public Optional<Analysis> analysis(Address address) {
          return Optional.empty();
        }
      };

  private static Dataset schema(Address address) {
    var columns = new ArrayList<Column>();
    columns.add(column("email", ColumnType.parse("string"), Optional.empty()));
    for (Fact fact : Fact.values()) {
      columns.add(column(fact.column(), fact.type, fact.bounds()));
    }
    return new Dataset(
        address,
        Digest.ofUtf8(address.toString()),
        Optional.of(new ColumnName("email")),
        columns,
        Optional.empty(),
        List.of());
  }

  private static Column column(String name, ColumnType type, Optional<Bounds> bounds) {
    return new Column(
        new ColumnName(name),
        type,
        Optional.empty(),
        bounds.isPresent() ? EnumSet.allOf(Use.class) : EnumSet.of(Use.JOIN),
        name.equals("email"),
        Optional.empty(),
        bounds);
  }

  /// A way to write SQL: `%s` stands for each argument, in order.
  private record Form(Kind result, List<Kind> arguments, String sql) {
    Expression of(List<Expression> operands) {
      return new Expression(
          result, sql.formatted(operands.stream().map(Expression::sql).toArray()));
    }
  }

  private record Expression(Kind kind, String sql) {}

  private static Form form(Kind result, String sql, Kind... arguments) {
    return new Form(result, List.of(arguments), sql);
  }

  /// How each function is asked for. Whoever adds one decides here what it is tried on.
  private static List<Form> forms(Scalar.Function function) {
    return switch (function) {
      case AND -> List.of(form(Kind.TRUTH, "(%s AND %s)", Kind.TRUTH, Kind.TRUTH));
      case OR ->
          List.of(
              form(Kind.TRUTH, "(%s OR %s)", Kind.TRUTH, Kind.TRUTH),
              form(Kind.TRUTH, "(%s IN ('', '1', 'x'))", Kind.TEXT),
              form(Kind.TRUTH, "(%s IN (0, 9.99, 1e300))", Kind.NUMBER));
      case NOT -> List.of(form(Kind.TRUTH, "(NOT %s)", Kind.TRUTH));
      case EQUAL -> compared("=");
      case NOT_EQUAL -> compared("<>");
      case LESS -> compared("<");
      case LESS_OR_EQUAL -> Stream.of(compared("<="), between()).flatMap(List::stream).toList();
      case IS_NULL -> ofEach(Kind.TRUTH, "(%s IS NULL)");
      case IS_NOT_NULL -> ofEach(Kind.TRUTH, "(%s IS NOT NULL)");
      case IS_TRUE -> List.of(form(Kind.TRUTH, "(%s IS TRUE)", Kind.TRUTH));
      case IS_NOT_TRUE -> List.of(form(Kind.TRUTH, "(%s IS NOT TRUE)", Kind.TRUTH));
      case IS_FALSE -> List.of(form(Kind.TRUTH, "(%s IS FALSE)", Kind.TRUTH));
      case IS_NOT_FALSE -> List.of(form(Kind.TRUTH, "(%s IS NOT FALSE)", Kind.TRUTH));
      case LIKE ->
          Stream.of(
                  "", "%", "A%", "%1", "%x_", "%é%", "\\", "%\\", "a_\\%", "%%%%", "_".repeat(256))
              .map(pattern ->
                  form(Kind.TRUTH, "(%s LIKE '" + pattern.replace("%", "%%") + "')", Kind.TEXT))
              .toList();
      case ADD -> List.of(form(Kind.NUMBER, "(%s + %s)", Kind.NUMBER, Kind.NUMBER));
      case SUBTRACT -> List.of(form(Kind.NUMBER, "(%s - %s)", Kind.NUMBER, Kind.NUMBER));
      case MULTIPLY -> List.of(form(Kind.NUMBER, "(%s * %s)", Kind.NUMBER, Kind.NUMBER));
      case DIVIDE -> List.of(form(Kind.NUMBER, "(%s / %s)", Kind.NUMBER, Kind.NUMBER));
      case NEGATE ->
          List.of(
              form(Kind.NUMBER, "(- %s)", Kind.NUMBER), form(Kind.NUMBER, "(+ %s)", Kind.NUMBER));
      case ABS -> List.of(form(Kind.NUMBER, "ABS(%s)", Kind.NUMBER));
      case FLOOR -> List.of(form(Kind.NUMBER, "FLOOR(%s)", Kind.NUMBER));
      case CEIL ->
          List.of(
              form(Kind.NUMBER, "CEIL(%s)", Kind.NUMBER),
              form(Kind.NUMBER, "CEILING(%s)", Kind.NUMBER));
      case CASE ->
          Stream.concat(
                  Stream.of("LEAST(%s, %s)", "GREATEST(%s, %s)")
                      .map(sql -> form(Kind.NUMBER, sql, Kind.NUMBER, Kind.NUMBER)),
                  Arrays.stream(Kind.values())
                      .map(kind ->
                          form(kind, "CASE WHEN l.c_truth THEN %s ELSE %s END", kind, kind)))
              .toList();
      case COALESCE -> ofPairs("COALESCE(%s, %s)");
      case NULLIF -> ofPairs("NULLIF(%s, %s)");
      case CAST -> casts();
      case LOWER -> List.of(form(Kind.TEXT, "LOWER(%s)", Kind.TEXT));
      case UPPER -> List.of(form(Kind.TEXT, "UPPER(%s)", Kind.TEXT));
      case TRIM -> List.of(form(Kind.TEXT, "TRIM(%s)", Kind.TEXT));
      case TRIM_LEADING -> List.of(form(Kind.TEXT, "TRIM(LEADING ' ' FROM %s)", Kind.TEXT));
      case TRIM_TRAILING -> List.of(form(Kind.TEXT, "TRIM(TRAILING ' ' FROM %s)", Kind.TEXT));
      case SUBSTRING ->
          Stream.of("1", "1000000", "1 FOR 0", "2 FOR 1", "1000000 FOR 1000000")
              .map(part -> form(Kind.TEXT, "SUBSTRING(%s FROM " + part + ")", Kind.TEXT))
              .toList();
      case YEAR ->
          Stream.of("EXTRACT(YEAR FROM %s)", "YEAR(%s)").flatMap(TotalityTest::ofTimes).toList();
      case MONTH ->
          Stream.of("EXTRACT(MONTH FROM %s)", "MONTH(%s)").flatMap(TotalityTest::ofTimes).toList();
      case DAY -> ofTimes("EXTRACT(DAY FROM %s)").toList();
      case START_OF_YEAR -> starts("YEAR");
      case START_OF_QUARTER -> starts("QUARTER");
      case START_OF_MONTH -> starts("MONTH");
      case START_OF_WEEK -> starts("WEEK");
      case START_OF_DAY -> starts("DAY");
    };
  }

  private static List<Form> ofEach(Kind result, String sql) {
    return Arrays.stream(Kind.values()).map(kind -> form(result, sql, kind)).toList();
  }

  private static List<Form> ofPairs(String sql) {
    return Arrays.stream(Kind.values()).map(kind -> form(kind, sql, kind, kind)).toList();
  }

  private static List<Form> compared(String operator) {
    String sql = "(%s " + operator + " %s)";
    return Stream.concat(
            Stream.of(form(Kind.TRUTH, sql, Kind.DATE, Kind.TIMESTAMP)),
            Arrays.stream(Kind.values()).map(kind -> form(Kind.TRUTH, sql, kind, kind)))
        .toList();
  }

  private static List<Form> between() {
    return List.of(
        form(Kind.TRUTH, "(%s BETWEEN '1' AND '9')", Kind.TEXT),
        form(Kind.TRUTH, "(%s BETWEEN -1.5 AND 1e30)", Kind.NUMBER));
  }

  private static Stream<Form> ofTimes(String sql) {
    return Stream.of(Kind.DATE, Kind.TIMESTAMP).map(kind -> form(Kind.NUMBER, sql, kind));
  }

  private static List<Form> starts(String unit) {
    return Stream.of(Kind.DATE, Kind.TIMESTAMP)
        .map(kind -> form(kind, "FLOOR(%s TO " + unit + ")", kind))
        .toList();
  }

  private static List<Form> casts() {
    var forms = new ArrayList<Form>(ofEach(Kind.TEXT, "CAST(%s AS VARCHAR)"));
    for (Kind from : List.of(Kind.TEXT, Kind.TRUTH)) {
      forms.add(form(Kind.TRUTH, "CAST(%s AS BOOLEAN)", from));
    }
    for (Kind from : List.of(Kind.TEXT, Kind.NUMBER)) {
      for (String to :
          List.of(
              "INTEGER",
              "DOUBLE",
              "DECIMAL(1,0)",
              "DECIMAL(18,0)",
              "DECIMAL(18,18)",
              "DECIMAL(19,0)",
              "DECIMAL(38,0)",
              "DECIMAL(38,19)",
              "DECIMAL(38,38)")) {
        forms.add(form(Kind.NUMBER, "CAST(%s AS " + to + ")", from));
      }
    }
    for (Kind from : List.of(Kind.TEXT, Kind.DATE, Kind.TIMESTAMP)) {
      forms.add(form(Kind.DATE, "CAST(%s AS DATE)", from));
      forms.add(form(Kind.TIMESTAMP, "CAST(%s AS TIMESTAMP)", from));
    }
    return forms;
  }

  /// Columns, what is cast from texts, and literals.
  ///
  /// @param source whose columns: `l` or `r`
  private static List<Expression> operands(Kind kind, String source) {
    var operands = new ArrayList<String>();
    for (Fact fact : Fact.values()) {
      if (fact.kind == kind) {
        operands.add(source + "." + fact.column());
      }
    }
    String text = source + "." + Fact.TEXT.column();
    operands.addAll(
        switch (kind) {
          case TEXT -> List.of("''", "'9999-12-31 24:00:00'");
          case TRUTH -> List.of("TRUE", "CAST(" + text + " AS BOOLEAN)");
          case NUMBER -> List.of("CAST(" + text + " AS DOUBLE)", "0", NINES, FRACTION, "1.7e308");
          case DATE ->
              List.of("CAST(" + text + " AS DATE)", "DATE '0001-01-01'", "DATE '9999-12-31'");
          case TIMESTAMP ->
              List.of(
                  "CAST(" + text + " AS TIMESTAMP)",
                  "TIMESTAMP '0001-01-01 00:00:00'",
                  "TIMESTAMP '9999-12-31 23:59:59.999999'");
        });
    return operands.stream().map(sql -> new Expression(kind, sql)).toList();
  }

  private static List<Form> forms() {
    return Arrays.stream(Scalar.Function.values())
        .flatMap(function -> forms(function).stream())
        .toList();
  }

  /// The form with all operands, the first argument's from one dataset and the others' from the
  /// other; without those of literals alone, which are nobody's values.
  private static List<Expression> all(Form form) {
    List<List<Expression>> operands = List.of(List.of());
    for (Kind kind : form.arguments()) {
      operands =
          operands.stream()
              .flatMap(before ->
                  operands(kind, before.isEmpty() ? "l" : "r").stream()
                      .map(next -> Stream.concat(before.stream(), Stream.of(next)).toList()))
              .toList();
    }
    return operands.stream()
        .filter(each -> each.stream().anyMatch(operand -> operand.sql().contains("c_")))
        .map(form::of)
        .toList();
  }

  private static Expression any(Kind kind, int depth, List<Form> forms, RandomGenerator random) {
    List<Form> suitable = forms.stream().filter(form -> form.result() == kind).toList();
    if (depth == 0) {
      List<Expression> operands = operands(kind, random.nextBoolean() ? "l" : "r");
      return operands.get(random.nextInt(operands.size()));
    }
    Form form = suitable.get(random.nextInt(suitable.size()));
    return form.of(
        form.arguments().stream().map(each -> any(each, depth - 1, forms, random)).toList());
  }

  /// A query about some expressions.
  private interface Query {
    String of(List<Expression> expressions);
  }

  private static String each(List<Expression> expressions, String delimiter, String sql) {
    return expressions.stream()
        .map(expression -> sql.formatted(expression.sql()))
        .collect(Collectors.joining(delimiter));
  }

  private static CheckedPlan plan(String sql) {
    try {
      return Planner.check(sql, new Name("research"), CATALOG);
    } catch (QueryException refused) {
      throw new AssertionError(sql + ": " + refused.getMessage(), refused);
    }
  }

  /// Not what casts a text that its type cannot read: that is refused, and no engine sees it.
  private static boolean isPlanned(Expression expression) {
    try {
      // Calcite leaves out what is counted and is never NULL.
      String sql = "SELECT COUNT(*)" + FROM + " WHERE " + expression.sql() + " IS NULL";
      Planner.check(sql, new Name("research"), CATALOG);
      return true;
    } catch (QueryException refused) {
      assertThat(refused).as(expression.sql()).hasMessageStartingWith("this text is no ");
      return false;
    }
  }

  /// Empty where noise asks for bounds that do not follow from the columns'.
  private static Optional<Compiled> compiled(String sql, Optional<DifferentialPrivacy> noise) {
    try {
      return Optional.of(plan(sql).compile(Map.of(LEFT, 1, RIGHT, 1), noise, "c0ffee"));
    } catch (QueryException refused) {
      assertThat(refused.kind()).as(sql).isEqualTo(QueryException.Kind.UNBOUNDED);
      return Optional.empty();
    }
  }

  private static ExactTable run(Compiled query, Map<Address, List<Path>> data)
      throws EngineException, InterruptedException {
    var read =
        query.engine().tables().values().stream()
            .distinct()
            .collect(Collectors.toMap(address -> address, data::get));
    var rows = new ArrayList<ExactTable.Row>();
    engine.run(query.engine(), read, LIMITS, rows::add);
    return new ExactTable(rows);
  }

  /// The expressions with which the query fails, whoever has the extremes: all, if it does with all
  /// of them and with none alone.
  private static List<String> failing(
      List<Expression> expressions, Query query, Optional<DifferentialPrivacy> noise)
      throws InterruptedException {
    var compiled = compiled(query.of(expressions), noise);
    if (compiled.isEmpty()) {
      return List.of();
    }
    try {
      run(compiled.get(), extremes);
      run(compiled.get(), ordinary);
      return List.of();
    } catch (EngineException failure) {
      if (expressions.size() == 1) {
        return List.of(failure.reason() + ": " + query.of(expressions));
      }
    }
    int half = expressions.size() / 2;
    var found = new ArrayList<>(failing(expressions.subList(0, half), query, noise));
    found.addAll(failing(expressions.subList(half, expressions.size()), query, noise));
    return found.isEmpty() ? List.of(query.of(expressions)) : found;
  }

  private static <T> List<List<T>> batches(List<T> all, int size) {
    return IntStream.iterate(0, from -> from < all.size(), from -> from + size)
        .mapToObj(from -> all.subList(from, Math.min(all.size(), from + size)))
        .toList();
  }

  private static String grouped(List<Expression> by) {
    return "SELECT COUNT(*) FROM (SELECT "
        + each(by, ", ", "%s")
        + FROM
        + ") AS k ("
        + keys(by.size())
        + ") GROUP BY "
        + keys(by.size());
  }

  private static String keys(int count) {
    return IntStream.range(0, count).mapToObj(key -> "k" + key).collect(Collectors.joining(", "));
  }

  /// As what a query counts, adds up, groups and filters by. Measures of expressions need noise.
  private static List<String> failing(List<Expression> expressions) throws InterruptedException {
    var found = new ArrayList<String>();
    for (var batch : batches(expressions, BATCH)) {
      Query counts = each -> "SELECT " + each(each, ", ", "COUNT(%s)") + FROM;
      found.addAll(failing(batch, counts, NOISE));
      found.addAll(
          failing(
              batch,
              each -> "SELECT COUNT(*)" + FROM + " WHERE " + each(each, " OR ", "%s IS NULL"),
              NO_NOISE));
    }
    for (var batch : batches(expressions, KEYS)) {
      found.addAll(failing(batch, TotalityTest::grouped, NO_NOISE));
    }
    var numbers =
        expressions.stream().filter(expression -> expression.kind() == Kind.NUMBER).toList();
    Query sums = each -> "SELECT " + each(each, ", ", "SUM(%1$s), AVG(%1$s)") + FROM;
    var bounded =
        numbers.stream()
            .filter(number -> compiled(sums.of(List.of(number)), NOISE).isPresent())
            .toList();
    for (var batch : batches(bounded, BATCH / 2)) {
      found.addAll(failing(batch, sums, NOISE));
    }
    return found;
  }

  @Test
  void noValueMakesAFunctionFail() throws Exception {
    var expressions = forms().stream().flatMap(form -> all(form).stream()).distinct().toList();
    assertThat(failing(expressions)).isEmpty();
  }

  @Test
  void noValueMakesFunctionsOfFunctionsFail() throws Exception {
    var random = new SplittableRandom(4711);
    var forms = forms();
    var expressions =
        IntStream.range(0, 400)
            .mapToObj(index ->
                any(Kind.values()[index % Kind.values().length], 2 + index % 3, forms, random))
            .filter(TotalityTest::isPlanned)
            .toList();
    assertThat(expressions).hasSizeGreaterThan(300);
    assertThat(failing(expressions)).isEmpty();
  }

  @Test
  void everyFunctionThatMayBeWrittenIsTried() {
    List<String> written = forms().stream().map(Form::sql).toList();
    for (String function : Grammar.FUNCTIONS) {
      assertThat(written).as(function).anyMatch(sql -> sql.startsWith(function + "("));
    }
    for (Scalar.Function function : Scalar.Function.values()) {
      assertThat(forms(function)).as(function.name()).isNotEmpty();
    }
  }

  /// What gives NULL for some values and not for others filters rows, and [Lineage] says so.
  @Test
  void whatIsNullForSomeValuesFilters() throws Exception {
    var random = new SplittableRandom(11);
    var forms = forms();
    var probes = new ArrayList<Expression>();
    for (Form form : forms) {
      all(form).forEach(expression -> probe(expression).ifPresent(probes::add));
    }
    for (int index = 0; index < 400; index++) {
      var kind = Kind.values()[index % Kind.values().length];
      probe(any(kind, 2, forms, random)).ifPresent(probes::add);
    }
    assertThat(probes).hasSizeGreaterThan(200);
    for (var batch : batches(probes, KEYS)) {
      var query = compiled(grouped(batch), NO_NOISE);
      var rows = run(query.orElseThrow(), extremes).rows();
      for (int key = 0; key < batch.size(); key++) {
        int at = key;
        assertThat(rows.stream().flatMap(row -> row.keys().get(at).stream()).distinct())
            .as(batch.get(key).sql())
            .hasSize(1);
      }
    }
  }

  /// Whether the expression is NULL, where no column is that it reads; nothing if a column of it
  /// filters.
  private static Optional<Expression> probe(Expression expression) {
    if (!isPlanned(expression)) {
      return Optional.empty();
    }
    var uses = plan("SELECT COUNT(" + expression.sql() + ")" + FROM).uses();
    var columns = new ArrayList<String>();
    for (var source : Map.of("l", LEFT, "r", RIGHT).entrySet()) {
      for (var use : uses.getOrDefault(source.getValue(), Map.of()).entrySet()) {
        if (use.getValue().contains(Use.FILTER)) {
          return Optional.empty();
        }
        if (use.getValue().contains(Use.COUNT)) {
          columns.add(source.getKey() + "." + use.getKey() + " IS NOT NULL");
        }
      }
    }
    return columns.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Expression(
                Kind.TRUTH,
                "CASE WHEN %s THEN (%s) IS NULL END"
                    .formatted(String.join(" AND ", columns), expression.sql())));
  }
}
