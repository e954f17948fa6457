package cloister.enclave;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.privacy.Charge;
import cloister.privacy.Differences;
import cloister.privacy.Footprints;
import cloister.privacy.Spending;
import cloister.protocol.Document;
import cloister.protocol.Documents;
import cloister.protocol.ErrorCode;
import cloister.protocol.SealedData;
import cloister.protocol.SignedDocument;
import cloister.room.Address;
import cloister.room.Collaboration;
import cloister.room.Dataset;
import cloister.room.Name;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What a collaboration's events add up to. [#apply] is total on events that were recorded, decides
/// nothing and does no I/O, so that a restart arrives at the same state. Guarded by its
/// [HostedRoom]'s lock.
final class RoomState {
  private @Nullable Digest collaboration;
  private @Nullable Bytes rootSecret;
  private @Nullable Bytes authority;
  private @Nullable Collaboration active;
  private @Nullable SignedDocument activeDocument;
  private @Nullable Collaboration proposed;
  private @Nullable SignedDocument proposedDocument;
  private final Set<Name> signers = new TreeSet<>();
  private final Set<Name> suspendedBy = new TreeSet<>();
  private final Map<Name, Bytes> certificates = new HashMap<>();
  private final Map<Address, SignedDocument> documents = new HashMap<>();
  private final Map<Address, Dataset> datasets = new HashMap<>();
  private final Map<Address, Digest> schemas = new HashMap<>();
  private final Map<Address, Document.AnalysisDocument> analyses = new HashMap<>();
  private final Map<Address, Version> versions = new HashMap<>();

  /// Where the entry is by which each upload became a version.
  private final Map<String, Long> commits = new HashMap<>();

  private final Map<String, Run> runs = new LinkedHashMap<>();
  private final Map<Address, Spending> spent = new HashMap<>();

  /// The run that asked each question first, whatever became of it: who asks again does not pay
  /// again.
  private final Map<Digest, String> payers = new HashMap<>();

  /// The datasets whose budgets were charged for each question. A budget that its owner demanded
  /// later was not.
  private final Map<Digest, Set<Address>> charged = new HashMap<>();

  /// Where the first answer under each reservation is. One reservation has one noise, so whoever
  /// asks again gets this answer and never the same noise on another exact table.
  private final Map<String, Long> answers = new HashMap<>();

  /// The exact numbers that were released.
  private final Differences differences = new Differences();

  private Instant latest = Instant.EPOCH;
  private long basis;

  /// The current data of a dataset.
  ///
  /// @param ended when its retention ended and its data was given up; longer terms do not bring it
  ///   back
  record Version(Event.Published published, Instant at, Optional<Instant> ended) {}

  /// A run and where it got to.
  ///
  /// @param before what the datasets it reads had been charged by then
  record Run(Event.Reserved reserved, Instant at, Map<Address, Charge> before, Progress progress) {
    Run with(Progress next) {
      return new Run(reserved, at, before, next);
    }
  }

  sealed interface Progress {
    record Running() implements Progress {}

    /// @param entry where in the ledger the answer is: answers are many, memory is not
    record Released(long entry) implements Progress {}

    record Refused() implements Progress {}

    record Failed() implements Progress {}
  }

