package cloister.room;

import cloister.room.Verdict.Cause;
import cloister.room.Verdict.Denied;
import cloister.room.Verdict.Permitted;
import cloister.room.Verdict.Suggestion;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Looks for a permitted request near a denied one. It proposes, [Decision] disposes: nothing is
/// suggested that was not judged `Permitted`.
final class Suggestions {
  private static final int MOST_JUDGEMENTS = 200;
  private static final int MOST_CANDIDATES = 5_000;
  private static final int MOST_NODES_VISITED = 200_000;
  private static final int MOST_SUBSETS_OF = 6;
  private static final int MOST_CHOICES = 64;

  private final Agreement agreement;
  private final Request request;
  private final Reach reach;
  private final List<List<Rule>> datasetTerms;
  private int judgements;
  private int candidates;

  private Suggestions(Agreement agreement, Request request, Reach reach) {
    this.agreement = agreement;
    this.request = request;
    this.reach = reach;
    this.datasetTerms = reach.datasets().stream().map(agreement::terms).toList();
    // A denial stays cheap to compute however large the agreement is.
    this.judgements = Math.min(MOST_JUDGEMENTS, MOST_NODES_VISITED / reach.nodes().size());
    this.candidates = MOST_CANDIDATES;
  }

  static Optional<Suggestion> nearest(Agreement agreement, Request request, Denied denied) {
    return switch (denied.cause()) {
      case SUSPENDED, MISSING, CYCLE, PLAN -> Optional.empty();
      case PARTICIPANT, PURPOSE, TERMS, JOIN, COLUMN, NOISE ->
          Reach.below(request.analysis(), agreement) instanceof Reach.Result.Acyclic(var reach)
              ? new Suggestions(agreement, request, reach).search()
              : Optional.empty();
    };
  }

  /// The fewest kinds of change first: the plan only, other recipients, another purpose, both; and
  /// only then somebody else as the requester.
  private Optional<Suggestion> search() {
    var rules =
        reach.nodes().stream().flatMap(node -> agreement.terms(node).stream()).distinct().toList();
    for (Name requester : requesters(rules)) {
      for (int kinds = 0; kinds < 4; kinds++) {
        var purposes = (kinds & 2) == 0 ? List.of(request.purpose()) : otherPurposes(rules);
        var recipients = (kinds & 1) == 0 ? List.of(request.recipients()) : otherRecipients(rules);
        for (Purpose purpose : purposes) {
          for (Set<Name> some : recipients) {
            if (candidates-- <= 0) {
              return Optional.empty();
            }
            if (!isConceivable(requester, purpose, some)) {
              continue;
            }
            var found = repaired(changed(requester, purpose, some));
            if (found.isPresent()) {
              return Optional.of(new Suggestion(found.get(), changes(found.get())));
            }
          }
        }
      }
    }
    return Optional.empty();
  }

  /// What must hold at least, and is quick to see: every dataset has a rule for the three.
  private boolean isConceivable(Name requester, Purpose purpose, Set<Name> recipients) {
    return datasetTerms.stream()
        .allMatch(terms ->
            terms.stream()
                .anyMatch(rule ->
                    rule.analysts().contains(requester)
                        && rule.recipients().containsAll(recipients)
                        && Finding.covers(rule.purposes(), purpose)));
  }

