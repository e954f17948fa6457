package cloister.enclave;

import cloister.crypto.Bytes;
import cloister.crypto.Certificate;
import cloister.crypto.CertificateRequest;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.Hpke;
import cloister.crypto.SealingKey;
import cloister.crypto.Secret;
import cloister.crypto.Validity;
import cloister.crypto.VerifiedCertificate;
import cloister.crypto.VerifyingKey;
import cloister.ledger.Checkpoint;
import cloister.ledger.ProofException;
import cloister.ledger.SignedCheckpoint;
import cloister.protocol.Answered;
import cloister.protocol.CheckpointProof;
import cloister.protocol.Checkpoints;
import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.Document;
import cloister.protocol.EnclaveChannel;
import cloister.protocol.ErrorCode;
import cloister.protocol.Limits;
import cloister.protocol.Reply;
import cloister.protocol.SealedData;
import cloister.protocol.SignedDocument;
import cloister.protocol.SignedRequest;
import cloister.room.Address;
import cloister.room.Agreement;
import cloister.room.Collaboration;
import cloister.room.Dataset;
import cloister.room.Name;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// A collaboration in this enclave: its ledger, its state, its keys, and what participants may do
/// with them.
///
/// One lock guards state and ledger, so that what is decided still holds when it is recorded.
/// Reading data and computing happen outside it.
final class HostedRoom implements AutoCloseable {
  private static final Duration CERTIFICATE_LIFE = Duration.ofDays(365);

  /// What the same upload would meet again.
  private static final Set<ErrorCode> FAULTS_OF_THE_UPLOAD =
      EnumSet.of(
          ErrorCode.DATA_MALFORMED,
          ErrorCode.DATA_SCHEMA_MISMATCH,
          ErrorCode.SEALED_DATA_CORRUPT,
          ErrorCode.TOO_LARGE);

  final ReentrantLock lock = new ReentrantLock();
  final RoomState state;
  final RoomLedger ledger;
  final RoomKeys keys;
  private final InstantSource clock;
  private final Attester attester;
  private final Uploads uploads;
  private final PreparedData data;
  private final Plans plans = new Plans(this);
  private final Decisions decisions = new Decisions(this, plans);
  private final Books books = new Books(this);
  private final Explanations explanations = new Explanations(this, decisions, books);
  private final Runs runs;
  private boolean rolledBack;

  /// What the certificates of this room's state were found to certify, by their bytes.
  private final Map<Bytes, VerifiedCertificate> verified = new HashMap<>();

  /// Whoever asks: a participant by the key that the collaboration names for it.
  record Caller(Name name, VerifyingKey key) {}

  /// @param ledger with the first event at least, of which `state` is the fold
  HostedRoom(
      RoomLedger ledger,
      RoomState state,
      RoomKeys keys,
      InstantSource clock,
      Attester attester,
      Uploads uploads,
      PreparedData data,
      Engines engines) {
    this.ledger = ledger;
    this.state = state;
    this.keys = keys;
    this.clock = clock;
    this.attester = attester;
    this.uploads = uploads;
    this.data = data;
    this.runs = new Runs(this, data, engines, new Receipts(this, attester), decisions, books);
    uploads.discardIf(id(), upload -> state.commit(upload).isPresent());
    sweep();
  }

  /// Whether the ledger has failed, so that the room must be opened again.
  boolean hasStopped() {
    return ledger.log().hasStopped();
  }

  /// Ends the versions whose retention has passed, and deletes the data that no version needs.
  void sweep() {
    locked(() -> {
      // A ledger that failed may hold more than this state knows: what it was last told of.
      if (!rolledBack && !hasStopped()) {
        try {
          state.versions().entrySet().stream()
              .filter(entry -> isToExpire(entry.getKey(), entry.getValue()))
              .map(entry -> entry.getValue().published())
              .toList()
              .forEach(ended -> record(new Event.Expired(ended.dataset(), ended.version())));
          data.retain(
              state.versions().values().stream()
                  .filter(version -> version.ended().isEmpty())
                  .map(RoomState.Version::published)
                  .toList());
        } catch (CloisterException _) {
          // No run reads what has expired in any case. The next sweep tries again.
        }
      }
      return null;
    });
  }

