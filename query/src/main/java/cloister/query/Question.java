package cloister.query;

import cloister.query.QueryException.Kind;
import cloister.room.Address;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// What a query asks, in canonical form: two texts that differ in layout, names, order of
/// predicates, CTEs or columns become the same branches, keys and aggregations, so that one stored
/// answer serves both.
///
/// The outputs of every branch are first the group keys, then the arguments of the aggregations.
///
/// @param above what is computed from the answer; no part of what is asked
record Question(List<Branch> branches, int keys, List<Aggregation> aggregations, Above above) {

  enum Aggregate {
    UNITS,
    MATCHED_UNITS,
    ROWS,
    VALUES,
    DISTINCT_VALUES,
    SUM,
    MEAN,
    VAR_POP,
    VAR_SAMP,
    STDDEV_POP,
    STDDEV_SAMP,
    QUANTILE;

    /// Whether its numbers are counts.
    boolean counts() {
      return switch (this) {
        case UNITS, MATCHED_UNITS, ROWS, VALUES, DISTINCT_VALUES -> true;
        case SUM, MEAN, VAR_POP, VAR_SAMP, STDDEV_POP, STDDEV_SAMP, QUANTILE -> false;
      };
    }
  }

  /// @param argument the branch output it is over; -1 for units and rows
  /// @param fraction of a quantile, and of nothing else
  record Aggregation(Aggregate aggregate, int argument, Optional<BigDecimal> fraction) {
    Aggregation(Aggregate aggregate, int argument) {
      this(aggregate, argument, Optional.empty());
    }
  }

  /// @param keys the group keys among the outputs of the branches
  /// @param above over the keys and then the aggregations in these orders
  static Question of(
      List<Branch> branches, List<Integer> keys, List<Aggregation> aggregations, Above above)
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
        above.renumbered(columns::get));
  }

  /// Counting a unit column is counting rows, and counting it distinct is counting units: the unit
  /// is never null, and after the joins all units of a row are one. That of a left-joined source is
  /// the row's where there is a match.
  private static Aggregation withUnits(Aggregation aggregation, List<Branch> branches) {
    if (aggregation.argument() < 0) {
      return aggregation;
    }
    if (branches.stream()
        .allMatch(branch -> branch.isUnit(branch.outputs().get(aggregation.argument())))) {
      return switch (aggregation.aggregate()) {
        case DISTINCT_VALUES -> new Aggregation(Aggregate.UNITS, -1);
        case VALUES -> new Aggregation(Aggregate.ROWS, -1);
        default -> aggregation;
      };
    }
    return aggregation.aggregate() == Aggregate.DISTINCT_VALUES
            && branches.stream()
                .allMatch(
                    branch -> isUnitOrNull(branch, branch.outputs().get(aggregation.argument())))
        ? new Aggregation(Aggregate.MATCHED_UNITS, aggregation.argument())
        : aggregation;
  }

  private static boolean isUnitOrNull(Branch branch, Scalar value) {
    return value instanceof Scalar.Null || branch.isUnit(value) || branch.isOptionalUnit(value);
  }

  /// The parts of a union count the same kind of unit: one person who is in two of them is one.
  static void requireOneUnit(List<Branch> branches) throws QueryException {
    Branch first = branches.getFirst();
    for (Branch branch : branches) {
      for (Branch.Source source : branch.everySource()) {
        if (source.unit().isEmpty()) {
          continue;
        }
        var unit = source.field(source.unit().get());
        var other = first.unitField();
        if (!unit.type().equals(other.type()) || !unit.semantic().equals(other.semantic())) {
          throw new QueryException(
              Kind.JOIN,
              source.position(),
              source.table().shown()
                  + " and "
                  + first.first().table().shown()
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

  /// All that are read.
  Set<Address> datasets() {
    return branches.stream()
        .flatMap(branch -> branch.datasets().stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /// Whether a unit that leaves one dataset may keep some of its rows, or get others: because they
  /// are of another one, or because of an outer join or of what does not exist.
  boolean unitsMayChange() {
    return Branch.unitsMayChange(branches);
  }

  List<Scalar> over(int output) {
    return branches.stream().map(branch -> branch.outputs().get(output)).toList();
  }

  IntStream outputs() {
    return IntStream.range(0, branches.getFirst().outputs().size());
  }
}
