package cloister.enclave;

import cloister.crypto.Bytes;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.Hpke;
import cloister.crypto.Secret;
import cloister.privacy.Answer;
import cloister.privacy.BudgetFilter;
import cloister.privacy.BudgetLimit;
import cloister.privacy.Charge;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.ExactTable;
import cloister.privacy.NoiseStream;
import cloister.privacy.Release;
import cloister.protocol.AnswerTable;
import cloister.protocol.CloisterException;
import cloister.protocol.Command.RunRequest;
import cloister.protocol.Command.Subject;
import cloister.protocol.Document;
import cloister.protocol.Documents;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.protocol.Reply;
import cloister.protocol.SignedRequest;
import cloister.query.CheckedPlan;
import cloister.query.Compiled;
import cloister.query.EngineException;
import cloister.query.QueryException;
import cloister.query.ResultTable;
import cloister.room.Address;
import cloister.room.Agreement;
import cloister.room.Analysis;
import cloister.room.Dataset;
import cloister.room.Name;
import cloister.room.Obligations;
import cloister.room.Purpose;
import cloister.room.Request;
import cloister.room.Rule;
import cloister.room.Verdict;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

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
  private final Plans plans;

  Runs(HostedRoom room, PreparedData data, Engines engines, Receipts receipts, Plans plans) {
    this.room = room;
    this.data = data;
    this.engines = engines;
    this.receipts = receipts;
    this.plans = plans;
  }

  /// A request that the terms permit, with all that follows from it.
  ///
  /// @param compiled what the engine is asked, and how its result is released
  /// @param question the same for two runs that ask the same of the same data under the same
  ///   obligations
  record Approved(
      Analysis analysis,
      Request request,
      CheckedPlan plan,
      Verdict.Permitted verdict,
      Map<Address, RoomState.Version> versions,
      Compiled compiled,
      Digest question) {}

  /// What a request came to: permitted, or why not.
  private record Considered(
      Analysis analysis, Request request, CheckedPlan plan, Verdict verdict) {}

  // Explain.

  Reply explain(HostedRoom.Caller caller, RunRequest wanted) {
    var considered = consider(caller, wanted);
    return switch (considered.verdict()) {
      case Verdict.Permitted permitted -> explain(considered, permitted);
      case Verdict.NeedsApproval(var approvals) ->
          explanation(
              Reply.Outcome.NEEDS_APPROVAL,
              "the terms list versions of analyses, and not this one",
              approvals.stream()
                  .map(one ->
                      one.by()
                          + " has to approve "
                          + one.document()
                          + " in the terms of "
                          + one.terms())
                  .toList(),
              Optional.empty());
      case Verdict.Denied denied ->
          explanation(
              Reply.Outcome.DENIED,
              denied.reason(),
              refusal(denied),
              denied.suggestion().map(Runs::asTyped));
    };
  }

  private Reply explain(Considered considered, Verdict.Permitted permitted) {
    var compiled = compile(considered.plan(), permitted, "0".repeat(64));
    Charge cost = Release.cost(compiled.release());
    var errors = new ArrayList<Reply.ExpectedError>();
    var expected = Release.expectedErrors(compiled.release());
    List<String> names =
        considered.plan().output().stream()
            .filter(column -> column.content() == ResultTable.Content.MEASURE)
            .map(ResultTable.Column::name)
            .toList();
    for (int i = 0; i < Math.min(names.size(), expected.size()); i++) {
      errors.add(new Reply.ExpectedError(names.get(i), expected.get(i)));
    }
    return new Reply.Explanation(
        Reply.Outcome.PERMITTED,
        "every owner's terms permit it",
        permitted.trace().stream().map(Runs::line).toList(),
        Optional.empty(),
        lines(permitted, cost),
        errors,
        compiled.release().noise().map(_ -> mechanism(compiled)));
  }

  private static Reply.Explanation explanation(
      Reply.Outcome outcome, String reason, List<String> trace, Optional<String> fix) {
    return new Reply.Explanation(
        outcome, reason, trace, fix, List.of(), List.of(), Optional.empty());
  }

  static String line(Verdict.Step step) {
    String permits =
        step.permittedBy().isEmpty()
            ? "needs no rule"
            : "rule " + joined(step.permittedBy()) + " permits";
    return step.at() + ": " + permits + ", by way of " + path(step.path());
  }

  private static List<String> refusal(Verdict.Denied denied) {
    List<String> lines = new ArrayList<>();
    lines.add("refused by " + denied.at() + denied.rule().map(rule -> ", rule " + rule).orElse(""));
    lines.add("path: " + path(denied.path()));
    return lines;
  }

  private static String path(List<Address> path) {
    return String.join(" → ", path.stream().map(Address::toString).toList());
  }

  private static String joined(Set<Name> names) {
    return String.join(", ", names.stream().map(Name::toString).toList());
  }

  /// As the command line takes it.
  private static String asTyped(Verdict.Suggestion suggestion) {
    var request = suggestion.request();
    return "cloister run "
        + request.analysis()
        + " --for "
        + request.purpose().term()
        + " --to "
        + String.join(
            ",", new TreeSet<>(request.recipients()).stream().map(Name::toString).toList())
        + "  ("
        + String.join("; ", suggestion.changes())
        + ")";
  }

  // Decide.

  private Considered consider(HostedRoom.Caller caller, RunRequest wanted) {
    Agreement agreement;
    Analysis analysis;
    switch (wanted.subject()) {
      case Subject.Named(var address) -> {
        agreement = plans.agreement(Set.of(address));
        analysis = agreement.analyses().get(address);
        if (analysis == null) {
          throw new CloisterException(
              ErrorCode.DOCUMENT_UNKNOWN, "there is no analysis " + address);
        }
      }
      case Subject.AdHoc(var document) -> {
        analysis = adHoc(caller, document);
        agreement = admit(plans.agreement(analysis.inputs()), analysis);
      }
    }
    CheckedPlan plan = plans.plan(analysis);
    Purpose purpose = wanted.purpose().orElse(analysis.purpose());
    Set<Name> recipients = wanted.recipients().orElse(analysis.recipients());
    var request =
        new Request(
            caller.name(), analysis.address(), purpose, recipients, plan.uses(), plan.joined());
    return new Considered(analysis, request, plan, agreement.decide(request));
  }

  private static Agreement admit(Agreement agreement, Analysis analysis) {
    try {
      return agreement.with(analysis);
    } catch (IllegalArgumentException e) {
      throw new CloisterException(
          ErrorCode.DOCUMENT_INVALID, "the analysis names somebody who is no participant", e);
    }
  }

  private Analysis adHoc(HostedRoom.Caller caller, Bytes document) {
    if (!(Documents.fromCanonical(document.toArray())
        instanceof Document.AnalysisDocument analysis)) {
      throw new CloisterException(ErrorCode.DOCUMENT_INVALID, "only an analysis can be run");
    }
    if (!analysis.address().party().equals(caller.name())) {
      throw new CloisterException(
          ErrorCode.NOT_THE_OWNER, "an ad-hoc analysis is in the package of whoever asks");
    }
    return analysis.analysis(plans.inputs(analysis));
  }

  private static Compiled compile(CheckedPlan plan, Verdict.Permitted permitted, String nonce) {
    Map<Address, Integer> minimumUnits = new HashMap<>();
    permitted
        .obligations()
        .forEach((dataset, obligations) -> minimumUnits.put(dataset, obligations.minimumUnits()));
    try {
      return plan.compile(minimumUnits, permitted.noise(), nonce);
    } catch (QueryException e) {
      throw Plans.rejected(e);
    }
  }

  /// The permitted request with current data, or the refusal.
  private Approved approve(HostedRoom.Caller caller, RunRequest wanted) {
    room.notSuspended();
    var considered = consider(caller, wanted);
    var permitted =
        switch (considered.verdict()) {
          case Verdict.Permitted yes -> yes;
          case Verdict.NeedsApproval(var approvals) ->
              throw new CloisterException(
                  ErrorCode.APPROVAL_REQUIRED,
                  approvals.first().by()
                      + " has to approve "
                      + approvals.first().document()
                      + " in the terms of "
                      + approvals.first().terms());
          case Verdict.Denied denied ->
              throw new CloisterException(
                  ErrorCode.RUN_DENIED,
                  denied.reason()
                      + "\n"
                      + String.join("\n", refusal(denied))
                      + denied.suggestion().map(fix -> "\nwould pass: " + asTyped(fix)).orElse(""));
        };
    Map<Address, RoomState.Version> versions = new TreeMap<>();
    for (Address dataset : considered.plan().datasets()) {
      versions.put(dataset, current(dataset));
    }
    Digest question = question(considered, permitted, versions);
    var compiled =
        compile(considered.plan(), permitted, HexFormat.of().formatHex(question.toArray()));
    return new Approved(
        considered.analysis(),
        considered.request(),
        considered.plan(),
        permitted,
        versions,
        compiled,
        question);
  }

  private RoomState.Version current(Address dataset) {
    var version = room.state.versions().get(dataset);
    if (version == null) {
      throw new CloisterException(
          ErrorCode.DATA_MISSING, "no data has been published for " + dataset);
    }
    if (!version.published().schema().equals(room.schema(dataset))) {
      throw new CloisterException(
          ErrorCode.DATA_REPLACED,
          "the data of " + dataset + " was published under an earlier schema");
    }
    if (room.until(dataset, version).filter(until -> !room.now().isBefore(until)).isPresent()) {
      throw new CloisterException(
          ErrorCode.DATA_EXPIRED, "the retention of the data of " + dataset + " has passed");
    }
    return version;
  }

  private static Digest question(
      Considered considered,
      Verdict.Permitted permitted,
      Map<Address, RoomState.Version> versions) {
    var data = Json.object();
    versions.forEach(
        (dataset, version) -> data.put(dataset.toString(), version.published().version()));
    var units = Json.object();
    permitted
        .obligations()
        .forEach((dataset, bound) -> units.put(dataset.toString(), bound.minimumUnits()));
    return Json.object()
        .put("plan", considered.plan().digest())
        .put("data", data.build())
        .put("minimum-units", units.build())
        .putIfPresent("noise", permitted.noise(), Runs::noise)
        .build()
        .digest();
  }

  static String mechanism(Approved approved) {
    return mechanism(approved.compiled());
  }

  private static String mechanism(Compiled compiled) {
    return Release.mechanism(compiled.release());
  }

  private static Json noise(DifferentialPrivacy noise) {
    return Json.object()
        .put("epsilon", noise.epsilon().toString())
        .put("delta", noise.delta().toString())
        .put("groups-per-unit", noise.groupsPerUnit())
        .put("rows-per-unit", noise.rowsPerUnit())
        .build();
  }

  // Run.

  Reply run(HostedRoom.Caller caller, SignedRequest request, RunRequest wanted) {
    try (var _ = engines.admit()) {
      String run = engines.newRunId();
      var admitted =
          room.locked(() -> {
            var permitted = approve(room.enrolled(caller), wanted);
            checkRecipients(permitted.request().recipients());
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
  private record Admitted(Approved approved, PreparedData.Leases inputs) {}

  /// Inputs that do not fit cost nothing.
  private Admitted admit(
      String run, HostedRoom.Caller caller, SignedRequest request, Approved approved) {
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
      String run, HostedRoom.Caller caller, SignedRequest request, Approved approved) {
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
            charges(approved)));
  }

  private Map<Address, Charge> charges(Approved approved) {
    Charge cost = Release.cost(approved.compiled().release());
    Set<Address> paid = room.state.charged(approved.question());
    Map<Address, Charge> charges = new TreeMap<>();
    approved
        .verdict()
        .obligations()
        .forEach((dataset, bound) ->
            bound
                .budget()
                .filter(_ -> !paid.contains(dataset))
                .ifPresent(limit -> {
                  if (!books(dataset, limit).admits(cost)) {
                    throw new CloisterException(
                        ErrorCode.BUDGET_EXHAUSTED,
                        "what remains of the budget of "
                            + dataset
                            + " does not pay for this run; nothing was charged");
                  }
                  charges.put(dataset, cost);
                }));
    return charges;
  }

  private BudgetFilter books(Address dataset, BudgetLimit limit) {
    return BudgetFilter.of(limit, room.state.spent(dataset));
  }

  private Reply finish(
      String run,
      HostedRoom.Caller caller,
      RunRequest wanted,
      Approved approved,
      PreparedData.Leases inputs) {
    String reservation = room.locked(() -> room.state.run(run).reserved().reservation());
    Answer answer =
        known(reservation).orElseGet(() -> release(compute(approved, inputs), approved));
    Bytes canonical =
        table(room.keys.salt(approved.question()), approved.plan().present(answer)).encode();
    return room.locked(() -> {
      // Terms, suspension and expiry count when the answer leaves, not only when it was asked for.
      var still = approve(room.enrolled(caller), wanted);
      var reserved = room.state.run(run).reserved();
      if (!still.question().equals(reserved.question())
          || !still.analysis().document().equals(reserved.document())) {
        throw new CloisterException(
            ErrorCode.DATA_REPLACED, "what the run reads was replaced while it ran");
      }
      var sealed = seal(run, canonical, reserved.recipients());
      var receipt = receipts.state(run, still, reserved, canonical, sealed);
      long index =
          room.record(
              new Event.Released(
                  run,
                  receipt.bindings(),
                  receipts.sign(receipt),
                  StoredAnswer.encode(answer),
                  sealed));
      return new Reply.Ran(
          run,
          Optional.ofNullable(sealed.get(caller.name())),
          receipts.file(index),
          free(reserved));
    });
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
                      case KEY -> AnswerTable.Content.KEY;
                      case MEASURE -> AnswerTable.Content.MEASURE;
                    }))
            .toList(),
        result.rows().stream().map(row -> row.stream().map(Runs::cell).toList()).toList());
  }

  private static AnswerTable.Cell cell(ResultTable.Cell cell) {
    return switch (cell) {
      case ResultTable.Text(var text) -> new AnswerTable.Cell(Optional.of(text), Optional.empty());
      case ResultTable.Value(var value, var error) ->
          new AnswerTable.Cell(Optional.of(value.toPlainString()), Optional.of(error));
      case ResultTable.Missing() -> new AnswerTable.Cell(Optional.empty(), Optional.empty());
    };
  }

  /// The answer that this question already has.
  private Optional<Answer> known(String reservation) {
    return room.locked(
        () -> room.state.answer(reservation).map(at -> StoredAnswer.decode(released(at).answer())));
  }

  private Event.Released released(long index) {
    if (room.ledger.read(index).event() instanceof Event.Released released) {
      return released;
    }
    throw new IllegalStateException("the state names another entry");
  }

  private ExactTable compute(Approved approved, PreparedData.Leases inputs) {
    try {
      return engines.engine().run(approved.compiled().engine(), inputs.files(), engines.limits());
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

  private Answer release(ExactTable exact, Approved approved) {
    try (Secret key = room.keys.noise(approved.question());
        var stream = new NoiseStream(key.expose())) {
      return Release.release(approved.compiled().release(), exact, stream);
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
                      case RoomState.Progress.Failed() -> Reply.RunState.FAILED;
                    }));
          }
        });
    return new Reply.RunList(lines);
  }

  /// Every dataset's budget under its strictest rule.
  Reply budgets() {
    List<Reply.BudgetLine> lines = new ArrayList<>();
    new TreeMap<>(room.state.datasets())
        .forEach((address, dataset) ->
            strictest(dataset)
                .ifPresent(limit -> lines.add(line(address, limit, Optional.empty()))));
    return new Reply.Budgets(lines);
  }

  private static Optional<BudgetLimit> strictest(Dataset dataset) {
    return dataset.terms().stream()
        .map(Rule::obligations)
        .map(Obligations::budget)
        .flatMap(Optional::stream)
        .reduce((one, other) ->
            new BudgetLimit(
                one.epsilon().compareTo(other.epsilon()) <= 0 ? one.epsilon() : other.epsilon(),
                one.delta().compareTo(other.delta()) <= 0 ? one.delta() : other.delta()));
  }

  private List<Reply.BudgetLine> lines(Verdict.Permitted permitted, Charge cost) {
    List<Reply.BudgetLine> lines = new ArrayList<>();
    permitted
        .obligations()
        .forEach((dataset, bound) ->
            bound
                .budget()
                .ifPresent(limit -> lines.add(line(dataset, limit, Optional.of(cost.epsilon())))));
    return lines;
  }

  private Reply.BudgetLine line(Address dataset, BudgetLimit limit, Optional<BigDecimal> cost) {
    var books = books(dataset, limit);
    return new Reply.BudgetLine(
        dataset,
        limit.epsilon().value(),
        limit.delta().value(),
        books.spent().epsilon(),
        books.spent().delta(),
        books.remaining().epsilon(),
        cost);
  }
}
