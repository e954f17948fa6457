package cloister.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The real file operations, on a named pipe where a plain file would not do: it gives what there
/// is, as devices do.
final class KernelFilesTest {
  @TempDir Path folder;
  private final KernelFiles files = KernelFiles.ofMachine();

  @Test
  void shortReadsAreReadOn() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    var reading = new FutureTask<>(() -> files.read(pipe, 30));
    Thread.ofVirtual().start(reading);
    try (var out = Files.newOutputStream(pipe)) {
      for (int i = 0; i < 10; i++) {
        out.write(new byte[] {'a', 'b', (byte) ('0' + i)});
        out.flush();
      }
    }
    assertThat(reading.get()).isEqualTo(Bytes.utf8("ab0ab1ab2ab3ab4ab5ab6ab7ab8ab9"));
  }

  @Test
  void moreThanTheBoundIsRefusedAndExactlyTheBoundIsNot() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "12345");
    assertThat(files.read(file, 5)).isEqualTo(Bytes.utf8("12345"));
    assertThatThrownBy(() -> files.read(file, 4))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("more than 4 bytes");
    assertThatThrownBy(() -> files.read(Path.of("/dev/zero"), 100)).isInstanceOf(IOException.class);
  }

  @Test
  void aWriteMakesNoFileAndCutsNone() throws Exception {
    assertThatThrownBy(() -> files.write(folder.resolve("none"), Bytes.utf8("x")))
        .isInstanceOf(NoSuchFileException.class);
    Path file = Files.writeString(folder.resolve("file"), "12345");
    files.write(file, Bytes.utf8("ab"));
    assertThat(file).hasContent("ab345");
  }
}
