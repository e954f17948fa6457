package cloister.cli;

import static cloister.cli.Trio.AIRLINE;
import static cloister.cli.Trio.MEDIA;
import static cloister.cli.Trio.PEOPLE;
import static cloister.cli.Trio.RESEARCH;
import static cloister.cli.Trio.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloister.attestation.Measurement;
import cloister.attestation.SimulatedEvidence;
import cloister.client.Finished;
import cloister.client.Home;
import cloister.client.Participant;
import cloister.client.Receipts;
import cloister.crypto.Bytes;
import cloister.crypto.OpeningKey;
import cloister.crypto.SigningKey;
import cloister.enclave.EnclaveServer;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Handshake;
import cloister.simulated.InsecureSimulatedTee;
import cloister.testkit.Relay;
import cloister.testkit.Relay.Response;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Exchanger;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whoever carries a client's messages may replay, swap, cut, change and drop what comes back, and
/// lead it elsewhere: the client asks again what it may, believes nothing else, and pays once.
final class HostileRelayTest {
  @TempDir static Path folder;
  private static EnclaveServer server;
  private static Trio trio;
  private static int questions;

  private Participant research;
  private BigDecimal spentBefore = BigDecimal.ZERO;

  @BeforeAll
  static void start() throws Exception {
    server = Trio.serve(folder.resolve("state"));
    trio = Trio.at(folder, Trio.uri(server));
    trio.ready(100);
    // Everybody is enrolled from here on.
    for (var name : Trio.names()) {
      try (var participant = trio.enter(name)) {
        participant.budget();
      }
    }
  }

  @AfterAll
  static void stop() {
    trio.close();
    server.close();
  }

  @BeforeEach
  void enter() throws Exception {
    spentBefore = trio.spent();
    research = trio.enter(RESEARCH);
  }

  @AfterEach
  void theSameParticipantGoesOnWithNothingFalseInItsHome() throws Exception {
    trio.relay.leadTo(Trio.uri(server));
    trio.relay.carryHonestly();
    assertThat(research.checkLedger().size()).isPositive();
    research.close();
    for (var name : Trio.names()) {
      assertThat(trio.memory(name)).contains("\"enclave\":\"" + trio.relay.uri() + "\"");
      assertThat(trio.accusation(name)).doesNotExist();
    }
  }

  private void charged(int answers) throws Exception {
    assertThat(trio.spent()).isEqualByComparingTo(spentBefore.add(BigDecimal.valueOf(answers)));
  }

  private static Finished ask(Participant asker, int age) throws Exception {
    return asker.run(trio.question(asker.name(), PEOPLE, age));
  }

  /// For one message of a session; then it is honest.
  private static void once(Relay.Attack attack) {
    var messages = new AtomicInteger();
    trio.relay.attack((request, onward) ->
        request.isMessage() && messages.getAndIncrement() == 0
            ? attack.carry(request, onward)
            : onward.send(request));
  }

  private static void always(Relay.Attack attack) {
    trio.relay.attack((request, onward) ->
        request.isMessage() ? attack.carry(request, onward) : onward.send(request));
  }

  /// Holds offline, and is the answer to that question.
  private void sound(Finished finished) {
    assertThat(Trio.numbers(finished)).containsKeys("Z0", "Z1", "Z2", "Z3");
    var checked =
        Receipts.verify(
            finished.receiptFile(),
            trio.home(RESEARCH),
            Optional.empty(),
            SimulatedEvidence.ACCEPT);
    assertThat(checked.receipt().run()).isEqualTo(finished.run());
  }

  // What comes back.

  @Test
  void aLostReplyToARunIsAskedForAgainAndPaidOnce() throws Exception {
    int age = ++questions;
    int runs = research.runs().size();
    once((request, onward) -> {
      onward.send(request);
      return Response.LOST;
    });
    Finished finished = ask(research, age);
    sound(finished);
    assertThat(finished.repeated()).as("executed once, answered twice").isFalse();
    assertThat(research.runs()).hasSize(runs + 1);
    charged(1);
    assertThat(Trio.numbers(ask(research, age))).isEqualTo(Trio.numbers(finished));
    charged(1);
  }

  @Test
  void aRunWhoseRepliesAreAllLostIsAnsweredInAnotherSessionAndPaidOnce() throws Exception {
    int age = ++questions;
    var handshakes = new AtomicInteger();
    trio.relay.attack((request, onward) -> {
      if (request.isHandshake()) {
        handshakes.incrementAndGet();
      }
      var response = onward.send(request);
      return request.isMessage() && handshakes.get() == 0 ? Response.LOST : response;
    });
    Finished finished = ask(research, age);
    assertThat(handshakes).hasValue(1);
    sound(finished);
    assertThat(finished.repeated()).as("the first had paid").isTrue();
    charged(1);
  }

