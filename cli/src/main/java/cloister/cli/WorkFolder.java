package cloister.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// The folder of a rehearsal: a temporary one, or one that stays when that was asked for.
///
/// While it is open, Ctrl-C interrupts the thread that made it and waits for it to close what it
/// has opened since: a server still running would write into a folder that is being deleted.
final class WorkFolder implements AutoCloseable {
  /// Longer than a server takes to stop.
  private static final long UNWIND_SECONDS = 15;

  private final Path path;
  private final Runnable end;
  private final Thread maker = Thread.currentThread();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread atExit = new Thread(this::unwind, "stop the rehearsal");

  private WorkFolder(Path path, Runnable end) {
    this.path = path;
    this.end = end;
  }

  /// What becomes of it.
  enum Fate {
    KEPT,
    DELETED
  }

  static WorkFolder make(Fate fate) throws IOException {
    var folder =
        switch (fate) {
          case KEPT -> new WorkFolder(Files.createTempDirectory("cloister-"), () -> {});
          case DELETED -> {
            var temporary = TemporaryFolder.in(Path.of(System.getProperty("java.io.tmpdir")));
            yield new WorkFolder(temporary.path(), temporary::close);
          }
        };
    Runtime.getRuntime().addShutdownHook(folder.atExit);
    return folder;
  }

  Path path() {
    return path;
  }

  private void unwind() {
    maker.interrupt();
    try {
      boolean _ = closed.await(UNWIND_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    end.run();
    closed.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException _) {
      // The process is ending, and the hook has just seen that this is closed.
    }
  }
}
