package cloister.enclave;

import cloister.attestation.Evidence;
import cloister.crypto.Bytes;
import cloister.crypto.CryptoException;
import cloister.crypto.Hpke;
import cloister.crypto.Secret;
import cloister.privacy.Answer;
import cloister.privacy.Footprints;
import cloister.privacy.NoiseStream;
import cloister.privacy.Release;
import cloister.protocol.AnswerTable;
import cloister.protocol.CloisterException;
import cloister.protocol.Command.RunRequest;
import cloister.protocol.ErrorCode;
import cloister.protocol.Limits;
import cloister.protocol.Reply;
import cloister.protocol.SignedRequest;
import cloister.query.EngineException;
import cloister.query.ResultTable;
import cloister.room.Address;
import cloister.room.Name;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// Runs of one room: decided, priced, computed, released, in this order, each step durable before
/// the next.
///
/// What a crash leaves behind: before the reservation, nothing; after it, a run that is paid for
/// and has no answer. Whoever asks the same again then gets that run's answer at no further charge,
/// and with the same noise, because noise derives from the question.
final class Runs {
  private final HostedRoom room;
  private final PreparedData data;
  private final Engines engines;
  private final Receipts receipts;
  private final Decisions decisions;
  private final Books books;
  private final DifferencingGuard guard;

  Runs(
      HostedRoom room,
      PreparedData data,
      Engines engines,
      Receipts receipts,
      Decisions decisions,
      Books books) {
    this.room = room;
    this.data = data;
    this.engines = engines;
    this.receipts = receipts;
    this.decisions = decisions;
    this.books = books;
    this.guard = new DifferencingGuard(room);
  }

  Reply run(HostedRoom.Caller caller, SignedRequest request, RunRequest wanted) {
    try (var _ = engines.admit()) {
      String run = engines.newRunId();
      var admitted =
          room.locked(() -> {
            var permitted = decisions.approve(room.enrolled(caller), wanted);
            checkRecipients(permitted.request().recipients());
            AnswerSize.require(permitted, engines.limits().groups());
            Receipts.requireRoom(permitted);
            return admit(run, caller, request, permitted);
          });
      Optional<String> code = Optional.empty();
      boolean released = false;
      try (var inputs = admitted.inputs()) {
        var reply = finish(run, caller, wanted, admitted.approved(), inputs);
        released = true;
        return reply;
      } catch (CloisterException e) {
        code = Optional.of(e.code().label());
        throw e;
      } finally {
        if (!released) {
          fail(run, code);
        }
      }
    }
  }

  private void fail(String run, Optional<String> code) {
    room.locked(() -> room.record(new Event.Failed(run, code)));
  }

  /// A run that is charged, and has room for its inputs.
  private record Admitted(Decisions.Approved approved, PreparedData.Leases inputs) {}

  /// Inputs that do not fit cost nothing.
  private Admitted admit(
      String run, HostedRoom.Caller caller, SignedRequest request, Decisions.Approved approved) {
    Map<Address, Event.Published> versions = new HashMap<>();
    approved.versions().forEach((dataset, version) -> versions.put(dataset, version.published()));
    var inputs = data.acquire(versions);
    boolean reserved = false;
    try {
      reserve(run, caller, request, approved);
      reserved = true;
      return new Admitted(approved, inputs);
    } finally {
      if (!reserved) {
        inputs.close();
      }
    }
  }

  /// Before anything is spent: an answer that cannot be sealed would be paid for nothing.
  private void checkRecipients(Set<Name> recipients) {
    recipients.forEach(room::certificate);
  }

  /// Durable before anything is computed. The same question again costs a dataset nothing that was
  /// charged for it before: its answer is known, or was paid for.
  private void reserve(
      String run, HostedRoom.Caller caller, SignedRequest request, Decisions.Approved approved) {
    Optional<String> paid = room.state.payer(approved.question());
    room.record(
        new Event.Reserved(
            run,
            request.encode(),
            caller.name(),
            approved.analysis().address(),
            approved.analysis().document(),
            approved.request().purpose(),
            approved.request().recipients(),
            approved.question(),
            paid.orElse(run),
            Set.copyOf(approved.versions().keySet()),
            books.charges(approved)));
  }

