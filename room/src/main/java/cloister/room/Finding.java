package cloister.room;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// What the terms of one dataset or analysis say about a run, before any obligation is looked at.
sealed interface Finding {
  /// The requester's own analysis: its owner needs nobody's leave to build on it.
  record Own() implements Finding {}

  /// @param permitting rules that permit the run as it is; at least one
  /// @param binding the same, and rules that would permit it for some of its recipients only: what
  ///   an owner asks of an answer for one recipient holds when a second one is added
  record Permits(List<Rule> permitting, List<Rule> binding) implements Finding {}

  /// @param rules they permit all but the version of an analysis, and pin versions only
  /// @param missing the analyses whose versions the first of these rules does not list
  record Pending(List<Rule> rules, List<Address> missing) implements Finding {}

  record Refuses(Optional<Name> nearest, String reason) implements Finding {}

  /// What the terms of `reach`'s node say.
  ///
  /// A rule has to list every analysis above the node. Nothing is above the requested analysis: a
  /// rule that lets another party run it lists the analysis itself.
  static Finding of(Agreement agreement, Reach reach, int node, Request request) {
    var address = reach.nodes().get(node);
    if (address.kind() == Kind.ANALYSIS && address.party().equals(request.requester())) {
      return new Own();
    }
    boolean isRequested = node == 0;
    var via = isRequested ? List.of(address) : reach.above(node);
    var terms = agreement.terms(address);
    var gaps = terms.stream().map(rule -> Gap.of(agreement, rule, via, request)).toList();

    var permitting = gaps.stream().filter(Gap::isNone).map(Gap::rule).toList();
    if (!permitting.isEmpty()) {
      return new Permits(
          permitting,
          gaps.stream()
              .filter(gap -> gap.isNoneForSome(request.recipients()))
              .map(Gap::rule)
              .toList());
    }
    // An analysis cannot pin its own version: its digest covers the terms that would list it.
    var pending = gaps.stream().filter(gap -> !isRequested && gap.isVersionOnly()).toList();
    if (!pending.isEmpty()) {
      return new Pending(pending.stream().map(Gap::rule).toList(), pending.getFirst().analyses());
    }
    return gaps.stream()
        .min(Comparator.comparingInt(Gap::kinds).thenComparingInt(Gap::size))
        .map(gap -> new Refuses(Optional.of(gap.rule().name()), gap.describe()))
        .orElse(new Refuses(Optional.empty(), address + " has no terms that permit anyone"));
  }

  /// What a rule lacks to permit a run.
  ///
  /// @param analyses those that no pattern matches
  record Gap(
      Rule rule,
      Optional<Name> requester,
      List<Address> analyses,
      Optional<Purpose> purpose,
      List<Name> recipients) {
    static Gap of(Agreement agreement, Rule rule, List<Address> via, Request request) {
      var requester = request.requester();
      return new Gap(
          rule,
          rule.analysts().contains(requester) ? Optional.empty() : Optional.of(requester),
          via.stream().filter(analysis -> !matches(agreement, rule, analysis)).toList(),
          covers(rule.purposes(), request.purpose())
              ? Optional.empty()
              : Optional.of(request.purpose()),
          request.recipients().stream()
              .filter(recipient -> !rule.recipients().contains(recipient))
              .sorted()
              .toList());
    }

    boolean isNone() {
      return kinds() == 0;
    }

    boolean isNoneForSome(Set<Name> all) {
      return requester.isEmpty()
          && analyses.isEmpty()
          && purpose.isEmpty()
          && recipients.size() < all.size();
    }

    boolean isVersionOnly() {
      return kinds() == 1
          && !analyses.isEmpty()
          && !rule.analyses().isEmpty()
          && rule.analyses().stream().allMatch(AnalysisPattern.Version.class::isInstance);
    }

    int kinds() {
      return (requester.isPresent() ? 1 : 0)
          + (analyses.isEmpty() ? 0 : 1)
          + (purpose.isPresent() ? 1 : 0)
          + (recipients.isEmpty() ? 0 : 1);
    }

    int size() {
      return analyses.size() + recipients.size();
    }

    String describe() {
      var parts = new ArrayList<String>();
      requester.ifPresent(it ->
          parts.add("requester " + it + " is not among its analysts " + list(rule.analysts())));
      if (!analyses.isEmpty()) {
        parts.add("its analyses " + list(rule.analyses()) + " do not include " + list(analyses));
      }
      purpose.ifPresent(
          it -> parts.add("its purposes " + list(rule.purposes()) + " do not cover " + it));
      if (!recipients.isEmpty()) {
        parts.add(
            "its recipients " + list(rule.recipients()) + " do not include " + list(recipients));
      }
      return "rule " + rule.name() + " comes nearest: " + String.join("; ", parts);
    }
  }

  static boolean covers(Set<Purpose> purposes, Purpose purpose) {
    return purposes.stream().anyMatch(allowed -> allowed.covers(purpose));
  }

  private static boolean matches(Agreement agreement, Rule rule, Address analysis) {
    return rule.analyses().stream()
        .anyMatch(pattern ->
            switch (pattern) {
              case AnalysisPattern.Exactly(Address exactly) -> exactly.equals(analysis);
              case AnalysisPattern.AllOf(Name party) -> party.equals(analysis.party());
              case AnalysisPattern.Version(var document) ->
                  Optional.ofNullable(agreement.analyses().get(analysis))
                      .map(Analysis::document)
                      .filter(document::equals)
                      .isPresent();
              case AnalysisPattern.AnySql() -> rule.analysts().contains(analysis.party());
            });
  }

  /// A few of them, sorted: messages stay readable however long a list is.
  private static String list(Collection<?> elements) {
    int most = 8;
    return elements.stream()
        .map(Object::toString)
        .sorted()
        .limit(most)
        .collect(Collectors.joining(", ", "[", elements.size() > most ? ", …]" : "]"));
  }
}