  private boolean isToExpire(Address dataset, RoomState.Version version) {
    return version.ended().isEmpty()
        && until(dataset, version).filter(until -> !now().isBefore(until)).isPresent();
  }

  Digest id() {
    return state.id();
  }

  /// Serves a request whose signature holds. A refusal too comes with the ledger's proof: a fork
  /// cannot hide behind it.
  Answered handle(SignedRequest request, SignedRequest.Content content, EnclaveChannel channel) {
    Caller caller = locked(() -> admit(request, content.seen()));
    long seen = content.seen().map(HostedRoom::size).orElse(0L);
    sweep();
    Answered.Outcome outcome;
    try {
      outcome = new Answered.Outcome.Ok(serve(caller, request, content, channel));
    } catch (CloisterException e) {
      outcome = new Answered.Outcome.Refused(e.code(), e.getMessage());
    }
    return new Answered(outcome, Optional.of(locked(() -> proof(seen))));
  }

  private Reply serve(
      Caller caller, SignedRequest request, SignedRequest.Content content, EnclaveChannel channel) {
    return switch (content.command()) {
      case Command.Propose(var document) -> locked(() -> propose(caller, document));
      case Command.Sign(var document, var signature) ->
          locked(() -> sign(caller, document, signature));
      case Command.Enrol(var certificateRequest) -> locked(() -> enrol(caller, certificateRequest));
      case Command.Status() -> locked(this::status);
      case Command.Apply(var documents) -> locked(() -> apply(enrolled(caller), documents));
      case Command.OpenUpload upload -> openUpload(caller, upload, channel);
      case Command.CommitUpload(var upload) -> commitUpload(caller, upload);
      case Command.Explain(var run) -> locked(() -> explanations.explain(enrolled(caller), run));
      case Command.Run(var run) -> runs.run(caller, request, run);
      case Command.Result(var run) -> locked(() -> runs.result(enrolled(caller), run));
      case Command.Runs() -> locked(() -> runs.list(enrolled(caller)));
      case Command.Budget() ->
          locked(() -> {
            enrolled(caller);
            return books.list();
          });
      case Command.Suspend() -> locked(() -> suspend(enrolled(caller)));
      case Command.Resume() -> locked(() -> resume(enrolled(caller)));
    };
  }

