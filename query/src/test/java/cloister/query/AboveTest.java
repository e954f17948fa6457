package cloister.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloister.privacy.Answer;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What stands above the aggregate is computed from released numbers, never from exact ones.
class AboveTest {
  /// A released number ± its error, ± its joint one.
  private static Optional<Answer.Value> noisy(String number, int error, int joint) {
    return Optional.of(
        new Answer.Value(
            new BigDecimal(number), BigDecimal.valueOf(error), BigDecimal.valueOf(joint)));
  }

  private static Answer.Row row(String key, Optional<Answer.Value> first) {
    return new Answer.Row(List.of(Optional.of(key)), List.of(first));
  }

  private static Answer.Row row(
      String key, Optional<Answer.Value> first, Optional<Answer.Value> second) {
    return new Answer.Row(List.of(Optional.of(key)), List.of(first, second));
  }

  private static List<String> shown(String sql, Answer.Row... rows) throws QueryException {
    return Fixture.check(sql).present(new Answer(List.of(rows))).rows().stream()
        .map(row ->
            String.join(
                " ",
                row.stream()
                    .map(cell ->
                        switch (cell) {
                          case ResultTable.Text(String text) -> text;
                          case ResultTable.Value(BigDecimal value, Optional<BigDecimal> error) ->
                              value.toPlainString()
                                  + error.map(each -> "±" + each.toPlainString()).orElse("±?");
                          case ResultTable.Missing() -> "-";
                        })
                    .toList()))
        .toList();
  }

  @Test
  void havingLooksAtReleasedNumbers() throws QueryException {
    assertThat(
            shown(
                "SELECT zip, COUNT(*) AS n FROM airline.customers GROUP BY zip HAVING COUNT(*) > 10"
                    + " ORDER BY n DESC",
                row("a", noisy("12", 3, 3)),
                row("b", noisy("9", 3, 3)),
                row("c", Optional.empty()),
                row("d", noisy("40", 3, 3))))
        .containsExactly("d 40±3", "a 12±3");
    assertThat(
            shown(
                "SELECT * FROM (SELECT zip, COUNT(*) AS n FROM airline.customers GROUP BY zip) x"
                    + " WHERE n > 10 AND zip <> 'd'",
                row("a", noisy("12", 3, 3)),
                row("d", noisy("40", 3, 3))))
        .containsExactly("a 12±3");
  }

  @Test
  void arithmeticHasTheErrorOfAllItsNumbers() throws QueryException {
    // COUNT(*) is the first measure, SUM the second: the order of aggregations is the question's.
    assertThat(
            shown(
                "SELECT zip, SUM(spend) / COUNT(*), 2 * COUNT(*) + 1, COUNT(*) - COUNT(*)"
                    + " FROM airline.customers GROUP BY zip",
                row("a", noisy("100", 5, 10), noisy("1000", 50, 100))))
        .containsExactly("a 10±2.23 201±10 0±10");
    assertThat(
            shown(
                "SELECT zip, 1 / COUNT(*) FROM airline.customers GROUP BY zip",
                row("a", noisy("3", 0, 0))))
        .containsExactly("a 0.333333333333333±0");
    assertThat(
            shown(
                "SELECT zip, 1 / COUNT(*), SUM(spend) / NULLIF(COUNT(*), 0), ABS(COUNT(*))"
                    + " FROM airline.customers GROUP BY zip",
                row("a", noisy("0", 5, 10), noisy("1000", 50, 100)),
                row("b", noisy("-2", 5, 10), noisy("1000", 50, 100))))
        .containsExactly("a - - 0±5", "b -0.5±? -500±? 2±5");
  }

  @Test
  void aNumberThatNoiseMayHaveChosenSpansTheChoice() throws QueryException {
    String sql =
        "SELECT zip, CASE WHEN COUNT(*) > 10 THEN 100 ELSE 0 END,"
            + " CASE WHEN COUNT(*) > 10 THEN 'many' ELSE 'few' END, COUNT(*) > 10"
            + " FROM airline.customers GROUP BY zip";
    assertThat(shown(sql, row("a", noisy("12", 3, 3)), row("b", noisy("20", 3, 3))))
        .containsExactly("a 100±100 many true", "b 100±0 many true");
  }

  @Test
  void orderAndLimitApplyToWhatIsComputed() throws QueryException {
    assertThat(
            shown(
                "SELECT zip FROM airline.customers GROUP BY zip"
                    + " ORDER BY SUM(spend) / COUNT(*) DESC NULLS LAST LIMIT 2",
                row("a", noisy("10", 0, 0), noisy("100", 0, 0)),
                row("b", noisy("10", 0, 0), noisy("300", 0, 0)),
                row("c", noisy("0", 0, 0), noisy("900", 0, 0)),
                row("d", noisy("10", 0, 0), noisy("200", 0, 0))))
        .containsExactly("b", "d");
  }

