package cloister.client;

import cloister.attestation.Anchors;
import cloister.attestation.Appraisal;
import cloister.attestation.Binding;
import cloister.attestation.Collateral;
import cloister.attestation.EvidenceException;
import cloister.attestation.Report;
import cloister.attestation.SimulatedEvidence;
import cloister.attestation.Tee;
import cloister.attestation.Trust;
import cloister.attestation.VerifiedReport;
import cloister.crypto.AuthorityCertificate;
import cloister.crypto.Bytes;
import cloister.crypto.Certificate;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.Hpke;
import cloister.crypto.SealingKey;
import cloister.crypto.Secret;
import cloister.crypto.SigningKey;
import cloister.crypto.Validity;
import cloister.crypto.VerifyingKey;
import cloister.ledger.CheckpointKey;
import cloister.ledger.CheckpointMemory;
import cloister.ledger.ProofException;
import cloister.ledger.SignedCheckpoint;
import cloister.ledger.TreeHead;
import cloister.protocol.Answered;
import cloister.protocol.CheckpointProof;
import cloister.protocol.Checkpoints;
import cloister.protocol.ClientChannel;
import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.Document.CollaborationDocument;
import cloister.protocol.Documents;
import cloister.protocol.ErrorCode;
import cloister.protocol.Handshake;
import cloister.protocol.Limits;
import cloister.protocol.Reply;
import cloister.room.Collaboration;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// A session with an enclave whose evidence meets what this participant signed (docs/protocol.md
/// §§3, 4). Every reply comes with a checkpoint, and is passed on only when the ledger has grown
/// from what this participant had seen.
///
/// Not safe for use by several threads.
final class Session implements AutoCloseable {
  /// Well before the enclave forgets a session, a new one is opened; and before its evidence is too
  /// old for a policy.
  private static final Duration LIFE = Limits.SESSION_LIFE.minusMinutes(10);

  private static final Duration EXPIRY = Limits.REQUEST_EXPIRY.minusMinutes(1);

  /// How often checkpoints are shown until the ledger stands still between two replies. Each takes
  /// a round trip, so only a ledger that never rests for as long is not waited for.
  private static final int MOST_SHOWN = 200;

  private final Home home;
  private final Host host;
  private final URI enclave;
  private final SimulatedEvidence simulated;
  private Membership membership;

  /// Until a first contact is [settled][#settle], what it brings is in memory only.
  private boolean inHome;

  private Open open;
  private @Nullable Seen seen;
  private @Nullable Certified certified;

  private Session(Home home, Membership membership, SimulatedEvidence simulated, Host host)
      throws InterruptedException {
    this.home = home;
    this.membership = membership;
    this.simulated = simulated;
    this.host = host;
    this.enclave = membership.enclave();
    this.inHome =
        home.find(membership.name())
            .filter(known -> known.id().equals(membership.id()))
            .isPresent();
    this.open = Attempts.of(this::open);
  }

  /// What one handshake gave.
  ///
  /// @param evidence what the enclave showed, and met when the session was opened
  /// @param until when to open another; at once, if a request in it was left without a reply
  private record Open(
      ClientChannel channel,
      SealingKey key,
      Evidence evidence,
      Attestation attestation,
      Instant until) {
    Open ended() {
      return new Open(channel, key, evidence, attestation, Instant.EPOCH);
    }
  }

  /// A checkpoint whose signature holds under the key.
  private record Seen(Bytes enclaveKey, CheckpointMemory memory) {}

  /// A certificate that is for this home's keys and from that CA.
  private record Certified(Bytes encoded, Bytes authority, Validity validity) {}

  /// A reply, and the checkpoint from which its proof starts.
  ///
  /// @param asked when
  private record Exchanged(Instant asked, Optional<CheckpointMemory> shown, Answered answered) {}

  /// Evidence that is accepted, and until when it is, as far as time goes.
  private record Met(Appraisal.Accepted accepted, Instant until) {}

  /// A report that is genuine, and what it has to be tied to.
  private record Evidence(List<VerifiedReport> reports, Binding expected) {}

