package cloister.room;

import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// A run as `decide` sees it: who asks for what, for which purpose, for whom, and what the plan
/// would read. `query` derives the last two from the SQL; nobody declares them.
///
/// @param uses per dataset and column, how the plan uses it, through every analysis it reads. Every
///   dataset that the plan reads has an entry, an empty one if only its rows or units are counted;
///   `decide` refuses a request whose entries are not exactly the datasets it finds
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
    uses =
        uses.entrySet().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    Map.Entry::getKey,
                    dataset ->
                        dataset.getValue().entrySet().stream()
                            .collect(
                                Collectors.toUnmodifiableMap(
                                    Map.Entry::getKey, column -> Set.copyOf(column.getValue())))));
    joined = Set.copyOf(joined);
    if (analysis.kind() != Kind.ANALYSIS) {
      throw new IllegalArgumentException(analysis + " is not the address of an analysis");
    }
  }
}
