package cloister.query;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Epsilon;
import cloister.query.QueryException.Kind;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Random statements with joins, memberships, tables per unit, unions and tables about nobody, over
/// random data: they give what the analyst's SQL gives, and a unit moves no more than the plan
/// says.
class RandomJoinsTest {
  private static final DifferentialPrivacy UNBOUNDED =
      new DifferentialPrivacy(Epsilon.of("1"), Delta.of("0.000001"), 1_000, 1_000_000);
  private static final DifferentialPrivacy BOUNDED =
      new DifferentialPrivacy(Epsilon.of("1"), Delta.of("0.000001"), 1, 2);

  private static final List<String> CONDITIONS =
      List.of(
          "a.age > 0",
          "a.vip",
          "a.zip <> 'a'",
          "(a.spend > 1 OR a.score < 0)",
          "a.joined IS NULL",
          "a.notes LIKE '%2'",
          "a.age + 1 > 40",
          "COALESCE(a.spend, 0) * 2 >= 2.5",
          "CASE WHEN a.vip THEN a.age ELSE 7 END < 100");

  private static final List<String> MEMBERSHIPS =
      List.of(
          "a.email IN (SELECT email FROM media.customers WHERE views > 0)",
          "a.email NOT IN (SELECT email FROM media.customers)",
          "a.email NOT IN (SELECT email FROM airline.visits WHERE spend > 2)",
          "EXISTS (SELECT 1 FROM airline.visits e WHERE e.email = a.email AND e.airport = a.zip)",
          "NOT EXISTS (SELECT 1 FROM airline.visits e WHERE e.email = a.email AND e.spend >"
              + " a.spend)",
          "NOT EXISTS (SELECT 1 FROM airline.visits e JOIN media.customers f ON e.email = f.email"
              + " WHERE e.email = a.email AND f.channel = a.zip)",
          "a.zip IN (SELECT code FROM media.airports WHERE price > 0)",
          "NOT EXISTS (SELECT 1 FROM media.airports e WHERE e.code = a.zip AND e.price > 1)",
          "a.email IN (SELECT email FROM airline.visits GROUP BY email HAVING COUNT(*) > 2)",
          "a.email NOT IN (SELECT email FROM airline.visits UNION ALL SELECT email FROM"
              + " media.customers WHERE views > 1)");

  private static final List<String> JOINS =
      List.of(
          "JOIN media.customers m ON a.email = m.email",
          "LEFT JOIN media.customers m ON a.email = m.email AND m.views > 0",
          "LEFT JOIN airline.visits v ON v.email = a.email AND v.spend > a.spend",
          "JOIN airline.visits w ON w.email = a.email AND w.airport <> 'a'",
          "JOIN media.airports p ON a.zip = p.code",
          "LEFT JOIN media.airports q ON a.zip = q.code AND q.price > a.age",
          "JOIN (SELECT email, COUNT(*) AS n FROM airline.visits GROUP BY email) x ON x.email ="
              + " a.email",
          "LEFT JOIN (SELECT email, MAX(spend) AS s, COUNT(DISTINCT airport) AS n FROM"
              + " airline.visits GROUP BY email HAVING COUNT(*) > 2) y ON y.email = a.email",
          "JOIN (SELECT email FROM media.customers UNION SELECT email FROM airline.visits) z ON"
              + " z.email = a.email");

  /// What gives rows `email`, `k`, from [#select].
  private static String rows(SplittableRandom random, int depth) {
    int kind = depth == 0 ? 0 : random.nextInt(4);
    return switch (kind) {
      case 1 -> rows(random, depth - 1) + " UNION ALL " + rows(random, depth - 1);
      case 2 ->
          "SELECT g.email, CAST(COUNT(*) AS VARCHAR) AS k FROM ("
              + rows(random, depth - 1)
              + ") g GROUP BY g.email"
              + (random.nextBoolean() ? " HAVING COUNT(DISTINCT g.k) > 1" : "");
      case 3 -> "SELECT DISTINCT d.email, d.k FROM (" + rows(random, depth - 1) + ") d";
      default -> select(random);
    };
  }

