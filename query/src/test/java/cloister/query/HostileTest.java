package cloister.query;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import cloister.privacy.Answer;
import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Epsilon;
import cloister.privacy.NoiseStream;
import cloister.privacy.Release;
import cloister.query.QueryException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Statements of an analyst who wants to know about Bob, from `hostile.sql`: each is refused as it
/// says before anything runs, or harmless. Harmless is: it fails for neither of two databases that
/// differ in Bob, its exact tables differ by no more than the noise is made for, and without noise
/// no answer shows what he alone has.
class HostileTest {
  private static final int FEWEST = 900;
  private static final int MINIMUM = 10;
  private static final int GROUPS = 2;
  private static final int ROWS = 3;
  private static final Duration MOST = Duration.ofSeconds(10);

  private static final DifferentialPrivacy NOISE =
      new DifferentialPrivacy(Epsilon.of("1"), Delta.of("0.000001"), GROUPS, ROWS);

  private static final Hospital HOSPITAL = new Hospital();

  /// @param expected `harmless`, `use` for what columns are not lent for, or a [Kind]
  private record Statement(String expected, String sql, boolean listed) {}

  /// A block of lines after `-- expect: …`; where that names a template, `@` stands in it for each
  /// of the lines that follow.
  private static List<Statement> statements() throws IOException {
    String text;
    try (InputStream file =
        Objects.requireNonNull(HostileTest.class.getResourceAsStream("hostile.sql"))) {
      text = new String(file.readAllBytes(), UTF_8);
    }
    List<Statement> all = new ArrayList<>();
    Map<String, List<String>> lists = new java.util.HashMap<>();
    for (String block : text.split("(?m)^-- (?=expect:|list:)", -1)) {
      if (block.startsWith("list:")) {
        List<String> lines = block.split("\n\n", -1)[0].lines().toList();
        lists.put(lines.getFirst().substring(5).strip(), lines.subList(1, lines.size()));
      } else if (block.startsWith("expect:")) {
        int end = block.indexOf('\n');
        String[] head = block.substring(7, end).strip().split(" each ", -1);
        String sql = block.substring(end + 1).split("\n\n", -1)[0].strip();
        if (head.length == 1) {
          all.add(new Statement(head[0], sql, false));
        } else {
          for (String each : Objects.requireNonNull(lists.get(head[1]), head[1])) {
            all.add(new Statement(head[0], sql.replace("@", each), true));
          }
        }
      }
    }
    return all;
  }

  private static Compiled compile(
      CheckedPlan plan, Optional<DifferentialPrivacy> noise, String nonce) throws QueryException {
    return plan.compile(
        plan.datasets().stream().collect(Collectors.toMap(each -> each, _ -> MINIMUM)),
        noise,
        nonce);
  }

  /// Of those that are made by lists, some.
  @Test
  void statementsAreRefusedOrHarmless() throws Exception {
    List<Statement> statements = statements();
    assertThat(statements).hasSizeGreaterThanOrEqualTo(FEWEST);
    var random = new SplittableRandom(7);
    check(
        statements.stream().filter(each -> !each.listed() || random.nextInt(12) == 0).toList(),
        List.of("c0ffee"));
  }

  @Test
  @Tag("slow")
  void everyStatementIsRefusedOrHarmless() throws Exception {
    check(statements(), List.of("c0ffee", "5eed", "1"));
  }

  private static void check(List<Statement> statements, List<String> nonces) throws Exception {
    List<String> surprises = new ArrayList<>();
    try (var duck = HOSPITAL.data()) {
      for (Statement statement : statements) {
        long start = System.nanoTime();
        String verdict = verdict(duck, statement.sql(), nonces);
        if (!isExpected(statement.expected(), verdict)) {
          surprises.add(statement.expected() + " but " + verdict + ": " + statement.sql());
        }
        if (System.nanoTime() - start > MOST.toNanos()) {
          surprises.add("slow: " + statement.sql());
        }
      }
    }
    assertThat(surprises).isEmpty();
  }

