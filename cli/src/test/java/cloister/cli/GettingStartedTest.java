package cloister.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Executes `docs/getting-started.md`: every block of commands, in one shell, against a server in a
/// process of its own.
final class GettingStartedTest {
  private static final Path PAGE = Path.of("..", "docs", "getting-started.md");
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh$\\n(.*?)^```$");
  private static final String EXAMPLE_URL = "http://127.0.0.1:8780";

  @Test
  void everyCommandOfThePageWorks(@TempDir Path folder) throws Exception {
    String page = Files.readString(PAGE);
    assertThat(page).contains("```sh operator\ncloister enclave serve --accept-simulated");
    try (var server =
        ServerProcess.start(folder.resolve("enclave-state"), folder.resolve("enclave.log"))) {
      String commands =
          BLOCK
              .matcher(page)
              .results()
              .map(found -> found.group(1))
              .collect(Collectors.joining("\n"));
      assertThat(commands).contains("cloister run overlap", EXAMPLE_URL);
      String output = run(folder, commands.replace(EXAMPLE_URL, server.url().toString()));
      assertThat(output)
          .contains("All participants have signed: it is active.")
          .contains("✗ denied")
          .contains("This would pass:\n  cloister run /research/analysis/overlap --for ")
          .contains(" --accept-simulated\n  (with recipients [media, research])")
          .contains("exit code 3")
          .contains("± ")
          .contains("entry ");
    }
    assertThat(folder.resolve("overlap.csv")).content().startsWith("age_band,customers,");
    assertThat(folder.resolve("flows.svg")).content().startsWith("<svg");
  }

  private static String run(Path folder, String commands) throws Exception {
    Path bin = Files.createDirectory(folder.resolve("bin"));
    Path cloister =
        Files.writeString(
            bin.resolve("cloister"),
            "#!/bin/sh\nexec '%s' -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED -cp '%s' %s \"$@\"\n"
                .formatted(
                    Path.of(System.getProperty("java.home"), "bin", "java"),
                    System.getProperty("java.class.path"),
                    Main.class.getName()));
    Files.setPosixFilePermissions(cloister, PosixFilePermissions.fromString("rwx------"));
    Path script = Files.writeString(folder.resolve("page.sh"), commands);
    Path output = folder.resolve("output");
    var shell =
        new ProcessBuilder("sh", "-eu", script.toString())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    shell.environment().merge("PATH", bin.toString(), (path, ours) -> ours + ":" + path);
    int exit = shell.start().waitFor();
    String text = Files.readString(output);
    assertThat(exit).as(text).isZero();
    return text;
  }
}