  static Session open(Home home, Membership membership, SimulatedEvidence simulated)
      throws InterruptedException {
    var host = new Host(membership.enclave());
    try {
      return new Session(home, membership, simulated, host);
    } catch (RuntimeException | InterruptedException e) {
      host.close();
      throw e;
    }
  }

  Attestation attestation() {
    return open.attestation();
  }

  Membership membership() {
    return membership;
  }

  private Open open() throws InterruptedException {
    // 1. A fresh nonce, a key for this session, and what the evidence will be held against.
    SigningKey sessionKey = SigningKey.generate();
    var greeting =
        new Handshake.Hello(
            random(Handshake.NONCE_BYTES),
            sessionKey.verifyingKey(),
            home.policies().demanded(membership.demanded()));
    Bytes hello = greeting.encode();
    // 2. The enclave's key for this session, and evidence that binds it to the nonce.
    Bytes welcome = host.open(hello);
    var said = Handshake.Welcome.decode(welcome);
    // 3. Nothing of it is believed before it is appraised.
    Evidence evidence = evidence(greeting, said);
    Instant now = Instant.now();
    Met met = appraise(evidence, now);
    Instant latest = now.plus(LIFE);
    // 4. Contexts that differ when a relay changed a byte of either body.
    try {
      return new Open(
          new ClientChannel(home.signingKey(), sessionKey, hello, welcome),
          SealingKey.decode(said.key()),
          evidence,
          new Attestation(host.url(), met.accepted()),
          met.until().isBefore(latest) ? met.until() : latest);
    } catch (CryptoException e) {
      throw new CloisterException(
          ErrorCode.EVIDENCE_REFUSED, "the enclave's session key is malformed", e);
    }
  }

  static Bytes random(int length) {
    try (Secret random = Secret.random(length)) {
      return Bytes.of(random.expose());
    }
  }

  private Evidence evidence(Handshake.Hello hello, Handshake.Welcome said) {
    if (said.evidence().stream().anyMatch(one -> one.tee() == Tee.SIMULATED)
        && simulated == SimulatedEvidence.REFUSE) {
      throw new CloisterException(
          ErrorCode.EVIDENCE_SIMULATED,
          "the enclave at " + host.url() + " is simulated: it protects nothing");
    }
    try {
      Collateral collateral = home.collateral().read();
      List<VerifiedReport> reports = new ArrayList<>();
      for (var one : said.evidence()) {
        reports.add(Report.parse(one).verify(collateral, Anchors.pinned(), Instant.now()));
      }
      return new Evidence(reports, Handshake.binding(hello, said.session(), said.key()));
    } catch (EvidenceException e) {
      throw new CloisterException(ErrorCode.EVIDENCE_REFUSED, String.valueOf(e.getMessage()), e);
    }
  }

  /// The newest version that accepts decides, and when none does the newest one's reasons are told.
  private Met appraise(Evidence evidence, Instant at) {
    List<String> reasons = new ArrayList<>();
    for (Collaboration version : membership.demanded()) {
      Trust trust = home.policies().trust(version, simulated);
      switch (trust.appraise(evidence.reports(), evidence.expected(), at)) {
        case Appraisal.Accepted accepted -> {
          return new Met(accepted, trust.acceptsUntil(evidence.reports(), at));
        }
        case Appraisal.Refused refused -> {
          if (reasons.isEmpty()) {
            refused
                .reasons()
                .forEach(reason -> reasons.add("version " + version.version() + ": " + reason));
          }
        }
      }
    }
    throw new CloisterException(ErrorCode.EVIDENCE_REFUSED, String.join("\n", reasons));
  }

  static CollaborationDocument collaboration(Bytes canonical) {
    if (Documents.fromCanonical(canonical.toArray()) instanceof CollaborationDocument document) {
      return document;
    }
    throw new CloisterException(
        ErrorCode.DOCUMENT_INVALID, "another document stands where a collaboration must");
  }

  /// Sends a command, and returns the enclave's reply.
  ///
  /// @throws CloisterException with the enclave's own code when it refuses
  <R extends Reply> R send(Command command, Class<R> expected) throws InterruptedException {
    return send(_ -> command, expected);
  }