  /// `refused` is any refusal, and `harmless*` one too: which of a list are, is not repeated here.
  private static boolean isExpected(String expected, String verdict) {
    boolean refused =
        verdict.equals("use")
            || List.of(Kind.values()).stream().anyMatch(kind -> kind.toString().equals(verdict));
    return switch (expected) {
      case "refused" -> refused;
      case "harmless*" -> refused || verdict.equals("harmless");
      default -> verdict.equals(expected);
    };
  }

  private static String verdict(Duck duck, String sql, List<String> nonces) {
    try {
      CheckedPlan plan = Planner.check(sql, Hospital.RESEARCH, HOSPITAL);
      if (!HOSPITAL.permits(plan)) {
        return "use";
      }
      return harm(duck, plan, nonces).orElse("harmless");
    } catch (QueryException e) {
      assertThat(e.fix()).as(sql).isNotEmpty();
      assertThat(e.getMessage() + e.fix()).as(sql).doesNotContain("org.apache", "Exception");
      return e.kind().toString();
    } catch (SQLException e) {
      return "FAILS " + e.getMessage();
    } catch (RuntimeException e) {
      return "CRASHES " + e + " " + e.getCause();
    }
  }

  private static Optional<String> harm(Duck duck, CheckedPlan plan, List<String> nonces)
      throws QueryException, SQLException {
    for (String nonce : nonces) {
      Optional<String> withNoise =
          Neighbours.harm(
              duck, plan, compile(plan, Optional.of(NOISE), nonce), Hospital.BOB, HOSPITAL);
      if (withNoise.isPresent()) {
        return withNoise;
      }
    }
    Compiled exact;
    try {
      exact = compile(plan, Optional.empty(), "1");
    } catch (QueryException e) {
      return e.kind() == Kind.NEEDS_NOISE ? Optional.empty() : Optional.of("EXACT " + e.kind());
    }
    for (boolean there : new boolean[] {true, false}) {
      duck.rows(
          exact.engine(),
          dataset -> there ? "true" : Neighbours.without(dataset, Hospital.BOB, HOSPITAL));
    }
    Answer answer;
    try (var unused = new NoiseStream(new byte[NoiseStream.KEY_BYTES])) {
      answer = Release.release(exact.release(), duck.table(exact.engine()), unused);
    }
    return plan.present(answer).rows().toString().contains(Hospital.CANARY)
        ? Optional.of("SHOWS BOB")
        : Optional.empty();
  }

