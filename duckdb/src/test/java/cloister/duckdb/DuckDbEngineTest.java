package cloister.duckdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloister.privacy.ExactTable;
import cloister.privacy.ExactValues;
import cloister.query.Engine.Limits;
import cloister.query.EngineException;
import cloister.query.EngineException.Reason;
import cloister.query.EngineQueries;
import cloister.query.EngineQuery;
import cloister.room.Address;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 3, unit = TimeUnit.MINUTES)
final class DuckDbEngineTest {
  private static final Address CUSTOMERS = Address.parse("/airline/dataset/customers");
  private static final Limits LIMITS = new Limits(Duration.ofMinutes(1), 512_000_000, 2, 1_000);
  private static final String CANARY = "canary-7f3a-bob@example.com";

  @TempDir static Path folder;
  private static Workers workers;
  private static DuckDbEngine engine;
  private static Path customers;

  @BeforeAll
  static void start() {
    customers =
        Fixtures.parquet(
            folder.resolve("customers.parquet"),
            "SELECT CASE WHEN i = 0 THEN '"
                + CANARY
                + "' ELSE 'u' || i END AS email,"
                + " CASE WHEN i % 4 > 0 THEN 'k' || i % 4 END AS k, i AS amount"
                + " FROM range(10000) t(i)");
    workers = Workers.of(new Workers.Settings(folder, 2, 2));
    engine = new DuckDbEngine(workers);
  }

  @AfterAll
  static void stop() {
    engine.close();
    workers.close();
  }

  private static ExactTable run(String sql, int keys, int counters, int cells, Limits limits)
      throws EngineException, InterruptedException {
    return run(
        engine,
        EngineQueries.of(sql, Map.of("t0", CUSTOMERS), keys, counters, cells),
        customers,
        limits);
  }

  /// Deleted plaintext must not live on in a worker that has it open.
  @Test
  void whatIsForgottenIsOpenNowhere() throws Exception {
    count();
    var ends = ProcessHandle.current().descendants().map(ProcessHandle::onExit).toList();
    engine.forget(Path.of("/elsewhere"));
    assertThat(ends).noneMatch(CompletableFuture::isDone);
    engine.forget(folder);
    CompletableFuture.anyOf(ends.toArray(CompletableFuture[]::new)).get(30, TimeUnit.SECONDS);
    assertThat(count()).isEqualTo(BigInteger.valueOf(10_000));
  }

  private static ExactTable run(DuckDbEngine engine, EngineQuery query, Path data, Limits limits)
      throws EngineException, InterruptedException {
    var rows = new ArrayList<ExactTable.Row>();
    engine.run(query, Map.of(CUSTOMERS, List.of(data)), limits, rows::add);
    return new ExactTable(rows);
  }

  private static BigInteger count() throws EngineException, InterruptedException {
    var table = run("SELECT count(*) FROM t0", 0, 1, 0, LIMITS);
    return ExactValues.of(table.rows().getFirst().counters()).getFirst();
  }

  /// Fails for `reason`, in words of ours alone, and leaves an engine that still answers.
  private static void fails(String sql, int keys, Limits limits, Reason reason)
      throws EngineException, InterruptedException {
    var failure = catchThrowableOfType(EngineException.class, () -> run(sql, keys, 1, 0, limits));
    assertThat(failure).as(sql.substring(0, Math.min(80, sql.length()))).isNotNull();
    assertThat(failure.reason()).as(sql.substring(0, Math.min(80, sql.length()))).isEqualTo(reason);
    assertThat(failure).hasMessage("engine: " + reason).hasNoCause();
    assertThat(count()).isEqualTo(10_000);
  }

  @Test
  void groupsComeWithTheirKeysCountersAndCells() throws Exception {
    var table =
        run(
            "SELECT k, count(DISTINCT email), sum(amount) * 1000000000000000::HUGEINT"
                + " FROM t0 GROUP BY k ORDER BY k NULLS FIRST",
            1,
            1,
            1,
            LIMITS);
    assertThat(table.rows())
        .extracting(ExactTable.Row::keys)
        .containsExactly(
            List.of(Optional.empty()),
            List.of(Optional.of("k1")),
            List.of(Optional.of("k2")),
            List.of(Optional.of("k3")));
    assertThat(ExactValues.of(table.rows().getFirst().counters()))
        .containsExactly(BigInteger.valueOf(2_500));
    assertThat(ExactValues.of(table.rows().getFirst().cells()))
        .containsExactly(new BigInteger("12495000").multiply(BigInteger.TEN.pow(15)));
  }

