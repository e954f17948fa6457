package cloister.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Checkers have been known to find nothing at all on a new JDK, and say so by silence.
@Tag("canary")
final class CanaryTest {
  @Test
  void theCompilerRefusesWhatEachCheckIsThereFor() throws Exception {
    var build = build();

    assertThat(build.exit()).as(build.output()).isNotZero();
    assertThat(build.output())
        .as("NullAway, Error Prone and -Xlint must be on; see compilerArgs in pom.xml")
        .contains("[NullAway] dereferenced expression text is @Nullable")
        .contains("[DeadException]")
        .contains("[rawtypes]");
  }

  private record Build(int exit, String output) {}

  /// The canary's pom has the same parent as every module, so it is compiled as they are.
  private static Build build() throws IOException, InterruptedException {
    Path root = Sources.ROOT;
    List<String> command =
        new ArrayList<>(
            List.of(
                root.resolve("mvnw").toString(),
                "--offline",
                "--batch-mode",
                "--quiet",
                "--file",
                root.resolve("cli/src/test/canary/pom.xml").toString(),
                "-Dspotless.check.skip=true"));
    String repository = System.getProperty("maven.repo.local");
    if (repository != null) {
      command.add("-Dmaven.repo.local=" + repository);
    }
    command.add("compile");
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes());
    return new Build(process.waitFor(), output);
  }
}
