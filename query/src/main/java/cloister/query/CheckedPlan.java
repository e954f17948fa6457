package cloister.query;

import cloister.crypto.Digest;
import cloister.privacy.Answer;
import cloister.privacy.DifferentialPrivacy;
import cloister.query.ResultTable.Cell;
import cloister.query.ResultTable.Content;
import cloister.room.Address;
import cloister.room.ColumnName;
import cloister.room.Use;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A query that stays within the checked subset, and what is to be known of it before it may run.
/// Only [Planner] makes one. Immutable.
public final class CheckedPlan {
  private final Question question;
  private final Set<Address> inputs;
  private final Set<Address> analyses;
  private final Map<Address, Map<ColumnName, Set<Use>>> uses;

  private CheckedPlan(
      Question question,
      Set<Address> inputs,
      Set<Address> analyses,
      Map<Address, Map<ColumnName, Set<Use>>> uses) {
    this.question = question;
    this.inputs = Set.copyOf(inputs);
    this.analyses = Set.copyOf(analyses);
    this.uses = Map.copyOf(uses);
  }

  static CheckedPlan of(Question question, Set<Address> inputs, Set<Address> analyses)
      throws QueryException {
    return new CheckedPlan(question, inputs, analyses, Lineage.of(question));
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

  /// The datasets whose rows reach the aggregate only by way of a join with another participant's
  /// dataset: those of which a row counts only if there is one of the other's.
  public Set<Address> joined() {
    return datasets().stream()
        .filter(dataset ->
            question.branches().stream()
                .filter(branch -> branch.datasets().contains(dataset))
                .allMatch(branch ->
                    branch.matching().stream()
                        .anyMatch(other -> !other.party().equals(dataset.party()))))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /// The columns of the answer.
  public List<ResultTable.Column> output() {
    Above above = question.above();
    return IntStream.range(0, above.outputs().size())
        .mapToObj(index -> {
          String name = above.names().get(index);
          return new ResultTable.Column(
              name.startsWith("EXPR$") ? "column_" + (index + 1) : name,
              content(above.outputs().get(index)));
        })
        .toList();
  }

  private Content content(Scalar output) {
    if (output instanceof Scalar.Column column && Above.index(column) < question.keys()) {
      return Content.KEY;
    }
    return Above.isNumber(output.type()) ? Content.MEASURE : Content.LABEL;
  }

  /// For each column of [#output] that shows a number, in order, which of the release's measures it
  /// is, absent where it is computed; two columns may show the same.
  public List<Optional<Integer>> measures() {
    return question.above().outputs().stream()
        .filter(output -> content(output) == Content.MEASURE)
        .map(output ->
            output instanceof Scalar.Column column
                ? Optional.of(Above.index(column) - question.keys())
                : Optional.<Integer>empty())
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
  /// @param nonceHex with noise, fresh per run and public: which groups a unit counts in when it is
  ///   in too many; without, the enclave's secret salt of [cloister.privacy.Footprint]s, the same
  ///   for all runs that are compared
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
    Above above = question.above();
    return new ResultTable(
        output(),
        answer.rows().stream()
            .filter(row -> above.having().stream().allMatch(each -> Evaluation.holds(each, row)))
            .map(this::sorted)
            .sorted(order())
            .map(Sorted::row)
            .skip(above.offset())
            .limit(above.limit().orElse(Long.MAX_VALUE))
            .map(row -> above.outputs().stream().map(output -> cell(row, output)).toList())
            .toList());
  }

  /// A key and a number that was released are shown as they are.
  private Cell cell(Answer.Row row, Scalar output) {
    if (output instanceof Scalar.Column column) {
      int index = Above.index(column);
      return index < question.keys()
          ? row.keys()
              .get(index)
              .<Cell>map(ResultTable.Text::new)
              .orElseGet(ResultTable.Missing::new)
          : row.values()
              .get(index - question.keys())
              .<Cell>map(value -> new ResultTable.Value(value.number(), Optional.of(value.error())))
              .orElseGet(ResultTable.Missing::new);
    }
    return switch (Evaluation.of(output, row)) {
      case Evaluation.Missing _ -> new ResultTable.Missing();
      case Evaluation.Text(String text) -> new ResultTable.Text(text);
      case Evaluation.Truth(boolean value, boolean _) ->
          new ResultTable.Text(Boolean.toString(value));
      case Evaluation.Quantity number -> Evaluation.shown(number);
    };
  }

  /// A row and what it is sorted by.
  private record Sorted(Answer.Row row, List<Evaluation.Result> by) {}

  private Sorted sorted(Answer.Row row) {
    return new Sorted(
        row,
        question.above().order().stream().map(each -> Evaluation.of(each.value(), row)).toList());
  }

  private Comparator<Sorted> order() {
    Comparator<Sorted> order = (_, _) -> 0;
    List<Above.Order> all = question.above().order();
    for (int index = 0; index < all.size(); index++) {
      int at = index;
      Comparator<Evaluation.Result> own = order(all.get(index));
      order = order.thenComparing(row -> row.by().get(at), own);
    }
    return order;
  }

  private static Comparator<Evaluation.Result> order(Above.Order order) {
    int missingFirst = order.nulls() == Above.Nulls.FIRST ? -1 : 1;
    int ascending = order.direction() == Above.Direction.ASCENDING ? 1 : -1;
    return (a, b) -> {
      boolean here = !(a instanceof Evaluation.Missing);
      boolean there = !(b instanceof Evaluation.Missing);
      if (here && there) {
        return ascending * Evaluation.compare(a, b);
      }
      return here == there ? 0 : here ? -missingFirst : missingFirst;
    };
  }
}
