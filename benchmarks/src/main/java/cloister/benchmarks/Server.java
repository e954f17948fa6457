package cloister.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/// An enclave server in a process of its own. It ends when this process does.
record Server(Process process, URI url, String measurement) implements AutoCloseable {
  private static final Pattern FIELD =
      Pattern.compile("\"(url|measurement)\"\\s*:\\s*\"([^\"]+)\"");
  private static final int STOP_SECONDS = 10;

  /// @param folder for its state and its messages
  static Server start(Launch launch, Path folder, int runMegabytes) throws IOException {
    Process process =
        launch.start(
            folder.resolve("enclave.log").toFile(),
            List.of(
                "enclave",
                "serve",
                "--accept-simulated",
                "--json",
                "--until-input-ends",
                "--listen",
                "127.0.0.1:0",
                "--run-memory",
                Integer.toString(runMegabytes),
                "--state",
                folder.resolve("enclave").toString()));
    try {
      return serving(process, process.inputReader());
    } catch (IOException | RuntimeException e) {
      process.destroyForcibly();
      throw e;
    }
  }

  private static Server serving(Process process, BufferedReader output) throws IOException {
    String url = "";
    String measurement = "";
    while (url.isEmpty() || measurement.isEmpty()) {
      String line = output.readLine();
      if (line == null) {
        throw new IllegalStateException("the enclave server did not start");
      }
      var field = FIELD.matcher(line);
      while (field.find()) {
        if (field.group(1).equals("url")) {
          url = field.group(2);
        } else {
          measurement = field.group(2);
        }
      }
    }
    return new Server(process, URI.create(url), measurement);
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException _) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
