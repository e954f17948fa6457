package cloister.client;

import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// A file that a person names: read within bounds, and refused in words that say what is wrong with
/// it.
public final class InputFile {
  private InputFile() {}

  /// @throws CloisterException FILE_UNREADABLE or TOO_LARGE, naming the file
  public static byte[] read(Path file, long maxBytes) {
    try {
      if (!Files.isDirectory(file) && Files.size(file) > maxBytes) {
        throw new CloisterException(
            ErrorCode.TOO_LARGE,
            "%s has %d bytes, and at most %d are read".formatted(file, Files.size(file), maxBytes));
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  public static CloisterException unreadable(Path file, IOException cause) {
    String problem = file + " cannot be read";
    if (Files.isDirectory(file)) {
      problem = file + " is a directory, not a file";
    } else if (cause instanceof NoSuchFileException) {
      problem = "there is no file " + file;
    }
    return new CloisterException(ErrorCode.FILE_UNREADABLE, problem, cause);
  }
}
