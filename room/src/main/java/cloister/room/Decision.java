package cloister.room;

import cloister.privacy.DifferentialPrivacy;
import cloister.room.Verdict.Approval;
import cloister.room.Verdict.Cause;
import cloister.room.Verdict.Denied;
import cloister.room.Verdict.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// The one place that decides. The steps come in the order of [#judge]; the first that refuses
/// wins.
final class Decision {
  private final Agreement agreement;
  private final Request request;
  private final Reach reach;
  private final List<Finding> findings;

  private Decision(Agreement agreement, Request request, Reach reach) {
    this.agreement = agreement;
    this.request = request;
    this.reach = reach;
    this.findings = findings(agreement, reach, request);
  }

  static Verdict decide(Agreement agreement, Request request) {
    var verdict = judge(agreement, request);
    if (!(verdict instanceof Denied denied)) {
      return verdict;
    }
    return new Denied(
        denied.at(),
        denied.rule(),
        denied.cause(),
        denied.reason(),
        denied.path(),
        Suggestions.nearest(agreement, request, denied));
  }

  /// The verdict without a suggestion.
  static Verdict judge(Agreement agreement, Request request) {
    var objection = objectionOfTheCollaboration(agreement, request);
    if (objection.isPresent()) {
      return objection.get();
    }
    return switch (Reach.below(request.analysis(), agreement)) {
      case Reach.Result.Missing(var path) ->
          denied(Cause.MISSING, path, path.getLast() + " does not exist");
      case Reach.Result.Cycle(var path, var members) ->
          new Denied(
              members.getFirst(),
              Optional.empty(),
              Cause.CYCLE,
              "these analyses read each other: " + joined(members),
              path,
              Optional.empty());
      case Reach.Result.Acyclic(var reach) -> new Decision(agreement, request, reach).judge();
    };
  }

  /// What the terms say, per node of `reach`.
  static List<Finding> findings(Agreement agreement, Reach reach, Request request) {
    var findings = new ArrayList<Finding>();
    for (int node = 0; node < reach.nodes().size(); node++) {
      findings.add(Finding.of(agreement, reach, node, request));
    }
    return findings;
  }

  private Verdict judge() {
    Optional<Denied> objection =
        objectionToThePlan()
            .or(this::objectionOfTheTerms)
            .or(this::objectionToColumns)
            .or(this::objectionToMissingJoins);
    if (objection.isPresent()) {
      return objection.get();
    }
    var approvals = approvals();
    if (!approvals.isEmpty()) {
      return new Verdict.NeedsApproval(approvals);
    }
    var obligations = obligations();
    var noise = resolve(agreement.collaboration().noise(), ofUnits(obligations));
    if (noise instanceof Noise.Irreconcilable(var at, var reason)) {
      return denied(Cause.NOISE, reach.path(reach.nodes().indexOf(at)), reason);
    }
    return new Verdict.Permitted(obligations, ((Noise.Resolved) noise).noise(), trace());
  }

  private static Optional<Denied> objectionOfTheCollaboration(
      Agreement agreement, Request request) {
    var collaboration = agreement.collaboration();
    var here = List.of(request.analysis());
    if (agreement.suspendedBy().isPresent()) {
      return Optional.of(
          denied(
              Cause.SUSPENDED,
              here,
              agreement.suspendedBy().get() + " has suspended the collaboration"));
    }
    if (!collaboration.hasParticipant(request.requester())) {
      return Optional.of(
          denied(
              Cause.PARTICIPANT, here, "requester " + request.requester() + " is no participant"));
    }
    if (request.recipients().isEmpty()) {
      return Optional.of(denied(Cause.PARTICIPANT, here, "the run has no recipient"));
    }
    for (Name recipient : new TreeSet<>(request.recipients())) {
      if (!collaboration.hasParticipant(recipient)) {
        return Optional.of(
            denied(Cause.PARTICIPANT, here, "recipient " + recipient + " is no participant"));
      }
    }
    if (!Finding.covers(collaboration.purposes(), request.purpose())) {
      return Optional.of(
          denied(
              Cause.PURPOSE,
              here,
              "the collaboration's purposes "
                  + new TreeSet<>(collaboration.purposes())
                  + " do not cover "
                  + request.purpose()));
    }
    return Optional.empty();
  }

