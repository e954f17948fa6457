package cloister.query;

import cloister.crypto.Digest;
import cloister.privacy.Answer;
import cloister.privacy.DifferentialPrivacy;
import cloister.query.Question.Direction;
import cloister.query.Question.Nulls;
import cloister.query.ResultTable.Cell;
import cloister.query.ResultTable.Content;
import cloister.room.Address;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import cloister.room.Use;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A query that stays within the checked subset, and what is to be known of it before it may run.
/// Only [Planner] makes one. Immutable.
public final class CheckedPlan {
  private final Question question;
  private final Set<Address> inputs;
  private final Set<Address> analyses;
  private final Map<Address, Map<ColumnName, Set<Use>>> uses;

  CheckedPlan(Question question, Set<Address> inputs, Set<Address> analyses) {
    this.question = question;
    this.inputs = Set.copyOf(inputs);
    this.analyses = Set.copyOf(analyses);
    this.uses = Map.copyOf(Lineage.of(question));
  }

  /// The datasets and analyses that the SQL itself names, as [Planner#inputs] finds them.
  public Set<Address> inputs() {
    return inputs;
  }

  /// The datasets it reads, through every analysis.
  public Set<Address> datasets() {
    return uses.keySet();
  }

  /// The analyses it reads, at any depth.
  public Set<Address> analyses() {
    return analyses;
  }

  /// How it uses each column of each dataset it reads. A dataset of which it only counts rows or
  /// units has no columns here.
  public Map<Address, Map<ColumnName, Set<Use>>> uses() {
    return uses;
  }

  /// The datasets whose rows reach the aggregate only by way of an inner join with another
  /// participant's dataset.
  public Set<Address> joined() {
    return datasets().stream()
        .filter(dataset ->
            question.branches().stream()
                .filter(branch -> branch.datasets().contains(dataset))
                .allMatch(branch ->
                    branch.datasets().stream()
                        .anyMatch(other -> !other.party().equals(dataset.party()))))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /// The columns of the answer.
  public List<ResultTable.Column> output() {
    return IntStream.range(0, question.select().size())
        .mapToObj(index -> {
          String name = question.names().get(index);
          return new ResultTable.Column(
              name.startsWith("EXPR$") ? "column_" + (index + 1) : name,
              question.select().get(index) < question.keys() ? Content.KEY : Content.MEASURE);
        })
        .toList();
  }

  /// For each column of [#output] that shows a number, in order, which of the release's measures it
  /// is: two columns may show the same.
  public List<Integer> measures() {
    return question.select().stream()
        .filter(column -> column >= question.keys())
        .map(column -> column - question.keys())
        .toList();
  }

  /// The same for queries that ask the same, however they are written: one stored answer serves
  /// them all, each through its own [#present].
  public Digest digest() {
    return Digest.ofUtf8("cloister plan 1\n" + question.canonical());
  }

  /// The plan for an engine.
  ///
  /// @param minimumUnits per dataset of [#datasets]
  /// @param noise absent for thresholds only
  /// @param nonceHex fresh per run and public: which groups a unit counts in when it is in too many
  /// @throws QueryException with [QueryException.Kind#UNBOUNDED], when noise needs bounds that no
  ///   owner declares; with [QueryException.Kind#NEEDS_NOISE], when without noise one answer could
  ///   single out a unit
  public Compiled compile(
      Map<Address, Integer> minimumUnits, Optional<DifferentialPrivacy> noise, String nonceHex)
      throws QueryException {
    if (!nonceHex.matches("[0-9a-f]{1,128}")) {
      throw new IllegalArgumentException("a nonce is 1 to 128 lower-case hexadecimal digits");
    }
    return Rewriting.compile(question, minimumUnits, noise, nonceHex);
  }

  /// The answer in the query's own order of columns and rows.
  public ResultTable present(Answer answer) {
    List<Answer.Row> rows = new ArrayList<>(answer.rows());
    if (!question.order().isEmpty()) {
      rows.sort(order());
    }
    return new ResultTable(
        output(),
        rows.stream()
            .skip(question.offset())
            .limit(question.limit().orElse(Long.MAX_VALUE))
            .map(row -> question.select().stream().map(column -> cell(row, column)).toList())
            .toList());
  }

  private Cell cell(Answer.Row row, int column) {
    return column < question.keys()
        ? row.keys()
            .get(column)
            .<Cell>map(ResultTable.Text::new)
            .orElseGet(ResultTable.Missing::new)
        : row.values()
            .get(column - question.keys())
            .<Cell>map(value -> new ResultTable.Value(value.number(), value.error()))
            .orElseGet(ResultTable.Missing::new);
  }

  private Comparator<Answer.Row> order() {
    Comparator<Answer.Row> order = (_, _) -> 0;
    for (Question.Order each : question.order()) {
      order = order.thenComparing(order(each));
    }
    return order;
  }

  private Comparator<Answer.Row> order(Question.Order order) {
    if (order.output() >= question.keys()) {
      int measure = order.output() - question.keys();
      return nulls(
          order,
          (Answer.Row row) -> row.values().get(measure).map(Answer.Value::number),
          Comparator.naturalOrder());
    }
    if (isNumber(question.over(order.output()).getFirst().type())) {
      return nulls(
          order,
          (Answer.Row row) -> row.keys().get(order.output()).map(CheckedPlan::number),
          Comparator.naturalOrder());
    }
    return nulls(
        order, (Answer.Row row) -> row.keys().get(order.output()), Comparator.naturalOrder());
  }

  private static <V> Comparator<Answer.Row> nulls(
      Question.Order order, Function<Answer.Row, Optional<V>> value, Comparator<V> ascending) {
    Comparator<V> directed =
        order.direction() == Direction.ASCENDING ? ascending : ascending.reversed();
    int missingFirst = order.nulls() == Nulls.FIRST ? -1 : 1;
    return (left, right) -> {
      Optional<V> a = value.apply(left);
      Optional<V> b = value.apply(right);
      if (a.isPresent() && b.isPresent()) {
        return directed.compare(a.get(), b.get());
      }
      return a.isPresent() == b.isPresent() ? 0 : a.isPresent() ? -missingFirst : missingFirst;
    };
  }

  private static boolean isNumber(ColumnType type) {
    return type instanceof ColumnType.Int
        || type instanceof ColumnType.Decimal
        || type instanceof ColumnType.Real;
  }

  /// Doubles may be infinite; they sort as the largest numbers there are.
  private static BigDecimal number(String text) {
    return switch (text) {
      case "inf", "nan" -> BigDecimal.ONE.scaleByPowerOfTen(400);
      case "-inf" -> BigDecimal.ONE.negate().scaleByPowerOfTen(400);
      default -> new BigDecimal(text);
    };
  }
}
