package cloister.ledger;

import cloister.crypto.Digest;

/// How many entries a ledger has, and the root over them.
public record TreeHead(long size, Digest root) {
  public static final TreeHead EMPTY = new TreeHead(0, MerkleTree.EMPTY_ROOT);

  public TreeHead {
    if (size < 0) {
      throw new IllegalArgumentException("a tree has no negative size: " + size);
    }
    if (size == 0 && !root.equals(MerkleTree.EMPTY_ROOT)) {
      throw new IllegalArgumentException("the empty tree has one root, and this is not it");
    }
  }
}
