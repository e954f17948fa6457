package cloister.query;

import cloister.privacy.Bounding;
import cloister.query.QueryException.Kind;
import cloister.query.QueryException.Position;
import cloister.room.Address;
import cloister.room.Column;
import cloister.room.Column.Bounds;
import cloister.room.Column.Semantic;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import cloister.room.Dataset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// What a FROM clause names: rows, each of one privacy unit or, in a table about nobody, of none.
sealed interface Table {
  /// The column that holds the unit; absent in a table about nobody, whose rows are the same
  /// whoever else is there.
  Optional<ColumnName> unit();

  Field field(ColumnName name);

  /// All datasets that it reads.
  Set<Address> datasets();

  /// Those that are of units.
  Set<Address> ofUnits();

  /// Those that are looked at for every row.
  Set<Address> required();

  /// Those with units, of which every row needs one of the same unit.
  Set<Address> matching();

  /// Whether a unit that leaves one dataset may keep some of its rows, or get others.
  boolean unitsMayChange();

  /// The same for equal tables and different for different ones.
  String canonical();

  /// For messages.
  String shown();

  /// What is known of a column.
  ///
  /// @param required whether it is never NULL
  /// @param sums how a sum of it gets its bounds where none are declared
  /// @param count whether it counts rows of a unit, which nothing bounds from above
  record Field(
      ColumnType type,
      Optional<Semantic> semantic,
      boolean required,
      Optional<List<String>> domain,
      Optional<Bounds> bounds,
      Bounding sums,
      boolean count) {}

  /// A dataset.
  record Scan(Dataset dataset) implements Table {
    @Override
    public Optional<ColumnName> unit() {
      return dataset.unit();
    }

    @Override
    public Field field(ColumnName name) {
      Column column =
          dataset
              .column(name)
              .orElseThrow(() -> new IllegalStateException("a scan has declared columns only"));
      return new Field(
          column.type(),
          column.semantic(),
          column.required() || unit().filter(name::equals).isPresent(),
          column.domain(),
          column.bounds(),
          column.sums(),
          false);
    }

    @Override
    public Set<Address> datasets() {
      return Set.of(dataset.address());
    }

    @Override
    public Set<Address> ofUnits() {
      return matching();
    }

    @Override
    public Set<Address> required() {
      return datasets();
    }

    @Override
    public Set<Address> matching() {
      return unit().isPresent() ? datasets() : Set.of();
    }

    @Override
    public boolean unitsMayChange() {
      return false;
    }

    @Override
    public String canonical() {
      return dataset.address().toString();
    }

    @Override
    public String shown() {
      return dataset.address().toString();
    }
  }

