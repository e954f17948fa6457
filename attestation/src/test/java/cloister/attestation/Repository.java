package cloister.attestation;

import cloister.crypto.Bytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

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
}
