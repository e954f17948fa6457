import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// Runs each `@FuzzTest` of the parsers of evidence under Jazzer for a time, one process each, because
/// Jazzer fuzzes one test per process. `java tools/Fuzz.java 600` for ten minutes each, or with names after the time
/// for some alone. `make fuzz` compiles first.
///
/// What Jazzer learns is kept under `target/fuzz` and used the next time. A finding is written there as `crash-…`: mend the
/// parser, and keep the input beside the others of that test under `attestation/src/test/resources`, named for its flaw.
void main(String[] arguments) throws IOException, InterruptedException {
  if (arguments.length == 0 || !arguments[0].matches("[1-9][0-9]*")) {
    System.err.println("usage: java tools/Fuzz.java <seconds each> [<test> ...]");
    System.exit(2);
  }
  List<String> typed = List.of(arguments).subList(1, arguments.length);
  var failed = new ArrayList<String>();
  for (String target : targets()) {
    if (typed.isEmpty() || typed.contains(target)) {
      System.out.printf("%-16s ", target);
      System.out.flush();
      Path log = fuzz(target, arguments[0]);
      System.out.println(summary(log));
      if (!Files.readString(log).contains("Done ")) {
        failed.add(target + ": " + log);
      }
    }
  }
  if (!failed.isEmpty()) {
    System.out.println("\nFailed; each log says why:\n  " + String.join("\n  ", failed));
    System.exit(1);
  }
}

private static final String TEST = "cloister.attestation.ParserFuzzTest";
private static final Path MODULE = Path.of("attestation").toAbsolutePath();

private static List<String> targets() throws IOException {
  String source = Files.readString(MODULE.resolve("src/test/java/" + TEST.replace('.', '/') + ".java"));
  return Pattern.compile("@FuzzTest\\s+void (\\w+)\\(").matcher(source).results().map(match -> match.group(1)).toList();
}

private static Path fuzz(String target, String seconds) throws IOException, InterruptedException {
  Path work = Files.createDirectories(Path.of("target/fuzz", target).toAbsolutePath());
  Path learnt = Files.createDirectories(work.resolve("corpus"));
  Path log = work.resolve("log");
  Path kept = MODULE.resolve("src/test/resources/" + TEST.replace('.', '/') + "Inputs/" + target);
  String classPath =
      String.join(
          File.pathSeparator,
          MODULE.resolve("target/test-classes").toString(),
          MODULE.resolve("target/classes").toString(),
          Files.readString(MODULE.resolve("target/fuzz.classpath")).strip());
  new ProcessBuilder(
          Path.of(System.getProperty("java.home"), "bin", "java").toString(),
          "-Xmx1g",
          "-XX:+UseSerialGC",
          "-XX:+EnableDynamicAgentLoading",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow",
          "-cp",
          classPath,
          "com.code_intelligence.jazzer.Jazzer",
          "--target_class=" + TEST,
          "--target_method=" + target,
          "--instrumentation_includes=cloister.**",
          "--reproducer_path=" + work,
          "-artifact_prefix=" + work + "/",
          "-max_total_time=" + seconds,
          "-timeout=20",
          "-rss_limit_mb=3000",
          "-max_len=20000",
          learnt.toString(),
          kept.toString())
      .directory(MODULE.toFile())
      .redirectErrorStream(true)
      .redirectOutput(log.toFile())
      .start()
      .waitFor();
  return log;
}

private static String summary(Path log) throws IOException {
  String text = Files.readString(log);
  String done =
      Pattern.compile("Done \\d+ runs in \\d+ second\\(s\\)")
          .matcher(text)
          .results()
          .map(MatchResult::group)
          .findFirst()
          .orElse("FAILED");
  String covered =
      Pattern.compile("cov: (\\d+)").matcher(text).results().map(match -> match.group(1)).reduce("0", (_, last) -> last);
  return done + ", " + covered + " edges covered";
}
