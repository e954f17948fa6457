package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Measurement;
import cloister.crypto.Bytes;
import cloister.crypto.OpeningKey;
import cloister.crypto.SigningKey;
import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.ErrorCode;
import cloister.protocol.Handshake;
import cloister.protocol.Reply;
import cloister.room.Address;
import cloister.simulated.InsecureSimulatedTee;
import cloister.testkit.Relay;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whoever carries the messages may record, replay, reorder, drop, cut and swap them: it learns
/// nothing, changes nothing that is believed, and makes the enclave do nothing twice.
final class RelayTest {
  /// The sequence, then the encapsulated key of a session's first message, then the ciphertext.
  private static final int SEQUENCE_BYTES = 8;

  @TempDir static Path folder;
  private static final TestClock CLOCK = new TestClock();
  private static TestRoom room;
  private static Relay relay;
  private static List<Relay.Carried> wholeRoom = List.of();

  @BeforeAll
  static void start() throws Exception {
    room = TestRoom.empty(folder, CLOCK);
    relay = new Relay(room.uri());
    for (var participant : room.all()) {
      participant.reconnect(relay.uri());
    }
    room.activate();
    room.enrol();
    room.apply();
    room.publish();
    room.byKey(room.research, room.overlap());
    wholeRoom = relay.carried();
  }

  @AfterAll
  static void stop() {
    relay.close();
    room.close();
  }

  @BeforeEach
  void freshSessionsByWayOfTheRelay() throws Exception {
    relay.carryHonestly();
    for (var participant : room.all()) {
      participant.reconnect(relay.uri());
    }
  }

  @AfterEach
  void nothingHasHappenedThatOnlyTheRelayWanted() throws Exception {
    freshSessionsByWayOfTheRelay();
    Reply.Status status = room.research.ask(new Command.Status());
    assertThat(status.suspendedBy()).isEmpty();
    assertThat(room.spent("customers")).isEqualByComparingTo("1");
  }

  private static Relay.Carried last() {
    return relay.messages().getLast();
  }

  private static Bytes bytes(Relay.Body body) {
    return Bytes.of(body.toArray());
  }

  private static Relay.Body body(Bytes bytes) {
    return Relay.Body.of(bytes.toArray());
  }

  /// A message in the participant's session.
  private static Relay.Request post(TestParticipant participant, Bytes message) {
    return new Relay.Request("POST", participant.wire.messages().getPath(), body(message));
  }

  private static int runs() throws Exception {
    Reply.RunList list = room.research.ask(new Command.Runs());
    return list.runs().size();
  }

  private static Bytes flipped(Bytes bytes, int at) {
    byte[] changed = bytes.toArray();
    changed[at] ^= 1;
    return Bytes.of(changed);
  }

  /// So many places spread over the bytes, and each region's first and last.
  private static Set<Integer> places(int size, int count) {
    var places = new TreeSet<Integer>();
    for (int i = 0; i < count; i++) {
      places.add((int) ((long) i * size / count));
    }
    places.addAll(List.of(0, SEQUENCE_BYTES - 1, SEQUENCE_BYTES, size - 17, size - 16, size - 1));
    return places;
  }

  // Listening.

  @Test
  void whatARelayRecordsOfAWholeCollaborationHoldsNoneOfIt() {
    var canaries =
        List.of(
            "person17@example.org",
            "PERSON1017@example.org",
            "example.org",
            "secret-17",
            "18-24",
            "SELECT",
            "customers",
            "ResearchAndDevelopment",
            "overlap",
            "airline",
            room.collaborationYaml(1).lines().findFirst().orElseThrow());
    assertThat(wholeRoom).hasSizeGreaterThan(15);
    for (var carried : wholeRoom) {
      for (String canary : canaries) {
        assertThat(TestRoom.contains(carried.request().body().toArray(), canary))
            .as("%s in a request to %s", canary, carried.request().path())
            .isFalse();
        assertThat(TestRoom.contains(carried.response().body().toArray(), canary))
            .as("%s in the response of %s", canary, carried.request().path())
            .isFalse();
        assertThat(carried.request().path()).doesNotContain(canary);
      }
    }
  }

  @Test
  void theSizeOfAReplyTellsAtMostItsKibibyte() {
    for (var carried : relay.messages()) {
      if (carried.response().status() == 200) {
        assertThat((carried.response().body().size() - SEQUENCE_BYTES - 16) % 1024).isZero();
      }
    }
  }

