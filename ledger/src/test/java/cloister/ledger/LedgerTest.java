package cloister.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Bytes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LedgerTest {
  @Test
  void writersAtTheSameTimeGetUniqueDenseDurableIndexes() throws Exception {
    var disk = Collections.synchronizedList(new ArrayList<Bytes>());
    MemoryStore store = new MemoryStore(disk, MemoryStore.NEVER);
    Ledger ledger = Ledger.open(store);
    var written = new ConcurrentSkipListMap<Long, Bytes>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var all = new ArrayList<Future<?>>();
      for (int writer = 0; writer < 64; writer++) {
        String name = "writer " + writer;
        all.add(
            threads.submit(() -> {
              for (int i = 0; i < 50; i++) {
                Entry entry = entry(name + " entry " + i);
                long index = ledger.append(entry);
                assertThat(disk.size()).as("durable before told").isGreaterThan((int) index);
                assertThat(ledger.head().size()).isGreaterThan(index);
                assertThat(written.put(index, entry.leaf())).as("unique").isNull();
              }
            }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    }
    assertThat(written.keySet())
        .containsExactlyElementsOf(IntStream.range(0, 3200).mapToObj(i -> (long) i).toList());
    Ledger reopened = Ledger.open(new MemoryStore(disk, MemoryStore.NEVER));
    assertThat(reopened.head()).isEqualTo(Trees.head(List.copyOf(written.values())));
  }

  /// The first writer's commit is held until the others wait; then one commit serves them all.
  @Test
  void writersWhoWaitShareOneCommit() throws Exception {
    var held = new CountDownLatch(1);
    var entered = new CountDownLatch(1);
    MemoryStore disk = new MemoryStore();
    Store slow =
        new Store() {
          @Override
          public long size() {
            return disk.size();
          }

          @Override
          public List<Bytes> read(long from, long to) {
            return disk.read(from, to);
          }

          @Override
          public void append(List<Bytes> batch) {
            entered.countDown();
            try {
              held.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            disk.append(batch);
          }

          @Override
          public void close() {}
        };
    Ledger ledger = Ledger.open(slow);
    var writers = new ArrayList<Thread>();
    writers.add(Thread.startVirtualThread(() -> ledger.append(entry("first"))));
    entered.await();
    for (int i = 0; i < 20; i++) {
      writers.add(Thread.startVirtualThread(() -> ledger.append(entry("waiting"))));
    }
    for (Thread writer : writers) {
      while (writer.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
    }
    held.countDown();
    for (Thread writer : writers) {
      writer.join();
    }
    assertThat(ledger.head().size()).isEqualTo(21);
    assertThat(disk.appends()).isEqualTo(2);
  }

  @Test
  void whatWasAcknowledgedSurvivesAFailureAtAnyStep() {
    int step = 1;
    for (boolean failed = true; failed; step++) {
      var disk = new ArrayList<Bytes>();
      var acknowledged = new ArrayList<Bytes>();
      failed = workUntilFailure(new MemoryStore(disk, step), acknowledged);

      Ledger reopened = Ledger.open(new MemoryStore(disk, MemoryStore.NEVER));
      List<Bytes> found =
          reopened.entries(0, reopened.head().size()).stream().map(Entry::leaf).toList();
      assertThat(found).hasSizeGreaterThanOrEqualTo(acknowledged.size());
      assertThat(found.subList(0, acknowledged.size())).as("step %d", step).isEqualTo(acknowledged);
      assertThat(found.size() % 3).as("no partial batch").isZero();
      assertThat(found.size()).isLessThanOrEqualTo(acknowledged.size() + 3);
      assertThat(reopened.head()).isEqualTo(Trees.head(found));
      reopened.append(entry("life goes on"));
      assertThat(reopened.entry(found.size())).isEqualTo(entry("life goes on"));
    }
    assertThat(step).as("steps of the script").isGreaterThan(50);
  }

  /// Returns if a step failed; checks that nothing is answered after it.
  private static boolean workUntilFailure(MemoryStore store, List<Bytes> acknowledged) {
    Ledger ledger = Ledger.open(store);
    try {
      for (int i = 0; i < 7; i++) {
        List<Entry> batch = List.of(entry("a" + i), entry("b" + i), entry("c" + i));
        ledger.append(batch);
        batch.forEach(entry -> acknowledged.add(entry.leaf()));
        ledger.inclusion(i, ledger.head().size());
      }
      return false;
    } catch (LedgerException e) {
      assertThatThrownBy(() -> ledger.append(entry("after"))).isInstanceOf(LedgerException.class);
      assertThatThrownBy(() -> ledger.entries(0, 0)).isInstanceOf(LedgerException.class);
      assertThatThrownBy(ledger::head).isInstanceOf(LedgerException.class);
      assertThatThrownBy(() -> ledger.consistency(0, 0)).isInstanceOf(LedgerException.class);
      return true;
    }
  }

  /// Whichever byte of the store is flipped, it is an error or has no effect, and never wrong data.
  @Test
  void aFlippedByteIsNeverServed() {
    List<Bytes> good = new ArrayList<>();
    Ledger written = Ledger.open(new MemoryStore(good, MemoryStore.NEVER));
    for (int i = 0; i < 11; i++) {
      written.append(new Entry(Bytes.utf8("leaf " + i), Bytes.utf8("sealed " + i)));
    }
    List<Entry> entries = written.entries(0, 11);
    for (int record = 0; record < good.size(); record++) {
      for (int at = 0; at < good.get(record).size(); at++) {
        var disk = new ArrayList<>(good);
        byte[] bytes = good.get(record).toArray();
        bytes[at] ^= 0x40;
        disk.set(record, Bytes.of(bytes));
        int index = record;
        assertThatThrownBy(
                () -> {
                  Ledger ledger = Ledger.open(new MemoryStore(disk, MemoryStore.NEVER));
                  ledger.entry(index);
                })
            .as("byte %d of record %d", at, record)
            .isInstanceOf(LedgerException.class);
      }
    }
    assertThat(Ledger.open(new MemoryStore(good, MemoryStore.NEVER)).entries(0, 11))
        .isEqualTo(entries);
  }

  /// A host that can compute hashes rewrites a record whole; the tree still tells.
  @Test
  void aRecordOfAnotherHistoryIsNeverServed() {
    for (int forged = 0; forged < 13; forged++) {
      var honest = new ArrayList<Bytes>();
      var other = new ArrayList<Bytes>();
      Ledger ledger = Ledger.open(new MemoryStore(honest, MemoryStore.NEVER));
      Ledger fork = Ledger.open(new MemoryStore(other, MemoryStore.NEVER));
      for (int i = 0; i < 13; i++) {
        ledger.append(entry("entry " + i));
        fork.append(entry(i == forged ? "forged" : "entry " + i));
      }
      TreeHead head = ledger.head();
      honest.set(forged, other.get(forged));
      int index = forged;
      assertThatThrownBy(
              () -> {
                Ledger again = Ledger.open(new MemoryStore(honest, MemoryStore.NEVER));
                // Replacing the last record is a fork, which the head shows and a client notices.
                if (again.head().equals(head)) {
                  again.entry(index);
                } else {
                  throw new LedgerException("another head");
                }
              })
          .as("record %d", forged)
          .isInstanceOf(LedgerException.class);
    }
  }

  @Test
  void anEmptyLedgerHasTheEmptyTree() {
    Ledger ledger = Ledger.open(new MemoryStore());
    assertThat(ledger.head()).isEqualTo(TreeHead.EMPTY);
    assertThat(ledger.entries(0, 0)).isEmpty();
    assertThat(ledger.consistency(0, 0).path()).isEmpty();
  }

  @Test
  void badRequestsAreRefusedAndHarmNothing() {
    Ledger ledger = Trees.ledgerOf(Trees.numbered(3));
    assertThatIllegalArgumentException().isThrownBy(() -> ledger.append(List.of()));
    assertThatIllegalArgumentException().isThrownBy(() -> ledger.entry(3));
    assertThatIllegalArgumentException().isThrownBy(() -> ledger.entry(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> ledger.entries(2, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> ledger.inclusion(3, 3));
    assertThatIllegalArgumentException().isThrownBy(() -> ledger.inclusion(0, 4));
    assertThatIllegalArgumentException().isThrownBy(() -> ledger.consistency(2, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> ledger.consistency(-1, 2));
    assertThatIllegalArgumentException().isThrownBy(() -> ledger.head(4));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ledger.append(Collections.nCopies(4097, entry("many"))));
    Entry large = new Entry(Bytes.of(new byte[0]), Bytes.of(new byte[Entry.MAX_SEALED_BYTES]));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ledger.append(Collections.nCopies(65, large)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Entry(Bytes.of(new byte[Entry.MAX_LEAF_BYTES + 1]), Bytes.utf8("")));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new Entry(Bytes.utf8(""), Bytes.of(new byte[Entry.MAX_SEALED_BYTES + 1])));
    assertThat(ledger.append(entry("still works"))).isEqualTo(3);
  }

  @Test
  void aClosedLedgerRefuses() {
    Ledger ledger = Trees.ledgerOf(Trees.numbered(3));
    ledger.close();
    assertThatThrownBy(ledger::head).isInstanceOf(LedgerException.class);
    assertThatThrownBy(() -> ledger.append(entry("late"))).isInstanceOf(LedgerException.class);
  }

  private static Entry entry(String text) {
    return new Entry(Bytes.utf8(text), Bytes.utf8("sealed " + text));
  }
}
