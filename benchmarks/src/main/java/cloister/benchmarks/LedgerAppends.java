package cloister.benchmarks;

import cloister.crypto.Bytes;
import cloister.enclave.LedgerFile;
import cloister.ledger.Entry;
import cloister.ledger.Ledger;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Durable appends through the server's own store, and the same bytes written and forced by hand.
final class LedgerAppends {
  /// Like most events of a room: sizes measured on the demonstration's ledger.
  private static final int LEAF_BYTES = 512;

  private static final int SEALED_BYTES = 1024;
  private static final int FILE_HEADER_BYTES = 1024;

  private LedgerAppends() {}

  private record Writers(Claim claim, int count) {}

  static List<Result> measure(Path folder, Sizes sizes) throws Exception {
    Files.createDirectories(folder);
    long nanoseconds = sizes.appendMilliseconds() * 1_000_000L;
    var first = appends(folder.resolve("unmeasured"), 1, nanoseconds);
    List<Result> results = new ArrayList<>();
    for (var writers :
        List.of(
            new Writers(Claim.APPEND_1, 1),
            new Writers(Claim.APPEND_8, 8),
            new Writers(Claim.APPEND_64, 64))) {
      // The peer before and after: a disk's rate wanders.
      double before = bare(folder.resolve("bare"), first.bytesEach(), nanoseconds / 2);
      var ours = appends(folder.resolve("ledger-" + writers.count()), writers.count(), nanoseconds);
      double after = bare(folder.resolve("bare"), first.bytesEach(), nanoseconds / 2);
      results.add(
          new Result(
              writers.claim(),
              first.bytesEach() + " bytes each",
              ours.perSecond(),
              (before + after) / 2));
    }
    return results;
  }

  /// @param bytesEach of the file for one append, when each is forced by itself
  private record Appended(double perSecond, int bytesEach) {}

  private static Appended appends(Path file, int writers, long nanoseconds) throws Exception {
    Entry entry = new Entry(Bytes.of(new byte[LEAF_BYTES]), Bytes.of(new byte[SEALED_BYTES]));
    long start = System.nanoTime();
    try (var ledger = Ledger.open(LedgerFile.open(file));
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (int writer = 0; writer < writers; writer++) {
        running.add(
            threads.submit(() -> {
              do {
                ledger.append(entry);
              } while (System.nanoTime() - start < nanoseconds);
            }));
      }
      for (Future<?> each : running) {
        finished(each);
      }
      long took = System.nanoTime() - start;
      long count = ledger.head().size();
      return new Appended(
          count * 1e9 / took, (int) ((Files.size(file) - FILE_HEADER_BYTES) / count));
    }
  }

  private static void finished(Future<?> writer) throws InterruptedException {
    try {
      writer.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("a writer failed", e);
    }
  }

  private static double bare(Path file, int bytes, long nanoseconds) throws IOException {
    Files.deleteIfExists(file);
    var record = ByteBuffer.allocate(bytes);
    try (var channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      long count = 0;
      long start = System.nanoTime();
      do {
        channel.write(record.clear());
        channel.force(true);
        count++;
      } while (System.nanoTime() - start < nanoseconds);
      return count * 1e9 / (System.nanoTime() - start);
    }
  }
}
