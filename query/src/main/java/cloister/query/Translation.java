package cloister.query;

import cloister.query.QueryException.Kind;
import cloister.query.QueryException.Position;
import cloister.query.Question.Aggregation;
import cloister.room.ColumnType;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelCollation;
import org.apache.calcite.rel.RelFieldCollation;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelRoot;
import org.apache.calcite.rel.core.AggregateCall;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.logical.LogicalAggregate;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalSort;
import org.apache.calcite.rel.logical.LogicalTableScan;
import org.apache.calcite.rel.logical.LogicalUnion;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.sql.SqlKind;

/// Calcite's plan → the normal form. It is total over what it knows and refuses every other class
/// of node, so a construct that slips past the grammar, or one that a later Calcite invents, fails
/// closed.
final class Translation {
  private static final int MOST_SORT_KEYS = 32;
  private static final int MOST_FRACTION_DIGITS = 6;

  private final List<Relation> relations;
  private final Map<String, Position> texts;

  /// The rows of the queries around the subquery that is being read.
  private final Map<CorrelationId, List<Scalar>> around = new HashMap<>();

  /// @param texts where the statement's texts stand
  Translation(List<Relation> relations, Map<String, Position> texts) {
    this.relations = relations;
    this.texts = texts;
  }

  /// A statement without an aggregate.
  Relation rows(RelRoot root) throws QueryException {
    List<Branch> branches = new ArrayList<>();
    for (Branch branch : branches(root.rel)) {
      List<Scalar> outputs = new ArrayList<>();
      root.fields.forEach(field -> outputs.add(branch.outputs().get(field.getKey())));
      branches.add(branch.select(outputs));
    }
    return new Relation(root.fields.stream().map(field -> field.getValue()).toList(), branches);
  }

  static boolean aggregates(RelNode node) {
    return switch (node) {
      case LogicalAggregate _ -> true;
      case LogicalSort sort -> aggregates(sort.getInput());
      case LogicalProject project -> aggregates(project.getInput());
      case LogicalFilter filter -> aggregates(filter.getInput());
      default -> false;
    };
  }

  /// A statement with one aggregate on top: peels what stands above it, which applies to the
  /// released answer, and translates what stands below.
  Question question(RelRoot root) throws QueryException {
    List<RelNode> peeled = new ArrayList<>();
    RelNode node = root.rel;
    while (!(node instanceof LogicalAggregate)) {
      peeled.addFirst(node);
      node = node.getInput(0);
    }
    var aggregate = (LogicalAggregate) node;
    requireOneGrouping(aggregate);
    List<Branch> branches = branches(aggregate.getInput());
    List<Integer> keys = aggregate.getGroupSet().asList();
    List<Aggregation> aggregations = aggregations(aggregate);
    return Question.of(
        branches,
        keys,
        aggregations,
        above(root, peeled, released(branches.getFirst(), keys, aggregations)));
  }

  /// The columns of the released answer. A sum outgrows its column's type; nothing is lost in the
  /// one that is said here, since [Evaluation] computes with the numbers as they are.
  private static List<Scalar> released(
      Branch branch, List<Integer> keys, List<Aggregation> aggregations) {
    List<Scalar> columns = new ArrayList<>();
    keys.forEach(
        key -> columns.add(Above.column(columns.size(), branch.outputs().get(key).type())));
    for (Aggregation aggregation : aggregations) {
      columns.add(
          Above.column(
              columns.size(),
              aggregation.aggregate().counts() ? new ColumnType.Int() : new ColumnType.Real()));
    }
    return columns;
  }

  private Above above(RelRoot root, List<RelNode> peeled, List<Scalar> released)
      throws QueryException {
    List<Scalar> outputs = released;
    List<Scalar> having = new ArrayList<>();
    List<Above.Order> order = List.of();
    Optional<LogicalSort> cut = Optional.empty();
    for (RelNode node : peeled) {
      var expressions = expressions(outputs);
      switch (node) {
        case LogicalProject project -> {
          List<Scalar> projected = new ArrayList<>();
          for (RexNode each : project.getProjects()) {
            projected.add(expressions.of(each));
          }
          outputs = projected;
        }
        case LogicalFilter filter -> {
          requireUncut(cut);
          having.add(expressions.of(filter.getCondition()));
        }
        case LogicalSort sort -> {
          requireUncut(cut);
          cut = Optional.of(sort);
          order = order(sort.getCollation(), outputs);
        }
        default -> throw unsupported("what stands above the aggregate");
      }
    }
    List<Scalar> selected = new ArrayList<>();
    for (var field : root.fields) {
      selected.add(outputs.get(field.getKey()));
    }
    var above =
        new Above(
            selected,
            root.fields.stream().map(field -> field.getValue()).toList(),
            having,
            order,
            cut.isPresent() && cut.get().offset != null ? count(cut.get().offset) : 0,
            cut.isPresent() && cut.get().fetch != null
                ? Optional.of(count(cut.get().fetch))
                : Optional.empty());
    above.requireComputable();
    return above;
  }

