package cloister.platform;

import cloister.crypto.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/// The operations on files that are no files: a kernel's or library operating system's attributes,
/// where each write is a command and each read computes.
interface KernelFiles {
  boolean exists(Path path);

  void createFolder(Path folder) throws IOException;

  /// In one write to an existing file, which is opened for it and closed.
  void write(Path file, Bytes content) throws IOException;

  /// All of it, however short the single reads are.
  ///
  /// @throws IOException also if there is more than `mostBytes`
  Bytes read(Path file, int mostBytes) throws IOException;

  /// A folder whose attributes go with it.
  void deleteFolder(Path folder) throws IOException;

  /// Those of the machine.
  static KernelFiles ofMachine() {
    return new OfMachine();
  }

  record OfMachine() implements KernelFiles {
    @Override
    public boolean exists(Path path) {
      return Files.exists(path);
    }

    @Override
    public void createFolder(Path folder) throws IOException {
      Files.createDirectory(folder);
    }

    /// Neither creates nor truncates: an attribute is there or it is not, and configfs commits when
    /// it is closed, without telling whether that succeeded.
    @Override
    public void write(Path file, Bytes content) throws IOException {
      try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        int written = channel.write(ByteBuffer.wrap(content.toArray()));
        if (written != content.size()) {
          throw new IOException("%s took %d of %d bytes".formatted(file, written, content.size()));
        }
      }
    }

    @Override
    public Bytes read(Path file, int mostBytes) throws IOException {
      byte[] content = new byte[mostBytes + 1];
      try (var in = Files.newInputStream(file)) {
        int size = in.readNBytes(content, 0, content.length);
        if (size > mostBytes) {
          throw new IOException("%s has more than %d bytes".formatted(file, mostBytes));
        }
        return Bytes.of(Arrays.copyOf(content, size));
      } finally {
        // It may have been a key.
        Arrays.fill(content, (byte) 0);
      }
    }

    @Override
    public void deleteFolder(Path folder) throws IOException {
      Files.delete(folder);
    }
  }
}
