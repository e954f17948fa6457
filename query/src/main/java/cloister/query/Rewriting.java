package cloister.query;

import cloister.privacy.Bounding;
import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Measure;
import cloister.privacy.Measure.Sides;
import cloister.privacy.Measure.Statistic;
import cloister.privacy.ReleasePlan;
import cloister.privacy.ReleasePlan.Counter;
import cloister.privacy.ReleasePlan.GroupKey;
import cloister.privacy.ReleasePlan.Traced;
import cloister.query.QueryException.Kind;
import cloister.query.QueryException.Position;
import cloister.query.Question.Aggregate;
import cloister.query.Question.Aggregation;
import cloister.room.Address;
import cloister.room.Column.Bounds;
import cloister.room.ColumnType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A question → DuckDB's SQL and the release plan that goes with it.
///
/// The rows of all branches are `r`: the keys `k0…`, the unit `u`, the arguments `x0…` as integers
/// of their granularity where they are summed, and with datasets that not every row is of, whether
/// a row is: `p0…`.
///
/// What [Measure] asks to be dropped first is not there: ingestion keeps no row without a unit or
/// with a value outside a declared domain, joins need equal units, and a key has a domain only
/// where it is a plain column. (Neither would break privacy: rows without a unit would be one
/// unit's, and a group outside the domains is not released.)
///
/// Without noise one aggregation of `r` is the answer, and every number in it is about enough units
/// ([#requireManyUnits]); where a dataset demands more than one, its units are traced
/// ([TracedSql]). With noise
/// - joined sources have a bounded number of rows of each unit ([RowSql]),
/// - `p` aggregates `r` per unit and group and clamps,
/// - `b` keeps `groupsPerUnit` groups of each unit, chosen by a keyed hash of the unit's own rows,
/// - the outer SELECT adds up, so that one unit moves each cell by no more than its bound.
///
/// Values become integers before the first sum: a sum of doubles depends on the order of rows, and
/// one unit's rows could flip the last bit of everybody else's sum.
final class Rewriting {
  /// Sums of 10^12 rows of such integers stay below 2^127: a HUGEINT that overflows is an error
  /// that depends on data.
  private static final int MOST_SUMMED_DIGITS = 25;

  /// Doubles are summed in steps of a millionth, or of a millionth of small bounds.
  private static final int REAL_DIGITS = 6;

  /// Every 64-bit integer has as many at most.
  private static final int INTEGER_DIGITS = 19;

  /// A unit's rows in a group are counted up to 2^30.
  private static final int ROW_BITS = 30;

  /// Edges for a unit's total leave room for 2^10 rows of its type's largest value.
  private static final int MANY_ROWS_BITS = 10;

  private final Question question;
  private final Map<Address, Integer> minimumUnits;
  private final Optional<DifferentialPrivacy> noise;
  private final String nonce;
  private final List<Presence> presences;

  private final RowSql rowSql;

  private Rewriting(
      Question question,
      Map<Address, Integer> minimumUnits,
      Optional<DifferentialPrivacy> noise,
      String nonce) {
    this.question = question;
    this.minimumUnits = minimumUnits;
    this.noise = noise;
    this.nonce = nonce;
    this.presences = presences(question);
    this.rowSql = new RowSql(question.datasets(), noise.isPresent(), nonce);
  }

  static Compiled compile(
      Question question,
      Map<Address, Integer> minimumUnits,
      Optional<DifferentialPrivacy> noise,
      String nonce)
      throws QueryException {
    return new Rewriting(question, minimumUnits, noise, nonce).compiled();
  }

  private static void requireGroupsThatNoiseCanHide(List<GroupKey> keys, DifferentialPrivacy noise)
      throws QueryException {
    if (!ReleasePlan.isListed(keys)) {
      if (noise.delta().equals(Delta.ZERO)) {
        throw new QueryException(
            Kind.UNSUPPORTED,
            Position.START,
            "groups by a column without a declared domain need a delta above 0, and the terms give"
                + " none",
            "group by columns with a `domain`, or have the owners add a `delta` to their terms");
      }
    } else if (ReleasePlan.combinations(keys) > ReleasePlan.LARGEST_LISTING) {
      throw new QueryException(
          Kind.TOO_LARGE,
          Position.START,
          "the domains of the group keys have more than "
              + ReleasePlan.LARGEST_LISTING
              + " combinations",
          "group by fewer columns");
    }
  }

  private Compiled compiled() throws QueryException {
    if (noise.isEmpty()) {
      requireManyUnits();
    }
    List<GroupKey> keys = IntStream.range(0, question.keys()).mapToObj(this::key).toList();
    List<Counter> counters = counted().stream().map(Counted::counter).toList();
    if (counters.size() > ReleasePlan.MOST_COUNTERS) {
      throw new QueryException(
          Kind.TOO_LARGE,
          Position.START,
          "too many measures over a UNION ALL of too many parts",
          "ask for fewer measures at once");
    }
    List<Measure> measures = new ArrayList<>();
    for (int index = 0; index < question.aggregations().size(); index++) {
      measures.add(measure(index));
    }
    if (measures.size() > ReleasePlan.MOST_MEASURES) {
      throw new QueryException(
          Kind.TOO_LARGE,
          Position.START,
          "more than " + ReleasePlan.MOST_MEASURES + " different measures",
          "ask for fewer at once");
    }
    if (noise.isPresent()) {
      requireGroupsThatNoiseCanHide(keys, noise.get());
    }
    List<TracedUnits> traced = traced();
    var release =
        new ReleasePlan(
            keys,
            counters,
            measures,
            question.unitsMayChange(),
            noise,
            traced.stream().map(TracedUnits::plan).toList());
    String sql;
    if (noise.isPresent()) {
      sql = noisy(noise.get(), keys, measures);
    } else {
      sql =
          traced.isEmpty()
              ? direct()
              : traced(traced, release.buckets(), counters.getFirst().minimumUnits());
    }
    int cells = measures.stream().mapToInt(Measure::cells).sum();
    int lists = measures.stream().mapToInt(Measure::lists).sum() + traced.size();
    Map<String, Address> tables = new TreeMap<>();
    List<Address> datasets = datasets();
    datasets.forEach(dataset -> tables.put(rowSql.table(dataset), dataset));
    return new Compiled(
        release, new EngineQuery(sql, tables, keys.size(), counters.size(), cells, lists));
  }

  private List<Address> datasets() {
    return List.copyOf(question.datasets());
  }

  // What is released

  /// A plain column with a declared domain in every branch has a public one; NULL belongs to it
  /// where a column may be null.
  private GroupKey key(int key) {
    Set<Optional<String>> domain = new LinkedHashSet<>();
    for (Branch branch : question.branches()) {
      if (!(branch.outputs().get(key) instanceof Scalar.Column reference)) {
        return new GroupKey("k" + key, Optional.empty());
      }
      Table.Field column = branch.source(reference).field(reference.name());
      if (column.domain().isEmpty()) {
        return new GroupKey("k" + key, Optional.empty());
      }
      column.domain().get().forEach(value -> domain.add(Optional.of(value)));
      if (!column.required() || branch.source(reference).isOptional()) {
        domain.add(Optional.empty());
      }
    }
    return new GroupKey("k" + key, Optional.of(List.copyOf(domain)));
  }