  private Optional<Denied> objectionToThePlan() {
    for (int node = 0; node < reach.nodes().size(); node++) {
      var owner = reach.nodes().get(node).party();
      if (!agreement.collaboration().hasParticipant(owner)) {
        return Optional.of(
            denied(Cause.PARTICIPANT, reach.path(node), "owner " + owner + " is no participant"));
      }
    }
    var datasets = new TreeSet<>(reach.datasets());
    if (datasets.isEmpty()) {
      return Optional.of(
          denied(Cause.MISSING, List.of(request.analysis()), "the analysis reads no dataset"));
    }
    var planned = new TreeSet<>(request.uses().keySet());
    planned.addAll(request.joined());
    var difference = new TreeSet<>(planned);
    difference.removeAll(datasets);
    if (!difference.isEmpty()) {
      return Optional.of(
          denied(
              Cause.PLAN,
              List.of(request.analysis()),
              "the plan reads what the documents do not name as an input: " + difference));
    }
    for (Address dataset : reach.datasets()) {
      if (!request.uses().containsKey(dataset)) {
        return Optional.of(
            denied(
                Cause.PLAN,
                pathTo(dataset),
                "the documents name an input that the plan does not account for: " + dataset));
      }
    }
    return Optional.empty();
  }

  private Optional<Denied> objectionOfTheTerms() {
    for (int node = 0; node < findings.size(); node++) {
      if (findings.get(node) instanceof Finding.Refuses(var nearest, var reason)) {
        return Optional.of(denied(Cause.TERMS, nearest, reach.path(node), reason));
      }
    }
    return Optional.empty();
  }

  private Optional<Denied> objectionToColumns() {
    for (Address address : reach.datasets()) {
      var dataset = Objects.requireNonNull(agreement.datasets().get(address));
      var uses = new TreeMap<>(Objects.requireNonNull(request.uses().get(address)));
      for (var entry : uses.entrySet()) {
        var column = dataset.column(entry.getKey());
        if (column.isEmpty()) {
          return Optional.of(
              denied(Cause.COLUMN, pathTo(address), address + " has no column " + entry.getKey()));
        }
        var beyond = new TreeSet<>(entry.getValue());
        beyond.removeAll(column.get().use());
        if (!beyond.isEmpty()) {
          return Optional.of(
              denied(
                  Cause.COLUMN,
                  pathTo(address),
                  "column "
                      + entry.getKey()
                      + " of "
                      + address
                      + " may be used for "
                      + labels(column.get().use())
                      + ", not for "
                      + labels(beyond)));
        }
      }
    }
    return Optional.empty();
  }

  private Optional<Denied> objectionToMissingJoins() {
    boolean severalOwners =
        reach.datasets().stream().map(Address::party).distinct().limit(2).count() == 2;
    for (int dataset = 0; dataset < findings.size(); dataset++) {
      var address = reach.nodes().get(dataset);
      if (address.kind() != Kind.DATASET || (request.joined().contains(address) && severalOwners)) {
        continue;
      }
      for (int node = 0; node < findings.size(); node++) {
        boolean concerned = node == dataset || reach.isAbove(node, dataset);
        Optional<Rule> rule = concerned ? joinRule(findings.get(node)) : Optional.empty();
        if (rule.isPresent()) {
          return Optional.of(
              denied(
                  Cause.JOIN,
                  Optional.of(rule.get().name()),
                  pathTo(address),
                  "rule "
                      + rule.get().name()
                      + " of "
                      + reach.nodes().get(node)
                      + " requires an inner join of "
                      + address
                      + " with another participant's dataset"));
        }
      }
    }
    return Optional.empty();
  }

  /// The rule that requires a join: any that binds; while an approval is pending, only if there is
  /// no way to approve without one.
  private static Optional<Rule> joinRule(Finding finding) {
    return switch (finding) {
      case Finding.Permits(_, var binding) ->
          binding.stream().filter(rule -> rule.obligations().joinRequired()).findFirst();
      case Finding.Pending(var rules, _) ->
          rules.stream().allMatch(rule -> rule.obligations().joinRequired())
              ? Optional.of(rules.getFirst())
              : Optional.empty();
      case Finding.Own _, Finding.Refuses _ -> Optional.empty();
    };
  }

  private SortedSet<Approval> approvals() {
    var approvals = new TreeSet<Approval>();
    for (int node = 0; node < findings.size(); node++) {
      if (findings.get(node) instanceof Finding.Pending(_, var missing)) {
        var terms = reach.nodes().get(node);
        for (Address analysis : missing) {
          var document = Objects.requireNonNull(agreement.analyses().get(analysis)).document();
          approvals.add(new Approval(terms.party(), terms, analysis, document));
        }
      }
    }
    return approvals;
  }

