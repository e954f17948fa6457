package cloister.ledger;

import cloister.crypto.Digest;
import java.util.ArrayList;
import java.util.List;

/// The proof that the tree of `second` entries begins with the tree of `first` entries. It is empty
/// when the two are the same size, or when the first is the empty tree, with which every tree
/// begins.
public record ConsistencyProof(long first, long second, List<Digest> path) {
  /// No tree of 2^63 entries has a longer proof.
  public static final int MAX_HASHES = 64;

  public ConsistencyProof {
    if (first < 0 || first > second) {
      throw new IllegalArgumentException("no tree of " + first + " within one of " + second);
    }
    if (path.size() > MAX_HASHES) {
      throw new IllegalArgumentException("a consistency path of " + path.size() + " hashes");
    }
    path = List.copyOf(path);
  }

  /// Returns `secondHead`, now known to extend `firstHead`. RFC 9162 §2.1.4.2.
  public TreeHead verify(TreeHead firstHead, TreeHead secondHead) throws ProofException {
    if (first != firstHead.size() || second != secondHead.size()) {
      throw new ProofException("the proof is for trees of " + first + " and " + second);
    }
    // The RFC leaves out sizes that need no proof.
    if (first == second || first == 0) {
      if (!path.isEmpty()) {
        throw new ProofException("the consistency path is too long");
      }
      if (first == second && !firstHead.equals(secondHead)) {
        throw new ProofException("two trees of " + first + " entries have different roots");
      }
      return secondHead;
    }
    // 1. If consistency_path is an empty array, stop and fail the proof verification.
    if (path.isEmpty()) {
      throw new ProofException("the consistency path is too short");
    }
    // 2. If first is an exact power of 2, prepend first_hash to the consistency_path array.
    var hashes = new ArrayList<Digest>(path.size() + 1);
    if (Long.bitCount(first) == 1) {
      hashes.add(firstHead.root());
    }
    hashes.addAll(path);
    // 3. Set fn to first - 1 and sn to second - 1.
    long fn = first - 1;
    long sn = second - 1;
    // 4. If LSB(fn) is set, then right-shift both fn and sn equally until LSB(fn) is not set.
    while ((fn & 1) == 1) {
      fn >>= 1;
      sn >>= 1;
    }
    // 5. Set both fr and sr to the first value in the consistency_path array.
    Digest fr = hashes.getFirst();
    Digest sr = fr;
    // 6. For each subsequent value c in the consistency_path array:
    for (Digest c : hashes.subList(1, hashes.size())) {
      // 6a. If sn is 0, then stop the iteration and fail the proof verification.
      if (sn == 0) {
        throw new ProofException("the consistency path is too long");
      }
      // 6b. If LSB(fn) is set, or if fn is equal to sn, then:
      if ((fn & 1) == 1 || fn == sn) {
        // 6b.i. Set fr to HASH(0x01 || c || fr).
        fr = MerkleTree.nodeHash(c, fr);
        // 6b.ii. Set sr to HASH(0x01 || c || sr).
        sr = MerkleTree.nodeHash(c, sr);
        // 6b.iii. If LSB(fn) is not set, right-shift both until LSB(fn) is set or fn is 0.
        while ((fn & 1) == 0 && fn != 0) {
          fn >>= 1;
          sn >>= 1;
        }
      } else {
        // Otherwise: set sr to HASH(0x01 || sr || c).
        sr = MerkleTree.nodeHash(sr, c);
      }
      // 6c. Finally, right-shift both fn and sn one time.
      fn >>= 1;
      sn >>= 1;
    }
    // 7. Verify that fr is equal to first_hash, sr to second_hash, and sn is 0.
    if (sn != 0) {
      throw new ProofException("the consistency path is too short");
    }
    if (!fr.equals(firstHead.root())) {
      throw new ProofException("the consistency path does not hash to the first root");
    }
    if (!sr.equals(secondHead.root())) {
      throw new ProofException("the consistency path does not hash to the second root");
    }
    return secondHead;
  }
}
