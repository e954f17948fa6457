package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Bytes;
import cloister.ledger.Entry;
import cloister.ledger.Ledger;
import cloister.ledger.LedgerException;
import cloister.testkit.ForAll;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerFileTest {
  private static final int BATCHES = 8;
  private static final int PER_BATCH = 3;

  @TempDir Path folder;

  @Test
  void aPowerLossAtAnyStepLosesNothingAcknowledged() {
    int steps = 0;
    for (int failing = 1; ; failing++) {
      var disk = new ForgetfulDisk(new byte[0], failing, Long.MAX_VALUE);
      var acknowledged = new ArrayList<Entry>();
      boolean failed = writeUntilFailure(disk, acknowledged);
      for (int seed = 0; seed < 40; seed++) {
        var random = new SplittableRandom(1000L * failing + seed);
        String where = "step " + failing + ", seed " + seed;
        checkSurvives(disk.afterPowerLoss(random), acknowledged, random, where);
      }
      checkSurvives(disk.afterKill(), acknowledged, new SplittableRandom(failing), "killed");
      if (!failed) {
        break;
      }
      steps = failing;
    }
    // Creation has three steps (cut, write, force), a batch has three (write, force, mark).
    assertThat(steps).isEqualTo(3 + 3 * BATCHES);
  }

  @Test
  void aFullDiskIsOneErrorAndLosesNothingAcknowledged() {
    var roomy = new ForgetfulDisk(new byte[0], ForgetfulDisk.NEVER, Long.MAX_VALUE);
    assertThat(writeUntilFailure(roomy, new ArrayList<>())).isFalse();
    long needed = roomy.length();
    for (long capacity = 0; capacity < needed; capacity += 97) {
      var disk = new ForgetfulDisk(new byte[0], ForgetfulDisk.NEVER, capacity);
      var acknowledged = new ArrayList<Entry>();
      assertThat(writeUntilFailure(disk, acknowledged)).as("%d bytes", capacity).isTrue();
      checkSurvives(
          disk.afterKill(), acknowledged, new SplittableRandom(capacity), capacity + " bytes");
    }
  }

  @Test
  void anyFlippedByteIsAnError() {
    byte[] good = written();
    for (int at = 0; at < good.length; at++) {
      byte[] bad = good.clone();
      bad[at] ^= 0x20;
      assertThatThrownBy(() -> Ledger.open(LedgerFile.open(disk(bad))))
          .as("byte %d of %d", at, good.length)
          .isInstanceOf(LedgerException.class);
    }
  }

  @Test
  void aFileThatLostItsEndIsAnError() {
    byte[] good = written();
    for (int length = 1024; length < good.length; length++) {
      byte[] cut = Arrays.copyOf(good, length);
      assertThatThrownBy(() -> LedgerFile.open(disk(cut)))
          .as("%d bytes of %d", length, good.length)
          .isInstanceOf(LedgerException.class)
          .hasMessageContaining("damaged");
    }
  }

  @Test
  void aByteFlippedUnderARunningLedgerIsNeverServed() {
    byte[] good = written();
    var disk = disk(good);
    Ledger ledger = Ledger.open(LedgerFile.open(disk));
    long size = ledger.head().size();
    List<Entry> entries = ledger.entries(0, size);
    for (int at = 1024; at < good.length; at++) {
      var other = disk(good);
      Ledger running = Ledger.open(LedgerFile.open(other));
      flip(other, at);
      for (int index = 0; index < size; index++) {
        try {
          assertThat(running.entry(index)).isEqualTo(entries.get(index));
        } catch (LedgerException _) {
          break;
        }
      }
    }
  }

  @Test
  void aStoreThatFailedRefusesUntilItIsOpenedAgain() {
    var disk = new ForgetfulDisk(new byte[0], 5, Long.MAX_VALUE);
    LedgerFile store = LedgerFile.open(disk);
    List<Bytes> batch = List.of(Bytes.utf8("record"));
    assertThatThrownBy(() -> store.append(batch)).isInstanceOf(LedgerException.class);
    assertThatThrownBy(() -> store.append(batch)).hasMessageContaining("open it again");
    assertThatThrownBy(() -> store.read(0, 0)).hasMessageContaining("open it again");
  }

  @ForAll(tries = 40)
  void whatIsWrittenIsReadBackByRange(RandomGenerator random) {
    var disk = disk(new byte[0]);
    LedgerFile store = LedgerFile.open(disk);
    var records = new ArrayList<Bytes>();
    for (int batch = random.nextInt(1, 20); batch > 0; batch--) {
      var some = new ArrayList<Bytes>();
      for (int i = random.nextInt(1, 9); i > 0; i--) {
        byte[] record = new byte[random.nextInt(200)];
        random.nextBytes(record);
        some.add(Bytes.of(record));
      }
      store.append(some);
      records.addAll(some);
    }
    LedgerFile reopened = LedgerFile.open(disk(disk.afterKill()));
    for (LedgerFile one : List.of(store, reopened)) {
      assertThat(one.size()).isEqualTo(records.size());
      int from = random.nextInt(records.size() + 1);
      int to = random.nextInt(from, records.size() + 1);
      assertThat(one.read(from, to)).isEqualTo(records.subList(from, to));
    }
  }

  @Test
  void aRealFileIsKeptAndHasOneOwner() {
    Path path = folder.resolve("ledger");
    try (LedgerFile store = LedgerFile.open(path)) {
      store.append(List.of(Bytes.utf8("kept")));
      assertThatThrownBy(() -> LedgerFile.open(path)).isInstanceOf(LedgerException.class);
      Thread.currentThread().interrupt();
      store.append(List.of(Bytes.utf8("kept through an interrupt")));
      assertThat(Thread.interrupted()).isTrue();
    }
    try (LedgerFile store = LedgerFile.open(path)) {
      assertThat(store.read(0, 2))
          .containsExactly(Bytes.utf8("kept"), Bytes.utf8("kept through an interrupt"));
    }
    Path nowhere = folder.resolve("missing/ledger");
    assertThatThrownBy(() -> LedgerFile.open(nowhere)).isInstanceOf(LedgerException.class);
  }

  @Test
  void aKilledProcessLosesNothingItSaidWasDone() throws Exception {
    Path path = folder.resolve("ledger");
    long atLeast = 0;
    for (int round = 0; round < 3; round++) {
      Process writer =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:+UseSerialGC",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Writer.class.getName(),
                  path.toString())
              .redirectErrorStream(true)
              .start();
      try (BufferedReader told = writer.inputReader()) {
        for (int lines = 0; lines < 200 + 57 * round; lines++) {
          atLeast = toldIndex(told.readLine()) + 1;
        }
        // By its handle, which leaves the pipe open: what it had said stays readable.
        assertThat(writer.toHandle().destroyForcibly()).isTrue();
        // What it had said by the time it died counts too; its last line may be cut short.
        for (String line = told.readLine(); line != null; line = told.readLine()) {
          atLeast = line.endsWith(".") ? toldIndex(line) + 1 : atLeast;
        }
      }
      assertThat(writer.waitFor()).as("killed, not ended").isNotZero();
      try (Ledger ledger = Ledger.open(LedgerFile.open(path))) {
        long size = ledger.head().size();
        assertThat(size).isGreaterThanOrEqualTo(atLeast);
        for (long from = 0; from < size; from += Ledger.MAX_READ_ENTRIES) {
          long index = from;
          long to = Math.min(size, from + Ledger.MAX_READ_ENTRIES);
          for (Entry entry : ledger.entries(from, to)) {
            assertThat(entry).isEqualTo(Writer.entry(index++));
          }
        }
      }
    }
  }

  /// Appends for ever and says so after each.
  static final class Writer {
    public static void main(String[] arguments) {
      Ledger ledger = Ledger.open(LedgerFile.open(Path.of(arguments[0])));
      while (true) {
        System.out.println(ledger.append(entry(ledger.head().size())) + ".");
      }
    }

    static Entry entry(long index) {
      byte[] sealed = new byte[(int) (index % 700)];
      Arrays.fill(sealed, (byte) index);
      return new Entry(Bytes.utf8("entry " + index), Bytes.of(sealed));
    }
  }

  private static long toldIndex(String line) {
    assertThat(line).as("what the writer says").matches("[0-9]+[.]");
    return Long.parseLong(line, 0, line.length() - 1, 10);
  }

  /// Returns if the disk failed.
  private static boolean writeUntilFailure(ForgetfulDisk disk, List<Entry> acknowledged) {
    try {
      Ledger ledger = Ledger.open(LedgerFile.open(disk));
      for (int i = 0; i < BATCHES; i++) {
        List<Entry> batch = batch(i);
        ledger.append(batch);
        acknowledged.addAll(batch);
      }
      return false;
    } catch (LedgerException _) {
      return true;
    }
  }

  private static void checkSurvives(
      byte[] found, List<Entry> acknowledged, RandomGenerator random, String where) {
    // The next start may lose its power too, at any of its own steps.
    var unlucky = new ForgetfulDisk(found, random.nextInt(1, 8), Long.MAX_VALUE);
    try {
      LedgerFile.open(unlucky).close();
    } catch (LedgerException _) {
      assertThat(unlucky.steps()).as("refused for the power, not for the file").isPositive();
    }
    var disk = disk(unlucky.afterPowerLoss(random));
    Ledger ledger = Ledger.open(LedgerFile.open(disk));
    int size = (int) ledger.head().size();
    var all = new ArrayList<Entry>();
    for (int i = 0; i < BATCHES; i++) {
      all.addAll(batch(i));
    }
    assertThat(size).as(where).isBetween(acknowledged.size(), acknowledged.size() + PER_BATCH);
    assertThat(size % PER_BATCH).as("whole batches, " + where).isZero();
    assertThat(ledger.entries(0, size)).as(where).isEqualTo(all.subList(0, size));
    Entry next = new Entry(Bytes.utf8("next"), Bytes.utf8(""));
    assertThat(ledger.append(next)).as(where).isEqualTo(size);
    Ledger again = Ledger.open(LedgerFile.open(disk(disk.afterPowerLoss(random))));
    assertThat(again.entry(size)).as(where).isEqualTo(next);
  }

  /// Batches of differing lengths, some below a sector and some over several.
  private static List<Entry> batch(int number) {
    var entries = new ArrayList<Entry>();
    for (int i = 0; i < PER_BATCH; i++) {
      byte[] sealed = new byte[(number * number * 61 + i * 97) % 1500];
      Arrays.fill(sealed, (byte) (number * PER_BATCH + i + 1));
      entries.add(new Entry(Bytes.utf8("entry " + number + "." + i), Bytes.of(sealed)));
    }
    return entries;
  }

  private static byte[] written() {
    var disk = disk(new byte[0]);
    Ledger ledger = Ledger.open(LedgerFile.open(disk));
    for (int i = 0; i < 4; i++) {
      ledger.append(batch(i));
    }
    return disk.afterKill();
  }

  private static ForgetfulDisk disk(byte[] content) {
    return new ForgetfulDisk(content, ForgetfulDisk.NEVER, Long.MAX_VALUE);
  }

  private static void flip(ForgetfulDisk disk, int at) {
    try {
      byte[] one = new byte[1];
      disk.read(at, one);
      one[0] ^= 0x20;
      disk.write(at, one);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