  // Dropping, replaying, reordering.

  @Test
  void aLostReplyIsAskedForAgainAndTheCommandRunsOnce() throws Exception {
    int before = runs();
    Bytes request = room.research.seal(TestRoom.run("/research/analysis/overlap"));
    var first = relay.send(post(room.research, request));
    var second = relay.send(post(room.research, request));
    assertThat(second).as("byte for byte").isEqualTo(first);
    assertThat(room.research.wire.channel().reply(bytes(second.body())).reply())
        .isInstanceOf(Reply.Ran.class);
    assertThat(runs()).isEqualTo(before + 1);
  }

  @Test
  void aRecordedRequestIsRefusedLaterInItsOwnSession() throws Exception {
    room.airline.ask(new Command.Suspend());
    var suspend = last().request();
    room.airline.ask(new Command.Resume());
    assertThat(relay.send(suspend).error()).contains(ErrorCode.REPLAY_REFUSED.label());
    Reply.Status status = room.airline.ask(new Command.Status());
    assertThat(status.suspendedBy()).isEmpty();
  }

  @Test
  void aRecordedRequestOpensInNoOtherSession() throws Exception {
    room.airline.ask(new Command.Suspend());
    var suspend = last().request();
    room.airline.ask(new Command.Resume());
    room.airline.reconnect(relay.uri());
    String fresh = room.airline.wire.messages().getPath();
    assertThat(relay.send(suspend.to(fresh)).error())
        .contains(ErrorCode.MESSAGE_UNSEALABLE.label());
    room.airline.ask(new Command.Budget());
    // Its number is not the next there, whatever number it had.
    assertThat(relay.send(suspend.to(fresh)).error()).contains(ErrorCode.REPLAY_REFUSED.label());
  }

  @Test
  void aRecordedRequestIsWorthNothingAfterItsSession() throws Exception {
    room.airline.ask(new Command.Suspend());
    var suspend = last().request();
    room.airline.ask(new Command.Resume());
    CLOCK.advance(Duration.ofMinutes(31));
    assertThat(relay.send(suspend).error()).contains(ErrorCode.SESSION_UNKNOWN.label());
    room.airline.reconnect(relay.uri());
  }

  @Test
  void aRequestHeldBackUntilItsTimeHasPassedIsRefused() throws Exception {
    room.airline.ask(new Command.Budget());
    Bytes suspend = room.airline.seal(new Command.Suspend());
    CLOCK.advance(Duration.ofMinutes(2));
    var late = relay.send(post(room.airline, suspend));
    var refusal =
        TestRoom.refusal(() -> room.airline.wire.channel().reply(bytes(late.body())).reply());
    assertThat(refusal.code()).isEqualTo(ErrorCode.SESSION_EXPIRED);
  }

  @Test
  void aRequestUnderAnotherNumberIsRefused() throws Exception {
    room.airline.ask(new Command.Budget());
    byte[] suspend = room.airline.seal(new Command.Suspend()).toArray();
    for (int number : List.of(0, 2, 3, 127)) {
      byte[] renumbered = suspend.clone();
      renumbered[SEQUENCE_BYTES - 1] = (byte) number;
      var answer =
          relay.send(
              new Relay.Request(
                  "POST", room.airline.wire.messages().getPath(), Relay.Body.of(renumbered)));
      assertThat(answer.error()).contains(ErrorCode.REPLAY_REFUSED.label());
    }
  }

  @Test
  void anEarlierReplyIsNotBelievedInPlaceOfALater() throws Exception {
    room.airline.ask(new Command.Budget());
    var earlier = last().response();
    relay.attack((request, onward) -> {
      onward.send(request);
      return earlier;
    });
    refusedByTheClient(() -> room.airline.ask(new Command.Budget()));
  }

  @Test
  void anEarlierReplyUnderALatersNumberIsNotBelieved() throws Exception {
    room.airline.ask(new Command.Budget());
    byte[] earlier = last().response().body().toArray();
    earlier[SEQUENCE_BYTES - 1]++;
    relay.attack((request, onward) -> onward.send(request).with(Relay.Body.of(earlier)));
    refusedByTheClient(() -> room.airline.ask(new Command.Budget()));
  }

