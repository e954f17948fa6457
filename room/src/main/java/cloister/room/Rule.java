package cloister.room;

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
  public Rule {
    analysts = Set.copyOf(analysts);
    analyses = Set.copyOf(analyses);
    purposes = Set.copyOf(purposes);
    recipients = Set.copyOf(recipients);
  }
}
