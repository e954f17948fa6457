package cloister.duckdb;

import cloister.duckdb.UnreadableFileException.Kind;
import cloister.room.Column;
import cloister.room.ColumnName;
import cloister.room.Dataset;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.duckdb.DuckDBPreparedStatement;

/// Turns an owner's own CSV, JSON or Parquet file into Parquet parts to seal and upload: the
/// declared columns alone, in the file's order of rows. It runs on the owner's machine, in the
/// calling process, in bounded memory; whether values fit the schema is settled by [Ingestion].
/// JSON passes through a private copy beside the parts, which is gone when they are there.
public final class Transcoding {
  /// Row groups of a part; a part is then below [Ingestion#PART_ROWS].
  private static final int PART_ROW_GROUPS = 8;

  /// Of UTF-8, where nothing has an order.
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

  private static final int ROW_GROUP_ROWS = 122_880;
  private static final String MEMORY_LIMIT = "1GB";
  private static final long PROGRESS_MILLIS = 100;

  /// What a Parquet file begins with.
  private static final String PARQUET = "PAR1";

  private static final Pattern LINE = Pattern.compile("(?i)\\bline:? (\\d{1,18})\\b");

  /// Told how far the file has been read, from 0 to 1, from another thread.
  @FunctionalInterface
  public interface Progress {
    void at(double fraction);
  }

  private enum Format {
    CSV,
    JSON,
    PARQUET
  }

  private Transcoding() {}

  /// @param folder an existing folder, where a private one for the parts is made
  /// @return the parts in order; the caller deletes them and the folder that they are in
  /// @throws UnreadableFileException when the file is missing, malformed or lacks a declared column
  public static List<Path> transcode(Dataset dataset, Path file, Path folder, Progress progress)
      throws UnreadableFileException, IOException {
    var format = format(file);
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      throw new UnreadableFileException(Kind.FILE, "there is no readable file");
    }
    if (format != Format.PARQUET) {
      requireText(start(file, PARQUET.length()));
    }
    Path parts =
        Files.createTempDirectory(
            folder,
            "cloister-parts-",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    boolean succeeded = false;
    try {
      Path source = source(format, file, parts);
      PlainPath.of(source);
      var result = transcode(dataset, format, source, parts, progress);
      Files.delete(source);
      succeeded = true;
      return result;
    } finally {
      if (!succeeded) {
        delete(parts);
      }
    }
  }

  /// What DuckDB is to read, under a name without the `*?[]` that it would expand.
  private static Path source(Format format, Path file, Path folder)
      throws IOException, UnreadableFileException {
    if (format != Format.JSON) {
      return Files.createSymbolicLink(
          folder.resolve("source" + compression(file)), file.toRealPath());
    }
    Path source = folder.resolve("source");
    try (var in = Files.newInputStream(file);
        var plain = compression(file).isEmpty() ? in : new GZIPInputStream(in, 1 << 16);
        var out = Files.newOutputStream(source)) {
      JsonNumbers.quote(withoutMark(plain), out);
    } catch (ZipException | EOFException e) {
      throw notGzip();
    }
    return source;
  }

  private static InputStream withoutMark(InputStream in) throws IOException {
    var rest = new PushbackInputStream(in, BYTE_ORDER_MARK.length);
    byte[] first = rest.readNBytes(BYTE_ORDER_MARK.length);
    if (!Arrays.equals(first, BYTE_ORDER_MARK)) {
      rest.unread(first);
    }
    return rest;
  }

  private static List<Path> transcode(
      Dataset dataset, Format format, Path source, Path folder, Progress progress)
      throws UnreadableFileException, IOException {
    try (var connection = DriverManager.getConnection("jdbc:duckdb:")) {
      for (String setting :
          List.of(
              "SET memory_limit='" + MEMORY_LIMIT + "'",
              "SET temp_directory=''",
              // Several threads would deal the rows out to the parts in no particular order.
              "SET threads=1",
              "SET autoinstall_known_extensions=false",
              "SET autoload_known_extensions=false",
              "SET enable_progress_bar=true",
              "SET enable_progress_bar_print=false")) {
        try (var statement = connection.createStatement()) {
          statement.execute(setting);
        }
      }
      var names = names(dataset, format, columns(connection, format, source));
      String reading = reading(format, source, names);
      Path output = folder.resolve("data");
      copy(
          connection,
          "COPY (SELECT "
              + selection(dataset, names)
              + " FROM "
              + reading
              + ") TO "
              + Sql.literal(output.toString())
              + " (FORMAT parquet, COMPRESSION zstd, FILENAME_PATTERN 'part_{i}', ROW_GROUP_SIZE "
              + ROW_GROUP_ROWS
              + ", ROW_GROUPS_PER_FILE "
              + PART_ROW_GROUPS
              + ")",
          progress);
      requireRows(connection, output);
      return parts(output);
    } catch (SQLException failure) {
      throw describe(format, failure);
    }
  }

