package cloister.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Golden files: expected output that people read in a diff. They live in `src/test/golden` of the
/// module under test; `-Dgolden=update` rewrites them with what the test produced.
public final class Golden {
  private static final Path FOLDER = Path.of("src/test/golden");

  private Golden() {}

  /// Fails unless `src/test/golden/<name>` holds exactly `actual`. A missing file is a failure.
  public static void check(String name, String actual) {
    check(
        FOLDER,
        name,
        actual,
        "update".equals(System.getProperty("golden")) ? Mode.UPDATE : Mode.COMPARE);
  }

  enum Mode {
    COMPARE,
    UPDATE
  }

  static void check(Path folder, String name, String actual, Mode mode) {
    Path file = folder.resolve(name);
    try {
      if (mode == Mode.UPDATE) {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.writeString(file, actual);
      }
      assertThat(file).as("golden file; -Dgolden=update writes it").exists();
      assertThat(actual)
          .as("%s; -Dgolden=update rewrites it", file)
          .isEqualTo(Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException("golden file " + file, e);
    }
  }
}
