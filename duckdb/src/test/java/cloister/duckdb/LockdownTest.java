package cloister.duckdb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// Speaks to one worker as if every plan were malicious.
final class LockdownTest {
  private static final String SECRET = "secret-91c2-of-another-party";

  @TempDir Path folder;

  /// Every byte that the worker writes is kept.
  private static final class Session implements AutoCloseable {
    private final Process process;
    private final DataOutputStream out;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final DataInputStream in;
    private final boolean isLimited;
    private final boolean hasLandlock;

    @SuppressWarnings("InputStreamSlowMultibyteRead") // a few bytes, each to be seen
    Session(Process process) throws IOException {
      this.process = process;
      out = new DataOutputStream(process.getOutputStream());
      var source = new BufferedInputStream(process.getInputStream());
      in =
          new DataInputStream(
              new java.io.InputStream() {
                @Override
                public int read() throws IOException {
                  int octet = source.read();
                  received.write(octet);
                  return octet;
                }
              });
      assertThat(in.readUnsignedByte()).isEqualTo(Wire.READY);
      isLimited = in.readBoolean();
      hasLandlock = in.readBoolean();
    }

    Optional<Wire.Failure> open(Wire.Opening opening) throws IOException {
      opening.write(out);
      return answer(0, 0);
    }

    Optional<Wire.Failure> ask(String sql) throws IOException {
      return ask(sql, 0, 1);
    }

    Optional<Wire.Failure> ask(String sql, int keys, int numbers) throws IOException {
      new Wire.Query(sql, keys, numbers, 100).write(out);
      return answer(keys, numbers);
    }