  @Test
  void listsComeAsTheyAreAndNothingElseAsAList() throws Exception {
    var query =
        EngineQueries.withLists(
            "SELECT k, 7::BIGINT, list(n) FILTER (WHERE n > 0), CAST([] AS HUGEINT[]) FROM (SELECT k,"
                + " count(*)::HUGEINT << 70 AS n FROM t0 GROUP BY k) GROUP BY k",
            Map.of("t0", CUSTOMERS),
            1,
            1,
            2);
    for (var row : run(engine, query, customers, LIMITS).rows()) {
      assertThat(ExactValues.of(row.lists().getFirst()))
          .containsExactly(BigInteger.valueOf(2_500).shiftLeft(70));
      assertThat(row.lists().getLast()).isEmpty();
    }
    for (String broken :
        List.of(
            "7",
            "NULL::HUGEINT[]",
            "[NULL]::HUGEINT[]",
            "['x']",
            "[0.5]",
            "[[1]]",
            "range(20000)")) {
      var other =
          EngineQueries.withLists("SELECT 7::BIGINT, " + broken, Map.of("t0", CUSTOMERS), 0, 1, 1);
      assertThat(
              catchThrowableOfType(
                      EngineException.class, () -> run(engine, other, customers, LIMITS))
                  .reason())
          .as(broken)
          .isEqualTo(Reason.FAILED);
    }
  }

  @Test
  void moreGroupsThanAllowedAreRefused() throws Exception {
    fails("SELECT email, 1::BIGINT FROM t0", 1, LIMITS, Reason.GROUPS);
    var exactly = new Limits(LIMITS.time(), LIMITS.memoryBytes(), 2, 10_000);
    assertThat(run("SELECT email, 1::BIGINT FROM t0", 1, 1, 0, exactly).rows()).hasSize(10_000);
    assertThat(run("SELECT email, 1::BIGINT FROM t0", 1, 1, 0, LIMITS.anyGroups()).rows())
        .hasSize(10_000);
  }

  @Test
  void aResultOfAnotherShapeIsRefused() throws Exception {
    fails("SELECT 1, 2", 0, LIMITS, Reason.FAILED);
    fails("SELECT NULL::BIGINT", 0, LIMITS, Reason.FAILED);
    fails("SELECT 'x'", 0, LIMITS, Reason.FAILED);
    fails("SELECT 0.5::DOUBLE", 0, LIMITS, Reason.FAILED);
    fails("no sql", 0, LIMITS, Reason.FAILED);
  }

  @Test
  void aQueryThatIgnoresCancellationIsKilledInTime() throws Exception {
    // A join on an inequality, whose inner loop looks at no interrupt for minutes.
    fails(
        "SELECT count(*) FROM (SELECT i a, i::VARCHAR s FROM range(5000000) t(i)) a JOIN"
            + " (SELECT i a, i::VARCHAR s FROM range(5000000) t(i)) b"
            + " ON a.a + b.a = 7 AND a.s <> b.s",
        0,
        new Limits(Duration.ofSeconds(1), 2_000_000_000, 2, 10),
        Reason.TIME);
  }

  @Test
  void memoryBombsMeetTheLimit() throws Exception {
    var limits = new Limits(Duration.ofMinutes(1), 256_000_000, 2, 10);
    fails(
        "SELECT count(*) FROM (SELECT i, random() AS r FROM range(100000000) t(i) ORDER BY r)"
            + " WHERE r < i",
        0,
        limits,
        Reason.MEMORY);
    // DuckDB's own limit does not see these; the kernel's does.
    fails("SELECT strlen(repeat('0123456789', 400000000))", 0, limits, Reason.MEMORY);
  }

  /// It grows byte by byte, and which limit it meets first depends on the machine; it meets one.
  @Test
  void aValueThatGrowsSlowlyMeetsALimit() throws Exception {
    var limits = new Limits(Duration.ofSeconds(3), 256_000_000, 2, 10);
    var failure =
        catchThrowableOfType(
            EngineException.class,
            () -> run("SELECT length(lpad('x', 2000000000, 'y'))", 0, 1, 0, limits));
    assertThat(failure.reason()).isIn(Reason.MEMORY, Reason.TIME);
    assertThat(count()).isEqualTo(10_000);
  }

  @Test
  void plansNestedTooDeepDoNotReachTheEndOfTheStack() throws Exception {
    for (int depth : new int[] {300, 2_000, 20_000}) {
      fails(
          "SELECT " + "abs(".repeat(depth) + "1" + ")".repeat(depth) + "::BIGINT",
          0,
          LIMITS,
          Reason.FAILED);
      fails("(SELECT ".repeat(depth) + "1::BIGINT" + ")".repeat(depth), 0, LIMITS, Reason.FAILED);
    }
  }

  @Test
  void errorsThatQuoteDataAreWithheld() throws Exception {
    for (String gadget :
        List.of(
            "SELECT sum(CAST(email AS BIGINT)) FROM t0",
            "SELECT max(CASE WHEN amount = 0 THEN error(email) END) FROM t0",
            "SELECT sum(CAST(email AS DATE) - DATE '2000-01-01') FROM t0",
            "SELECT count(regexp_matches('x', '[' || email)) FROM t0",
            "SELECT count(json_extract(email, '$.a')) FROM t0",
            "SELECT count(*) FROM t0 WHERE email::UUID IS NULL",
            "SELECT sum(hash(strptime(email, '%Y'))) FROM t0",
            "SELECT sum(amount * 9223372036854775807) FROM t0 WHERE email::INT > 0")) {
      fails(gadget, 0, LIMITS, Reason.FAILED);
    }
  }

