package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.crypto.Bytes;
import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.ErrorCode;
import cloister.protocol.Reply;
import cloister.room.Address;
import cloister.room.Name;
import cloister.room.Purpose;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every way in which a run is refused: the right code, nothing charged, nothing recorded.
final class RunRefusalTest {
  @TempDir static Path folder;
  private static final TestClock CLOCK = new TestClock();
  private static TestRoom room;

  @BeforeAll
  static void start() throws Exception {
    room = TestRoom.active(folder, CLOCK);
    room.apply();
    room.publish();
  }

  @AfterAll
  static void stop() {
    room.close();
  }

  private static CloisterException refused(TestParticipant by, ErrorCode code, Command.Run run)
      throws Exception {
    var before = room.books();
    var refusal = TestRoom.refusal(() -> by.ask(run));
    assertThat(refusal.code()).as(refusal.getMessage()).isEqualTo(code);
    assertThat(room.books()).as("nothing was charged and nothing recorded").isEqualTo(before);
    return refusal;
  }

  private static CloisterException refused(ErrorCode code, Command.Run run) throws Exception {
    return refused(room.research, code, run);
  }

  private static Command.Run overlap(Optional<Purpose> purpose, Optional<Set<Name>> recipients) {
    return run("/research/analysis/overlap", purpose, recipients);
  }

  private static Command.Run run(
      String analysis, Optional<Purpose> purpose, Optional<Set<Name>> recipients) {
    var subject = new Command.Subject.Named(Address.parse(analysis));
    return new Command.Run(new Command.RunRequest(subject, purpose, recipients));
  }

  private static void apply(TestParticipant owner, String yaml) throws Exception {
    owner.ask(new Command.Apply(List.of(owner.signed(yaml))));
  }

  private static String analysis(String name, String sql, String more) {
    return """
    analysis: %s
    sql: "%s"
    purpose: ResearchAndDevelopment
    recipients: [research]
    %s
    """
        .formatted(name, sql, more);
  }

  private static final String JOINED =
      "SELECT %s FROM airline.customers c JOIN media.viewers v ON c.email = v.email %s";

  // Who and what for.

  @Test
  void recipientsThatNobodyPermitsAreRefusedHoweverTheyAreMixed() throws Exception {
    var airline = room.airline.name;
    for (Set<Name> recipients :
        List.of(
            Set.of(airline),
            Set.of(airline, room.research.name),
            Set.of(airline, room.research.name, room.media.name),
            Set.of(new Name("stranger")),
            Set.<Name>of())) {
      refused(ErrorCode.RUN_DENIED, overlap(Optional.empty(), Optional.of(recipients)));
    }
  }

  @Test
  void whoIsNoAnalystOfTheTermsIsRefused() throws Exception {
    for (var participant : List.of(room.airline, room.media)) {
      refused(participant, ErrorCode.RUN_DENIED, TestRoom.run("/research/analysis/overlap"));
    }
  }

  @Test
  void aPurposeThatTheTermsDoNotCoverIsRefused() throws Exception {
    for (String term : List.of("ServiceOptimisation", "Marketing", "Purpose")) {
      refused(ErrorCode.RUN_DENIED, overlap(Purpose.byTerm(term), Optional.empty()));
    }
  }

  @Test
  void aPurposeThatIsNoTermOfTheVocabularyIsNoDocument() throws Exception {
    var document = room.research.document(TestRoom.OVERLAP);
    var canonical = new String(document.canonical().toArray(), StandardCharsets.UTF_8);
    Bytes unknown = Bytes.utf8(canonical.replace("ResearchAndDevelopment", "WorldDomination"));
    refused(
        ErrorCode.DOCUMENT_INVALID,
        new Command.Run(
            new Command.RunRequest(
                new Command.Subject.AdHoc(unknown), Optional.empty(), Optional.empty())));
  }

