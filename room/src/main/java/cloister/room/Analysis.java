package cloister.room;

import cloister.crypto.Digest;
import java.util.List;
import java.util.Set;

/// A question as SQL, with those who may receive its answer by default. Other analyses may read it;
/// only its owner's do unless its terms say more.
///
/// @param document the digest its owner signed
/// @param inputs the datasets and analyses that the SQL names, as `query` found them
/// @param purpose what a run of it is for unless the run says otherwise; decides nothing by itself
/// @param recipients who receives a run of it unless the run says otherwise; decides nothing either
/// @param terms who may build on it; obligations of such a rule bind like a dataset's
public record Analysis(
    Address address,
    Digest document,
    String sql,
    Set<Address> inputs,
    Purpose purpose,
    Set<Name> recipients,
    List<Rule> terms) {
  public Analysis {
    if (address.kind() != Kind.ANALYSIS) {
      throw new IllegalArgumentException(address + " is not the address of an analysis");
    }
    if (sql.isBlank()) {
      throw new IllegalArgumentException("an analysis needs sql");
    }
    inputs = Set.copyOf(inputs);
    recipients = Set.copyOf(recipients);
    terms = List.copyOf(terms);
    Rule.requireDistinctNames(terms);
  }
}
