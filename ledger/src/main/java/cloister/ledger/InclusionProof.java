package cloister.ledger;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.util.List;

/// The proof that a leaf is at `index` in the tree of `size` entries: the siblings from the leaf
/// up.
public record InclusionProof(long index, long size, List<Digest> path) {
  /// No tree of 2^63 entries has a longer path.
  public static final int MAX_HASHES = 63;

  public InclusionProof {
    if (index < 0 || index >= size) {
      throw new IllegalArgumentException("no index " + index + " in a tree of " + size);
    }
    if (path.size() > MAX_HASHES) {
      throw new IllegalArgumentException("an inclusion path of " + path.size() + " hashes");
    }
    path = List.copyOf(path);
  }

  /// Returns `head`, now known to contain `leaf` at [#index]. RFC 9162 §2.1.3.2.
  public TreeHead verify(Bytes leaf, TreeHead head) throws ProofException {
    if (size != head.size()) {
      throw new ProofException("the proof is for a tree of " + size + ", not " + head.size());
    }
    // 1. leaf_index < tree_size: the constructor refused anything else.
    // 2. Set fn to leaf_index and sn to tree_size - 1.
    long fn = index;
    long sn = size - 1;
    // 3. Set r to hash.
    Digest r = MerkleTree.leafHash(leaf);
    // 4. For each value p in the inclusion_path array:
    for (Digest p : path) {
      // 4a. If sn is 0, then stop the iteration and fail the proof verification.
      if (sn == 0) {
        throw new ProofException("the inclusion path is too long");
      }
      // 4b. If LSB(fn) is set, or if fn is equal to sn, then:
      if ((fn & 1) == 1 || fn == sn) {
        // 4b.i. Set r to HASH(0x01 || p || r).
        r = MerkleTree.nodeHash(p, r);
        // 4b.ii. If LSB(fn) is not set, right-shift both until LSB(fn) is set or fn is 0.
        while ((fn & 1) == 0 && fn != 0) {
          fn >>= 1;
          sn >>= 1;
        }
      } else {
        // Otherwise: set r to HASH(0x01 || r || p).
        r = MerkleTree.nodeHash(r, p);
      }
      // 4c. Finally, right-shift both fn and sn one time.
      fn >>= 1;
      sn >>= 1;
    }
    // 5. Compare sn to 0, and r against the root_hash.
    if (sn != 0) {
      throw new ProofException("the inclusion path is too short");
    }
    if (!r.equals(head.root())) {
      throw new ProofException("the leaf and its path do not hash to the root");
    }
    return head;
  }
}