  private Reply finish(
      String run,
      HostedRoom.Caller caller,
      RunRequest wanted,
      Decisions.Approved approved,
      PreparedData.Leases inputs) {
    String reservation = room.locked(() -> room.state.run(run).reserved().reservation());
    Computed computed = known(reservation).orElseGet(() -> release(approved, inputs));
    while (true) {
      var evidence = receipts.evidence();
      Optional<Reply> reply =
          room.locked(() ->
              // Everybody may have signed another policy in the meantime.
              evidence.isUnder(room.active().enclave().policy())
                  ? Optional.of(
                      // Who asked the same meanwhile may have its answer: one question, one answer.
                      publish(
                          run,
                          caller,
                          wanted,
                          approved,
                          known(reservation).orElse(computed),
                          evidence.evidence()))
                  : Optional.empty());
      if (reply.isPresent()) {
        return reply.get();
      }
    }
  }

  private Reply publish(
      String run,
      HostedRoom.Caller caller,
      RunRequest wanted,
      Decisions.Approved approved,
      Computed computed,
      List<Evidence> evidence) {
    // Terms, suspension and expiry count when the answer leaves, not only when it was asked for.
    var still = decisions.reconsider(room.enrolled(caller), wanted, approved);
    var reserved = room.state.run(run).reserved();
    if (!still.question().equals(reserved.question())
        || !still.analysis().document().equals(reserved.document())) {
      throw new CloisterException(
          ErrorCode.DATA_REPLACED,
          "what the run reads, or how, was replaced while it ran; ask again");
    }
    if (!books.charges(still).isEmpty()) {
      throw new CloisterException(
          ErrorCode.DATA_REPLACED,
          "an owner has demanded a budget while it ran, which is not charged yet; ask again");
    }
    Answer answer = computed.answer();
    Bytes stored = StoredAnswer.encode(answer);
    Bytes canonical =
        table(room.keys.salt(approved.question()), approved.plan().present(answer)).encode();
    AnswerSize.require(stored, canonical, reserved.recipients().size());
    Bytes footprints =
        guard.admit(
            still,
            computed.footprints(),
            stored.size() + (long) reserved.recipients().size() * canonical.size());
    var sealed = seal(run, canonical, reserved.recipients());
    var receipt = receipts.state(run, still, reserved, canonical, sealed);
    long index =
        room.record(
            new Event.Released(
                run,
                receipt.bindings(),
                receipts.sign(receipt),
                stored,
                sealed,
                evidence,
                footprints));
    return new Reply.Ran(
        run, Optional.ofNullable(sealed.get(caller.name())), receipts.file(index), free(reserved));
  }

  /// Whether it repeats a question at no charge.
  private static boolean free(Event.Reserved reserved) {
    return !reserved.reservation().equals(reserved.run()) && reserved.charges().isEmpty();
  }

  private static AnswerTable table(Bytes salt, ResultTable result) {
    return new AnswerTable(
        salt,
        result.columns().stream()
            .map(column ->
                new AnswerTable.Column(
                    column.name(),
                    switch (column.content()) {
                      case KEY, LABEL -> AnswerTable.Content.KEY;
                      case MEASURE -> AnswerTable.Content.MEASURE;
                    }))
            .toList(),
        result.rows().stream().map(row -> row.stream().map(Runs::cell).toList()).toList());
  }

  private static AnswerTable.Cell cell(ResultTable.Cell cell) {
    return switch (cell) {
      case ResultTable.Text(var text) -> new AnswerTable.Cell(Optional.of(text), Optional.empty());
      case ResultTable.Value(var value, var error) ->
          new AnswerTable.Cell(Optional.of(value.toPlainString()), error);
      case ResultTable.Missing() -> new AnswerTable.Cell(Optional.empty(), Optional.empty());
    };
  }

  /// An answer, and what is to be compared of it before it leaves: nothing, if it has left before.
  private record Computed(Answer answer, Footprints footprints) {}

  /// The answer that this question already has.
  private Optional<Computed> known(String reservation) {
    return room.locked(() ->
        room.state
            .answer(reservation)
            .map(at -> new Computed(StoredAnswer.decode(released(at).answer()), Footprints.NONE)));
  }

