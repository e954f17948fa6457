package cloister.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloister.crypto.Digest;
import cloister.room.Address;
import cloister.room.AnalysisPattern;
import cloister.room.Collaboration;
import cloister.room.ColumnName;
import cloister.room.Name;
import cloister.room.NoiseResolution;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DocumentsTest {
  private static final Name AIRLINE = new Name("airline");
  private static final String DIGEST_1 = "sha256:" + "1".repeat(64);
  private static final String DIGEST_2 = "sha256:" + "2".repeat(64);
  private static final String DIGEST_3 = "sha256:" + "3".repeat(64);

  private static final String COLLABORATION =
      """
      collaboration: airline-media-2026
      participants:
        airline:  {key: "%s"}
        research: {key: "%s"}
      purposes: [ResearchAndDevelopment]
      enclave:
        accept: [sev-snp, tdx]
        measurements: ["sha384:%s"]
        policy: %s
      noise: designated:/airline
      """
          .formatted(DIGEST_1, DIGEST_2, "a".repeat(96), DIGEST_3);

  private static final String CUSTOMERS =
      """
      dataset: customers            # its address is /airline/dataset/customers
      unit: email
      columns:
        email:    {type: string, semantic: email, use: [join]}
        age_band: {type: string, use: [group], domain: ["18-24", "25-34", "50+"]}
        spend:    {type: "decimal(10,2)", use: [sum, avg], bounds: [0, 5000]}
        notes:    {type: string, use: []}
      retention: P90D
      terms:
        - rule: measurement
          analysts: [research]
          analyses: [/research/analysis/*, analysis/own, any-sql]
          purposes: [ResearchAndDevelopment]
          recipients: [research, airline]
          obligations:
            join-required: true
            minimum-units: 25
            differential-privacy: {epsilon: 0.7, delta: 1e-6}
            budget: {epsilon: 10, delta: 1e-5}
      """;

  private static final String OVERLAP =
      """
      analysis: overlap
      sql: |
        SELECT COUNT(DISTINCT email) AS customers
        FROM airline.customers
      purpose: ResearchAndDevelopment
      recipients: [research]
      """;

  @Test
  void aDatasetIsReadIntoTheRoomsTypes() {
    var dataset = dataset(CUSTOMERS).dataset();

    assertThat(dataset.address()).isEqualTo(Address.parse("/airline/dataset/customers"));
    assertThat(dataset.unit()).contains(new ColumnName("email"));
    assertThat(dataset.columns()).hasSize(4);
    assertThat(dataset.retention()).contains(java.time.Period.ofDays(90));
    var rule = dataset.terms().getFirst();
    assertThat(rule.analyses())
        .containsExactlyInAnyOrder(
            new AnalysisPattern.AllOf(new Name("research")),
            new AnalysisPattern.Exactly(Address.parse("/airline/analysis/own")),
            new AnalysisPattern.AnySql());
    assertThat(rule.obligations().minimumUnits()).isEqualTo(25);
    assertThat(rule.obligations().noise().orElseThrow().delta()).hasToString("0.000001");
    assertThat(rule.obligations().budget().orElseThrow().epsilon()).hasToString("10");
  }

  @Test
  void aTableAboutNobodySaysSo() {
    var prices =
        """
        dataset: prices
        unit: none
        columns:
          code: {type: string, use: [join, group]}
        terms:
          - rule: all
            analysts: [research]
            analyses: [any-sql]
            purposes: [ResearchAndDevelopment]
            recipients: [research]
            obligations: {minimum-units: 1}
        """;
    var dataset = dataset(prices);
    assertThat(dataset.dataset().unit()).isEmpty();
    assertThat(new String(dataset.canonical().toArray(), StandardCharsets.UTF_8))
        .contains("\"unit\":\"none\"");
    oneMistake(prices.replace("units: 1", "units: 2"), "protects nobody");
    oneMistake(prices.replace("  code:", "  none:"), "give the column another name");
    oneMistake(prices.replace("unit: none", "unit: non"), "`none` for a table about nobody");
  }

  @Test
  void aCollaborationIsReadIntoTheRoomsTypes() {
    var collaboration = collaboration(COLLABORATION);

    assertThat(collaboration.version()).isEqualTo(1);
    assertThat(collaboration.participants()).hasSize(2);
    assertThat(collaboration.noise()).isEqualTo(new NoiseResolution.Designated(AIRLINE));
  }

  @Test
  void anAnalysisGetsItsInputsFromWhoeverPlansIt() {
    var document = (Document.AnalysisDocument) parse(OVERLAP).getFirst();
    var inputs = Set.of(Address.parse("/airline/dataset/customers"));

    var analysis = document.analysis(inputs);

    assertThat(analysis.sql()).startsWith("SELECT").endsWith("customers");
    assertThat(analysis.inputs()).isEqualTo(inputs);
    assertThat(analysis.document()).isEqualTo(document.digest());
  }

  @Test
  void severalDocumentsShareAFile() {
    assertThat(parse(COLLABORATION + "---\n" + CUSTOMERS + "---\n" + OVERLAP)).hasSize(3);
  }

  @Test
  void spacingCommentsKeyOrderAndDefaultsDoNotChangeTheDigest() {
    String same =
        """
        # another hand wrote this one
        retention: P90D
        terms:
          - obligations:
              budget:
                delta: 0.00001
                epsilon: 10.0
              differential-privacy:
                {delta: 0.000001, epsilon: 7e-1, groups-per-unit: 1, rows-per-unit: 1}
              minimum-units: 25
              join-required: true
            recipients: [airline, research]
            purposes: ["ResearchAndDevelopment"]
            analyses: [any-sql, /airline/analysis/own, /research/analysis/*]
            analysts:
              - research
            rule: 'measurement'
        columns:
          notes: {use: [], type: string, required: false}
          spend: {use: [avg, sum], bounds: [0.00, 5000], type: "decimal(10, 2)"}
          AGE_BAND: {type: string, use: [group], domain: ["18-24", "25-34", "50+"]}
          email: {use: [join], semantic: email, type: string}
        unit: EMAIL
        dataset: customers
        """;

    assertThat(dataset(same).digest()).isEqualTo(dataset(CUSTOMERS).digest());
    assertThat(dataset(same).canonical()).isEqualTo(dataset(CUSTOMERS).canonical());
  }

  @Test
  void everyChangeOfMeaningChangesTheDigest() {
    var digest = dataset(CUSTOMERS).digest();

    for (var change :
        List.of(
            List.of("customers ", "customer "),
            List.of("unit: email", "unit: notes"),
            List.of("minimum-units: 25", "minimum-units: 24"),
            List.of("0.7", "0.8"),
            List.of("1e-6", "1e-7"),
            List.of("epsilon: 10", "epsilon: 11"),
            List.of("join-required: true", "join-required: false"),
            List.of("P90D", "P91D"),
            List.of("5000", "5001"),
            List.of("use: [sum, avg], bounds: [0, 5000]", "use: [sum], bounds: auto"),
            List.of("delta: 1e-6", "delta: 1e-6, rows-per-unit: auto"),
            List.of("semantic: email, use", "semantic: id, use"),
            List.of("type: string, use: []", "type: string, required: true, use: []"),
            List.of("\"50+\"", "\"60+\""),
            List.of("[research, airline]", "[research]"))) {
      String changed = CUSTOMERS.replace(change.get(0), change.get(1));
      assertThat(changed).as("the change of %s", change).isNotEqualTo(CUSTOMERS);
      assertThat(dataset(changed).digest()).as("after %s", change).isNotEqualTo(digest);
    }
    var elsewhere =
        (Document.DatasetDocument) Documents.parse("f", CUSTOMERS, new Name("media")).getFirst();
    assertThat(elsewhere.digest()).as("in another party").isNotEqualTo(digest);
  }

  @Test
  void theCollaborationIsTheSameDocumentInEveryonesPackage() {
    assertThat(Documents.parse("f", COLLABORATION, new Name("research")).getFirst().digest())
        .isEqualTo(Documents.parse("f", COLLABORATION, AIRLINE).getFirst().digest());
  }

  @Test
  void theCanonicalFormReadsBackAsTheSameDocument() {
    for (String yaml : List.of(COLLABORATION, CUSTOMERS, OVERLAP)) {
      Document document = parse(yaml).getFirst();
      assertThat(Documents.fromCanonical(document.canonical().toArray())).isEqualTo(document);
    }
  }

  @Test
  void boundsMayBeLeftToNoise() {
    String yaml =
        CUSTOMERS
            .replace("use: [sum, avg], bounds: [0, 5000]", "use: [sum], bounds: auto")
            .replace("delta: 1e-6", "delta: 1e-6, rows-per-unit: auto");
    Document document = parse(yaml).getFirst();
    assertThat(Documents.fromCanonical(document.canonical().toArray())).isEqualTo(document);
    assertThat(document.canonical().toString()).isNotEqualTo(dataset(CUSTOMERS).canonical());
    oneMistake(CUSTOMERS.replace("bounds: [0, 5000]", "bounds: auto"), "use avg needs bounds");
    oneMistake(CUSTOMERS.replace("bounds: [0, 5000]", "bounds: any"), "or auto");
    oneMistake(
        CUSTOMERS.replace("type: string, use: []", "type: string, use: [], bounds: auto"),
        "for numeric columns");
    oneMistake(CUSTOMERS.replace("delta: 1e-6", "delta: 1e-6, rows-per-unit: none"), "a number");
  }

  @Test
  void noChangedByteOfACanonicalFormReadsAsTheSameDocument() {
    for (String yaml : List.of(COLLABORATION, CUSTOMERS, OVERLAP)) {
      Document document = parse(yaml).getFirst();
      byte[] canonical = document.canonical().toArray();
      for (int i = 0; i < canonical.length; i++) {
        byte[] flipped = canonical.clone();
        flipped[i] ^= 1;
        try {
          assertThat(Documents.fromCanonical(flipped).digest())
              .as("byte %d", i)
              .isEqualTo(Digest.of(flipped))
              .isNotEqualTo(document.digest());
        } catch (CloisterException e) {
          assertThat(e.code())
              .isIn(
                  ErrorCode.DOCUMENT_INVALID,
                  ErrorCode.MESSAGE_MALFORMED,
                  ErrorCode.VERSION_UNSUPPORTED);
        }
      }
    }
  }

  @Test
  void canonicalBytesThatLeaveADefaultOutAreRefused() {
    String canonical =
        new String(parse(OVERLAP).getFirst().canonical().toArray(), StandardCharsets.UTF_8);
    String shorter = canonical.replace(",\"terms\":[]", "");

    assertThat(shorter).isNotEqualTo(canonical);
    assertThatThrownBy(() -> Documents.fromCanonical(shorter.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(CloisterException.class)
        .hasMessageContaining("default");
  }

  @Test
  void everyMistakeOfAFileIsReportedAtItsPlace() {
    String text =
        """
        dataset: customers
        unit: emial
        columns:
          email:    {type: strng, use: [jion]}
          age_band: {type: string, aggegates: [x], use: [group]}
        retention: 90 days
        terms:
          - rule: measurement
            analysts: [Research]
            analyses: [/research/dataset/x]
            purposes: [ResearchAndDevelopmnt]
            recipients: research
            obligations:
              minimum-units: 0
              differential-privacy: {epsilon: 2000, delta: .nan}
              budget: {epsilon: 0.12345678912}
        """;

    assertThat(mistakes(text))
        .containsExactly(
            "airline/customers.yaml:2:7: no column is named \"emial\"; did you mean \"email\"?"
                + " (`none` for a table about nobody)",
            "airline/customers.yaml:4:20: unknown type \"strng\"; did you mean \"string\"?",
            "airline/customers.yaml:4:33: unknown use \"jion\"; did you mean \"join\"?",
            "airline/customers.yaml:5:28: unknown key \"aggegates\"; it is one of type, semantic,"
                + " use, required, domain, bounds",
            "airline/customers.yaml:6:12: \"90 days\" is no period, as in P90D",
            "airline/customers.yaml:9:16: \"Research\": a name has 1 to 63 lower-case letters,"
                + " digits, - and _, and starts with a letter",
            "airline/customers.yaml:10:16: \"/research/dataset/x\": a rule permits analyses, and"
                + " this is a dataset",
            "airline/customers.yaml:11:16: unknown purpose \"ResearchAndDevelopmnt\"; did you mean"
                + " \"ResearchAndDevelopment\"?",
            "airline/customers.yaml:12:17: a list is expected here: [a, b]",
            "airline/customers.yaml:14:22: an integer from 1 to 2147483647 is expected here",
            "airline/customers.yaml:15:39: epsilon must be above 0 and at most 1000, not 2000",
            "airline/customers.yaml:15:52: write a finite number in decimal digits",
            "airline/customers.yaml:16:25: epsilon has too many digits after the point");
  }

  /// Digests that participants have signed depend on every byte of these.
  @Test
  void theCanonicalFormsAreFixed() {
    var forms = new StringBuilder();
    for (Document document : parse(COLLABORATION + "---\n" + CUSTOMERS + "---\n" + OVERLAP)) {
      forms
          .append(new String(document.canonical().toArray(), StandardCharsets.UTF_8))
          .append('\n')
          .append(document.digest())
          .append('\n');
    }
    cloister.testkit.Golden.check("documents.txt", forms.toString());
  }

  @Test
  void aSignatureHoldsForOneDocumentAndOneKey() throws Exception {
    var key = cloister.crypto.SigningKey.generate();
    Document document = parse(OVERLAP).getFirst();
    var signed = SignedDocument.sign(document, key);

    assertThat(signed.verify(key.verifyingKey())).isEqualTo(document);
    assertThat(SignedDocument.read(signed.toJson().fields("signed"))).isEqualTo(signed);
    var other =
        new SignedDocument(
            parse(CUSTOMERS).getFirst().canonical(), signed.signer(), signed.signature());
    assertThatThrownBy(() -> other.verify(key.verifyingKey()))
        .isInstanceOf(cloister.crypto.CryptoException.class);
    assertThatThrownBy(() -> signed.verify(cloister.crypto.SigningKey.generate().verifyingKey()))
        .isInstanceOf(cloister.crypto.CryptoException.class);
  }

  @Test
  void everyDocumentOfAFileIsCheckedEvenAfterABadOne() {
    assertThat(mistakes("datast: x\n---\nanalysis: y\n---\n" + OVERLAP))
        .hasSize(4)
        .first()
        .asString()
        .contains("did you mean \"dataset\"?");
  }

  @Test
  void eachBadInputHasOneClearError() {
    oneMistake("", ":1:1: the file holds no document");
    oneMistake("- a\n", ":1:1: a document is a mapping");
    oneMistake("42\n", ":1:1: a document is a mapping");
    oneMistake(OVERLAP + "recipients: [x]\n", ":7:1: the key \"recipients\" is there already");
    oneMistake(OVERLAP.replace("[research]", "&x [research]"), ":6:13: anchors and aliases");
    oneMistake(OVERLAP.replace("[research]", "!set [research]"), ":6:13: tags (!)");
    oneMistake(OVERLAP.replace("overlap", "!!str overlap"), ":1:11: tags (!)");
    oneMistake("%YAML 1.1\n---\n" + OVERLAP, "directives");
    oneMistake(OVERLAP + "<<: {terms: []}\n", ":7:1: merge keys");
    oneMistake(
        OVERLAP.replace("purpose: ResearchAndDevelopment\n", ""), "needs the key \"purpose\"");
    oneMistake(OVERLAP + "\tx: y\n", "this is no YAML");
    oneMistake(OVERLAP + "x: \u0007\n", ":7:4: a character that YAML does not allow");
    oneMistake(OVERLAP.replace("overlap", "\"\\ud800\""), ":1:11: ");
    oneMistake(OVERLAP.replace("[research]", "[research, research]"), "listed twice");
    oneMistake("[".repeat(200) + "]".repeat(200), "nested deeper than 32");
    oneMistake("x: ".repeat(1) + "[" + "1,".repeat(60_000) + "]", "more than 50000 values");
    oneMistake("#" + "x".repeat(300_000), "longer than 262144 characters");
    oneMistake(OVERLAP.replace("overlap", "9".repeat(100)), "a number has too many digits");
    oneMistake(CUSTOMERS.replace("bounds: [0, 5000]", "bounds: [5000, 0]"), "lower bound");
    oneMistake(CUSTOMERS.replace("bounds: [0, 5000]", "bounds: [0]"), "bounds are two numbers");
    oneMistake(
        CUSTOMERS.replace("bounds: [0, 5000]", "bounds: [0, 12345678901234567890.12]"),
        "more digits");
    oneMistake(CUSTOMERS.replace("epsilon: 0.7", "epsilon: -0.7"), "epsilon must be above 0");
    oneMistake(CUSTOMERS.replace("delta: 1e-6", "delta: 1e999999999"), "number");
    oneMistake(CUSTOMERS.replace("delta: 1e-6", "delta: 1"), "delta must be");
    oneMistake(CUSTOMERS.replace("join-required: true", "join-required: yes"), "true or false");
    oneMistake(CUSTOMERS.replace("domain: [\"18-24\",", "domain: [18,"), "put it in quotes");
    oneMistake(
        CUSTOMERS.replaceAll("(?m)^ +(differential-privacy|budget|minimum-units).*\n", ""),
        "needs the key \"minimum-units\"");
    oneMistake(
        CUSTOMERS.replaceAll("(?m)^ +budget.*\n", ""),
        "differential-privacy and budget come together");
    oneMistake(COLLABORATION.replace("designated:/airline", "designated:/airlin"), "\"airline\"");
    oneMistake(COLLABORATION.replace("designated:/airline", "loudest"), "noise is strongest");
    oneMistake(
        COLLABORATION
            .replace("  airline:  {key", "  12: {key")
            .replace("designated:/airline", "equal"),
        "a key must be text");
    oneMistake(COLLABORATION.replace("sev-snp", "sev-snpp"), "did you mean \"sev-snp\"?");
    oneMistake(COLLABORATION.replace("[sev-snp, tdx]", "[]"), "at least one TEE");
    oneMistake(COLLABORATION + "version: 0\n", "an integer from 1");
    oneMistake(
        COLLABORATION.replace("  policy: " + DIGEST_3 + "\n", ""),
        "hardware is accepted under a policy");
  }

  @Test
  void anAliasIsAMistakeEvenWhenItsAnchorIsInAnotherPlace() {
    assertThat(mistakes("analysis: &a overlap\nsql: *a\npurpose: *a\nrecipients: []\n"))
        .anyMatch(mistake -> mistake.contains(":2:6: anchors and aliases"));
  }

  @Test
  void namesAreCheckedAgainstTheCollaborationWhenItIsKnown() {
    Collaboration collaboration = collaboration(COLLABORATION);
    String misspelt =
        OVERLAP
            .replace("[research]", "[reserch]")
            .replace("ResearchAndDevelopment", "ServiceProvision");

    var invalid =
        catchThrowableOfType(
            InvalidDocument.class, () -> Documents.parse("f", misspelt, AIRLINE, collaboration));

    assertThat(invalid.mistakes())
        .extracting(Mistake::toString)
        .containsExactly(
            "f:5:10: the collaboration does not list the purpose \"ServiceProvision\" or a broader"
                + " one; it is one of ResearchAndDevelopment",
            "f:6:14: unknown participant \"reserch\"; did you mean \"research\"?");
  }

  @Test
  void theOwnersOfAnalysesInRulesAreCheckedAgainstTheCollaborationToo() {
    Collaboration collaboration = collaboration(COLLABORATION);
    String misspelt =
        CUSTOMERS.replace("/research/analysis/*", "/reserch/analysis/*, /nobody/analysis/one");

    var invalid =
        catchThrowableOfType(
            InvalidDocument.class, () -> Documents.parse("f", misspelt, AIRLINE, collaboration));

    assertThat(invalid.mistakes())
        .extracting(Mistake::toString)
        .anyMatch(it -> it.contains("unknown participant \"reserch\"; did you mean \"research\"?"))
        .anyMatch(it -> it.contains("unknown participant \"nobody\"; it is one of"));
  }

  @Test
  void invalidUtf8IsRefusedAtItsPlace() {
    byte[] bytes = "é: 1\nab?".getBytes(StandardCharsets.UTF_8);
    bytes[bytes.length - 1] = (byte) 0xC0;

    assertThatThrownBy(() -> Documents.utf8("f", bytes))
        .hasMessage("f:2:3: the file is not valid UTF-8");
  }

  private static Document.DatasetDocument dataset(String yaml) {
    return (Document.DatasetDocument) parse(yaml).getFirst();
  }

  private static Collaboration collaboration(String yaml) {
    return ((Document.CollaborationDocument) parse(yaml).getFirst()).collaboration();
  }

  private static List<Document> parse(String yaml) {
    return Documents.parse("airline/customers.yaml", yaml, AIRLINE);
  }

  private static List<String> mistakes(String yaml) {
    var invalid = catchThrowableOfType(InvalidDocument.class, () -> parse(yaml));
    assertThat(invalid).as(yaml).isNotNull();
    assertThat(invalid.code()).isEqualTo(ErrorCode.DOCUMENT_INVALID);
    return invalid.mistakes().stream().map(Mistake::toString).toList();
  }

  private static void oneMistake(String yaml, String expected) {
    assertThat(mistakes(yaml))
        .as(yaml.length() > 2000 ? expected : yaml)
        .singleElement()
        .asString()
        .contains(expected);
  }

  @Test
  void aPlaceInSqlIsFoundInItsFile() {
    String file =
        """
        # two analyses
        analysis: first
        sql: "SELECT 1"
        ---
        analysis: second
        sql: |

          SELECT COUNT(*)
            FROM nowhere
        purpose: ScientificResearch
        """;
    assertThat(Documents.inSql("a.yaml", file, new Name("second"), 2, 8, "wrong"))
        .contains(new Mistake("a.yaml", 9, 10, "wrong"));
    assertThat(Documents.inSql("a.yaml", file, new Name("first"), 1, 8, "wrong"))
        .contains(new Mistake("a.yaml", 3, 14, "wrong"));
    String folded = file.replace("sql: |", "sql: >");
    assertThat(Documents.inSql("a.yaml", folded, new Name("second"), 1, 30, "wrong"))
        .contains(new Mistake("a.yaml", 8, 3, "wrong"));
    assertThat(Documents.inSql("a.yaml", file, new Name("third"), 1, 1, "wrong")).isEmpty();
  }

  @Test
  void aNumberTooLargeForJsonSaysWhatToWrite() {
    oneMistake(
        CUSTOMERS.replace("bounds: [0, 5000]", "bounds: [0, 9007199254740993]"),
        "at most 9007199254740992");
  }
}
