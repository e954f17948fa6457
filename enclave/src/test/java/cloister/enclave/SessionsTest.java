package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Measurement;
import cloister.crypto.Bytes;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.SigningKey;
import cloister.protocol.Answered;
import cloister.protocol.ClientChannel;
import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.EnclaveChannel;
import cloister.protocol.ErrorCode;
import cloister.protocol.Handshake;
import cloister.protocol.Limits;
import cloister.protocol.SignedRequest;
import cloister.simulated.InsecureSimulatedTee;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Whose sessions give way to whose, without a network in between.
final class SessionsTest {
  private static final int MOST_OPEN = 40;
  private static final Digest OURS = Digest.ofUtf8("a collaboration");
  private static final Digest THEIRS = Digest.ofUtf8("one that strangers founded");

  /// Rooms that know who takes part, and refuse everything with one code.
  private static final class Rooms implements Sessions.Handler {
    final Map<Digest, Set<Digest>> named = new HashMap<>();
    Runnable work = () -> {};
    ErrorCode code = ErrorCode.RUN_UNKNOWN;

    void name(Digest collaboration, SigningKey key) {
      named
          .computeIfAbsent(collaboration, _ -> new HashSet<>())
          .add(key.verifyingKey().thumbprint());
    }

    @Override
    public Answered handle(
        SignedRequest request, SignedRequest.Content content, EnclaveChannel channel) {
      work.run();
      return Sessions.refused(code, code.meaning());
    }

    @Override
    public boolean names(Digest collaboration, Digest thumbprint) {
      return named.getOrDefault(collaboration, Set.of()).contains(thumbprint);
    }
  }

  private final Rooms rooms = new Rooms();
  private final TestClock clock = new TestClock();
  private final Metrics metrics = new Metrics();
  private final Sessions sessions = sessions();

  private Sessions sessions() {
    var tee = InsecureSimulatedTee.running(new Measurement("sha384", Bytes.of(new byte[48])));
    return new Sessions(
        new Attester(new EdgeTest.OnlyEvidence(binding -> tee.evidence(binding, Instant.EPOCH))),
        clock,
        metrics,
        rooms,
        MOST_OPEN);
  }

  private ClientChannel open(SigningKey participant) throws CryptoException {
    var sessionKey = SigningKey.generate();
    Bytes hello =
        Handshake.Hello.of(Bytes.of(new byte[Handshake.NONCE_BYTES]), sessionKey.verifyingKey())
            .encode();
    return new ClientChannel(participant, sessionKey, hello, sessions.open(hello));
  }

  private final class Client {
    final ClientChannel channel;
    private final Digest collaboration;

    Client(SigningKey key, Digest collaboration) throws CryptoException {
      this.channel = open(key);
      this.collaboration = collaboration;
    }

    ErrorCode ask() {
      Bytes message =
          channel.request(
              collaboration,
              clock.instant().plusSeconds(60),
              Optional.empty(),
              new Command.Status());
      try {
        channel.reply(sessions.message(channel.session(), message)).reply();
      } catch (CloisterException e) {
        return e.code();
      }
      throw new AssertionError("everything is refused here");
    }
  }

  @Test
  void strangersWithKeysOfTheirOwnPushOutOnlyEachOther() throws Exception {
    var key = SigningKey.generate();
    rooms.name(OURS, key);
    var participant = new Client(key, OURS);
    assertThat(participant.ask()).isEqualTo(ErrorCode.RUN_UNKNOWN);
    var first = new Client(SigningKey.generate(), OURS);
    assertThat(first.ask()).isEqualTo(ErrorCode.RUN_UNKNOWN);
    for (int i = 0; i < Limits.SESSIONS_WAITING; i++) {
      new Client(SigningKey.generate(), i % 2 == 0 ? OURS : THEIRS).ask();
    }
    assertThat(first.ask()).isEqualTo(ErrorCode.SESSION_UNKNOWN);
    assertThat(participant.ask()).isEqualTo(ErrorCode.RUN_UNKNOWN);
    assertThat(sessions.standing(participant.channel.session())).isEqualTo(Sessions.Standing.OPEN);
  }

