package cloister.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.testkit.ForAll;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ProofTest {
  private static final int SIZES = 64;
  private static final List<Bytes> LEAVES = Trees.numbered(SIZES);
  private static final Ledger LEDGER = Trees.ledgerOf(LEAVES);

  @Test
  void theClassicTreesHaveTheirPublishedRoots() {
    var roots =
        List.of(
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    Ledger classic = Trees.ledgerOf(Trees.CLASSIC);
    for (int size = 0; size <= 8; size++) {
      assertThat(classic.head(size).root()).hasToString("sha256:" + roots.get(size));
    }
  }

  @Test
  void theClassicTreeHasItsPublishedPath() {
    assertThat(Trees.ledgerOf(Trees.CLASSIC).inclusion(0, 8).path())
        .extracting(Digest::toString)
        .containsExactly(
            "sha256:96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "sha256:5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "sha256:6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4");
  }

  @Test
  void everyInclusionProofHoldsAndNoNeighbourOfItDoes() throws ProofException {
    for (int size = 1; size <= SIZES; size++) {
      TreeHead head = Trees.head(LEAVES.subList(0, size));
      for (int index = 0; index < size; index++) {
        InclusionProof proof = LEDGER.inclusion(index, size);
        Bytes leaf = LEAVES.get(index);
        assertThat(proof.verify(leaf, head)).isEqualTo(head);
        for (List<Digest> path : neighbours(proof.path(), head.root())) {
          refused(index, size, path, leaf, head);
        }
        refused(index, size, proof.path(), Bytes.utf8("another leaf"), head);
        if (size > 1) {
          // A proof is of one place: the same path proves no other.
          refused((index + 1) % size, size, proof.path(), leaf, head);
        }
      }
    }
  }

  @Test
  void everyConsistencyProofHoldsAndNoNeighbourOfItDoes() throws ProofException {
    for (int second = 0; second <= SIZES; second++) {
      TreeHead after = Trees.head(LEAVES.subList(0, second));
      for (int first = 0; first <= second; first++) {
        TreeHead before = Trees.head(LEAVES.subList(0, first));
        ConsistencyProof proof = LEDGER.consistency(first, second);
        assertThat(proof.verify(before, after)).isEqualTo(after);
        for (List<Digest> path : neighbours(proof.path(), after.root())) {
          refused(path, before, after);
        }
        if (first > 0) {
          TreeHead forked = new TreeHead(first, Digest.ofUtf8("fork"));
          refused(proof.path(), forked, after);
          refused(proof.path(), before, new TreeHead(second, Digest.ofUtf8("fork")));
        }
      }
    }
  }

  @ForAll(tries = 50)
  void anyTreeHasTheRootOfTheDefinition(RandomGenerator random) throws ProofException {
    var leaves = new ArrayList<Bytes>();
    Ledger ledger = Ledger.open(new MemoryStore());
    for (int batch = random.nextInt(12); batch >= 0; batch--) {
      var entries = new ArrayList<Entry>();
      for (int i = random.nextInt(40); i >= 0; i--) {
        entries.add(new Entry(Trees.random(random, 80), Trees.random(random, 80)));
      }
      assertThat(ledger.append(entries)).isEqualTo(leaves.size());
      entries.forEach(entry -> leaves.add(entry.leaf()));
    }
    TreeHead head = Trees.head(leaves);
    assertThat(ledger.head()).isEqualTo(head);
    int index = random.nextInt(leaves.size());
    ledger.inclusion(index, leaves.size()).verify(leaves.get(index), head);
    ledger.consistency(index, leaves.size()).verify(Trees.head(leaves.subList(0, index)), head);
  }

  @Test
  void aProofForAnotherSizeProvesNothing() {
    InclusionProof proof = LEDGER.inclusion(3, 7);
    assertThatThrownBy(() -> proof.verify(LEAVES.get(3), LEDGER.head(8)))
        .isInstanceOf(ProofException.class)
        .hasMessageContaining("for a tree of 7");
    assertThatThrownBy(() -> LEDGER.consistency(3, 7).verify(LEDGER.head(3), LEDGER.head(8)))
        .isInstanceOf(ProofException.class);
  }

  @Test
  void proofsAreBounded() {
    List<Digest> long65 = Collections.nCopies(65, Digest.ofUtf8("x"));
    assertThatIllegalArgumentException().isThrownBy(() -> new InclusionProof(0, 2, long65));
    assertThatIllegalArgumentException().isThrownBy(() -> new ConsistencyProof(1, 2, long65));
    assertThatIllegalArgumentException().isThrownBy(() -> new InclusionProof(2, 2, List.of()));
    assertThatIllegalArgumentException().isThrownBy(() -> new InclusionProof(-1, 2, List.of()));
    assertThatIllegalArgumentException().isThrownBy(() -> new ConsistencyProof(3, 2, List.of()));
    assertThatIllegalArgumentException().isThrownBy(() -> new ConsistencyProof(-1, 2, List.of()));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TreeHead(0, Digest.ofUtf8("not empty")));
  }

  @Test
  void theLargestSizesEndInAnAnswer() {
    TreeHead huge = new TreeHead(Long.MAX_VALUE, Digest.ofUtf8("huge"));
    for (int hashes = 0; hashes <= InclusionProof.MAX_HASHES; hashes++) {
      List<Digest> path = Collections.nCopies(hashes, Digest.ofUtf8("x"));
      refused(0, Long.MAX_VALUE, path, Bytes.utf8("leaf"), huge);
      refused(Long.MAX_VALUE - 1, Long.MAX_VALUE, path, Bytes.utf8("leaf"), huge);
      refused(path, new TreeHead(Long.MAX_VALUE - 1, Digest.ofUtf8("x")), huge);
      refused(path, new TreeHead(1L << 62, Digest.ofUtf8("x")), huge);
    }
  }

  /// One hash dropped, added, flipped or swapped with the next, at every place.
  private static List<List<Digest>> neighbours(List<Digest> path, Digest extra) {
    var all = new ArrayList<List<Digest>>();
    for (int i = 0; i <= path.size(); i++) {
      var added = new ArrayList<>(path);
      added.add(i, extra);
      all.add(added);
    }
    for (int i = 0; i < path.size(); i++) {
      var dropped = new ArrayList<>(path);
      Digest old = dropped.remove(i);
      all.add(dropped);
      var flipped = new ArrayList<>(path);
      byte[] bytes = old.toArray();
      bytes[i % 32] ^= 1;
      flipped.set(i, Digest.wrap(bytes));
      all.add(flipped);
      if (i + 1 < path.size()) {
        var swapped = new ArrayList<>(path);
        Collections.swap(swapped, i, i + 1);
        all.add(swapped);
      }
    }
    return all;
  }

  private static void refused(long index, long size, List<Digest> path, Bytes leaf, TreeHead head) {
    assertThatThrownBy(() -> new InclusionProof(index, size, path).verify(leaf, head))
        .as("leaf %d of %d", index, size)
        .isInstanceOf(ProofException.class);
  }

  private static void refused(List<Digest> path, TreeHead before, TreeHead after) {
    assertThatThrownBy(
            () -> new ConsistencyProof(before.size(), after.size(), path).verify(before, after))
        .as("from %d to %d", before.size(), after.size())
        .isInstanceOf(ProofException.class);
  }
}
