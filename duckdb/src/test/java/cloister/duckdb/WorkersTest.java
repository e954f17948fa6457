package cloister.duckdb;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Where plaintext may lie: in memory, and in nothing that only looks like it.
final class WorkersTest {
  @TempDir Path folder;

  @Test
  void onlyAFolderInMemoryIsMemoryBacked() throws Exception {
    assertThat(Workers.isMemoryBacked(Path.of("/dev/shm"))).isTrue();
    assertThat(Workers.memoryFolder()).contains(Path.of("/dev/shm"));
    assertThat(Workers.isMemoryBacked(folder.resolve("missing"))).isFalse();
    assertThat(Workers.isMemoryBacked(Files.createFile(folder.resolve("file")))).isFalse();
    // Folders of other file systems that every Linux has.
    assertThat(Workers.isMemoryBacked(Path.of("/proc"))).isFalse();
    assertThat(Workers.isMemoryBacked(Path.of("/sys"))).isFalse();
  }
}