  /// @param index where in the ledger the event is
  void apply(long index, Instant at, Event event) {
    latest = at;
    if (changesBasis(event)) {
      basis = index;
    }
    switch (event) {
      case Event.Opened(var document, var secret, var certificate) -> {
        collaboration = document.digest();
        rootSecret = secret;
        authority = certificate;
        propose(document);
      }
      case Event.Proposed(var document) -> propose(document);
      case Event.Signed(_, var participant, _) -> sign(participant);
      case Event.Enrolled(var participant, var certificate) ->
          certificates.put(participant, certificate);
      case Event.Applied(var document) -> put(document);
      case Event.Published published -> {
        versions.put(published.dataset(), new Version(published, at, Optional.empty()));
        published.source().ifPresent(source -> commits.put(source.upload(), index));
      }
      case Event.Expired(var dataset, var version) ->
          versions.computeIfPresent(
              dataset,
              (_, current) ->
                  current.published().version().equals(version)
                      ? new Version(current.published(), current.at(), Optional.of(at))
                      : current);
      case Event.Suspended(var participant) -> suspendedBy.add(participant);
      case Event.Resumed(var participant) -> suspendedBy.remove(participant);
      case Event.Reserved reserved -> {
        var before = new HashMap<Address, Charge>();
        reserved.datasets().forEach(dataset -> before.put(dataset, spent(dataset).sum()));
        runs.put(reserved.run(), new Run(reserved, at, before, new Progress.Running()));
        reserved
            .charges()
            .forEach((dataset, charge) -> spent.put(dataset, spent(dataset).plus(charge)));
        payers.putIfAbsent(reserved.question(), reserved.run());
        charged
            .computeIfAbsent(reserved.question(), _ -> new TreeSet<>())
            .addAll(reserved.charges().keySet());
      }
      case Event.Released released -> {
        progress(released.run(), new Progress.Released(index));
        answers.putIfAbsent(run(released.run()).reserved().reservation(), index);
        if (released.footprints().size() > 0) {
          differences.add(released.run(), Footprints.decode(released.footprints().toArray()));
        }
      }
      case Event.Failed(var run, var code) ->
          progress(
              run,
              code.equals(Optional.of(ErrorCode.DIFFERENCE_REFUSED.label()))
                  ? new Progress.Refused()
                  : new Progress.Failed());
    }
  }

  private static boolean changesBasis(Event event) {
    return switch (event) {
      case Event.Opened _,
          Event.Proposed _,
          Event.Signed _,
          Event.Applied _,
          Event.Suspended _,
          Event.Resumed _ ->
          true;
      case Event.Enrolled _,
          Event.Published _,
          Event.Expired _,
          Event.Reserved _,
          Event.Released _,
          Event.Failed _ ->
          false;
    };
  }

  /// After the whole ledger was applied at a start: whatever was running ended with the process
  /// that ran it. What it reserved stays spent.
  void endRuns() {
    runs.replaceAll((_, run) ->
        run.progress() instanceof Progress.Running ? run.with(new Progress.Failed()) : run);
  }

  private void propose(SignedDocument document) {
    proposedDocument = document;
    proposed = collaboration(document);
    signers.clear();
    participant(document.signer()).ifPresent(this::sign);
  }

  /// Active when everybody has signed: those of the new version and, so that nobody is removed
  /// behind their back, those of the one in force.
  private void sign(Name participant) {
    signers.add(participant);
    if (proposed != null && signers.containsAll(signersNeeded())) {
      if (active != null) {
        dropFormer(active, proposed);
      }
      active = proposed;
      activeDocument = proposedDocument;
      proposed = null;
      proposedDocument = null;
      signers.clear();
    }
  }

  /// Who is no longer a participant, or has another key now, leaves with its certificate; who left,
  /// also with its documents.
  private void dropFormer(Collaboration before, Collaboration after) {
    before
        .participants()
        .forEach((name, key) -> {
          if (!Objects.equals(key, after.participants().get(name))) {
            certificates.remove(name);
          }
          if (!after.participants().containsKey(name)) {
            documents.keySet().removeIf(address -> address.party().equals(name));
            datasets.keySet().removeIf(address -> address.party().equals(name));
            schemas.keySet().removeIf(address -> address.party().equals(name));
            analyses.keySet().removeIf(address -> address.party().equals(name));
            versions.keySet().removeIf(address -> address.party().equals(name));
            suspendedBy.remove(name);
          }
        });
  }

  Set<Name> signersNeeded() {
    Set<Name> needed = new TreeSet<>();
    if (proposed != null) {
      needed.addAll(proposed.participants().keySet());
    }
    if (active != null) {
      needed.addAll(active.participants().keySet());
    }
    return needed;
  }