  /// Datasets of which some rows are and some are not, by the same conditions.
  ///
  /// @param conditions per branch, when a row is of them
  /// @param optional whether they are left-joined everywhere: no row has to be of them
  private record Presence(Set<Address> datasets, List<String> conditions, boolean optional) {}

  /// With noise, what a left-joined dataset demands is demanded of all units.
  private boolean isCounted(Presence presence) {
    return noise.isEmpty() || !presence.optional();
  }

  /// Some rows of a table per unit are of a dataset and some are not; nobody knows which.
  private static final String IN_A_TABLE_PER_UNIT = "NULL";

  private static List<Presence> presences(Question question) {
    Map<List<String>, Set<Address>> alike = new LinkedHashMap<>();
    Set<Address> datasets = new TreeSet<>();
    question.branches().forEach(branch -> datasets.addAll(branch.ofUnits()));
    for (Address dataset : datasets) {
      List<String> conditions =
          question.branches().stream().map(branch -> presence(branch, dataset)).toList();
      if (!conditions.stream().allMatch("true"::equals)) {
        alike.computeIfAbsent(conditions, _ -> new TreeSet<>()).add(dataset);
      }
    }
    return alike.entrySet().stream()
        .map(each ->
            new Presence(
                each.getValue(), each.getKey(), each.getKey().stream().noneMatch("true"::equals)))
        .toList();
  }

  private static String presence(Branch branch, Address dataset) {
    if (branch.required().contains(dataset)) {
      return "true";
    }
    List<String> matches =
        IntStream.range(0, branch.sources().size())
            .filter(source -> branch.sources().get(source).isOptional())
            .filter(source -> branch.sources().get(source).hasUnit())
            .filter(source -> branch.sources().get(source).table().required().contains(dataset))
            .mapToObj(source -> RowSql.unit(source, branch) + " IS NOT NULL")
            .toList();
    if (matches.isEmpty() && branch.datasets().contains(dataset)) {
      return IN_A_TABLE_PER_UNIT;
    }
    return matches.isEmpty() ? "false" : "(" + String.join(" OR ", matches) + ")";
  }

  /// A counter, and which rows it counts the units of: `true` for all.
  private record Counted(Counter counter, String rows) {
    /// Without noise, among the columns of `r`.
    String direct(int number) {
      return "count(DISTINCT u)"
          + (rows.equals("true") ? "" : " FILTER (WHERE " + rows + ")")
          + " AS n"
          + number;
    }
  }

  /// All units first, at least so many as any dataset demands; so a dataset that is left-joined
  /// binds the units of the group, matched or not. Then those of each dataset that some rows do
  /// without. Without noise what matches, and what does not, are none or so many. Then what is
  /// asked for.
  private List<Counted> counted() {
    List<Counted> all = new ArrayList<>();
    all.add(new Counted(counter(question.datasets()), "true"));
    for (int index = 0; index < presences.size(); index++) {
      Presence presence = presences.get(index);
      if (!presence.optional()) {
        all.add(new Counted(counter(presence.datasets()), "p" + index));
      } else if (noise.isEmpty()) {
        Counter counter = counter(presence.datasets()).orElseNone();
        all.add(new Counted(counter, "p" + index));
        all.add(new Counted(counter, "NOT p" + index));
      }
    }
    for (int index = 0; index < question.aggregations().size(); index++) {
      if (question.aggregations().get(index).aggregate() == Aggregate.MATCHED_UNITS) {
        // A dataset that is in the rows anyway has no presence: what matches is counted by itself.
        Counter counter =
            noise.isPresent()
                ? Counter.only("matched units")
                : counter(question.datasets()).orElseNone();
        all.add(new Counted(counter, "x" + index + " IS NOT NULL"));
        if (noise.isEmpty()) {
          all.add(new Counted(counter, "x" + index + " IS NULL"));
        }
      }
    }
    valueCounts().forEach(each -> all.addAll(each));
    return all;
  }

  private int matched(Aggregation aggregation) {
    String rows = "x" + question.aggregations().indexOf(aggregation) + " IS NOT NULL";
    List<Counted> all = counted();
    return IntStream.range(0, all.size())
        .filter(index -> all.get(index).rows().equals(rows))
        .findFirst()
        .orElseThrow();
  }

  private Counter counter(Set<Address> datasets) {
    return new Counter(
        datasets.stream().map(Address::toString).collect(Collectors.joining(" and ")),
        datasets.stream().mapToInt(this::minimum).max().orElseThrow());
  }

  /// Exact numbers obey a minimum of units only if each is about every row that its counters count.
  /// What an expression does to the rows of one unit is invisible to a counter, and so is what one
  /// of two overlapping parts of a union lacks: `SUM` over `x` and over `-x WHERE zip <> '1'` is
  /// the sum of those at '1'. Little is lost: a sum of sums is the sum of two columns, a condition
  /// belongs to WHERE or GROUP BY, and grouping by a column counts its values, as far as enough
  /// units have them.
  private void requireManyUnits() throws QueryException {
    if (presences.stream().anyMatch(each -> each.conditions().contains(IN_A_TABLE_PER_UNIT))) {
      throw new QueryException(
          Kind.NEEDS_NOISE,
          Position.START,
          "without noise a table per unit is of rows that all are of the same datasets",
          "aggregate each part of a UNION ALL or outer join by itself");
    }
    if (question.branches().stream()
        .flatMap(branch -> branch.sources().stream())
        .anyMatch(source ->
            source.table() instanceof Table.PerUnit perUnit && perUnit.unitesOneDataset())) {
      throw new QueryException(
          Kind.NEEDS_NOISE,
          Position.START,
          "without noise a table per unit is of one part of a UNION: two parts may differ by one"
              + " unit",
          "put the condition into WHERE or GROUP BY, and read each dataset once");
    }
    for (Aggregation aggregation : question.aggregations()) {
      if (aggregation.aggregate() == Aggregate.DISTINCT_VALUES) {
        throw new QueryException(
            Kind.NEEDS_NOISE,
            Position.START,
            "without noise COUNT(DISTINCT …) is of the privacy unit only: a value may be one unit's",
            "GROUP BY it: the answer has a row for each value that enough units have");
      }
      if (aggregation.aggregate() == Aggregate.QUANTILE) {
        throw new QueryException(
            Kind.NEEDS_NOISE,
            Position.START,
            "without noise there are no medians and quantiles: each is one unit's value",
            "ask for AVG and STDDEV, or GROUP BY ranges of the value");
      }
      if (aggregation.argument() >= 0
          && aggregation.aggregate() != Aggregate.MATCHED_UNITS
          && !question.branches().stream()
              .allMatch(branch ->
                  branch.outputs().get(aggregation.argument()) instanceof Scalar.Column column
                      && branch.source(column).isPlain(column.name()))) {
        throw new QueryException(
            Kind.NEEDS_NOISE,
            Position.START,
            "without noise COUNT, SUM, AVG, VARIANCE and STDDEV are of a column as it is: an"
                + " expression may be of one unit",
            "put the condition into WHERE or GROUP BY, and compute with the answer's numbers");
      }
    }
    Set<Address> united = new HashSet<>();
    for (Branch branch : question.branches()) {
      for (Address dataset : branch.ofUnits()) {
        if (!united.add(dataset)) {
          throw new QueryException(
              Kind.NEEDS_NOISE,
              branch.sources().getFirst().position(),
              "without noise "
                  + dataset
                  + " is in one part of a UNION ALL or FULL JOIN only: two parts may differ by one unit",
              "put the condition into WHERE or GROUP BY, and read each dataset once");
        }
      }
    }
  }