  /// What the file calls its columns.
  private static List<String> columns(Connection connection, Format format, Path source)
      throws SQLException, IOException, UnreadableFileException {
    return switch (format) {
      case CSV -> CsvHeader.read(source).names();
      case JSON -> {
        var names =
            described(
                connection,
                "read_json(" + literal(source) + ", sample_size=-1, hive_partitioning=false)");
        // So DuckDB calls the one column of what has no names: no elements, or not only objects.
        if (names.equals(List.of("json"))) {
          throw new UnreadableFileException(
              Kind.FORMAT,
              "the file is not sound JSON: it needs one object per line, or a list of objects,"
                  + " and at least one");
        }
        yield names;
      }
      case PARQUET ->
          described(connection, "read_parquet(" + literal(source) + ", hive_partitioning=false)");
    };
  }

  private static List<String> described(Connection connection, String reading) throws SQLException {
    var names = new ArrayList<String>();
    try (var statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                "SELECT column_name FROM (DESCRIBE SELECT * FROM " + reading + ")")) {
      while (rows.next()) {
        names.add(rows.getString(1));
      }
    }
    return names;
  }

  /// The rows, with values of text formats as their own texts: types are the schema's business.
  /// Nothing is left to DuckDB's guessing, which looks at rows and hides the bad ones.
  private static String reading(Format format, Path source, List<String> names)
      throws IOException, UnreadableFileException {
    return switch (format) {
      case CSV -> {
        var header = CsvHeader.read(source);
        yield "read_csv("
            + literal(source)
            + ", auto_detect=false, header=true, strict_mode=true, quote='\"', escape='\"', delim="
            + Sql.literal(header.delimiter())
            + ", hive_partitioning=false, columns="
            + texts(header.names())
            + ")";
      }
      case JSON ->
          "read_json("
              + literal(source)
              + ", hive_partitioning=false, columns="
              + texts(names)
              + ")";
      case PARQUET -> "read_parquet(" + literal(source) + ", hive_partitioning=false)";
    };
  }

  private static String texts(List<String> names) {
    return names.stream()
        .map(name -> Sql.name(name) + ": 'VARCHAR'")
        .collect(Collectors.joining(", ", "{", "}"));
  }

  private static String literal(Path file) {
    return Sql.literal(file.toString());
  }

  /// What the file calls the declared columns, in their order.
  private static List<String> names(Dataset dataset, Format format, List<String> present)
      throws UnreadableFileException {
    var byName = new TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
    present.forEach(name -> byName.putIfAbsent(name.strip(), name));
    var names = new ArrayList<String>();
    var missing = new ArrayList<ColumnName>();
    for (Column column : dataset.columns()) {
      String name = byName.get(column.name().value());
      if (name == null) {
        missing.add(column.name());
      } else {
        names.add(name);
      }
    }
    if (!missing.isEmpty()) {
      throw new UnreadableFileException(Kind.COLUMNS, missing(missing, format, present));
    }
    return names;
  }

  private static String selection(Dataset dataset, List<String> names) {
    return IntStream.range(0, names.size())
        .mapToObj(i ->
            Sql.name(names.get(i)) + " AS " + Sql.name(dataset.columns().get(i).name().value()))
        .collect(Collectors.joining(", "));
  }

  /// What the file has instead is not said: without a header it is a row.
  private static String missing(List<ColumnName> missing, Format format, List<String> present) {
    var message = new StringBuilder("the file has no column ");
    message.append(
        missing.stream().map(name -> "`" + name + "`").collect(Collectors.joining(", ")));
    for (ColumnName column : missing) {
      IntStream.range(0, present.size())
          .filter(at -> isNear(column.value(), present.get(at)))
          .boxed()
          .min(Comparator.comparingInt(at -> distance(column.value(), present.get(at))))
          .ifPresent(at ->
              message.append(
                  "; the name of its column number " + (at + 1) + " is nearly `" + column + "`"));
    }
    return message + (format == Format.CSV ? "; is the first line a header?" : "");
  }

  private static boolean isNear(String column, String name) {
    return distance(column, name) <= Math.max(column.length(), name.length()) / 3;
  }

  /// Levenshtein's distance, without regard to case.
  private static int distance(String left, String right) {
    String a = left.toLowerCase(Locale.ROOT);
    String b = right.toLowerCase(Locale.ROOT);
    int[] row = new int[b.length() + 1];
    Arrays.setAll(row, i -> i);
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }

  private static void copy(Connection connection, String sql, Progress progress)
      throws SQLException {
    var done = new CountDownLatch(1);
    try (var statement = connection.prepareStatement(sql)) {
      var query = statement.unwrap(DuckDBPreparedStatement.class);
      var watcher = Thread.ofVirtual().start(() -> watch(query, done, progress));
      try {
        statement.execute();
      } finally {
        done.countDown();
        join(watcher);
      }
    }
    progress.at(1);
  }

  private static void watch(DuckDBPreparedStatement query, CountDownLatch done, Progress progress) {
    try {
      while (!done.await(PROGRESS_MILLIS, TimeUnit.MILLISECONDS)) {
        double percentage = query.getQueryProgress().getPercentage();
        if (percentage >= 0) {
          progress.at(Math.min(1, percentage / 100));
        }
      }
    } catch (SQLException _) {
      // It ended between two looks.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static List<Path> parts(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .sorted(
              Comparator.comparingInt(
                  file -> Integer.parseInt(file.getFileName().toString().replaceAll("[^0-9]", ""))))
          .toList();
    }
  }

  /// The first bytes of a text, unpacked.
  static byte[] start(Path source, int most) throws IOException, UnreadableFileException {
    try (var file = Files.newInputStream(source);
        var plain = compression(source).isEmpty() ? file : new GZIPInputStream(file)) {
      return plain.readNBytes(most);
    } catch (ZipException | EOFException e) {
      throw notGzip();
    }
  }

  private static UnreadableFileException notGzip() {
    return new UnreadableFileException(Kind.FORMAT, "the file is not sound gzip");
  }

  /// Spreadsheets like to write UTF-16: a byte order mark, or a zero in one byte of a letter.
  private static void requireText(byte[] start) throws UnreadableFileException {
    if (Arrays.equals(start, PARQUET.getBytes(StandardCharsets.US_ASCII))) {
      throw new UnreadableFileException(
          Kind.FORMAT, "the file is Parquet, and its name does not end in .parquet: rename it");
    }
    if (start.length < 2) {
      return;
    }
    int first = start[0] & 0xff;
    int second = start[1] & 0xff;
    boolean marked = (first == 0xff && second == 0xfe) || (first == 0xfe && second == 0xff);
    if (marked || first == 0 || second == 0) {
      throw new UnreadableFileException(
          Kind.FORMAT, "the file is UTF-16 text: save it as UTF-8, and publish that");
    }
  }

  /// Nobody means to replace data by nothing; a file that was cut off looks the same.
  private static void requireRows(Connection connection, Path parts)
      throws SQLException, UnreadableFileException {
    try (var statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                "SELECT count(*) FROM read_parquet("
                    + Sql.literal(parts.resolve("*").toString())
                    + ")")) {
      if (!rows.next() || rows.getLong(1) == 0) {
        throw new UnreadableFileException(
            Kind.FORMAT,
            "the file has columns and no row; to lend nothing any more, apply the dataset with"
                + " `terms: []`");
      }
    }
  }

  /// DuckDB's message quotes the row: only the kind of trouble and the line are taken from it.
  private static UnreadableFileException describe(Format format, SQLException failure) {
    String text = String.valueOf(failure.getMessage());
    var line = LINE.matcher(text);
    String where = line.find() ? " at line " + line.group(1) : "";
    String lower = text.toLowerCase(Locale.ROOT);
    if (lower.startsWith("out of memory")) {
      return new UnreadableFileException(
          Kind.FORMAT,
          "the file needs more memory than " + MEMORY_LIMIT + ": is one value very large?");
    }
    if (lower.startsWith("io error") && lower.contains("no space")) {
      return new UnreadableFileException(Kind.FILE, "the disk is full");
    }
    boolean encoding =
        lower.contains("unicode") || lower.contains("utf-8") || lower.contains("utf8");
    if (encoding) {
      return new UnreadableFileException(Kind.FORMAT, "the file is not UTF-8 text" + where);
    }
    return new UnreadableFileException(
        Kind.FORMAT,
        switch (format) {
          case CSV ->
              "the file is not sound CSV"
                  + where
                  + (lower.contains("unterminated quote")
                      ? ": a quote is opened and never closed"
                      : ": each line needs as many values as the header");
          case JSON -> "the file is not sound JSON" + where;
          case PARQUET -> "the file is not a sound Parquet file";
        });
  }

  private static Format format(Path file) throws UnreadableFileException {
    return switch (extension(file)) {
      case "csv", "tsv", "txt" -> Format.CSV;
      case "json", "ndjson", "jsonl" -> Format.JSON;
      case "parquet", "pq" -> Format.PARQUET;
      default ->
          throw new UnreadableFileException(
              Kind.FILE,
              "a data file's name ends in .csv, .tsv, .txt, .json, .ndjson, .jsonl or .parquet,"
                  + " text also in .gz after that");
    };
  }

  private static String extension(Path file) {
    String name = name(file);
    String plain = name.substring(0, name.length() - compression(file).length());
    return plain.substring(plain.lastIndexOf('.') + 1);
  }

  private static String compression(Path file) {
    return name(file).endsWith(".gz") ? ".gz" : "";
  }

  private static String name(Path file) {
    return Optional.ofNullable(file.getFileName())
        .map(Path::toString)
        .orElse("")
        .toLowerCase(Locale.ROOT);
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