  @Test
  void aReplyToOneParticipantIsNotBelievedByAnother() throws Exception {
    room.airline.ask(new Command.Budget());
    var airlines = last().response();
    relay.attack((request, onward) -> {
      onward.send(request);
      return airlines;
    });
    refusedByTheClient(() -> room.media.ask(new Command.Budget()));
  }

  private static void refusedByTheClient(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThat(TestRoom.refusal(call).code()).isEqualTo(ErrorCode.MESSAGE_UNSEALABLE);
  }

  // Cutting and flipping.

  @Test
  void noCutRequestIsServedAndTheWholeOneStillIs() throws Exception {
    int before = runs();
    room.research.reconnect(relay.uri());
    Bytes whole = room.research.seal(TestRoom.run("/research/analysis/overlap"));
    String path = room.research.wire.messages().getPath();
    for (int size : places(whole.size(), 24)) {
      var answer = relay.send(new Relay.Request("POST", path, body(whole.slice(0, size))));
      assertThat(answer.status()).isNotEqualTo(200);
      assertThat(answer.error()).as("cut to %s bytes", size).isPresent();
    }
    var answer = relay.send(new Relay.Request("POST", path, body(whole)));
    assertThat(room.research.wire.channel().reply(bytes(answer.body())).reply())
        .isInstanceOf(Reply.Ran.class);
    assertThat(runs()).isEqualTo(before + 1);
  }

  @Test
  void noRequestWithAFlippedBitIsServedAndTheWholeOneStillIs() throws Exception {
    int before = runs();
    room.research.reconnect(relay.uri());
    Bytes whole = room.research.seal(TestRoom.run("/research/analysis/overlap"));
    String path = room.research.wire.messages().getPath();
    for (int place : places(whole.size(), 64)) {
      var answer = relay.send(new Relay.Request("POST", path, body(flipped(whole, place))));
      assertThat(answer.error()).as("flipped at %s", place).isPresent();
    }
    var answer = relay.send(new Relay.Request("POST", path, body(whole)));
    assertThat(room.research.wire.channel().reply(bytes(answer.body())).reply())
        .isInstanceOf(Reply.Ran.class);
    assertThat(runs()).isEqualTo(before + 1);
  }

  @Test
  void noReplyThatWasCutOrFlippedIsBelievedAndTheWholeOneStillIs() throws Exception {
    Bytes request = room.airline.seal(new Command.Budget());
    var answer = relay.send(post(room.airline, request));
    Bytes whole = bytes(answer.body());
    var channel = room.airline.wire.channel();
    for (int place : places(whole.size(), 64)) {
      refusedByTheClient(() -> channel.reply(flipped(whole, place)));
      refusedByTheClient(() -> channel.reply(whole.slice(0, place)));
    }
    refusedByTheClient(() -> channel.reply(Bytes.concat(whole, Bytes.of(new byte[16]))));
    assertThat(channel.reply(whole).reply()).isInstanceOf(Reply.Budgets.class);
  }

  @Test
  void aFlippedBitInTheHandshakeLeavesNoUsableSession() throws Exception {
    var welcome = new AtomicReference<>(Bytes.of(new byte[0]));
    relay.attack((request, onward) -> {
      var response = onward.send(request);
      welcome.set(bytes(response.body()));
      return response;
    });
    room.media.reconnect(relay.uri());
    int size = welcome.get().size();
    for (int place : places(size, 48)) {
      relay.attack((request, onward) -> {
        var response = onward.send(request);
        return request.isMessage() ? response : response.with(response.body().flipped(place));
      });
      assertThatThrownBy(
              () -> {
                room.media.reconnect(relay.uri());
                room.media.ask(new Command.Budget());
              })
          .as("flipped at %s of %s", place, size)
          .isNotNull();
    }
    int helloSize =
        Handshake.Hello.of(Bytes.of(new byte[32]), SigningKey.generate().verifyingKey())
            .encode()
            .size();
    for (int place : places(helloSize, 12)) {
      relay.attack((request, onward) ->
          onward.send(request.isMessage() ? request : request.with(request.body().flipped(place))));
      assertThatThrownBy(
              () -> {
                room.media.reconnect(relay.uri());
                room.media.ask(new Command.Budget());
              })
          .as("hello flipped at %s", place)
          .isNotNull();
    }
  }

