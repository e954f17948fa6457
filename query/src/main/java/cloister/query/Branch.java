package cloister.query;

import cloister.query.QueryException.Kind;
import cloister.query.QueryException.Position;
import cloister.room.Address;
import cloister.room.Column;
import cloister.room.ColumnName;
import cloister.room.Dataset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The normal form of row-level SQL: rows of `sources`, inner-joined and filtered by all of
/// `conditions`, one `outputs` each. Scans, projections, filters, inner joins, CTEs and inlined
/// analyses all become this; UNION ALL becomes several. What a query reads, and whether it follows
/// the privacy unit, is then plain to see: there is nothing left to look through.
record Branch(List<Source> sources, List<Scalar> conditions, List<Scalar> outputs) {
  static final int MOST_SOURCES = 8;

  Branch {
    sources = List.copyOf(sources);
    conditions = List.copyOf(conditions);
    outputs = List.copyOf(outputs);
  }

  /// One use of a dataset in a FROM clause.
  record Source(Dataset dataset, Position position) {
    Address address() {
      return dataset.address();
    }

    ColumnName unit() {
      return dataset.unit();
    }

    Column unitColumn() {
      return column(unit());
    }

    Column column(ColumnName name) {
      return dataset
          .column(name)
          .orElseThrow(() -> new IllegalStateException("a scan has declared columns only"));
    }
  }

  static Branch scan(Dataset dataset, Position position) {
    return new Branch(
        List.of(new Source(dataset, position)),
        List.of(),
        dataset.columns().stream()
            .<Scalar>map(column -> new Scalar.Column(0, column.name(), column.type()))
            .toList());
  }

  /// All pairs of rows; the outputs of `this` come first.
  Branch times(Branch right) throws QueryException {
    int shift = sources.size();
    if (shift + right.sources.size() > MOST_SOURCES) {
      throw new QueryException(
          Kind.TOO_LARGE,
          right.sources.getFirst().position(),
          "a query joins at most " + MOST_SOURCES + " tables",
          "join fewer tables");
    }
    List<Source> allSources = new ArrayList<>(sources);
    allSources.addAll(right.sources);
    List<Scalar> allConditions = new ArrayList<>(conditions);
    List<Scalar> allOutputs = new ArrayList<>(outputs);
    for (Scalar condition : right.conditions) {
      allConditions.add(shifted(condition, shift));
    }
    for (Scalar output : right.outputs) {
      allOutputs.add(shifted(output, shift));
    }
    return new Branch(allSources, allConditions, allOutputs);
  }

  private static Scalar shifted(Scalar scalar, int shift) throws QueryException {
    return Scalar.replace(
        scalar, column -> new Scalar.Column(column.source() + shift, column.name(), column.type()));
  }

  /// The rows for which `condition` holds too.
  Branch where(Scalar condition) {
    List<Scalar> all = new ArrayList<>(conditions);
    if (condition instanceof Scalar.Call call && call.function() == Scalar.Function.AND) {
      all.addAll(call.arguments());
    } else if (!condition.equals(Scalar.Literal.TRUE)) {
      all.add(condition);
    }
    return new Branch(sources, all, outputs);
  }

  Branch select(List<Scalar> newOutputs) {
    return new Branch(sources, conditions, newOutputs);
  }

  /// The same rows, as if every source stood at `position`.
  Branch at(Position position) {
    return new Branch(
        sources.stream().map(source -> new Source(source.dataset(), position)).toList(),
        conditions,
        outputs);
  }

  /// The same rows with sources in the order of their addresses and conditions in theirs.
  Branch canonical() throws QueryException {
    List<Integer> order =
        IntStream.range(0, sources.size())
            .boxed()
            .sorted(Comparator.comparing(index -> sources.get(index).address()))
            .toList();
    List<Scalar> newConditions = new ArrayList<>();
    for (Scalar condition : conditions) {
      newConditions.add(reordered(condition, order));
    }
    List<Scalar> newOutputs = new ArrayList<>();
    for (Scalar output : outputs) {
      newOutputs.add(reordered(output, order));
    }
    return new Branch(
        order.stream().map(sources::get).toList(),
        newConditions.stream().distinct().sorted(Comparator.comparing(Scalar::canonical)).toList(),
        newOutputs);
  }

  private static Scalar reordered(Scalar scalar, List<Integer> order) throws QueryException {
    return Scalar.replace(
        scalar,
        column -> new Scalar.Column(order.indexOf(column.source()), column.name(), column.type()));
  }

  /// What identifies the rows, apart from the outputs.
  String rows() {
    return sources.stream().map(source -> source.address().toString()).toList()
        + conditions.stream().map(Scalar::canonical).collect(Collectors.joining(" & ", "{", "}"));
  }

  Set<Address> datasets() {
    return sources.stream().map(Source::address).collect(Collectors.toCollection(TreeSet::new));
  }

  /// Whether the expression is exactly the privacy unit of a source.
  boolean isUnit(Scalar scalar) {
    return scalar instanceof Scalar.Column column
        && sources.get(column.source()).unit().equals(column.name());
  }

  /// Whether the condition is that two units are equal, which after [#requireOneUnit] all are.
  boolean isJoin(Scalar condition) {
    return condition instanceof Scalar.Call call
        && call.function() == Scalar.Function.EQUAL
        && call.arguments().stream().allMatch(this::isUnit);
  }

  /// The units of all sources are one value in every row: each source is tied to the first by
  /// equalities of units, and by lineage, whatever the columns are called on the way.
  ///
  /// A unit is compared with units only: what prepared data has in its place is no value of another
  /// column. (Any use but a join is for the terms to deny.)
  void requireOneUnit() throws QueryException {
    int[] group = IntStream.range(0, sources.size()).toArray();
    for (Scalar condition : conditions) {
      if (condition instanceof Scalar.Call call
          && call.function() == Scalar.Function.EQUAL
          && call.arguments().getFirst() instanceof Scalar.Column left
          && call.arguments().getLast() instanceof Scalar.Column right
          && (isUnit(left) || isUnit(right))) {
        if (!isJoin(condition)) {
          throw notOfUnits(left, right);
        }
        int from = group[left.source()];
        int to = group[right.source()];
        for (int index = 0; index < group.length; index++) {
          if (group[index] == from) {
            group[index] = to;
          }
        }
      }
    }
    for (int index = 1; index < group.length; index++) {
      if (group[index] != group[0]) {
        Source left = sources.getFirst();
        Source right = sources.get(index);
        throw new QueryException(
            Kind.JOIN,
            right.position(),
            "the join of "
                + left.address()
                + " with "
                + right.address()
                + " does not follow the privacy unit",
            "join where the unit "
                + left.unit()
                + " of "
                + left.address()
                + " equals the unit "
                + right.unit()
                + " of "
                + right.address());
      }
    }
  }

  private QueryException notOfUnits(Scalar.Column left, Scalar.Column right) {
    return new QueryException(
        Kind.JOIN,
        sources.get(Math.max(left.source(), right.source())).position(),
        "of " + left.name() + " and " + right.name() + " one is a privacy unit and one is not",
        "compare a unit with the units of other datasets only");
  }
}
