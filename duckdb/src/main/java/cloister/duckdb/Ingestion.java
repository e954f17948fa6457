package cloister.duckdb;

import cloister.duckdb.IngestionException.Problem;
import cloister.duckdb.IngestionReport.Fault;
import cloister.duckdb.IngestionReport.Reason;
import cloister.query.Engine;
import cloister.query.EngineException;
import cloister.room.Column;
import cloister.room.ColumnType;
import cloister.room.Dataset;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Turns the Parquet parts that an owner uploaded into what engines read: the declared columns in
/// the declared types, the privacy unit normalised and never null, and no bad row. It runs in
/// workers like queries do, part by part.
///
/// A unit that is a text becomes [#UNIT_BYTES] of its SHA-256: queries compare and count units and
/// never show them, and what is short and of one length is joined in half the time.
public final class Ingestion {
  /// A part has at most so many rows, which bounds the memory of preparing it.
  public static final int PART_ROWS = 1 << 20;

  /// What stands for a text that is a privacy unit: of 10^9 units two are taken for one with a
  /// probability below 10^-20. Whoever made two that are would have made one unit, whose bounds
  /// hold.
  public static final int UNIT_BYTES = 16;

  private static final int MOST_COLUMNS = 10_000;
  private static final int MOST_FAULTS = 1 << 20;

  /// Stands in a row's place for a fault when it has no privacy unit.
  private static final int NO_UNIT = 100;

  private final Workers workers;

  public Ingestion(Workers workers) {
    this.workers = workers;
  }

  /// @param limits of each part; `groups` is not used
  public Upload begin(Dataset dataset, Engine.Limits limits) {
    return new Upload(dataset, limits);
  }

  /// One upload on its way: its parts come one by one, so that no more than one of them need be in
  /// the clear at a time. Each has a fresh worker, which sees that part alone. Used by one thread.
  public final class Upload {
    private final Dataset dataset;
    private final Engine.Limits limits;
    private final Tally tally = new Tally();
    private boolean refused;

    private Upload(Dataset dataset, Engine.Limits limits) {
      this.dataset = dataset;
      this.limits = limits;
    }

    /// @param part a plaintext Parquet file: the owner's next rows
    /// @param target a file to be made, in memory-backed storage
    /// @throws IngestionException when the upload is refused, as a whole; there is no target then,
    ///   and the caller keeps nothing of earlier parts
    public void add(Path part, Path target) throws IngestionException, InterruptedException {
      if (refused) {
        throw new IllegalStateException("the upload was refused at an earlier part");
      }
      refused = true;
      boolean succeeded = false;
      try {
        // The worker may write a file, and make none.
        Files.createFile(target);
        prepare(part, target);
        succeeded = true;
      } catch (EngineException failure) {
        throw new IngestionException(new Problem.Unfinished(failure.reason()));
      } catch (IOException failure) {
        throw new UncheckedIOException("a prepared file could not be made", failure);
      } finally {
        if (succeeded) {
          refused = false;
        } else {
          delete(target);
        }
      }
    }

    private void prepare(Path part, Path target)
        throws EngineException, IngestionException, InterruptedException {
      var deadline = Deadline.after(limits.time());
      workers.enter(deadline);
      try {
        var worker = workers.take(deadline);
        // For the next part, or the first question: neither should wait.
        workers.warm();
        try {
          String input = PlainPath.of(part);
          String output = PlainPath.of(target);
          worker.open(
              new Wire.Opening(
                  Map.of(),
                  List.of(input),
                  List.of(output),
                  limits.memoryBytes(),
                  limits.threads(),
                  limits.time().toMillis()),
              deadline.left());
          tally.parts++;
          new Part(dataset, tally.parts, input, output, worker, deadline).prepare(tally);
        } finally {
          workers.dismiss(worker);
        }
      } finally {
        workers.leave();
      }
    }

    /// What was found in the parts so far.
    public IngestionReport report() {
      if (refused) {
        throw new IllegalStateException("the upload was refused");
      }
      return tally.report(dataset);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException failure) {
      throw new UncheckedIOException("a prepared file could not be removed", failure);
    }
  }