  /// A condition, an order and a number that is never shown are part of neither the question nor
  /// the exact table, so one stored answer serves all of them.
  @Test
  void whatStandsAboveIsNoPartOfTheQuestion() throws QueryException {
    String plain = "SELECT zip, COUNT(*), SUM(spend) FROM airline.customers GROUP BY zip";
    for (String sql :
        List.of(
            "SELECT SUM(spend) / COUNT(*) FROM airline.customers GROUP BY zip HAVING zip <> 'a'",
            "SELECT COUNT(*) FROM airline.customers GROUP BY zip HAVING SUM(spend) > 3",
            "SELECT zip FROM airline.customers GROUP BY zip ORDER BY SUM(spend) * COUNT(*)")) {
      assertThat(Fixture.check(sql).digest()).as(sql).isEqualTo(Fixture.check(plain).digest());
      assertThat(Fixture.check(sql).uses()).as(sql).isEqualTo(Fixture.check(plain).uses());
    }
  }

  /// Whatever numbers within their joint errors are put in the place of the released ones, the
  /// result lies within the error bar.
  @Test
  void errorBarsHoldWhatNoiseMayHaveDone() throws QueryException {
    var random = RandomGenerator.of("L64X128MixRandom");
    for (String expression :
        List.of(
            "SUM(spend) / COUNT(*)",
            "SUM(spend) * COUNT(*) - 3",
            "ABS(COUNT(*) - SUM(spend))",
            "CASE WHEN COUNT(*) > SUM(spend) THEN COUNT(*) ELSE -2 * SUM(spend) END",
            "CASE WHEN COUNT(*) > 2 AND SUM(spend) > 2 THEN 1 WHEN COUNT(*) > 0 THEN 2 ELSE 3 END",
            "CASE WHEN NOT (COUNT(*) > 2) OR SUM(spend) <= 2 THEN 1 ELSE 0 END",
            "FLOOR(SUM(spend) / 3) + CEIL(COUNT(*) / 7)",
            "COALESCE(SUM(spend) / NULLIF(COUNT(*), 3), 5)",
            "CAST(SUM(spend) AS INTEGER) / (1 + COUNT(*) * COUNT(*))")) {
      CheckedPlan plan =
          Fixture.check("SELECT zip, " + expression + " FROM airline.customers GROUP BY zip");
      for (int round = 0; round < 300; round++) {
        int[] error = {random.nextInt(6), random.nextInt(6)};
        int[] number = {random.nextInt(-10, 20), random.nextInt(-10, 20)};
        ResultTable.Cell released = cell(plan, number, error);
        int[] without =
            IntStream.range(0, 2)
                .map(at -> number[at] + random.nextInt(-error[at], error[at] + 1))
                .toArray();
        if (released instanceof ResultTable.Value(BigDecimal value, Optional<BigDecimal> bar)
            && bar.isPresent()
            && cell(plan, without, new int[2])
                instanceof ResultTable.Value(BigDecimal truth, Optional<BigDecimal> _)) {
          assertThat(value.subtract(truth).abs())
              .as("%s of %s ± %s", expression, List.of(number[0], number[1]), error)
              .isLessThanOrEqualTo(bar.get().add(new BigDecimal("1e-9")));
        }
      }
    }
  }

  private static ResultTable.Cell cell(CheckedPlan plan, int[] number, int[] error) {
    var values = new ArrayList<Optional<Answer.Value>>();
    for (int at = 0; at < number.length; at++) {
      values.add(noisy(String.valueOf(number[at]), error[at], error[at]));
    }
    return plan.present(new Answer(List.of(new Answer.Row(List.of(Optional.of("a")), values))))
        .rows()
        .getFirst()
        .getLast();
  }

  /// Conditions that noise may have decided, in one another: each level must not ask twice.
  @Test
  void nestedConditionsAreComputedOnce() throws QueryException {
    var condition = new StringBuilder("COUNT(*) > 1");
    for (int level = 1; level <= 57; level++) {
      condition
          .insert(0, "(")
          .append(level % 2 == 0 ? " AND COUNT(*) > " + (100 + level) : " OR COUNT(*) > " + level)
          .append(")");
    }
    assertThat(
            shown(
                "SELECT zip FROM airline.customers GROUP BY zip HAVING " + condition,
                row("a", noisy("60", 200, 200)),
                row("b", noisy("10", 200, 200))))
        .containsExactly("a");
  }

  @Test
  void whatIsComputedOfEachRowIsBounded() {
    String large = "COUNT(*)" + " + COUNT(*)".repeat(400);
    String sql =
        "SELECT zip, "
            + large
            + ", 1 + "
            + large
            + ", 2 + "
            + large
            + " FROM airline.customers"
            + " GROUP BY zip";
    assertThat(catchThrowableOfType(QueryException.class, () -> Fixture.check(sql)).kind())
        .isEqualTo(QueryException.Kind.TOO_LARGE);
  }

  @Test
  void hostileArithmeticEnds() throws QueryException {
    String tiny = "COUNT(*) / 1e300 / 1e300 / 1e300 / 1e300";
    String large = "COUNT(*)" + " * 1e300".repeat(20);
    assertThat(
            shown(
                "SELECT zip, " + tiny + ", " + large + " FROM airline.customers GROUP BY zip",
                row("a", noisy("7", 1, 1))))
        .containsExactly("a 0±0 -");
    assertThat(
            shown(
                "SELECT zip, COUNT(*) FROM airline.customers GROUP BY zip HAVING NULL IS NOT NULL",
                row("a", noisy("7", 1, 1))))
        .isEmpty();
  }
}
