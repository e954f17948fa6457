package cloister.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GoldenTest {
  @TempDir Path folder;

  @Test
  void updateWritesAndCompareReads() throws IOException {
    Golden.check(folder, "plans/join.txt", "join\n", Golden.Mode.UPDATE);
    Golden.check(folder, "plans/join.txt", "join\n", Golden.Mode.COMPARE);
    assertThat(Files.readString(folder.resolve("plans/join.txt"))).isEqualTo("join\n");
  }

  @Test
  void aDifferenceFailsAndLeavesTheFileAlone() throws IOException {
    Golden.check(folder, "a.txt", "old", Golden.Mode.UPDATE);
    assertThatThrownBy(() -> Golden.check(folder, "a.txt", "new", Golden.Mode.COMPARE))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("-Dgolden=update");
    assertThat(Files.readString(folder.resolve("a.txt"))).isEqualTo("old");
  }

  @Test
  void aMissingFileFails() {
    assertThatThrownBy(() -> Golden.check(folder, "none.txt", "x", Golden.Mode.COMPARE))
        .isInstanceOf(AssertionError.class);
  }
}
