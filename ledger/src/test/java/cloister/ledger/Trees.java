package cloister.ledger;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Leaves to test with, and the definition of the tree written as RFC 9162 §2.1.1 states it.
final class Trees {
  /// The leaves of the Certificate Transparency reference tests.
  static final List<Bytes> CLASSIC =
      Stream.of(
              "",
              "00",
              "10",
              "2021",
              "3031",
              "40414243",
              "5051525354555657",
              "606162636465666768696a6b6c6d6e6f")
          .map(Bytes::hex)
          .toList();

  private Trees() {}

  static Digest root(List<Bytes> leaves) {
    if (leaves.isEmpty()) {
      return Digest.of();
    }
    if (leaves.size() == 1) {
      return Digest.of(new byte[] {0}, leaves.getFirst().toArray());
    }
    int k = 1;
    while (2 * k < leaves.size()) {
      k *= 2;
    }
    Digest left = root(leaves.subList(0, k));
    Digest right = root(leaves.subList(k, leaves.size()));
    return Digest.of(new byte[] {1}, left.toArray(), right.toArray());
  }

  static TreeHead head(List<Bytes> leaves) {
    return new TreeHead(leaves.size(), root(leaves));
  }

  static List<Bytes> numbered(int count) {
    return IntStream.range(0, count).mapToObj(i -> Bytes.utf8("leaf " + i)).toList();
  }

  static Bytes random(RandomGenerator random, int maxBytes) {
    byte[] bytes = new byte[random.nextInt(maxBytes + 1)];
    random.nextBytes(bytes);
    return Bytes.of(bytes);
  }

  static Ledger ledgerOf(List<Bytes> leaves) {
    Ledger ledger = Ledger.open(new MemoryStore());
    for (Bytes leaf : leaves) {
      ledger.append(new Entry(leaf, Bytes.utf8("sealed")));
    }
    return ledger;
  }
}
