package cloister.room;

import java.util.Map;
import java.util.Set;

/// A run as `decide` sees it: who asks for what, for which purpose, for whom, and what the plan
/// would read. `query` derives the last two from the SQL; nobody declares them.
///
/// @param uses per dataset and column, how the plan uses it, through every analysis it reads
/// @param joined the datasets whose rows reach the answer only by way of an inner join with another
///   participant's dataset
public record Request(
    Name requester,
    Address analysis,
    Purpose purpose,
    Set<Name> recipients,
    Map<Address, Map<ColumnName, Set<Use>>> uses,
    Set<Address> joined) {
  public Request {
    recipients = Set.copyOf(recipients);
    uses = Map.copyOf(uses);
    joined = Set.copyOf(joined);
  }
}
