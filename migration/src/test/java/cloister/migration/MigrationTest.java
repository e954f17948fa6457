package cloister.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import cloister.protocol.Document.DatasetDocument;
import cloister.protocol.Documents;
import cloister.protocol.InvalidDocument;
import cloister.room.ColumnName;
import cloister.room.Dataset;
import cloister.room.Name;
import cloister.room.Use;
import cloister.testkit.ForAll;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class MigrationTest {
  private static final String AGGREGATION =
      """
      {"aggregateColumns": [{"columnNames": ["spend"], "function": "SUM"}],
       "joinColumns": ["email"], "dimensionColumns": ["zip"],
       "outputConstraints": [{"columnName": "email", "minimum": 100, "type": "COUNT_DISTINCT"}]}
      """;
  private static final String VIEW =
      """
      # a comment; CREATE VIEW
      CREATE VIEW `p.d.v` OPTIONS (description = "a, b", privacy_policy = r\"\"\"{
        "aggregation_threshold_policy": {"threshold": 50, "privacy_unit_column": "id"}}\"\"\")
      AS SELECT t.id, UPPER(t.zip) AS zip, COUNT(*) FROM d.t;
      """;
  private static final String POLICIES =
      """
      // all of it
      CREATE OR REPLACE AGGREGATION POLICY s.p AS () RETURNS AGGREGATION_CONSTRAINT ->
        AGGREGATION_CONSTRAINT(MIN_GROUP_SIZE => 7) COMMENT = 'it''s ; ours';
      ALTER TABLE IF EXISTS s."T" SET AGGREGATION POLICY p ENTITY KEY ("ID"), SET JOIN POLICY j;
      CREATE JOIN POLICY j AS () RETURNS JOIN_CONSTRAINT -> JOIN_CONSTRAINT(JOIN_REQUIRED => FALSE);
      """;
  private static final String GRANTS =
      """
      GRANT SELECT PLAINTEXT_AFTER_JOIN(id), PLAINTEXT(zip), PLAINTEXT_AFTER_COMPARE(age) ON t TO bob;
      GRANT SELECT PLAINTEXT_AFTER_JOIN(id), PLAINTEXT_AFTER_GROUP_BY(zip) ON t TO carol;
      """;

  // --- what comes out

  @Test
  void anAggregationRulePermitsWhatItListsAndNothingElse() {
    Dataset dataset = filled(of("rule.json", AGGREGATION));
    assertThat(dataset.unit()).contains(new ColumnName("email"));
    assertThat(uses(dataset, "email")).containsExactly(Use.JOIN);
    assertThat(uses(dataset, "zip")).containsExactlyInAnyOrder(Use.GROUP, Use.FILTER);
    assertThat(uses(dataset, "spend")).containsExactly(Use.SUM);
    assertThat(dataset.columns()).hasSize(3);
    assertThat(dataset.terms().getFirst().obligations().minimumUnits()).isEqualTo(100);
  }

  @Test
  void aRuleInTheWholeAnswerIsTheSameRule() {
    String whole =
        "{\"analysisRule\": {\"type\": \"AGGREGATION\", \"createTime\": 1, \"policy\": {\"v1\":"
            + " {\"aggregation\": "
            + AGGREGATION
            + "}}}}";
    assertThat(of("rule.json", whole).document())
        .isEqualTo(of("rule.json", AGGREGATION).document());
  }

  @Test
  void aViewShowsTheColumnsThatItsTextNames() {
    Dataset dataset = filled(of("view.sql", VIEW));
    assertThat(dataset.address().name()).hasToString("v");
    assertThat(uses(dataset, "id")).containsExactly(Use.JOIN);
    assertThat(uses(dataset, "zip")).containsExactlyInAnyOrder(Use.GROUP, Use.FILTER, Use.COUNT);
    assertThat(dataset.columns()).hasSize(2);
  }

  @Test
  void policiesAreFoundWhereverTheyStand() {
    Imported imported = of("policies.sql", POLICIES);
    Dataset dataset = filled(imported);
    assertThat(dataset.unit()).contains(new ColumnName("id"));
    assertThat(dataset.terms().getFirst().obligations().minimumUnits()).isEqualTo(7);
    assertThat(dataset.terms().getFirst().obligations().joinRequired()).isFalse();
  }

  @Test
  void aColumnHasTheUsesThatEveryGranteeHas() {
    Dataset dataset = filled(of("grants.sql", GRANTS));
    assertThat(uses(dataset, "zip")).containsExactly(Use.GROUP);
    assertThat(uses(dataset, "age")).isEmpty();
    assertThat(dataset.terms().getFirst().analysts())
        .containsExactlyInAnyOrder(new Name("bob"), new Name("carol"));
  }

  @Test
  void nothingPassesBeforeItIsFilledIn() {
    for (String document :
        List.of(
            of("rule.json", AGGREGATION).document(),
            of("view.sql", VIEW).document(),
            of("policies.sql", POLICIES).document(),
            of("grants.sql", GRANTS).document())) {
      assertThatExceptionOfType(InvalidDocument.class)
          .isThrownBy(() -> Documents.parse("it", document, new Name("owner")));
    }
  }

  @Test
  void aLimitThatIsLostKeepsSqlOfTheMomentOut() {
    String joined =
        AGGREGATION.replace(
            "\"joinColumns\"", "\"joinRequired\": \"QUERY_RUNNER\", \"joinColumns\"");
    assertThat(of("rule.json", AGGREGATION).document()).contains("analyses: [any-sql]");
    assertThat(of("rule.json", joined).document()).contains("analyses: [\"FILL IN\"]");
    assertThat(of("rule.json", joined).hasLost()).isTrue();
    assertThat(of("rule.json", AGGREGATION.replace("SUM", "AVG")).document())
        .contains("analyses: [\"FILL IN\"]");
  }

  @Test
  void theStrictestBranchOfAPolicyBindsEverybody() {
    String branches =
        POLICIES.replace(
            "AGGREGATION_CONSTRAINT(MIN_GROUP_SIZE => 7)",
            """
            CASE WHEN current_role() = 'A' THEN NO_AGGREGATION_CONSTRAINT()
              WHEN f(x, (y)) THEN AGGREGATION_CONSTRAINT(MIN_GROUP_SIZE => 30)
              ELSE AGGREGATION_CONSTRAINT(MIN_GROUP_SIZE => 3) END
            """);
    assertThat(of("policies.sql", branches).document()).contains("minimum-units: 30");
  }

  @Test
  void figuresAreRoundedToTheStrictSide() {
    String policy =
        """
        {"differential_privacy_policy": {"privacy_unit_column": "id", "max_epsilon_per_query": 20,
          "epsilon_budget": 3.00000000099, "delta_per_query": 1e-3, "delta_budget": 1e-30}}
        """;
    String document = of("policy.json", policy).document();
    // One query may not take more than the whole budget.
    assertThat(document).contains("epsilon: 3  ".strip()).doesNotContain("20", "0.001");
    assertThat(document).contains("delta: 0");
  }

  @Test
  void textOfTheSourceBecomesNothingButAComment() {
    String evil = "zip\\n  - rule: evil\\u2028x: [\\\"";
    Imported imported = of("rule.json", AGGREGATION.replace("\"zip\"", "\"" + evil + "\""));
    assertThat(filled(imported).terms()).hasSize(1);
    assertThat(imported.document()).doesNotContain("evil");
    var file = new SourceFile("a\n- b.json", AGGREGATION);
    var named = Migration.of(List.of(file), Optional.empty(), Given.NOTHING);
    assertThat(named.document().lines().filter(line -> line.startsWith("-"))).isEmpty();
  }

  @Test
  void aColumnNamedAsAWordOfYamlIsAColumn() {
    Imported imported = of("rule.json", AGGREGATION.replace("\"zip\"", "\"null\""));
    assertThat(uses(filled(imported), "null")).contains(Use.GROUP);
  }

  // --- what is refused

  @Test
  void whatIsNotKnownIsAMistakeWithItsPlace() {
    refused(
        "a.json",
        AGGREGATION.replace("joinColumns", "joinColums"),
        "a.json:2:2: unknown field",
        "did you mean \"joinColumns\"");
    refused("a.json", AGGREGATION.replace("100", "1"), "a.json:3:", "from 2 to 100000");
    refused("a.json", AGGREGATION.replace("SUM", "MAX"), "unknown value \"MAX\"");
    refused("a.json", AGGREGATION.replace("\"zip\"", "7"), "a text of at most");
    refused("a.json", AGGREGATION.replace("[\"zip\"]", "[\"zip\", \"zip\"]"), "listed twice");
    refused(
        "a.json",
        AGGREGATION.replace("\"joinColumns\"", "\"dimensionColumns\""),
        "a.json:2:33: the key \"dimensionColumns\" is there already");
    refused("a.json", "{\"x\": 1}", "if it is, say --from");
    refused("a.json", "{\"v1\": ", "this is no JSON");
    refused("a.json", "[".repeat(100_000), "nested deeper");
    refused("a.json", AGGREGATION + AGGREGATION, "something after its end");
    refused("a.json", " ".repeat(300_000) + AGGREGATION, "longer than");
    refused("a.json", "{\"custom\": " + AGGREGATION + "}", "unknown field");
    refused(
        "a.json",
        "{\"type\": \"LIST\", \"policy\": {\"aggregation\": " + AGGREGATION + "}}",
        "the type says LIST");
    refused(
        "v.sql", VIEW.replace("privacy_unit_column", "privacy_unit"), "v.sql:3:53: unknown field");
    refused("v.sql", VIEW + "ALTER VIEW p.d.w SET OPTIONS(privacy_policy='{}');", "a second view");
    refused("v.sql", VIEW + "DROP VIEW `p.d.v`;", "v.sql:5:1: CREATE is expected here");
    refused(
        "p.sql",
        POLICIES + "ALTER TABLE s.\"T\" UNSET AGGREGATION POLICY;",
        "SET or ADD is expected");
    refused("p.sql", POLICIES + "ALTER TABLE u SET JOIN POLICY j;", "a second table");
    refused(
        "p.sql",
        POLICIES + "CREATE MASKING POLICY m;",
        "an aggregation, projection, join or privacy policy");
    refused("p.sql", POLICIES.replace("MIN_GROUP_SIZE", "MIN_GROUPSIZE"), "unknown argument");
    refused(
        "p.sql", POLICIES.replace("POLICY j;", "POLICY k;"), "the file does not have that policy");
    refused(
        "g.sql", GRANTS + "REVOKE SELECT PLAINTEXT(zip) ON t FROM bob;", "GRANT is expected here");
    refused("g.sql", GRANTS.replace("PLAINTEXT(", "PLAIN("), "a constraint is expected here");
    refused(
        "g.sql", GRANTS + "GRANT SELECT PLAINTEXT(zip) ON t TO carol;", "granted to carol already");
  }

  @Test
  void allMistakesAreSaidAtOnce() {
    refused(
        "a.json",
        AGGREGATION.replace("SUM", "MAX").replace("joinColumns", "joins").replace("100", "0"),
        "\"MAX\"",
        "\"joins\"",
        "from 2 to");
    refused("p.sql", "DROP x; " + POLICIES + "; DROP y;", "p.sql:1:1", "p.sql:6:");
  }

  @Test
  void whatWouldBecomeLaxerIsRefused() {
    String two =
        AGGREGATION.replace(
            "\"outputConstraints\": [",
            "\"outputConstraints\": [{\"columnName\": \"zip\", \"minimum\": 5, \"type\": \"COUNT_DISTINCT\"}, ");
    refused("a.json", two, "a dataset has one unit");
    refused(
        "a.json",
        AGGREGATION.replace(
            "\"joinColumns\"", "\"additionalAnalyses\": \"REQUIRED\", \"joinColumns\""),
        "do not lend this table");
    refused(
        "p.sql",
        POLICIES.replace(
            "AGGREGATION_CONSTRAINT(MIN_GROUP_SIZE => 7)", "NO_AGGREGATION_CONSTRAINT()"),
        "restricts nobody");
    refused("p.sql", POLICIES.replace("(\"ID\")", "(\"ID\", zip)"), "an entity of several columns");
    refused(
        "b.json",
        "{\"parameters\": {\"differentialPrivacy\": {\"epsilon\": 3}}}",
        "no rule of a table");
  }

  @Test
  void aQuoteOrACommentHidesNothing() {
    // To Snowflake ''' begins with a quote, to BigQuery it is one.
    String hidden = "ALTER TABLE s.\"T\" SET PRIVACY POLICY q;";
    refused(
        "p.sql",
        POLICIES.replace("'it''s ; ours'", "'''a'") + hidden + "-- '''",
        "does not have that policy");
    refused("p.sql", POLICIES + "/* never ends", "the comment does not end");
    refused("p.sql", POLICIES + "COMMENT = 'never ends", "the string does not end");
    refused("g.sql", GRANTS + "/*! GRANT SELECT PLAINTEXT(id) ON t TO eve */", "MySQL executes");
    refusedFrom(
        Source.SCQL,
        "g.sql",
        GRANTS + "/*! GRANT SELECT PLAINTEXT(id) ON t TO eve */",
        "MySQL executes");
    refusedFrom(Source.SCQL, "g.sql", GRANTS + "--x", "put a space after --");
    assertThat(of("p.sql", POLICIES + "-- " + hidden).document())
        .isEqualTo(of("p.sql", POLICIES).document());
  }

  @Test
  void anotherProductThanTheFileIsOfIsRefused() {
    refusedFrom(Source.BIGQUERY, "a.json", AGGREGATION, "unknown field");
    refusedFrom(Source.SNOWFLAKE, "g.sql", GRANTS, "ALTER is expected here");
    refusedFrom(Source.AWS, "g.sql", GRANTS, "this is no JSON");
  }

  /// Whatever is cut out or doubled, it is refused with a place or comes out as a document.
  @ForAll(tries = 2000)
  void damagedSourcesAreRefusedOrRead(RandomGenerator random) {
    List<String> sources = List.of(AGGREGATION, VIEW, POLICIES, GRANTS);
    String text = sources.get(random.nextInt(sources.size()));
    int from = random.nextInt(text.length());
    int to = Math.min(text.length(), from + random.nextInt(12));
    String damaged =
        random.nextBoolean()
            ? text.substring(0, from) + text.substring(to)
            : text.substring(0, to) + text.substring(from);
    try {
      filled(of("it", damaged));
    } catch (InvalidDocument e) {
      assertThat(e.mistakes()).isNotEmpty();
    }
  }

  // ---

  private static Imported of(String name, String text) {
    return Migration.of(List.of(new SourceFile(name, text)), Optional.empty(), Given.NOTHING);
  }

  private static void refused(String name, String text, String... messages) {
    refused(Optional.empty(), name, text, messages);
  }

  private static void refusedFrom(Source source, String name, String text, String... messages) {
    refused(Optional.of(source), name, text, messages);
  }

  private static void refused(
      Optional<Source> source, String name, String text, String... messages) {
    assertThatExceptionOfType(InvalidDocument.class)
        .isThrownBy(() -> Migration.of(List.of(new SourceFile(name, text)), source, Given.NOTHING))
        .satisfies(e -> assertThat(e.getMessage()).contains(messages));
  }

  private static Set<Use> uses(Dataset dataset, String column) {
    return dataset.column(new ColumnName(column)).orElseThrow().use();
  }

  /// The dataset that the reader of documents sees once an owner has filled in what is open.
  private static Dataset filled(Imported imported) {
    String filled =
        imported
            .document()
            .lines()
            .filter(line -> !line.startsWith("#"))
            .map(MigrationTest::filled)
            .collect(Collectors.joining("\n"));
    var documents = Documents.parse("filled in", filled, new Name("owner"));
    return ((DatasetDocument) documents.getFirst()).dataset();
  }

  private static String filled(String line) {
    boolean sums = line.contains("sum") || line.contains("avg");
    return line.replace("type: \"FILL IN\"", sums ? "type: integer" : "type: string")
        .replace("bounds: \"FILL IN\"", "bounds: [0, 9]")
        .replace("dataset: \"FILL IN\"", "dataset: it")
        .replace("unit: \"FILL IN\"", "unit: id")
        .replace("minimum-units: \"FILL IN\"", "minimum-units: 10")
        .replace("epsilon: \"FILL IN\"", "epsilon: 1")
        .replace("analyses: [\"FILL IN\"]", "analyses: [any-sql]")
        .replace("purposes: [\"FILL IN\"]", "purposes: [CommercialResearch]")
        .replace("\"FILL IN\"", "someone");
  }
}
