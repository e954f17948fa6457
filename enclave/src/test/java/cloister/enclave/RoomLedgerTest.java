package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Evidence;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.crypto.Secret;
import cloister.crypto.SigningKey;
import cloister.protocol.DsseEnvelope;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.room.Address;
import cloister.room.Collaboration;
import cloister.room.Name;
import cloister.room.Purpose;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is recorded can be read again: an event that cannot would take its room with it.
final class RoomLedgerTest {
  private static final Instant AT = Instant.parse("2026-11-28T09:00:00Z");
  private static final Event SUSPENDED = new Event.Suspended(new Name("airline"));

  @TempDir Path folder;

  private RoomLedger open() {
    return new RoomLedger(LedgerFile.open(folder.resolve("ledger")), Secret.of(new byte[32]));
  }

  private List<Event> recorded() {
    var events = new ArrayList<Event>();
    try (var ledger = open()) {
      ledger.replay(entry -> events.add(entry.event()));
    }
    return events;
  }

  private static Event.Reserved reserved(int recipients) {
    return new Event.Reserved(
        "run",
        Bytes.utf8("request"),
        new Name("research"),
        Address.parse("/research/analysis/count"),
        Digest.ofUtf8("document"),
        Purpose.byTerm("ResearchAndDevelopment").orElseThrow(),
        IntStream.range(0, recipients)
            .mapToObj(number -> new Name("p" + number))
            .collect(Collectors.toSet()),
        Digest.ofUtf8("question"),
        "run",
        Set.of(),
        Map.of());
  }

  private static Event.Released released(int statementBytes, int answerBytes) {
    return new Event.Released(
        "run",
        Json.object().build(),
        DsseEnvelope.sign(Bytes.of(new byte[statementBytes]), SigningKey.generate()),
        Bytes.of(new byte[answerBytes]),
        Map.of(),
        List.of(new Evidence(Tee.SIMULATED, Bytes.utf8("report"))),
        Bytes.of(new byte[0]));
  }

  @Test
  void anEventThatCannotBeReadBackIsRefusedBeforeItIsWritten() {
    var most = reserved(Collaboration.MOST_PARTICIPANTS);
    var answered = released(500 << 10, 12 << 20);
    try (var ledger = open()) {
      ledger.append(AT, SUSPENDED);
      refused(
          ledger,
          reserved(Collaboration.MOST_PARTICIPANTS + 1),
          "event.recipients has more than 1000 elements");
      refused(ledger, released(600 << 10, 1), "envelope.payload is longer than");
      refused(ledger, released(1, 16 << 20), "larger than 20971520 bytes");
      ledger.append(AT, most);
      ledger.append(AT, answered);
    }
    assertThat(recorded()).containsExactly(SUSPENDED, most, answered);
  }

  private static void refused(RoomLedger ledger, Event event, String why) {
    long size = ledger.log().head().size();
    var refusal = TestRoom.refusal(() -> ledger.append(AT, event));
    assertThat(refusal.code()).isEqualTo(ErrorCode.TOO_LARGE);
    assertThat(refusal).hasMessageStartingWith("the ledger cannot keep this: ");
    assertThat(refusal).hasMessageContaining(why);
    assertThat(ledger.log().head().size()).isEqualTo(size);
    assertThat(ledger.log().hasStopped()).isFalse();
  }
}
