package cloister.enclave;

import cloister.crypto.Bytes;
import cloister.duckdb.DuckDbEngine;
import cloister.duckdb.Ingestion;
import cloister.duckdb.Workers;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Limits;
import cloister.query.Engine;
import cloister.query.EngineException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Semaphore;

/// What computes: the workers, shared by all rooms, and how much of them there is.
final class Engines implements AutoCloseable {
  private static final int RUN_ID_BYTES = 8;

  /// One for the data that is being published, and one for the question that follows at once.
  private static final int SPARES = 2;

  private final Workers workers;
  private final Engine engine;
  private final Ingestion ingestion;
  private final Semaphore free;
  private final Engine.Limits limits;
  private final Path memory;
  private final Plaintext plaintext;
  private final SecureRandom random = new SecureRandom();

  /// @param memory an existing folder in memory-backed storage, this process's own
  /// @param plaintextBytes of data in the clear, of all rooms
  Engines(
      Path memory, int concurrentRuns, long memoryBytesPerRun, long plaintextBytes, Duration time) {
    this.memory = memory;
    this.workers = Workers.of(new Workers.Settings(memory, concurrentRuns, SPARES));
    this.engine = new DuckDbEngine(workers);
    this.plaintext = new Plaintext(plaintextBytes, engine::forget);
    this.ingestion = new Ingestion(workers);
    this.free = new Semaphore(concurrentRuns);
    int threads = Math.max(1, Runtime.getRuntime().availableProcessors());
    this.limits = new Engine.Limits(time, memoryBytesPerRun, threads, Limits.GROUPS);
  }

  /// Starts a worker ahead, so that the first run need not wait for one. Returns at once.
  void warm() {
    workers.warm();
  }

  /// A place among the concurrent runs, until it is closed; or TOO_BUSY, before anything is
  /// charged.
  Place admit() {
    if (!free.tryAcquire()) {
      throw new CloisterException(
          ErrorCode.TOO_BUSY, "the enclave computes as many runs as it may; nothing was charged");
    }
    return free::release;
  }

  interface Place extends AutoCloseable {
    @Override
    void close();
  }

  PreparedData data(Path folder) {
    Path own = memory.resolve("room-" + newRunId());
    Disk.createFolder(own);
    Disk.createFolder(folder);
    return new PreparedData(folder, own, plaintext, ingestion, limits);
  }

  String newRunId() {
    byte[] id = new byte[RUN_ID_BYTES];
    random.nextBytes(id);
    return "run-" + Bytes.of(id).hex();
  }

  Engine engine() {
    return engine;
  }

  Engine.Limits limits() {
    return limits;
  }

  /// What confines the workers; it waits for the first of them.
  Set<Workers.Layer> layers() throws EngineException, InterruptedException {
    return workers.layers();
  }

  /// Ends what computes. Whoever waits for it is told that it failed.
  void stop() {
    engine.close();
    workers.close();
  }

  /// Deletes all data in the clear; call it when nobody computes any more.
  @Override
  public void close() {
    Disk.delete(memory);
  }
}