  /// Per dataset, the meet of what binds it and of what binds every analysis above it.
  private SortedMap<Address, Obligations> obligations() {
    var perNode = findings.stream().map(Decision::obligationsOf).toList();
    var obligations = new TreeMap<Address, Obligations>();
    for (int dataset = 0; dataset < findings.size(); dataset++) {
      if (reach.nodes().get(dataset).kind() != Kind.DATASET) {
        continue;
      }
      var met = perNode.get(dataset).orElseThrow();
      for (int node = 0; node < findings.size(); node++) {
        if (perNode.get(node).isPresent() && reach.isAbove(node, dataset)) {
          met = met.meet(perNode.get(node).get());
        }
      }
      obligations.put(reach.nodes().get(dataset), met);
    }
    return obligations;
  }

  /// Noise protects units, so tables about nobody have no say in it.
  private SortedMap<Address, Obligations> ofUnits(SortedMap<Address, Obligations> obligations) {
    var protecting = new TreeMap<>(obligations);
    protecting
        .keySet()
        .removeIf(
            address -> Objects.requireNonNull(agreement.datasets().get(address)).unit().isEmpty());
    return protecting;
  }

  private static Optional<Obligations> obligationsOf(Finding finding) {
    return finding instanceof Finding.Permits(_, var binding)
        ? binding.stream().map(Rule::obligations).reduce(Obligations::meet)
        : Optional.empty();
  }

  private sealed interface Noise {
    record Resolved(Optional<DifferentialPrivacy> noise) implements Noise {}

    record Irreconcilable(Address at, String reason) implements Noise {}
  }

  private static Noise resolve(
      NoiseResolution resolution, SortedMap<Address, Obligations> obligations) {
    return switch (resolution) {
      case NoiseResolution.Strongest() ->
          new Noise.Resolved(
              Obligations.meetNoise(
                  obligations.values().stream().map(Obligations::noise).toList()));
      case NoiseResolution.Equal() -> equal(obligations);
      case NoiseResolution.Designated(var party) -> designated(party, obligations);
    };
  }

  private static Noise equal(SortedMap<Address, Obligations> obligations) {
    if (obligations.isEmpty()) {
      return new Noise.Resolved(Optional.empty());
    }
    var first = obligations.firstEntry();
    for (var entry : obligations.entrySet()) {
      if (!entry.getValue().noise().equals(first.getValue().noise())) {
        return new Noise.Irreconcilable(
            entry.getKey(),
            "the collaboration asks for equal noise, but the terms of "
                + first.getKey()
                + " and "
                + entry.getKey()
                + " differ");
      }
    }
    return new Noise.Resolved(first.getValue().noise());
  }

  private static Noise designated(Name party, SortedMap<Address, Obligations> obligations) {
    var theirs =
        Obligations.meetNoise(
            obligations.entrySet().stream()
                .filter(entry -> entry.getKey().party().equals(party))
                .map(entry -> entry.getValue().noise())
                .toList());
    for (var entry : obligations.entrySet()) {
      var allowed = entry.getValue().noise();
      if (allowed.isPresent()
          && (theirs.isEmpty() || !Obligations.isWithin(theirs.get(), allowed.get()))) {
        return new Noise.Irreconcilable(
            entry.getKey(),
            "the terms of " + entry.getKey() + " allow less than those of " + party + " reveal");
      }
    }
    return new Noise.Resolved(theirs);
  }

  private List<Step> trace() {
    var trace = new ArrayList<Step>();
    for (int node = 0; node < findings.size(); node++) {
      var at = reach.nodes().get(node);
      switch (findings.get(node)) {
        case Finding.Permits(var permitting, var binding) ->
            trace.add(new Step(at, names(permitting), names(binding), reach.path(node)));
        case Finding.Own _ -> {
          if (node != 0) {
            trace.add(new Step(at, names(List.of()), names(List.of()), reach.path(node)));
          }
        }
        case Finding.Pending _, Finding.Refuses _ ->
            throw new IllegalStateException("a permitted run has a rule for " + at);
      }
    }
    return trace;
  }

  private static SortedSet<Name> names(List<Rule> rules) {
    return rules.stream().map(Rule::name).collect(Collectors.toCollection(TreeSet::new));
  }

  private List<Address> pathTo(Address address) {
    return reach.path(reach.nodes().indexOf(address));
  }

  private static Denied denied(Cause cause, List<Address> path, String reason) {
    return denied(cause, Optional.empty(), path, reason);
  }

  private static Denied denied(
      Cause cause, Optional<Name> rule, List<Address> path, String reason) {
    return new Denied(path.getLast(), rule, cause, reason, path, Optional.empty());
  }

  private static String labels(Set<Use> uses) {
    return uses.isEmpty()
        ? "nothing"
        : uses.stream().sorted().map(Use::label).collect(Collectors.joining(", "));
  }

  private static String joined(List<Address> addresses) {
    return addresses.stream().map(Address::toString).collect(Collectors.joining(", "));
  }
}
