package cloister.enclave;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.List;

/// The host's disk: sealed things only. A failure is one error that says so, without a path.
final class Disk {
  private Disk() {}

  static CloisterException failed(IOException cause) {
    return new CloisterException(
        ErrorCode.STORAGE_FULL, "the enclave's storage took no more, or gave nothing back", cause);
  }

  static void createFolder(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /// Sorted by name; none where there is no folder.
  static List<Path> list(Path folder) {
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      return List.of();
    }
    try (var entries = Files.list(folder)) {
      return entries.sorted().toList();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /// 0 for a file that is not there.
  static long size(Path file) {
    try {
      return Files.exists(file) ? Files.size(file) : 0;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  static Bytes read(Path file) {
    try {
      return Bytes.of(Files.readAllBytes(file));
    } catch (IOException e) {
      throw failed(e);
    }
  }

  static Bytes head(Path file, int bytes) {
    try (var in = Files.newInputStream(file)) {
      return Bytes.of(in.readNBytes(bytes));
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /// Appends whole or not at all: what a crash or a full disk cut off is taken away again.
  static void append(Path file, Bytes piece) {
    try (var channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      long end = channel.size();
      try {
        channel.position(end);
        writeAll(channel, piece);
      } catch (IOException e) {
        channel.truncate(end);
        throw e;
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /// The file has the old content or the new, whatever happens.
  static void writeDurably(Path file, Bytes content) {
    Path draft = file.resolveSibling(file.getFileName() + ".new");
    try {
      try (var channel =
          FileChannel.open(
              draft,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        writeAll(channel, content);
        channel.force(true);
      }
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private static void writeAll(FileChannel channel, Bytes content) throws IOException {
    var buffer = ByteBuffer.wrap(content.toArray());
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  static Digest digest(Path file) {
    try (var in =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      in.transferTo(OutputStream.nullOutputStream());
      return Digest.wrap(in.getMessageDigest().digest());
    } catch (IOException e) {
      throw failed(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  static void deleteFile(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /// Deletes a folder and what is in it; what is not there needs no deleting.
  static void delete(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (var entries = Files.walk(folder)) {
      for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(entry);
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }
}
