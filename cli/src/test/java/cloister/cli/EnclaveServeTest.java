package cloister.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What an operator reads when a server starts, does not start, or stops.
final class EnclaveServeTest {
  @TempDir Path folder;
  private final Console console = new Console();

  /// Exit code 4, one line that says what, one that says what to do, and nothing left behind.
  private void isRefused(String says, String... options) throws IOException {
    var before = memory();
    var line = new ArrayList<>(List.of("enclave", "serve", "--accept-simulated"));
    line.addAll(List.of(options));
    assertThat(console.run(line.toArray(String[]::new))).isEqualTo(4);
    assertThat(console.out()).isEmpty();
    assertThat(console.err().lines()).hasSize(2);
    assertThat(console.err()).startsWith("error: " + says);
    assertThat(memory()).isEqualTo(before);
  }

  /// What this process keeps in memory-backed storage.
  private static List<Path> memory() throws IOException {
    try (var all = Files.list(Path.of("/dev/shm"))) {
      String own = "cloister-" + ProcessHandle.current().pid() + "-";
      return all.filter(file -> file.getFileName().toString().startsWith(own)).sorted().toList();
    }
  }

  @Test
  void aTakenPortIsOneLine() throws Exception {
    try (var other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String listen = "127.0.0.1:" + other.getLocalPort();
      isRefused(listen + " is taken", "--listen", listen, "--state", folder.toString());
    }
  }

  @Test
  void anAddressOfAnotherMachineIsOneLine() throws Exception {
    isRefused("192.0.2.1:0 is taken", "--listen", "192.0.2.1:0", "--state", folder.toString());
  }

  @Test
  void aFolderThatCannotBeMadeIsOneLine() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    isRefused(
        "the folder " + file.resolve("state") + " cannot be made or written",
        "--listen",
        "127.0.0.1:0",
        "--state",
        file.resolve("state").toString());
  }

  @Test
  void twoServersOnOneStateAreOneLineAndOneServer() throws Exception {
    try (var running = ServerProcess.start(folder.resolve("state"), folder.resolve("log"))) {
      isRefused(
          "another server is running on the state in " + folder.resolve("state"),
          "--listen",
          "127.0.0.1:0",
          "--state",
          folder.resolve("state").toString());
      assertThat(ProcessHandle.of(running.pid()).orElseThrow().isAlive()).isTrue();
    }
    // It says what it serves and with what, and nothing of the libraries that it is made of.
    assertThat(Files.readAllLines(folder.resolve("log")))
        .allSatisfy(said ->
            assertThat(said)
                .doesNotContainIgnoringCase("helidon")
                .doesNotContain("INFO")
                .doesNotContain("[FILES")
                .doesNotContain("Exception"));
  }
}
