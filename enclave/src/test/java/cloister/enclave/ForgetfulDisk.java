package cloister.enclave;

import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/// A file on a disk that loses its power, or has no more room, at one step. What was forced stays;
/// of what was written since, any subset of sectors does, in any mixture of writes: a disk orders
/// nothing until it is told to.
final class ForgetfulDisk implements DurableFile {
  static final int NEVER = Integer.MAX_VALUE;
  private static final int SECTOR_BYTES = 512;

  private record Change(long position, List<Byte> bytes, long length) {}

  private final int failingStep;
  private final long capacity;
  private final List<Change> unforced = new ArrayList<>();
  private byte[] durable;
  private byte[] current;
  private int steps;

  ForgetfulDisk(byte[] content, int failingStep, long capacity) {
    this.durable = content.clone();
    this.current = content.clone();
    this.failingStep = failingStep;
    this.capacity = capacity;
  }

  int steps() {
    return steps;
  }

  /// What the process left behind, when only the process died.
  byte[] afterKill() {
    return current.clone();
  }

  /// What is found after the power came back.
  byte[] afterPowerLoss(RandomGenerator random) {
    byte[] found = durable.clone();
    for (Change change : unforced) {
      if (change.length >= 0) {
        found = random.nextBoolean() ? Arrays.copyOf(found, (int) change.length) : found;
        continue;
      }
      for (int from = 0; from < change.bytes.size(); ) {
        long position = change.position + from;
        int untilSector = SECTOR_BYTES - (int) (position % SECTOR_BYTES);
        int to = Math.min(change.bytes.size(), from + untilSector);
        if (random.nextBoolean()) {
          found = written(found, position, change.bytes.subList(from, to));
        }
        from = to;
      }
    }
    return found;
  }

  @Override
  public long length() {
    return current.length;
  }

  @Override
  public void read(long position, byte[] into) throws IOException {
    if (position + into.length > current.length) {
      throw new EOFException("beyond the end");
    }
    System.arraycopy(current, (int) position, into, 0, into.length);
  }

  @Override
  public void write(long position, byte[] bytes) throws IOException {
    boolean fails = ++steps >= failingStep;
    int room = (int) Math.max(0, Math.min(bytes.length, capacity - position));
    List<Byte> taken = new ArrayList<>();
    for (int i = 0; i < room; i++) {
      taken.add(bytes[i]);
    }
    unforced.add(new Change(position, taken, -1));
    current = written(current, position, taken);
    if (fails || room < bytes.length) {
      throw new IOException(fails ? "no power" : "no space left on device");
    }
  }

  @Override
  public void truncate(long length) throws IOException {
    step();
    unforced.add(new Change(0, List.of(), length));
    current = Arrays.copyOf(current, (int) length);
  }

  @Override
  public void force() throws IOException {
    step();
    durable = current.clone();
    unforced.clear();
  }

  @Override
  public void close() {}

  private void step() throws IOException {
    if (++steps >= failingStep) {
      throw new IOException("no power");
    }
  }

  private static byte[] written(byte[] content, long position, List<Byte> bytes) {
    int end = bytes.isEmpty() ? 0 : (int) position + bytes.size();
    byte[] grown = Arrays.copyOf(content, Math.max(content.length, end));
    for (int i = 0; i < bytes.size(); i++) {
      grown[(int) position + i] = bytes.get(i);
    }
    return grown;
  }
}