  /// The same for a command with something sealed to the session's key: another session, when the
  /// first has ended, needs another one.
  <R extends Reply> R send(Function<SealingKey, Command> command, Class<R> expected)
      throws InterruptedException {
    Exchanged exchanged = exchange(command, this::memory);
    Answered answered = exchanged.answered();
    // The first reply to come brings the key that all checkpoints are verified with.
    if (answered.outcome() instanceof Answered.Outcome.Ok(Reply.Status status)) {
      pin(status);
    }
    boolean refused = answered.outcome() instanceof Answered.Outcome.Refused;
    if (!refused && answered.proof().isEmpty()) {
      throw unsound("its reply has no checkpoint");
    }
    // A refusal is no cover for a ledger that is not the one this home has seen.
    if (answered.proof().isPresent() && (!refused || membership.enclaveKey().isPresent())) {
      CheckpointProof proof = answered.proof().get();
      Optional<CheckpointMemory> shown = exchanged.shown();
      remember(shown, shown.isPresent() ? advance(shown.get(), proof) : begin(proof.checkpoint()));
    }
    if (answered.outcome() instanceof Answered.Outcome.Ok(Reply.Status status)) {
      status.active().ifPresent(active -> remember(known -> known.withInForce(active)));
      // What was accepted under an older version may have been let in for the last time. How long
      // the reply took makes no evidence older than it was.
      appraise(open.evidence(), exchanged.asked());
    }
    Reply reply = answered.reply();
    if (!expected.isInstance(reply)) {
      throw unsound("its reply is to another command");
    }
    return expected.cast(reply);
  }