  /// The units with a value of an argument, for measures without noise whose argument may be NULL.
  /// A sum's NULL is also NaN and the infinities.
  private List<List<Counted>> valueCounts() {
    Map<Integer, Set<Integer>> measures = new TreeMap<>();
    for (int index = 0; noise.isEmpty() && index < question.aggregations().size(); index++) {
      Aggregation aggregation = question.aggregations().get(index);
      if (aggregation.argument() >= 0
          && aggregation.aggregate() != Aggregate.MATCHED_UNITS
          && mayBeNull(aggregation.argument())) {
        int alike = question.aggregations().indexOf(withTheSameNulls(aggregation));
        measures.computeIfAbsent(alike, _ -> new TreeSet<>()).add(index);
      }
    }
    return measures.entrySet().stream()
        .map(each -> valueCounts("x" + each.getKey() + " IS NOT NULL", each.getValue()))
        .toList();
  }

  private List<Counted> valueCounts(String hasValue, Set<Integer> measures) {
    List<Counted> counts = new ArrayList<>();
    if (presences.stream().allMatch(Presence::optional)) {
      counts.add(new Counted(counter(question.datasets()).of(measures), hasValue));
    }
    for (int index = 0; index < presences.size(); index++) {
      if (!presences.get(index).optional()) {
        counts.add(
            new Counted(
                counter(presences.get(index).datasets()).of(measures),
                hasValue + " AND p" + index));
      }
    }
    return counts;
  }

  /// The first that is over the same values: a count of doubles counts NaN, and a sum does not.
  private Aggregation withTheSameNulls(Aggregation aggregation) {
    boolean exact = isExact(aggregation);
    return question.aggregations().stream()
        .filter(each ->
            each.argument() == aggregation.argument()
                && (exact
                    || (each.aggregate() == Aggregate.VALUES)
                        == (aggregation.aggregate() == Aggregate.VALUES)))
        .findFirst()
        .orElseThrow();
  }

  private boolean mayBeNull(int argument) {
    return question.branches().stream()
        .anyMatch(branch ->
            branch.outputs().get(argument) instanceof Scalar.Column column
                && (column.type() instanceof ColumnType.Real
                    || branch.source(column).isOptional()
                    || !branch.source(column).field(column.name()).required()));
  }

  private int minimum(Address dataset) {
    Integer minimum = minimumUnits.get(dataset);
    if (minimum == null) {
      throw new IllegalArgumentException("no minimum units are given for " + dataset);
    }
    return minimum;
  }

  private Measure measure(int index) throws QueryException {
    Aggregation aggregation = question.aggregations().get(index);
    int moments = moments(index);
    if (moments != index) {
      return aggregation.fraction().isPresent()
          ? new Measure.AnotherQuantile(moments, aggregation.fraction().get())
          : new Measure.Another(moments, statistic(aggregation));
    }
    if (isClipped(aggregation)) {
      return clipped(aggregation);
    }
    return switch (aggregation.aggregate()) {
      case UNITS -> new Measure.Units(0);
      case MATCHED_UNITS -> new Measure.Units(matched(aggregation));
      case ROWS, VALUES -> new Measure.Rows();
      case DISTINCT_VALUES -> new Measure.DistinctValues();
      case SUM -> {
        Grid grid = grid(aggregation);
        yield new Measure.Sum(grid.granularity(), grid.lower(), grid.upper());
      }
      case MEAN, VAR_POP, VAR_SAMP, STDDEV_POP, STDDEV_SAMP -> {
        if (!isSquared(aggregation)) {
          Grid grid = grid(aggregation);
          yield new Measure.Mean(grid.granularity(), grid.lower(), grid.upper());
        }
        yield squared(aggregation);
      }
      case QUANTILE -> {
        Grid grid = grid(aggregation);
        yield new Measure.Quantile(
            aggregation.fraction().orElseThrow(), grid.granularity(), grid.lower(), grid.upper());
      }
    };
  }

  /// Whether noise has to find the bounds of what a unit adds up to, because the terms declare none
  /// and leave it to noise.
  private boolean isClipped(Aggregation aggregation) {
    return noise.isPresent()
        && switch (aggregation.aggregate()) {
          case ROWS, VALUES -> noise.get().rows() == Bounding.AUTOMATIC;
          case SUM -> bounds(aggregation).isEmpty() && isAutomatic(aggregation);
          case UNITS,
              MATCHED_UNITS,
              DISTINCT_VALUES,
              MEAN,
              VAR_POP,
              VAR_SAMP,
              STDDEV_POP,
              STDDEV_SAMP,
              QUANTILE ->
              false;
        };
  }

  /// Whether the owner of every column that a value is computed from either declares its bounds or
  /// leaves them to noise, and some owner the latter.
  private boolean isAutomatic(Aggregation aggregation) {
    return question.branches().stream()
        .allMatch(branch -> {
          Scalar argument = branch.outputs().get(aggregation.argument());
          if (Interval.of(argument, branch).isPresent()) {
            return true;
          }
          List<Table.Field> columns = new ArrayList<>();
          valueColumns(argument, branch, columns);
          return columns.stream()
                  .allMatch(each -> each.sums() == Bounding.AUTOMATIC || each.bounds().isPresent())
              && columns.stream().anyMatch(each -> each.sums() == Bounding.AUTOMATIC);
        });
  }

  /// What only decides between values has no say.
  private static void valueColumns(Scalar scalar, Branch branch, List<Table.Field> columns) {
    switch (scalar) {
      case Scalar.Column reference -> columns.add(branch.source(reference).field(reference.name()));
      case Scalar.Literal _, Scalar.Null _ -> {}
      case Scalar.Call call -> {
        for (int index = 0; index < call.arguments().size(); index++) {
          if (!Lineage.isCondition(call, index)) {
            valueColumns(call.arguments().get(index), branch, columns);
          }
        }
      }
    }
  }

  private Measure.Clipped clipped(Aggregation aggregation) throws QueryException {
    if (aggregation.aggregate() != Aggregate.SUM) {
      return new Measure.Clipped(BigDecimal.ONE, Sides.POSITIVE, ROW_BITS);
    }
    Grid grid = grid(aggregation);
    int bits = steps(aggregation, grid).toBigInteger().bitLength() + MANY_ROWS_BITS;
    return new Measure.Clipped(
        grid.granularity(), Sides.BOTH, Math.min(bits, Measure.Clipped.MOST_BITS));
  }

