package cloister.attestation;

import cloister.crypto.Bytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The real evidence in this repository, under `vectors/attestation`: every clone has it.
final class Repository {
  private Repository() {}

  static Bytes read(String file) {
    try {
      return Bytes.of(Files.readAllBytes(Path.of("../vectors/attestation").resolve(file)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The names of the files in a folder.
  static Set<String> names(String folder) {
    try (Stream<Path> files = Files.list(Path.of("../vectors/attestation").resolve(folder))) {
      return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
