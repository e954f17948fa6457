package cloister.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A fresh TPM 2.0 in software (swtpm), where that is installed. Its state is in a folder, so that
/// one can be stopped and started again; its registers begin from zeros then, as at a boot.
public final class SoftTpm implements AutoCloseable {
  private final Process process;
  private final Path socket;

  private SoftTpm(Process process, Path socket) {
    this.process = process;
    this.socket = socket;
  }

  public static boolean isInstalled() {
    return Stream.of(System.getenv("PATH").split(":", -1))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "swtpm")));
  }

  /// @param folder an existing folder, empty or of an earlier one
  public static SoftTpm start(Path folder) throws IOException, InterruptedException {
    Path socket = folder.resolve("tpm.sock");
    Files.deleteIfExists(socket);
    // Written when it listens; the socket's file is there before.
    Path ready = folder.resolve("swtpm.pid");
    Files.deleteIfExists(ready);
    try (var watch = folder.getFileSystem().newWatchService()) {
      folder.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
      Process process =
          new ProcessBuilder(
                  List.of(
                      "swtpm",
                      "socket",
                      "--tpm2",
                      "--tpmstate",
                      "dir=" + folder,
                      "--server",
                      "type=unixio,path=" + socket,
                      "--pid",
                      "file=" + ready,
                      "--flags",
                      "not-need-init,startup-clear"))
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("swtpm.log").toFile())
              .start();
      while (!Files.exists(ready)) {
        var key = watch.poll(20, TimeUnit.SECONDS);
        assertThat(key).as("swtpm did not start").isNotNull();
        key.pollEvents();
        key.reset();
      }
      return new SoftTpm(process, socket);
    }
  }

  /// A connection that takes commands and gives answers, as a device file does; one at a time.
  public SocketChannel connect() throws IOException {
    return SocketChannel.open(UnixDomainSocketAddress.of(socket));
  }

  public Path socket() {
    return socket;
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().join();
  }
}
