package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.protocol.Command;
import cloister.protocol.ErrorCode;
import cloister.protocol.Limits;
import cloister.protocol.Reply;
import cloister.protocol.SignedDocument;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the enclave admits of documents and amendments, whatever a client says.
final class TermsTest {
  private static final String ANOTHER = "sha384:" + "ab".repeat(48);

  @TempDir private Path folder;

  private static void amend(TestRoom room, String yaml) throws Exception {
    var amendment = room.airline.signed(yaml);
    room.airline.ask(new Command.Propose(amendment));
    for (var participant : List.of(room.media, room.research)) {
      var signature = participant.key.sign(SignedDocument.message(amendment.digest()));
      participant.ask(new Command.Sign(amendment.digest(), signature));
    }
  }

  private static Reply.Status status(TestParticipant participant) throws Exception {
    return participant.ask(new Command.Status());
  }

  @Test
  void anEnclaveThatTheVersionInForceDoesNotNameRunsNothingAndTakesNoData() throws Exception {
    try (var room = TestRoom.ready(folder)) {
      var before = room.overlap();
      String measured = TestParticipant.MEASUREMENT.toString();
      amend(room, room.collaborationYaml(2).replace(measured, ANOTHER));
      var upload =
          room.media.sealUpload(
              TestRoom.dataset(room.media, TestRoom.VIEWERS),
              TestRoom.schema(room.media, TestRoom.VIEWERS),
              room.csv("more", "email,age_band\na@example.org,50+\n"),
              room.work("more"));
      for (var refusal :
          List.of(
              TestRoom.refusal(room::overlap),
              TestRoom.refusal(() -> room.media.open(upload, 0)))) {
        assertThat(refusal.code()).isEqualTo(ErrorCode.EVIDENCE_REFUSED);
        assertThat(refusal).hasMessageContaining("version 2").hasMessageContaining(measured);
      }
      Reply.Ran again = room.research.ask(new Command.Result(before.run()));
      assertThat(again.answer()).isEqualTo(before.answer());
      amend(
          room,
          room.collaborationYaml(3)
              .replace("[\"" + measured, "[\"" + ANOTHER + "\", \"" + measured));
      assertThat(room.overlap().repeated()).isTrue();
      room.media.open(upload, 0);
    }
  }

  @Test
  void documentsThatNameStrangersAreNotAdmitted() throws Exception {
    try (var room = TestRoom.active(folder, InstantSource.system())) {
      var mistakes =
          List.of(
              TestRoom.CUSTOMERS.replace("analysts: [research]", "analysts: [reserch]"),
              TestRoom.CUSTOMERS.replace("recipients: [research, media]", "recipients: [reserch]"),
              TestRoom.CUSTOMERS.replace("/research/analysis/*", "/reserch/analysis/*"),
              TestRoom.CUSTOMERS.replace("/research/analysis/*", "/reserch/analysis/one"),
              TestRoom.OVERLAP.replace("recipients: [research, media]", "recipients: [reserch]"));
      for (String yaml : mistakes) {
        var documents = List.of(room.airline.signed(yaml));
        var refusal = TestRoom.refusal(() -> room.airline.ask(new Command.Apply(documents)));
        assertThat(refusal.code()).as(yaml).isEqualTo(ErrorCode.DOCUMENT_INVALID);
        assertThat(refusal)
            .hasMessageContaining("reserch, is no participant of airline-media")
            .hasMessageContaining("did you mean \"research\"?");
      }
      assertThat(status(room.airline).documents()).isEmpty();
      room.apply();
    }
  }

  private static String small(int number, int recipients) {
    return """
    analysis: a%d
    sql: SELECT COUNT(*) FROM airline.customers
    purpose: ResearchAndDevelopment
    recipients: [%s]
    """
        .formatted(number, recipients == 1 ? "research" : "research, media");
  }

  private static String large(int number, int values) {
    String domain =
        IntStream.range(0, values)
            .mapToObj("a-value-of-no-meaning-%06d"::formatted)
            .collect(Collectors.joining(", "));
    return """
    dataset: d%d
    unit: email
    columns:
      email: {type: string, use: [join]}
      kind: {type: string, use: [group], domain: [%s]}
    terms: []
    """
        .formatted(number, domain);
  }

  private static void apply(TestParticipant participant, List<String> documents) throws Exception {
    for (int from = 0; from < documents.size(); from += 200) {
      participant.ask(
          new Command.Apply(
              documents.subList(from, Math.min(documents.size(), from + 200)).stream()
                  .map(participant::signed)
                  .toList()));
    }
  }

  @Test
  void nobodyFillsMoreThanAShareAndEverybodyReadsTheStatus() throws Exception {
    try (var room = TestRoom.active(folder, InstantSource.system())) {
      int most = Limits.DOCUMENTS_OF_ALL / room.all().size();
      for (var participant : room.all()) {
        var documents = new ArrayList<String>();
        documents.add(large(1, 7000));
        documents.add(large(2, 7000));
        for (int i = documents.size(); i < most; i++) {
          documents.add(small(i, 1));
        }
        apply(participant, documents);
        var oneMore = List.of(participant.signed(small(most, 1)));
        var larger =
            List.of(participant.signed(large(1, 8000)), participant.signed(large(2, 8000)));
        for (var refused : List.of(oneMore, larger)) {
          var refusal = TestRoom.refusal(() -> participant.ask(new Command.Apply(refused)));
          assertThat(refusal.code()).isEqualTo(ErrorCode.TOO_LARGE);
          assertThat(refusal).hasMessageContaining(participant.name + " would have ");
        }
        // In the place of another it counts alone.
        apply(participant, List.of(small(2, 2), large(1, 6999)));
      }
      for (var participant : room.all()) {
        assertThat(status(participant).documents()).hasSize(3 * most);
      }
      room.restart();
      assertThat(status(room.media).documents()).hasSize(3 * most);
      // A fourth participant makes the shares smaller than what is there.
      String fourth = "participants:\n  bank: {key: \"sha256:" + "1".repeat(64) + "\"}\n";
      var amendment =
          room.airline.signed(room.collaborationYaml(2).replace("participants:\n", fourth));
      assertThat(TestRoom.refusal(() -> room.airline.ask(new Command.Propose(amendment))).code())
          .isEqualTo(ErrorCode.TOO_LARGE);
    }
  }
}
