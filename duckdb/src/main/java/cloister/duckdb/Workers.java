package cloister.duckdb;

import cloister.query.EngineException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/// The DuckDB processes of an enclave: at most so many at work at once, and some started ahead so
/// that nobody waits for a JVM. Safe for concurrent use; closing kills every process.
///
/// The kernel's sandbox [bubblewrap](https://github.com/containers/bubblewrap) wraps each worker
/// where it is installed and may make namespaces, and Landlock closes its files where the kernel
/// has it: see [#layers]. Elsewhere the bounds are DuckDB's lockdown, the process's limits and the
/// killing from outside.
public final class Workers implements AutoCloseable {
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");
  private static final Set<String> MEMORY_FILE_SYSTEMS = Set.of("tmpfs", "ramfs");
  private static final Duration START = Duration.ofSeconds(30);

  /// @param folder where prepared data is, and the workers' own files go: memory-backed, see
  ///   [#memoryFolder]; under bubblewrap a worker sees no other
  /// @param atWork the most workers that serve somebody at one time
  /// @param spares how many wait ready; a small query then starts in milliseconds
  /// @param bubblewrap the sandbox to try; a worker goes without where it does not work
  public record Settings(Path folder, int atWork, int spares, Optional<Path> bubblewrap) {
    /// With the system's bubblewrap, if it has one.
    public Settings(Path folder, int atWork, int spares) {
      this(folder, atWork, spares, installedBubblewrap());
    }

    public Settings {
      if (atWork < 1 || spares < 0) {
        throw new IllegalArgumentException("at least one worker at work, and no negative spares");
      }
    }
  }

  /// What holds a worker beside DuckDB's own lockdown.
  public enum Layer {
    /// Namespaces of its own: no network, no other process, a read-only view of the system.
    NAMESPACES,
    /// Landlock: it opens its inputs for reading and its outputs, and no other file.
    FILES,
    /// Bounded memory, no core dump, no capability.
    LIMITS
  }

  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          Thread.ofPlatform().daemon().name("duckdb-worker-", 0).factory());

  /// Starts all processes and lives as long as they: bubblewrap's `--die-with-parent` means the
  /// thread that started it.
  private final ExecutorService starter =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("duckdb-starter").factory());

  private final Semaphore atWork;
  private final int spareCount;
  private final Set<WorkerProcess> processes = ConcurrentHashMap.newKeySet();
  private final LinkedBlockingQueue<Future<WorkerProcess>> spares = new LinkedBlockingQueue<>();
  private final FutureTask<WorkerHome> home;
  private final CompletableFuture<Set<Layer>> layers = new CompletableFuture<>();
  private volatile boolean closed;

  private Workers(Settings settings) {
    atWork = new Semaphore(settings.atWork(), true);
    spareCount = settings.spares();
    home = new FutureTask<>(() -> WorkerHome.create(settings.folder(), settings.bubblewrap()));
  }

  /// Processes start when they are first needed, or [#warm] says so.
  public static Workers of(Settings settings) {
    return new Workers(settings);
  }

  /// Returns at once; the spares start in the background.
  public void warm() {
    replenish();
  }

  /// The system's memory-backed storage, if it has some that is what it seems: a folder of that
  /// name on a disk would keep plaintext.
  public static Optional<Path> memoryFolder() {
    return Optional.of(SHARED_MEMORY).filter(Workers::isMemoryBacked);
  }

  static boolean isMemoryBacked(Path folder) {
    try {
      return Files.isDirectory(folder)
          && Files.isWritable(folder)
          && MEMORY_FILE_SYSTEMS.contains(Files.getFileStore(folder).type());
    } catch (IOException _) {
      return false;
    }
  }

  /// What the first worker found. It waits for that one's start.
  ///
  /// @throws EngineException when no worker starts
  public Set<Layer> layers() throws EngineException, InterruptedException {
    if (!layers.isDone()) {
      dismiss(take(Deadline.after(START)));
    }
    return layers.join();
  }

  /// Waits for a turn; each call that returns is followed by one [#leave].
  void enter(Deadline deadline) throws EngineException, InterruptedException {
    if (!atWork.tryAcquire(deadline.left().toNanos(), TimeUnit.NANOSECONDS)) {
      throw new EngineException(EngineException.Reason.TIME);
    }
  }

  /// Only now are the spares made up: starting a process beside one that computes slows both.
  void leave() {
    atWork.release();
    replenish();
  }

  /// A fresh worker, no file opened yet. The caller kills it when done.
  WorkerProcess take(Deadline deadline) throws EngineException, InterruptedException {
    while (true) {
      var spare = spares.poll();
      var worker = await(spare == null ? threads.submit(this::launch) : spare, deadline);
      // The kernel may have ended one that waited.
      if (worker.isAlive()) {
        return worker;
      }
      dismiss(worker);
    }
  }

  void dismiss(WorkerProcess worker) {
    worker.kill();
    processes.remove(worker);
  }

  /// Waits for workers that are starting, to end them too.
  @Override
  public void close() {
    closed = true;
    processes.forEach(WorkerProcess::kill);
    threads.close();
    starter.close();
    processes.forEach(WorkerProcess::kill);
    // A killed process lives on for a moment, with its files.
    processes.forEach(WorkerProcess::awaitEnd);
    if (home.state() == Future.State.SUCCESS) {
      home.resultNow().close();
    }
  }

  private synchronized void replenish() {
    while (!closed && spares.size() < spareCount) {
      spares.add(threads.submit(this::launch));
    }
  }

  private WorkerProcess launch() throws EngineException, InterruptedException {
    WorkerProcess worker;
    try {
      worker = new WorkerProcess(starter.submit(this::start).get(), threads);
    } catch (ExecutionException _) {
      throw new EngineException(EngineException.Reason.FAILED);
    }
    found(worker.await(START));
    // Only now may closing kill it: bubblewrap that dies while it sets up leaves its child behind.
    processes.add(worker);
    if (closed) {
      dismiss(worker);
    }
    return worker;
  }

  /// The first makes the folder that all start from.
  private Process start() throws IOException, ExecutionException, InterruptedException {
    home.run();
    return home.get().start();
  }

  private void found(Set<Layer> own) {
    var all = EnumSet.noneOf(Layer.class);
    all.addAll(own);
    if (home.resultNow().isWrapped()) {
      all.add(Layer.NAMESPACES);
    }
    layers.complete(Collections.unmodifiableSet(all));
  }

  private WorkerProcess await(Future<WorkerProcess> worker, Deadline deadline)
      throws EngineException, InterruptedException {
    try {
      return worker.get(deadline.left().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      // It will be ready for whoever comes next.
      spares.add(worker);
      throw new EngineException(EngineException.Reason.TIME);
    } catch (ExecutionException _) {
      throw new EngineException(EngineException.Reason.FAILED);
    }
  }

  private static Optional<Path> installedBubblewrap() {
    return Stream.of("/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap")
        .map(Path::of)
        .filter(Files::isExecutable)
        .findFirst();
  }
}