  private static void requireUncut(Optional<LogicalSort> cut) throws QueryException {
    if (cut.isPresent()) {
      throw unsupported("WHERE, ORDER BY or LIMIT above another ORDER BY or LIMIT");
    }
  }

  private static List<Above.Order> order(RelCollation collation, List<Scalar> outputs)
      throws QueryException {
    List<Above.Order> order = new ArrayList<>();
    for (RelFieldCollation field : collation.getFieldCollations()) {
      Above.Direction direction =
          switch (field.direction) {
            case ASCENDING, STRICTLY_ASCENDING -> Above.Direction.ASCENDING;
            case DESCENDING, STRICTLY_DESCENDING -> Above.Direction.DESCENDING;
            case CLUSTERED -> throw unsupported("this order");
          };
      Above.Nulls nulls =
          switch (field.nullDirection) {
            case FIRST -> Above.Nulls.FIRST;
            case LAST -> Above.Nulls.LAST;
            case UNSPECIFIED ->
                direction == Above.Direction.DESCENDING ? Above.Nulls.FIRST : Above.Nulls.LAST;
          };
      order.add(new Above.Order(outputs.get(field.getFieldIndex()), direction, nulls));
    }
    if (order.size() > MOST_SORT_KEYS) {
      throw unsupported("more than " + MOST_SORT_KEYS + " sort keys");
    }
    return order;
  }

  private static long count(RexNode bound) throws QueryException {
    if (bound instanceof RexLiteral literal
        && literal.getValue() instanceof BigDecimal number
        && number.signum() >= 0
        && number.compareTo(BigDecimal.valueOf(Integer.MAX_VALUE)) <= 0
        && number.stripTrailingZeros().scale() <= 0) {
      return number.longValueExact();
    }
    throw unsupported("this LIMIT or OFFSET");
  }

  private static void requirePlain(AggregateCall call) throws QueryException {
    if (call.filterArg >= 0
        || call.isApproximate()
        || call.ignoreNulls()
        || call.distinctKeys != null
        || !call.rexList.isEmpty()
        || call.getArgList().size() > 1) {
      throw unsupported("this form of " + call.getAggregation().getKind());
    }
  }

  /// -1 without one.
  private static int argument(AggregateCall call) throws QueryException {
    requirePlain(call);
    if (!call.getCollation().getFieldCollations().isEmpty()) {
      throw unsupported("this form of " + call.getAggregation().getKind());
    }
    return call.getArgList().isEmpty() ? -1 : call.getArgList().getFirst();
  }

  private static List<Aggregation> aggregations(LogicalAggregate aggregate) throws QueryException {
    List<Aggregation> all = new ArrayList<>();
    for (AggregateCall call : aggregate.getAggCallList()) {
      if (call.getAggregation().getKind() == SqlKind.PERCENTILE_CONT && !call.isDistinct()) {
        requirePlain(call);
        all.add(quantile(call, aggregate.getInput()));
        continue;
      }
      int argument = argument(call);
      Question.Aggregate kind =
          switch (call.getAggregation().getKind()) {
            case COUNT ->
                argument < 0
                    ? Question.Aggregate.ROWS
                    : call.isDistinct()
                        ? Question.Aggregate.DISTINCT_VALUES
                        : Question.Aggregate.VALUES;
            case SUM -> Question.Aggregate.SUM;
            case AVG -> Question.Aggregate.MEAN;
            case VAR_POP -> Question.Aggregate.VAR_POP;
            case VAR_SAMP -> Question.Aggregate.VAR_SAMP;
            case STDDEV_POP -> Question.Aggregate.STDDEV_POP;
            case STDDEV_SAMP -> Question.Aggregate.STDDEV_SAMP;
            case MIN, MAX ->
                throw new QueryException(
                    Kind.UNSUPPORTED,
                    Position.START,
                    "MIN and MAX over units would be one unit's value",
                    "take them per unit, in a subquery with GROUP BY the unit");
            default ->
                throw unsupported(
                    "an aggregate other than COUNT, SUM, AVG, VARIANCE, STDDEV and MEDIAN");
          };
      if (call.isDistinct() && kind != Question.Aggregate.DISTINCT_VALUES) {
        throw unsupported("DISTINCT in an aggregate other than COUNT");
      }
      all.add(new Aggregation(kind, argument));
    }
    return all;
  }

