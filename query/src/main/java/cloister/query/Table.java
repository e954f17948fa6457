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
import java.util.stream.Stream;

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

  /// How many datasets it reads, each as often as it does.
  int size();

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
    public int size() {
      return 1;
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
  /// With windows nothing is grouped: the keys are all columns of the rows, and each aggregation
  /// looks at the rows of its partition.
  ///
  /// @param branches outputs are keys, then arguments
  /// @param unitKey which of the keys is the unit
  record PerUnit(List<Branch> branches, int unitKey, int keys, List<Aggregation> aggregations)
      implements Table {
    /// Tables per unit of tables per unit grow exponentially.
    private static final int LARGEST = 128;

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
      GREATEST,
      ROW_NUMBER,
      RANK,
      DENSE_RANK;

      /// Whether it counts rows.
      boolean counts() {
        return switch (this) {
          case ROWS, VALUES, DISTINCT_VALUES, ROW_NUMBER, RANK, DENSE_RANK -> true;
          case SUM, MEAN, LEAST, GREATEST -> false;
        };
      }
    }

    /// @param argument the branch output it is over; -1 for rows
    /// @param window present for all or for none
    record Aggregation(Aggregate aggregate, int argument, Optional<Window> window) {}

    /// @param partition branch outputs, the unit among them
    record Window(List<Integer> partition, List<Order> order) {
      Window {
        partition = List.copyOf(partition);
        order = List.copyOf(order);
      }

      private Stream<Integer> outputs() {
        return Stream.concat(partition.stream(), order.stream().map(Order::output));
      }
    }

    record Order(int output, Above.Direction direction, Above.Nulls nulls) {}

    /// @param branches outputs are keys, then arguments
    static PerUnit of(List<Branch> branches, int keys, List<Aggregation> aggregations)
        throws QueryException {
      List<Branch> sorted = new ArrayList<>();
      for (Branch branch : branches) {
        if (branch.looksAround()) {
          throw Translation.unsupported(
              "an aggregate or window in a subquery that looks at the query around it");
        }
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
                      "an aggregate or window below another one does not follow the privacy unit",
                      "add the unit to its GROUP BY or PARTITION BY, or aggregate once, in the"
                          + " outermost SELECT"));
      var table = new PerUnit(sorted, unitKey, keys, aggregations);
      if (table.size() > LARGEST) {
        throw new QueryException(
            Kind.TOO_LARGE,
            sorted.getFirst().sources().getFirst().position(),
            "a table per unit reads at most " + LARGEST + " datasets, each as often as it does",
            "aggregate fewer times, or join fewer tables");
      }
      for (Aggregation aggregation : aggregations) {
        table.requireNumbers(aggregation);
        if (aggregation.window().isPresent()
            && aggregation.window().get().partition().stream()
                .noneMatch(each ->
                    sorted.stream()
                        .allMatch(branch -> branch.isUnit(branch.outputs().get(each))))) {
          throw new QueryException(
              Kind.UNSUPPORTED,
              sorted.getFirst().sources().getFirst().position(),
              "a window function does not partition by the privacy unit",
              "write OVER (PARTITION BY the unit ORDER BY …): it may look at one unit's rows only");
        }
      }
      return table;
    }

    /// Whether its rows are grouped.
    boolean groups() {
      return aggregations.stream().allMatch(each -> each.window().isEmpty());
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

    /// The output of the branches that a column has the value of, or an aggregate of; absent for a
    /// count of rows.
    private Optional<Integer> output(ColumnName name) {
      return aggregation(name)
          .map(each -> Optional.of(each.argument()).filter(argument -> argument >= 0))
          .orElse(Optional.of(index(name)));
    }

    /// All outputs of the branches that a column is computed from. Whose row it is decides about
    /// nobody else's, so a partition by the unit is none of them.
    List<Integer> outputs(ColumnName name) {
      return Stream.concat(
              output(name).stream(),
              aggregation(name).flatMap(Aggregation::window).stream()
                  .flatMap(Window::outputs)
                  .filter(output -> !isUnit(output)))
          .distinct()
          .toList();
    }

    private boolean isUnit(int output) {
      return branches.stream().allMatch(branch -> branch.isUnit(branch.outputs().get(output)));
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
        case ROWS, VALUES, DISTINCT_VALUES, ROW_NUMBER, RANK, DENSE_RANK -> new ColumnType.Int();
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
      String over = aggregation.window().map(each -> over(aggregation, each)).orElse("");
      return switch (aggregation.aggregate()) {
        case ROWS -> "count(*)" + over;
        case VALUES -> "count(" + value + ")" + over;
        case DISTINCT_VALUES -> "count(DISTINCT " + value + ")" + over;
        case SUM -> sum(value, aggregation, over);
        case MEAN ->
            "(CAST("
                + sum(value, aggregation, over)
                + " AS DOUBLE) / NULLIF(count("
                + fixed(value, aggregation)
                + ")"
                + over
                + ", 0))";
        case LEAST -> "min(" + value + ")" + over;
        case GREATEST -> "max(" + value + ")" + over;
        case ROW_NUMBER -> "row_number()" + over;
        case RANK -> "rank()" + over;
        case DENSE_RANK -> "dense_rank()" + over;
      };
    }

    /// Rows that are alike in what orders them are numbered in the order of all their columns;
    /// those that are alike in these too may stand for each other.
    private String over(Aggregation aggregation, Window window) {
      List<String> order = new ArrayList<>();
      for (Order each : window.order()) {
        order.add(
            "o"
                + each.output()
                + (each.direction() == Above.Direction.ASCENDING ? " ASC" : " DESC")
                + (each.nulls() == Above.Nulls.FIRST ? " NULLS FIRST" : " NULLS LAST"));
      }
      if (aggregation.aggregate() == Aggregate.ROW_NUMBER) {
        IntStream.range(0, keys).forEach(key -> order.add("o" + key));
      }
      return window.partition().stream()
              .map(each -> "o" + each)
              .collect(Collectors.joining(", ", " OVER (PARTITION BY ", ""))
          + (order.isEmpty() ? "" : " ORDER BY " + String.join(", ", order))
          + ")";
    }

    private String sum(String value, Aggregation aggregation, String over) {
      return "TRY_CAST(sum("
          + fixed(value, aggregation)
          + ")"
          + over
          + " AS DECIMAL("
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
      boolean counts = column >= keys && aggregations.get(column - keys).aggregate().counts();
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
      return aggregation(name).flatMap(Aggregation::window).isEmpty()
          && output(name)
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
    public int size() {
      return branches.stream().mapToInt(Branch::size).sum();
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