  /// The status, unless the enclave does not host the collaboration yet.
  Optional<Reply.Status> statusIfKnown() throws InterruptedException {
    try {
      return Optional.of(send(new Command.Status(), Reply.Status.class));
    } catch (CloisterException e) {
      if (e.code() == ErrorCode.COLLABORATION_UNKNOWN) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /// A session whose replies do not come is given up for another: the enclave may have restarted
  /// and know it no longer. A command that was carried out unheard is then carried out again, which
  /// comes to the same for all but one: to resume what somebody has suspended in the meantime is
  /// for a person to decide.
  ///
  /// @param showing the checkpoint to show
  private Exchanged exchange(
      Function<SealingKey, Command> command, Supplier<Optional<CheckpointMemory>> showing)
      throws InterruptedException {
    try {
      return ask(command, showing);
    } catch (CloisterException e) {
      if (!Attempts.failedOnTheWay(e) || command.apply(open.key()) instanceof Command.Resume) {
        throw e;
      }
      return ask(command, showing);
    }
  }

  private Exchanged ask(
      Function<SealingKey, Command> command, Supplier<Optional<CheckpointMemory>> showing)
      throws InterruptedException {
    if (!Instant.now().isBefore(open.until())) {
      open.channel().close();
      open = Attempts.of(this::open);
    }
    // What other processes of this home have seen of the ledger counts from here on.
    membership = known().orElse(membership);
    Instant asked = Instant.now();
    appraise(open.evidence(), asked);
    Open in = open;
    Optional<CheckpointMemory> shown = showing.get();
    Bytes message =
        in.channel()
            .request(
                membership.id(),
                Instant.now().plus(EXPIRY),
                shown.map(CheckpointMemory::last),
                command.apply(in.key()));
    // Until its reply is here the session has no place for another request.
    open = in.ended();
    Answered answered =
        Attempts.of(() -> in.channel().reply(host.message(in.channel().session(), message)));
    open = in;
    return new Exchanged(asked, shown, answered);
  }

  private void pin(Reply.Status status) {
    if (!status.collaboration().equals(membership.id())) {
      throw unsound("it speaks of another collaboration");
    }
    UnaryOperator<Membership> pin =
        known -> known.withEnclaveKey(status.enclaveKey(), status.certificateAuthority());
    if (!pin.apply(membership).equals(membership)) {
      remember(pin);
    }
  }

  private CheckpointKey checkpointKey() {
    return checkpointKey(
        membership.id(),
        membership
            .enclaveKey()
            .orElseThrow(() -> unsound("it answered before it told its ledger's key")));
  }

  static CheckpointKey checkpointKey(Digest collaboration, Bytes enclaveKey) {
    try {
      return Checkpoints.key(collaboration, VerifyingKey.of(enclaveKey));
    } catch (CryptoException e) {
      throw unsound("its ledger's key is malformed", e);
    }
  }

  /// The checkpoint that the home remembers; its signature is verified once for each key.
  private Optional<CheckpointMemory> memory() {
    if (membership.checkpoint().isEmpty()) {
      return Optional.empty();
    }
    String note = membership.checkpoint().get();
    Seen known = seen;
    if (known != null
        && known.memory().last().format().equals(note)
        && membership.enclaveKey().filter(known.enclaveKey()::equals).isPresent()) {
      return Optional.of(known.memory());
    }
    try {
      return Optional.of(CheckpointMemory.begin(checkpointKey(), SignedCheckpoint.parse(note)));
    } catch (ProofException e) {
      throw new CloisterException(
          ErrorCode.HOME_INVALID, "the remembered checkpoint does not verify any more", e);
    }
  }

  private CheckpointMemory begin(SignedCheckpoint first) {
    try {
      return CheckpointMemory.begin(checkpointKey(), first);
    } catch (ProofException e) {
      throw provesNothing(e);
    }
  }

  private CheckpointMemory advance(CheckpointMemory before, CheckpointProof proof) {
    try {
      return before.advance(proof.checkpoint(), proof.consistency());
    } catch (ProofException e) {
      throw switch (e.reason()) {
        case INVALID -> provesNothing(e);
        case ROLLBACK ->
            accused(before, proof.checkpoint(), ErrorCode.LEDGER_BEHIND, e.getMessage(), e);
        case FORK ->
            accused(before, proof.checkpoint(), ErrorCode.LEDGER_FORKED, e.getMessage(), e);
      };
    }
  }

  private static CloisterException provesNothing(ProofException e) {
    return unsound("its checkpoint proves nothing: " + e.getMessage(), e);
  }

  private CloisterException accused(
      CheckpointMemory known,
      SignedCheckpoint refused,
      ErrorCode code,
      @Nullable String reason,
      Exception cause) {
    home.keepAccusation(membership.name(), known.last().format(), refused);
    return new CloisterException(
        code, reason + "; both signed checkpoints are kept in your home, as proof", cause);
  }

  /// Writes down a checkpoint that extends another, if that is still the one in the home. When
  /// another process has written one down meanwhile, neither is given up for the other: of two
  /// copies of an enclave each may have signed one, and what was forgotten accuses nobody.
  private void remember(Optional<CheckpointMemory> from, CheckpointMemory to)
      throws InterruptedException {
    Optional<CheckpointMemory> before = from;
    CheckpointMemory after = to;
    while (!replaced(before, after)) {
      before = memory();
      if (before.isPresent()) {
        after = common(before.get(), after);
      }
    }
    seen = new Seen(membership.enclaveKey().orElseThrow(), after);
  }

  private boolean replaced(Optional<CheckpointMemory> from, CheckpointMemory to) {
    Optional<TreeHead> before = from.map(Session::head);
    Optional<TreeHead> after = Optional.of(head(to));
    // The address too is known only now: this collaboration's ledger is there.
    remember(known -> {
      Membership grown = known.withCheckpoint(before, to.last());
      return grown.head().equals(after) ? grown.withEnclave(enclave) : grown;
    });
    return membership.head().equals(after);
  }

  private static TreeHead head(CheckpointMemory memory) {
    return memory.last().checkpoint().head();
  }

  /// One checkpoint that extends both. An enclave proves only that its newest extends the one that
  /// is shown, so they are shown in turns until both have come to the same. That both were shown in
  /// one session would not do: a process whose disk failed opens whatever ledger the host has put
  /// there since.
  private CheckpointMemory common(CheckpointMemory remembered, CheckpointMemory replied)
      throws InterruptedException {
    CheckpointMemory next = remembered;
    CheckpointMemory other = replied;
    for (int shown = 0; shown < MOST_SHOWN; shown++) {
      CheckpointMemory grown = grown(next, other);
      if (head(grown).equals(head(other))) {
        return grown;
      }
      next = other;
      other = grown;
    }
    throw new CloisterException(
        ErrorCode.INTERRUPTED,
        "the ledger grows faster than two checkpoints of it can be compared");
  }

  private CheckpointMemory grown(CheckpointMemory shown, CheckpointMemory other)
      throws InterruptedException {
    Answered answered = exchange(_ -> new Command.Status(), () -> Optional.of(shown)).answered();
    if (answered.proof().isPresent()) {
      return advance(shown, answered.proof().get());
    }
    try {
      Reply _ = answered.reply();
    } catch (CloisterException e) {
      throw e.code() == ErrorCode.LEDGER_BEHIND
          ? accused(
              shown,
              other.last(),
              ErrorCode.LEDGER_FORKED,
              "two processes of this home were shown a ledger, and one's is not the other's",
              e)
          : e;
    }
    throw unsound("its reply has no checkpoint");
  }

  /// In the home too, once the home knows the collaboration.
  void remember(UnaryOperator<Membership> change) {
    membership =
        known().isPresent() ? home.change(membership.name(), change) : change.apply(membership);
  }

  private Optional<Membership> known() {
    return inHome
        ? home.find(membership.name()).filter(known -> known.id().equals(membership.id()))
        : Optional.empty();
  }

  /// Writes down what a first contact brought. When another process had its own meanwhile, both
  /// have to have met the same ledger.
  void settle() throws InterruptedException {
    if (inHome) {
      return;
    }
    Membership mine = membership;
    CheckpointMemory replied = memory().orElseThrow();
    membership = home.add(mine);
    inHome = true;
    remember(known ->
        known.withEnclaveKey(
            mine.enclaveKey().orElseThrow(), mine.certificateAuthority().orElseThrow()));
    remember(Optional.empty(), replied);
  }

  /// Whether the certificate is for this home's keys, from the pinned CA, and valid for an hour
  /// more.
  boolean certificateHolds() {
    if (membership.certificate().isEmpty() || membership.certificateAuthority().isEmpty()) {
      return false;
    }
    Bytes encoded = membership.certificate().get();
    Instant soon = Instant.now().plus(Duration.ofHours(1));
    // Who signed these bytes for whom does not change, only whether they are valid.
    Bytes authority = membership.certificateAuthority().get();
    Certified known = certified;
    if (known != null && known.encoded().equals(encoded) && known.authority().equals(authority)) {
      return known.validity().contains(soon);
    }
    try {
      var verified =
          Certificate.parse(encoded).verify(AuthorityCertificate.parse(authority), Instant.now());
      if (!verified.name().equals(home.participant().value())
          || !verified.verifyingKey().equals(home.signingKey().verifyingKey())
          || !verified.sealingKey().equals(home.openingKey().sealingKey())) {
        return false;
      }
      certified = new Certified(encoded, authority, verified.validity());
      return verified.validity().contains(soon);
    } catch (CryptoException _) {
      return false;
    }
  }

  /// Seals a secret to a session's key, and so to the code that was attested.
  static Bytes seal(SealingKey key, Bytes info, Bytes context, Secret secret) {
    try {
      return Hpke.seal(key, info, context, secret);
    } catch (CryptoException e) {
      throw unsound("its session key is malformed", e);
    }
  }

  void put(String upload, int part, long offset, byte[] sealed) throws InterruptedException {
    host.put(upload, part, offset, sealed);
  }

  static CloisterException unsound(String what) {
    return new CloisterException(
        ErrorCode.EVIDENCE_REFUSED, "the enclave does what no sound enclave does: " + what);
  }

  static CloisterException unsound(String what, Exception cause) {
    return new CloisterException(
        ErrorCode.EVIDENCE_REFUSED, "the enclave does what no sound enclave does: " + what, cause);
  }

  @Override
  public void close() {
    open.channel().close();
    host.close();
  }
}
