package cloister.ledger;

import cloister.crypto.Bytes;

/// One fact of the ledger: what the collaboration may see, and the payload that only the enclave
/// reads. Either may be empty.
///
/// The tree covers the leaf and nothing else. Whoever seals the payload binds it to its leaf, for
/// example by the leaf being its associated data; the ledger only guards it against accidents.
public record Entry(Bytes leaf, Bytes sealed) {
  /// What a leaf holds is small: digests, names, figures.
  public static final int MAX_LEAF_BYTES = 64 << 10;

  /// Room for an answer and a copy for each who receives it; data itself is never in the ledger.
  public static final int MAX_SEALED_BYTES = 24 << 20;

  public Entry {
    if (leaf.size() > MAX_LEAF_BYTES) {
      throw new IllegalArgumentException(
          "a leaf has at most " + MAX_LEAF_BYTES + " bytes, not " + leaf.size());
    }
    if (sealed.size() > MAX_SEALED_BYTES) {
      throw new IllegalArgumentException(
          "a sealed payload has at most " + MAX_SEALED_BYTES + " bytes, not " + sealed.size());
    }
  }

  int bytes() {
    return leaf.size() + sealed.size();
  }
}