  @Test
  void anAnalysisThatIsNotThereIsRefused() throws Exception {
    refused(ErrorCode.DOCUMENT_UNKNOWN, TestRoom.run("/research/analysis/nothing"));
    refused(ErrorCode.DOCUMENT_UNKNOWN, TestRoom.run("/airline/dataset/customers"));
  }

  // What is asked.

  @Test
  void sqlThatCannotBeReleasedIsRefused() throws Exception {
    for (String sql :
        List.of(
            "SELECT c.email FROM airline.customers c JOIN media.viewers v ON c.email = v.email",
            "SELECT * FROM airline.customers",
            JOINED.formatted("COUNT(DISTINCT c.passport)", ""),
            JOINED.formatted("MIN(c.email)", ""),
            JOINED.formatted("MAX(c.spend)", ""),
            "SELECT COUNT(DISTINCT email) FROM airline.nothing",
            "SELECT COUNT(*) FROM read_csv('/etc/passwd')",
            "SELECT COUNT(*) FROM duckdb_settings()",
            "COPY (SELECT 1) TO '/tmp/x'",
            "SELECT 1; SELECT 2",
            "not SQL at all",
            "")) {
      var before = room.books();
      assertThat(TestRoom.refusal(() -> room.research.ask(room.adHoc(sql))).code())
          .as(sql)
          .isIn(ErrorCode.QUERY_REJECTED, ErrorCode.DOCUMENT_INVALID, ErrorCode.RUN_DENIED);
      assertThat(room.books()).isEqualTo(before);
    }
  }

  @Test
  void whatTheSqlMustChangeIsNotToldAsTheSameCommand() throws Exception {
    String sql = JOINED.formatted("COUNT(DISTINCT c.email)", "WHERE c.notes = 'secret-17'");
    assertThat(TestRoom.refusal(() -> room.research.ask(room.adHoc(sql))))
        .hasMessageContaining("this would pass:\n(with another SQL: without column notes of ")
        .hasMessageContaining("for filter")
        .message()
        .doesNotContain("cloister run");
  }

  @Test
  void aColumnIsUsedForWhatItsOwnerSaysAndNothingElse() throws Exception {
    for (String sql :
        List.of(
            JOINED.formatted("c.notes, COUNT(DISTINCT c.email)", "GROUP BY c.notes"),
            JOINED.formatted("COUNT(DISTINCT c.notes)", ""),
            JOINED.formatted("COUNT(DISTINCT c.email)", "WHERE c.notes = 'secret-17'"),
            JOINED.formatted("COUNT(DISTINCT c.email)", "WHERE c.notes LIKE 'secret-1%'"),
            JOINED.formatted("COUNT(DISTINCT c.email)", "WHERE c.spend > 100"),
            JOINED.formatted("c.spend, COUNT(DISTINCT c.email)", "GROUP BY c.spend"),
            // Laundered through a subquery and through a CASE.
            "SELECT COUNT(DISTINCT t.email) FROM (SELECT c.email, c.notes AS n FROM airline.customers c JOIN"
                + " media.viewers v ON c.email = v.email) t WHERE t.n = 'secret-17'",
            JOINED.formatted("SUM(CASE WHEN c.notes = 'secret-17' THEN 1 ELSE 0 END)", ""))) {
      var before = room.books();
      assertThat(TestRoom.refusal(() -> room.research.ask(room.adHoc(sql))).code())
          .as(sql)
          .isIn(ErrorCode.RUN_DENIED, ErrorCode.QUERY_REJECTED);
      assertThat(room.books()).isEqualTo(before);
    }
  }