  @Test
  void aRunWhoseReplyNeverComesFailsAndIsFreeWhenAskedAgain() throws Exception {
    int age = ++questions;
    always((request, onward) -> {
      onward.send(request);
      return Response.LOST;
    });
    refused(ErrorCode.SERVER_UNREACHABLE, () -> ask(research, age));
    trio.relay.carryHonestly();
    Finished finished = ask(research, age);
    sound(finished);
    assertThat(finished.repeated()).isTrue();
    charged(1);
  }

  @Test
  void aRequestThatNeverArrivesCostsNothing() throws Exception {
    int age = ++questions;
    always((_, _) -> Response.LOST);
    refused(ErrorCode.SERVER_UNREACHABLE, () -> ask(research, age));
    trio.relay.carryHonestly();
    charged(0);
  }

  @Test
  void aReplyThatIsCutOrChangedOnceIsAskedForAgain() throws Exception {
    for (UnaryOperator<Response> attack :
        List.<UnaryOperator<Response>>of(
            response -> response.endingAfter(response.body().size() / 2),
            response -> response.endingAfter(0),
            response -> response.with(response.body().first(response.body().size() - 1)),
            response -> response.with(response.body().first(0)),
            response -> response.with(response.body().flipped(0)),
            response -> response.with(response.body().flipped(8)),
            response -> response.with(response.body().flipped(response.body().size() - 1)),
            _ -> new Response(200, Relay.Body.utf8("{\"ok\":{\"name\":\"done\"}}")),
            _ -> new Response(500, Relay.Body.utf8("<html>")),
            _ -> new Response(403, error("budget-exhausted")))) {
      once((request, onward) -> attack.apply(onward.send(request)));
      Finished finished = ask(research, 1000);
      sound(finished);
    }
    charged(1);
  }

  private static Relay.Body error(String code) {
    return Relay.Body.utf8("{\"error\":{\"code\":\"" + code + "\"}}");
  }

  @Test
  void aReplyThatIsAlwaysChangedIsNeverBelieved() throws Exception {
    String memory = trio.memory(RESEARCH);
    always((request, onward) -> {
      var response = onward.send(request);
      return response.with(response.body().flipped(response.body().size() / 2));
    });
    refused(ErrorCode.MESSAGE_UNSEALABLE, () -> research.budget());
    assertThat(trio.memory(RESEARCH)).isEqualTo(memory);
  }

  @Test
  void whatIsSaidInTheClearIsAHintAndNothingMore() throws Exception {
    always((_, _) -> new Response(403, error("ledger-behind")));
    var failure = catchThrowableOfType(CloisterException.class, () -> research.budget());
    assertThat(failure.code()).isEqualTo(ErrorCode.SERVER_UNREACHABLE);
    assertThat(failure).hasMessageContaining("nothing vouches for what it says in the clear");
  }

  @Test
  void aRecordedReplyIsNotBelievedInPlaceOfALaterOne() throws Exception {
    research.budget();
    var recorded = trio.relay.messages().getLast().response();
    always((request, onward) -> {
      onward.send(request);
      return recorded;
    });
    refused(ErrorCode.MESSAGE_UNSEALABLE, () -> research.budget());
  }

  @Test
  void repliesToTwoParticipantsThatAreSwappedAreAskedForAgain() throws Exception {
    var swap = new Exchanger<Response>();
    var messages = new AtomicInteger();
    trio.relay.attack((request, onward) -> {
      var response = onward.send(request);
      return request.isMessage() && messages.getAndIncrement() < 2
          ? swap.exchange(response)
          : response;
    });
    int age = ++questions;
    try (var media = trio.enter(MEDIA);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var medias = threads.submit(() -> media.runs());
      var researchs = threads.submit(() -> ask(research, age));
      sound(researchs.get());
      assertThat(medias.get()).extracting(line -> line.run()).doesNotContain(researchs.get().run());
    }
    charged(1);
  }