  /// Rows grouped by their unit, and maybe more: what a unit's own rows add up to, so it is as
  /// private as they are. Its columns are `c0…`, keys first, then one per aggregation.
  ///
  /// @param branches outputs are keys, then arguments
  /// @param unitKey which of the keys is the unit
  record PerUnit(List<Branch> branches, int unitKey, int keys, List<Aggregation> aggregations)
      implements Table {
    /// Room for a sum of 10^12 values, and for sums of sums.
    private static final int SUM_DIGITS = 25;

    private static final int REAL_DIGITS = 6;

    public PerUnit {
      branches = List.copyOf(branches);
      aggregations = List.copyOf(aggregations);
    }

    enum Aggregate {
      ROWS,
      VALUES,
      DISTINCT_VALUES,
      SUM,
      MEAN,
      LEAST,
      GREATEST
    }

    /// @param argument the branch output it is over; -1 for rows
    record Aggregation(Aggregate aggregate, int argument) {}

    /// @param branches outputs are keys, then arguments
    static PerUnit of(List<Branch> branches, int keys, List<Aggregation> aggregations)
        throws QueryException {
      List<Branch> sorted = new ArrayList<>();
      for (Branch branch : branches) {
        branch.requireOneUnit();
        sorted.add(branch.canonical());
      }
      sorted.sort(
          Comparator.comparing(Branch::rows)
              .thenComparing(each ->
                  each.outputs().stream().map(Scalar::canonical).collect(Collectors.joining(";"))));
      Question.requireOneUnit(sorted);
      int unitKey =
          IntStream.range(0, keys)
              .filter(key -> sorted.stream().allMatch(each -> each.isUnit(each.outputs().get(key))))
              .findFirst()
              .orElseThrow(() ->
                  new QueryException(
                      Kind.UNSUPPORTED,
                      sorted.getFirst().sources().getFirst().position(),
                      "an aggregate below another one does not group by the privacy unit",
                      "add the unit to its GROUP BY, or aggregate once, in the outermost SELECT"));
      var table = new PerUnit(sorted, unitKey, keys, aggregations);
      for (Aggregation aggregation : aggregations) {
        table.requireNumbers(aggregation);
      }
      return table;
    }

    private void requireNumbers(Aggregation aggregation) throws QueryException {
      if ((aggregation.aggregate() == Aggregate.SUM || aggregation.aggregate() == Aggregate.MEAN)
          && !values(aggregation.argument()).stream()
              .allMatch(each -> Above.isNumber(each.type()))) {
        throw new QueryException(
            Kind.TYPE, Position.START, "SUM and AVG are of numbers", "use CAST");
      }
    }

    static ColumnName name(int column) {
      return new ColumnName("c" + column);
    }

    private int index(ColumnName name) {
      return Integer.parseInt(name.value().substring(1));
    }

    /// The aggregation behind a column that is no key.
    Optional<Aggregation> aggregation(ColumnName name) {
      return index(name) < keys
          ? Optional.empty()
          : Optional.of(aggregations.get(index(name) - keys));
    }

    /// The output of the branches behind a column; absent for a count of rows.
    Optional<Integer> output(ColumnName name) {
      return aggregation(name)
          .map(each -> Optional.of(each.argument()).filter(argument -> argument >= 0))
          .orElse(Optional.of(index(name)));
    }

    private List<Scalar> values(int output) {
      return branches.stream().map(branch -> branch.outputs().get(output)).toList();
    }

    ColumnType type(int column) {
      if (column < keys) {
        return values(column).getFirst().type();
      }
      Aggregation aggregation = aggregations.get(column - keys);
      return switch (aggregation.aggregate()) {
        case ROWS, VALUES, DISTINCT_VALUES -> new ColumnType.Int();
        case SUM -> new ColumnType.Decimal(SUM_DIGITS, scale(aggregation));
        case MEAN -> new ColumnType.Real();
        case LEAST, GREATEST -> values(aggregation.argument()).getFirst().type();
      };
    }

    /// The digits after the point that a sum keeps: its values' own, or enough of a double.
    private int scale(Aggregation aggregation) {
      return Math.min(
          SUM_DIGITS / 2,
          values(aggregation.argument()).stream()
              .mapToInt(each ->
                  switch (each.type()) {
                    case ColumnType.Int _ -> 0;
                    case ColumnType.Decimal decimal -> decimal.scale();
                    default -> REAL_DIGITS;
                  })
              .max()
              .orElseThrow());
    }

    /// Its SQL over `o0…`, the outputs. It is the same in whatever order the rows come: sums are of
    /// integers, and -0 is 0.
    String aggregate(int index) {
      Aggregation aggregation = aggregations.get(index);
      String value = "o" + aggregation.argument();
      return switch (aggregation.aggregate()) {
        case ROWS -> "count(*)";
        case VALUES -> "count(" + value + ")";
        case DISTINCT_VALUES -> "count(DISTINCT " + value + ")";
        case SUM -> sum(value, aggregation);
        case MEAN ->
            "(CAST("
                + sum(value, aggregation)
                + " AS DOUBLE) / NULLIF(count("
                + fixed(value, aggregation)
                + "), 0))";
        case LEAST -> "min(" + value + ")";
        case GREATEST -> "max(" + value + ")";
      };
    }

    private String sum(String value, Aggregation aggregation) {
      return "TRY_CAST(sum("
          + fixed(value, aggregation)
          + ") AS DECIMAL("
          + SUM_DIGITS
          + ","
          + scale(aggregation)
          + "))";
    }

    /// What is no finite number of so many digits is no value.
    private String fixed(String value, Aggregation aggregation) {
      return "TRY_CAST(" + value + " AS DECIMAL(" + SUM_DIGITS + "," + scale(aggregation) + "))";
    }

    @Override
    public Optional<ColumnName> unit() {
      return Optional.of(name(unitKey));
    }

    @Override
    public Field field(ColumnName name) {
      int column = index(name);
      Optional<Integer> output = output(name);
      if (column < keys
          && branches.size() == 1
          && values(column).getFirst() instanceof Scalar.Column plain) {
        Branch.Source source = branches.getFirst().source(plain);
        Field field = source.field(plain.name());
        return source.isOptional()
            ? new Field(
                field.type(),
                field.semantic(),
                false,
                field.domain(),
                field.bounds(),
                field.sums(),
                field.count())
            : field;
      }
      boolean counts =
          column >= keys
              && switch (aggregations.get(column - keys).aggregate()) {
                case ROWS, VALUES, DISTINCT_VALUES -> true;
                default -> false;
              };
      return new Field(
          type(column),
          column == unitKey ? unitField().semantic() : Optional.empty(),
          counts || column == unitKey,
          Optional.empty(),
          counts ? Optional.empty() : output.flatMap(this::interval),
          counts ? Bounding.DECLARED : output.map(this::sums).orElse(Bounding.DECLARED),
          counts);
    }

    private Field unitField() {
      return branches.getFirst().unitField();
    }

    private Optional<Bounds> interval(int output) {
      Optional<Bounds> hull = Optional.empty();
      for (Branch branch : branches) {
        Optional<Bounds> own = Interval.of(branch.outputs().get(output), branch);
        if (own.isEmpty()) {
          return Optional.empty();
        }
        hull = Optional.of(hull.map(each -> Interval.hull(each, own.get())).orElse(own.get()));
      }
      return hull;
    }

    /// Automatic if every value is of a column that is.
    private Bounding sums(int output) {
      return branches.stream()
              .allMatch(branch ->
                  branch.outputs().get(output) instanceof Scalar.Column column
                      && branch.source(column).field(column.name()).sums() == Bounding.AUTOMATIC)
          ? Bounding.AUTOMATIC
          : Bounding.DECLARED;
    }

    /// Whether its value is about all rows of a unit: no expression leaves some of them out, and no
    /// 0 stands for a unit without values.
    boolean isPlain(ColumnName name) {
      boolean skips =
          aggregation(name)
              .map(each ->
                  each.aggregate() == Aggregate.VALUES
                      || each.aggregate() == Aggregate.DISTINCT_VALUES)
              .orElse(false);
      return output(name)
          .map(output ->
              branches.stream()
                  .allMatch(branch ->
                      branch.outputs().get(output) instanceof Scalar.Column column
                          && branch.source(column).isPlain(column.name())
                          && !(skips
                              && (branch.source(column).isOptional()
                                  || !branch.source(column).field(column.name()).required()))))
          .orElse(true);
    }

    /// Whether some dataset is in two parts of a union that it is over, at any depth.
    boolean unitesOneDataset() {
      Set<Address> united = new TreeSet<>();
      return branches.stream()
              .anyMatch(branch -> branch.ofUnits().stream().anyMatch(each -> !united.add(each)))
          || branches.stream()
              .flatMap(branch -> branch.sources().stream())
              .anyMatch(
                  source -> source.table() instanceof PerUnit inner && inner.unitesOneDataset());
    }

    @Override
    public Set<Address> datasets() {
      return branches.stream()
          .flatMap(branch -> branch.datasets().stream())
          .collect(Collectors.toCollection(TreeSet::new));
    }

    @Override
    public Set<Address> ofUnits() {
      return branches.stream()
          .flatMap(branch -> branch.ofUnits().stream())
          .collect(Collectors.toCollection(TreeSet::new));
    }

    @Override
    public Set<Address> required() {
      return ofEvery(branches.stream().map(Branch::required).toList());
    }

    @Override
    public Set<Address> matching() {
      return ofEvery(branches.stream().map(Branch::matching).toList());
    }

    private static Set<Address> ofEvery(List<Set<Address>> sets) {
      Set<Address> common = new TreeSet<>(sets.getFirst());
      sets.forEach(common::retainAll);
      return common;
    }

    @Override
    public boolean unitsMayChange() {
      return Branch.unitsMayChange(branches);
    }

    @Override
    public String canonical() {
      return branches.stream()
              .map(branch ->
                  branch.rows() + branch.outputs().stream().map(Scalar::canonical).toList())
              .collect(Collectors.joining(" + ", "per unit (", ")"))
          + unitKey
          + " "
          + keys
          + aggregations;
    }

    @Override
    public String shown() {
      return "the table per unit of "
          + datasets().stream().map(Address::toString).collect(Collectors.joining(" and "));
    }
  }
}
