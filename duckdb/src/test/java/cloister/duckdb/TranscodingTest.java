package cloister.duckdb;

import static cloister.duckdb.Fixtures.column;
import static cloister.duckdb.Fixtures.dataset;
import static cloister.duckdb.Fixtures.parquet;
import static cloister.duckdb.Fixtures.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloister.room.Dataset;
import cloister.testkit.ForAll;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TranscodingTest {
  private static final Dataset DATASET =
      dataset(column("email", "string"), column("spend", "decimal(10,2)"));

  @TempDir Path folder;
  @TempDir Path source;

  private List<List<String>> transcode(String name, String content) throws Exception {
    return read(Transcoding.transcode(DATASET, write(name, content), folder, _ -> {}));
  }

  private Path write(String name, String content) throws Exception {
    return Files.writeString(source.resolve(name), content);
  }

  private static List<List<String>> read(List<Path> parts) {
    return rows(
        "SELECT * FROM read_parquet("
            + Sql.literals(parts.stream().map(Path::toString).toList())
            + ")");
  }

  private static String last(String rows) {
    return Integer.toString(Integer.parseInt(rows) - 1);
  }

  private void refused(Path file, String... words) {
    refusedWithin(folder, file, words);
  }

  private static void refusedWithin(Path folder, Path file, String... words) {
    assertThatThrownBy(() -> Transcoding.transcode(DATASET, file, folder, _ -> {}))
        .isInstanceOf(UnreadableFileException.class)
        .hasNoCause()
        .message()
        .contains(words);
    assertThat(folder).isEmptyDirectory();
  }

  private UnreadableFileException.Kind kind(String name) {
    var refusal =
        catchThrowableOfType(
            UnreadableFileException.class,
            () -> Transcoding.transcode(DATASET, source.resolve(name), folder, _ -> {}));
    return refusal.kind();
  }

  @Test
  void csvOfAnyUsualDialectGivesTheDeclaredColumnsAsTexts() throws Exception {
    var expected = List.of(List.of("a@x.de", "007.10"), List.of("b,c@x.de", "NULL"));
    assertThat(transcode("a.csv", "id,Email,spend\n1,a@x.de,007.10\n2,\"b,c@x.de\",\n"))
        .isEqualTo(expected);
    assertThat(transcode("b [1].csv", "spend;email\r\n007.10;a@x.de\r\n;\"b,c@x.de\"\r\n"))
        .isEqualTo(expected);
    assertThat(transcode("c.tsv", "spend\temail\n007.10\ta@x.de\n\tb,c@x.de\n"))
        .isEqualTo(expected);
    assertThat(transcode("d.csv", "email,spend\n#a@x.de,1\n"))
        .containsExactly(List.of("#a@x.de", "1"));
  }

  @Test
  void jsonAndParquetKeepWhatTheyHold() throws Exception {
    assertThat(
            transcode(
                "a.json",
                "[{\"email\":\"a@x\",\"spend\":12345678.12},{\"email\":\"b@x\",\"spend\":null}]"))
        .containsExactly(List.of("a@x", "12345678.12"), List.of("b@x", "NULL"));
    assertThat(transcode("a.ndjson", "{\"Email\":\"a@x\",\"spend\":\"1\"}\n{\"Email\":\"b@x\"}\n"))
        .containsExactly(List.of("a@x", "1"), List.of("b@x", "NULL"));
    Path file =
        parquet(
            source.resolve("a.parquet"),
            "SELECT 1.50::DECIMAL(5,2) AS spend, 'a' AS email, 1 AS z");
    assertThat(read(Transcoding.transcode(DATASET, file, folder, _ -> {})))
        .containsExactly(List.of("a", "1.50"));
  }

  private static String row(String spend) {
    return "{\"email\":\"a@x\",\"spend\":" + spend + "}\n";
  }

  @Test
  void noDigitOfAJsonNumberChanges() throws Exception {
    for (String number :
        List.of(
            "12345678901234567890",
            "-9223372036854775809",
            "0.1000000000000000055",
            "9007199254740993.0",
            "12345678901234567.89",
            "123456789012345678901234567890.123456789",
            "1.50",
            "-0",
            "1e400000")) {
      assertThat(transcode("n.json", "[" + row(number).strip() + "]"))
          .containsExactly(List.of("a@x", number));
      assertThat(transcode("n.ndjson", row(number) + row(number)))
          .containsExactly(List.of("a@x", number), List.of("a@x", number));
    }
    assertThat(transcode("mark.json", "\uFEFF" + row("1")))
        .isEqualTo(transcode("one.json", row("1")));
    assertThat(transcode("marks.json", "\uFEFF[" + row("1").strip() + "]"))
        .isEqualTo(transcode("one.json", row("1")));
    assertThat(transcode("e.json", row("1.2345678E7") + row("5e-3")))
        .containsExactly(List.of("a@x", "12345678"), List.of("a@x", "0.005"));
    assertThat(transcode("t.json", row("\"1e2 \\\" 3\"") + row("true") + row("null")))
        .containsExactly(
            List.of("a@x", "1e2 \" 3"), List.of("a@x", "true"), List.of("a@x", "NULL"));
    assertThat(transcode("i.json", row("NaN") + row("-Infinity")))
        .containsExactly(List.of("a@x", "NaN"), List.of("a@x", "-Infinity"));
  }

  @Test
  void aNumberThatIsNoneIsNotMendedOnTheWay() throws Exception {
    for (String wrong :
        List.of("01", "1.", "1.2.3", "--1", "1e", "0x1F", "1 2", "9".repeat(2000))) {
      refused(write("w.json", row(wrong)), "not sound JSON");
    }
  }

  @ForAll(tries = 50)
  void quotingLeavesAllButNumbersAsItIs(RandomGenerator random) throws Exception {
    String text =
        random
            .ints(random.nextInt(200_000), 0, 12)
            .mapToObj(i -> "{}[]:, \n\"\\xé".substring(i, i + 1))
            .collect(Collectors.joining());
    var out = new ByteArrayOutputStream();
    JsonNumbers.quote(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), out);
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(text);
  }

  @Test
  void compressedJsonIsReadAndDamagedCompressionRefused() throws Exception {
    var zipped = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(zipped)) {
      out.write(row("0.1000000000000000055").getBytes(StandardCharsets.UTF_8));
    }
    Path file = Files.write(source.resolve("z.json.gz"), zipped.toByteArray());
    assertThat(read(Transcoding.transcode(DATASET, file, folder, _ -> {})))
        .containsExactly(List.of("a@x", "0.1000000000000000055"));
    refusedWithin(
        Files.createDirectory(folder.resolve("other")),
        Files.write(
            source.resolve("cut.json.gz"), Arrays.copyOf(zipped.toByteArray(), zipped.size() - 9)),
        "not sound gzip");
    refusedWithin(folder.resolve("other"), write("no.json.gz", row("1")), "not sound gzip");
  }

  @Test
  void textThatIsNotUtf8IsRefusedInEveryFormat() throws Exception {
    byte[] json = row("1").getBytes(StandardCharsets.UTF_8);
    json[10] = (byte) 0xff;
    refused(Files.write(source.resolve("u.json"), json), "not UTF-8");
    Path plain = source.resolve("u.parquet");
    Fixtures.execute(
        "COPY (SELECT 'QQQQ' AS email, 1.00 AS spend) TO "
            + Sql.literal(plain.toString())
            + " (FORMAT parquet, COMPRESSION uncompressed)");
    byte[] bytes = Files.readAllBytes(plain);
    String ascii = new String(bytes, StandardCharsets.ISO_8859_1);
    Files.write(
        plain,
        ascii.replace("QQQQ", "\u00ff\u00ff\u00ff\u00ff").getBytes(StandardCharsets.ISO_8859_1));
    refused(plain, "not UTF-8");
  }

  @Test
  void aLargeFileIsPartedInOrderInAPrivateFolder() throws Exception {
    Path file = source.resolve("large.csv");
    Fixtures.execute(
        "COPY (SELECT i AS email, i AS spend FROM range(1100000) t(i)) TO "
            + Sql.literal(file.toString()));
    double[] last = {0};
    var parts = Transcoding.transcode(DATASET, file, folder, fraction -> last[0] = fraction);
    assertThat(parts).hasSize(2);
    assertThat(last[0]).isEqualTo(1);
    String rows =
        rows("SELECT count(*) FROM " + Sql.literal(parts.getFirst().toString()))
            .getFirst()
            .getFirst();
    assertThat(Integer.parseInt(rows)).isBetween(900_000, Ingestion.PART_ROWS);
    assertThat(
            rows(
                "SELECT count(*), min(email::BIGINT), max(email::BIGINT) FROM "
                    + Sql.literal(parts.getFirst().toString())))
        .containsExactly(List.of(rows, "0", last(rows)));
    assertThat(
            rows(
                "SELECT count(*) FROM "
                    + Sql.literal(parts.getFirst().toString())
                    + " WHERE email::BIGINT <> file_row_number"))
        .containsExactly(List.of("0"));
    assertThat(
            rows(
                "SELECT min(email::BIGINT), max(email::BIGINT) FROM "
                    + Sql.literal(parts.get(1).toString())))
        .containsExactly(List.of(rows, "1099999"));
    assertThat(Files.getPosixFilePermissions(folder.toFile().listFiles()[0].toPath()))
        .isEqualTo(
            Set.of(
                PosixFilePermission.OWNER_READ,
                PosixFilePermission.OWNER_WRITE,
                PosixFilePermission.OWNER_EXECUTE));
  }

  @Test
  void everyBadFileGetsOneClearMessageWithoutItsValues() throws Exception {
    refused(
        write("a.csv", "mail,spend\na@x,1\n"),
        "no column `email`;",
        "column number 1 is nearly `email`",
        "is the first line a header?");
    refused(write("h.csv", "secret@x,1\nb@x,2\n"), "no column `email`, `spend`;", "a header?");
    refused(write("d.json", "{\"secret\": 1}"), "no column `email`, `spend`");
    refused(write("i.csv", "PAR1\u0015secret"), "is Parquet", "rename it");
    refused(write("e.json", "PAR1\u0015secret"), "is Parquet", "rename it");
    refused(write("b.csv", "email,spend\na@x,1\nsecret@x,1,2,3\n"), "not sound CSV at line 3");
    refused(write("c.csv", "email,spend\na@x,1\n\"secret@x,1\n"), "never closed");
    refused(write("d.csv", ""), "name number 1 is empty");
    refused(write("e.csv", "email,spend\n"), "no row");
    refused(write("f.csv", "email,spend,Email\na@x,1,2\n"), "name number 3 is there already");
    refused(write("g.csv", "name,spend\na@x,1\n"), "no column `email`;");
    refused(write("b.json", "[]"), "a list of objects", "at least one");
    refused(write("c.json", "{\"email\":\"a\",\"spend\":1}\n\"secret\"\n"), "one object per line");
    for (var encoding : List.of(StandardCharsets.UTF_16, StandardCharsets.UTF_16LE)) {
      Path wide = source.resolve("wide.csv");
      refused(Files.write(wide, "email,spend\na@x,1\n".getBytes(encoding)), "UTF-16", "UTF-8");
    }
    refused(write("a.json", "[{\"email\":\"secret@x\", \"spend\": }]"), "not sound JSON");
    refused(write("a.parquet", "no parquet"), "not a sound Parquet file");
    refused(write("a.xlsx", "x"), "ends in .csv");
    refused(source.resolve("none.csv"), "no readable file");
    Path latin =
        Files.write(
            source.resolve("latin.csv"),
            "email,spend\nsecr\u00e9t@x,1\n".getBytes(StandardCharsets.ISO_8859_1));
    refused(latin, "not UTF-8");
    assertThat(kind("a.csv")).isEqualTo(UnreadableFileException.Kind.COLUMNS);
    assertThat(kind("b.csv")).isEqualTo(UnreadableFileException.Kind.FORMAT);
    assertThat(kind("none.csv")).isEqualTo(UnreadableFileException.Kind.FILE);
    for (String name :
        List.of(
            "b.csv",
            "c.csv",
            "g.csv",
            "h.csv",
            "i.csv",
            "a.json",
            "d.json",
            "e.json",
            "latin.csv")) {
      assertThatThrownBy(
              () -> Transcoding.transcode(DATASET, source.resolve(name), folder, _ -> {}))
          .message()
          .doesNotContain("secr");
    }
  }
}
