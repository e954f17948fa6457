package cloister.query;

import cloister.query.QueryException.Kind;
import cloister.query.QueryException.Position;
import cloister.query.Question.Aggregation;
import cloister.room.ColumnType;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.calcite.rel.RelCollation;
import org.apache.calcite.rel.RelFieldCollation;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelRoot;
import org.apache.calcite.rel.core.AggregateCall;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.logical.LogicalAggregate;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalSort;
import org.apache.calcite.rel.logical.LogicalTableScan;
import org.apache.calcite.rel.logical.LogicalUnion;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlKind;

/// Calcite's plan → the normal form. It is total over what it knows and refuses every other class
/// of node, so a construct that slips past the grammar, or one that a later Calcite invents, fails
/// closed.
final class Translation {
  private static final int MOST_SORT_KEYS = 32;
  private static final int MOST_FRACTION_DIGITS = 6;

  private final List<Relation> relations;
  private final Map<String, Position> texts;

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
    List<Integer> fields = new ArrayList<>();
    root.fields.forEach(field -> fields.add(field.getKey()));
    List<Question.Order> order = new ArrayList<>();
    boolean sorted = false;
    long offset = 0;
    Optional<Long> limit = Optional.empty();
    RelNode node = root.rel;
    while (!(node instanceof LogicalAggregate)) {
      switch (node) {
        case LogicalProject project -> {
          fields.replaceAll(field -> reference(project, field));
          order.replaceAll(each ->
              new Question.Order(
                  reference(project, each.output()), each.direction(), each.nulls()));
          if (fields.contains(-1) || order.stream().anyMatch(each -> each.output() < 0)) {
            throw new QueryException(
                Kind.UNSUPPORTED,
                Position.START,
                "an expression over aggregates or group keys is not supported here",
                "select keys and aggregates as they are and compute with the released answer; a"
                    + " later version does this");
          }
          node = project.getInput();
        }
        case LogicalSort sort -> {
          if (sorted) {
            throw unsupported("ORDER BY or LIMIT twice");
          }
          sorted = true;
          order.addAll(order(sort.getCollation()));
          offset = sort.offset == null ? 0 : count(sort.offset);
          limit = sort.fetch == null ? Optional.empty() : Optional.of(count(sort.fetch));
          node = sort.getInput();
        }
        default -> throw unsupported("what stands above the aggregate");
      }
    }
    var aggregate = (LogicalAggregate) node;
    if (aggregate.getGroupSets().size() != 1) {
      throw unsupported("GROUPING SETS, ROLLUP or CUBE");
    }
    return Question.of(
        branches(aggregate.getInput()),
        aggregate.getGroupSet().asList(),
        aggregations(aggregate),
        fields,
        root.fields.stream().map(field -> field.getValue()).toList(),
        order,
        offset,
        limit);
  }

  private static int reference(LogicalProject project, int field) {
    return project.getProjects().get(field) instanceof RexInputRef input ? input.getIndex() : -1;
  }

  private static List<Question.Order> order(RelCollation collation) throws QueryException {
    List<Question.Order> order = new ArrayList<>();
    for (RelFieldCollation field : collation.getFieldCollations()) {
      Question.Direction direction =
          switch (field.direction) {
            case ASCENDING, STRICTLY_ASCENDING -> Question.Direction.ASCENDING;
            case DESCENDING, STRICTLY_DESCENDING -> Question.Direction.DESCENDING;
            case CLUSTERED -> throw unsupported("this order");
          };
      Question.Nulls nulls =
          switch (field.nullDirection) {
            case FIRST -> Question.Nulls.FIRST;
            case LAST -> Question.Nulls.LAST;
            case UNSPECIFIED ->
                direction == Question.Direction.DESCENDING
                    ? Question.Nulls.FIRST
                    : Question.Nulls.LAST;
          };
      order.add(new Question.Order(field.getFieldIndex(), direction, nulls));
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

  private static List<Aggregation> aggregations(LogicalAggregate aggregate) throws QueryException {
    List<Aggregation> all = new ArrayList<>();
    for (AggregateCall call : aggregate.getAggCallList()) {
      if (call.filterArg >= 0
          || call.isApproximate()
          || call.ignoreNulls()
          || call.distinctKeys != null
          || !call.rexList.isEmpty()
          || call.getArgList().size() > 1) {
        throw unsupported("this form of " + call.getAggregation().getKind());
      }
      if (call.getAggregation().getKind() == SqlKind.PERCENTILE_CONT && !call.isDistinct()) {
        all.add(quantile(call, aggregate.getInput()));
        continue;
      }
      if (!call.getCollation().getFieldCollations().isEmpty()) {
        throw unsupported("this form of " + call.getAggregation().getKind());
      }
      int argument = call.getArgList().isEmpty() ? -1 : call.getArgList().getFirst();
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
          case LogicalFilter filter -> {
            if (!filter.getVariablesSet().isEmpty()) {
              throw unsupported("a correlated condition");
            }
            yield filter(branches(filter.getInput()), filter.getCondition());
          }
          case LogicalJoin join -> join(join);
          case LogicalUnion union -> union(union);
          case LogicalAggregate _ ->
              throw new QueryException(
                  Kind.UNSUPPORTED,
                  Position.START,
                  "an aggregate below another one is not supported here",
                  "aggregate once, in the outermost SELECT");
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

  private List<Branch> project(LogicalProject project) throws QueryException {
    if (!project.getVariablesSet().isEmpty()) {
      throw unsupported("a correlated expression");
    }
    List<Branch> result = new ArrayList<>();
    for (Branch branch : branches(project.getInput())) {
      var expressions = new Expressions(branch.outputs(), texts);
      List<Scalar> outputs = new ArrayList<>();
      for (RexNode expression : project.getProjects()) {
        outputs.add(expressions.of(expression));
      }
      result.add(branch.select(outputs));
    }
    return result;
  }

  private List<Branch> filter(List<Branch> input, RexNode condition) throws QueryException {
    List<Branch> result = new ArrayList<>();
    for (Branch branch : input) {
      result.add(branch.where(new Expressions(branch.outputs(), texts).of(condition)));
    }
    return result;
  }

  /// (a ∪ b) ⋈ c = (a ⋈ c) ∪ (b ⋈ c), also for bags.
  private List<Branch> join(LogicalJoin join) throws QueryException {
    if (join.getJoinType() != JoinRelType.INNER || !join.getVariablesSet().isEmpty()) {
      throw unsupported("a join that is not an inner one");
    }
    List<Branch> right = branches(join.getRight());
    List<Branch> pairs = new ArrayList<>();
    for (Branch left : branches(join.getLeft())) {
      for (Branch each : right) {
        pairs.add(left.times(each));
      }
      if (pairs.size() > Relation.MOST_BRANCHES) {
        break;
      }
    }
    return filter(pairs, join.getCondition());
  }

  /// Each column gets one type over all parts.
  private List<Branch> union(LogicalUnion union) throws QueryException {
    if (!union.all) {
      throw unsupported("UNION without ALL");
    }
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
    return result;
  }

  static QueryException unsupported(String what) {
    return new QueryException(
        Kind.UNSUPPORTED,
        Position.START,
        what + " is not supported here",
        "use inner joins on the unit, WHERE, UNION ALL and one GROUP BY on top");
  }
}