  private static String select(SplittableRandom random) {
    List<String> keys = new ArrayList<>(List.of("a.zip", "a.notes"));
    var from = new StringBuilder(" FROM airline.customers a");
    int joins = random.nextInt(3);
    for (int join = 0; join < joins; join++) {
      String each = JOINS.get(random.nextInt(JOINS.size()));
      if (!from.toString().contains(each)
          && !(each.contains(" m ON") && from.toString().contains(" m ON"))) {
        from.append(' ').append(each);
        if (each.contains(" m ON")) {
          keys.add("COALESCE(m.channel, 'none')");
        } else if (each.contains(" y ON")) {
          keys.add("CASE WHEN y.n > 1 THEN 'many' WHEN y.email IS NULL THEN 'none' END");
        } else if (each.contains(" p ON")) {
          keys.add("p.region");
        }
      }
    }
    List<String> where = new ArrayList<>();
    for (int condition = random.nextInt(3); condition > 0; condition--) {
      where.add(CONDITIONS.get(random.nextInt(CONDITIONS.size())));
    }
    if (random.nextBoolean()) {
      where.add(MEMBERSHIPS.get(random.nextInt(MEMBERSHIPS.size())));
    }
    return "SELECT a.email, "
        + keys.get(random.nextInt(keys.size()))
        + " AS k"
        + from
        + (where.isEmpty() ? "" : " WHERE " + String.join(" AND ", where));
  }

  private static Compiled compile(CheckedPlan plan, DifferentialPrivacy noise)
      throws QueryException {
    return plan.compile(
        plan.datasets().stream().collect(Collectors.toMap(each -> each, _ -> 1)),
        Optional.of(noise),
        "c0ffee");
  }

  @Test
  void randomStatementsGiveWhatTheySayAndMoveNoMoreThanTheirPlans() throws Exception {
    check(1, 40);
  }

  @Test
  @Tag("slow")
  void manyRandomStatementsGiveWhatTheySayAndMoveNoMoreThanTheirPlans() throws Exception {
    for (long seed = 2; seed < 12; seed++) {
      check(seed, 150);
    }
  }

  private static void check(long seed, int statements) throws Exception {
    var random = new SplittableRandom(seed);
    int accepted = 0;
    var fixture = Fixture.withAirports();
    try (var duck = new Duck().fill(fixture, random)) {
      for (int number = 0; number < statements; number++) {
        String sql =
            "SELECT r.k, COUNT(DISTINCT r.email), COUNT(*) FROM ("
                + rows(random, 2)
                + ") r GROUP BY r.k";
        try {
          check(duck, fixture, sql);
          accepted++;
        } catch (QueryException e) {
          assertThat(e.kind()).as(sql).isIn(Kind.UNSUPPORTED, Kind.TOO_LARGE);
        }
      }
    }
    assertThat(accepted).isGreaterThan(statements * 3 / 4);
  }

  private static void check(Duck duck, Fixture fixture, String sql)
      throws QueryException, SQLException {
    CheckedPlan plan = Planner.check(sql, Fixture.RESEARCH, fixture);
    EngineQuery query = compile(plan, UNBOUNDED).engine();
    assertThat(
            duck.rows(query).stream()
                .map(row -> {
                  List<String> cells = List.of(row.split("\\|", -1));
                  return cells.get(0) + "|" + cells.get(1) + "|" + cells.getLast();
                })
                .sorted()
                .toList())
        .as("%s\n%s", sql, query.sql())
        .isEqualTo(duck.rows(sql));
    Compiled bounded = compile(plan, BOUNDED);
    for (int unit = 0; unit < 12; unit += 4) {
      assertThat(Neighbours.harm(duck, plan, bounded, "u" + unit + "@x", fixture))
          .as(sql)
          .isEmpty();
    }
  }
}