  /// The aggregation whose moments this one is a statistic of: itself, or another of the same
  /// values, so that AVG, VARIANCE, STDDEV and COUNT of one column share three numbers and their
  /// noise. A COUNT of doubles is not among them, since it counts NaN. All quantiles of one column
  /// share a histogram likewise.
  private int moments(int index) {
    Aggregation aggregation = question.aggregations().get(index);
    if (aggregation.aggregate() == Aggregate.QUANTILE) {
      return IntStream.range(0, question.aggregations().size())
          .filter(each ->
              question.aggregations().get(each).aggregate() == Aggregate.QUANTILE
                  && question.aggregations().get(each).argument() == aggregation.argument())
          .findFirst()
          .orElseThrow();
    }
    boolean counts =
        aggregation.aggregate() == Aggregate.VALUES
            && isExact(aggregation)
            && !isClipped(aggregation);
    if (!counts && !hasMoments(aggregation)) {
      return index;
    }
    return IntStream.range(0, question.aggregations().size())
        .filter(each -> hasMoments(question.aggregations().get(each)))
        .filter(each -> question.aggregations().get(each).argument() == aggregation.argument())
        .findFirst()
        .orElse(index);
  }

  private static boolean hasMoments(Aggregation aggregation) {
    return switch (aggregation.aggregate()) {
      case MEAN, VAR_POP, VAR_SAMP, STDDEV_POP, STDDEV_SAMP -> true;
      case UNITS, MATCHED_UNITS, ROWS, VALUES, DISTINCT_VALUES, SUM, QUANTILE -> false;
    };
  }

  /// Whether somebody asks for a variance of the values.
  private boolean isSquared(Aggregation aggregation) {
    return question.aggregations().stream()
        .anyMatch(each ->
            each.argument() == aggregation.argument()
                && hasMoments(each)
                && each.aggregate() != Aggregate.MEAN);
  }

  private static Statistic statistic(Aggregation aggregation) {
    return switch (aggregation.aggregate()) {
      case VALUES -> Statistic.COUNT;
      case MEAN -> Statistic.MEAN;
      case VAR_POP -> Statistic.VAR_POP;
      case VAR_SAMP -> Statistic.VAR_SAMP;
      case STDDEV_POP -> Statistic.STDDEV_POP;
      case STDDEV_SAMP -> Statistic.STDDEV_SAMP;
      case UNITS, MATCHED_UNITS, ROWS, DISTINCT_VALUES, SUM, QUANTILE ->
          throw new IllegalArgumentException("it is no statistic of moments");
    };
  }

  /// Without noise nothing is clamped, so the range is what the values' type can hold: squares of
  /// anything within it can be added up.
  private Measure.Moments squared(Aggregation aggregation) throws QueryException {
    Grid grid = grid(aggregation);
    if (noise.isPresent()) {
      return new Measure.Moments(
          statistic(aggregation), grid.granularity(), grid.lower(), grid.upper());
    }
    BigDecimal largest = steps(aggregation, grid).movePointLeft(grid.digits());
    return new Measure.Moments(
        statistic(aggregation), grid.granularity(), largest.negate(), largest);
  }

  /// A bound of the integers that stand for values of the argument's type.
  private BigDecimal steps(Aggregation aggregation, Grid grid) {
    if (!isExact(aggregation)) {
      return BigDecimal.ONE.movePointRight(MOST_SUMMED_DIGITS - 1);
    }
    int wholeDigits =
        question.over(aggregation.argument()).stream()
            .mapToInt(each ->
                each.type() instanceof ColumnType.Decimal decimal
                    ? decimal.precision() - decimal.scale()
                    : INTEGER_DIGITS)
            .max()
            .orElseThrow();
    return BigDecimal.ONE.movePointRight(wholeDigits + grid.digits());
  }

  /// The integers that stand for an argument's values: multiples of 10^-digits, from lower to
  /// upper.
  private record Grid(int digits, BigDecimal lower, BigDecimal upper) {
    BigDecimal granularity() {
      return BigDecimal.ONE.movePointLeft(digits);
    }

    String lowest() {
      return hugeint(lower.movePointRight(digits).toBigIntegerExact());
    }

    String highest() {
      return hugeint(upper.movePointRight(digits).toBigIntegerExact());
    }
  }

  /// What the owners' bounds say of an argument in all branches.
  private Optional<Bounds> bounds(Aggregation aggregation) {
    Optional<Bounds> bounds = Optional.empty();
    for (Branch branch : question.branches()) {
      Optional<Bounds> own = Interval.of(branch.outputs().get(aggregation.argument()), branch);
      if (own.isEmpty()) {
        return Optional.empty();
      }
      bounds = Optional.of(bounds.map(other -> Interval.hull(other, own.get())).orElse(own.get()));
    }
    return bounds;
  }

  private Grid grid(Aggregation aggregation) throws QueryException {
    Optional<Bounds> bounds = bounds(aggregation);
    if (bounds.isEmpty() && noise.isPresent() && !isClipped(aggregation)) {
      throw new QueryException(
          Kind.UNBOUNDED,
          Position.START,
          "a SUM, AVG, STDDEV or MEDIAN under noise is over something without declared bounds",
          "use a column whose owner declares bounds, or ask the owner to; a SUM may also do with"
              + " `bounds: auto`");
    }
    int digits = digits(aggregation, bounds);
    // Bounds of a wider type than the sum's would let a clamp itself overflow the outer sum.
    BigDecimal largest = BigDecimal.ONE.movePointRight(MOST_SUMMED_DIGITS - digits);
    BigDecimal lower = bounds.map(Bounds::lower).orElse(largest.negate());
    BigDecimal upper = bounds.map(Bounds::upper).orElse(largest);
    return new Grid(
        digits,
        lower.min(largest).max(largest.negate()).setScale(digits, RoundingMode.FLOOR),
        upper.min(largest).max(largest.negate()).setScale(digits, RoundingMode.CEILING));
  }

  private int digits(Aggregation aggregation, Optional<Bounds> bounds) {
    if (isExact(aggregation)) {
      return question.over(aggregation.argument()).stream()
          .mapToInt(each -> each.type() instanceof ColumnType.Decimal decimal ? decimal.scale() : 0)
          .max()
          .orElseThrow();
    }
    int magnitude =
        bounds
            .map(each -> each.lower().abs().max(each.upper().abs()))
            .filter(largest -> largest.signum() > 0)
            .map(largest -> largest.precision() - largest.scale())
            .orElse(1);
    return Math.clamp(REAL_DIGITS - (long) Math.min(0, magnitude), 0, 2 * REAL_DIGITS);
  }

  /// Whether the argument is summed in its own digits; otherwise it goes by way of a double.
  private boolean isExact(Aggregation aggregation) {
    return question.over(aggregation.argument()).stream()
        .allMatch(each ->
            each.type() instanceof ColumnType.Int
                || (each.type() instanceof ColumnType.Decimal decimal
                    && decimal.precision() <= MOST_SUMMED_DIGITS
                    && decimal.precision() + decimal.scale() < 38));
  }

