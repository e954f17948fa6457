package cloister.query;

import cloister.query.Scalar.Function;
import cloister.room.Address;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import cloister.room.Use;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// How a question uses each column of each dataset it reads. In the normal form every expression is
/// over columns of datasets, so this is one walk; a column that appears nowhere in it is not read.
final class Lineage {
  /// Every 64-bit integer has as many at most.
  private static final int INT_DIGITS = 19;

  private final Map<Address, Map<ColumnName, Set<Use>>> uses = new TreeMap<>();

  static Map<Address, Map<ColumnName, Set<Use>>> of(Question question) throws QueryException {
    var lineage = new Lineage();
    for (Branch branch : question.branches()) {
      lineage.rows(branch);
      for (int key = 0; key < question.keys(); key++) {
        lineage.value(branch, branch.outputs().get(key), Use.GROUP);
      }
      for (Question.Aggregation aggregation : question.aggregations()) {
        switch (aggregation.aggregate()) {
          case UNITS, MATCHED_UNITS, ROWS -> {}
          case VALUES, DISTINCT_VALUES -> lineage.argument(branch, aggregation, Use.COUNT);
          case SUM -> lineage.argument(branch, aggregation, Use.SUM);
          case MEAN, VAR_POP, VAR_SAMP, STDDEV_POP, STDDEV_SAMP, QUANTILE ->
              lineage.argument(branch, aggregation, Use.AVG);
        }
      }
    }
    return lineage.uses;
  }

  /// What decides which rows there are.
  private void rows(Branch branch) throws QueryException {
    for (Branch.Source source : branch.everySource()) {
      source.datasets().forEach(each -> uses.computeIfAbsent(each, _ -> new TreeMap<>()));
      if (source.table() instanceof Table.PerUnit perUnit) {
        table(perUnit);
      }
      for (Scalar each : source.on().orElse(List.of())) {
        condition(branch.sources(), each);
      }
    }
    branch.conditions().forEach(each -> condition(branch.sources(), each));
    for (Branch.Membership membership : branch.memberships()) {
      membership(branch, membership);
    }
  }

  /// Keys say which rows there are; what they and the aggregates are used for is recorded where
  /// that is. The unit ties them to what they are joined with.
  private void table(Table.PerUnit perUnit) throws QueryException {
    for (Branch branch : perUnit.branches()) {
      rows(branch);
      for (int key = 0; perUnit.groups() && key < perUnit.keys(); key++) {
        if (key != perUnit.unitKey()) {
          value(branch, branch.outputs().get(key), Use.GROUP);
        }
      }
      for (Table.PerUnit.Aggregation aggregation : perUnit.aggregations()) {
        switch (aggregation.aggregate()) {
          case ROWS, LEAST, GREATEST, ROW_NUMBER, RANK, DENSE_RANK -> {}
          case VALUES, DISTINCT_VALUES -> argument(branch, aggregation.argument(), Use.COUNT);
          case SUM -> argument(branch, aggregation.argument(), Use.SUM);
          case MEAN -> argument(branch, aggregation.argument(), Use.AVG);
        }
      }
    }
  }

  private void argument(Branch branch, int output, Use use) {
    value(branch, branch.outputs().get(output), use);
  }

  private void argument(Branch branch, Question.Aggregation aggregation, Use use) {
    value(branch, branch.outputs().get(aggregation.argument()), use);
  }

  /// What is compared with another table's column joins; so does whether a left-joined row has
  /// found its unit. A table about nobody may list whatever its owner is curious about, so a
  /// comparison with it filters too.
  private void condition(List<Branch.Source> sources, Scalar condition) {
    if (condition instanceof Scalar.Call call
        && call.function() == Function.EQUAL
        && call.arguments().getFirst() instanceof Scalar.Column left
        && call.arguments().getLast() instanceof Scalar.Column right
        && left.source() != right.source()
        && isOfRows(sources, left)
        && isOfRows(sources, right)) {
      boolean ofUnits =
          sources.get(left.source()).hasUnit() && sources.get(right.source()).hasUnit();
      for (Scalar.Column side : List.of(left, right)) {
        record(sources, side, Use.JOIN);
        if (!ofUnits && sources.get(side.source()).hasUnit()) {
          record(sources, side, Use.FILTER);
        }
      }
      return;
    }
    decided(sources, condition);
  }

  /// What a unit's rows add up to joins nothing: `MIN(email)` would be the unit under another name.
  private static boolean isOfRows(List<Branch.Source> sources, Scalar.Column column) {
    return !(sources.get(column.source()).table() instanceof Table.PerUnit perUnit)
        || perUnit.aggregation(column.name()).isEmpty();
  }

  private void membership(Branch branch, Branch.Membership membership) throws QueryException {
    List<Branch.Source> sources = new ArrayList<>(branch.sources());
    sources.addAll(membership.sources());
    for (Scalar condition : membership.conditions()) {
      condition(sources, membership.numbered(condition, branch.sources().size()));
    }
  }

