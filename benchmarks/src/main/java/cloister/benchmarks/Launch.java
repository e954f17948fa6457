package cloister.benchmarks;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// How processes are started.
///
/// @param cloister the words before `cloister`'s own arguments
record Launch(List<String> cloister) {
  /// The flags of the launcher, so that a peer's JVM has the same.
  private static final List<String> FLAGS =
      List.of("-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders");

  Launch {
    cloister = List.copyOf(cloister);
  }

  /// What a user types.
  static Launch launcher(Path repository) {
    return new Launch(List.of(repository.resolve("cloister").toString()));
  }

  /// The same program from this JVM's class path: for tests, where nothing is packaged yet.
  static Launch classPath() {
    List<String> words = new ArrayList<>(jvm());
    words.add("--enable-native-access=ALL-UNNAMED");
    words.add("--sun-misc-unsafe-memory-access=allow");
    words.addAll(List.of("-cp", System.getProperty("java.class.path"), "cloister.cli.Main"));
    return new Launch(words);
  }

  private static List<String> jvm() {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(FLAGS);
    return words;
  }

  /// Starts the command; its errors are appended to the log.
  Process start(File log, List<String> arguments) throws IOException {
    List<String> words = new ArrayList<>(cloister);
    words.addAll(arguments);
    return start(log, words, ProcessBuilder.Redirect.PIPE);
  }

  /// Runs the command to its end.
  void run(File log, List<String> arguments) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(cloister);
    words.addAll(arguments);
    await(start(log, words, ProcessBuilder.Redirect.DISCARD));
  }

  /// Runs the smallest Java program to its end.
  static void hello(File log) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(jvm());
    words.addAll(List.of("-cp", System.getProperty("java.class.path"), Hello.class.getName()));
    await(start(log, words, ProcessBuilder.Redirect.DISCARD));
  }

  private static Process start(File log, List<String> words, ProcessBuilder.Redirect output)
      throws IOException {
    return new ProcessBuilder(words)
        .redirectError(ProcessBuilder.Redirect.appendTo(log))
        .redirectOutput(output)
        .start();
  }

  private static void await(Process process) throws InterruptedException {
    int status = process.waitFor();
    if (status != 0) {
      throw new IllegalStateException("a process ended with status " + status);
    }
  }
}
