package cloister.enclave;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.crypto.OpeningKey;
import cloister.protocol.Answered;
import cloister.protocol.CloisterException;
import cloister.protocol.EnclaveChannel;
import cloister.protocol.ErrorCode;
import cloister.protocol.Handshake;
import cloister.protocol.Limits;
import cloister.protocol.SignedRequest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The sessions. One belongs to the key of its first request, and is open once a collaboration
/// names that key. All others wait, few and shortly: whoever makes up keys pushes out only its
/// like.
final class Sessions {
  /// Serves a request whose signature, session, sequence and expiry hold.
  interface Handler {
    Answered handle(SignedRequest request, SignedRequest.Content content, EnclaveChannel channel);

    /// Whether the collaboration, in force or proposed, names the key.
    boolean names(Digest collaboration, Digest thumbprint);
  }

  /// What a session is worth.
  enum Standing {
    WAITING,
    OPEN
  }

  private final Attester attester;
  private final InstantSource clock;
  private final Metrics metrics;
  private final Handler handler;
  private final int mostOpen;
  private final SecureRandom random = new SecureRandom();
  private final LinkedHashMap<String, Session> waiting = new LinkedHashMap<>();
  private final LinkedHashMap<String, Session> open = new LinkedHashMap<>();
  private volatile boolean stopping;

  /// @param mostOpen sessions; past them one gives way to the next
  Sessions(Attester attester, InstantSource clock, Metrics metrics, Handler handler, int mostOpen) {
    this.attester = attester;
    this.clock = clock;
    this.metrics = metrics;
    this.handler = handler;
    this.mostOpen = mostOpen;
  }

  private static final class Session {
    final EnclaveChannel channel;
    final Instant opened;
    @Nullable Bytes participantKey;

    /// Of the request that opened it.
    @Nullable Digest collaboration;

    Session(EnclaveChannel channel, Instant opened) {
      this.channel = channel;
      this.opened = opened;
    }

    boolean olderThan(Duration age, Instant now) {
      return opened.plus(age).isBefore(now);
    }
  }

  /// Answers a [Handshake.Hello] with a fresh session: its own key pair, and evidence bound to it
  /// and the nonce.
  Bytes open(Bytes body) {
    refuseWhenStopping();
    var hello = Handshake.Hello.decode(body);
    OpeningKey key = OpeningKey.generate();
    byte[] id = new byte[Handshake.SESSION_BYTES];
    random.nextBytes(id);
    Bytes session = Bytes.of(id);
    Bytes publicKey = key.sealingKey().encoded();
    var evidence = attester.greeting(Handshake.binding(hello, session, publicKey));
    Bytes welcome = new Handshake.Welcome(session, publicKey, List.of(evidence)).encode();
    var channel = new EnclaveChannel(key, hello.key(), session, body, welcome);
    synchronized (this) {
      Instant now = clock.instant();
      expire(now);
      if (waiting.size() >= Limits.SESSIONS_WAITING) {
        drop(waiting, waiting.firstEntry().getKey());
      }
      waiting.put(session.hex(), new Session(channel, now));
    }
    metrics.sessionOpened();
    return welcome;
  }

  /// Answers one message of a session.
  Bytes message(String id, Bytes message) {
    refuseWhenStopping();
    Session session = find(id);
    synchronized (session) {
      try {
        Optional<Bytes> repeated = session.channel.repeated(message);
        if (repeated.isPresent()) {
          return repeated.get();
        }
        var request = session.channel.open(message);
        // From here on the message has its place in the session: whatever goes wrong is its answer.
        Answered answered = answer(session, request);
        metrics.messageAnswered();
        return session.channel.reply(message, answered);
      } catch (CloisterException e) {
        metrics.messageRefused();
        throw e;
      }
    }
  }

