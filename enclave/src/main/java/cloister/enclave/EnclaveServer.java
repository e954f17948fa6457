package cloister.enclave;

import cloister.attestation.Measurement;
import cloister.crypto.CryptoException;
import cloister.crypto.Pkcs11Key;
import cloister.crypto.Secret;
import cloister.duckdb.Workers;
import cloister.platform.Platform;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Limits;
import cloister.query.EngineException;
import cloister.query.Planner;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// The enclave as a server: everything is wired here, by constructors, and stops in the reverse
/// order.
public final class EnclaveServer implements AutoCloseable {
  private static final Pattern MEMORY = Pattern.compile("cloister-(\\d{1,18})-\\d+");

  private final FileChannel lockFile;
  private final Engines engines;
  private final Rooms rooms;
  private final Sessions sessions;
  private final HttpApi api;
  private final Attester attester;

  /// What two deployments may want differently.
  ///
  /// @param state where sealed state is kept; one server at a time
  /// @param host the address to listen on
  /// @param port 0 for any free one
  /// @param concurrentRuns how many runs compute at one time; more are refused, not queued
  /// @param runMemoryBytes what one run may use in its worker
  /// @param plaintextBytes how much data may be in the clear in memory-backed storage
  /// @param runTime after which a run is stopped
  /// @param hsm where authorities' keys are kept; absent means in the enclave's sealed state
  /// @param plaintextOnDisk where data in the clear goes on a system without memory-backed storage;
  ///   absent means that no server starts there
  public record Settings(
      Path state,
      String host,
      int port,
      int concurrentRuns,
      long runMemoryBytes,
      long plaintextBytes,
      Duration runTime,
      Optional<Hsm> hsm,
      Optional<Path> plaintextOnDisk) {
    /// With half of the machine's memory for data in the clear.
    public Settings(
        Path state,
        String host,
        int port,
        int concurrentRuns,
        long runMemoryBytes,
        Duration runTime,
        Optional<Hsm> hsm,
        Optional<Path> plaintextOnDisk) {
      this(
          state,
          host,
          port,
          concurrentRuns,
          runMemoryBytes,
          halfOfMemory(),
          runTime,
          hsm,
          plaintextOnDisk);
    }

    private static long halfOfMemory() {
      var machine = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
      return machine.getTotalMemorySize() / 2;
    }

    public Settings {
      if (port < 0 || port > 65_535) {
        throw new IllegalArgumentException("a port is 0 to 65535, not " + port);
      }
      if (concurrentRuns < 1 || concurrentRuns > 64) {
        throw new IllegalArgumentException("concurrent runs are 1 to 64, not " + concurrentRuns);
      }
      if (runMemoryBytes < 256L << 20) {
        throw new IllegalArgumentException("a run needs at least 256 MiB");
      }
      if (plaintextBytes < 64L << 20) {
        throw new IllegalArgumentException("data in the clear needs at least 64 MiB");
      }
      if (runTime.isNegative() || runTime.isZero() || runTime.compareTo(Duration.ofHours(24)) > 0) {
        throw new IllegalArgumentException("a run's time is above 0 and at most 24 hours");
      }
    }
  }

  /// A slot of an HSM, reached through PKCS#11.
  ///
  /// @param pin used once, to log in; closed when the server has started, or has failed to
  public record Hsm(Path library, long slot, Secret pin) {}

  private EnclaveServer(
      FileChannel lockFile,
      Attester attester,
      Engines engines,
      Rooms rooms,
      Sessions sessions,
      HttpApi api) {
    this.lockFile = lockFile;
    this.attester = attester;
    this.engines = engines;
    this.rooms = rooms;
    this.sessions = sessions;
    this.api = api;
  }

  /// Starts on that platform, which is the caller's choice: nothing here falls back to another.
  public static EnclaveServer start(Settings settings, InstantSource clock, Platform platform) {
    try {
      FileChannel lockFile = lock(settings.state());
      try {
        return start(settings, clock, new Attester(platform), lockFile);
      } catch (RuntimeException e) {
        unlock(lockFile);
        throw e;
      }
    } finally {
      settings.hsm().ifPresent(hsm -> hsm.pin().close());
    }
  }

  private static EnclaveServer start(
      Settings settings, InstantSource clock, Attester attester, FileChannel lockFile) {
    Path memory = ownMemory(plaintextFolder(Workers.memoryFolder(), settings.plaintextOnDisk()));
    var metrics = new Metrics();
    var engines =
        new Engines(
            memory,
            settings.concurrentRuns(),
            settings.runMemoryBytes(),
            settings.plaintextBytes(),
            settings.runTime());
    try {
      return start(settings, clock, attester, lockFile, engines, metrics);
    } catch (RuntimeException e) {
      engines.stop();
      engines.close();
      throw e;
    }
  }

