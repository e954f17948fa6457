package cloister.testkit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A real file system of a few megabytes over a folder, which fills up. Only root may mount one:
/// elsewhere a test that wants it is not run.
public final class TinyDisk implements AutoCloseable {
  private static final int BLOCK_BYTES = 4096;

  private final Path folder;

  private TinyDisk(Path folder) {
    this.folder = folder;
  }

  /// @param folder an existing, empty folder
  public static TinyDisk mount(Path folder, long bytes) throws IOException {
    assumeTrue(
        run(List.of("mount", "-t", "tmpfs", "-o", "size=" + bytes, "tmpfs", folder.toString())),
        "mounting is possible");
    return new TinyDisk(folder);
  }

  /// Takes all the space that is left.
  public void fill() throws IOException {
    fillBut(0);
  }

  /// Takes all the space that is left but so many blocks of 4 KiB.
  public void fillBut(int blocks) throws IOException {
    long left = Files.getFileStore(folder).getUsableSpace() / BLOCK_BYTES - blocks;
    try (OutputStream out = Files.newOutputStream(filling())) {
      for (long block = 0; block < left; block++) {
        out.write(new byte[BLOCK_BYTES]);
      }
    }
  }

  /// Gives it back.
  public void free() throws IOException {
    Files.delete(filling());
  }

  private Path filling() {
    return folder.resolve("filling");
  }

  /// What was on it is gone.
  @Override
  public void close() throws IOException {
    if (!run(List.of("umount", "--lazy", folder.toString()))) {
      throw new IOException("a tiny disk cannot be unmounted");
    }
  }

  private static boolean run(List<String> command) throws IOException {
    return new ProcessBuilder(command).start().onExit().join().exitValue() == 0;
  }
}