  // Swapping.

  private static Relay.Attack rewriting(
      java.util.function.UnaryOperator<Handshake.Welcome> rewrite) {
    return (request, onward) -> {
      var response = onward.send(request);
      return request.isMessage()
          ? response
          : response.with(
              body(rewrite.apply(Handshake.Welcome.decode(bytes(response.body()))).encode()));
    };
  }

  private static void refusedByEvidence() {
    assertThatThrownBy(() -> room.media.reconnect(relay.uri()))
        .isInstanceOf(SecurityException.class)
        .hasMessageContaining("not made for this nonce and these keys");
  }

  @Test
  void theRelaysOwnKeyIsRefusedByTheEvidence() {
    var own = OpeningKey.generate();
    relay.attack(
        rewriting(welcome ->
            new Handshake.Welcome(
                welcome.session(), own.sealingKey().encoded(), welcome.evidence())));
    refusedByEvidence();
  }

  @Test
  void anotherSessionsIdIsRefusedByTheEvidence() {
    Bytes other = Bytes.of(new byte[Handshake.SESSION_BYTES]);
    relay.attack(
        rewriting(welcome -> new Handshake.Welcome(other, welcome.key(), welcome.evidence())));
    refusedByEvidence();
  }

  @Test
  void anotherSessionsEvidenceIsRefused() throws Exception {
    var other = welcome(room.uri());
    relay.attack(
        rewriting(
            welcome -> new Handshake.Welcome(welcome.session(), welcome.key(), other.evidence())));
    refusedByEvidence();
  }

  @Test
  void anotherSessionsWelcomeIsRefused() throws Exception {
    var other = welcome(room.uri());
    relay.attack(rewriting(_ -> other));
    refusedByEvidence();
  }

  @Test
  void anOldWelcomeIsRefusedForANewNonce() throws Exception {
    room.media.reconnect(relay.uri());
    var old = relay.carried().getLast().response();
    relay.attack((_, _) -> old);
    refusedByEvidence();
  }

  @Test
  void anotherEnclavesEvidenceIsRefused(@TempDir Path elsewhere) throws Exception {
    try (var other = TestRoom.start(elsewhere, CLOCK)) {
      var theirs = welcome(TestRoom.uri(other));
      relay.attack(
          rewriting(welcome ->
              new Handshake.Welcome(welcome.session(), welcome.key(), theirs.evidence())));
      refusedByEvidence();
      // A message for one enclave's session is worth nothing to another enclave.
      relay.carryHonestly();
      Bytes suspend = room.airline.seal(new Command.Suspend());
      String path = room.airline.wire.messages().getPath();
      try (var crossing = new Relay(TestRoom.uri(other))) {
        assertThat(crossing.send(new Relay.Request("POST", path, body(suspend))).error())
            .contains(ErrorCode.SESSION_UNKNOWN.label());
        String session = "/v1/sessions/" + theirs.session().hex() + "/messages";
        assertThat(crossing.send(new Relay.Request("POST", session, body(suspend))).error())
            .contains(ErrorCode.MESSAGE_UNSEALABLE.label());
      }
    }
  }

  @Test
  void anEnclaveOfAnotherProgramIsRefused() {
    var other = new Measurement("sha384", Bytes.of(new byte[48]));
    var own = OpeningKey.generate();
    relay.attack((request, _) -> {
      var hello = Handshake.Hello.decode(bytes(request.body()));
      Bytes session = Bytes.of(new byte[Handshake.SESSION_BYTES]);
      Bytes key = own.sealingKey().encoded();
      var evidence =
          InsecureSimulatedTee.running(other)
              .evidence(Handshake.binding(hello, session, key), CLOCK.instant());
      return new Relay.Response(
          200, body(new Handshake.Welcome(session, key, List.of(evidence)).encode()));
    });
    assertThatThrownBy(() -> room.media.reconnect(relay.uri()))
        .isInstanceOf(SecurityException.class)
        .hasMessageContaining("the enclave measures");
  }

  private static Handshake.Welcome welcome(java.net.URI enclave) throws Exception {
    Bytes hello =
        Handshake.Hello.of(
                Bytes.of(new byte[Handshake.NONCE_BYTES]), SigningKey.generate().verifyingKey())
            .encode();
    return Handshake.Welcome.decode(
        TestParticipant.post(enclave.resolve("/v1/sessions"), hello).orElseThrow());
  }