  /// From above, the quantile q is 1 - q from below.
  private static Aggregation quantile(AggregateCall call, RelNode input) throws QueryException {
    List<RelFieldCollation> order = call.getCollation().getFieldCollations();
    if (call.getArgList().size() == 1
        && order.size() == 1
        && input instanceof LogicalProject project
        && project.getProjects().get(call.getArgList().getFirst()) instanceof RexLiteral literal
        && literal.getValue() instanceof BigDecimal number
        && number.signum() >= 0
        && number.compareTo(BigDecimal.ONE) <= 0
        && number.scale() <= MOST_FRACTION_DIGITS) {
      BigDecimal fraction =
          order.getFirst().direction.isDescending() ? BigDecimal.ONE.subtract(number) : number;
      return new Aggregation(
          Question.Aggregate.QUANTILE,
          order.getFirst().getFieldIndex(),
          Optional.of(fraction.stripTrailingZeros()));
    }
    throw new QueryException(
        Kind.UNSUPPORTED,
        Position.START,
        "a quantile here is of a number between 0 and 1 and one column",
        "write PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY x), or MEDIAN(x)");
  }

  private List<Branch> branches(RelNode node) throws QueryException {
    List<Branch> result =
        switch (node) {
          case LogicalTableScan scan -> {
            String name = scan.getTable().getQualifiedName().getLast();
            yield relations.get(Integer.parseInt(name.substring(1))).branches();
          }
          case LogicalProject project -> project(project);
          case LogicalFilter filter -> filter(filter);
          case LogicalJoin join -> join(join);
          case LogicalUnion union -> union(union);
          case LogicalAggregate aggregate -> {
            requireOneGrouping(aggregate);
            yield List.of(
                perUnit(
                    branches(aggregate.getInput()),
                    aggregate.getGroupSet().asList(),
                    aggregate.getAggCallList()));
          }
          case LogicalSort _ -> throw unsupported("ORDER BY or LIMIT below the aggregate");
          default -> throw unsupported("a part of this query");
        };
    if (result.size() > Relation.MOST_BRANCHES) {
      throw new QueryException(
          Kind.TOO_LARGE,
          Position.START,
          "the query is a UNION ALL of more than " + Relation.MOST_BRANCHES + " parts",
          "join fewer unions with each other");
    }
    return result;
  }

  private static Branch perUnit(List<Branch> input, List<Integer> keys, List<AggregateCall> calls)
      throws QueryException {
    List<Integer> outputs = new ArrayList<>(keys);
    List<Table.PerUnit.Aggregation> aggregations = new ArrayList<>();
    for (AggregateCall call : calls) {
      int argument = argument(call);
      aggregations.add(
          new Table.PerUnit.Aggregation(perUnit(call), argument < 0 ? -1 : outputs.size()));
      if (argument >= 0) {
        outputs.add(argument);
      }
    }
    List<Branch> selected = new ArrayList<>();
    for (Branch branch : input) {
      if (branch.looksAround()) {
        throw unsupported("an aggregate of a subquery that looks at the query around it");
      }
      selected.add(branch.select(outputs.stream().map(branch.outputs()::get).toList()));
    }
    var table = Table.PerUnit.of(selected, keys.size(), aggregations);
    List<Scalar> columns = new ArrayList<>();
    for (int column = 0; column < keys.size() + aggregations.size(); column++) {
      columns.add(new Scalar.Column(0, Table.PerUnit.name(column), table.type(column)));
    }
    return new Branch(
        List.of(
            new Branch.Source(
                table, input.getFirst().sources().getFirst().position(), Optional.empty())),
        List.of(),
        List.of(),
        columns);
  }

