package cloister.ledger;

import cloister.crypto.Bytes;
import java.util.ArrayList;
import java.util.List;

/// A store whose disk is a list that outlives it, and that may fail at one step. Appending has two
/// steps, before and after the batch is durable; reading has one.
final class MemoryStore implements Store {
  static final int NEVER = Integer.MAX_VALUE;

  private final List<Bytes> disk;
  private final int failingStep;
  private int steps;
  private int appends;

  MemoryStore(List<Bytes> disk, int failingStep) {
    this.disk = disk;
    this.failingStep = failingStep;
  }

  MemoryStore() {
    this(new ArrayList<>(), NEVER);
  }

  synchronized int appends() {
    return appends;
  }

  @Override
  public synchronized long size() {
    return disk.size();
  }

  @Override
  public synchronized List<Bytes> read(long from, long to) {
    step();
    return List.copyOf(disk.subList((int) from, (int) to));
  }

  @Override
  public synchronized void append(List<Bytes> batch) {
    step();
    disk.addAll(batch);
    appends++;
    step();
  }

  @Override
  public void close() {}

  private void step() {
    if (++steps == failingStep) {
      throw new LedgerException("the disk failed at step " + steps);
    }
  }
}