  // Speaking.

  @Test
  void nothingThatIsSaidInTheClearIsBelieved() throws Exception {
    var lies =
        List.of(
            "{\"error\":{\"code\":\"collaboration-suspended\",\"message\":\"x\"}}",
            "{\"ok\":{\"kind\":\"done\"}}",
            "",
            "<html>");
    for (String lie : lies) {
      relay.attack((_, _) -> new Relay.Response(200, Relay.Body.utf8(lie)));
      Bytes request = room.airline.seal(new Command.Budget());
      var channel = room.airline.wire.channel();
      Bytes answer = TestParticipant.post(room.airline.wire.messages(), request).orElseThrow();
      refusedByTheClient(() -> channel.reply(answer));
      // The same request, once somebody carries it.
      relay.carryHonestly();
      Bytes truth = TestParticipant.post(room.airline.wire.messages(), request).orElseThrow();
      assertThat(channel.reply(truth).reply()).isInstanceOf(Reply.Budgets.class);
    }
  }

  @Test
  void aSessionThatTheRelayOpensItselfServesNobodyWithoutAParticipantsKey() throws Exception {
    var stranger = new TestParticipant("stranger", relay.uri(), CLOCK);
    stranger.collaboration = room.airline.collaboration;
    for (Command command :
        List.of(
            new Command.Status(),
            new Command.Budget(),
            new Command.Runs(),
            new Command.Suspend(),
            TestRoom.run("/research/analysis/overlap"))) {
      assertThat(TestRoom.refusal(() -> stranger.ask(command)).code())
          .isEqualTo(ErrorCode.NOT_A_PARTICIPANT);
    }
  }

  @Test
  void aSealedAnswerOpensForItsRecipientAloneAndOnlyAsThatRuns() throws Exception {
    var first = room.overlap();
    var second = room.overlap();
    assertThat(room.research.open(first)).isEqualTo(room.research.open(second));
    var swapped = new Reply.Ran(first.run(), second.answer(), first.receipt(), first.repeated());
    assertThatThrownBy(() -> room.research.open(swapped))
        .isInstanceOf(cloister.crypto.CryptoException.class);
    assertThatThrownBy(() -> room.media.open(first))
        .isInstanceOf(cloister.crypto.CryptoException.class);
  }

  @Test
  void aRequestSaysWhichCollaborationItIsFor() throws Exception {
    var elsewhere = new TestRoom(folder, room.server, CLOCK);
    elsewhere.activate();
    room.airline.collaboration = elsewhere.airline.collaboration;
    try {
      assertThat(TestRoom.refusal(() -> room.airline.ask(new Command.Budget())).code())
          .isEqualTo(ErrorCode.NOT_A_PARTICIPANT);
    } finally {
      room.airline.collaboration = room.media.collaboration;
    }
  }

  @Test
  void manySessionsThatNobodyUsesPushOutNoneThatIsUsed() throws Exception {
    room.airline.ask(new Command.Budget());
    List<String> opened = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      opened.add(welcome(room.uri()).session().hex());
    }
    Reply.Budgets budgets = room.airline.ask(new Command.Budget());
    assertThat(budgets.budgets()).isNotEmpty();
    var message =
        new Relay.Request(
            "POST", "/v1/sessions/" + opened.getFirst() + "/messages", Relay.Body.of(new byte[9]));
    assertThat(relay.send(message).error())
        .as("the oldest of them")
        .contains(ErrorCode.SESSION_UNKNOWN.label());
  }

  @Test
  void aPurposeThatTheRelayCannotChangeIsTheOneThatIsDecided() {
    var wrongRecipients =
        new Command.RunRequest(
            new Command.Subject.Named(Address.parse("/research/analysis/overlap")),
            Optional.empty(),
            Optional.of(Set.of(room.airline.name)));
    CloisterException refusal =
        TestRoom.refusal(() -> room.research.ask(new Command.Run(wrongRecipients)));
    assertThat(refusal.code()).isEqualTo(ErrorCode.RUN_DENIED);
    // What the enclave says of it comes sealed: the relay sees a reply like any other.
    assertThat(last().response().status()).isEqualTo(200);
    assertThat(TestRoom.contains(last().response().body().toArray(), "run-denied")).isFalse();
  }
}