  private static EnclaveServer start(
      Settings settings,
      InstantSource clock,
      Attester attester,
      FileChannel lockFile,
      Engines engines,
      Metrics metrics) {
    Uploads uploads;
    try (Secret root = attester.sealingRoot()) {
      Path folder = settings.state().resolve("uploads");
      Disk.createFolder(folder);
      uploads = new Uploads(folder, root, metrics);
    }
    Path folder = settings.state().resolve("rooms");
    Disk.createFolder(folder);
    var rooms = new Rooms(folder, attester, clock, engines, authorities(settings.hsm()), uploads);
    boolean started = false;
    try {
      var sessions = new Sessions(attester, clock, metrics, rooms, Limits.SESSIONS);
      var api =
          new HttpApi(
              settings.host(), settings.port(), Limits.REQUEST_TIME, sessions, uploads, metrics);
      api.start();
      // The first session and the first query would pay for these; nobody waits for them, not even
      // the server's start.
      engines.warm();
      Thread.ofPlatform()
          .daemon()
          .name("warm")
          .start(() -> {
            attester.measurement();
            Planner.warm();
          });
      started = true;
      return new EnclaveServer(lockFile, attester, engines, rooms, sessions, api);
    } finally {
      if (!started) {
        rooms.close();
      }
    }
  }

  /// Where data in the clear goes. The disk of an untrusted host has to be asked for.
  static Path plaintextFolder(Optional<Path> memoryBacked, Optional<Path> disk) {
    if (memoryBacked.isPresent()) {
      return memoryBacked.get();
    }
    Path folder =
        disk.orElseThrow(() ->
            new CloisterException(
                ErrorCode.MEMORY_UNPROTECTED,
                "/dev/shm is missing, cannot be written, or is not in memory"));
    createFolder(folder);
    return folder;
  }

  private static void createFolder(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw unusable(folder, e);
    }
  }

  private static CloisterException unusable(Path folder, IOException cause) {
    return new CloisterException(
        ErrorCode.STATE_UNUSABLE, "the folder " + folder + " cannot be made or written", cause);
  }

  private static Authorities authorities(Optional<Hsm> hsm) {
    if (hsm.isEmpty()) {
      return Authorities.inEnclave();
    }
    try {
      var slot = new Pkcs11Key.Slot(hsm.get().library(), hsm.get().slot());
      var token = Pkcs11Key.Token.open(slot, hsm.get().pin());
      return (collaboration, _) -> token.openOrCreate("cloister-" + collaboration.brief());
    } catch (CryptoException e) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID,
          "the HSM cannot be used: check its library, slot and PIN",
          e);
    }
  }

  /// A folder of this process in memory-backed storage, for its eyes only. Those of processes that
  /// were killed hold plaintext and are taken away.
  private static Path ownMemory(Path shared) {
    for (Path left : Disk.list(shared)) {
      var name = MEMORY.matcher(left.getFileName().toString());
      if (name.matches() && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty()) {
        Disk.delete(left);
      }
    }
    try {
      return Files.createTempDirectory(
          shared,
          "cloister-" + ProcessHandle.current().pid() + "-",
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      throw Disk.failed(e);
    }
  }

  /// Two servers on one state would fork its ledgers.
  private static FileChannel lock(Path state) {
    createFolder(state);
    try {
      var channel =
          FileChannel.open(
              state.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (!locked(channel)) {
        channel.close();
        throw new CloisterException(
            ErrorCode.STATE_UNUSABLE, "another server is running on the state in " + state);
      }
      return channel;
    } catch (IOException e) {
      throw unusable(state, e);
    }
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      // The other server is in this process.
      return false;
    }
  }

  private static void unlock(FileChannel lockFile) {
    try {
      lockFile.close();
    } catch (IOException e) {
      throw Disk.failed(e);
    }
  }

  public int port() {
    return api.port();
  }

  /// What a collaboration on this enclave names among its measurements.
  public Measurement measurement() {
    return attester.measurement();
  }

  /// What confines the workers, as soon as the first has started; nothing if none does.
  public Optional<Set<Workers.Layer>> confinement() throws InterruptedException {
    try {
      return Optional.of(engines.layers());
    } catch (EngineException _) {
      return Optional.empty();
    }
  }

  /// Takes no new requests, ends those that are running and tells them why, and closes the ledgers.
  @Override
  public void close() {
    sessions.stop();
    engines.stop();
    api.close();
    engines.close();
    rooms.close();
    unlock(lockFile);
  }
}
