package cloister.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The folder of a rehearsal: a temporary one, or one that stays when that was asked for.
final class WorkFolder implements AutoCloseable {
  private final Path path;
  private final AutoCloseable end;

  private WorkFolder(Path path, AutoCloseable end) {
    this.path = path;
    this.end = end;
  }

  /// What becomes of it.
  enum Fate {
    KEPT,
    DELETED
  }

  static WorkFolder make(Fate fate) throws IOException {
    return switch (fate) {
      case KEPT -> new WorkFolder(Files.createTempDirectory("cloister-"), () -> {});
      case DELETED -> {
        var folder = TemporaryFolder.in(Path.of(System.getProperty("java.io.tmpdir")));
        yield new WorkFolder(folder.path(), folder);
      }
    };
  }

  Path path() {
    return path;
  }

  @Override
  public void close() throws Exception {
    end.close();
  }
}