  @Test
  void aCastThatFailsForSomeValuesIsAFilter() throws Exception {
    room.share(
        room.airline,
        """
        dataset: members
        unit: email
        columns:
          email: {type: string, semantic: email, use: [join]}
          name: {type: string, use: [count]}
          town: {type: string, use: [group]}
          age: {type: integer, use: [sum], bounds: [0, 120]}
        terms:
          - rule: all
            analysts: [research]
            analyses: [any-sql]
            purposes: [ResearchAndDevelopment]
            recipients: [research]
            obligations:
              minimum-units: 1
              differential-privacy: {epsilon: 1}
              budget: {epsilon: 2}
        """,
        "email,name,town,age\nalice@example.org,7lice,Ulm,9\nbob@example.org,bob,Bonn,44\n");
    String from = " FROM airline.members";
    assertThat(
            refused(
                ErrorCode.RUN_DENIED,
                room.adHoc("SELECT COUNT(CAST(SUBSTRING(name FROM 1 FOR 1) AS INTEGER))" + from)))
        .hasMessageContaining(
            "column name of /airline/dataset/members may be used for count, not for filter");
    assertThat(
            refused(
                ErrorCode.RUN_DENIED, room.adHoc("SELECT SUM(CAST(age AS DECIMAL(1,0)))" + from)))
        .hasMessageContaining(
            "column age of /airline/dataset/members may be used for sum, not for filter");
    // Without a δ nothing can hide that a group is there.
    assertThat(
            refused(
                ErrorCode.QUERY_REJECTED,
                room.adHoc("SELECT town, COUNT(*)" + from + " GROUP BY town")))
        .hasMessageContaining("delta");
    String permitted =
        "SELECT COUNT(SUBSTRING(name FROM 1 FOR 1)), SUM(CAST(age AS DECIMAL(20,0)))" + from;
    assertThat(room.research.<Reply.Ran>ask(room.adHoc(permitted)).receipt()).isNotNull();
  }

  @Test
  void onePersonCannotBeSingledOutByTheUnit() throws Exception {
    for (String sql :
        List.of(
            JOINED.formatted("COUNT(DISTINCT c.email)", "WHERE c.email = 'person1017@example.org'"),
            JOINED.formatted("COUNT(DISTINCT c.email)", "WHERE c.email LIKE 'person1017%'"),
            JOINED.formatted("c.email, COUNT(DISTINCT c.email)", "GROUP BY c.email"),
            JOINED.formatted("COUNT(DISTINCT c.email)", "WHERE v.email < 'person2'"))) {
      var before = room.books();
      assertThat(TestRoom.refusal(() -> room.research.ask(room.adHoc(sql))).code())
          .as(sql)
          .isIn(ErrorCode.RUN_DENIED, ErrorCode.QUERY_REJECTED);
      assertThat(room.books()).isEqualTo(before);
    }
  }

  @Test
  void whereAJoinIsRequiredItIsWithAnothersData() throws Exception {
    refused(
        ErrorCode.RUN_DENIED, room.adHoc("SELECT COUNT(DISTINCT email) FROM airline.customers"));
    refused(
        ErrorCode.RUN_DENIED,
        room.adHoc(
            "SELECT COUNT(DISTINCT a.email) FROM airline.customers a JOIN airline.customers b ON a.email ="
                + " b.email"));
  }

  // Ad-hoc SQL and approval.

  private static String lent(String name, String analyses) {
    return """
    dataset: %s
    unit: email
    columns:
      email: {type: string, semantic: email, use: [join]}
    terms:
      - rule: only
        analysts: [research]
        analyses: [%s]
        purposes: [ResearchAndDevelopment]
        recipients: [research]
        obligations: {minimum-units: 1}
    """
        .formatted(name, analyses);
  }

  @Test
  void adHocSqlIsRefusedWhereOnlyANamedAnalysisIsPermitted() throws Exception {
    apply(room.airline, lent("named", "/research/analysis/the-one"));
    refused(ErrorCode.RUN_DENIED, room.adHoc("SELECT COUNT(DISTINCT email) FROM airline.named"));
  }

  @Test
  void adHocSqlIsInThePackageOfWhoeverAsks() throws Exception {
    var document =
        room.media.document(
            analysis("theirs", "SELECT COUNT(DISTINCT email) FROM media.viewers", ""));
    var request =
        new Command.RunRequest(
            new Command.Subject.AdHoc(document.canonical()), Optional.empty(), Optional.empty());
    refused(ErrorCode.NOT_THE_OWNER, new Command.Run(request));
  }

