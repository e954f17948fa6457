package cloister.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A fresh token of SoftHSM2, where that is installed. Its configuration is read from the
/// environment by a library that is loaded once per process, so what uses the token runs in
/// processes of its own.
public final class SoftHsm {
  public static final String PIN = "1234";

  private static final Pattern SLOT = Pattern.compile("slot (\\d+)");

  private final Path configuration;
  private final long slot;

  private SoftHsm(Path configuration, long slot) {
    this.configuration = configuration;
    this.slot = slot;
  }

  public static boolean isInstalled() {
    return library().isPresent()
        && Stream.of(System.getenv("PATH").split(":", -1))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "softhsm2-util")));
  }

  /// @param folder an existing folder for the token
  public static SoftHsm create(Path folder) throws IOException, InterruptedException {
    Path tokens = Files.createDirectories(folder.resolve("tokens"));
    Path configuration =
        Files.writeString(
            folder.resolve("softhsm2.conf"),
            "directories.tokendir = " + tokens + "\nlog.level = ERROR\n");
    var made =
        SLOT.matcher(
            run(
                configuration,
                List.of(
                    "softhsm2-util",
                    "--init-token",
                    "--free",
                    "--label",
                    "cloister-test",
                    "--pin",
                    PIN,
                    "--so-pin",
                    "5678")));
    assertThat(made.find()).isTrue();
    return new SoftHsm(configuration, Long.parseLong(made.group(1)));
  }

  /// Runs the class with the library and the slot as its first arguments, and returns the last line
  /// that it prints.
  public String run(Class<?> main, String... arguments) throws IOException, InterruptedException {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                main.getName(),
                library().orElseThrow().toString(),
                Long.toString(slot)));
    command.addAll(List.of(arguments));
    return run(configuration, command).lines().toList().getLast();
  }

  private static String run(Path configuration, List<String> command)
      throws IOException, InterruptedException {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("SOFTHSM2_CONF", configuration.toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private static Optional<Path> library() {
    return Stream.of(
            "/usr/lib/softhsm/libsofthsm2.so",
            "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
            "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
            "/usr/local/lib/softhsm/libsofthsm2.so",
            "/opt/homebrew/lib/softhsm/libsofthsm2.so")
        .map(Path::of)
        .filter(Files::isRegularFile)
        .findFirst();
  }
}
