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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
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
      assertThat(answer(0, 0)).isEmpty();
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
                Map.of("t0", List.of(data.toString())), List.of(), 512_000_000, 2, 30_000);
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

  @Test
  void aWorkerStartsWithoutEnvironmentAndEndsWithItsInput() throws Exception {
    try (var home = WorkerHome.create(folder, Optional.empty());
        var worker = new Session(home.start())) {
      assertThat(worker.process.info().commandLine().orElse("")).doesNotContain(SECRET);
      worker.out.close();
      assertThat(worker.process.waitFor()).isZero();
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