    private Optional<Wire.Failure> answer(int keys, int numbers) throws IOException {
      while (true) {
        switch (in.readUnsignedByte()) {
          case Wire.END -> {
            return Optional.empty();
          }
          case Wire.FAILURE -> {
            return Optional.of(Wire.Failure.read(in));
          }
          case Wire.ROW -> {
            for (int i = 0; i < keys; i++) {
              Wire.readKey(in);
            }
            for (int i = 0; i < numbers; i++) {
              Wire.readNumber(in);
            }
          }
          default -> throw new IOException("unknown answer");
        }
      }
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  @Test
  void noStatementReachesBeyondTheInputFiles() throws Exception {
    Path data = Fixtures.parquet(folder.resolve("data.parquet"), "SELECT 1::BIGINT AS i");
    Path other = Fixtures.parquet(folder.resolve("other.parquet"), "SELECT '" + SECRET + "' AS s");
    Path text = Files.writeString(folder.resolve("secret.txt"), SECRET + "\n");
    Path link = Files.createSymbolicLink(folder.resolve("link.parquet"), other);
    Path database = folder.resolve("other.db");
    Fixtures.execute(
        "ATTACH " + Sql.literal(database.toString()) + " AS d; CREATE TABLE d.t AS SELECT 1 AS i");
    var before = files();
    long size = Files.size(data);

    var statements = new ArrayList<String>();
    for (String path :
        List.of(
            "/etc/passwd",
            "/proc/self/environ",
            "/proc/self/cmdline",
            "/proc/self/maps",
            "/dev/stdin",
            "file:///etc/passwd",
            text.toString(),
            other.toString(),
            link.toString(),
            folder + "/./other.parquet",
            data + "/../other.parquet",
            folder + "/*",
            folder + "/data.parquet*",
            "https://example.com/x",
            "s3://bucket/x")) {
      String quoted = Sql.literal(path);
      for (String function :
          List.of(
              "read_csv",
              "read_text",
              "read_blob",
              "read_json",
              "read_parquet",
              "sniff_csv",
              "parquet_metadata",
              "parquet_schema")) {
        statements.add("SELECT count(*) FROM " + function + "(" + quoted + ")");
      }
      statements.add("SELECT count(*) FROM " + quoted);
    }
    String out = Sql.literal(folder.resolve("out").toString());
    String input = Sql.literal(data.toString());
    String db = Sql.literal(database.toString());
    statements.addAll(
        List.of(
            "SELECT count(*) FROM glob('/etc/*')",
            "SELECT count(*) FROM glob('" + folder + "/*')",
            "COPY (SELECT 1) TO " + out,
            "COPY (SELECT 1) TO " + out + " (FORMAT parquet)",
            "COPY (SELECT 1) TO '/dev/stderr'",
            "COPY t0 FROM '/etc/passwd'",
            "EXPORT DATABASE " + out,
            "IMPORT DATABASE " + out,
            "ATTACH " + db,
            "ATTACH " + db + " (READ_ONLY)",
            "ATTACH " + out,
            "INSTALL httpfs",
            "LOAD httpfs",
            "LOAD '/tmp/x.duckdb_extension'",
            "FORCE INSTALL httpfs FROM community",
            "UPDATE EXTENSIONS",
            "CREATE SECRET s (TYPE s3)",
            "CREATE PERSISTENT SECRET s (TYPE http)",
            "SET enable_external_access=true",
            "SET lock_configuration=false",
            "RESET lock_configuration",
            "SET GLOBAL memory_limit='100GB'",
            "SET threads=64",
            "SET temp_directory='/tmp'",
            "SET allowed_paths=['/etc/passwd']",
            "SET allowed_directories=['/']",
            "SET max_execution_time=0",
            "SET max_expression_depth=100000",
            "SET disabled_optimizers=''",
            "SET error_on_division_by_zero=true",
            "SET TimeZone='America/New_York'",
            "SET enable_profiling='json'",
            "SET profiling_output=" + out,
            "SET log_query_path=" + out,
            "SET custom_extension_repository='http://x'",
            "SET home_directory='/'",
            "SET secret_directory='/'",
            "PRAGMA enable_profiling",
            "PRAGMA profile_output=" + out,
            "PRAGMA memory_limit='100GB'",
            "PRAGMA disable_optimizer",
            "CALL enable_logging(storage='file', storage_path=" + out + ")",
            "CALL enable_profiling()",
            "SELECT count(getenv('PATH'))",
            "SELECT count(*) FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
            "SELECT count(*) FROM query_table('/etc/passwd')",
            "CREATE MACRO m() AS TABLE SELECT * FROM read_text('/etc/passwd'); FROM m()",
            "PREPARE p AS SELECT * FROM read_text('/etc/passwd'); EXECUTE p",
            "SELECT count(*) FROM arrow_scan(0, 0, 0)"));

    try (var home = WorkerHome.create(folder, Optional.empty())) {
      try (var worker = new Session(home.start())) {
        var opening =
            new Wire.Opening(
                Map.of("t0", List.of(data.toString())),
                List.of(),
                List.of(),
                512_000_000,
                2,
                30_000);
        assertThat(worker.open(opening)).isEmpty();
        for (String statement : statements) {
          assertThat(worker.ask(statement)).as(statement).isPresent();
        }
        assertThat(worker.ask("COPY (SELECT 2) TO " + input + " (FORMAT parquet)")).isPresent();
        assertThat(worker.ask("SELECT count(*) FROM t0")).isEmpty();
        assertThat(worker.received.toString(StandardCharsets.ISO_8859_1)).doesNotContain(SECRET);
      }
    }
    assertThat(files()).isEqualTo(before);
    assertThat(Files.size(data)).isEqualTo(size);
  }

  /// A file that is only an input, in each way that DuckDB knows of writing one.
  private static List<String> overwriting(Path input) {
    String path = Sql.literal(input.toString());
    return List.of(
        "COPY (SELECT 2 AS i) TO " + path + " (FORMAT parquet, USE_TMP_FILE false)",
        "COPY (SELECT 2 AS i) TO " + path + " (FORMAT csv, USE_TMP_FILE false)",
        "COPY (SELECT 2 AS i) TO " + path + " (FORMAT json, USE_TMP_FILE false)",
        "COPY (SELECT 2 AS i) TO " + path + " (FORMAT parquet, OVERWRITE true)",
        "COPY (SELECT 2 AS i) TO " + path + " (FORMAT parquet, APPEND true)",
        "COPY (SELECT 2 AS i) TO " + path + " (FORMAT parquet)",
        "EXPORT DATABASE " + path);
  }

  private static void readOnly(Path file) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
  }

  private static Wire.Opening opening(Path input, List<String> outputs, int threads) {
    return new Wire.Opening(
        Map.of("t0", List.of(input.toString())), List.of(), outputs, 512_000_000, threads, 30_000);
  }

  @Test
  void anInputCannotBeOverwritten() throws Exception {
    Path data = Fixtures.parquet(folder.resolve("data.parquet"), "SELECT 1::BIGINT AS i");
    Path output = Files.createFile(folder.resolve("out.parquet"));
    byte[] before = Files.readAllBytes(data);
    try (var home = WorkerHome.create(folder, Optional.empty());
        var worker = new Session(home.start())) {
      if (!worker.hasLandlock) {
        readOnly(data);
      }
      assertThat(worker.open(opening(data, List.of(output.toString()), 4))).isEmpty();
      for (String statement : overwriting(data)) {
        // By whichever of the engine's threads comes first.
        for (int attempt = 0; attempt < 20; attempt++) {
          assertThat(worker.ask(statement)).as(statement).isPresent();
          assertThat(Files.readAllBytes(data)).as(statement).isEqualTo(before);
        }
      }
      assertThat(
              worker.ask(
                  "COPY (SELECT i FROM range(1000000) r(i)) TO "
                      + Sql.literal(output.toString())
                      + " (FORMAT parquet, USE_TMP_FILE false)"))
          .isEmpty();
      assertThat(
              worker.ask(
                  "COPY (SELECT i FROM range(1000000) r(i)) TO "
                      + Sql.literal(data.toString())
                      + " (FORMAT parquet, USE_TMP_FILE false)"))
          .isPresent();
      assertThat(worker.ask("SELECT count(*) FROM t0")).isEmpty();
    }
    assertThat(Files.readAllBytes(data)).isEqualTo(before);
    assertThat(Fixtures.rows("SELECT count(*) FROM " + Sql.literal(output.toString())))
        .containsExactly(List.of("1000000"));
  }

