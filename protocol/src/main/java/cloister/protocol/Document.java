package cloister.protocol;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.room.Address;
import cloister.room.Analysis;
import cloister.room.Collaboration;
import cloister.room.Dataset;
import cloister.room.Name;
import cloister.room.Purpose;
import cloister.room.Rule;
import java.util.List;
import java.util.Set;

/// What a participant writes and signs. Spacing, comments, the order of keys and defaults written
/// out or left out make no difference to [#canonical], so none to [#digest], which is signed.
public sealed interface Document {
  /// The RFC 8785 JSON of the content with its kind, its party and the version of the format: what
  /// travels, is stored and is enforced.
  Bytes canonical();

  /// The SHA-256 of [#canonical].
  default Digest digest() {
    return Digest.of(canonical());
  }

  /// Of all participants together: it has no party, so that all of them sign the same digest.
  record CollaborationDocument(Collaboration collaboration, Bytes canonical) implements Document {}

  /// Signed by the party in its address.
  record DatasetDocument(Dataset dataset, Bytes canonical) implements Document {}

  /// Signed by the party in its address. What the SQL reads is not declared but found by whoever
  /// plans it; [#analysis] adds it.
  record AnalysisDocument(
      Address address,
      String sql,
      Purpose purpose,
      Set<Name> recipients,
      List<Rule> terms,
      Bytes canonical)
      implements Document {
    public AnalysisDocument {
      recipients = Set.copyOf(recipients);
      terms = List.copyOf(terms);
    }

    /// @param inputs the datasets and analyses that the SQL names
    public Analysis analysis(Set<Address> inputs) {
      return new Analysis(address, digest(), sql, inputs, purpose, recipients, terms);
    }
  }
}