  /// What no file should have to hold: planning it ends soon, whatever comes of it.
  @Test
  void hugeAndDeepStatementsAreDecidedSoon() {
    String from = " FROM hospital.patients";
    String doubled = "age";
    var ctes = new StringBuilder("WITH c0 AS (SELECT email, age AS x" + from + ")");
    for (int level = 1; level <= 60; level++) {
      ctes.append(", c" + level + " AS (SELECT email, x + x AS x FROM c" + (level - 1) + ")");
    }
    var released = new StringBuilder("SELECT COUNT(*) AS x" + from);
    for (int level = 0; level < 60; level++) {
      released.insert(0, "SELECT x * x AS x FROM (").append(") t" + level);
    }
    for (String sql :
        List.of(
            "SELECT SUM(" + "(".repeat(100) + doubled + ")".repeat(100) + ")" + from,
            "SELECT SUM(" + "(".repeat(5_000) + doubled + ")".repeat(5_000) + ")" + from,
            "SELECT COUNT(*)" + from + " WHERE " + "NOT ".repeat(10_000) + "vip",
            "SELECT COUNT(*)" + from + " WHERE vip" + " OR vip".repeat(8_000),
            "SELECT COUNT(*)" + from + " WHERE age" + " + 1".repeat(10_000) + " > 0",
            "SELECT COUNT(*)" + from + " WHERE age IN (1" + ", 1".repeat(20_000) + ")",
            "SELECT COUNT(*)" + from + " WHERE " + "CASE WHEN vip THEN ".repeat(3_000),
            "SELECT COUNT(*)" + from + " WHERE age = " + "-".repeat(30_000) + "1",
            "SELECT COUNT(*)" + from + " WHERE age = " + "- ".repeat(30_000) + "1",
            "SELECT COUNT(*)" + from + " WHERE age = " + "9".repeat(60_000),
            "SELECT COUNT(*)" + from + " WHERE age = 1e" + "9".repeat(30),
            "SELECT COUNT(*)" + from + " WHERE notes = '" + "x".repeat(70_000) + "'",
            "SELECT COUNT(*)" + from + " WHERE notes = '" + "''".repeat(30_000) + "'",
            "SELECT COUNT(*)" + from + " /*" + "*".repeat(60_000),
            "SELECT COUNT(*)" + from + " --" + "-".repeat(60_000),
            "SELECT " + "COUNT(*), ".repeat(6_000) + "COUNT(*)" + from,
            "SELECT COUNT(*)" + from + " GROUP BY zip" + ", zip".repeat(9_000),
            "SELECT COUNT(*)" + from + " ORDER BY 1" + ", 1".repeat(9_000),
            "SELECT COUNT(*)" + from + ", hospital.patients".repeat(3_000),
            "SELECT COUNT(*) FROM (SELECT email"
                + from
                + (" UNION ALL SELECT email" + from).repeat(1_500)
                + ") x",
            "SELECT COUNT(*) FROM "
                + "(SELECT email FROM ".repeat(110)
                + "hospital.patients"
                + ") x".repeat(110),
            ctes + " SELECT SUM(x) FROM c60",
            released.toString(),
            "SELECT \"" + "a".repeat(60_000) + "\"" + from,
            "SELECT COUNT(*)"
                + from
                + " a WHERE "
                + "EXISTS (SELECT 1 FROM hospital.stays s WHERE s.email = a.email AND ".repeat(50)
                + "1=1"
                + ")".repeat(50),
            "SELECT COUNT(*)"
                + from
                + " WHERE age BETWEEN 1 AND 2"
                + " OR age BETWEEN 1 AND 2".repeat(2_600),
            "SELECT COUNT(*)"
                + from
                + " WHERE age BETWEEN 1 AND 2"
                + " OR age BETWEEN 1 AND 2".repeat(240),
            "SELECT COUNT(*)"
                + from
                + " WHERE zip NOT LIKE 'a'"
                + " OR zip NOT LIKE 'a'".repeat(240),
            "SELECT COUNT(*)" + from + " WHERE age IN (1)" + " OR age IN (1)".repeat(4_000),
            "SELECT COUNT(*)" + from + " WHERE age IS NULL" + " OR age IS NULL".repeat(4_000),
            "SELECT COUNT(*)"
                + from
                + " WHERE age IS NOT DISTINCT FROM 1"
                + " OR age IS NOT DISTINCT FROM 1".repeat(2_000),
            "SELECT COUNT(*)" + from + " WHERE age > ANY (1)" + " OR age > ANY (1)".repeat(3_000),
            "SELECT COUNT(*)" + from + " WHERE vip IS TRUE" + " AND NOT vip IS TRUE".repeat(3_000),
            "SELECT COUNT(*)" + from + " WHERE zip = zip" + " || zip".repeat(8_000),
            "SELECT COUNT(*)" + from + " WHERE age = 1" + " - - 1".repeat(9_000),
            "SELECT COUNT(*)"
                + from
                + " WHERE zip = CASE"
                + " WHEN vip THEN zip".repeat(3_000)
                + " END",
            "\u0000".repeat(1_000),
            "(".repeat(60_000),
            "SELECT COUNT(*)"
                + from
                + " WHERE "
                + "zip LIKE '%a%b%c%' OR ".repeat(2_500)
                + "vip")) {
      long start = System.nanoTime();
      String shown = sql.substring(0, Math.min(80, sql.length()));
      assertThatCode(
              () -> {
                try {
                  compile(Planner.check(sql, Hospital.RESEARCH, HOSPITAL), Optional.of(NOISE), "1");
                } catch (QueryException _) {
                  // Refused.
                }
              })
          .as(shown)
          .doesNotThrowAnyException();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).as(shown).isLessThan(MOST);
    }
  }
}
