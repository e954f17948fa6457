package cloister.ledger;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// An append-only log over a [Store], for any number of threads.
///
/// Appends of concurrent callers share one durable write: whoever finds nobody leading commits for
/// all who wait. Memory holds the O(log n) right edge of the tree; a proof reads O(log n) records
/// and is verified against the recorded root before it is returned.
///
/// Any failure of the store, and any record that does not fit the tree, stops this ledger: from
/// then on every call throws [LedgerException] until the store is opened again.
public final class Ledger implements AutoCloseable {
  /// Of one [#append(List)], and of one durable write.
  public static final int MAX_BATCH_ENTRIES = 4096;

  /// Of one [#entries]; a reader asks again for more.
  public static final int MAX_READ_ENTRIES = 1024;

  /// Of one [#append(List)], and of one durable write: leaves and payloads together.
  public static final int MAX_BATCH_BYTES = 64 << 20;

  private final Store store;

  // Callers wait for their own entries, not for a lock that the leader holds while it writes:
  // otherwise those it has served would queue up behind the next write before they could return.
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition served = lock.newCondition();
  private final ArrayDeque<Append> queue = new ArrayDeque<>();
  private boolean leading;

  /// The roots of the complete subtrees that make up the tree, the largest first. Only the leader
  /// touches it.
  private List<Digest> edge;

  private volatile TreeHead head;
  private volatile @Nullable Throwable failure;

  private Ledger(Store store, TreeHead head, List<Digest> edge) {
    this.store = store;
    this.head = head;
    this.edge = edge;
  }

  /// Opens what the store holds, after checking that the right edge of the tree hashes to the root
  /// recorded last. Reads O(log n) records.
  public static Ledger open(Store store) {
    long size = store.size();
    var edge = new ArrayList<Digest>();
    if (size == 0) {
      return new Ledger(store, TreeHead.EMPTY, edge);
    }
    TreeHead recorded = new TreeHead(size, record(store, size - 1).root());
    Ledger ledger = new Ledger(store, recorded, edge);
    Digest root = MerkleTree.root(ledger::node, 0, size);
    if (!root.equals(recorded.root())) {
      throw new LedgerException("the store's hashes do not make the recorded root");
    }
    long from = 0;
    for (long left = size; left > 0; left -= Long.highestOneBit(left)) {
      int level = 63 - Long.numberOfLeadingZeros(left);
      edge.add(ledger.node(level, from >> level));
      from += Long.highestOneBit(left);
    }
    ledger.entries(size - 1, size);
    return ledger;
  }

  /// Adds one entry and returns its index.
  public long append(Entry entry) {
    return append(List.of(entry));
  }

  /// Adds the entries next to each other, all or none, and returns the index of the first.
  public long append(List<Entry> entries) {
    if (entries.isEmpty() || entries.size() > MAX_BATCH_ENTRIES) {
      throw new IllegalArgumentException(
          "an append has 1 to " + MAX_BATCH_ENTRIES + " entries, not " + entries.size());
    }
    Append mine = new Append(List.copyOf(entries));
    if (mine.bytes() > MAX_BATCH_BYTES) {
      throw new IllegalArgumentException(
          "an append has at most " + MAX_BATCH_BYTES + " bytes, not " + mine.bytes());
    }
    lock.lock();
    try {
      queue.add(mine);
      while (awaitTurn(mine)) {
        lead(takeBatch());
      }
      return mine.index;
    } finally {
      lock.unlock();
    }
  }

  /// Whether the store has failed, or the ledger was closed: only opening the store again helps.
  public boolean hasStopped() {
    return failure != null;
  }

  /// The tree of everything appended so far.
  public TreeHead head() {
    requireRunning();
    return head;
  }

  /// The tree when it had `size` entries.
  public TreeHead head(long size) {
    TreeHead now = head();
    requireWithin(size, now.size());
    if (size == 0 || size == now.size()) {
      return size == 0 ? TreeHead.EMPTY : now;
    }
    return guarded(() -> {
      TreeHead then = new TreeHead(size, MerkleTree.root(this::node, 0, size));
      var path = MerkleTree.proof(this::node, size, now.size());
      checked(() -> new ConsistencyProof(size, now.size(), path).verify(then, now));
      return then;
    });
  }