  @Test
  void aSuspensionWhoseReplyIsLostIsOne() throws Exception {
    try (var media = trio.enter(MEDIA)) {
      always((request, onward) -> {
        onward.send(request);
        return Response.LOST;
      });
      refused(ErrorCode.SERVER_UNREACHABLE, media::suspend);
      trio.relay.carryHonestly();
      assertThat(media.standing().suspendedBy()).containsExactly("media");
      // Lifting it is not tried again in another session.
      var handshakes = new AtomicInteger();
      trio.relay.attack((request, onward) -> {
        if (request.isHandshake()) {
          handshakes.incrementAndGet();
        }
        return request.isMessage() ? Response.LOST : onward.send(request);
      });
      refused(ErrorCode.SERVER_UNREACHABLE, media::resume);
      assertThat(handshakes).hasValue(0);
      trio.relay.carryHonestly();
      media.resume();
      assertThat(media.standing().suspendedBy()).isEmpty();
    }
  }

  // The handshake.

  private static Relay.Attack rewriting(UnaryOperator<Handshake.Welcome> rewrite) {
    return (request, onward) -> {
      var response = onward.send(request);
      return request.isHandshake()
          ? response.with(body(rewrite.apply(welcome(response)).encode()))
          : response;
    };
  }

  private static Handshake.Welcome welcome(Response response) {
    return Handshake.Welcome.decode(Bytes.of(response.body().toArray()));
  }

  private static Relay.Body body(Bytes bytes) {
    return Relay.Body.of(bytes.toArray());
  }

  /// Neither a new client nor one whose session has ended goes on with such an enclave.
  private static void refusedFromTheBeginning(ErrorCode code, Relay.Attack attack)
      throws Exception {
    String memory = trio.memory(MEDIA);
    trio.relay.attack(attack);
    refused(code, () -> trio.enter(MEDIA));
    trio.relay.carryHonestly();
    try (var media = trio.enter(MEDIA)) {
      trio.relay.attack(
          (request, onward) -> request.isMessage() ? Response.LOST : attack.carry(request, onward));
      refused(code, media::budget);
    }
    assertThat(trio.memory(MEDIA)).isEqualTo(memory);
  }

  private static Response otherWelcome() throws Exception {
    Bytes hello =
        Handshake.Hello.of(
                Bytes.of(new byte[Handshake.NONCE_BYTES]), SigningKey.generate().verifyingKey())
            .encode();
    return trio.relay.send(new Relay.Request("POST", "/v1/sessions", body(hello)));
  }

  @Test
  void anotherKeyIsRefused() throws Exception {
    Bytes own = OpeningKey.generate().sealingKey().encoded();
    refusedFromTheBeginning(
        ErrorCode.EVIDENCE_REFUSED,
        rewriting(said -> new Handshake.Welcome(said.session(), own, said.evidence())));
  }

  @Test
  void anotherSessionsEvidenceIsRefused() throws Exception {
    var other = welcome(otherWelcome());
    refusedFromTheBeginning(
        ErrorCode.EVIDENCE_REFUSED,
        rewriting(said -> new Handshake.Welcome(said.session(), said.key(), other.evidence())));
  }

  @Test
  void aRecordedHandshakeIsRefused() throws Exception {
    var recorded = otherWelcome();
    refusedFromTheBeginning(
        ErrorCode.EVIDENCE_REFUSED,
        (request, onward) -> request.isHandshake() ? recorded : onward.send(request));
  }

  @Test
  void anEnclaveOfAnotherProgramIsRefused() throws Exception {
    var other = new Measurement("sha384", Bytes.of(new byte[48]));
    Bytes session = Bytes.of(new byte[Handshake.SESSION_BYTES]);
    Bytes key = OpeningKey.generate().sealingKey().encoded();
    refusedFromTheBeginning(
        ErrorCode.EVIDENCE_REFUSED,
        (request, _) -> {
          var hello = Handshake.Hello.decode(Bytes.of(request.body().toArray()));
          var evidence =
              InsecureSimulatedTee.running(other)
                  .evidence(Handshake.binding(hello, session, key), Instant.now());
          return new Response(
              200, body(new Handshake.Welcome(session, key, List.of(evidence)).encode()));
        });
  }

  @Test
  void simulatedEvidenceIsRefusedUnlessAskedFor() throws Exception {
    refused(
        ErrorCode.EVIDENCE_SIMULATED,
        () ->
            Participant.enter(
                trio.home(MEDIA), Optional.empty(), Optional.empty(), SimulatedEvidence.REFUSE));
  }