  @Test
  void aVersionThatWasNotApprovedIsNamedByItsDigest() throws Exception {
    String counting = "SELECT COUNT(DISTINCT email) FROM airline.approved";
    var first = analysis("approved-one", counting, "");
    var approved = room.research.document(first).digest();
    apply(room.airline, lent("approved", "\"" + approved + "\""));
    apply(room.research, first);
    // Permitted; there is no data yet.
    refused(ErrorCode.DATA_MISSING, TestRoom.run("/research/analysis/approved-one"));
    var second = analysis("approved-one", counting + " WHERE 1 = 1", "");
    apply(room.research, second);
    var refusal =
        refused(ErrorCode.APPROVAL_REQUIRED, TestRoom.run("/research/analysis/approved-one"));
    assertThat(refusal)
        .hasMessageContaining("airline")
        .hasMessageContaining(room.research.document(second).digest().toString());
  }

  // Paths.

  @Test
  void anAnalysisInBetweenDoesNotPassOnWhatItsReaderMayNotHave() throws Exception {
    String rows =
        "SELECT c.email, c.zip FROM airline.customers c JOIN media.viewers v ON c.email = v.email";
    String toMedia =
        """
        terms:
          - rule: build
            analysts: [media, research]
            analyses: [/media/analysis/*, /research/analysis/*]
            purposes: [ResearchAndDevelopment]
            recipients: [media, research]
            obligations: {minimum-units: 1}
        """;
    apply(room.research, analysis("bridge", rows, toMedia));
    apply(room.media, analysis("middle", "SELECT email, zip FROM research.bridge", toMedia));
    apply(
        room.media,
        analysis("outer", "SELECT COUNT(DISTINCT email) FROM research.bridge", toMedia));
    apply(
        room.research, analysis("top", "SELECT COUNT(DISTINCT email) FROM media.middle", toMedia));
    // One between: media reads research's analysis, and airline lends nothing to media.
    var one =
        refused(
            room.media,
            ErrorCode.RUN_DENIED,
            run("/media/analysis/outer", Optional.empty(), Optional.of(Set.of(room.media.name))));
    assertThat(one).hasMessageContaining("/airline/dataset/customers");
    // Two between: research asks, but by way of media's analysis, which airline does not list.
    var two = refused(ErrorCode.RUN_DENIED, TestRoom.run("/research/analysis/top"));
    assertThat(two)
        .hasMessageContaining("/airline/dataset/customers")
        .hasMessageContaining("/media/analysis/middle");
  }

  @Test
  void adHocSqlUnderTheNameOfAStoredAnalysisDoesNotStandInForIt() throws Exception {
    apply(room.research, analysis("base", "SELECT email, zip FROM airline.customers", ""));
    apply(room.research, analysis("over-base", "SELECT email FROM research.base", ""));
    var document =
        room.research.document(
            analysis("base", "SELECT COUNT(DISTINCT email) FROM research.over_base", "")
                .replace("research.over_base", "research.\\\"over-base\\\""));
    var request =
        new Command.RunRequest(
            new Command.Subject.AdHoc(document.canonical()), Optional.empty(), Optional.empty());
    var before = room.books();
    assertThat(TestRoom.refusal(() -> room.research.ask(new Command.Run(request))).code())
        .isIn(ErrorCode.RUN_DENIED, ErrorCode.QUERY_REJECTED);
    assertThat(room.books()).isEqualTo(before);
  }

