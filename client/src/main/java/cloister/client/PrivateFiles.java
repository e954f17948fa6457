package cloister.client;

import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/// Files that only their owner may read. Each is written whole or not at all, also when the power
/// goes: content and name are on disk before a write returns.
final class PrivateFiles {
  private static final Set<PosixFilePermission> OWNER_READS =
      PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> OWNER_ENTERS =
      PosixFilePermissions.fromString("rwx------");

  private PrivateFiles() {}

  static void createFolder(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      return;
    }
    Path parent = folder.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OWNER_ENTERS));
  }

  static void write(Path file, byte[] content) throws IOException {
    Path folder =
        Objects.requireNonNull(file.toAbsolutePath().getParent(), "a file is in a folder");
    Path temporary = folder.resolve("." + file.getFileName() + "." + ProcessHandle.current().pid());
    try {
      Files.deleteIfExists(temporary); // of an earlier process with this number
      try (var channel =
          FileChannel.open(
              temporary,
              EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(OWNER_READS))) {
        var bytes = ByteBuffer.wrap(content);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      move(temporary, file);
      try (var channel = FileChannel.open(folder)) {
        channel.force(true);
      }
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      throw new IOException(
          "the file system of the home folder cannot replace files atomically", e);
    }
  }

  /// Reads a file that nobody but its owner can read or write; refuses any other.
  static byte[] read(Path file, int maxBytes) throws IOException {
    Set<PosixFilePermission> open = EnumSet.copyOf(Files.getPosixFilePermissions(file));
    open.removeAll(OWNER_ENTERS);
    if (!open.isEmpty()) {
      throw new CloisterException(
          ErrorCode.HOME_INVALID,
          file
              + " can be read or changed by others on this machine; run `chmod 600 "
              + file
              + "`,"
              + " and think about who may have read it");
    }
    if (Files.size(file) > maxBytes) {
      throw new CloisterException(ErrorCode.HOME_INVALID, file + " is too large to be ours");
    }
    return Files.readAllBytes(file);
  }
}
