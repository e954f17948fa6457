package cloister.query;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloister.privacy.Answer;
import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Epsilon;
import cloister.query.QueryException.Kind;
import cloister.room.Address;
import cloister.room.ColumnName;
import cloister.room.Name;
import cloister.room.Use;
import cloister.testkit.Golden;
import java.math.BigDecimal;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlannerTest {
  private static final String OVERLAP =
      """
      SELECT m.age_band, COUNT(DISTINCT a.email) AS customers
      FROM airline.customers a JOIN media.customers m ON a.email = m.email
      GROUP BY m.age_band
      """;
  private static final DifferentialPrivacy NOISE =
      new DifferentialPrivacy(Epsilon.of("1"), Delta.of("0.000001"), 2, 3);

  private static Compiled compile(CheckedPlan plan, Optional<DifferentialPrivacy> noise)
      throws QueryException {
    return plan.compile(
        plan.datasets().stream().collect(Collectors.toMap(each -> each, _ -> 25)), noise, "c0ffee");
  }

  private static QueryException refused(String sql) {
    return catchThrowableOfType(QueryException.class, () -> Fixture.check(sql));
  }

  private static Set<Use> uses(String sql, Address dataset, String column) throws QueryException {
    return Fixture.check(sql)
        .uses()
        .getOrDefault(dataset, Map.of())
        .getOrDefault(new ColumnName(column), EnumSet.noneOf(Use.class));
  }

  @Test
  void thePlannerCanBeWarmed() {
    assertThatCode(Planner::warm).doesNotThrowAnyException();
  }

  @Test
  void emittedSqlIsWhatPeopleReviewed() throws QueryException {
    CheckedPlan plan = Fixture.check(OVERLAP);
    Golden.check("overlap.sql", compile(plan, Optional.empty()).engine().sql() + "\n");
    Golden.check("overlap-noise.sql", compile(plan, Optional.of(NOISE)).engine().sql() + "\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT email FROM airline.customers",
        "SELECT * FROM airline.customers",
        "SELECT notes, COUNT(*) OVER () FROM airline.customers",
        "SELECT RANK() OVER (ORDER BY spend), COUNT(*) FROM airline.customers GROUP BY spend",
        "SELECT COUNT(*) FROM (SELECT DISTINCT zip FROM airline.customers) x",
        "SELECT COUNT(*) FROM (SELECT * FROM airline.customers LIMIT 1) x",
        "SELECT COUNT(*) FROM (SELECT * FROM airline.customers ORDER BY zip) x",
        "SELECT COUNT(*) FROM airline.customers a CROSS JOIN media.customers m",
        "SELECT COUNT(*) FROM airline.customers a, media.customers m",
        "SELECT COUNT(*) FROM airline.customers a JOIN media.customers m ON a.zip = m.channel",
        "SELECT COUNT(*) FROM airline.customers a JOIN airline.customers b ON a.zip = b.zip",
        "SELECT COUNT(*) FROM airline.customers a JOIN media.customers m ON a.email <> m.email",
        "SELECT COUNT(*) FROM airline.customers a JOIN media.customers m"
            + " ON a.email = m.email OR 1 = 1",
        "SELECT COUNT(*) FROM airline.customers a JOIN media.customers m"
            + " ON a.email = m.email AND a.email = m.channel",
        "SELECT COUNT(*) FROM airline.customers a JOIN airline.visits v"
            + " ON a.email = v.email AND a.zip = v.email",
        "SELECT COUNT(*) FROM airline.customers a NATURAL JOIN media.customers m",
        "SELECT COUNT(*) FROM airline.customers a JOIN media.customers m USING (email)",
        "SELECT COUNT(*) FROM (SELECT zip AS email FROM airline.customers) a"
            + " JOIN media.customers m ON a.email = m.email",
        "SELECT COUNT(*) FROM (SELECT LOWER(email) AS email FROM airline.customers) a"
            + " JOIN media.customers m ON a.email = m.email",
        "SELECT COUNT(*) FROM (SELECT email AS zip, zip AS email FROM airline.customers) a"
            + " JOIN media.customers m ON a.email = m.email",
        "SELECT COUNT(*) FROM airline.customers TABLESAMPLE BERNOULLI(10)",
        "SELECT COUNT(*) FROM airline.customers UNION SELECT COUNT(*) FROM media.customers",
        "SELECT COUNT(*) FROM (SELECT email FROM airline.customers INTERSECT"
            + " SELECT email FROM media.customers) x",
        "SELECT COUNT(*) FROM (VALUES (1)) x",
        "VALUES (1)",
        "SELECT MIN(spend) FROM airline.customers",
        "SELECT MAX(spend) FROM airline.customers",
        "SELECT ANY_VALUE(email) FROM airline.customers",
        "SELECT LISTAGG(email) FROM airline.customers",
        "SELECT SUM(DISTINCT spend) FROM airline.customers",
        "SELECT COUNT(*) FILTER (WHERE vip) FROM airline.customers",
        "SELECT SUM(n) FROM (SELECT zip, COUNT(*) AS n FROM airline.customers GROUP BY zip) x",
        "SELECT COUNT(*) FROM airline.customers GROUP BY ROLLUP(zip)",
        "SELECT zip, COUNT(*) FROM airline.customers GROUP BY zip HAVING MIN(age) = 1",
        "SELECT UPPER(zip), COUNT(*) FROM airline.customers GROUP BY zip",
        "SELECT zip, COUNT(*) FROM airline.customers GROUP BY zip HAVING zip LIKE 'a%'",
        "SELECT COUNT(*) FROM (SELECT zip, COUNT(*) AS n FROM airline.customers GROUP BY zip"
            + " ORDER BY n LIMIT 3) x WHERE n > 2",
        "SELECT COUNT(*) FROM airline.customers WHERE spend > (SELECT AVG(spend) FROM"
            + " airline.customers)",
        "SELECT COUNT(*) FROM airline.customers a WHERE EXISTS (SELECT 1 FROM media.customers m"
            + " WHERE m.channel = 'x')",
        "SELECT COUNT(*) FROM airline.customers WHERE zip IN (SELECT channel FROM media.customers)",
        "SELECT (SELECT MAX(notes) FROM airline.customers), COUNT(*) FROM airline.customers",
        "SELECT COUNT(*) FROM airline.customers a, LATERAL (SELECT * FROM media.customers m"
            + " WHERE m.email = a.email) x",
        "SELECT COUNT(*) FROM airline.customers WHERE RAND() < 0.5",
        "SELECT COUNT(*) FROM airline.customers WHERE CURRENT_DATE > joined",
        "SELECT COUNT(*) FROM airline.customers WHERE zip LIKE '%a%b%c%d%e%'",
        "SELECT COUNT(*) FROM airline.customers WHERE zip SIMILAR TO 'a+'",
        "SELECT COUNT(*) FROM airline.customers WHERE zip LIKE notes",
        "SELECT COUNT(*) FROM airline.customers WHERE zip = ?",
        "SELECT COUNT(*) FROM read_csv('/etc/passwd')",
        "SELECT COUNT(*) FROM TABLE(read_text('/etc/passwd'))",
        "SELECT getenv('HOME'), COUNT(*) FROM airline.customers",
        "SELECT error(zip), COUNT(*) FROM airline.customers GROUP BY error(zip)",
        "SELECT COUNT(*) FROM airline.customers WHERE sleep_ms(1) = 1",
        "SELECT COUNT(*) FROM information_schema.tables",
        "SELECT COUNT(*) FROM duckdb_settings",
        "COPY airline.customers TO '/tmp/x'",
        "ATTACH '/tmp/x'",
        "PRAGMA database_list",
        "SET threads = 1",
        "SELECT COUNT(*) FROM airline.customers; DROP TABLE t0",
        "DELETE FROM airline.customers",
        "EXPLAIN SELECT COUNT(*) FROM airline.customers",
        "WITH RECURSIVE r AS (SELECT email FROM airline.customers UNION ALL SELECT email FROM r)"
            + " SELECT COUNT(*) FROM r",
        "SELECT COUNT(nope) FROM airline.customers",
        "SELECT COUNT(*) FROM airline.customers WHERE \"#0\".zip = 'x' AND \"$f0\" = 1",
        "WITH \"#0\" AS (SELECT * FROM media.customers) SELECT COUNT(*) FROM \"#0\"",
        ""
      })
  void whatIsOutsideTheSubsetIsRefused(String sql) {
    QueryException refusal = refused(sql);
    assertThat(refusal).as(sql).isNotNull();
    assertThat(refusal.fix()).isNotEmpty();
    assertThat(refusal.line()).isPositive();
    assertThat(refusal.column()).isPositive();
    assertThat(refusal.getMessage()).doesNotContain("calcite", "Encountered", "Rex", "/etc/passwd");
  }

  @Test
  void hostileNestingIsRefusedAndNeverOverflowsTheStack() {
    for (String sql :
        List.of(
            "SELECT COUNT(*) FROM airline.customers WHERE " + "(".repeat(20_000),
            "SELECT COUNT(*) FROM airline.customers WHERE " + "NOT ".repeat(15_000) + "vip",
            "SELECT COUNT(*) FROM airline.customers WHERE age > " + "- ".repeat(30_000) + "age",
            "SELECT COUNT(*) FROM airline.customers WHERE vip" + " AND vip".repeat(7_000),
            "SELECT SUM("
                + "CASE WHEN vip THEN 1 ELSE ".repeat(2_000)
                + "1"
                + " END".repeat(2_000)
                + ") FROM airline.customers",
            " ".repeat(70_000))) {
      QueryException refusal = refused(sql);
      assertThat(refusal).as(sql.substring(0, 70)).isNotNull();
      assertThat(refusal.kind()).isIn(Kind.TOO_LARGE, Kind.SYNTAX);
    }
  }

  @Test
  void expressionsThatGrowExponentiallyAreRefused() {
    var sql = new StringBuilder("age AS x FROM airline.customers");
    for (int level = 0; level < 30; level++) {
      sql.insert(0, "x * x AS x FROM (SELECT ").append(") t");
    }
    assertThat(refused("SELECT SUM(x) FROM (SELECT " + sql + ") y").kind())
        .isEqualTo(Kind.TOO_LARGE);
  }

  @Test
  void aRefusalNamesThePlaceAndTheNearestName() {
    QueryException refusal = refused("SELECT COUNT(*)\nFROM airline.customers\nWHERE zipp = 'x'");
    assertThat(refusal.kind()).isEqualTo(Kind.UNKNOWN_COLUMN);
    assertThat(refusal.line()).isEqualTo(3);
    assertThat(refusal.column()).isEqualTo(7);
    assertThat(refusal.fix()).isEqualTo("did you mean zip?");
  }

  @Test
  void usesFollowValuesToWhereTheyEndUp() throws QueryException {
    assertThat(uses(OVERLAP, Fixture.AIRLINE, "email")).containsExactly(Use.JOIN);
    assertThat(uses(OVERLAP, Fixture.MEDIA, "age_band")).containsExactly(Use.GROUP);
    assertThat(
            uses(
                "SELECT COUNT(*) FROM airline.customers WHERE email = 'bob@x'",
                Fixture.AIRLINE,
                "email"))
        .containsExactly(Use.FILTER);
    assertThat(
            uses(
                "SELECT CASE WHEN email = 'bob@x' THEN notes END, COUNT(*) FROM airline.customers"
                    + " GROUP BY CASE WHEN email = 'bob@x' THEN notes END",
                Fixture.AIRLINE,
                "email"))
        .containsExactly(Use.FILTER);
    String smuggled =
        "WITH c AS (SELECT email, notes AS zip FROM airline.customers)"
            + " SELECT zip, COUNT(*) FROM (SELECT UPPER(zip) AS zip FROM c) x GROUP BY zip";
    assertThat(uses(smuggled, Fixture.AIRLINE, "notes")).containsExactly(Use.GROUP);
    assertThat(uses(smuggled, Fixture.AIRLINE, "zip")).isEmpty();
    String union =
        "SELECT SUM(s) FROM (SELECT spend AS s FROM airline.customers UNION ALL"
            + " SELECT spend FROM airline.visits) x";
    assertThat(uses(union, Fixture.VISITS, "spend")).containsExactly(Use.SUM);
    String plain = "SELECT COUNT(*), COUNT(DISTINCT email), COUNT(email) FROM airline.customers";
    assertThat(uses(plain, Fixture.AIRLINE, "email")).isEmpty();
    assertThat(uses("SELECT COUNT(1 / (age - 42)) FROM airline.customers", Fixture.AIRLINE, "age"))
        .containsExactly(Use.FILTER, Use.COUNT);
    assertThat(
            uses(
                "SELECT COUNT(DISTINCT CASE WHEN TRUE THEN email || zip END)".replace(" || zip", "")
                    + " FROM airline.customers",
                Fixture.AIRLINE,
                "email"))
        .containsExactly(Use.COUNT);
  }

  @Test
  void aCastThatMayFailFilters() throws QueryException {
    for (String cast :
        List.of(
            "CAST(zip AS INTEGER)",
            "CAST(SUBSTRING(zip FROM 1 FOR 1) AS DATE)",
            "CAST(zip AS DOUBLE) + age",
            "zip + age",
            "CAST(age AS DECIMAL(1,0))",
            "CAST(spend AS DECIMAL(9,2))",
            "CAST(spend AS DECIMAL(8,0))",
            "CAST(score AS INTEGER)",
            "CAST(score AS DECIMAL(38,0))")) {
      assertThat(filters(cast)).as(cast).isTrue();
    }
    for (String cast :
        List.of(
            "CAST(age AS VARCHAR)",
            "CAST(age AS DOUBLE)",
            "CAST(age AS DECIMAL(19,0))",
            "CAST(spend AS DECIMAL(9,0))",
            "CAST(spend AS INTEGER)",
            "CAST(joined AS TIMESTAMP)",
            "spend * age + score",
            "COALESCE(spend, 0)",
            "SUBSTRING(zip FROM 3)")) {
      assertThat(filters(cast)).as(cast).isFalse();
    }
  }

  private static boolean filters(String expression) throws QueryException {
    var columns = Fixture.check("SELECT COUNT(" + expression + ") FROM airline.customers").uses();
    return requireNonNull(columns.get(Fixture.AIRLINE)).values().stream()
        .anyMatch(uses -> uses.contains(Use.FILTER));
  }

  @Test
  void whatAnEngineEvaluatesTwiceIsWrittenFewTimes() {
    String divided = "age";
    String nulled = "age";
    for (int level = 0; level < 20; level++) {
      divided = "1 / (" + divided + ")";
      nulled = "NULLIF(" + nulled + ", " + level + ")";
    }
    for (String deep : List.of(divided, nulled)) {
      assertThat(refused("SELECT SUM(" + deep + ") FROM airline.customers").kind())
          .isEqualTo(Kind.TOO_LARGE);
    }
  }

  @Test
  void aLiteralThatNoColumnHoldsIsRefused() {
    for (String literal :
        List.of(
            "DATE '0000-01-01'",
            "DATE '10000-01-01'",
            "DATE '5881580-07-10'",
            "DATE '2023-02-29'",
            "DATE 'infinity'",
            "TIMESTAMP '10000-01-01 00:00:00'",
            "TIMESTAMP '9999-12-31 24:00:00'")) {
      String sql =
          "SELECT COUNT(CASE WHEN zip = 'x' THEN " + literal + " END) FROM airline.customers";
      assertThat(refused(sql).kind()).as(literal).isEqualTo(Kind.TYPE);
    }
    assertThat(refused("SELECT SUM(score * 1e309) FROM airline.customers").kind())
        .isEqualTo(Kind.TYPE);
  }

  /// It would be NULL, the answer empty, and paid for.
  @Test
  void aTextThatItsTypeCannotReadIsRefusedWhereItStands() {
    for (String condition :
        List.of(
            "joined >= '01.03.2024'",
            "joined BETWEEN '2023-02-29' AND '2024-01-01'",
            "'0000-01-01' < joined",
            "joined IN ('yesterday', '2024-01-01')",
            "joined = CAST('2024-1-1' AS DATE)",
            "CAST('24:00' AS TIMESTAMP) > joined",
            "age > '1,5'",
            "spend = CAST('12 EUR' AS DECIMAL(9,2))",
            "vip = CAST('maybe' AS BOOLEAN)")) {
      String sql = "SELECT COUNT(*)\nFROM airline.customers WHERE " + condition;
      QueryException refusal = refused(sql);
      assertThat(refusal).as(condition).isNotNull();
      assertThat(refusal.kind()).as(condition).isEqualTo(Kind.TYPE);
      assertThat(refusal.line()).as(condition).isEqualTo(2);
      assertThat(refusal.column())
          .as(condition)
          .isEqualTo("FROM airline.customers WHERE ".length() + condition.indexOf('\'') + 1);
      assertThat(refusal.getMessage()).doesNotContain("01.03");
    }
  }

  @Test
  void aTextThatItsTypeReadsStands() {
    for (String condition :
        List.of(
            "joined >= '2024-02-29'",
            "joined = CAST(' 2024-02-29Z ' AS DATE)",
            "CAST('2024-02-29T23:59:59.5' AS TIMESTAMP) > joined",
            "CAST('2024-02-29' AS TIMESTAMP) > joined",
            "age > '15'",
            "age = CAST(' -1_000 ' AS INTEGER)",
            "score < CAST('1e3' AS DOUBLE)",
            "score < CAST('-Infinity' AS DOUBLE)",
            "spend = CAST('.5' AS DECIMAL(9,2))",
            "vip = CAST('Yes' AS BOOLEAN)")) {
      assertThatCode(
              () -> Fixture.check("SELECT COUNT(*) FROM airline.customers WHERE " + condition))
          .as(condition)
          .doesNotThrowAnyException();
    }
  }

  @Test
  void usesAndJoinsReachThroughAnalysesOfAnyDepth() throws QueryException {
    var catalog =
        new Fixture()
            .analysis(
                "/research/analysis/inner_rows", "SELECT email AS who, zip FROM airline.customers")
            .analysis(
                "/research/analysis/outer_rows",
                "SELECT who, zip AS area FROM inner_rows WHERE zip <> ''");
    CheckedPlan plan =
        Planner.check(
            "SELECT t.area, COUNT(*) FROM outer_rows t JOIN media.customers m ON t.who = m.email"
                + " GROUP BY t.area",
            Fixture.RESEARCH,
            catalog);
    assertThat(plan.analyses())
        .containsExactlyInAnyOrder(
            Address.parse("/research/analysis/inner_rows"),
            Address.parse("/research/analysis/outer_rows"));
    assertThat(plan.uses().get(Fixture.AIRLINE))
        .isEqualTo(
            Map.of(
                new ColumnName("email"), Set.of(Use.JOIN),
                new ColumnName("zip"), Set.of(Use.GROUP, Use.FILTER)));
    assertThat(plan.joined()).containsExactlyInAnyOrder(Fixture.AIRLINE, Fixture.MEDIA);
    assertThat(
            Planner.inputs(
                "SELECT * FROM outer_rows, media.customers m", Fixture.RESEARCH, catalog))
        .containsExactlyInAnyOrder(Address.parse("/research/analysis/outer_rows"), Fixture.MEDIA);
  }

  @Test
  void aCycleNamesItsMembers() {
    var catalog =
        new Fixture()
            .analysis("/research/analysis/inner_rows", "SELECT * FROM outer_rows")
            .analysis("/research/analysis/outer_rows", "SELECT * FROM inner_rows");
    QueryException refusal =
        catchThrowableOfType(
            QueryException.class,
            () -> Planner.check("SELECT COUNT(*) FROM inner_rows", Fixture.RESEARCH, catalog));
    assertThat(refusal.kind()).isEqualTo(Kind.CYCLE);
    assertThat(refusal.getMessage())
        .contains("/research/analysis/inner_rows", "/research/analysis/outer_rows");
  }

  @Test
  void aDatasetIsJoinedOnlyIfEveryPathJoinsAnotherParty() throws QueryException {
    assertThat(Fixture.check("SELECT COUNT(*) FROM airline.customers").joined()).isEmpty();
    assertThat(
            Fixture.check(
                    "SELECT COUNT(*) FROM airline.customers c JOIN airline.visits v"
                        + " ON c.email = v.email")
                .joined())
        .isEmpty();
    assertThat(
            Fixture.check(
                    "SELECT COUNT(*) FROM (SELECT a.email FROM airline.customers a JOIN"
                        + " media.customers m ON a.email = m.email UNION ALL SELECT email FROM"
                        + " airline.customers) x")
                .joined())
        .containsExactly(Fixture.MEDIA);
  }

  @Test
  void aUnitIsComparedWithUnitsOnly() {
    QueryException refusal =
        catchThrowableOfType(
            QueryException.class,
            () ->
                Fixture.check(
                    "SELECT COUNT(*) FROM airline.customers a JOIN media.customers m"
                        + " ON a.email = m.email WHERE m.channel = a.email"));
    assertThat(refusal.kind()).isEqualTo(Kind.JOIN);
    assertThat(refusal.getMessage()).contains("email and channel");
  }

  @Test
  void cosmeticChangesKeepTheDigestAndRealOnesChangeIt() throws QueryException {
    String base =
        "SELECT zip, COUNT(*) AS n FROM airline.customers WHERE vip AND age > 3 GROUP BY zip";
    for (String same :
        List.of(
            "select ZIP, count(*) FROM airline.customers x where ((3 < age)) and vip group by 1",
            "SELECT COUNT(*), zip FROM airline.customers WHERE vip AND age > 3 AND 1 = 1 GROUP BY"
                + " zip ORDER BY 1 LIMIT 3 -- note",
            "WITH c AS (SELECT zip AS z, age AS a FROM airline.customers WHERE vip)"
                + " SELECT z, COUNT(*) FROM c WHERE a > 3 GROUP BY z")) {
      assertThat(Fixture.check(same).digest()).as(same).isEqualTo(Fixture.check(base).digest());
    }
    for (String other :
        List.of(
            base.replace("3", "4"), base.replace("age >", "age >="), base.replace("*", "age"))) {
      assertThat(Fixture.check(other).digest())
          .as(other)
          .isNotEqualTo(Fixture.check(base).digest());
    }
  }

  @Test
  void noiseNeedsDeclaredBounds() throws QueryException {
    CheckedPlan plan = Fixture.check("SELECT SUM(views) FROM media.customers");
    assertThat(
            catchThrowableOfType(QueryException.class, () -> compile(plan, Optional.of(NOISE)))
                .kind())
        .isEqualTo(Kind.UNBOUNDED);
    assertThat(compile(plan, Optional.empty()).release().measures()).hasSize(1);
  }

  @Test
  void theAnswerComesInTheQuerysOrder() throws QueryException {
    CheckedPlan plan =
        Fixture.check(
            "SELECT COUNT(*) AS n, zip FROM airline.customers GROUP BY zip ORDER BY n DESC LIMIT 2");
    var rows =
        List.of("a", "b", "c").stream()
            .map(key ->
                new Answer.Row(
                    List.of(Optional.of(key)),
                    List.of(
                        Optional.of(
                            new Answer.Value(
                                BigDecimal.valueOf(key.charAt(0)),
                                BigDecimal.ONE,
                                BigDecimal.TEN)))))
            .toList();
    ResultTable table = plan.present(new Answer(rows));
    assertThat(table.columns().getFirst().name()).isEqualTo("n");
    assertThat(table.rows())
        .containsExactly(
            List.of(
                new ResultTable.Value(BigDecimal.valueOf('c'), Optional.of(BigDecimal.ONE)),
                new ResultTable.Text("c")),
            List.of(
                new ResultTable.Value(BigDecimal.valueOf('b'), Optional.of(BigDecimal.ONE)),
                new ResultTable.Text("b")));
  }

  @Test
  void emittedSqlGivesWhatTheAnalystsSqlGives() throws Exception {
    List<String> queries =
        List.of(
            OVERLAP,
            "SELECT zip, COUNT(DISTINCT email), COUNT(*), COUNT(age) FROM"
                + " airline.customers WHERE age BETWEEN -10 AND 100 OR vip GROUP BY zip",
            "SELECT LOWER(TRIM(c.zip)) AS k, COUNT(DISTINCT c.email) AS n, COUNT(*) AS r FROM"
                + " airline.customers c JOIN airline.visits v ON c.email = v.email AND c.spend >"
                + " v.spend WHERE v.airport IN ('a', 'b', '12') GROUP BY LOWER(TRIM(c.zip))",
            "SELECT EXTRACT(YEAR FROM joined) AS y, COUNT(DISTINCT email) AS n FROM"
                + " airline.customers WHERE zip IS NOT NULL AND NOT (zip LIKE 'z%')"
                + " GROUP BY EXTRACT(YEAR FROM joined)",
            "SELECT COALESCE(zip, 'none') AS k, COUNT(DISTINCT email) AS n FROM (SELECT email, zip"
                + " FROM airline.customers WHERE spend > 1 UNION ALL SELECT email, airport FROM"
                + " airline.visits) x GROUP BY COALESCE(zip, 'none')",
            "SELECT CASE WHEN spend < 2 THEN 'low' WHEN spend >= 2 THEN 'higher' END AS k,"
                + " COUNT(DISTINCT email) AS n FROM airline.customers GROUP BY CASE WHEN spend < 2"
                + " THEN 'low' WHEN spend >= 2 THEN 'higher' END");
    for (long seed = 1; seed <= 5; seed++) {
      try (var duck = new Duck().fill(new Fixture(), new SplittableRandom(seed))) {
        for (String sql : queries) {
          CheckedPlan plan = Fixture.check(sql);
          List<String> ours = duck.rows(untraced(plan));
          // Of the analyst's columns, those that both have: the key and the distinct units.
          assertThat(ours.stream().map(PlannerTest::firstTwo).toList())
              .as("seed %d: %s", seed, sql)
              .isEqualTo(duck.rows(sql).stream().map(PlannerTest::firstTwo).toList());
        }
      }
    }
  }

  private static EngineQuery untraced(CheckedPlan plan) throws QueryException {
    return compile(plan, 1).engine();
  }

  private static Compiled compile(CheckedPlan plan, int minimumUnits) throws QueryException {
    return plan.compile(
        plan.datasets().stream().collect(Collectors.toMap(each -> each, _ -> minimumUnits)),
        Optional.empty(),
        "c0ffee");
  }

  /// Where the units are traced, the numbers are the same, of groups that have enough.
  @Test
  void tracingUnitsChangesNoNumber() throws Exception {
    for (long seed = 1; seed <= 5; seed++) {
      try (var duck = new Duck().fill(new Fixture(), new SplittableRandom(seed))) {
        for (String sql :
            List.of(
                "SELECT m.age_band, COUNT(DISTINCT a.email), COUNT(*), COUNT(zip), SUM(spend),"
                    + " AVG(spend), VARIANCE(score), SUM(views) FROM airline.customers a JOIN"
                    + " media.customers m ON a.email = m.email GROUP BY m.age_band",
                "SELECT zip, COUNT(*), SUM(views) FROM airline.customers a LEFT JOIN"
                    + " media.customers m ON a.email = m.email GROUP BY zip",
                "SELECT COALESCE(zip, 'none') AS k, COUNT(DISTINCT email), SUM(s) FROM (SELECT"
                    + " email, zip, spend AS s FROM airline.customers UNION ALL SELECT email,"
                    + " airport, spend FROM airline.visits) x GROUP BY COALESCE(zip, 'none')",
                "SELECT COUNT(*), AVG(age), STDDEV(age) FROM airline.customers WHERE zip = 'a'",
                "SELECT COUNT(*), COUNT(age) FROM airline.customers WHERE zip = 'nobody'")) {
          CheckedPlan plan = Fixture.check(sql);
          Compiled traced = compile(plan, 2);
          EngineQuery bare = untraced(plan);
          int numbers = bare.keys() + bare.counters() + bare.cells();
          assertThat(traced.release().traced()).isNotEmpty();
          assertThat(duck.rows(traced.engine()).stream().map(row -> first(numbers, row)).toList())
              .as("seed %d: %s", seed, sql)
              .isEqualTo(
                  duck.rows(bare).stream()
                      .filter(row ->
                          bare.keys() == 0
                              || Integer.parseInt(row.split("\\|", -1)[bare.keys()]) > 1)
                      .toList());
        }
      }
    }
  }

  private static String first(int columns, String row) {
    return String.join("|", List.of(row.split("\\|", -1)).subList(0, columns));
  }

  private static String firstTwo(String row) {
    return row.lines().findFirst().orElse("").split("\\|", -1)[0] + "|" + row.split("\\|", -1)[1];
  }

  @Test
  void sumsAndMeansAreExactIntegers() throws Exception {
    try (var duck = new Duck().fill(new Fixture(), new SplittableRandom(7))) {
      CheckedPlan plan =
          Fixture.check(
              "SELECT SUM(spend), SUM(views) FROM"
                  + " airline.customers a JOIN media.customers m ON a.email = m.email");
      assertThat(duck.rows(untraced(plan)))
          .isEqualTo(
              duck.rows(
                  "SELECT COUNT(DISTINCT a.email), COUNT(DISTINCT CASE WHEN spend IS NOT NULL"
                      + " THEN a.email END), COUNT(DISTINCT CASE WHEN views IS NOT NULL THEN"
                      + " a.email END), CAST(SUM(spend) * 100 AS HUGEINT), COUNT(spend),"
                      + " CAST(SUM(views::HUGEINT) AS HUGEINT), COUNT(views) FROM"
                      + " airline.customers a JOIN media.customers m ON a.email = m.email"));
    }
  }

  @Test
  void oneUnitMovesEachCellByNoMoreThanItsBound() throws Exception {
    CheckedPlan plan =
        Fixture.check(
            "SELECT zip, COUNT(*), COUNT(DISTINCT notes), SUM(spend), AVG(spend) FROM"
                + " airline.customers GROUP BY zip");
    try (var duck = new Duck()) {
      duck.run("CREATE SCHEMA airline");
      duck.run(
          "CREATE TABLE airline.customers AS SELECT 'bob' AS email, 'z' || (i % 50) AS zip,"
              + " i AS age, CAST(99999999.99 AS DECIMAL(10,2)) AS spend, 0.5::DOUBLE AS score,"
              + " DATE '2024-01-01' AS joined, true AS vip, 'n' || i AS notes FROM range(5000) t(i)");
      List<String> rows = duck.rows(compile(plan, Optional.of(NOISE)).engine());
      assertThat(rows).hasSize(2);
      for (String row : rows) {
        // units, rows, distinct notes, sum and its count, mean's sum and its count
        assertThat(row).matches("z\\d+\\|1\\|3\\|3\\|500000\\|3\\|1500000\\|3");
      }
    }
  }

  @Test
  void textsReachTheEngineAsTextsWhateverTheyHold() throws Exception {
    try (var duck = new Duck().fill(new Fixture(), new SplittableRandom(3))) {
      CheckedPlan plan =
          Fixture.check(
              "SELECT COUNT(*) FROM airline.customers WHERE zip = 'x''; DROP TABLE t0; --é😀'");
      String sql = compile(plan, Optional.empty()).engine().sql();
      assertThat(sql).contains("'x''; DROP TABLE t0; --é😀'");
      assertThat(duck.rows(untraced(plan))).containsExactly("0|0");
    }
  }

  @Test
  void bareNamesBelongToTheOwner() throws QueryException {
    assertThat(
            Planner.check("SELECT COUNT(*) FROM customers", new Name("media"), new Fixture())
                .datasets())
        .containsExactly(Fixture.MEDIA);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT COUNT(*) AS count FROM airline.customers | count | 20",
        "SELECT date, COUNT(*) FROM airline.customers GROUP BY date | date | 8",
        "SELECT SUM(value) FROM airline.customers | value | 17",
        "SELECT c.year, COUNT(*) FROM airline.customers c GROUP BY c.year | year | 9",
        "SELECT order, COUNT(*) FROM airline.customers GROUP BY order | order | 8",
        "SELECT user, COUNT(*) FROM airline.customers GROUP BY user | user | 8",
        "SELECT COUNT(*) FROM airline.values | values | 29",
      })
  void aReservedWordAsANameSaysHowToQuoteIt(String sample) {
    String[] parts = sample.split(" \\| ", -1);
    var refusal = refused(parts[0]);
    assertThat(refusal).hasMessage("`" + parts[1] + "` is a reserved word of SQL");
    assertThat(refusal.fix()).contains("\"" + parts[1] + "\"");
    assertThat(refusal.column()).isEqualTo(Integer.parseInt(parts[2]));
  }

  @Test
  void aMisplacedKeywordIsNotTakenForAName() {
    assertThat(refused("SELECT COUNT(*), FROM airline.customers").getMessage())
        .startsWith("this is not a SELECT statement");
    assertThat(refused("SELECT COUNT(*) FROM airline.customers WHERE GROUP BY zip").getMessage())
        .startsWith("this is not a SELECT statement");
  }

  @Test
  void aReservedWordInQuotesIsAName() throws QueryException {
    assertThat(Fixture.check("SELECT COUNT(*) AS \"count\" FROM airline.customers").output())
        .singleElement()
        .satisfies(column -> assertThat(column.name()).isEqualTo("count"));
  }

  @Test
  void oneSemicolonMayEndTheStatement() throws QueryException {
    assertThat(Fixture.check("SELECT COUNT(*) FROM airline.customers;\n").datasets()).hasSize(1);
    assertThat(refused("SELECT COUNT(*) FROM airline.customers; SELECT 1").kind())
        .isEqualTo(Kind.SYNTAX);
  }

  @Test
  void onlyALikelyNameIsSuggested() {
    assertThat(refused("SELECT SUM(bank) FROM airline.customers").fix())
        .startsWith("the columns are");
  }
}
