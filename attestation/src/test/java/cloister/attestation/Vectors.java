package cloister.attestation;

import cloister.crypto.Bytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Real evidence that is not in this repository, for its size: a folder `shared/vectors` beside the
/// checkout, or where `-Dvectors=` says. Tests of it are `@EnabledIf` it is there, and say so.
final class Vectors {
  static final String PRESENT = "cloister.attestation.Vectors#present";
  static final String ABSENT =
      "the collection of real evidence is absent: put it beside the checkout as shared/vectors, or"
          + " name its folder by -Dvectors=";

  private Vectors() {}

  static boolean present() {
    return Files.isRegularFile(root().resolve("MANIFEST.tsv"));
  }

  static Path root() {
    String named = System.getProperty("vectors");
    return named == null ? Path.of("../../shared/vectors") : Path.of(named);
  }

  static Bytes read(String file) {
    try {
      return Bytes.of(Files.readAllBytes(root().resolve(file)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String text(String file) {
    return new String(read(file).toArray(), java.nio.charset.StandardCharsets.UTF_8);
  }

  /// The files below a folder of the collection.
  static List<Path> files(String folder) {
    try (Stream<Path> files = Files.walk(root().resolve(folder))) {
      return files.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