  private Event.Released released(long index) {
    if (room.ledger.read(index).event() instanceof Event.Released released) {
      return released;
    }
    throw new IllegalStateException("the state names another entry");
  }

  /// The limit is on the groups that are released: that there are too many says no more than they
  /// would.
  private Computed release(Decisions.Approved approved, PreparedData.Leases inputs) {
    var plan = approved.compiled().release();
    try (Secret key = room.keys.noise(approved.question());
        var stream = new NoiseStream(key.expose())) {
      var release = Release.of(plan, stream, engines.limits().groups());
      engines
          .engine()
          .run(
              approved.compiled().engine(),
              inputs.files(),
              engines.limits().anyGroups(),
              release::accept);
      var answer =
          release
              .answer()
              .orElseThrow(() ->
                  new CloisterException(
                      ErrorCode.GROUP_LIMIT,
                      "the run did not complete; its reservation stays charged"));
      return new Computed(answer, release.footprints());
    } catch (EngineException e) {
      throw new CloisterException(
          switch (e.reason()) {
            case TIME -> ErrorCode.TIME_LIMIT;
            case MEMORY -> ErrorCode.MEMORY_LIMIT;
            case GROUPS -> ErrorCode.GROUP_LIMIT;
            case FAILED -> ErrorCode.RUN_FAILED;
          },
          "the run did not complete; its reservation stays charged",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CloisterException(ErrorCode.STOPPING, "the enclave is stopping", e);
    }
  }

  private Map<Name, Bytes> seal(String run, Bytes answer, Set<Name> recipients) {
    Map<Name, Bytes> sealed = new TreeMap<>();
    for (Name recipient : recipients) {
      try (Secret content = Secret.of(answer.toArray())) {
        sealed.put(
            recipient,
            Hpke.seal(room.sealingKey(recipient), AnswerTable.INFO, Bytes.utf8(run), content));
      } catch (CryptoException e) {
        throw new CloisterException(
            ErrorCode.CERTIFICATE_INVALID, "nothing can be sealed to the key of " + recipient, e);
      }
    }
    return sealed;
  }

  // What happened before.

  Reply result(HostedRoom.Caller caller, String id) {
    var run = room.state.runs().get(id);
    if (run == null || !concerns(caller.name(), run)) {
      throw new CloisterException(ErrorCode.RUN_UNKNOWN, "there is no such run for you");
    }
    if (!(run.progress() instanceof RoomState.Progress.Released(long index))) {
      throw new CloisterException(ErrorCode.RUN_UNKNOWN, "the run has no answer");
    }
    Event.Released released = released(index);
    return new Reply.Ran(
        id,
        Optional.ofNullable(released.sealed().get(caller.name())),
        receipts.file(index),
        free(run.reserved()));
  }

  /// Who asked, who receives, and whose data was read.
  private static boolean concerns(Name participant, RoomState.Run run) {
    var reserved = run.reserved();
    return reserved.requester().equals(participant)
        || reserved.recipients().contains(participant)
        || reserved.datasets().stream().anyMatch(dataset -> dataset.party().equals(participant));
  }

  Reply list(HostedRoom.Caller caller) {
    List<Reply.RunLine> lines = new ArrayList<>();
    room.state
        .runs()
        .forEach((id, run) -> {
          if (concerns(caller.name(), run)) {
            lines.add(
                new Reply.RunLine(
                    id,
                    run.reserved().requester(),
                    run.reserved().analysis(),
                    run.reserved().purpose(),
                    run.at(),
                    switch (run.progress()) {
                      case RoomState.Progress.Running() -> Reply.RunState.RUNNING;
                      case RoomState.Progress.Released _ -> Reply.RunState.RELEASED;
                      case RoomState.Progress.Refused() -> Reply.RunState.REFUSED;
                      case RoomState.Progress.Failed() -> Reply.RunState.FAILED;
                    }));
          }
        });
    return new Reply.RunList(
        lines.subList(Math.max(0, lines.size() - Limits.RUNS_LISTED), lines.size()));
  }
}