  /// The candidate with its plan changed as far as it must be: uses dropped, joins added.
  private Optional<Request> repaired(Request candidate) {
    var at = candidate;
    while (judgements-- > 0) {
      switch (Decision.judge(agreement, at)) {
        case Permitted _ -> {
          return Optional.of(at);
        }
        case Denied denied -> {
          boolean missesJoin = denied.cause() == Cause.JOIN && !at.joined().contains(denied.at());
          if (denied.cause() == Cause.COLUMN) {
            at = withAllowedUses(at);
          } else if (missesJoin) {
            at = withJoin(at, denied.at());
          } else {
            return Optional.empty();
          }
        }
        case Verdict.NeedsApproval _ -> {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  private Request changed(Name requester, Purpose purpose, Set<Name> recipients) {
    return new Request(
        requester, request.analysis(), purpose, recipients, request.uses(), request.joined());
  }

  private static Request withJoin(Request request, Address dataset) {
    var joined = new HashSet<>(request.joined());
    joined.add(dataset);
    return new Request(
        request.requester(),
        request.analysis(),
        request.purpose(),
        request.recipients(),
        request.uses(),
        joined);
  }

  private Request withAllowedUses(Request from) {
    Map<Address, Map<ColumnName, Set<Use>>> allowed = new HashMap<>();
    from.uses()
        .forEach((address, columns) -> {
          var dataset = Objects.requireNonNull(agreement.datasets().get(address));
          Map<ColumnName, Set<Use>> kept = new HashMap<>();
          columns.forEach((name, uses) -> {
            var some = new HashSet<>(uses);
            some.retainAll(dataset.column(name).map(Column::use).orElse(Set.of()));
            if (!some.isEmpty()) {
              kept.put(name, some);
            }
          });
          allowed.put(address, kept);
        });
    return new Request(
        from.requester(),
        from.analysis(),
        from.purpose(),
        from.recipients(),
        allowed,
        from.joined());
  }

  private List<Name> requesters(List<Rule> rules) {
    var requesters = new LinkedHashSet<Name>();
    requesters.add(request.requester());
    requesters.add(request.analysis().party());
    rules.stream().flatMap(rule -> rule.analysts().stream()).sorted().forEach(requesters::add);
    return requesters.stream().limit(MOST_CHOICES).toList();
  }

  /// Narrower and broader terms before unrelated ones.
  private List<Purpose> otherPurposes(List<Rule> rules) {
    var purposes = new TreeSet<>(agreement.collaboration().purposes());
    rules.forEach(rule -> purposes.addAll(rule.purposes()));
    purposes.remove(request.purpose());
    return purposes.stream()
        .sorted(
            Comparator.comparing(
                it -> !it.covers(request.purpose()) && !request.purpose().covers(it)))
        .limit(MOST_CHOICES)
        .toList();
  }

  /// As many of the same recipients as possible; then those of the analysis, then the requester
  /// alone. An answer for anybody else, whom some rule names, comes last.
  private List<Set<Name>> otherRecipients(List<Rule> rules) {
    var choices = new LinkedHashSet<Set<Name>>();
    if (request.recipients().size() <= MOST_SUBSETS_OF) {
      choices.addAll(subsets(List.copyOf(new TreeSet<>(request.recipients()))));
    }
    for (Rule rule : rules) {
      var common = new TreeSet<>(request.recipients());
      common.retainAll(rule.recipients());
      choices.add(common);
    }
    for (Rule rule : rules) {
      var named = new TreeSet<>(rule.recipients());
      named.retainAll(agreement.participants());
      choices.add(named);
      named.forEach(name -> choices.add(Set.of(name)));
    }
    var owns = Objects.requireNonNull(agreement.analyses().get(request.analysis())).recipients();
    choices.add(owns);
    choices.add(Set.of(request.requester()));
    choices.remove(request.recipients());
    choices.remove(Set.<Name>of());
    return choices.stream()
        .sorted(
            Comparator.comparingInt((Set<Name> it) -> rank(it, owns))
                .thenComparingInt(it -> -common(it))
                .thenComparingInt(it -> it.size() - common(it)))
        .limit(MOST_CHOICES)
        .toList();
  }

  private int rank(Set<Name> recipients, Set<Name> owns) {
    if (request.recipients().containsAll(recipients)) {
      return 0;
    }
    if (recipients.equals(owns)) {
      return 1;
    }
    return recipients.equals(Set.of(request.requester())) ? 2 : 3;
  }

  private int common(Set<Name> recipients) {
    return (int) recipients.stream().filter(request.recipients()::contains).count();
  }

  private static List<Set<Name>> subsets(List<Name> names) {
    var subsets = new ArrayList<Set<Name>>();
    for (int members = 1; members < 1 << names.size(); members++) {
      var subset = new TreeSet<Name>();
      for (int i = 0; i < names.size(); i++) {
        if (((members >> i) & 1) == 1) {
          subset.add(names.get(i));
        }
      }
      subsets.add(subset);
    }
    return subsets;
  }

  private List<String> changes(Request found) {
    var changes = new ArrayList<String>();
    if (!found.requester().equals(request.requester())) {
      changes.add("let " + found.requester() + " run it");
    }
    if (found.purpose() != request.purpose()) {
      changes.add("for the purpose " + found.purpose());
    }
    if (!found.recipients().equals(request.recipients())) {
      changes.add("with recipients " + new TreeSet<>(found.recipients()));
    }
    new TreeMap<>(request.uses())
        .forEach((address, columns) ->
            new TreeMap<>(columns)
                .forEach((name, uses) -> {
                  var dropped = new TreeSet<>(uses);
                  dropped.removeAll(
                      Objects.requireNonNull(found.uses().get(address))
                          .getOrDefault(name, Set.of()));
                  if (!dropped.isEmpty()) {
                    changes.add(
                        "without column "
                            + name
                            + " of "
                            + address
                            + " for "
                            + dropped.stream().map(Use::label).collect(Collectors.joining(", ")));
                  }
                }));
    var joins = new TreeSet<>(found.joined());
    joins.removeAll(request.joined());
    joins.forEach(
        it -> changes.add("with an inner join of " + it + " and another participant's dataset"));
    return changes;
  }
}
