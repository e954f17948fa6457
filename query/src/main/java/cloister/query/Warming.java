package cloister.query;

import cloister.crypto.Digest;
import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Epsilon;
import cloister.room.Address;
import cloister.room.Analysis;
import cloister.room.Column;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import cloister.room.Dataset;
import cloister.room.Name;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A query that goes through every part of the planner, run until the JIT has compiled most of it.
final class Warming {
  private static final int ROUNDS = 60;
  private static final Name OWNER = new Name("a");
  private static final Address TABLE = Address.parse("/a/dataset/t");
  private static final DifferentialPrivacy NOISE =
      new DifferentialPrivacy(Epsilon.of("1"), Delta.of("0.000001"), 1, 1);
  private static final String SQL =
      """
      WITH c AS (SELECT l.u, l.t, l.n FROM t AS l JOIN t AS r ON l.u = r.u WHERE l.n > 1)
      SELECT LOWER(t) AS k, COUNT(DISTINCT u) AS units, SUM(CASE WHEN n IS NULL THEN 0 ELSE n END)
      FROM (SELECT * FROM c UNION ALL SELECT u, t, n + 1 FROM t WHERE t IN ('a', 'b')) AS x
      GROUP BY LOWER(t) ORDER BY units DESC LIMIT 3
      """;

  private Warming() {}

  static void run() {
    try {
      for (int round = 0; round < ROUNDS; round++) {
        var plan = Planner.check(SQL, OWNER, new OneTable());
        plan.compile(Map.of(TABLE, 1), Optional.of(NOISE), "00");
        plan.digest();
      }
    } catch (QueryException e) {
      throw new IllegalStateException("the warming query is valid", e);
    }
  }

  private static final class OneTable implements Catalog {
    private final Dataset table =
        new Dataset(
            TABLE,
            Digest.ofUtf8("warming"),
            Optional.of(new ColumnName("u")),
            List.of(
                column("u", new ColumnType.Text(), Optional.empty()),
                column("t", new ColumnType.Text(), Optional.empty()),
                column(
                    "n",
                    new ColumnType.Int(),
                    Optional.of(new Column.Bounds(BigDecimal.ZERO, BigDecimal.TEN)))),
            Optional.empty(),
            List.of());

    private static Column column(String name, ColumnType type, Optional<Column.Bounds> bounds) {
      return new Column(
          new ColumnName(name), type, Optional.empty(), Set.of(), false, Optional.empty(), bounds);
    }

    @Override
    public Optional<Dataset> dataset(Address address) {
      return address.equals(TABLE) ? Optional.of(table) : Optional.empty();
    }

    @Override
    public Optional<Analysis> analysis(Address address) {
      return Optional.empty();
    }
  }
}
