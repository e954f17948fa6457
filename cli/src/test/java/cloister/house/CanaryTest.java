package cloister.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Checkers have been known to find nothing at all on a new JDK, and say so by silence.
@Tag("canary")
final class CanaryTest {
  @Test
  void nullAwayAndErrorProneRefuseTheirFlaws() throws Exception {
    assertThat(refused("errorprone"))
        .as("NullAway and Error Prone must be on; see compilerArgs in pom.xml")
        .contains("[NullAway] dereferenced expression 'text' is @Nullable")
        .contains("[DeadException]");
  }

  @Test
  void aWarningOfTheCompilerFailsTheBuild() throws Exception {
    assertThat(refused("lint"))
        .as("-Xlint and -Werror must be on; see compilerArgs in pom.xml")
        .contains("found raw type: java.util.List")
        .contains("-Werror");
  }

  /// What the build of the canary with that flaw said. Its pom has the same parent as every module,
  /// so it is compiled as they are.
  private static String refused(String flaw) throws IOException, InterruptedException {
    Path root = Sources.ROOT;
    List<String> command =
        new ArrayList<>(
            List.of(
                root.resolve("mvnw").toString(),
                "--offline",
                "--batch-mode",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "--file",
                root.resolve("cli/src/test/canary/pom.xml").toString(),
                "-Dspotless.check.skip=true",
                "-Dflaw=" + flaw));
    String repository = System.getProperty("maven.repo.local");
    if (repository != null) {
      command.add("-Dmaven.repo.local=" + repository);
    }
    command.add("compile");
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isNotZero();
    return output;
  }
}
