package cloister.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/// Where, when and on what the figures came about. What the system does not say is left out.
record Machine(
    String processor, String memory, String system, String load, String commit, Instant at) {

  static Machine here(Path repository) throws IOException, InterruptedException {
    return new Machine(
        "%s, %d cores"
            .formatted(
                field(Path.of("/proc/cpuinfo"), "model name"),
                Runtime.getRuntime().availableProcessors()),
        installedMemory(),
        "%s %s, JDK %s (%s)"
            .formatted(
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("java.vm.version"),
                System.getProperty("java.vendor")),
        loadAverages(),
        checkedOut(repository),
        Instant.now().truncatedTo(ChronoUnit.MINUTES));
  }

  List<String> lines(String command) {
    return List.of(
        "- Machine: %s, %s; %s".formatted(processor, memory, system),
        "- Load when it began (1, 5, 15 minutes): " + load,
        "- Commit: %s; date: %s; command: `%s`".formatted(commit, at, command));
  }

  private static String field(Path file, String name) throws IOException {
    if (!Files.isReadable(file)) {
      return "unknown";
    }
    return Files.readAllLines(file).stream()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("unknown");
  }

  private static String installedMemory() throws IOException {
    String total = field(Path.of("/proc/meminfo"), "MemTotal");
    return total.endsWith(" kB")
        ? Math.round(Long.parseLong(total.substring(0, total.length() - 3)) / 1048576.0) + " GiB"
        : total + " memory";
  }

  private static String loadAverages() throws IOException {
    Path file = Path.of("/proc/loadavg");
    return Files.isReadable(file)
        ? String.join(", ", List.of(Files.readString(file).split(" ")).subList(0, 3))
        : "unknown";
  }

  private static String checkedOut(Path repository) throws IOException, InterruptedException {
    String head = git(repository, "rev-parse", "--short=12", "HEAD");
    String changed =
        git(
            repository,
            "status",
            "--porcelain",
            "--untracked-files=no",
            "--",
            ":!benchmarks/RESULTS.md");
    return head.isEmpty() ? "unknown" : changed.isEmpty() ? head : head + " with changes";
  }

  private static String git(Path repository, String... arguments)
      throws IOException, InterruptedException {
    var words = new ArrayList<>(List.of("git", "-C", repository.toString()));
    words.addAll(List.of(arguments));
    try {
      Process process =
          new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return process.waitFor() == 0 ? output : "";
    } catch (IOException _) {
      // Sources without git are sources all the same.
      return "";
    }
  }
}
