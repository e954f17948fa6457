package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Collateral;
import cloister.attestation.Requirements;
import cloister.attestation.SimulatedEvidence;
import cloister.attestation.Trust;
import cloister.protocol.Command;
import cloister.protocol.Receipt;
import cloister.protocol.ReceiptVerification;
import cloister.protocol.Reply;
import cloister.protocol.SignedDocument;
import cloister.room.Name;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A collaboration of many works like one of three.
final class ManyParticipantsTest {
  private static final int OTHERS = 67;

  @TempDir Path folder;

  @Test
  void seventyParticipantsSignAndMostOfThemReceiveAnAnswerThatARestartKeeps() throws Exception {
    try (var room = TestRoom.empty(folder)) {
      var others = new ArrayList<TestParticipant>();
      for (int number = 0; number < OTHERS; number++) {
        others.add(new TestParticipant("p" + number, room.uri()));
      }
      var everybody = new ArrayList<>(room.all());
      everybody.addAll(others);
      sign(room, others, everybody);
      for (var participant : everybody) {
        participant.enrol();
      }
      Reply.Status status = room.airline.ask(new Command.Status());
      assertThat(status.active()).isPresent();
      assertThat(status.enrolled()).hasSize(everybody.size());

      room.share(room.airline, members(names(others)), "email\none@example.org\ntwo@example.org\n");
      room.research.ask(new Command.Apply(List.of(room.research.signed(count(names(others))))));
      Reply.Ran ran = room.research.ask(TestRoom.run("/research/analysis/count"));
      assertThat(receipt(ran).recipients()).hasSize(OTHERS);
      // The same by recipients that the command names.
      Reply.Ran named = room.research.ask(run(others));
      assertThat(receipt(named).recipients()).hasSize(OTHERS);

      room.restart();
      for (var recipient : List.of(others.getFirst(), others.getLast())) {
        recipient.reconnect(room.uri());
        Reply.Ran kept = recipient.ask(new Command.Result(ran.run()));
        assertThat(receipt(kept)).isEqualTo(receipt(ran));
        assertThat(recipient.open(kept).rows().getFirst().getFirst().value()).hasValue("2");
      }
    }
  }

  private static void sign(
      TestRoom room, List<TestParticipant> others, List<TestParticipant> everybody)
      throws Exception {
    String lines =
        others.stream()
            .map(participant ->
                "  %s: {key: \"%s\"}\n"
                    .formatted(participant.name, participant.key.verifyingKey().thumbprint()))
            .collect(Collectors.joining());
    var proposal =
        room.airline.signed(room.collaborationYaml(1).replace("purposes:", lines + "purposes:"));
    everybody.forEach(participant -> participant.collaboration = proposal.digest());
    Reply.Status status = room.airline.ask(new Command.Propose(proposal));
    for (var participant : everybody.subList(1, everybody.size())) {
      assertThat(status.active()).isEmpty();
      var signature = participant.key.sign(SignedDocument.message(proposal.digest()));
      status = participant.ask(new Command.Sign(proposal.digest(), signature));
    }
    assertThat(status.active()).isPresent();
  }

  private static Command.Run run(List<TestParticipant> recipients) {
    var analysis = TestRoom.run("/research/analysis/count").request();
    Set<Name> names =
        recipients.stream().map(recipient -> recipient.name).collect(Collectors.toSet());
    return new Command.Run(
        new Command.RunRequest(analysis.subject(), analysis.purpose(), Optional.of(names)));
  }

  private static String names(List<TestParticipant> participants) {
    return participants.stream()
        .map(participant -> participant.name.toString())
        .collect(Collectors.joining(", "));
  }

  private static Receipt receipt(Reply.Ran ran) throws Exception {
    var requirements = Requirements.simulated(Set.of(TestParticipant.MEASUREMENT));
    return ReceiptVerification.ofAnyCollaboration(
            new Trust(requirements, List.of(), SimulatedEvidence.ACCEPT), Collateral.none())
        .verify(ran.receipt().toArray(), Instant.now())
        .receipt();
  }

  private static String members(String recipients) {
    return """
    dataset: members
    unit: email
    columns: {email: {type: string, semantic: email, use: [join]}}
    terms:
      - rule: counting
        analysts: [research]
        analyses: [/research/analysis/*]
        purposes: [ResearchAndDevelopment]
        recipients: [%s]
        obligations: {minimum-units: 1}
    """
        .formatted(recipients);
  }

  private static String count(String recipients) {
    return """
    analysis: count
    sql: "SELECT COUNT(DISTINCT email) AS n FROM airline.members"
    purpose: ResearchAndDevelopment
    recipients: [%s]
    """
        .formatted(recipients);
  }
}
