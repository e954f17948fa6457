package cloister.ledger;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.util.ArrayList;
import java.util.List;

/// The hashes and the shapes of RFC 9162 §2.1, over hashes that somebody else keeps.
final class MerkleTree {
  /// §2.1.1: MTH({}) = HASH().
  static final Digest EMPTY_ROOT = Digest.of();

  private static final byte[] LEAF = {0};
  private static final byte[] NODE = {1};

  private MerkleTree() {}

  /// The hash of a complete subtree: `level` 0 are the leaves, and `index` counts the subtrees of
  /// that level from the left.
  @FunctionalInterface
  interface Nodes {
    Digest node(int level, long index);
  }

  /// §2.1.1: MTH({d[0]}) = HASH(0x00 || d[0]).
  static Digest leafHash(Bytes leaf) {
    return Digest.of(LEAF, leaf.toArray());
  }

  /// §2.1.1: HASH(0x01 || left || right).
  static Digest nodeHash(Digest left, Digest right) {
    return Digest.of(NODE, left.toArray(), right.toArray());
  }

  /// MTH(D[from:to]), where the range is one that §2.1.1 arrives at.
  static Digest root(Nodes nodes, long from, long to) {
    long count = to - from;
    if (count == 0) {
      return EMPTY_ROOT;
    }
    if (Long.bitCount(count) == 1) {
      int level = Long.numberOfTrailingZeros(count);
      return nodes.node(level, from >> level);
    }
    long middle = from + split(count);
    return nodeHash(root(nodes, from, middle), root(nodes, middle, to));
  }

  /// PATH(index, D[0:size]), §2.1.3.1. At most one sibling is an incomplete subtree, so the whole
  /// path reads O(log size) nodes.
  static List<Digest> path(Nodes nodes, long index, long size) {
    var path = new ArrayList<Digest>();
    path(nodes, index, 0, size, path);
    return path;
  }

  private static void path(Nodes nodes, long index, long from, long to, List<Digest> path) {
    if (to - from == 1) {
      return;
    }
    long middle = from + split(to - from);
    if (index < middle) {
      path(nodes, index, from, middle, path);
      path.add(root(nodes, middle, to));
    } else {
      path(nodes, index, middle, to, path);
      path.add(root(nodes, from, middle));
    }
  }

  /// PROOF(first, D[0:second]), §2.1.4.1, for 0 < first < second.
  static List<Digest> proof(Nodes nodes, long first, long second) {
    var path = new ArrayList<Digest>();
    boolean firstIsKnown = true;
    subproof(nodes, first, 0, second, firstIsKnown, path);
    return path;
  }

  /// SUBPROOF(first, D[from:to], known); `first` counts from the start of the whole tree.
  private static void subproof(
      Nodes nodes, long first, long from, long to, boolean known, List<Digest> path) {
    if (first == to) {
      if (!known) {
        path.add(root(nodes, from, to));
      }
      return;
    }
    long middle = from + split(to - from);
    if (first <= middle) {
      subproof(nodes, first, from, middle, known, path);
      path.add(root(nodes, middle, to));
    } else {
      subproof(nodes, first, middle, to, false, path);
      path.add(root(nodes, from, middle));
    }
  }

  /// §2.1.1: k, the largest power of two smaller than n.
  private static long split(long n) {
    return Long.highestOneBit(n - 1);
  }
}