  private Answered answer(Session session, SignedRequest request) {
    try {
      var content = request.verified();
      if (!content.session().equals(session.channel.session())) {
        throw new CloisterException(
            ErrorCode.REPLAY_REFUSED, "the request was signed for another session");
      }
      belongsTo(session, request.key().spki());
      Instant now = clock.instant();
      if (content.expires().isBefore(now)
          || content.expires().isAfter(now.plus(Limits.REQUEST_EXPIRY).plus(Limits.CLOCK_SKEW))) {
        throw new CloisterException(
            ErrorCode.SESSION_EXPIRED, "the request's time has passed, or lies too far ahead");
      }
      // Before it is served, since that may take longer than a session waits; and behind it, since
      // the first proposal of a collaboration makes it one.
      promote(session, request, content);
      Answered answered = handler.handle(request, content, session.channel);
      promote(session, request, content);
      return stopping ? stopped(answered) : answered;
    } catch (CloisterException e) {
      return refused(e.code(), e.getMessage());
    } catch (RuntimeException | Error e) {
      if (stopping) {
        return refused(ErrorCode.STOPPING, ErrorCode.STOPPING.meaning());
      }
      // A bug. Its text may quote data, so the caller gets the code and the operator the class.
      metrics.bug(e);
      return refused(ErrorCode.INTERNAL, ErrorCode.INTERNAL.meaning());
    }
  }

  /// What fails for want of something, while all is being taken away, fails because of that.
  private static Answered stopped(Answered answered) {
    return answered.outcome() instanceof Answered.Outcome.Refused(var code, _)
            && (code.kind() == ErrorCode.Kind.INTERNAL || code.kind() == ErrorCode.Kind.RESOURCE)
        ? new Answered(
            new Answered.Outcome.Refused(ErrorCode.STOPPING, ErrorCode.STOPPING.meaning()),
            answered.proof())
        : answered;
  }

  /// From now on nothing is begun, and what is cut short is told why.
  void stop() {
    stopping = true;
  }

  private void refuseWhenStopping() {
    if (stopping) {
      throw new CloisterException(ErrorCode.STOPPING, "the enclave is stopping");
    }
  }

  static Answered refused(ErrorCode code, String message) {
    return new Answered(new Answered.Outcome.Refused(code, message), Optional.empty());
  }

  /// The first request decides whose session it is.
  private static void belongsTo(Session session, Bytes key) {
    if (session.participantKey == null) {
      session.participantKey = key;
    } else if (!session.participantKey.equals(key)) {
      throw new CloisterException(
          ErrorCode.SIGNATURE_INVALID, "the session belongs to another key");
    }
  }

  private void promote(Session session, SignedRequest request, SignedRequest.Content content) {
    if (session.collaboration != null
        || !handler.names(content.collaboration(), request.key().thumbprint())) {
      return;
    }
    synchronized (this) {
      session.collaboration = content.collaboration();
      waiting.remove(session.channel.session());
      if (open.size() >= mostOpen) {
        drop(open, oldestOfTheMost());
      }
      open.put(session.channel.session(), session);
    }
  }

  /// The oldest session of the collaboration that has the most: one that strangers have founded
  /// pushes out its own.
  private String oldestOfTheMost() {
    Map<Digest, List<String>> sessions =
        open.entrySet().stream()
            .collect(
                Collectors.groupingBy(
                    entry -> Objects.requireNonNull(entry.getValue().collaboration),
                    Collectors.mapping(Map.Entry::getKey, Collectors.toList())));
    return sessions.values().stream()
        .max(Comparator.comparingInt(List::size))
        .orElseThrow()
        .getFirst();
  }

  /// Before a byte of a message is read.
  synchronized Standing standing(String id) {
    find(id);
    return open.containsKey(id) ? Standing.OPEN : Standing.WAITING;
  }

  private synchronized Session find(String id) {
    expire(clock.instant());
    Session session = waiting.get(id);
    if (session == null) {
      session = open.get(id);
    }
    if (session == null) {
      throw new CloisterException(ErrorCode.SESSION_UNKNOWN, "the enclave knows no such session");
    }
    return session;
  }

  /// Both maps are in order of opening, nearly: what is promoted late expires a little late.
  private void expire(Instant now) {
    while (!waiting.isEmpty()
        && waiting.firstEntry().getValue().olderThan(Limits.SESSION_FIRST_REQUEST, now)) {
      drop(waiting, waiting.firstEntry().getKey());
    }
    while (!open.isEmpty() && open.firstEntry().getValue().olderThan(Limits.SESSION_LIFE, now)) {
      drop(open, open.firstEntry().getKey());
    }
  }

  /// Its keys are not wiped here, since a request may be under way in it; nothing refers to them
  /// any longer, and they go with the memory of the enclave.
  private static void drop(Map<String, Session> sessions, String id) {
    sessions.remove(id);
  }
}
