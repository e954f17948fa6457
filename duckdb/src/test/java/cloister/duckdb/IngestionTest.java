package cloister.duckdb;

import static cloister.duckdb.Fixtures.column;
import static cloister.duckdb.Fixtures.dataset;
import static cloister.duckdb.Fixtures.meaning;
import static cloister.duckdb.Fixtures.oneOf;
import static cloister.duckdb.Fixtures.parquet;
import static cloister.duckdb.Fixtures.required;
import static cloister.duckdb.Fixtures.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloister.crypto.Digest;
import cloister.duckdb.IngestionException.Problem;
import cloister.duckdb.IngestionReport.Fault;
import cloister.duckdb.IngestionReport.Reason;
import cloister.query.Engine.Limits;
import cloister.query.EngineException;
import cloister.room.Column;
import cloister.room.Column.Semantic;
import cloister.room.ColumnName;
import cloister.room.Dataset;
import cloister.testkit.TinyDisk;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class IngestionTest {
  private static final Limits LIMITS = new Limits(Duration.ofMinutes(2), 1_000_000_000, 2, 1);

  @TempDir static Path shared;
  private static Workers workers;

  private Path folder;
  private Path output;

  @BeforeAll
  static void start() {
    workers = Workers.of(new Workers.Settings(shared, 1, 1));
  }

  @AfterAll
  static void stop() {
    workers.close();
  }

  @BeforeEach
  void makeFolders() throws Exception {
    folder = Files.createTempDirectory(shared, "test");
    output = Files.createDirectory(folder.resolve("out"));
  }

  private record Prepared(List<Path> files, IngestionReport report) {}

  private Prepared prepare(Dataset dataset, Path... parts) throws Exception {
    var upload = new Ingestion(workers).begin(dataset, LIMITS);
    var files = new ArrayList<Path>();
    for (Path part : parts) {
      Path target = output.resolve("part-" + files.size() + ".parquet");
      Files.deleteIfExists(target);
      upload.add(part, target);
      files.add(target);
    }
    return new Prepared(files, upload.report());
  }

  private Problem refused(Dataset dataset, Path... parts) throws Exception {
    var failure = catchThrowableOfType(IngestionException.class, () -> prepare(dataset, parts));
    assertThat(failure).isNotNull();
    assertThat(output.resolve("part-" + (parts.length - 1) + ".parquet")).doesNotExist();
    return failure.problem();
  }

  /// One column beside the unit, whose rows hold `values`: the reasons for the rows that are bad,
  /// and what is kept.
  private List<String> check(Column column, String type, String... values) throws Exception {
    var sql = new StringBuilder();
    for (int i = 0; i < values.length; i++) {
      sql.append(i == 0 ? "" : " UNION ALL ")
          .append("SELECT %d AS id, CAST(%s AS %s) AS c".formatted(i, values[i], type));
    }
    Files.createDirectories(output);
    Path part = parquet(Files.createTempFile(folder, "part", ".parquet"), sql.toString());
    var prepared = prepare(dataset(column("id", "integer"), column), part);
    var outcome = new String[values.length];
    for (var fault : prepared.report().faults()) {
      fault.firstRows().forEach(row -> outcome[(int) (row - 1)] = fault.reason().name());
    }
    for (var row :
        rows(
            "SELECT id::VARCHAR, c::VARCHAR FROM "
                + Sql.literal(prepared.files().getFirst().toString()))) {
      assertThat(outcome[Integer.parseInt(row.get(0))]).isNull();
      outcome[Integer.parseInt(row.get(0))] = row.get(1);
    }
    return List.of(outcome);
  }

  private static String quoted(String text) {
    return Sql.literal(text);
  }

  @Test
  void aTableAboutNobodyKeepsRowsAsTheyAre() throws Exception {
    Path part =
        parquet(
            folder.resolve("a.parquet"),
            "SELECT CASE WHEN i > 1 THEN 'a' || i END AS code, i::VARCHAR AS n FROM range(4) t(i)");
    Dataset priced = dataset(column("code", "string"), column("n", "integer"));
    Dataset nobody =
        new Dataset(
            priced.address(),
            priced.document(),
            Optional.empty(),
            priced.columns(),
            Optional.empty(),
            List.of());
    var prepared = prepare(nobody, part);
    assertThat(prepared.report()).isEqualTo(new IngestionReport(4, 4, 0, List.of()));
    assertThat(rows("FROM " + quoted(prepared.files().getFirst().toString()) + " ORDER BY n"))
        .containsExactly(
            List.of("NULL", "0"), List.of("NULL", "1"), List.of("a2", "2"), List.of("a3", "3"));
  }

  @Test
  void aCleanUploadKeepsEveryRowInDeclaredTypes() throws Exception {
    Path first =
        parquet(
            folder.resolve("a.parquet"),
            "SELECT 'u' || i AS ID, i::VARCHAR AS n, i AS extra FROM range(3000) t(i)");
    Path second =
        parquet(
            folder.resolve("b.parquet"),
            "SELECT i::INTEGER AS n, 'w' || i AS id FROM range(5) t(i)");
    var prepared = prepare(dataset(column("id", "string"), column("n", "integer")), first, second);
    assertThat(prepared.report()).isEqualTo(new IngestionReport(3_005, 3_005, 0, List.of()));
    assertThat(prepared.files()).hasSize(2);
    for (Path file : prepared.files()) {
      assertThat(
              rows(
                  "SELECT column_name, column_type FROM (DESCRIBE FROM "
                      + quoted(file.toString())
                      + ")"))
          .containsExactly(List.of("id", "UUID"), List.of("n", "BIGINT"));
    }
    assertThat(output.toFile().list()).hasSize(2);
  }

  @Test
  void numbersAreReadWithoutLossOrNotAtAll() throws Exception {
    assertThat(
            check(
                column("c", "integer"),
                "VARCHAR",
                quoted("1.5"),
                quoted(" 12 "),
                quoted("7.00"),
                quoted("1_000"),
                quoted("0x1F"),
                quoted("1e3"),
                quoted("9223372036854775808"),
                quoted("-9223372036854775808"),
                quoted(""),
                "NULL"))
        .containsExactly(
            "WRONG_TYPE",
            "12",
            "7",
            "WRONG_TYPE",
            "WRONG_TYPE",
            "WRONG_TYPE",
            "WRONG_TYPE",
            "-9223372036854775808",
            "WRONG_TYPE",
            "NULL");
    assertThat(
            check(
                column("c", "integer"),
                "DOUBLE",
                "1.5",
                "2",
                quoted("nan"),
                quoted("inf"),
                "1e300"))
        .containsExactly("WRONG_TYPE", "2", "NOT_FINITE", "NOT_FINITE", "WRONG_TYPE");
    assertThat(
            check(
                column("c", "decimal(5,2)"),
                "VARCHAR",
                quoted("1.23"),
                quoted("1.239"),
                quoted("1.2300"),
                quoted("-.5"),
                quoted("1234.5"),
                quoted("nan"),
                quoted("x")))
        .containsExactly(
            "1.23", "WRONG_TYPE", "1.23", "-0.50", "WRONG_TYPE", "WRONG_TYPE", "WRONG_TYPE");
    assertThat(check(column("c", "decimal(5,2)"), "DECIMAL(10,4)", "1.2300", "1.2345", "99999.1"))
        .containsExactly("1.23", "WRONG_TYPE", "WRONG_TYPE");
    assertThat(
            check(
                column("c", "decimal(5,2)"),
                "DOUBLE",
                "0.1",
                "1.239",
                "100",
                "1e30",
                quoted("nan")))
        .containsExactly("0.10", "WRONG_TYPE", "100.00", "WRONG_TYPE", "NOT_FINITE");
    assertThat(check(column("c", "decimal(5,2)"), "FLOAT", "0.1", "1.239"))
        .containsExactly("0.10", "WRONG_TYPE");
    assertThat(
            check(
                column("c", "decimal(38,19)"),
                "VARCHAR",
                quoted("0.1000000000000000055"),
                quoted("1234567890123456789.1234567890123456789"),
                quoted("12345678901234567890")))
        .containsExactly(
            "0.1000000000000000055", "1234567890123456789.1234567890123456789", "WRONG_TYPE");
    assertThat(
            check(
                column("c", "integer"),
                "VARCHAR",
                quoted("9223372036854775807.000"),
                quoted("9007199254740993.0"),
                quoted("12345678901234567890")))
        .containsExactly("9223372036854775807", "9007199254740993", "WRONG_TYPE");
    assertThat(
            check(
                column("c", "double"),
                "VARCHAR",
                quoted("1e3"),
                quoted("nan"),
                quoted("-Infinity"),
                quoted("1_0"),
                quoted("1e400")))
        .containsExactly("1000.0", "NOT_FINITE", "NOT_FINITE", "WRONG_TYPE", "NOT_FINITE");
  }

  @Test
  void datesAndTimesAreInTheirRangeAndInUtc() throws Exception {
    assertThat(
            check(
                column("c", "date"),
                "VARCHAR",
                quoted("2024-02-29"),
                quoted("2023-02-29"),
                quoted("0000-01-01"),
                quoted("infinity"),
                quoted("2024-01-01 10:00:00"),
                quoted("01/02/2024"),
                quoted("9999-12-31")))
        .containsExactly(
            "2024-02-29",
            "WRONG_TYPE",
            "OUT_OF_RANGE",
            "WRONG_TYPE",
            "WRONG_TYPE",
            "WRONG_TYPE",
            "9999-12-31");
    assertThat(
            check(
                column("c", "date"),
                "DATE",
                quoted("2024-02-29"),
                quoted("infinity"),
                quoted("10000-01-01"),
                quoted("44-03-15 (BC)")))
        .containsExactly("2024-02-29", "NOT_FINITE", "OUT_OF_RANGE", "OUT_OF_RANGE");
    assertThat(
            check(
                column("c", "date"),
                "TIMESTAMP",
                quoted("2024-02-29"),
                quoted("2024-02-29 01:00:00")))
        .containsExactly("2024-02-29", "WRONG_TYPE");
    assertThat(
            check(
                column("c", "timestamp"),
                "TIMESTAMP_NS",
                quoted("2024-01-31 10:00:00.123456"),
                quoted("2024-01-31 10:00:00.123456789")))
        .containsExactly("2024-01-31 10:00:00.123456", "WRONG_TYPE");
    assertThat(
            check(
                column("c", "timestamp"),
                "VARCHAR",
                quoted("2024-01-31T10:00:00+02:00"),
                quoted("2024-01-31 10:00:00.123456Z"),
                quoted("2024-01-31"),
                quoted("2024-01-31 25:00:00"),
                quoted("now")))
        .containsExactly(
            "2024-01-31 08:00:00",
            "2024-01-31 10:00:00.123456",
            "2024-01-31 00:00:00",
            "WRONG_TYPE",
            "WRONG_TYPE");
  }

  @Test
  void textsAreBoundedRequiredAndFromTheirDomain() throws Exception {
    assertThat(
            check(column("c", "string"), "VARCHAR", "repeat('é', 32768)", "repeat('é', 32769)")
                .get(1))
        .isEqualTo("TOO_LONG");
    assertThat(check(required(column("c", "string")), "VARCHAR", "NULL", quoted("")))
        .containsExactly("MISSING", "");
    assertThat(
            check(
                oneOf(column("c", "string"), "a", "it's"),
                "VARCHAR",
                quoted("a"),
                quoted("it's"),
                quoted("A"),
                "NULL"))
        .containsExactly("a", "it's", "NOT_IN_DOMAIN", "NULL");
    assertThat(
            check(
                oneOf(column("c", "integer"), "1", "2"),
                "VARCHAR",
                quoted("1"),
                quoted("02"),
                quoted("3"),
                quoted("x")))
        .containsExactly("1", "2", "NOT_IN_DOMAIN", "WRONG_TYPE");
    assertThat(check(column("c", "boolean"), "VARCHAR", quoted("true"), quoted("maybe")))
        .containsExactly("true", "WRONG_TYPE");
  }

  @Test
  void identifiersAreNormalised() throws Exception {
    assertThat(
            check(
                meaning(column("c", "string"), Semantic.EMAIL),
                "VARCHAR",
                quoted(" Bob@Example.COM\t\n"),
                quoted("bob"),
                quoted("a@b@c"),
                quoted("a b@c"),
                quoted("É@X.fr"),
                quoted("@x")))
        .containsExactly(
            "bob@example.com", "NOT_NORMAL", "NOT_NORMAL", "NOT_NORMAL", "É@x.fr", "NOT_NORMAL");
    assertThat(
            check(
                meaning(column("c", "string"), Semantic.PHONE),
                "VARCHAR",
                quoted("+49 (30) 123-456"),
                quoted("0049 30 123456"),
                quoted("030 123456"),
                quoted("+1234567890123456")))
        .containsExactly("+4930123456", "+4930123456", "NOT_NORMAL", "NOT_NORMAL");
  }

  @Test
  void rowsWithoutAUnitAreDroppedAndCountedOnce() throws Exception {
    Path part =
        parquet(
            folder.resolve("a.parquet"),
            "SELECT * FROM (VALUES ('a@b.c', 1), (NULL, NULL), ('  ', 3), (' A@b.C', 4), ('x', 5)) v(email, n)");
    var report =
        prepare(
                dataset(
                    meaning(column("email", "string"), Semantic.EMAIL),
                    required(column("n", "integer"))),
                part)
            .report();
    assertThat(report)
        .isEqualTo(
            new IngestionReport(
                5,
                2,
                2,
                List.of(new Fault(new ColumnName("email"), Reason.NOT_NORMAL, 1, List.of(5L)))));
    String digest = Digest.ofUtf8("a@b.c").toString().substring("sha256:".length());
    assertThat(
            rows(
                "SELECT DISTINCT replace(email::VARCHAR, '-', '') FROM "
                    + quoted(output + "/part-0.parquet")))
        .containsExactly(List.of(digest.substring(0, 2 * Ingestion.UNIT_BYTES)));
  }

  @Test
  void rowNumbersRunThroughAllPartsAndTheListIsBounded() throws Exception {
    String sql =
        "SELECT 'u' || i AS id, CASE WHEN i % 10 = 9 THEN 'bad' ELSE i::VARCHAR END AS n FROM range(200000) t(i)";
    Path first = parquet(folder.resolve("a.parquet"), sql.replace("% 10 = 9", "= 199999"));
    Path second = parquet(folder.resolve("b.parquet"), sql);
    var report =
        prepare(dataset(column("id", "string"), column("n", "integer")), first, second).report();
    assertThat(report.faults())
        .containsExactly(
            new Fault(
                new ColumnName("n"),
                Reason.WRONG_TYPE,
                20_001,
                LongStream.range(0, 100).mapToObj(i -> 200_000 + 10 * i).toList()));
    assertThat(report.kept()).isEqualTo(400_000 - 20_001);
  }

  @Test
  void anUnsoundUploadIsRefusedAsAWhole() throws Exception {
    var dataset = dataset(column("id", "string"), column("n", "integer"));
    Path good = parquet(folder.resolve("good.parquet"), "SELECT 'a' AS id, 1 AS n");
    byte[] bytes = Files.readAllBytes(good);
    Path text = Files.writeString(folder.resolve("text.parquet"), "id,n\na,1\n");
    Path empty = Files.write(folder.resolve("empty.parquet"), new byte[0]);
    Path cut =
        Files.write(
            folder.resolve("cut.parquet"), java.util.Arrays.copyOf(bytes, bytes.length - 9));
    Path latin = parquet(folder.resolve("latin.parquet"), "SELECT 'QQQQ' AS id, 1 AS n");
    Files.write(
        latin,
        new String(Files.readAllBytes(latin), StandardCharsets.ISO_8859_1)
            .replace("QQQQ", "\u00ff\u00ff\u00ff\u00ff")
            .getBytes(StandardCharsets.ISO_8859_1));
    for (Path bad : List.of(text, empty, cut, latin)) {
      assertThat(refused(dataset, good, bad)).isEqualTo(new Problem.Malformed(2));
      Files.delete(output.resolve("part-0.parquet"));
    }
    assertThat(refused(dataset, parquet(folder.resolve("m.parquet"), "SELECT 1 AS n")))
        .isEqualTo(new Problem.MissingColumns(1, List.of(new ColumnName("id"))));
    assertThat(refused(dataset, parquet(folder.resolve("l.parquet"), "SELECT 'a' AS id, [1] AS n")))
        .isEqualTo(new Problem.UnsuitableType(1, new ColumnName("n")));
    assertThat(
            refused(
                dataset,
                parquet(
                    folder.resolve("r.parquet"), "SELECT 'a' AS id, 1 AS n FROM range(1048577)")))
        .isEqualTo(new Problem.TooManyRows(1));
    var hurried = new Limits(Duration.ofMillis(1), 512_000_000, 1, 1);
    var late =
        catchThrowableOfType(
            IngestionException.class,
            () ->
                new Ingestion(workers)
                    .begin(dataset, hurried)
                    .add(good, output.resolve("late.parquet")));
    assertThat(output.resolve("late.parquet")).doesNotExist();
    assertThat(late.problem()).isEqualTo(new Problem.Unfinished(EngineException.Reason.TIME));
  }

  @Test
  void aWorkerThatIsKilledIsNoFaultOfTheData() throws Exception {
    var deadline = Deadline.after(LIMITS.time());
    workers.enter(deadline);
    var worker = workers.take(deadline);
    try {
      worker.kill();
      worker.awaitEnd();
      var failure =
          catchThrowableOfType(
              EngineException.class,
              () ->
                  worker.query(
                      new Wire.Query("SELECT 1", 0, 1, 1), (_, _, _) -> {}, deadline.left()));
      assertThat(failure.reason()).isEqualTo(EngineException.Reason.FAILED);
      assertThat(worker.refusedItsInput()).isFalse();
    } finally {
      workers.dismiss(worker);
      workers.leave();
    }
  }

  @Test
  void aDiskThatTakesNoMoreIsNoFaultOfTheData() throws Exception {
    var dataset = dataset(column("id", "string"));
    Path part =
        parquet(
            folder.resolve("a.parquet"), "SELECT md5(i::VARCHAR) AS id FROM range(100000) t(i)");
    try (var disk = TinyDisk.mount(output, 1 << 20)) {
      disk.fill();
      assertThat(refused(dataset, part))
          .isEqualTo(new Problem.Unfinished(EngineException.Reason.FAILED));
      assertThat(output.toFile().list()).containsExactly("filling");
      disk.free();
    }
    assertThat(prepare(dataset, part).report().kept()).isEqualTo(100_000);
  }

  @Test
  void aRefusedUploadTakesNoFurtherPartAndGivesNoReport() throws Exception {
    var dataset = dataset(column("id", "string"), column("n", "integer"));
    Path good = parquet(folder.resolve("good.parquet"), "SELECT 'a' AS id, 1 AS n");
    Path bad = Files.writeString(folder.resolve("bad.parquet"), "id,n\na,1\n");
    var upload = new Ingestion(workers).begin(dataset, LIMITS);
    upload.add(good, output.resolve("0.parquet"));
    assertThatThrownBy(() -> upload.add(bad, output.resolve("1.parquet")))
        .isInstanceOf(IngestionException.class);
    assertThatThrownBy(() -> upload.add(good, output.resolve("2.parquet")))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(upload::report).isInstanceOf(IllegalStateException.class);
    assertThat(output.toFile().list()).containsExactly("0.parquet");
  }

  @Test
  void aPartIsGoneBeforeTheNextIsThere() throws Exception {
    var dataset = dataset(column("id", "string"), column("n", "integer"));
    var upload = new Ingestion(workers).begin(dataset, LIMITS);
    for (int part = 0; part < 3; part++) {
      Path plain = parquet(folder.resolve("p" + part), "SELECT 'u" + part + "' AS id, 'x' AS n");
      Path target = output.resolve(part + ".parquet");
      upload.add(plain, target);
      Files.delete(plain);
      Files.delete(target);
    }
    assertThat(upload.report().faults())
        .containsExactly(new Fault(new ColumnName("n"), Reason.WRONG_TYPE, 3, List.of(1L, 2L, 3L)));
  }

  @Test
  void noValueOfABadRowIsInReportOrFailure() throws Exception {
    String canary = "canary-5521";
    Path part = parquet(folder.resolve("c.parquet"), "SELECT 'u' AS id, '" + canary + "' AS n");
    var report = prepare(dataset(column("id", "string"), column("n", "integer")), part).report();
    assertThat(report.toString()).doesNotContain(canary);
    assertThat(report.faults()).hasSize(1);
    Path shape = parquet(folder.resolve("d.parquet"), "SELECT 'u' AS id, ['" + canary + "'] AS n");
    var failure =
        catchThrowableOfType(
            IngestionException.class,
            () -> prepare(dataset(column("id", "string"), column("n", "integer")), shape));
    assertThat(failure.toString()).doesNotContain(canary);
  }
}