  @Test
  void aStrangersSessionEndsSoonHoweverOftenItAsks() throws Exception {
    var key = SigningKey.generate();
    rooms.name(OURS, key);
    var participant = new Client(key, OURS);
    var stranger = new Client(SigningKey.generate(), OURS);
    participant.ask();
    stranger.ask();
    clock.advance(Limits.SESSION_FIRST_REQUEST.plusSeconds(1));
    assertThat(stranger.ask()).isEqualTo(ErrorCode.SESSION_UNKNOWN);
    assertThat(participant.ask()).isEqualTo(ErrorCode.RUN_UNKNOWN);
  }

  @Test
  void whoFoundsACollaborationIsNoStrangerBehindIt() throws Exception {
    var key = SigningKey.generate();
    rooms.work = () -> rooms.name(OURS, key);
    var founder = new Client(key, OURS);
    founder.ask();
    clock.advance(Duration.ofMinutes(10));
    assertThat(founder.ask()).isEqualTo(ErrorCode.RUN_UNKNOWN);
  }

  @Test
  void aSessionOfAStrangerIsStillItsOwn() throws Exception {
    ClientChannel mine = open(SigningKey.generate());
    Bytes first =
        mine.request(OURS, clock.instant().plusSeconds(60), Optional.empty(), new Command.Status());
    Bytes reply = sessions.message(mine.session(), first);
    // The same bytes again get the same bytes, though only their digest is kept.
    assertThat(sessions.message(mine.session(), first)).isEqualTo(reply);
  }

  @Test
  void aCollaborationThatStrangersFoundPushesOutItsOwnSessions() throws Exception {
    var key = SigningKey.generate();
    rooms.name(OURS, key);
    var participant = new Client(key, OURS);
    participant.ask();
    var theirs = SigningKey.generate();
    rooms.name(THEIRS, theirs);
    var first = new Client(theirs, THEIRS);
    first.ask();
    for (int i = 0; i < MOST_OPEN; i++) {
      new Client(theirs, THEIRS).ask();
    }
    assertThat(first.ask()).isEqualTo(ErrorCode.SESSION_UNKNOWN);
    assertThat(participant.ask()).isEqualTo(ErrorCode.RUN_UNKNOWN);
  }

  // Stopping.

  @Test
  void whatFailsWhileTheEnclaveStopsFailsBecauseOfThat() throws Exception {
    var key = SigningKey.generate();
    rooms.name(OURS, key);
    var first = new Client(key, OURS);
    var second = new Client(key, OURS);
    rooms.code = ErrorCode.RUN_FAILED;
    rooms.work = sessions::stop;
    assertThat(first.ask()).isEqualTo(ErrorCode.STOPPING);
    assertThat(second.ask()).as("not begun any more").isEqualTo(ErrorCode.STOPPING);
  }

  @Test
  void aBugWhileTheEnclaveStopsIsNone() throws Exception {
    var client = new Client(SigningKey.generate(), OURS);
    rooms.work =
        () -> {
          sessions.stop();
          throw new IllegalStateException("the ledger is closed");
        };
    assertThat(client.ask()).isEqualTo(ErrorCode.STOPPING);
    assertThat(metrics.openMetrics()).contains("cloister_bugs_total 0\n");
  }

  @Test
  void anErrorInARequestIsItsAnswer() throws Exception {
    var client = new Client(SigningKey.generate(), OURS);
    rooms.work =
        () -> {
          throw new OutOfMemoryError("canary");
        };
    assertThat(client.ask()).isEqualTo(ErrorCode.INTERNAL);
    rooms.work = () -> {};
    assertThat(client.ask()).isEqualTo(ErrorCode.RUN_UNKNOWN);
    assertThat(metrics.openMetrics()).contains("cloister_bugs_total 1\n");
  }
}
