package cloister.enclave;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A file as a disk offers it: what is written is durable after [#force], and until then may be
/// there, or not, or in part. The seam where the fault tests put a disk that fails and forgets.
interface DurableFile extends Closeable {
  long length() throws IOException;

  /// Fills `into` from `position`.
  void read(long position, byte[] into) throws IOException;

  void write(long position, byte[] bytes) throws IOException;

  void truncate(long length) throws IOException;

  void force() throws IOException;

  /// Opens or creates the file on a real disk, for this process alone.
  static DurableFile open(Path path) throws IOException {
    boolean created = !Files.exists(path);
    var writer = new RandomAccessFile(path.toFile(), "rw");
    try {
      if (writer.getChannel().tryLock() == null) {
        throw new IOException("the file is in use by another process");
      }
      if (created) {
        // The directory entry is a write of its own.
        try (var directory =
            FileChannel.open(path.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
          directory.force(true);
        }
      }
      return new OnDisk(writer, new RandomAccessFile(path.toFile(), "r"));
    } catch (IOException | OverlappingFileLockException e) {
      writer.close();
      throw e instanceof IOException io ? io : new IOException("the file is in use", e);
    }
  }

  /// Not a `FileChannel`: an interrupt of any one thread would close that for all. Two handles, so
  /// that readers do not wait for a write to reach the disk.
  final class OnDisk implements DurableFile {
    private final RandomAccessFile writer;
    private final RandomAccessFile reader;
    private final Object reading = new Object();
    private final Object writing = new Object();

    OnDisk(RandomAccessFile writer, RandomAccessFile reader) {
      this.writer = writer;
      this.reader = reader;
    }

    @Override
    public long length() throws IOException {
      return reader.length();
    }

    @Override
    public void read(long position, byte[] into) throws IOException {
      synchronized (reading) {
        if (position + into.length > reader.length()) {
          throw new EOFException("the file is shorter than it was");
        }
        reader.seek(position);
        reader.readFully(into);
      }
    }

    @Override
    public void write(long position, byte[] bytes) throws IOException {
      synchronized (writing) {
        writer.seek(position);
        writer.write(bytes);
      }
    }

    @Override
    public void truncate(long length) throws IOException {
      synchronized (writing) {
        writer.setLength(length);
      }
    }

    @Override
    public void force() throws IOException {
      writer.getFD().sync();
    }

    @Override
    public void close() throws IOException {
      try (reader) {
        writer.close();
      }
    }
  }
}
