package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Collateral;
import cloister.attestation.Requirements;
import cloister.attestation.SimulatedEvidence;
import cloister.attestation.Trust;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.protocol.AnswerTable;
import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.ErrorCode;
import cloister.protocol.Receipt;
import cloister.protocol.ReceiptVerification;
import cloister.protocol.Reply;
import cloister.simulated.InsecureSimulatedPlatform;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The main job over HTTP, against a real server.
final class MainLineTest {
  @TempDir static Path folder;
  private static TestRoom room;

  @BeforeAll
  static void start() throws Exception {
    room = TestRoom.ready(folder);
  }

  @AfterAll
  static void stop() {
    room.close();
  }

  @Test
  void theAnswerIsNearTheTruthAndSealedToEachRecipient() throws Exception {
    Reply.Ran ran = room.overlap();
    var answer = room.byKey(room.research, ran);
    // 500 people per band in the overlap, each once however often and however written. The null
    // band has none.
    assertThat(answer.keySet()).contains("18-24", "25-34", "35-49", "50+");
    for (String band : Set.of("18-24", "25-34", "35-49", "50+")) {
      assertThat(Integer.parseInt(answer.get(band))).isBetween(460, 540);
    }
    Reply.Ran forMedia = room.media.ask(new Command.Result(ran.run()));
    assertThat(room.byKey(room.media, forMedia)).isEqualTo(answer);
    Reply.Ran forAirline = room.airline.ask(new Command.Result(ran.run()));
    assertThat(forAirline.answer()).as("airline is no recipient").isEmpty();
    assertThatThrownBy(() -> room.airline.open(ran)).isInstanceOf(CryptoException.class);
  }

  /// Whoever holds a receipt could otherwise try answers until one has the digest that it names.
  @Test
  void theSameAnswerHasAnotherDigestForEachQuestion() throws Exception {
    var tables = new ArrayList<AnswerTable>();
    var digests = new HashSet<Digest>();
    for (String name : List.of("twin", "other-twin")) {
      room.share(room.airline, CLUB.replace("NAME", name), "email\n" + "a@example.org\n".repeat(3));
      Reply.Ran ran =
          room.research.ask(
              room.adHoc("SELECT COUNT(DISTINCT email) AS n FROM airline.\"" + name + "\""));
      var table = room.research.open(ran);
      tables.add(table);
      digests.add(receipt(ran).output());
      assertThat(receipt(ran).output()).isEqualTo(Digest.of(table.encode()));
      assertThat(TestRoom.contains(ran.receipt().toArray(), table.salt().hex())).isFalse();
      assertThat(TestRoom.contains(ran.receipt().toArray(), table.salt().base64())).isFalse();
    }
    assertThat(tables.getFirst().rows()).isEqualTo(tables.getLast().rows());
    assertThat(digests).hasSize(2);
  }

  private static final String CLUB =
      """
      dataset: NAME
      unit: email
      columns: {email: {type: string, semantic: email, use: [join]}}
      terms:
        - rule: counting
          analysts: [research]
          analyses: [any-sql]
          purposes: [ResearchAndDevelopment]
          recipients: [research]
          obligations: {minimum-units: 1}
      """;

  private static Receipt receipt(Reply.Ran ran) throws Exception {
    var requirements = Requirements.simulated(Set.of(InsecureSimulatedPlatform.measureClassPath()));
    return ReceiptVerification.ofAnyCollaboration(
            new Trust(requirements, List.of(), SimulatedEvidence.ACCEPT), Collateral.none())
        .verify(ran.receipt().toArray(), Instant.now())
        .receipt();
  }

  @Test
  void theReceiptVerifiesOffline() throws Exception {
    Reply.Ran ran = room.overlap();
    assertThat(receipt(ran).run()).isEqualTo(ran.run());
    assertThat(receipt(ran).enclave().simulated()).isTrue();
  }

  @Test
  void theSameQuestionIsAnsweredAgainForNothing() throws Exception {
    Reply.Ran first = room.overlap();
    Reply.Budgets before = room.airline.ask(new Command.Budget());
    Reply.Ran again = room.overlap();
    Reply.Budgets after = room.airline.ask(new Command.Budget());
    assertThat(again.repeated()).isTrue();
    assertThat(room.byKey(room.research, again)).isEqualTo(room.byKey(room.research, first));
    assertThat(after).isEqualTo(before);
  }

  @Test
  void whatNoRulePermitsIsRefusedWithTheRuleAndAWayOut() {
    var request =
        new Command.RunRequest(
            new Command.Subject.Named(cloister.room.Address.parse("/research/analysis/overlap")),
            java.util.Optional.empty(),
            java.util.Optional.of(Set.of(room.airline.name)));
    assertThatThrownBy(() -> room.research.ask(new Command.Run(request)))
        .isInstanceOfSatisfying(
            CloisterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.RUN_DENIED))
        .hasMessageContaining("/airline/dataset/customers")
        .hasMessageContaining("measurement")
        .hasMessageContaining("this would pass:\ncloister run ");
  }
}
