package cloister.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// `benchmarks/run`
final class Main {
  private static final List<String> PARTS =
      List.of("overlap", "sealing", "round-trip", "policy", "evidence", "ledger", "start-up");

  private Main() {}

  /// @param arguments the repository, then what the user typed
  public static void main(String[] arguments) throws Exception {
    Path repository = Path.of(arguments[0]);
    List<String> typed = new ArrayList<>(List.of(arguments).subList(1, arguments.length));
    boolean large = typed.remove("--large");
    if (!PARTS.containsAll(typed)) {
      System.err.println("usage: benchmarks/run [--large | " + String.join(" | ", PARTS) + " ...]");
      System.exit(2);
    }
    var machine = Machine.here(repository);
    List<String> parts = large ? List.of("overlap") : typed.isEmpty() ? PARTS : typed;
    Path work = Files.createTempDirectory(repository.resolve("benchmarks/target"), "work-");
    try {
      var results =
          measure(
              parts, Launch.launcher(repository), work, large ? Sizes.large() : Sizes.standard());
      // Some parts alone are for looking into one thing; the file has whole runs only.
      if (typed.isEmpty()) {
        new Report(large ? "large" : "standard")
            .write(
                repository.resolve("benchmarks/RESULTS.md"),
                machine.lines(large ? "benchmarks/run --large" : "benchmarks/run"),
                results);
      }
    } finally {
      Folders.delete(work);
    }
  }

  static List<Result> measure(List<String> parts, Launch launch, Path work, Sizes sizes)
      throws Exception {
    List<Result> results = new ArrayList<>();
    for (String part : parts) {
      Path folder = work.resolve(part);
      var measured =
          switch (part) {
            case "overlap" -> Overlap.measure(launch, folder, sizes);
            case "sealing" -> Sealing.measure(sizes);
            case "round-trip" -> RoundTrip.measure(launch, folder, sizes);
            case "policy" -> PolicyCompilation.measure(sizes);
            case "evidence" -> EvidenceVerification.measure(sizes);
            case "ledger" -> LedgerAppends.measure(folder, sizes);
            case "start-up" -> StartUp.measure(launch, folder, sizes);
            default -> throw new IllegalArgumentException("there is no part " + part);
          };
      measured.forEach(result -> System.out.println(result.row()));
      results.addAll(measured);
    }
    return results;
  }

  static List<String> parts() {
    return PARTS;
  }
}
