package cloister.query;

import cloister.query.QueryException.Kind;
import cloister.query.QueryException.Position;
import cloister.query.Table.PerUnit;
import cloister.query.Table.PerUnit.Aggregation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexFieldCollation;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;

/// The window functions of a SELECT list, taken out of its expressions: the values that they and
/// the expressions look at, what each computes, and the expressions over both.
final class Windows {
  private final Map<RexNode, Integer> values = new LinkedHashMap<>();
  private final Map<RexOver, Aggregation> windows = new LinkedHashMap<>();
  private final List<RexNode> rewritten = new ArrayList<>();

  Windows(List<RexNode> expressions) throws QueryException {
    List<RexOver> found = new ArrayList<>();
    var finder =
        new RexShuttle() {
          @Override
          public RexNode visitOver(RexOver over) {
            found.add(over);
            return over;
          }

          @Override
          public RexNode visitCall(RexCall call) {
            Optional<RexOver> sum = sum(call);
            return sum.isPresent() ? visitOver(sum.get()) : super.visitCall(call);
          }

          @Override
          public RexNode visitInputRef(RexInputRef input) {
            value(input);
            return input;
          }
        };
    expressions.forEach(each -> each.accept(finder));
    for (RexOver over : found) {
      if (!windows.containsKey(over)) {
        windows.put(over, aggregation(over));
      }
    }
    List<RexOver> order = List.copyOf(windows.keySet());
    var replacer =
        new RexShuttle() {
          @Override
          public RexNode visitOver(RexOver over) {
            return new RexInputRef(values.size() + order.indexOf(over), over.getType());
          }

          @Override
          public RexNode visitCall(RexCall call) {
            Optional<RexOver> sum = sum(call);
            return sum.isPresent() ? visitOver(sum.get()) : super.visitCall(call);
          }

          @Override
          public RexNode visitInputRef(RexInputRef input) {
            return new RexInputRef(value(input), input.getType());
          }
        };
    expressions.forEach(each -> rewritten.add(each.accept(replacer)));
  }

  /// What rows have to have, over the columns that the expressions were over.
  List<RexNode> values() {
    return List.copyOf(values.keySet());
  }

  /// Over [#values], by number.
  List<Aggregation> aggregations() {
    return List.copyOf(windows.values());
  }

  /// The expressions over [#values] and then [#aggregations].
  List<RexNode> rewritten() {
    return rewritten;
  }

  /// Calcite writes a sum as `CASE WHEN COUNT(x) > 0 THEN SUM(x) END`. Ours is NULL by itself where
  /// there are no values, and nobody has to permit a count for it.
  private static Optional<RexOver> sum(RexCall call) {
    return call.getKind() == SqlKind.CASE
            && call.getOperands().size() == 3
            && call.getOperands().get(0) instanceof RexCall test
            && test.getKind() == SqlKind.GREATER_THAN
            && test.getOperands().getFirst() instanceof RexOver count
            && count.getAggOperator().getKind() == SqlKind.COUNT
            && RexUtil.removeCast(call.getOperands().get(1)) instanceof RexOver sum
            && (sum.getAggOperator().getKind() == SqlKind.SUM
                || sum.getAggOperator().getKind() == SqlKind.SUM0)
            && sum.getOperands().equals(count.getOperands())
            && sum.getWindow().toString().equals(count.getWindow().toString())
        ? Optional.of(sum)
        : Optional.empty();
  }

  private int value(RexNode node) {
    return values.computeIfAbsent(node, _ -> values.size());
  }

  private Aggregation aggregation(RexOver over) throws QueryException {
    var window = over.getWindow();
    PerUnit.Aggregate aggregate = aggregate(over);
    boolean ranks =
        switch (aggregate) {
          case ROW_NUMBER, RANK, DENSE_RANK -> true;
          default -> false;
        };
    if (over.isDistinct()
        || over.ignoreNulls()
        || over.getOperands().size() > 1
        || (!ranks && (window.isRows() || !window.orderKeys.isEmpty()))) {
      throw unsupported("this form of a window function");
    }
    List<Integer> partition = window.partitionKeys.stream().map(this::value).toList();
    List<PerUnit.Order> order = new ArrayList<>();
    for (RexFieldCollation key : window.orderKeys) {
      boolean descending = key.right.contains(SqlKind.DESCENDING);
      boolean first =
          key.right.contains(SqlKind.NULLS_FIRST)
              || (descending && !key.right.contains(SqlKind.NULLS_LAST));
      order.add(
          new PerUnit.Order(
              value(key.left),
              descending ? Above.Direction.DESCENDING : Above.Direction.ASCENDING,
              first ? Above.Nulls.FIRST : Above.Nulls.LAST));
    }
    return new Aggregation(
        aggregate,
        over.getOperands().isEmpty() ? -1 : value(over.getOperands().getFirst()),
        Optional.of(new PerUnit.Window(partition, order)));
  }

  private static PerUnit.Aggregate aggregate(RexOver over) throws QueryException {
    return switch (over.getAggOperator().getKind()) {
      case ROW_NUMBER -> PerUnit.Aggregate.ROW_NUMBER;
      case RANK -> PerUnit.Aggregate.RANK;
      case DENSE_RANK -> PerUnit.Aggregate.DENSE_RANK;
      case COUNT ->
          over.getOperands().isEmpty() ? PerUnit.Aggregate.ROWS : PerUnit.Aggregate.VALUES;
      case SUM, SUM0 -> PerUnit.Aggregate.SUM;
      case AVG -> PerUnit.Aggregate.MEAN;
      case MIN -> PerUnit.Aggregate.LEAST;
      case MAX -> PerUnit.Aggregate.GREATEST;
      default -> throw unsupported("this window function");
    };
  }

  private static QueryException unsupported(String what) {
    return new QueryException(
        Kind.UNSUPPORTED,
        Position.START,
        what + " is not supported here",
        "use ROW_NUMBER, RANK or DENSE_RANK with ORDER BY, or COUNT, SUM, AVG, MIN or MAX without");
  }
}