  /// The report as it grows, part by part.
  private static final class Tally {
    private record Place(int column, int reason) {}

    private int parts;
    private long read;
    private long kept;
    private long withoutUnit;
    private final Map<Place, Long> rows = new HashMap<>();
    private final Map<Place, List<Long>> firstRows = new HashMap<>();

    @SuppressWarnings("EnumOrdinal") // as [ColumnCheck] wrote it a moment ago
    IngestionReport report(Dataset dataset) {
      var faults = new ArrayList<Fault>();
      for (int column = 0; column < dataset.columns().size(); column++) {
        for (Reason reason : Reason.values()) {
          var place = new Place(column, reason.ordinal());
          var count = rows.get(place);
          if (count != null) {
            faults.add(
                new Fault(
                    dataset.columns().get(column).name(),
                    reason,
                    count,
                    firstRows.getOrDefault(place, List.of())));
          }
        }
      }
      return new IngestionReport(read, kept, withoutUnit, faults);
    }

    void count(int column, int reason, long count) {
      if (reason == NO_UNIT) {
        withoutUnit += count;
      } else {
        rows.merge(new Place(column, reason), count, Long::sum);
      }
    }

    void list(int column, int reason, long row) {
      var listed = firstRows.computeIfAbsent(new Place(column, reason), _ -> new ArrayList<>());
      if (listed.size() < IngestionReport.LISTED_ROWS) {
        listed.add(row);
      }
    }
  }