  // The rows

  private String rows() throws QueryException {
    List<String> branches = new ArrayList<>();
    for (Branch branch : question.branches()) {
      branches.add(rows(branch));
    }
    return String.join("\n  UNION ALL\n  ", branches);
  }

  private String rows(Branch branch) throws QueryException {
    List<String> outputs = new ArrayList<>();
    for (int key = 0; key < question.keys(); key++) {
      outputs.add(RowSql.key(branch.outputs().get(key)) + " AS k" + key);
    }
    RowSql.Rows rows = rowSql.rows(branch, need());
    outputs.add(rows.unit() + " AS u");
    for (int index = 0; index < question.aggregations().size(); index++) {
      Aggregation aggregation = question.aggregations().get(index);
      if (isRead(index)) {
        Scalar argument = branch.outputs().get(aggregation.argument());
        String value =
            switch (aggregation.aggregate()) {
              case SUM -> integer(argument, grid(aggregation), aggregation);
              case MEAN, VAR_POP, VAR_SAMP, STDDEV_POP, STDDEV_SAMP ->
                  centred(
                      clamped(integer(argument, grid(aggregation), aggregation), aggregation),
                      aggregation);
              case QUANTILE -> leaf(argument, aggregation);
              case UNITS, MATCHED_UNITS, ROWS, VALUES, DISTINCT_VALUES ->
                  RowSql.expression(argument);
            };
        outputs.add(value + " AS x" + index);
      }
    }
    for (int index = 0; index < presences.size(); index++) {
      if (!isCounted(presences.get(index))) {
        continue;
      }
      outputs.add(
          presences.get(index).conditions().get(question.branches().indexOf(branch))
              + " AS p"
              + index);
    }
    return "SELECT " + String.join(", ", outputs) + rows.sql();
  }

  /// Where only units and distinct values are counted it does not matter how often a row is there.
  private RowSql.Need need() {
    boolean everyRow =
        question.aggregations().stream()
            .anyMatch(each ->
                each.aggregate() != Aggregate.UNITS
                    && each.aggregate() != Aggregate.MATCHED_UNITS
                    && each.aggregate() != Aggregate.DISTINCT_VALUES);
    return new RowSql.Need(everyRow, this::isMatchCounted);
  }

  /// Whether an aggregation looks at its own argument, and not at that of others: without noise a
  /// count's units are counted by it all the same.
  private boolean isRead(int index) {
    Aggregation aggregation = question.aggregations().get(index);
    return aggregation.argument() >= 0
        && (moments(index) == index
            || (noise.isEmpty() && aggregation.aggregate() == Aggregate.VALUES));
  }

  /// Whether what is counted depends on whether a left-joined source matches.
  private boolean isMatchCounted(Branch.Source source) {
    return source.isOptional()
        && presences.stream()
            .filter(this::isCounted)
            .anyMatch(each -> each.datasets().stream().anyMatch(source.datasets()::contains));
  }

  /// The value as a multiple of the granularity; NULL, NaN and the infinities are NULL.
  private String integer(Scalar argument, Grid grid, Aggregation aggregation) {
    String value = RowSql.expression(argument);
    if (isExact(aggregation)) {
      int scale = argument.type() instanceof ColumnType.Decimal decimal ? decimal.scale() : 0;
      BigInteger factor = BigInteger.TEN.pow(grid.digits());
      if (scale == 0 && grid.digits() == 0) {
        return "TRY_CAST(" + value + " AS HUGEINT)";
      }
      // As wide as there is, so that DuckDB does not multiply in 18 digits.
      return "TRY_CAST(TRY_CAST("
          + value
          + " AS DECIMAL(38,"
          + scale
          + ")) * CAST('"
          + factor
          + "' AS DECIMAL("
          + (grid.digits() + 1)
          + ",0)) AS HUGEINT)";
    }
    BigDecimal largest = BigDecimal.ONE.movePointRight(MOST_SUMMED_DIGITS - 1 - grid.digits());
    String real = "TRY_CAST(" + value + " AS DOUBLE)";
    return "(CASE WHEN isfinite("
        + real
        + ") THEN TRY_CAST(round(greatest(least("
        + real
        + ", CAST('"
        + largest
        + "' AS DOUBLE)), CAST('-"
        + largest
        + "' AS DOUBLE)) * CAST('"
        + BigInteger.TEN.pow(grid.digits())
        + "' AS DOUBLE)) AS HUGEINT) END)";
  }

  /// LEAST and GREATEST skip NULLs, so without the guard a NULL would become a bound.
  private String clamped(String value, Aggregation aggregation) throws QueryException {
    if (noise.isEmpty()) {
      return value;
    }
    Grid grid = grid(aggregation);
    return "(CASE WHEN "
        + value
        + " IS NOT NULL THEN greatest(least("
        + value
        + ", "
        + grid.highest()
        + "), "
        + grid.lowest()
        + ") END)";
  }

  /// [Measure.Quantile]'s leaf. Wide integers of 25 digits times 1024 stay below 2^127.
  private String leaf(Scalar argument, Aggregation aggregation) throws QueryException {
    Grid grid = grid(aggregation);
    var measure =
        new Measure.Quantile(BigDecimal.ZERO, grid.granularity(), grid.lower(), grid.upper());
    String value = clamped(integer(argument, grid, aggregation), aggregation);
    return "CAST((("
        + value
        + " - "
        + hugeint(measure.lowest())
        + ") * "
        + Measure.Quantile.LEAVES
        + ") // "
        + hugeint(measure.highest().subtract(measure.lowest()).add(BigInteger.ONE))
        + " AS SMALLINT)";
  }

  /// The distance to the middle, where it is squared.
  private String centred(String value, Aggregation aggregation) throws QueryException {
    if (!isSquared(aggregation)) {
      return value;
    }
    BigInteger middle = squared(aggregation).middle();
    return middle.signum() == 0 ? value : "(" + value + " - " + hugeint(middle) + ")";
  }

  private static String hugeint(BigInteger value) {
    return "CAST('" + value + "' AS HUGEINT)";
  }

  // Without noise

  private String direct() throws QueryException {
    List<String> outputs = keysAsText("r");
    List<Counted> counted = counted();
    for (int index = 0; index < counted.size(); index++) {
      outputs.add(counted.get(index).direct(index));
    }
    List<String> cells = cells();
    for (int cell = 0; cell < cells.size(); cell++) {
      outputs.add("CAST(" + cells.get(cell) + " AS HUGEINT) AS c" + cell);
    }
    String rows = rows();
    String definitions = rowSql.definitions();
    return (definitions.isEmpty() ? "" : "WITH " + definitions + "\n")
        + "SELECT "
        + String.join(", ", outputs)
        + "\nFROM (\n  "
        + rows
        + "\n) AS r"
        + groupBy("r");
  }

