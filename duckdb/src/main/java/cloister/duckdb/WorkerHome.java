package cloister.duckdb;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.duckdb.DuckDBDriver;

/// The private folder that workers start from, and how they start.
///
/// The stock driver unpacks its 70 MB library at each start and leaves it behind when killed. Here
/// the classes of worker and driver and the library for this machine are unpacked once, side by
/// side, as the driver also accepts them. They are taken from this process's own class path each
/// time rather than kept between starts: a file that outlives the process is one that somebody
/// could replace. Nor is the class path used later: an upgrade may delete it under a server.
final class WorkerHome implements AutoCloseable {
  private static final List<String> SYSTEM_FOLDERS =
      List.of("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache");

  /// How long the sandbox may take to show that it works.
  private static final Duration PROBE = Duration.ofSeconds(20);

  private final Path parent;
  private final Path folder;
  private final Path code;
  private final Optional<Path> bubblewrap;

  private WorkerHome(Path parent, Path folder, Path code, Optional<Path> bubblewrap) {
    this.parent = parent;
    this.folder = folder;
    this.code = code;
    this.bubblewrap = bubblewrap;
  }

  static WorkerHome create(Path parent, Optional<Path> bubblewrap) {
    try {
      var folder =
          Files.createTempDirectory(
              parent,
              "cloister-duckdb-",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      var home = new WorkerHome(parent, folder, unpack(folder), bubblewrap);
      return bubblewrap.isEmpty() || home.canWrap()
          ? home
          : new WorkerHome(parent, folder, home.code, Optional.empty());
    } catch (IOException failure) {
      throw new UncheckedIOException("the workers' folder could not be prepared", failure);
    }
  }

  boolean isWrapped() {
    return bubblewrap.isPresent();
  }

  /// Installed is not allowed: containers and hardened kernels forbid user namespaces.
  private boolean canWrap() throws IOException {
    var command = new ArrayList<String>();
    bubblewrap.ifPresent(tool -> command.addAll(sandbox(tool)));
    command.addAll(List.of(java(), "-Xshare:auto", "-XX:+UseSerialGC", "-version"));
    var process = builder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    try {
      return process.waitFor(PROBE.toNanos(), TimeUnit.NANOSECONDS) && process.exitValue() == 0;
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  /// Starts a worker in a folder of its own, with nothing of this process's environment. What it or
  /// the engine prints goes nowhere.
  Process start() throws IOException {
    var command = new ArrayList<String>();
    bubblewrap.ifPresent(tool -> command.addAll(sandbox(tool)));
    command.addAll(
        List.of(
            java(),
            "-Xmx256m",
            "-Xss1m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:ReservedCodeCacheSize=64m",
            "-XX:MaxMetaspaceSize=128m",
            "-XX:-UsePerfData",
            "-XX:+DisableAttachMechanism",
            "-XX:+ExitOnOutOfMemoryError",
            // A crash report shows registers and stacks: pieces of data.
            "-XX:+SuppressFatalErrorMessage",
            "-XX:-CreateCoredumpOnCrash",
            "-Xshare:auto",
            "--enable-native-access=ALL-UNNAMED",
            "-Djava.io.tmpdir=" + folder,
            "-cp",
            code.toString(),
            Worker.class.getName()));
    return builder(command).start();
  }

  private ProcessBuilder builder(List<String> command) {
    var builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().clear();
    return builder;
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /// No network, no other process in sight, and a read-only view of the system. Data folders are
  /// bound at their own paths: what a worker may open in them is settled by DuckDB's allowed paths.
  private List<String> sandbox(Path tool) {
    var command = new ArrayList<String>();
    command.addAll(List.of(tool.toString(), "--unshare-all", "--die-with-parent", "--clearenv"));
    for (String system : SYSTEM_FOLDERS) {
      command.addAll(List.of("--ro-bind-try", system, system));
    }
    command.addAll(List.of("--proc", "/proc", "--dev", "/dev"));
    String java = System.getProperty("java.home");
    String home = parent.toString();
    command.addAll(List.of("--ro-bind", java, java));
    command.addAll(
        List.of("--bind", home, home, "--ro-bind", folder.toString(), folder.toString()));
    command.addAll(List.of("--chdir", folder.toString(), "--"));
    return command;
  }

  @Override
  public void close() {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException failure) {
      throw new UncheckedIOException("the workers' folder could not be removed", failure);
    }
  }

  private static Path unpack(Path folder) throws IOException {
    Path code = folder.resolve("worker.jar");
    String library = libraryName();
    Path own = codeOf(Worker.class);
    try (var driver = new JarFile(codeOf(DuckDBDriver.class).toFile());
        var out = new JarOutputStream(Files.newOutputStream(code))) {
      // Uncompressed classes load faster.
      out.setLevel(0);
      copyClasses(driver, "org/duckdb/", out);
      if (Files.isDirectory(own)) {
        copyClasses(own, "cloister/duckdb/", out);
      } else {
        try (var jar = new JarFile(own.toFile())) {
          copyClasses(jar, "cloister/duckdb/", out);
        }
      }
      var entry = driver.getEntry(library);
      if (entry == null) {
        throw new IOException("the DuckDB driver has no library " + library);
      }
      try (var in = driver.getInputStream(entry)) {
        Files.copy(in, folder.resolve(library));
      }
    }
    return code;
  }

  private static void copyClasses(JarFile jar, String under, JarOutputStream out)
      throws IOException {
    for (var entry : jar.stream().toList()) {
      if (entry.getName().startsWith(under) && entry.getName().endsWith(".class")) {
        out.putNextEntry(new ZipEntry(entry.getName()));
        try (var in = jar.getInputStream(entry)) {
          in.transferTo(out);
        }
        out.closeEntry();
      }
    }
  }

  /// A build that is not packaged, as tests run it.
  private static void copyClasses(Path classes, String under, JarOutputStream out)
      throws IOException {
    try (var files = Files.newDirectoryStream(classes.resolve(under), "*.class")) {
      for (Path file : files) {
        out.putNextEntry(new ZipEntry(under + file.getFileName()));
        Files.copy(file, out);
        out.closeEntry();
      }
    }
  }

  /// As the driver names it.
  private static String libraryName() {
    String system = System.getProperty("os.name").startsWith("Mac") ? "macos" : "linux";
    String machine = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
    return "libduckdb_java.so_" + system + "_" + machine;
  }

  private static Path codeOf(Class<?> type) throws IOException {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException failure) {
      throw new IOException(failure);
    }
  }
}