  @Test
  void aWorkerIsReusedUntilItFails() throws Exception {
    run("CREATE OR REPLACE TEMP TABLE mark AS SELECT 1 AS i", 0, 1, 0, LIMITS);
    var mark = "SELECT count(*) FROM mark";
    assertThat(run(mark, 0, 1, 0, LIMITS).rows()).hasSize(1);
    fails("no sql", 0, LIMITS, Reason.FAILED);
    fails(mark, 0, LIMITS, Reason.FAILED);
  }

  @Test
  void aWorkerOfOneDatasetNeverServesAnother() throws Exception {
    var other = Fixtures.parquet(folder.resolve("other.parquet"), "SELECT 1 AS i");
    assertThat(count()).isEqualTo(10_000);
    var table =
        run(
            engine,
            EngineQueries.of("SELECT count(*) FROM t0", Map.of("t0", CUSTOMERS), 0, 1, 0),
            other,
            LIMITS);
    assertThat(ExactValues.of(table.rows().getFirst().counters())).containsExactly(BigInteger.ONE);
  }

  @Test
  void manyCallersShareFewWorkers() throws Exception {
    try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      var answers = new ArrayList<Future<BigInteger>>();
      for (int i = 0; i < 40; i++) {
        answers.add(callers.submit(DuckDbEngineTest::count));
      }
      for (var answer : answers) {
        assertThat(answer.get()).isEqualTo(10_000);
      }
    }
  }

  @Test
  void anInterruptedCallerLeavesNoWorkerBehind() throws Exception {
    var worker = workers.take(Deadline.after(Duration.ofSeconds(30)));
    var process = ProcessHandle.of(worker.pid()).orElseThrow();
    worker.open(
        new Wire.Opening(Map.of(), List.of(), List.of(), 512_000_000, 2, 600_000),
        Duration.ofSeconds(30));
    Thread.currentThread().interrupt();
    assertThatThrownBy(() ->
            worker.query(
                new Wire.Query("SELECT count(*) FROM range(1000000000000)", 0, 1, 1),
                (_, _, _) -> {},
                Duration.ofMinutes(10)))
        .isInstanceOf(InterruptedException.class);
    process.onExit().get();
    workers.dismiss(worker);
    assertThat(count()).isEqualTo(10_000);
  }

  @Test
  void closingRemovesEveryProcessAndFile() throws Exception {
    Path home = Files.createDirectory(folder.resolve("home"));
    var others = Workers.of(new Workers.Settings(home, 1, 1));
    var worker = others.take(Deadline.after(Duration.ofSeconds(30)));
    others.close();
    assertThat(ProcessHandle.of(worker.pid()).filter(ProcessHandle::isAlive)).isEmpty();
    assertThat(home).isEmptyDirectory();
  }

  /// The thread that starts a worker must not be one that ends: the sandbox would end with it.
  @Test
  void aSandboxedWorkerOutlivesWhoeverAskedForIt() throws Exception {
    Path home = Files.createDirectory(folder.resolve("sandboxed"));
    Path data = Fixtures.parquet(home.resolve("data.parquet"), "SELECT 1 AS i");
    try (var others = Workers.of(new Workers.Settings(home, 1, 1));
        var sandboxed = new DuckDbEngine(others)) {
      for (int round = 0; round < 3; round++) {
        var table =
            run(
                sandboxed,
                EngineQueries.of("SELECT count(*) FROM t0", Map.of("t0", CUSTOMERS), 0, 1, 0),
                data,
                LIMITS);
        assertThat(ExactValues.of(table.rows().getFirst().counters()))
            .containsExactly(BigInteger.ONE);
        var waiting = others.take(Deadline.after(Duration.ofSeconds(30)));
        assertThat(waiting.isAlive()).isTrue();
        others.dismiss(waiting);
      }
    }
  }

  /// What a container or a hardened kernel does to it: the tool is there, and fails.
  @Test
  void aSandboxThatMayNotStartIsDoneWithout() throws Exception {
    Path home = Files.createDirectory(folder.resolve("refused"));
    try (var others =
        Workers.of(new Workers.Settings(home, 1, 1, Optional.of(Path.of("/bin/false"))))) {
      assertThat(others.layers())
          .doesNotContain(Workers.Layer.NAMESPACES)
          .contains(Workers.Layer.LIMITS);
    }
  }

  @Test
  void pathsThatDuckDbWouldExpandAreRefused() {
    for (String name : List.of("*.parquet", "a[0].parquet", "{a,b}.parquet", "a?.parquet")) {
      assertThatThrownBy(() ->
              run(
                  engine,
                  EngineQueries.of("SELECT 1", Map.of("t0", CUSTOMERS), 0, 1, 0),
                  folder.resolve(name),
                  LIMITS))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