  /// One part on its way through a worker.
  private record Part(
      Dataset dataset,
      int number,
      String input,
      String output,
      WorkerProcess worker,
      Deadline deadline) {
    void prepare(Tally tally) throws EngineException, IngestionException, InterruptedException {
      var checks = checks(types());
      long rows = reading("SELECT count(*) FROM " + file());
      if (rows > PART_ROWS) {
        throw new IngestionException(new Problem.TooManyRows(number));
      }
      reading(view(checks));
      long faults = reading(faults(checks));
      long before = tally.read;
      rows(
          "SELECT c, r, count(*) FROM faults GROUP BY ALL ORDER BY ALL",
          numbers ->
              tally.count(
                  numbers.get(0).intValue(),
                  numbers.get(1).intValue(),
                  numbers.get(2).longValueExact()));
      rows(
          "SELECT c, r, n FROM faults WHERE r <> "
              + NO_UNIT
              + " QUALIFY row_number() OVER (PARTITION BY c, r ORDER BY n) <= "
              + IngestionReport.LISTED_ROWS
              + " ORDER BY n",
          numbers ->
              tally.list(
                  numbers.get(0).intValue(),
                  numbers.get(1).intValue(),
                  before + numbers.get(2).longValueExact()));
      tally.read += rows;
      tally.kept += reading(copy(checks, faults == 0 ? "part" : "part ANTI JOIN faults USING (n)"));
    }

    private String file() {
      return "read_parquet("
          + Sql.literal(input)
          + ", file_row_number=true, hive_partitioning=false)";
    }

    /// What the file calls its columns, without regard to case, and their types.
    private Map<String, String> types()
        throws EngineException, IngestionException, InterruptedException {
      var types = new TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
      var query =
          new Wire.Query(
              "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM " + file() + ")",
              2,
              0,
              MOST_COLUMNS);
      ask(query, (keys, _, _) -> types.put(keys.get(0).orElseThrow(), keys.get(1).orElseThrow()));
      return types;
    }

    private List<ColumnCheck> checks(Map<String, String> types) throws IngestionException {
      var missing =
          dataset.columns().stream()
              .map(Column::name)
              .filter(name -> !types.containsKey(name.value()))
              .toList();
      if (!missing.isEmpty()) {
        throw new IngestionException(new Problem.MissingColumns(number, missing));
      }
      var checks = new ArrayList<ColumnCheck>();
      for (Column column : dataset.columns()) {
        var type = types.getOrDefault(column.name().value(), "");
        var check = ColumnCheck.of(column, type);
        checks.add(
            check.orElseThrow(
                () -> new IngestionException(new Problem.UnsuitableType(number, column.name()))));
      }
      return checks;
    }

    /// Row numbers, and each column as it is and as it should be.
    private String view(List<ColumnCheck> checks) {
      var columns = new ArrayList<String>();
      columns.add("file_row_number + 1 AS n");
      for (int i = 0; i < checks.size(); i++) {
        columns.add(checks.get(i).source() + " AS s" + i);
        columns.add(checks.get(i).value() + " AS v" + i);
      }
      return "CREATE OR REPLACE TEMP VIEW part AS SELECT "
          + String.join(", ", columns)
          + " FROM "
          + file();
    }

    /// One row per bad row and column; few, as a rule. A row without its unit has that fault only.
    private String faults(List<ColumnCheck> checks) {
      int unit = unit();
      String missing =
          unit < 0
              ? "false"
              : "s%d IS NULL OR %s"
                  .formatted(unit, Normalization.strip("CAST(s" + unit + " AS VARCHAR)") + " = ''");
      var codes = new ArrayList<String>();
      for (int i = 0; i < checks.size(); i++) {
        codes.add(
            "CASE WHEN %s THEN %s ELSE %s END AS f%d"
                .formatted(
                    missing,
                    i == unit ? NO_UNIT : "NULL",
                    checks.get(i).fault("s" + i, "v" + i),
                    i));
      }
      String any = joined(checks, "f%d IS NOT NULL", " OR ");
      return "CREATE OR REPLACE TEMP TABLE faults AS SELECT n, c, r FROM (SELECT n, unnest(["
          + joined(checks, "%d", ", ")
          + "]) AS c, unnest(["
          + joined(checks, "f%d", ", ")
          + "]) AS r FROM (SELECT n, "
          + String.join(", ", codes)
          + " FROM part) WHERE "
          + any
          + ") WHERE r IS NOT NULL";
    }

    /// The number of the unit's column, -1 for a table without one.
    private int unit() {
      var names = dataset.columns().stream().map(Column::name).toList();
      return dataset.unit().map(names::indexOf).orElse(-1);
    }

    private String copy(List<ColumnCheck> checks, String rows) {
      int unit = unit();
      boolean text = unit >= 0 && dataset.columns().get(unit).type() instanceof ColumnType.Text;
      String columns =
          IntStream.range(0, checks.size())
              .mapToObj(i ->
                  (text && i == unit ? digest("v" + i) : "v" + i) + " AS " + checks.get(i).source())
              .collect(Collectors.joining(", "));
      return "COPY (SELECT "
          + columns
          + " FROM "
          + rows
          + ") TO "
          + Sql.literal(output)
          + " (FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 122880, USE_TMP_FILE false)";
    }

    private static String digest(String text) {
      return "CAST(left(sha256(" + text + "), " + 2 * UNIT_BYTES + ") AS UUID)";
    }

    private static String joined(List<ColumnCheck> checks, String each, String delimiter) {
      return IntStream.range(0, checks.size())
          .mapToObj(each::formatted)
          .collect(Collectors.joining(delimiter));
    }

    /// A statement that answers with one number.
    private long reading(String sql)
        throws EngineException, IngestionException, InterruptedException {
      var numbers = new ArrayList<BigInteger>();
      ask(new Wire.Query(sql, 0, 1, 1), (_, row, _) -> numbers.addAll(row));
      return numbers.getFirst().longValueExact();
    }

    private void rows(String sql, Consumer<List<BigInteger>> each)
        throws EngineException, IngestionException, InterruptedException {
      ask(new Wire.Query(sql, 0, 3, MOST_FAULTS), (_, row, _) -> each.accept(row));
    }

    /// Every expression is total, so a statement that the worker cannot carry out is the file's
    /// fault. A worker that says nothing more, or cannot write, is not.
    private void ask(Wire.Query query, Wire.Rows rows)
        throws EngineException, IngestionException, InterruptedException {
      try {
        worker.query(query, rows, deadline.left());
      } catch (EngineException failure) {
        if (worker.refusedItsInput()) {
          throw new IngestionException(new Problem.Malformed(number));
        }
        throw failure;
      }
    }
  }
}
