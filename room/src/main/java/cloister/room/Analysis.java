package cloister.room;

import cloister.crypto.Digest;
import java.util.List;
import java.util.Set;

/// A question as SQL, with those who may receive its answer by default. Other analyses may read it;
/// only its owner's do unless its terms say more.
///
/// @param document the digest its owner signed
/// @param inputs the datasets and analyses that the SQL names, as `query` found them
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
    inputs = Set.copyOf(inputs);
    recipients = Set.copyOf(recipients);
    terms = List.copyOf(terms);
  }
}