  /// A column decides about something.
  private void decided(List<Branch.Source> sources, Scalar scalar) {
    if (scalar instanceof Scalar.Call call) {
      if (isMatch(sources, call)) {
        record(sources, (Scalar.Column) call.arguments().getFirst(), Use.JOIN);
      } else {
        call.arguments().forEach(each -> decided(sources, each));
      }
    } else if (scalar instanceof Scalar.Column column) {
      record(sources, column, Use.FILTER);
    }
  }

  private static boolean isMatch(List<Branch.Source> sources, Scalar.Call call) {
    return (call.function() == Function.IS_NULL || call.function() == Function.IS_NOT_NULL)
        && call.arguments().getFirst() instanceof Scalar.Column column
        && sources.get(column.source()).isOptional()
        && sources.get(column.source()).isUnit(column.name());
  }

  /// Everything a value is computed from has the value's use; what decides between values, or
  /// whether there is one, filters too.
  private void value(Branch branch, Scalar scalar, Use use) {
    switch (scalar) {
      case Scalar.Column column -> record(branch.sources(), column, use);
      case Scalar.Literal _, Scalar.Null _ -> {}
      case Scalar.Call call when isMatch(branch.sources(), call) -> decided(branch.sources(), call);
      case Scalar.Call call -> {
        for (int index = 0; index < call.arguments().size(); index++) {
          Scalar argument = call.arguments().get(index);
          if (!isCondition(call, index)) {
            value(branch, argument, use);
          }
          if (decides(call, index)) {
            decided(branch.sources(), argument);
          }
        }
      }
    }
  }

  static boolean isCondition(Scalar.Call call, int argument) {
    return call.function() == Function.CASE
        && argument % 2 == 0
        && argument < call.arguments().size() - 1;
  }

  /// Whether the value of an argument may decide that the call is NULL, or is a truth about it:
  /// COUNT, SUM and AVG pass over a NULL, so either makes them see some values only. Whether an
  /// argument *is* NULL decides in every function; that much each use of a column shows of it.
  private static boolean decides(Scalar.Call call, int argument) {
    return switch (call.function()) {
      case AND,
          OR,
          NOT,
          EQUAL,
          NOT_EQUAL,
          LESS,
          LESS_OR_EQUAL,
          IS_NULL,
          IS_NOT_NULL,
          IS_TRUE,
          IS_NOT_TRUE,
          IS_FALSE,
          IS_NOT_FALSE,
          LIKE,
          NULLIF ->
          true;
      case CASE -> isCondition(call, argument);
      // By zero it gives NULL: COUNT(1 / (x - 42)) is a filter.
      case DIVIDE -> argument == 1;
      // COUNT(CAST(SUBSTRING(name FROM 1 FOR 1) AS INTEGER)) is a filter.
      case CAST -> !isTotal(call.arguments().get(argument).type(), call.type());
      case ADD,
          SUBTRACT,
          MULTIPLY,
          NEGATE,
          ABS,
          FLOOR,
          CEIL,
          COALESCE,
          LOWER,
          UPPER,
          TRIM,
          TRIM_LEADING,
          TRIM_TRAILING,
          SUBSTRING,
          YEAR,
          MONTH,
          DAY,
          START_OF_YEAR,
          START_OF_QUARTER,
          START_OF_MONTH,
          START_OF_WEEK,
          START_OF_DAY ->
          false;
    };
  }

  /// Whether every value of a type becomes one of another.
  private static boolean isTotal(ColumnType from, ColumnType to) {
    return switch (to) {
      case ColumnType.Text _ -> true;
      case ColumnType.Bool _ -> false;
      case ColumnType.Int _ ->
          from instanceof ColumnType.Decimal decimal && whole(decimal) < INT_DIGITS;
      case ColumnType.Decimal decimal ->
          switch (from) {
            case ColumnType.Int _ -> whole(decimal) >= INT_DIGITS;
            // What is rounded may need one more: 9.9 is 10.
            case ColumnType.Decimal other ->
                whole(decimal) >= whole(other) + (decimal.scale() < other.scale() ? 1 : 0);
            default -> false;
          };
      case ColumnType.Real _ ->
          from instanceof ColumnType.Int || from instanceof ColumnType.Decimal;
      case ColumnType.Date _, ColumnType.Timestamp _ ->
          from instanceof ColumnType.Date || from instanceof ColumnType.Timestamp;
    };
  }

  private static int whole(ColumnType.Decimal type) {
    return type.precision() - type.scale();
  }

  private void record(List<Branch.Source> sources, Scalar.Column column, Use use) {
    switch (sources.get(column.source()).table()) {
      case Table.Scan scan ->
          uses.computeIfAbsent(scan.dataset().address(), _ -> new TreeMap<>())
              .computeIfAbsent(column.name(), _ -> EnumSet.noneOf(Use.class))
              .add(use);
      // What it is computed from has the use that it has.
      case Table.PerUnit perUnit ->
          perUnit
              .outputs(column.name())
              .forEach(
                  output -> perUnit.branches().forEach(branch -> argument(branch, output, use)));
    }
  }
}
