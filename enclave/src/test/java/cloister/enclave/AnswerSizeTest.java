package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Collateral;
import cloister.attestation.Requirements;
import cloister.attestation.SimulatedEvidence;
import cloister.attestation.Trust;
import cloister.protocol.Command;
import cloister.protocol.ErrorCode;
import cloister.protocol.ReceiptVerification;
import cloister.protocol.Reply;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What an answer and its receipt have room for is known before anything is charged.
final class AnswerSizeTest {
  @TempDir static Path folder;
  private static TestRoom room;

  @BeforeAll
  static void start() throws Exception {
    room = TestRoom.active(folder, InstantSource.system());
  }

  @AfterAll
  static void stop() {
    room.close();
  }

  private static void share(String name, int width, String terms) throws Exception {
    String domain =
        IntStream.range(0, width)
            .mapToObj(i -> "value" + i)
            .collect(Collectors.joining(", ", "[", "]"));
    room.share(
        room.airline,
        """
        dataset: %1$s
        unit: email
        columns:
          email: {type: string, semantic: email, use: [join]}
          a: {type: string, required: true, use: [group], domain: %2$s}
          b: {type: string, required: true, use: [group], domain: %2$s}
          s: {type: "decimal(10,2)", use: [sum, avg], bounds: [0, 10]}
        terms:
        %3$s\
        """
            .formatted(name, domain, terms),
        "email,a,b,s\nx@example.org,value1,value1,1\ny@example.org,value2,value2,1\n");
  }

  private static String rule(String name) {
    return """
      - rule: %s
        analysts: [research]
        analyses: [any-sql]
        purposes: [ResearchAndDevelopment]
        recipients: [research, media]
        obligations: {minimum-units: 1, differential-privacy: {epsilon: 1}, budget: {epsilon: 100}}
    """
        .formatted(name);
  }

  private static Command.Run ask(String sql, String recipients) {
    var document =
        room.research.document(
            """
            analysis: ad-hoc
            sql: "%s"
            purpose: ResearchAndDevelopment
            recipients: %s
            """
                .formatted(sql, recipients));
    return new Command.Run(
        new Command.RunRequest(
            new Command.Subject.AdHoc(document.canonical()), Optional.empty(), Optional.empty()));
  }

  @Test
  void asManyGroupsAsAreAllowedFit() throws Exception {
    share("wide", 100, rule("any"));
    Reply.Ran ran =
        room.research.ask(
            ask(
                "SELECT a, b, COUNT(DISTINCT email) AS n FROM airline.wide GROUP BY a, b",
                "[research, media]"));
    assertThat(room.research.open(ran).rows()).hasSize(10_000);
    assertThat(room.research.open(room.research.ask(new Command.Result(ran.run()))).rows())
        .hasSize(10_000);
    room.restart();
    assertThat(room.research.open(room.research.ask(new Command.Result(ran.run()))).rows())
        .hasSize(10_000);
  }

  @Test
  void whatCannotFitIsRefusedAndNotCharged() throws Exception {
    share("wider", 101, rule("any"));
    refusedFree("wider", "SELECT a, b, COUNT(DISTINCT email) AS n", "[research]");
    share("many", 90, rule("any"));
    refusedFree(
        "many", "SELECT a, b, COUNT(*) AS n, SUM(s) AS s, AVG(s) AS m", "[research, media]");
    // One number, and its key again and again.
    refusedFree(
        "many",
        "SELECT "
            + IntStream.range(0, 12).mapToObj(i -> "a AS a" + i).collect(Collectors.joining(", "))
            + ", COUNT(DISTINCT email) AS n",
        "[research]");
  }

  private static void refusedFree(String dataset, String select, String recipients)
      throws Exception {
    String sql = select + " FROM airline." + dataset + " GROUP BY a, b";
    assertThat(TestRoom.refusal(() -> room.research.ask(ask(sql, recipients))).code())
        .isEqualTo(ErrorCode.TOO_LARGE);
    assertThat(room.spent(dataset)).isZero();
  }

  @Test
  void whatNoReceiptCanNameIsRefusedAndNotCharged() throws Exception {
    String sql = "SELECT COUNT(DISTINCT email) AS n FROM airline.";
    for (int rules : List.of(10, 80)) {
      String name = "rules" + rules;
      share(
          name,
          3,
          IntStream.range(0, rules)
              .mapToObj(i -> rule("r%02d%s".formatted(i, "y".repeat(55))))
              .collect(Collectors.joining()));
      if (rules == 10) {
        Reply.Ran ran = room.research.ask(ask(sql + name, "[research]"));
        assertThat(
                ReceiptVerification.ofAnyCollaboration(
                        new Trust(
                            Requirements.simulated(Set.of(TestParticipant.MEASUREMENT)),
                            List.of(),
                            SimulatedEvidence.ACCEPT),
                        Collateral.none())
                    .verify(ran.receipt().toArray(), Instant.now())
                    .receipt()
                    .run())
            .isEqualTo(ran.run());
      } else {
        assertThat(TestRoom.refusal(() -> room.research.ask(ask(sql + name, "[research]"))).code())
            .isEqualTo(ErrorCode.TOO_LARGE);
        assertThat(room.spent(name)).isZero();
      }
    }
  }
}