  public Entry entry(long index) {
    return entries(index, index + 1).getFirst();
  }

  /// The entries `from` (inclusive) to `to` (exclusive), at most [#MAX_READ_ENTRIES] of them, each
  /// checked against the root.
  public List<Entry> entries(long from, long to) {
    TreeHead now = head();
    requireWithin(to, now.size());
    if (from < 0 || from > to || to - from > MAX_READ_ENTRIES) {
      throw new IllegalArgumentException("no range from " + from + " to " + to);
    }
    if (from == to) {
      return List.of();
    }
    return guarded(() -> {
      List<Bytes> encoded = store.read(from, to);
      var entries = new ArrayList<Entry>(encoded.size());
      for (Bytes bytes : encoded) {
        entries.add(LedgerRecord.decode(from + entries.size(), bytes).entry());
      }
      var leaves = entries.stream().map(entry -> MerkleTree.leafHash(entry.leaf())).toList();

      if (leaves.size() != to - from
          || !new Range(from, leaves).root(this::node, 0, now.size()).equals(now.root())) {
        throw new LedgerException("the store's entries do not hash to the recorded root");
      }
      return List.copyOf(entries);
    });
  }

  /// The proof that entry `index` is in the tree of the first `size` entries.
  public InclusionProof inclusion(long index, long size) {
    requireWithin(size, head().size());
    if (index < 0 || index >= size) {
      throw new IllegalArgumentException("no index " + index + " in a tree of " + size);
    }
    TreeHead then = head(size);
    return guarded(() -> {
      var proof = new InclusionProof(index, size, MerkleTree.path(this::node, index, size));
      Bytes leaf = record(store, index).entry().leaf();
      checked(() -> proof.verify(leaf, then));
      return proof;
    });
  }

  /// The proof that the tree of the first `to` entries begins with the tree of the first `from`.
  public ConsistencyProof consistency(long from, long to) {
    requireWithin(to, head().size());
    if (from < 0 || from > to) {
      throw new IllegalArgumentException("no tree of " + from + " within one of " + to);
    }
    if (from == 0 || from == to) {
      return new ConsistencyProof(from, to, List.of());
    }
    TreeHead first = head(from);
    TreeHead second = head(to);
    return guarded(() -> {
      var proof = new ConsistencyProof(from, to, MerkleTree.proof(this::node, from, to));
      checked(() -> proof.verify(first, second));
      return proof;
    });
  }

  /// Closes the store. Appends that wait fail.
  @Override
  public void close() {
    lock.lock();
    try {
      if (failure == null) {
        failure = new LedgerException("the ledger was closed");
      }
      while (leading) {
        served.awaitUninterruptibly();
      }
      store.close();
    } finally {
      lock.unlock();
    }
  }

  /// Returns true when the caller is to lead, false when its entries are in the tree.
  private boolean awaitTurn(Append mine) {
    while (mine.index < 0 && leading) {
      served.awaitUninterruptibly();
    }
    if (mine.index < 0) {
      requireRunning();
    }
    return mine.index < 0;
  }

  /// Commits without the lock, so that others can queue meanwhile, and returns with it.
  private void lead(List<Append> batch) {
    leading = true;
    lock.unlock();
    try {
      guarded(() -> commit(batch));
    } finally {
      lock.lock();
      leading = false;
      served.signalAll();
    }
  }

  /// The longest waiting, up to the limits of one write. Never empty for who is in the queue.
  private List<Append> takeBatch() {
    var batch = new ArrayList<Append>();
    long bytes = 0;
    int entries = 0;
    for (var next = queue.peek(); next != null; next = queue.peek()) {
      bytes += next.bytes();
      entries += next.entries.size();
      if (!batch.isEmpty() && (bytes > MAX_BATCH_BYTES || entries > MAX_BATCH_ENTRIES)) {
        break;
      }
      batch.add(queue.remove());
    }
    return batch;
  }