  private void put(SignedDocument document) {
    switch (Documents.fromCanonical(document.canonical().toArray())) {
      case Document.DatasetDocument(var dataset, _) -> {
        documents.put(dataset.address(), document);
        datasets.put(dataset.address(), dataset);
        schemas.put(dataset.address(), SealedData.schema(document.canonical()));
      }
      case Document.AnalysisDocument analysis -> {
        documents.put(analysis.address(), document);
        analyses.put(analysis.address(), analysis);
      }
      case Document.CollaborationDocument _ ->
          throw new IllegalStateException("a collaboration is proposed, not applied");
    }
  }

  private static Collaboration collaboration(SignedDocument document) {
    if (Documents.fromCanonical(document.canonical().toArray())
        instanceof Document.CollaborationDocument(var value, _)) {
      return value;
    }
    throw new IllegalStateException("only a collaboration is proposed");
  }

  private void progress(String run, Progress progress) {
    runs.computeIfPresent(run, (_, before) -> before.with(progress));
  }

  // What the state says.

  Digest id() {
    return known(collaboration);
  }

  Bytes rootSecret() {
    return known(rootSecret);
  }

  Bytes authority() {
    return known(authority);
  }

  Optional<Collaboration> active() {
    return Optional.ofNullable(active);
  }

  Optional<SignedDocument> activeDocument() {
    return Optional.ofNullable(activeDocument);
  }

  Optional<Collaboration> proposed() {
    return Optional.ofNullable(proposed);
  }

  Optional<SignedDocument> proposedDocument() {
    return Optional.ofNullable(proposedDocument);
  }

  Set<Name> signers() {
    return Collections.unmodifiableSet(signers);
  }

  Set<Name> suspendedBy() {
    return Collections.unmodifiableSet(suspendedBy);
  }

  Map<Name, Bytes> certificates() {
    return Collections.unmodifiableMap(certificates);
  }

  Map<Address, SignedDocument> documents() {
    return Collections.unmodifiableMap(documents);
  }

  SignedDocument document(Address address) {
    return known(documents.get(address));
  }

  /// The digest of what a dataset's data is checked against.
  Digest schema(Address dataset) {
    return known(schemas.get(dataset));
  }

  Version version(Address dataset) {
    return known(versions.get(dataset));
  }

  Map<Address, Version> versions() {
    return Collections.unmodifiableMap(versions);
  }

  Optional<Long> commit(String upload) {
    return Optional.ofNullable(commits.get(upload));
  }

  Map<String, Run> runs() {
    return Collections.unmodifiableMap(runs);
  }

  Run run(String id) {
    return known(runs.get(id));
  }

  Optional<Long> answer(String reservation) {
    return Optional.ofNullable(answers.get(reservation));
  }

  Differences differences() {
    return differences;
  }

  Optional<String> payer(Digest question) {
    return Optional.ofNullable(payers.get(question));
  }

  Set<Address> charged(Digest question) {
    return Collections.unmodifiableSet(charged.getOrDefault(question, Set.of()));
  }

  Spending spent(Address dataset) {
    return spent.getOrDefault(dataset, Spending.NONE);
  }

  /// The time of the newest event: no clock may say less.
  Instant latest() {
    return latest;
  }

  /// The newest event that changed what decisions rest on: documents, signatures, suspension.
  long basis() {
    return basis;
  }

  Map<Address, Dataset> datasets() {
    return Collections.unmodifiableMap(datasets);
  }

  Map<Address, Document.AnalysisDocument> analyses() {
    return Collections.unmodifiableMap(analyses);
  }

  Optional<Dataset> dataset(Address address) {
    return Optional.ofNullable(datasets.get(address));
  }

  /// Who signs with the key of that thumbprint: by the collaboration in force, or, for newcomers,
  /// the one proposed.
  Optional<Name> participant(Digest thumbprint) {
    return named(active, thumbprint)
        .or(() ->
            named(proposed, thumbprint)
                .filter(name -> active == null || !active.participants().containsKey(name)));
  }

  private static Optional<Name> named(@Nullable Collaboration collaboration, Digest thumbprint) {
    return collaboration == null
        ? Optional.empty()
        : collaboration.participants().entrySet().stream()
            .filter(participant -> participant.getValue().equals(thumbprint))
            .map(Map.Entry::getKey)
            .findFirst();
  }

  private static <T> T known(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("not recorded");
    }
    return value;
  }
}