  /// The measures' cells, over all rows of a group.
  private List<String> cells() throws QueryException {
    List<String> cells = new ArrayList<>();
    for (int index = 0; index < question.aggregations().size(); index++) {
      if (moments(index) != index) {
        continue;
      }
      String argument = "x" + index;
      Aggregation aggregation = question.aggregations().get(index);
      switch (aggregation.aggregate()) {
        case UNITS, MATCHED_UNITS -> {}
        case ROWS -> cells.add("count(*)");
        case VALUES -> cells.add("count(" + argument + ")");
        case DISTINCT_VALUES, QUANTILE -> throw new IllegalStateException("it needs noise");
        case SUM, MEAN, VAR_POP, VAR_SAMP, STDDEV_POP, STDDEV_SAMP -> {
          cells.add("COALESCE(sum(" + argument + "), 0)");
          cells.add("count(" + argument + ")");
          for (String square : squares(argument, aggregation)) {
            cells.add("COALESCE(sum(" + square + "), 0)");
          }
        }
      }
    }
    return cells;
  }

  /// What is traced of the units of some datasets, and the aggregate over `r` that is a unit's
  /// contribution.
  private record TracedUnits(Traced plan, String contribution) {}

  /// The contribution of units that are counted, all of a group.
  private static final String EVERY_UNIT = "1";

  /// What contributes to some measures: of units, rows, values or sums, and how a unit's is
  /// computed from its rows in a group that satisfy a condition.
  private record Contribution(
      String aggregate, String rows, Set<Integer> measures, int digits, boolean values) {
    String of(String condition) {
      String all = rows.equals("true") ? condition : rows + " AND " + condition;
      if (aggregate.isEmpty()) {
        return all.equals("true")
            ? EVERY_UNIT
            : "CAST(COALESCE(bool_or(" + all + "), false) AS BIGINT)";
      }
      String filtered =
          aggregate + (condition.equals("true") ? "" : " FILTER (WHERE " + condition + ")");
      return values ? "COALESCE(" + filtered + ", 0)" : filtered;
    }
  }

  /// Without noise, every dataset that demands more than one unit has traced what each measure says
  /// of its own rows. In a union these are its part's, where its rows are left-joined those that
  /// match.
  private List<TracedUnits> traced() throws QueryException {
    if (noise.isPresent()) {
      return List.of();
    }
    Set<Address> everywhere = new TreeSet<>(question.datasets());
    presences.forEach(presence -> everywhere.removeAll(presence.datasets()));
    List<TracedUnits> traced = new ArrayList<>(tracedOf(everywhere, "true", false));
    for (int index = 0; index < presences.size(); index++) {
      Presence presence = presences.get(index);
      traced.addAll(tracedOf(presence.datasets(), "p" + index, presence.optional()));
    }
    return traced;
  }

  private List<TracedUnits> tracedOf(Set<Address> datasets, String condition, boolean orNone)
      throws QueryException {
    Map<String, Integer> minimums = new TreeMap<>();
    for (Address dataset : datasets) {
      if (minimum(dataset) > 1) {
        minimums.put(dataset.toString(), minimum(dataset));
      }
    }
    if (minimums.isEmpty()) {
      return List.of();
    }
    return contributions().stream()
        .map(each ->
            new TracedUnits(
                new Traced(
                    minimums,
                    orNone || !each.rows().equals("true"),
                    each.measures(),
                    each.digits(),
                    each.values()),
                each.of(condition)))
        .toList();
  }

  /// A mean tells the sum and the number of its values to whoever knows one of them, and so does a
  /// variance.
  private List<Contribution> contributions() throws QueryException {
    Map<String, Contribution> all = new LinkedHashMap<>();
    for (int index = 0; index < question.aggregations().size(); index++) {
      Aggregation aggregation = question.aggregations().get(index);
      String counted = "count(x" + sameArgument(index, true) + ")";
      String summed = "sum(x" + sameArgument(index, false) + ")";
      switch (aggregation.aggregate()) {
        case UNITS -> contribute(all, "", "true", index, 0, false);
        case MATCHED_UNITS -> contribute(all, "", "x" + index + " IS NOT NULL", index, 0, false);
        case ROWS -> contribute(all, "count(*)", "true", index, 0, false);
        case VALUES -> contribute(all, counted, "true", index, 0, false);
        case SUM -> contribute(all, summed, "true", index, grid(aggregation).digits(), true);
        case MEAN, VAR_POP, VAR_SAMP, STDDEV_POP, STDDEV_SAMP -> {
          contribute(all, counted, "true", index, 0, false);
          contribute(all, summed, "true", index, grid(aggregation).digits(), true);
        }
        case DISTINCT_VALUES, QUANTILE -> throw new IllegalStateException("it needs noise");
      }
    }
    return List.copyOf(all.values());
  }

  private static void contribute(
      Map<String, Contribution> all,
      String aggregate,
      String rows,
      int measure,
      int digits,
      boolean values) {
    all.merge(
        aggregate + " " + rows,
        new Contribution(aggregate, rows, Set.of(measure), digits, values),
        (one, other) -> {
          Set<Integer> measures = new TreeSet<>(one.measures());
          measures.addAll(other.measures());
          return new Contribution(aggregate, rows, measures, digits, values);
        });
  }

  /// The first aggregation whose values in `r` are this one's.
  ///
  /// @param counted whether they are counted, else they are summed
  private int sameArgument(int index, boolean counted) {
    Aggregation aggregation = question.aggregations().get(index);
    boolean plain = aggregation.aggregate() == Aggregate.VALUES;
    return IntStream.range(0, index)
        .filter(each -> {
          Aggregation other = question.aggregations().get(each);
          boolean otherPlain = other.aggregate() == Aggregate.VALUES;
          return isRead(each)
              && other.aggregate() != Aggregate.MATCHED_UNITS
              && other.argument() == aggregation.argument()
              && (plain == otherPlain || (counted && isExact(aggregation)));
        })
        .findFirst()
        .orElse(isRead(index) ? index : moments(index));
  }

  private String traced(List<TracedUnits> traced, int buckets, int fewest) throws QueryException {
    var sql =
        new TracedSql(
            IntStream.range(0, question.keys()).mapToObj(key -> "k" + key).toList(),
            buckets,
            nonce);
    List<Counted> counted = counted();
    for (int index = 0; index < counted.size(); index++) {
      sql.counter(index, counted.get(index).rows());
    }
    List<String> cells = cells();
    for (int cell = 0; cell < cells.size(); cell++) {
      sql.cell(cell, cells.get(cell));
    }
    for (TracedUnits each : traced) {
      if (each.contribution().equals(EVERY_UNIT)) {
        sql.tracedUnits();
      } else {
        sql.traced(each.contribution(), each.plan().values());
      }
    }
    String rows = rows();
    return sql.select(rowSql.definitions(), rows, keysAsText("q"), fewest);
  }

  private List<String> keysAsText(String from) {
    return IntStream.range(0, question.keys())
        .mapToObj(key -> "CAST(" + from + ".k" + key + " AS VARCHAR) AS k" + key)
        .collect(Collectors.toCollection(ArrayList::new));
  }