  <T> T locked(Supplier<T> action) {
    lock.lock();
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  /// Records a fact: durable and part of the state when it returns. The caller holds the lock.
  long record(Event event) {
    Instant at = now();
    long index = ledger.append(at, event);
    state.apply(index, at, event);
    return index;
  }

  /// The host's clock, but never behind what the ledger has recorded.
  Instant now() {
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    return now.isBefore(state.latest()) ? state.latest() : now;
  }

  /// A participant that shows a checkpoint of this ledger's own key, of more than there is, is
  /// proof that the host rolled it back. What anybody only says proves nothing.
  private Caller admit(SignedRequest request, Optional<SignedCheckpoint> seen) {
    Caller caller =
        state
            .participant(request.key().thumbprint())
            .map(name -> new Caller(name, request.key()))
            .orElseThrow(() ->
                new CloisterException(
                    ErrorCode.NOT_A_PARTICIPANT,
                    "the collaboration names no participant with this key"));
    seen.ifPresent(this::verify);
    rolledBack |=
        seen.filter(checkpoint -> size(checkpoint) > ledger.log().head().size()).isPresent();
    if (rolledBack) {
      throw new CloisterException(
          ErrorCode.LEDGER_BEHIND,
          "a participant has seen a newer ledger than this enclave was given");
    }
    return caller;
  }

  private void verify(SignedCheckpoint seen) {
    try {
      Checkpoint _ = seen.verify(Checkpoints.key(id(), keys.verifyingKey()));
    } catch (ProofException e) {
      throw new CloisterException(
          ErrorCode.LEDGER_FORKED, "the checkpoint that was shown is not of this ledger", e);
    }
  }

  private static long size(SignedCheckpoint checkpoint) {
    return checkpoint.checkpoint().head().size();
  }

  /// The caller with a certificate that is valid now, in a collaboration that all have signed.
  Caller enrolled(Caller caller) {
    active();
    var certified = certificate(caller.name()).verifyingKey();
    if (!certified.equals(caller.key())) {
      throw new CloisterException(
          ErrorCode.CERTIFICATE_INVALID,
          "the certificate of " + caller.name() + " is for another key");
    }
    return caller;
  }

  /// What the authority certifies of a participant now.
  VerifiedCertificate certificate(Name participant) {
    Bytes encoded = state.certificates().get(participant);
    if (encoded == null) {
      throw new CloisterException(
          ErrorCode.NOT_ENROLLED, participant + " has no certificate of this collaboration yet");
    }
    Instant now = now();
    // Who signed which bytes never changes, only whether they are valid now: at any other time than
    // within both validities the certificate is verified anew, and refused for its reason.
    var known = verified.get(encoded);
    if (known != null
        && known.validity().contains(now)
        && keys.authority().certificate().validity().contains(now)) {
      return known;
    }
    try {
      var certificate = Certificate.parse(encoded).verify(keys.authority().certificate(), now);
      verified.keySet().retainAll(state.certificates().values());
      verified.put(encoded, certificate);
      return certificate;
    } catch (CryptoException e) {
      throw new CloisterException(
          ErrorCode.CERTIFICATE_EXPIRED,
          "the certificate of " + participant + " is not valid now",
          e);
    }
  }

  Collaboration active() {
    return state
        .active()
        .orElseThrow(() -> {
          var missing = new TreeSet<>(state.signersNeeded());
          missing.removeAll(state.signers());
          return new CloisterException(
              ErrorCode.COLLABORATION_NOT_ACTIVE, "not signed yet by " + missing);
        });
  }

  private Reply propose(Caller caller, SignedDocument document) {
    // A sole participant's first proposal is in force by the time it gets here.
    if (state.proposedDocument().filter(document::equals).isPresent()
        || state.activeDocument().filter(document::equals).isPresent()) {
      return status();
    }
    Collaboration proposed = checkProposal(document, caller.key());
    int expected = state.active().map(Collaboration::version).orElse(0) + 1;
    if (proposed.version() != expected) {
      throw new CloisterException(
          ErrorCode.DOCUMENT_CONFLICT, "the next version of this collaboration is " + expected);
    }
    var pending =
        state.proposedDocument().filter(other -> !other.signer().equals(document.signer()));
    if (pending.isPresent()) {
      throw new CloisterException(
          ErrorCode.DOCUMENT_CONFLICT,
          "version "
              + expected
              + " with the digest "
              + pending.get().digest()
              + " waits for signatures; only who proposed it may propose another in its place");
    }
    var share = DocumentShare.among(proposed.participants().size());
    proposed
        .participants()
        .keySet()
        .forEach(party -> share.require(party, documentsOf(party).values()));
    record(new Event.Proposed(document));
    return status();
  }

  private Map<Address, SignedDocument> documentsOf(Name party) {
    Map<Address, SignedDocument> own = new HashMap<>(state.documents());
    own.keySet().removeIf(address -> !address.party().equals(party));
    return own;
  }

  /// A collaboration document that the holder of the key has signed and takes part in.
  static Collaboration checkProposal(SignedDocument document, VerifyingKey key) {
    if (!(verified(document, key) instanceof Document.CollaborationDocument(var proposed, _))) {
      throw new CloisterException(ErrorCode.DOCUMENT_INVALID, "only a collaboration is proposed");
    }
    if (!proposed.participants().containsValue(key.thumbprint())) {
      throw new CloisterException(
          ErrorCode.NOT_A_PARTICIPANT, "who proposes a collaboration takes part in it");
    }
    return proposed;
  }

  private static Document verified(SignedDocument document, VerifyingKey key) {
    try {
      return document.verify(key);
    } catch (CryptoException e) {
      throw new CloisterException(
          ErrorCode.SIGNATURE_INVALID, "the document is not signed by this participant", e);
    }
  }

  private Reply sign(Caller caller, Digest digest, Bytes signature) {
    var proposed =
        state
            .proposedDocument()
            .filter(document -> document.digest().equals(digest))
            .orElseThrow(() ->
                new CloisterException(
                    ErrorCode.COLLABORATION_MISMATCH,
                    "no version with this digest waits for signatures"));
    verified(
        new SignedDocument(proposed.canonical(), caller.key().thumbprint(), signature),
        caller.key());
    if (!state.signers().contains(caller.name())) {
      record(new Event.Signed(digest, caller.name(), signature));
    }
    return status();
  }

  private Reply enrol(Caller caller, Bytes request) {
    Digest named = caller.key().thumbprint();
    if (!Objects.equals(named, active().participants().get(caller.name()))) {
      throw new CloisterException(
          ErrorCode.NOT_A_PARTICIPANT,
          "the signed collaboration names another key for " + caller.name());
    }
    Certificate certificate;
    try {
      certificate =
          keys.authority()
              .issue(
                  CertificateRequest.parse(request),
                  caller.name().value(),
                  named,
                  certificateValidity(),
                  BigInteger.valueOf(ledger.log().head().size()));
    } catch (CryptoException e) {
      throw new CloisterException(
          ErrorCode.POSSESSION_UNPROVEN,
          "the certificate request is not one for this participant's name and key",
          e);
    }
    record(new Event.Enrolled(caller.name(), certificate.encoded()));
    return new Reply.Certificate(certificate.encoded(), keys.authority().certificate().encoded());
  }

  /// From a little before now, for clocks that are behind, and not beyond the authority's own end.
  private Validity certificateValidity() {
    Validity authority = keys.authority().certificate().validity();
    Instant second = now().truncatedTo(ChronoUnit.SECONDS);
    Instant from = second.minus(Limits.CLOCK_SKEW);
    Instant until = second.plus(CERTIFICATE_LIFE);
    return new Validity(
        from.isBefore(authority.from()) ? authority.from() : from,
        until.isAfter(authority.until()) ? authority.until() : until);
  }

  /// All of them or none.
  private Reply apply(Caller caller, List<SignedDocument> documents) {
    notSuspended();
    Map<Address, SignedDocument> fresh = new LinkedHashMap<>();
    Agreement agreement = plans.agreement(Set.of());
    for (SignedDocument document : documents) {
      Address address =
          switch (verified(document, caller.key())) {
            case Document.DatasetDocument(var dataset, _) -> {
              agreement = Plans.admit(agreement, dataset);
              yield dataset.address();
            }
            case Document.AnalysisDocument analysis -> {
              plans.parse(analysis);
              agreement = Plans.admit(agreement, analysis.analysis(plans.inputs(analysis)));
              yield analysis.address();
            }
            case Document.CollaborationDocument _ ->
                throw new CloisterException(
                    ErrorCode.DOCUMENT_INVALID,
                    "a collaboration is proposed and signed, not applied");
          };
      if (!address.party().equals(caller.name())) {
        throw new CloisterException(
            ErrorCode.NOT_THE_OWNER, address + " is not " + caller.name() + "'s to change");
      }
      if (!document.equals(state.documents().get(address))) {
        fresh.put(address, document);
      }
    }
    if (!fresh.isEmpty()) {
      var after = documentsOf(caller.name());
      after.putAll(fresh);
      share().require(caller.name(), after.values());
    }
    fresh.values().forEach(document -> record(new Event.Applied(document)));
    return status();
  }

  /// A version that is proposed counts already: it finds the documents within its shares when it
  /// comes into force.
  private DocumentShare share() {
    return DocumentShare.among(
        Stream.of(state.active(), state.proposed())
            .flatMap(Optional::stream)
            .mapToInt(version -> version.participants().size())
            .max()
            .orElse(1));
  }

  private Reply suspend(Caller caller) {
    if (!state.suspendedBy().contains(caller.name())) {
      record(new Event.Suspended(caller.name()));
    }
    return new Reply.Done();
  }

  private Reply resume(Caller caller) {
    if (!state.suspendedBy().contains(caller.name())) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID, caller.name() + " has not suspended the collaboration");
    }
    record(new Event.Resumed(caller.name()));
    return new Reply.Done();
  }

  void notSuspended() {
    if (!state.suspendedBy().isEmpty()) {
      throw new CloisterException(
          ErrorCode.COLLABORATION_SUSPENDED, "suspended by " + state.suspendedBy());
    }
  }

  /// Data is taken and computed on only here: by code that the version in force still names, in a
  /// collaboration that nobody has suspended.
  void requireService() {
    notSuspended();
    Collaboration active = active();
    if (!active.enclave().accept().contains(attester.tee())
        || !active.enclave().measurements().contains(attester.measurement())) {
      throw new CloisterException(
          ErrorCode.EVIDENCE_REFUSED,
          "version "
              + active.version()
              + " of the collaboration does not name this enclave any more, a "
              + attester.tee()
              + " that measures "
              + attester.measurement());
    }
  }

  private Reply status() {
    Map<Address, Reply.Version> versions = new HashMap<>();
    state
        .versions()
        .forEach((address, version) -> versions.put(address, version(address, version)));
    return new Reply.Status(
        id(),
        state.activeDocument().map(SignedDocument::canonical),
        state.proposedDocument().map(SignedDocument::canonical),
        state.signers(),
        state.suspendedBy(),
        state.certificates().keySet(),
        state.documents(),
        versions,
        keys.authority().certificate().encoded(),
        keys.verifyingKey().spki());
  }

  private Reply.Version version(Address address, RoomState.Version version) {
    return new Reply.Version(version.published().version(), version.at(), until(address, version));
  }

  /// When the dataset's retention ends, or has ended, a version.
  Optional<Instant> until(Address address, RoomState.Version version) {
    return version
        .ended()
        .or(() ->
            state
                .dataset(address)
                .flatMap(Dataset::retention)
                .map(retention ->
                    version.at().atOffset(ZoneOffset.UTC).plus(retention).toInstant()));
  }

  private Reply openUpload(Caller caller, Command.OpenUpload upload, EnclaveChannel channel) {
    Dataset dataset =
        locked(() -> {
          enrolled(caller);
          requireService();
          return ownDataset(caller, upload);
        });
    var context =
        SealedData.context(
            id(), dataset.address(), upload.document(), upload.schema(), upload.upload());
    Bytes dataKey;
    try (Secret key = Hpke.open(channel.key(), SealedData.KEY_INFO, context, upload.wrappedKey())) {
      if (key.size() != Uploads.KEY_BYTES) {
        throw new CloisterException(ErrorCode.MESSAGE_MALFORMED, "a data key has 32 bytes");
      }
      dataKey = Bytes.of(key.expose());
    } catch (CryptoException e) {
      throw new CloisterException(
          ErrorCode.SEALED_FOR_ANOTHER,
          "the data key is not sealed to this session for this dataset, terms and schema",
          e);
    }
    if (locked(() -> committed(caller.name(), upload.upload())).isPresent()) {
      return new Reply.Upload(upload.parts());
    }
    return new Reply.Upload(uploads.open(id(), caller.name(), upload, dataKey));
  }

  private Dataset ownDataset(Caller caller, Command.OpenUpload upload) {
    Address address = upload.dataset();
    if (!address.party().equals(caller.name())) {
      throw new CloisterException(
          ErrorCode.NOT_THE_OWNER, address + " is not " + caller.name() + "'s to publish");
    }
    Dataset dataset =
        state
            .dataset(address)
            .orElseThrow(() ->
                new CloisterException(
                    ErrorCode.DOCUMENT_UNKNOWN, "no signed document describes " + address));
    if (!dataset.document().equals(upload.document())
        || !state.schema(address).equals(upload.schema())) {
      throw new CloisterException(
          ErrorCode.SEALED_FOR_ANOTHER, "the data was sealed for other terms or another schema");
    }
    return dataset;
  }

  private Reply commitUpload(Caller caller, String id) {
    var before = locked(() -> committed(enrolled(caller).name(), id));
    if (before.isPresent()) {
      return before.get();
    }
    var upload = uploads.complete(id(), caller.name(), id);
    // One at a time; whoever comes second gets the first one's reply.
    synchronized (upload) {
      var meanwhile = locked(() -> committed(caller.name(), id));
      return meanwhile.isPresent()
          ? meanwhile.get()
          : commit(caller, uploads.complete(id(), caller.name(), id));
    }
  }

  /// What was answered when the upload became a version, if it did: its owner may not have heard.
  private Optional<Reply> committed(Name owner, String upload) {
    return state
        .commit(upload)
        .map(ledger::read)
        .map(entry -> {
          if (!(entry.event() instanceof Event.Published published)
              || published.source().isEmpty()) {
            throw new IllegalStateException("the state names another entry");
          }
          if (!published.dataset().party().equals(owner)) {
            throw new CloisterException(ErrorCode.UPLOAD_UNKNOWN, "there is no such upload");
          }
          var version = new RoomState.Version(published, entry.at(), Optional.empty());
          return new Reply.Published(
              Optional.of(version(published.dataset(), version)),
              published.source().get().report());
        });
  }

  private Reply commit(Caller caller, Uploads.Upload upload) {
    Dataset dataset = locked(() -> ownDataset(caller, upload.opened()));
    try (var prepared = prepare(upload, dataset)) {
      Reply reply =
          prepared
              .published()
              .map(published -> locked(() -> publish(caller, upload, published, prepared.report())))
              .orElseGet(() -> new Reply.Published(Optional.empty(), prepared.report()));
      // A crash here leaves an upload that the ledger knows of: the next start discards it.
      uploads.discard(upload);
      prepared.published().ifPresent(data::unsealAhead);
      return reply;
    }
  }

  private PreparedData.Prepared prepare(Uploads.Upload upload, Dataset dataset) {
    try {
      return data.prepare(upload, dataset);
    } catch (CloisterException e) {
      if (FAULTS_OF_THE_UPLOAD.contains(e.code())) {
        uploads.discard(upload);
      }
      throw e;
    }
  }

  private Reply publish(
      Caller caller, Uploads.Upload upload, Event.Published published, Reply.Report report) {
    requireService();
    ownDataset(enrolled(caller), upload.opened());
    record(published);
    sweep();
    return new Reply.Published(
        Optional.of(version(published.dataset(), state.version(published.dataset()))), report);
  }

  /// The newest checkpoint, and that it extends the one of the size that the client has verified.
  private CheckpointProof proof(long seen) {
    var log = ledger.log();
    var head = log.head();
    return new CheckpointProof(keys.sign(id(), head), log.consistency(seen, head.size()));
  }

  SealingKey sealingKey(Name participant) {
    return certificate(participant).sealingKey();
  }

  /// Lets go of the ledger, so that it can be opened again. Requests that are still in this room
  /// fail when they would record.
  void abandon() {
    locked(() -> {
      ledger.close();
      return null;
    });
  }

  @Override
  public void close() {
    locked(() -> {
      ledger.close();
      keys.close();
      return null;
    });
  }
}
