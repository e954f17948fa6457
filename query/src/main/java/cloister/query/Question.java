package cloister.query;

import cloister.query.QueryException.Kind;
import cloister.room.Address;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// What a query asks, in canonical form: two texts that differ in layout, names, order of
/// predicates, CTEs or columns become the same branches, keys and aggregations, so that one stored
/// answer serves both.
///
/// The outputs of every branch are first the group keys, then the arguments of the aggregations.
///
/// @param select which column of the answer each output is: a key, or beyond the keys an
///   aggregation
record Question(
    List<Branch> branches,
    int keys,
    List<Aggregation> aggregations,
    List<Integer> select,
    List<String> names,
    List<Order> order,
    long offset,
    Optional<Long> limit) {

  enum Aggregate {
    UNITS,
    ROWS,
    VALUES,
    DISTINCT_VALUES,
    SUM,
    MEAN,
    VAR_POP,
    VAR_SAMP,
    STDDEV_POP,
    STDDEV_SAMP,
    QUANTILE
  }

  /// @param argument the branch output it is over; -1 for units and rows
  /// @param fraction of a quantile, and of nothing else
  record Aggregation(Aggregate aggregate, int argument, Optional<BigDecimal> fraction) {
    Aggregation(Aggregate aggregate, int argument) {
      this(aggregate, argument, Optional.empty());
    }
  }

  enum Direction {
    ASCENDING,
    DESCENDING
  }

  enum Nulls {
    FIRST,
    LAST
  }

  /// @param output the column of the answer, numbered as in `select`
  record Order(int output, Direction direction, Nulls nulls) {}

  /// @param keys the group keys among the outputs of the branches
  /// @param fields which key or, beyond the keys, aggregation each column of the answer is
  static Question of(
      List<Branch> branches,
      List<Integer> keys,
      List<Aggregation> aggregations,
      List<Integer> fields,
      List<String> names,
      List<Order> order,
      long offset,
      Optional<Long> limit)
      throws QueryException {
    List<Branch> sorted = new ArrayList<>();
    for (Branch branch : branches) {
      branch.requireOneUnit();
      sorted.add(branch.canonical());
    }
    sorted.sort(Comparator.comparing(Branch::rows).thenComparing(branch -> text(branch.outputs())));
    requireOneUnit(sorted);

    List<Integer> keyOrder = keys.stream().distinct().sorted(byText(sorted)).toList();
    List<Aggregation> known = aggregations.stream().map(each -> withUnits(each, sorted)).toList();
    List<Integer> arguments =
        known.stream()
            .map(Aggregation::argument)
            .filter(argument -> argument >= 0)
            .distinct()
            .sorted(byText(sorted))
            .toList();
    List<Integer> outputs = new ArrayList<>(keyOrder);
    outputs.addAll(arguments);
    List<Aggregation> renumbered =
        known.stream()
            .map(each ->
                new Aggregation(
                    each.aggregate(),
                    each.argument() < 0 ? -1 : keyOrder.size() + arguments.indexOf(each.argument()),
                    each.fraction()))
            .toList();
    List<Aggregation> aggregationOrder =
        renumbered.stream()
            .distinct()
            .sorted(
                Comparator.comparing(Aggregation::aggregate)
                    .thenComparingInt(Aggregation::argument)
                    .thenComparing(each -> each.fraction().orElse(BigDecimal.ZERO)))
            .toList();
    List<Integer> columns = new ArrayList<>();
    for (int index = 0; index < keys.size() + known.size(); index++) {
      columns.add(
          index < keys.size()
              ? keyOrder.indexOf(keys.get(index))
              : keyOrder.size() + aggregationOrder.indexOf(renumbered.get(index - keys.size())));
    }
    return new Question(
        sorted.stream()
            .map(branch -> branch.select(outputs.stream().map(branch.outputs()::get).toList()))
            .toList(),
        keyOrder.size(),
        aggregationOrder,
        fields.stream().map(columns::get).toList(),
        names,
        order.stream()
            .map(each -> new Order(columns.get(each.output()), each.direction(), each.nulls()))
            .toList(),
        offset,
        limit);
  }

  /// Counting a unit column is counting rows, and counting it distinct is counting units: the unit
  /// is never null, and after the joins all units of a row are one.
  private static Aggregation withUnits(Aggregation aggregation, List<Branch> branches) {
    boolean unit =
        aggregation.argument() >= 0
            && branches.stream()
                .allMatch(branch -> branch.isUnit(branch.outputs().get(aggregation.argument())));
    if (!unit) {
      return aggregation;
    }
    return switch (aggregation.aggregate()) {
      case DISTINCT_VALUES -> new Aggregation(Aggregate.UNITS, -1);
      case VALUES -> new Aggregation(Aggregate.ROWS, -1);
      case UNITS, ROWS, SUM, MEAN, VAR_POP, VAR_SAMP, STDDEV_POP, STDDEV_SAMP, QUANTILE ->
          aggregation;
    };
  }

  /// The parts of a union count the same kind of unit: one person who is in two of them is one.
  private static void requireOneUnit(List<Branch> branches) throws QueryException {
    Branch first = branches.getFirst();
    for (Branch branch : branches) {
      for (Branch.Source source : branch.sources()) {
        var unit = source.unitColumn();
        var other = first.sources().getFirst().unitColumn();
        if (!unit.type().equals(other.type()) || !unit.semantic().equals(other.semantic())) {
          throw new QueryException(
              Kind.JOIN,
              source.position(),
              source.address()
                  + " and "
                  + first.sources().getFirst().address()
                  + " have different kinds of privacy unit",
              "combine datasets whose units have the same type and semantic");
        }
      }
    }
  }

  private static Comparator<Integer> byText(List<Branch> branches) {
    return Comparator.comparing(output ->
        branches.stream()
            .map(branch -> branch.outputs().get(output).canonical())
            .collect(Collectors.joining("|")));
  }

  private static String text(List<Scalar> scalars) {
    return scalars.stream().map(Scalar::canonical).collect(Collectors.joining(";"));
  }

  /// The same for two questions exactly when one answer serves both.
  String canonical() {
    return branches.stream()
            .map(branch -> branch.rows() + " -> " + text(branch.outputs()))
            .collect(Collectors.joining("\n"))
        + "\n"
        + keys
        + " "
        + aggregations;
  }

  /// The groups of datasets that are inner-joined with each other, one per distinct combination.
  List<Set<Address>> groups() {
    return branches.stream()
        .map(Branch::datasets)
        .distinct()
        .sorted(Comparator.comparing(Set::toString))
        .toList();
  }

  List<Scalar> over(int output) {
    return branches.stream().map(branch -> branch.outputs().get(output)).toList();
  }

  IntStream outputs() {
    return IntStream.range(0, branches.getFirst().outputs().size());
  }
}