  private static void requireOneGrouping(LogicalAggregate aggregate) throws QueryException {
    if (aggregate.getGroupSets().size() != 1) {
      throw unsupported("GROUPING SETS, ROLLUP or CUBE");
    }
  }

  private static Table.PerUnit.Aggregate perUnit(AggregateCall call) throws QueryException {
    Table.PerUnit.Aggregate aggregate =
        switch (call.getAggregation().getKind()) {
          case COUNT ->
              call.getArgList().isEmpty()
                  ? Table.PerUnit.Aggregate.ROWS
                  : call.isDistinct()
                      ? Table.PerUnit.Aggregate.DISTINCT_VALUES
                      : Table.PerUnit.Aggregate.VALUES;
          case SUM -> Table.PerUnit.Aggregate.SUM;
          case AVG -> Table.PerUnit.Aggregate.MEAN;
          case MIN -> Table.PerUnit.Aggregate.LEAST;
          case MAX -> Table.PerUnit.Aggregate.GREATEST;
          default ->
              throw unsupported("an aggregate per unit other than COUNT, SUM, AVG, MIN and MAX");
        };
    if (call.isDistinct() && call.getAggregation().getKind() != SqlKind.COUNT) {
      throw unsupported("DISTINCT in an aggregate other than COUNT");
    }
    return aggregate;
  }

  private List<Branch> project(LogicalProject project) throws QueryException {
    if (!project.getVariablesSet().isEmpty()) {
      throw unsupported("a correlated expression");
    }
    List<Branch> result = new ArrayList<>();
    for (Branch branch : branches(project.getInput())) {
      var expressions = expressions(branch.outputs());
      List<Scalar> outputs = new ArrayList<>();
      for (RexNode expression : project.getProjects()) {
        outputs.add(expressions.of(expression));
      }
      result.add(branch.select(outputs));
    }
    return result;
  }

  private Expressions expressions(List<Scalar> inputs) {
    return new Expressions(inputs, around, texts);
  }

  private List<Branch> filter(LogicalFilter filter) throws QueryException {
    List<Branch> result = new ArrayList<>();
    for (Branch branch : branches(filter.getInput())) {
      filter.getVariablesSet().forEach(row -> around.put(row, branch.outputs()));
      Branch filtered = branch;
      for (RexNode condition : RelOptUtil.conjunctions(filter.getCondition())) {
        filtered = filtered(filtered, condition);
      }
      filter.getVariablesSet().forEach(around::remove);
      result.add(filtered);
    }
    return result;
  }

  private Branch filtered(Branch branch, RexNode condition) throws QueryException {
    if (condition instanceof RexSubQuery subquery) {
      List<Branch> others = branches(subquery.rel);
      if (others.size() > 1) {
        throw unsupported("a UNION ALL in EXISTS or IN");
      }
      return branch.where(true, others.getFirst(), on(subquery));
    }
    if (condition.getKind() == SqlKind.NOT
        && ((RexCall) condition).getOperands().getFirst() instanceof RexSubQuery subquery) {
      Branch filtered = branch;
      for (Branch others : branches(subquery.rel)) {
        requireNoNulls(branch, subquery, others);
        filtered = filtered.where(false, others, on(subquery));
      }
      return filtered;
    }
    return branch.where(expressions(branch.outputs()).of(condition));
  }

  /// What EXISTS or IN demands of a row and one of the subquery's, beside what it says itself.
  private Branch.Joint on(RexSubQuery subquery) throws QueryException {
    return switch (subquery.getKind()) {
      case EXISTS -> _ -> Scalar.Literal.TRUE;
      case IN ->
          outputs -> {
            List<RexNode> operands = subquery.getOperands();
            int columns = subquery.rel.getRowType().getFieldCount();
            List<Scalar> row = outputs.subList(0, outputs.size() - columns);
            List<Scalar> equal = new ArrayList<>();
            for (int index = 0; index < columns; index++) {
              equal.add(
                  Expressions.equal(
                      expressions(row).of(operands.get(index)), outputs.get(row.size() + index)));
            }
            return Scalar.call(Scalar.Function.AND, equal, new ColumnType.Bool());
          };
      default -> throw unsupported("this form of subquery");
    };
  }