  /// Without Landlock the mode of the file is what holds, and root heeds it too once it has no
  /// capability: this is the layer that every Linux has.
  @Test
  @EnabledOnOs(OS.LINUX)
  void aReadOnlyFileIsReadOnlyForAWorkerOfRootToo() throws Exception {
    Path data = Fixtures.parquet(folder.resolve("data.parquet"), "SELECT 1::BIGINT AS i");
    readOnly(data);
    byte[] before = Files.readAllBytes(data);
    try (var home = WorkerHome.create(folder, Optional.empty());
        var worker = new Session(home.start())) {
      assertThat(worker.isLimited).isTrue();
      // As an output, so that it is the mode that refuses and not Landlock.
      assertThat(
              worker.open(
                  new Wire.Opening(
                      Map.of(), List.of(), List.of(data.toString()), 512_000_000, 2, 30_000)))
          .isEmpty();
      for (String statement : overwriting(data)) {
        assertThat(worker.ask(statement)).as(statement).isPresent();
        assertThat(Files.readAllBytes(data)).as(statement).isEqualTo(before);
      }
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void theWholeProcessHasNoPrivilegeLeft() throws Exception {
    try (var home = WorkerHome.create(folder, Optional.empty());
        var worker = new Session(home.start())) {
      assertThat(worker.isLimited).isTrue();
      Path data = Fixtures.parquet(folder.resolve("data.parquet"), "SELECT 1::BIGINT AS i");
      assertThat(worker.open(opening(data, List.of(), 4))).isEmpty();
      assertThat(worker.ask("SELECT count(*) FROM range(10000000) r(i) WHERE i % 3 = 1")).isEmpty();
      int engineThreads = 0;
      try (var threads = Files.list(Path.of("/proc/" + worker.process.pid() + "/task"))) {
        for (Path thread : threads.toList()) {
          var status = Files.readAllLines(thread.resolve("status"));
          String name = status.getFirst();
          // DuckDB's own threads have the name of the one that started them.
          if (name.endsWith("\tquery") || name.contains("\tduckdb")) {
            engineThreads++;
            assertThat(status).as(name).contains("CapEff:\t0000000000000000", "NoNewPrivs:\t1");
          }
        }
      }
      assertThat(engineThreads).isPositive();
    }
  }

  @Test
  void aWorkerStartsWithoutEnvironmentAndEndsWithItsInput() throws Exception {
    try (var home = WorkerHome.create(folder, Optional.empty());
        var worker = new Session(home.start())) {
      assertThat(System.getenv()).isNotEmpty();
      Path environment = Path.of("/proc/" + worker.process.pid() + "/environ");
      if (Files.isReadable(environment)) {
        assertThat(Files.readAllBytes(environment)).isEmpty();
      }
      assertThat(worker.process.info().commandLine().orElse("")).doesNotContain(SECRET);
      worker.out.close();
      assertThat(worker.process.waitFor()).isZero();
    }
  }

  /// An upgrade may delete what the server was started from.
  @Test
  void aWorkerUsesNothingOfTheServersClassPath() throws Exception {
    try (var home = WorkerHome.create(folder, Optional.empty());
        var worker = new Session(home.start())) {
      var command = List.of(worker.process.info().arguments().orElseThrow());
      Path code = Path.of(command.get(command.indexOf("-cp") + 1));
      assertThat(code).isRegularFile().startsWith(folder);
    }
  }

  @Test
  void nonsenseOnTheWireEndsTheWorker() throws Exception {
    try (var home = WorkerHome.create(folder, Optional.empty());
        var worker = new Session(home.start())) {
      worker.out.write(new byte[] {Wire.QUERY, 127, -1, -1, -1});
      worker.out.flush();
      assertThat(worker.process.waitFor()).isZero();
    }
  }

  private List<Path> files() throws IOException {
    try (var all = Files.walk(folder)) {
      return all.sorted().toList();
    }
  }
}
