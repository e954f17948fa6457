package cloister.benchmarks;

import cloister.cli.Population;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/// The demonstration's question through the enclave, and the same SQL in DuckDB on the owners'
/// files.
///
/// The peer's answer is wrong: the files have addresses with capitals and spaces, which Cloister
/// normalises when data is published. The peer is spared that work.
final class Overlap {
  private static final int PEER_THREADS = 2;

  private Overlap() {}

  static List<Result> measure(Launch launch, Path folder, Sizes sizes) throws Exception {
    int runMegabytes = sizes.rows() > 1_000_000 ? 6144 : 2048;
    List<Result> results = new ArrayList<>();
    try (var room = Room.open(launch, folder, sizes.rows(), runMegabytes)) {
      results.add(cold(room, sizes, Terms.Mode.THRESHOLDS, Claim.THRESHOLD_COLD));
      results.add(cold(room, sizes, Terms.Mode.NOISE, Claim.NOISE_COLD));
      try (var duckDb = duckDb(room)) {
        results.add(warm(room, duckDb, sizes, Terms.Mode.THRESHOLDS, Claim.THRESHOLD_WARM));
        results.add(warm(room, duckDb, sizes, Terms.Mode.NOISE, Claim.NOISE_WARM));
      }
    }
    return results;
  }

  private static Result cold(Room room, Sizes sizes, Terms.Mode mode, Claim claim)
      throws Exception {
    List<Long> ours = new ArrayList<>();
    List<Long> peer = new ArrayList<>();
    for (int round = 0; round < sizes.publications(); round++) {
      // Not right after our answer: a worker for the next question starts then, and the first of
      // these outlasts that.
      newInstance(room);
      peer.add(newInstance(room));
      room.publish();
      long start = System.nanoTime();
      var finished = room.ask(mode, 0);
      ours.add(System.nanoTime() - start);
      if (mode == Terms.Mode.THRESHOLDS) {
        room.requireExact(finished);
      }
    }
    return result(claim, sizes, new Alternation(new Samples(ours), new Samples(peer)));
  }

  private static long newInstance(Room room) throws Exception {
    return Alternation.nanoseconds(
        variant -> {
          try (var duckDb = duckDb(room)) {
            query(duckDb, variant);
          }
        },
        0);
  }

  private static Result warm(
      Room room, Connection duckDb, Sizes sizes, Terms.Mode mode, Claim claim) throws Exception {
    // Of a million, five minutes tell more people of each band apart than the minimum: fewer would
    // be
    // refused. Of a few, one minute tells nobody apart.
    int apart = sizes.rows() < 1_000_000 ? 1 : 5;
    return result(
        claim,
        sizes,
        Alternation.of(
            sizes.unmeasuredQuestions(),
            sizes.questions(),
            round -> room.ask(mode, apart * (round + 1)),
            round -> query(duckDb, apart * (round + 1))));
  }

  private static Result result(Claim claim, Sizes sizes, Alternation times) {
    return new Result(
        claim,
        sizes.overlap(),
        times.ours().medianMilliseconds(),
        times.peer().medianMilliseconds());
  }

  private static Connection duckDb(Room room) throws SQLException {
    Connection connection = DriverManager.getConnection("jdbc:duckdb:");
    try (var statement = connection.createStatement()) {
      statement.execute("SET threads = " + PEER_THREADS);
      for (Population.Owner owner : Population.Owner.values()) {
        statement.execute("CREATE SCHEMA " + owner);
        statement.execute(
            "CREATE VIEW %s.customers AS FROM read_parquet('%s')"
                .formatted(owner, room.plain(owner)));
      }
    }
    return connection;
  }

  private static void query(Connection connection, int variant) throws SQLException {
    long customers = 0;
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery(Terms.overlap(variant))) {
      while (rows.next()) {
        customers += rows.getLong("customers");
      }
    }
    if (customers == 0) {
      throw new IllegalStateException("the peer finds no overlap");
    }
  }
}