  /// One NULL among its values makes NOT IN false for every row; units are never NULL.
  private void requireNoNulls(Branch branch, RexSubQuery subquery, Branch others)
      throws QueryException {
    if (subquery.getKind() == SqlKind.IN
        && !(branch.isUnit(expressions(branch.outputs()).of(subquery.getOperands().getFirst()))
            && others.outputs().size() == 1
            && others.isUnit(others.outputs().getFirst()))) {
      throw new QueryException(
          Kind.UNSUPPORTED,
          others.sources().getFirst().position(),
          "NOT IN is of privacy units only: one NULL in the subquery makes it false for every row",
          "write NOT EXISTS (SELECT 1 FROM … WHERE …)");
    }
  }

  /// (a ∪ b) ⋈ c = (a ⋈ c) ∪ (b ⋈ c), also for bags, and for left joins of c.
  private List<Branch> join(LogicalJoin join) throws QueryException {
    if (!join.getVariablesSet().isEmpty()) {
      throw unsupported("a join with a correlated condition");
    }
    List<Branch> left = branches(join.getLeft());
    List<Branch> right = branches(join.getRight());
    Branch.Joint on = outputs -> expressions(outputs).of(join.getCondition());
    int rightColumns = right.getFirst().outputs().size();
    Branch.Joint swapped = outputs -> on.of(swapped(outputs, rightColumns));
    List<Branch> result = new ArrayList<>();
    switch (join.getJoinType()) {
      case INNER -> {
        for (Branch a : left) {
          for (Branch b : right) {
            Branch pairs = a.times(b);
            result.add(pairs.where(on.of(pairs.outputs())));
          }
          if (result.size() > Relation.MOST_BRANCHES) {
            break;
          }
        }
      }
      case LEFT -> {
        for (Branch a : left) {
          result.add(a.leftJoin(single(right), on));
        }
      }
      case RIGHT -> {
        for (Branch b : right) {
          Branch pairs = b.leftJoin(single(left), swapped);
          result.add(pairs.select(swapped(pairs.outputs(), rightColumns)));
        }
      }
      case FULL -> {
        Branch a = single(left);
        Branch b = single(right);
        result.add(a.leftJoin(b, on));
        List<Scalar> outputs = new ArrayList<>();
        a.outputs().forEach(output -> outputs.add(new Scalar.Null(output.type())));
        outputs.addAll(b.outputs());
        result.add(b.where(false, a, swapped).select(outputs));
      }
      default -> throw unsupported("this kind of join");
    }
    return result;
  }

  /// The first `count` values last.
  private static List<Scalar> swapped(List<Scalar> values, int count) {
    List<Scalar> result = new ArrayList<>(values.subList(count, values.size()));
    result.addAll(values.subList(0, count));
    return result;
  }

  private static Branch single(List<Branch> branches) throws QueryException {
    if (branches.size() > 1) {
      throw unsupported("a UNION ALL that an outer join may leave out");
    }
    return branches.getFirst();
  }

  /// Each column gets one type over all parts.
  private List<Branch> union(LogicalUnion union) throws QueryException {
    List<Branch> parts = new ArrayList<>();
    for (RelNode input : union.getInputs()) {
      parts.addAll(branches(input));
    }
    List<ColumnType> types = new ArrayList<>();
    for (int column = 0; column < parts.getFirst().outputs().size(); column++) {
      List<Scalar> values = new ArrayList<>();
      for (Branch part : parts) {
        values.add(part.outputs().get(column));
      }
      types.add(Expressions.common(values));
    }
    List<Branch> result = new ArrayList<>();
    for (Branch part : parts) {
      List<Scalar> outputs = new ArrayList<>();
      for (int column = 0; column < types.size(); column++) {
        outputs.add(Expressions.coerced(part.outputs().get(column), types.get(column)));
      }
      result.add(part.select(outputs));
    }
    return union.all
        ? result
        : List.of(perUnit(result, IntStream.range(0, types.size()).boxed().toList(), List.of()));
  }

  static QueryException unsupported(String what) {
    return new QueryException(
        Kind.UNSUPPORTED,
        Position.START,
        what + " is not supported here",
        "use joins on the unit, WHERE, EXISTS, UNION ALL and one GROUP BY on top");
  }
}