  @Test
  void aCircleOfAnalysesIsRefused() throws Exception {
    apply(room.research, analysis("ring-a", "SELECT email FROM research.ringb", ""));
    apply(room.research, analysis("ringb", "SELECT email FROM research.ringc", ""));
    apply(room.research, analysis("ringc", "SELECT email FROM research.ringb", ""));
    var before = room.books();
    assertThat(
            TestRoom.refusal(() -> room.research.ask(TestRoom.run("/research/analysis/ringb")))
                .code())
        .isIn(ErrorCode.RUN_DENIED, ErrorCode.QUERY_REJECTED);
    assertThat(room.books()).isEqualTo(before);
  }

  // Data.

  @Test
  void dataThatWasNeverPublishedIsMissing() throws Exception {
    apply(room.airline, lent("unpublished", "/research/analysis/*"));
    var refusal =
        refused(
            ErrorCode.DATA_MISSING,
            room.adHoc("SELECT COUNT(DISTINCT email) FROM airline.unpublished"));
    assertThat(refusal).hasMessageContaining("/airline/dataset/unpublished");
  }

  @Test
  void dataIsUsedNoLongerThanItsRetentionAndNotUnderAnotherSchema() throws Exception {
    String yaml = lent("brief", "/research/analysis/*").replace("terms:", "retention: P7D\nterms:");
    String csv = "email\na@example.org\nb@example.org\n";
    room.share(room.airline, yaml, csv);
    var count = room.adHoc("SELECT COUNT(DISTINCT email) FROM airline.brief");
    Reply.Ran ran = room.research.ask(count);
    assertThat(room.research.open(ran).rows()).hasSize(1);

    // Other terms under the same schema: the data stays in use, under the new terms.
    String stricter = yaml.replace("minimum-units: 1", "minimum-units: 3");
    apply(room.airline, stricter);
    Reply.Ran under = room.research.ask(count);
    assertThat(room.research.open(under).rows().getFirst().getFirst().value()).isEmpty();

    // Another schema: the data was never checked against it.
    String wider =
        stricter.replace("columns:\n", "columns:\n  zip: {type: string, use: [group]}\n");
    apply(room.airline, wider);
    refused(ErrorCode.DATA_REPLACED, count);
    apply(room.airline, stricter);
    room.research.ask(count);

    Path sealed = TestRoom.place(folder, room.airline).resolve("data");
    int stored = Disk.list(sealed).size();
    var before = CLOCK.instant();
    var places = new ArrayList<Snapshot>();
    for (Path place : Disk.list(sealed)) {
      places.add(Snapshot.of(place));
    }
    room.server.close();
    CLOCK.advance(Duration.ofDays(7).plusMinutes(5));
    room.server = TestRoom.start(folder, CLOCK);
    assertThat(Disk.list(sealed)).as("without a request").hasSize(stored - 1);
    room.reconnect();
    refused(ErrorCode.DATA_EXPIRED, count);
    // A crash between the record and the deletion.
    for (var place : places) {
      place.restore();
    }
    room.restart();
    // Storage has ended with use: longer terms and an earlier clock bring nothing back.
    assertThat(Disk.list(sealed)).hasSize(stored - 1);
    apply(room.airline, stricter.replace("P7D", "P70D"));
    refused(ErrorCode.DATA_EXPIRED, count);
    CLOCK.set(before);
    room.reconnect();
    refused(ErrorCode.DATA_EXPIRED, count);
    room.share(room.airline, stricter, csv);
    room.research.ask(count);
    assertThat(Disk.list(sealed)).hasSize(stored);
    CLOCK.advance(Duration.ofDays(15));
    room.reconnect();
    room.airline.ask(new Command.Status());
    assertThat(Disk.list(sealed)).as("by the next request").hasSize(stored - 1);
    CLOCK.set(before);
    room.reconnect();
  }

  // Suspension.

