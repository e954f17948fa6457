package cloister.room;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/// What the participants have signed, as it stands: the active collaboration with its datasets and
/// analyses.
///
/// The constructor takes what the ledger says. The `with` methods admit one more document and
/// refuse one that names a stranger. A document whose owner or referents left by an amendment stays
/// where it is and can no longer permit anything.
///
/// @param suspendedBy the participant that has suspended the collaboration
public record Agreement(
    Collaboration collaboration,
    SortedMap<Address, Dataset> datasets,
    SortedMap<Address, Analysis> analyses,
    Optional<Name> suspendedBy) {
  private static final int MOST_DOCUMENTS = 10_000;

  public Agreement {
    datasets = Collections.unmodifiableSortedMap(new TreeMap<>(Map.copyOf(datasets)));
    analyses = Collections.unmodifiableSortedMap(new TreeMap<>(Map.copyOf(analyses)));
    if (datasets.size() + analyses.size() > MOST_DOCUMENTS) {
      throw new IllegalArgumentException(
          "a collaboration has at most " + MOST_DOCUMENTS + " datasets and analyses");
    }
    datasets.forEach((address, dataset) -> requireSame(address, dataset.address()));
    analyses.forEach((address, analysis) -> requireSame(address, analysis.address()));
  }

  /// Whether this run may happen, and what then binds its answer. Pure and total: every request has
  /// a verdict.
  public Verdict decide(Request request) {
    return Decision.decide(this, request);
  }

  /// This agreement with a dataset added or replaced.
  ///
  /// @throws StrangerException if its owner, or anyone its terms name, is no participant
  public Agreement with(Dataset dataset) {
    checkReferences(dataset.address(), dataset.terms());
    var more = new TreeMap<>(datasets);
    more.put(dataset.address(), dataset);
    return new Agreement(collaboration, more, analyses, suspendedBy);
  }

  /// This agreement with an analysis added or replaced; also how an ad-hoc query is asked about.
  ///
  /// @throws StrangerException if its owner, or anyone it names, is no participant
  public Agreement with(Analysis analysis) {
    checkReferences(analysis.address(), analysis.terms());
    for (Name recipient : analysis.recipients()) {
      requireParticipant(recipient, "recipient");
    }
    for (Address input : analysis.inputs()) {
      requireParticipant(input.party(), "owner of input " + input);
    }
    var more = new TreeMap<>(analyses);
    more.put(analysis.address(), analysis);
    return new Agreement(collaboration, datasets, more, suspendedBy);
  }

  List<Rule> terms(Address address) {
    var dataset = datasets.get(address);
    if (dataset != null) {
      return dataset.terms();
    }
    var analysis = analyses.get(address);
    return analysis == null ? List.of() : analysis.terms();
  }

  private void checkReferences(Address owner, List<Rule> terms) {
    requireParticipant(owner.party(), "owner");
    for (Rule rule : terms) {
      for (Name analyst : rule.analysts()) {
        requireParticipant(analyst, "analyst of rule " + rule.name());
      }
      for (Name recipient : rule.recipients()) {
        requireParticipant(recipient, "recipient of rule " + rule.name());
      }
      for (AnalysisPattern pattern : rule.analyses()) {
        pattern
            .named()
            .ifPresent(party ->
                requireParticipant(party, "party of " + pattern + " in rule " + rule.name()));
      }
    }
  }

  private void requireParticipant(Name party, String role) {
    if (!collaboration.hasParticipant(party)) {
      throw new StrangerException(
          party, "the " + role + ", " + party + ", is no participant of " + collaboration.name());
    }
  }

  private static void requireSame(Address key, Address address) {
    if (!key.equals(address)) {
      throw new IllegalArgumentException(address + " is filed under " + key);
    }
  }

  /// The names of all participants.
  Set<Name> participants() {
    return collaboration.participants().keySet();
  }
}