  private String groupBy(String from) {
    return question.keys() == 0
        ? ""
        : IntStream.range(0, question.keys())
            .mapToObj(key -> from + ".k" + key)
            .collect(Collectors.joining(", ", "\nGROUP BY ", ""));
  }

  // With noise

  private String noisy(DifferentialPrivacy bound, List<GroupKey> keys, List<Measure> measures)
      throws QueryException {
    List<String> perUnit = new ArrayList<>();
    List<String> outer = keysAsText("b");
    perUnit.add("r.u");
    for (int key = 0; key < question.keys(); key++) {
      perUnit.add("r.k" + key);
    }
    outer.add("count(*) AS n0");
    List<Counted> counted = counted();
    for (int index = 1; index < counted.size(); index++) {
      perUnit.add("bool_or(" + counted.get(index).rows() + ") AS g" + index);
      outer.add("count(*) FILTER (WHERE b.g" + index + ") AS n" + index);
    }
    int cell = 0;
    List<String> histograms = new ArrayList<>();
    for (int index = 0; index < measures.size(); index++) {
      if (measures.get(index) instanceof Measure.Clipped clipped) {
        String y = "y" + histograms.size();
        perUnit.add(contribution(index, clipped) + " AS " + y);
        histograms.add(histogram(y, clipped));
      }
      if (measures.get(index) instanceof Measure.Quantile) {
        String y = "y" + histograms.size();
        String x = "r.x" + index;
        perUnit.add("list_sort(list(" + x + ") FILTER (WHERE " + x + " IS NOT NULL)) AS " + y);
        histograms.add(leaves(y, bound.rowsPerUnit()));
      }
      for (PerUnit each : perUnit(index, bound)) {
        perUnit.add(each.inner() + " AS c" + cell);
        outer.add("CAST(" + each.outer().replace("?", "b.c" + cell) + " AS HUGEINT) AS c" + cell);
        cell++;
      }
    }
    String aggregated =
        "SELECT "
            + String.join(", ", perUnit)
            + "\n  FROM r\n  GROUP BY "
            + String.join(", ", perUnit.subList(0, question.keys() + 1));
    String rows = rows();
    String definitions = rowSql.definitions();
    var sql =
        new StringBuilder("WITH ").append(definitions).append(definitions.isEmpty() ? "" : ", ");
    sql.append("r AS (\n  ").append(rows).append("\n), ");
    // What histograms read too is computed once.
    String once = histograms.isEmpty() ? "b AS (" : "b AS MATERIALIZED (";
    if (coversAllGroups(keys, bound)) {
      sql.append(once).append("\n  ").append(aggregated).append("\n)");
    } else {
      sql.append("p AS MATERIALIZED (\n  ")
          .append(aggregated)
          .append("\n), ")
          .append(kept(bound, once));
    }
    if (histograms.isEmpty()) {
      return sql.append("\nSELECT ")
          .append(String.join(", ", outer))
          .append("\nFROM b")
          .append(groupBy("b"))
          .toString();
    }
    return sql.append(", ").append(withHistograms(outer, histograms)).toString();
  }

  /// `a` is what there is beside the histograms, which are joined to it by the keys.
  private String withHistograms(List<String> outer, List<String> histograms) {
    List<String> inner = new ArrayList<>(outer.subList(question.keys(), outer.size()));
    List<String> outputs = keysAsText("a");
    for (String each : inner) {
      outputs.add("a." + each.substring(each.lastIndexOf(' ') + 1));
    }
    for (int key = 0; key < question.keys(); key++) {
      inner.add("b.k" + key);
    }
    var joins = new StringBuilder();
    for (int list = 0; list < histograms.size(); list++) {
      String y = "y" + list;
      outputs.add("COALESCE(" + y + ".y, CAST([] AS HUGEINT[])) AS " + y);
      joins
          .append("\nLEFT JOIN ")
          .append(y)
          .append(" ON ")
          .append(
              IntStream.range(0, question.keys())
                  .mapToObj(key -> "a.k" + key + " IS NOT DISTINCT FROM " + y + ".k" + key)
                  .collect(Collectors.joining(" AND ")))
          .append(question.keys() == 0 ? "true" : "");
    }
    return "a AS (\n  SELECT "
        + String.join(", ", inner)
        + "\n  FROM b"
        + groupBy("b")
        + "\n), "
        + String.join(", ", histograms)
        + "\nSELECT "
        + String.join(", ", outputs)
        + "\nFROM a"
        + joins;
  }

  /// [Measure.Quantile]'s list, from each unit's leaves in order. Of c > R leaves it keeps R, c/R
  /// apart from a start that the unit and the nonce decide: so each of its rows is kept as often as
  /// any other.
  private String leaves(String y, int most) {
    String keys =
        IntStream.range(0, question.keys())
            .mapToObj(key -> "k" + key + ", ")
            .collect(Collectors.joining());
    String grouped = keys.isEmpty() ? "" : "\n  GROUP BY " + keys.substring(0, keys.length() - 2);
    return String.join(
        "\n",
        y + " AS (",
        "  SELECT " + keys + "flatten(list([q, CAST(n AS HUGEINT)])) AS y",
        "  FROM (",
        "    SELECT " + keys + "q, count(*) AS n",
        "    FROM (",
        "      SELECT "
            + keys
            + "CAST(unnest(CASE WHEN c <= "
            + most
            + " THEN "
            + y
            + " ELSE ["
            + y
            + "[(i * c + h) // "
            + most
            + " + 1] FOR i IN range("
            + most
            + ")] END) AS HUGEINT) AS q",
        "      FROM (",
        "        SELECT "
            + keys
            + y
            + ", len("
            + y
            + ") AS c, CAST(hash(u, "
            + DuckDbSql.text(nonce)
            + ") % len("
            + y
            + ") AS BIGINT) AS h",
        "        FROM b WHERE " + y + " IS NOT NULL",
        "      ) AS l",
        "    ) AS m",
        "    GROUP BY " + keys + "q",
        "  ) AS t" + grouped,
        ")");
  }

  /// What a unit adds to a group, clamped to the edges of the histogram that it is counted in.
  private String contribution(int index, Measure.Clipped clipped) {
    String x = "r.x" + index;
    String largest = hugeint(clipped.edges().getLast());
    return switch (question.aggregations().get(index).aggregate()) {
      case ROWS -> "least(CAST(count(*) AS HUGEINT), " + largest + ")";
      case VALUES -> "least(CAST(count(" + x + ") AS HUGEINT), " + largest + ")";
      default ->
          "greatest(least(COALESCE(sum("
              + x
              + "), CAST('0' AS HUGEINT)), "
              + largest
              + "), "
              + hugeint(clipped.edges().getLast().negate())
              + ")";
    };
  }

