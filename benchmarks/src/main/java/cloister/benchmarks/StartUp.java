package cloister.benchmarks;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// From a process's start to its use: the server's first answer, the command's help.
final class StartUp {
  private static final byte[] REQUEST =
      "GET /v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
          .getBytes(StandardCharsets.US_ASCII);
  private static final String SUCCESS = "HTTP/1.1 200";
  private static final long BETWEEN_ATTEMPTS = TimeUnit.MILLISECONDS.toNanos(2);
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);

  private StartUp() {}

  static List<Result> measure(Launch launch, Path folder, Sizes sizes) throws Exception {
    Files.createDirectories(folder);
    File log = folder.resolve("log").toFile();
    var served = new ArrayList<Long>();
    // Stopping the server is not part of it, so this is not an Alternation.
    var peer = new ArrayList<Long>();
    for (int start = 0; start <= sizes.starts(); start++) {
      long ours = serving(launch, folder.resolve("enclave-" + start), log);
      long hello = Alternation.nanoseconds(_ -> Launch.hello(log), start);
      if (start > 0) {
        served.add(ours);
        peer.add(hello);
      }
    }
    var help =
        Alternation.of(
            1, sizes.starts(), _ -> launch.run(log, List.of("--help")), _ -> Launch.hello(log));
    return List.of(
        result(Claim.SERVING, sizes, new Alternation(new Samples(served), new Samples(peer))),
        result(Claim.HELP, sizes, help));
  }

  private static Result result(Claim claim, Sizes sizes, Alternation times) {
    return new Result(
        claim,
        "median of " + sizes.starts(),
        times.ours().medianMilliseconds(),
        times.peer().medianMilliseconds());
  }

  private static long serving(Launch launch, Path state, File log)
      throws IOException, InterruptedException {
    int port = freePort();
    long start = System.nanoTime();
    Process process =
        launch.start(
            log,
            List.of(
                "enclave",
                "serve",
                "--accept-simulated",
                "--until-input-ends",
                "--listen",
                "127.0.0.1:" + port,
                "--state",
                state.toString()));
    try {
      while (!healthy(port)) {
        if (!process.isAlive() || System.nanoTime() - start > PATIENCE) {
          throw new IllegalStateException("the server did not start; see " + log);
        }
        LockSupport.parkNanos(BETWEEN_ATTEMPTS);
      }
      return System.nanoTime() - start;
    } finally {
      process.destroy();
      process.waitFor();
    }
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static boolean healthy(int port) {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.getOutputStream().write(REQUEST);
      byte[] start = socket.getInputStream().readNBytes(SUCCESS.length());
      return new String(start, StandardCharsets.US_ASCII).equals(SUCCESS);
    } catch (IOException _) {
      return false;
    }
  }
}
