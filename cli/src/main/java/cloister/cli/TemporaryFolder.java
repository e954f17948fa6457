package cloister.cli;

import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;

/// A folder for plaintext that must not stay: deleted when closed, and when Ctrl-C ends the
/// process.
final class TemporaryFolder implements AutoCloseable {
  private final Path path;
  private final Thread atExit;

  private TemporaryFolder(Path path) {
    this.path = path;
    this.atExit = new Thread(this::delete, "delete " + path.getFileName());
  }

  static TemporaryFolder in(Path parent) throws IOException {
    var folder =
        new TemporaryFolder(
            Files.createTempDirectory(
                parent,
                "plain-",
                PosixFilePermissions.asFileAttribute(
                    PosixFilePermissions.fromString("rwx------"))));
    try {
      Runtime.getRuntime().addShutdownHook(folder.atExit);
    } catch (IllegalStateException e) {
      folder.delete();
      throw new CloisterException(ErrorCode.INTERRUPTED, "the command is being interrupted", e);
    }
    return folder;
  }

  Path path() {
    return path;
  }

  private void delete() {
    // Whoever still writes into it may add a file while it is being emptied: then once more.
    for (int attempt = 0; attempt < 10 && Files.exists(path); attempt++) {
      try (var files = Files.walk(path)) {
        List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
        for (Path file : deepestFirst) {
          Files.deleteIfExists(file);
        }
      } catch (IOException | UncheckedIOException e) {
        if (attempt == 9 && !(e instanceof NoSuchFileException)) {
          System.err.println("cloister: delete " + path + " yourself: it may hold plaintext");
        }
      }
    }
  }

  @Override
  public void close() {
    delete();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException _) {
      // The process is ending, and the hook does the same again.
    }
  }
}
