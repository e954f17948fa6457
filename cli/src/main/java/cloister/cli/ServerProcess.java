package cloister.cli;

import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// An enclave server in a process of its own, on this machine, which ends when this one does.
///
/// It gets the reading end of a pipe as its standard input and stops when that ends: so it goes
/// even when this process is killed and cannot clean up.
final class ServerProcess implements AutoCloseable {
  private static final long STOP_SECONDS = 10;

  /// The exit code of what SIGINT ended.
  private static final int INTERRUPTED = 130;

  private final Process process;
  private final URI url;

  private ServerProcess(Process process, URI url) {
    this.process = process;
    this.url = url;
  }

  /// Starts it with a simulated TEE on a free port of the loopback interface, and returns when it
  /// serves.
  ///
  /// @param state where it keeps its sealed state
  /// @param log where its messages go
  static ServerProcess start(Path state, Path log) throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags());
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "enclave",
            "serve",
            "--accept-simulated",
            "--listen",
            "127.0.0.1:0",
            "--state",
            state.toString(),
            "--until-input-ends"));
    Process process =
        new ProcessBuilder(command)
            .redirectInput(ProcessBuilder.Redirect.PIPE)
            .redirectError(log.toFile())
            .start();
    boolean serves = false;
    try {
      // Its first line is its address; it prints it when it accepts connections.
      var reader =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      String line = reader.readLine();
      if (line == null) {
        if (process.waitFor() == INTERRUPTED) {
          // Ctrl-C reaches both processes, and this one is about to notice.
          throw new InterruptedException("the enclave server was interrupted");
        }
        throw new CloisterException(
            ErrorCode.SERVER_UNREACHABLE, "the enclave server did not start; see " + log);
      }
      serves = true;
      return new ServerProcess(process, URI.create(line));
    } finally {
      if (!serves) {
        end(process);
      }
    }
  }

  /// The flags of this JVM that the launcher chose; none when something else started it.
  private static List<String> flags() {
    String flags = System.getProperty("cloister.flags", "");
    return flags.isBlank()
        ? List.of(
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow")
        : flags.lines().filter(flag -> !flag.isBlank()).toList();
  }

  URI url() {
    return url;
  }

  long pid() {
    return process.pid();
  }

  /// Stops it and waits until it has stopped.
  @Override
  public void close() {
    process.destroy();
    try {
      if (process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    end(process);
  }

  /// Its folder can be deleted after this: it writes no more.
  private static void end(Process process) {
    process.destroyForcibly();
    process.onExit().join();
  }
}