  /// Writes the batch and moves the tree. A crash before the store returns leaves a ledger with all
  /// of the batch or none of it; one after it leaves all.
  private TreeHead commit(List<Append> batch) {
    var newEdge = new ArrayList<>(edge);
    var records = new ArrayList<Bytes>();
    TreeHead before = head;
    TreeHead after = before;
    for (Append append : batch) {
      for (Entry entry : append.entries) {
        long index = after.size();
        List<Digest> hashes = extend(newEdge, index, entry);
        after = new TreeHead(index + 1, rootOf(newEdge));
        records.add(new LedgerRecord(entry, hashes, after.root()).encode(index));
      }
    }
    store.append(records);
    edge = newEdge;
    head = after;
    long index = before.size();
    for (Append append : batch) {
      append.index = index;
      index += append.entries.size();
    }
    return after;
  }

  /// Adds a leaf to the right edge and returns the hashes of the subtrees that it completes.
  private static List<Digest> extend(List<Digest> edge, long size, Entry entry) {
    var completed = new ArrayList<Digest>();
    Digest hash = MerkleTree.leafHash(entry.leaf());
    completed.add(hash);
    for (long bits = size; (bits & 1) == 1; bits >>= 1) {
      hash = MerkleTree.nodeHash(edge.removeLast(), hash);
      completed.add(hash);
    }
    edge.add(hash);
    return completed;
  }

  private static Digest rootOf(List<Digest> edge) {
    Digest root = edge.getLast();
    for (int i = edge.size() - 2; i >= 0; i--) {
      root = MerkleTree.nodeHash(edge.get(i), root);
    }
    return root;
  }

  /// The hash of a complete subtree is in the record of its last leaf.
  private Digest node(int level, long index) {
    long last = ((index + 1) << level) - 1;
    return record(store, last).hashes().get(level);
  }

  private static LedgerRecord record(Store store, long index) {
    List<Bytes> one = store.read(index, index + 1);
    if (one.size() != 1) {
      throw LedgerRecord.damaged(index);
    }
    return LedgerRecord.decode(index, one.getFirst());
  }

  private interface Work<T> {
    T run();
  }

  private interface Check {
    TreeHead run() throws ProofException;
  }

  /// Runs what touches the store. Whatever escapes from it, a failed disk or a bug, leaves the
  /// store's state in doubt, so it stops the ledger.
  private <T> T guarded(Work<T> work) {
    requireRunning();
    try {
      return work.run();
    } catch (RuntimeException | Error e) {
      failure = e;
      throw e instanceof LedgerException known
          ? known
          : new LedgerException("the ledger's store failed", e);
    }
  }

  private static void checked(Check check) {
    try {
      check.run();
    } catch (ProofException e) {
      throw new LedgerException("the store's hashes do not make the recorded root", e);
    }
  }

  private void requireRunning() {
    Throwable stopped = failure;
    if (stopped != null) {
      throw new LedgerException("the ledger has stopped; open it again", stopped);
    }
  }

  private static void requireWithin(long size, long limit) {
    if (size < 0 || size > limit) {
      throw new IllegalArgumentException("no tree of " + size + " in a ledger of " + limit);
    }
  }

  /// What one caller wants appended. The leader sets the index, once the entries are durable.
  private static final class Append {
    final List<Entry> entries;
    volatile long index = -1;

    Append(List<Entry> entries) {
      this.entries = entries;
    }

    long bytes() {
      return entries.stream().mapToLong(Entry::bytes).sum();
    }
  }

  /// Neighbouring leaf hashes, and the way from them to a root.
  private record Range(long from, List<Digest> leaves) {
    Digest root(MerkleTree.Nodes nodes, long low, long high) {
      if (high <= from || low >= from + leaves.size()) {
        return MerkleTree.root(nodes, low, high);
      }
      if (high - low == 1) {
        return leaves.get((int) (low - from));
      }
      long middle = low + Long.highestOneBit(high - low - 1);
      return MerkleTree.nodeHash(root(nodes, low, middle), root(nodes, middle, high));
    }
  }
}