  @Test
  void anyParticipantSuspendsAndOnlyTheSameOneResumes() throws Exception {
    for (var participant : room.all()) {
      participant.ask(new Command.Suspend());
      var refusal =
          refused(ErrorCode.COLLABORATION_SUSPENDED, TestRoom.run("/research/analysis/overlap"));
      assertThat(refusal).hasMessageContaining(participant.name.value());
      for (var other : room.all()) {
        if (other != participant) {
          assertThat(TestRoom.refusal(() -> other.ask(new Command.Resume())).code())
              .isEqualTo(ErrorCode.PARAMETER_INVALID);
        }
      }
      var data = List.of(room.airline.signed(TestRoom.CUSTOMERS));
      assertThat(TestRoom.refusal(() -> room.airline.ask(new Command.Apply(data))).code())
          .isEqualTo(ErrorCode.COLLABORATION_SUSPENDED);
      participant.ask(new Command.Resume());
    }
    room.airline.ask(new Command.Suspend());
    room.media.ask(new Command.Suspend());
    room.airline.ask(new Command.Resume());
    refused(ErrorCode.COLLABORATION_SUSPENDED, TestRoom.run("/research/analysis/overlap"));
    room.media.ask(new Command.Resume());
  }

  @Test
  void aSuspensionInTheMiddleOfARunKeepsItsAnswerInAndItsChargeBooked() throws Exception {
    var spentBefore = room.spent("customers");
    long failedBefore = states(Reply.RunState.FAILED);
    var question =
        room.adHoc(
            JOINED.formatted(
                "v.age_band, COUNT(DISTINCT c.email)", "WHERE c.zip = 'Z1' GROUP BY v.age_band"));
    var wire = room.research.connect();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      java.util.concurrent.Future<CloisterException> run;
      try (var _ = TestRoom.standstill()) {
        run = threads.submit(() -> TestRoom.refusal(() -> room.research.ask(wire, question)));
        while (states(Reply.RunState.RUNNING) == 0) {
          assertThat(run.isDone()).isFalse();
        }
        room.media.ask(new Command.Suspend());
      }
      assertThat(run.get().code()).isEqualTo(ErrorCode.COLLABORATION_SUSPENDED);
    }
    assertThat(states(Reply.RunState.FAILED)).isEqualTo(failedBefore + 1);
    assertThat(room.spent("customers"))
        .isEqualByComparingTo(spentBefore.add(java.math.BigDecimal.ONE));
    room.media.ask(new Command.Resume());
    // Paid for: the same question is answered now, at no further charge.
    Reply.Ran answered = room.research.ask(question);
    assertThat(answered.repeated()).isTrue();
    assertThat(room.spent("customers"))
        .isEqualByComparingTo(spentBefore.add(java.math.BigDecimal.ONE));
    Reply.Ran again = room.research.ask(question);
    assertThat(room.byKey(room.research, again)).isEqualTo(room.byKey(room.research, answered));
  }

  private static long states(Reply.RunState state) throws Exception {
    Reply.RunList list = room.research.ask(new Command.Runs());
    return list.runs().stream().filter(run -> run.state() == state).count();
  }

  @Test
  void termsThatChangeInTheMiddleOfARunKeepItsAnswerIn() throws Exception {
    String lending = lent("withdrawn", "/research/analysis/*");
    room.share(room.airline, lending, "email\na@example.org\nb@example.org\n");
    var question = room.adHoc("SELECT COUNT(DISTINCT email) FROM airline.withdrawn");
    var wire = room.research.connect();
    long failed = states(Reply.RunState.FAILED);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      java.util.concurrent.Future<CloisterException> run;
      try (var _ = TestRoom.standstill()) {
        run = threads.submit(() -> TestRoom.refusal(() -> room.research.ask(wire, question)));
        while (states(Reply.RunState.RUNNING) == 0) {
          assertThat(run.isDone()).isFalse();
        }
        apply(room.airline, lending.replace("recipients: [research]", "recipients: []"));
      }
      assertThat(run.get().code()).isEqualTo(ErrorCode.RUN_DENIED);
    }
    assertThat(states(Reply.RunState.FAILED)).isEqualTo(failed + 1);
    refused(ErrorCode.RUN_DENIED, question);
  }
}