  /// [Measure.Clipped]'s list. The first edge ⌊2^(q/4)⌋ that a number m does not exceed has q = ⌈4
  /// log₂ m⌉; the logarithm of a double may miss by one where m is next to an edge, so the edges
  /// themselves decide.
  private String histogram(String y, Measure.Clipped clipped) {
    List<BigInteger> edges = clipped.edges();
    List<String> quarters = new ArrayList<>();
    List<String> numbers = new ArrayList<>();
    for (BigInteger edge : clipped.quarters()) {
      quarters.add(hugeint(edge));
      numbers.add(String.valueOf(edges.indexOf(edge) + 1));
    }
    String list = "[" + String.join(", ", quarters) + "]";
    String keys =
        IntStream.range(0, question.keys())
            .mapToObj(key -> "k" + key + ", ")
            .collect(Collectors.joining());
    String grouped = keys.isEmpty() ? "" : "\n  GROUP BY " + keys.substring(0, keys.length() - 2);
    return String.join(
        "\n",
        y + " AS (",
        "  SELECT " + keys + "flatten(list([CAST(q AS HUGEINT), CAST(n AS HUGEINT), s])) AS y",
        "  FROM (",
        "    SELECT "
            + keys
            + "sign("
            + y
            + ") * ["
            + String.join(", ", numbers)
            + "][g + CASE WHEN abs("
            + y
            + ") > e[g] THEN 1 WHEN g > 1 AND abs("
            + y
            + ") <= e[g - 1] THEN -1 ELSE 0 END] AS q,",
        "      count(*) AS n, CAST(sum(" + y + ") AS HUGEINT) AS s",
        "    FROM (",
        "      SELECT "
            + keys
            + y
            + ", "
            + list
            + " AS e, CAST(ceil(4 * log2(CAST(abs("
            + y
            + ") AS DOUBLE))) AS INTEGER) + 1 AS g",
        "      FROM b WHERE " + y + " <> 0",
        "    ) AS m",
        "    GROUP BY " + keys + "q",
        "  ) AS t" + grouped,
        ")");
  }

  /// No unit can be in more groups than there are.
  private static boolean coversAllGroups(List<GroupKey> keys, DifferentialPrivacy bound) {
    BigInteger groups = BigInteger.ONE;
    for (GroupKey key : keys) {
      if (key.domain().isEmpty()) {
        return false;
      }
      groups = groups.multiply(BigInteger.valueOf(key.domain().get().size()));
    }
    return groups.compareTo(BigInteger.valueOf(bound.groupsPerUnit())) <= 0;
  }

  /// Which of its groups a unit keeps depends on its own rows and the nonce only. Few units have
  /// too many (`m`), and only those are sorted.
  private String kept(DifferentialPrivacy bound, String once) {
    String keys =
        IntStream.range(0, question.keys())
            .mapToObj(key -> "p.k" + key)
            .collect(Collectors.joining(", "));
    String many = "p.u IN (SELECT u FROM m)";
    return String.join(
        "\n",
        "m AS MATERIALIZED (",
        "  SELECT u FROM p GROUP BY u HAVING count(*) > " + bound.groupsPerUnit(),
        "), " + once,
        "  SELECT * FROM p WHERE NOT " + many,
        "  UNION ALL",
        "  SELECT * FROM p WHERE " + many,
        "  QUALIFY row_number() OVER (PARTITION BY p.u",
        "    ORDER BY hash("
            + keys
            + ", p.u, "
            + DuckDbSql.text(nonce)
            + "), "
            + keys
            + ") <= "
            + bound.groupsPerUnit(),
        ")");
  }

  /// One cell: per unit and group, and then over the units, where `?` stands for the former.
  private record PerUnit(String inner, String outer) {}

  private List<PerUnit> perUnit(int index, DifferentialPrivacy bound) throws QueryException {
    Aggregation aggregation = question.aggregations().get(index);
    if (moments(index) != index || isClipped(aggregation)) {
      return List.of();
    }
    String x = "r.x" + index;
    int most = bound.rowsPerUnit();
    var values = new PerUnit("least(count(" + x + "), " + most + ")", "COALESCE(sum(?), 0)");
    return switch (aggregation.aggregate()) {
      case UNITS, MATCHED_UNITS -> List.of();
      case ROWS -> List.of(new PerUnit("least(count(*), " + most + ")", "COALESCE(sum(?), 0)"));
      case VALUES -> List.of(values);
      case DISTINCT_VALUES ->
          List.of(
              new PerUnit(
                  "list_slice(list_sort(list(DISTINCT {'h': hash("
                      + x
                      + ", "
                      + DuckDbSql.text(nonce)
                      + "), 'x': "
                      + x
                      + "}) FILTER (WHERE "
                      + x
                      + " IS NOT NULL)), 1, "
                      + most
                      + ")",
                  "COALESCE(len(list_distinct(flatten(list(?)))), 0)"));
      case SUM -> {
        Grid grid = grid(aggregation);
        yield List.of(
            new PerUnit(
                "(CASE WHEN count("
                    + x
                    + ") = 0 THEN CAST('0' AS HUGEINT) ELSE greatest(least(sum("
                    + x
                    + "), "
                    + grid.highest()
                    + "), "
                    + grid.lowest()
                    + ") END)",
                "COALESCE(sum(?), 0)"),
            values);
      }
      case QUANTILE -> List.of();
      case MEAN, VAR_POP, VAR_SAMP, STDDEV_POP, STDDEV_SAMP -> {
        List<PerUnit> cells = new ArrayList<>();
        cells.add(new PerUnit(scaled(x, x, most), "COALESCE(sum(?), 0)"));
        cells.add(values);
        for (String square : squares(x, aggregation)) {
          cells.add(new PerUnit(scaled(square, x, most), "COALESCE(sum(?), 0)"));
        }
        yield cells;
      }
    };
  }

  /// The square of a distance, if a variance needs it, in the parts that [Measure.Moments] has.
  private List<String> squares(String x, Aggregation aggregation) throws QueryException {
    if (!hasMoments(aggregation) || !isSquared(aggregation)) {
      return List.of();
    }
    if (!squared(aggregation).isWide()) {
      return List.of("(" + x + " * " + x + ")");
    }
    String split = hugeint(BigInteger.TWO.pow(Measure.Moments.NARROW_BITS));
    String high = "(abs(" + x + ") // " + split + ")";
    String low = "(abs(" + x + ") % " + split + ")";
    return List.of(
        "(" + high + " * " + high + ")",
        "(" + high + " * " + low + ")",
        "(" + low + " * " + low + ")");
  }

  /// The sum of a number over a unit's rows with a value `x`, or of `most` times its mean,
  /// truncated. Quotient and remainder are scaled apart, because the sum of many rows times `most`
  /// may overflow.
  private static String scaled(String number, String x, int most) {
    String count = "NULLIF(count(" + x + "), 0)";
    String sum = "sum(" + number + ")";
    return "(CASE WHEN count("
        + x
        + ") = 0 THEN CAST('0' AS HUGEINT) WHEN count("
        + x
        + ") <= "
        + most
        + " THEN "
        + sum
        + " ELSE (("
        + sum
        + " // "
        + count
        + ") * "
        + most
        + ") + ((("
        + sum
        + " % "
        + count
        + ") * "
        + most
        + ") // "
        + count
        + ") END)";
  }
}