  @Test
  void noFlippedBitInTheHandshakeIsOverlooked() throws Exception {
    String memory = trio.memory(MEDIA);
    int size = otherWelcome().body().size();
    for (int at = 0; at < size; at += size / 40) {
      int place = at;
      trio.relay.attack((request, onward) -> {
        var response = onward.send(request);
        return request.isHandshake() ? response.with(response.body().flipped(place)) : response;
      });
      var failure = catchThrowableOfType(CloisterException.class, () -> trio.enter(MEDIA).close());
      assertThat(failure).as("flipped at %s", place).isNotNull();
      assertThat(failure.code())
          .as("flipped at %s", place)
          .isIn(
              ErrorCode.EVIDENCE_REFUSED,
              ErrorCode.EVIDENCE_SIMULATED,
              ErrorCode.MESSAGE_MALFORMED,
              ErrorCode.VERSION_UNSUPPORTED);
    }
    assertThat(trio.memory(MEDIA)).isEqualTo(memory);
  }

  @Test
  void aHandshakeThatGetsLostIsTriedAgain() throws Exception {
    var handshakes = new AtomicInteger();
    trio.relay.attack((request, onward) -> {
      var response = onward.send(request);
      return switch (handshakes.getAndIncrement()) {
        case 0 -> Response.LOST;
        case 1 -> response.endingAfter(10);
        default -> response;
      };
    });
    try (var media = trio.enter(MEDIA)) {
      assertThat(media.runs()).isNotNull();
    }
  }

  // Elsewhere.

  @Test
  void aServerThatHasNothingOfTheLedgerIsToldFromAnHonestOneAndNotRemembered(@TempDir Path empty)
      throws Exception {
    try (var other = Trio.serve(empty.resolve("state"))) {
      String memory = trio.memory(RESEARCH);
      try (var moved = trio.enter(RESEARCH, Optional.of(Trio.uri(other)))) {
        refused(ErrorCode.LEDGER_BEHIND, moved::budget);
        refused(ErrorCode.LEDGER_BEHIND, moved::standing);
      }
      refused(
          ErrorCode.LEDGER_BEHIND,
          () ->
              Participant.join(
                      trio.home(RESEARCH),
                      trio.agreement(),
                      Optional.of(Trio.uri(other)),
                      SimulatedEvidence.ACCEPT)
                  .close());
      assertThat(trio.memory(RESEARCH)).isEqualTo(memory);
      // Also when the relay leads there in the middle of a session.
      trio.relay.leadTo(Trio.uri(other));
      refused(ErrorCode.LEDGER_BEHIND, research::budget);
    }
  }

  /// The same people sign the same document at another server, and its ledger gets longer than the
  /// one that research has seen.
  @Test
  void aLedgerThatBeganAnewUnderTheSameNameIsRefused(@TempDir Path elsewhere) throws Exception {
    Map<String, String> before = new TreeMap<>();
    for (var name : Trio.names()) {
      before.put(name.value(), trio.memory(name));
    }
    try (var other = Trio.serve(elsewhere.resolve("state"))) {
      var document = trio.agreement();
      Path homes = Trio.copy(trio.folder.resolve("homes"), elsewhere.resolve("homes"));
      for (var name : Trio.names()) {
        Home forgetful = Home.open(homes.resolve(name.value()));
        Files.delete(homes.resolve(name.value()).resolve("collaborations/trio.json"));
        Participant.join(
                forgetful, document, Optional.of(Trio.uri(other)), SimulatedEvidence.ACCEPT)
            .close();
      }
      Home airline = Home.open(homes.resolve(AIRLINE.value()));
      try (var busy =
          Participant.enter(
              airline, Optional.empty(), Optional.empty(), SimulatedEvidence.ACCEPT)) {
        while (busy.checkLedger().size() <= research.checkLedger().size()) {
          busy.suspend();
          busy.resume();
        }
      }
      String memory = trio.memory(RESEARCH);
      try (var moved = trio.enter(RESEARCH, Optional.of(Trio.uri(other)))) {
        refused(ErrorCode.LEDGER_FORKED, moved::standing);
        refused(ErrorCode.LEDGER_FORKED, moved::checkLedger);
        refused(ErrorCode.LEDGER_FORKED, moved::budget);
      }
      assertThat(trio.memory(RESEARCH)).isEqualTo(memory);
    }
    assertThat(trio.memory(AIRLINE)).isEqualTo(before.get("airline"));
  }

  @Test
  void aMistypedAddressIsForgotten() throws Exception {
    String memory = trio.memory(RESEARCH);
    var nowhere = java.net.URI.create("http://127.0.0.1:1");
    refused(ErrorCode.SERVER_UNREACHABLE, () -> trio.enter(RESEARCH, Optional.of(nowhere)));
    assertThat(trio.memory(RESEARCH)).isEqualTo(memory);
  }
}
