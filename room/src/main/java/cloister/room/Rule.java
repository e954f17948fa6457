package cloister.room;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// One permission: whoever is listed may run what is listed for the purposes listed, and its result
/// may go to the recipients listed. Every set is explicit; an empty one permits nothing.
public record Rule(
    Name name,
    Set<Name> analysts,
    Set<AnalysisPattern> analyses,
    Set<Purpose> purposes,
    Set<Name> recipients,
    Obligations obligations) {
  private static final int MOST_RULES = 1_000;

  public Rule {
    analysts = Set.copyOf(analysts);
    analyses = Set.copyOf(analyses);
    purposes = Set.copyOf(purposes);
    recipients = Set.copyOf(recipients);
  }

  static void requireDistinctNames(List<Rule> terms) {
    if (terms.size() > MOST_RULES) {
      throw new IllegalArgumentException("terms have at most " + MOST_RULES + " rules");
    }
    var names = new HashSet<Name>();
    for (Rule rule : terms) {
      if (!names.add(rule.name())) {
        throw new IllegalArgumentException("rule " + rule.name() + " is there twice");
      }
    }
  }
}
