package cloister.enclave;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.ReleasePlan;
import cloister.protocol.CloisterException;
import cloister.protocol.Command.RunRequest;
import cloister.protocol.Command.Subject;
import cloister.protocol.Document;
import cloister.protocol.Documents;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.query.CheckedPlan;
import cloister.query.Compiled;
import cloister.query.QueryException;
import cloister.room.Address;
import cloister.room.Agreement;
import cloister.room.Analysis;
import cloister.room.Name;
import cloister.room.Purpose;
import cloister.room.Request;
import cloister.room.Verdict;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// What a request comes to under what the room's participants have signed, and of which data it
/// would be asked. Guarded by its [HostedRoom]'s lock.
final class Decisions {
  /// Of SQL that nobody runs.
  private static final String NO_NONCE = "00";

  private final HostedRoom room;
  private final Plans plans;

  Decisions(HostedRoom room, Plans plans) {
    this.room = room;
    this.plans = plans;
  }

  /// A request that the terms permit, with all that follows from it.
  ///
  /// @param compiled what the engine is asked, and how its result is released
  /// @param question the same for two runs that ask the same of the same data under the same
  ///   obligations
  /// @param basis the state's, of which it was decided
  record Approved(
      Analysis analysis,
      Request request,
      CheckedPlan plan,
      Verdict.Permitted verdict,
      Map<Address, RoomState.Version> versions,
      Compiled compiled,
      Digest question,
      long basis) {}

  /// What a request came to: permitted, or why not.
  record Considered(Analysis analysis, Request request, CheckedPlan plan, Verdict verdict) {}

  Considered consider(HostedRoom.Caller caller, RunRequest wanted) {
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
        var asked = adHoc(caller, document);
        analysis = asked.analysis(plans.plan(asked.sql(), asked.address().party()).inputs());
        agreement = Plans.admit(plans.agreement(analysis.inputs()), analysis);
      }
    }
    CheckedPlan plan = plans.plan(analysis.sql(), analysis.address().party());
    Purpose purpose = wanted.purpose().orElse(analysis.purpose());
    Set<Name> recipients = wanted.recipients().orElse(analysis.recipients());
    var request =
        new Request(
            caller.name(), analysis.address(), purpose, recipients, plan.uses(), plan.joined());
    return new Considered(analysis, request, plan, agreement.decide(request));
  }

  private static Document.AnalysisDocument adHoc(HostedRoom.Caller caller, Bytes document) {
    if (!(Documents.fromCanonical(document.toArray())
        instanceof Document.AnalysisDocument analysis)) {
      throw new CloisterException(ErrorCode.DOCUMENT_INVALID, "only an analysis can be run");
    }
    if (!analysis.address().party().equals(caller.name())) {
      throw new CloisterException(
          ErrorCode.NOT_THE_OWNER, "an ad-hoc analysis is in the package of whoever asks");
    }
    return analysis;
  }

  static Compiled compile(CheckedPlan plan, Verdict.Permitted permitted, String nonce) {
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
  Approved approve(HostedRoom.Caller caller, RunRequest wanted) {
    room.requireService();
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
                      + String.join("\n", Explanations.refusal(denied))
                      + denied
                          .suggestion()
                          .map(fix ->
                              "\nthis would pass:\n"
                                  + Explanations.asTyped(considered, wanted, fix))
                          .orElse(""));
        };
    Map<Address, RoomState.Version> versions = versions(considered.plan());
    Digest question = question(considered, permitted, versions);
    var compiled =
        compile(
            considered.plan(),
            permitted,
            permitted.noise().isPresent()
                ? HexFormat.of().formatHex(question.toArray())
                : room.keys.footprintSalt());
    return new Approved(
        considered.analysis(),
        considered.request(),
        considered.plan(),
        permitted,
        versions,
        compiled,
        question,
        room.state.basis());
  }

  /// The same request, decided once more by the state of now.
  ///
  /// Beside the request, a decision follows from documents, signatures and suspensions, whose
  /// newest event is the basis, and from the current versions of what is read. Agreement, planner
  /// and rewriting know no clock. So where basis and versions are the same, the decision is, and is
  /// not made again; versions are looked up anew because time alone ends them.
  Approved reconsider(HostedRoom.Caller caller, RunRequest wanted, Approved before) {
    return room.state.basis() == before.basis() && versions(before.plan()).equals(before.versions())
        ? before
        : approve(caller, wanted);
  }

  private Map<Address, RoomState.Version> versions(CheckedPlan plan) {
    Map<Address, RoomState.Version> versions = new TreeMap<>();
    for (Address dataset : plan.datasets()) {
      versions.put(dataset, current(dataset));
    }
    return versions;
  }

  private RoomState.Version current(Address dataset) {
    var version = room.state.versions().get(dataset);
    if (version == null) {
      throw new CloisterException(
          ErrorCode.DATA_MISSING, "no data has been published for " + dataset);
    }
    if (!version.published().schema().equals(room.state.schema(dataset))) {
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

  /// Everything that the exact table and its release follow from. The noise derives from it, so two
  /// tables that differ must never be one question: bounds and domains, which an owner may change
  /// under the same data, are in the SQL and in the release's plan.
  private static Digest question(
      Considered considered,
      Verdict.Permitted permitted,
      Map<Address, RoomState.Version> versions) {
    var data = Json.object();
    versions.forEach(
        (dataset, version) -> data.put(dataset.toString(), version.published().version()));
    Compiled compiled = compile(considered.plan(), permitted, NO_NONCE);
    return Json.object()
        .put("plan", considered.plan().digest())
        .put("data", data.build())
        .put("sql", compiled.engine().sql())
        .put("release", release(compiled.release()))
        .putIfPresent("noise", permitted.noise(), Decisions::noise)
        .build()
        .digest();
  }

  private static Json release(ReleasePlan plan) {
    return Json.object()
        .put("keys", Json.array(plan.keys().stream().map(Decisions::key).toList()))
        .put(
            "counters",
            Json.array(
                plan.counters().stream()
                    .map(counter ->
                        Json.object()
                            .put("dataset", counter.dataset())
                            .put("minimum-units", counter.minimumUnits())
                            .put("or-none", counter.orNone())
                            .put(
                                "measures",
                                counter.measures().stream().sorted().map(String::valueOf).toList())
                            .build())
                    .toList()))
        .put("units-may-change", plan.unitsMayChange())
        // Records of numbers: each has one text.
        .put("measures", plan.measures().stream().map(String::valueOf).toList())
        .build();
  }

  private static Json key(ReleasePlan.GroupKey key) {
    return Json.object()
        .put("name", key.name())
        .putIfPresent(
            "domain",
            key.domain(),
            domain ->
                Json.array(
                    domain.stream()
                        .map(value -> value.<Json>map(Json::of).orElse(Json.Null.NULL))
                        .toList()))
        .build();
  }

  private static Json noise(DifferentialPrivacy noise) {
    return Json.object()
        .put("epsilon", noise.epsilon().toString())
        .put("delta", noise.delta().toString())
        .put("groups-per-unit", noise.groupsPerUnit())
        .put("rows-per-unit", noise.rowsPerUnit())
        .put("rows", noise.rows().name())
        .build();
  }

  /// The question, if somebody has paid for it before.
  Optional<Digest> asked(Considered considered, Verdict.Permitted permitted) {
    try {
      return Optional.of(question(considered, permitted, versions(considered.plan())))
          .filter(question -> room.state.payer(question).isPresent());
    } catch (CloisterException _) {
      // There is no data to ask it of.
      return Optional.empty();
    }
  }
}
