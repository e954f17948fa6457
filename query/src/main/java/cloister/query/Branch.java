package cloister.query;

import cloister.query.QueryException.Kind;
import cloister.query.QueryException.Position;
import cloister.query.Scalar.Function;
import cloister.room.Address;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import cloister.room.Dataset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The normal form of row-level SQL: rows of `sources`, joined, filtered by all of `conditions` and
/// all of `memberships`, one `outputs` each. Scans, projections, filters, joins, CTEs and inlined
/// analyses all become this; UNION ALL and FULL JOIN become several. What a query reads, and
/// whether it follows the privacy unit, is then plain to see: there is nothing left to look
/// through.
///
/// A source is inner-joined by `conditions`, or left-joined by its own `on`, which is about it and
/// inner-joined sources. `conditions` are looked at last.
record Branch(
    List<Source> sources,
    List<Scalar> conditions,
    List<Membership> memberships,
    List<Scalar> outputs) {
  static final int MOST_SOURCES = 8;
  static final int MOST_MEMBERSHIPS = 8;

  Branch {
    sources = List.copyOf(sources);
    conditions = List.copyOf(conditions);
    memberships = List.copyOf(memberships);
    outputs = List.copyOf(outputs);
  }

  /// One use of a table in a FROM clause.
  ///
  /// @param on present when it is left-joined: where it has no such row, its columns are NULL
  record Source(Table table, Position position, Optional<List<Scalar>> on) {
    Source {
      on = on.map(List::copyOf);
    }

    boolean isOptional() {
      return on.isPresent();
    }

    Optional<ColumnName> unit() {
      return table.unit();
    }

    /// Whether its rows are of privacy units.
    boolean hasUnit() {
      return unit().isPresent();
    }

    boolean isUnit(ColumnName column) {
      return unit().filter(column::equals).isPresent();
    }

    Table.Field field(ColumnName name) {
      return table.field(name);
    }

    Set<Address> datasets() {
      return table.datasets();
    }

    /// Whether a column is about all rows of units: no expression leaves some of them out. A table
    /// about nobody gives each kind of row what its owner likes, as an expression would: sums of
    /// powers of ten are a list of counts.
    boolean isPlain(ColumnName name) {
      return switch (table) {
        case Table.Scan _ -> hasUnit();
        case Table.PerUnit perUnit -> perUnit.isPlain(name);
      };
    }

    private String canonical() {
      return table.canonical()
          + on.map(conditions -> conditions.stream().map(Scalar::canonical).toList().toString())
              .orElse("");
    }
  }

  /// EXISTS and IN, or NOT EXISTS and NOT IN: whether some rows of other sources satisfy all of
  /// `conditions`. Those sources have numbers below 0, -1 for the first; the branch's own keep
  /// theirs.
  record Membership(boolean present, List<Source> sources, List<Scalar> conditions) {
    Membership {
      sources = List.copyOf(sources);
      conditions = List.copyOf(conditions);
    }

    Source source(int number) {
      return sources.get(-1 - number);
    }

    /// A condition with its own sources numbered from `first` on.
    Scalar numbered(Scalar condition, int first) throws QueryException {
      return moved(List.of(condition), source -> source < 0 ? first - 1 - source : source)
          .getFirst();
    }

    private Membership with(List<Scalar> newConditions) {
      return new Membership(present, sources, newConditions);
    }

    private String canonical() {
      return (present ? "in " : "not in ")
          + sources.stream().map(Source::canonical).toList()
          + conditions.stream().map(Scalar::canonical).sorted().toList();
    }
  }

  static Branch scan(Dataset dataset, Position position) {
    return new Branch(
        List.of(new Source(new Table.Scan(dataset), position, Optional.empty())),
        List.of(),
        List.of(),
        dataset.columns().stream()
            .<Scalar>map(column -> new Scalar.Column(0, column.name(), column.type()))
            .toList());
  }

  /// The source of a column of an output or a condition, a membership's own aside.
  Source source(Scalar.Column column) {
    return sources.get(column.source());
  }

  /// Those of memberships too.
  List<Source> everySource() {
    return Stream.concat(
            sources.stream(), memberships.stream().flatMap(each -> each.sources().stream()))
        .toList();
  }

  private static List<Scalar> moved(List<Scalar> scalars, Numbering numbering)
      throws QueryException {
    List<Scalar> result = new ArrayList<>();
    for (Scalar scalar : scalars) {
      result.add(
          Scalar.replace(
              scalar,
              column ->
                  isAround(column)
                      ? column
                      : new Scalar.Column(
                          numbering.of(column.source()), column.name(), column.type())));
    }
    return result;
  }

  /// The number of a source of the query around a subquery, in the subquery's expressions.
  private static final int AROUND = 1 << 20;

  /// What a subquery sees of the query around it.
  static Scalar around(Scalar scalar) throws QueryException {
    return moved(List.of(scalar), source -> AROUND + source).getFirst();
  }

  private static boolean isAround(Scalar.Column column) {
    return column.source() >= AROUND;
  }

  private static List<Scalar> entered(List<Scalar> scalars) throws QueryException {
    List<Scalar> result = new ArrayList<>();
    for (Scalar scalar : scalars) {
      result.add(
          Scalar.replace(
              scalar,
              column ->
                  new Scalar.Column(
                      isAround(column) ? column.source() - AROUND : -1 - column.source(),
                      column.name(),
                      column.type())));
    }
    return result;
  }

  /// Other numbers for sources.
  private interface Numbering {
    int of(int source);
  }

  /// A membership's own sources keep theirs.
  private static Numbering ofOwn(Numbering numbering) {
    return source -> source < 0 ? source : numbering.of(source);
  }

  private static List<Source> movedSources(List<Source> sources, Numbering numbering)
      throws QueryException {
    List<Source> result = new ArrayList<>();
    for (Source source : sources) {
      result.add(
          source.on().isEmpty()
              ? source
              : new Source(
                  source.table(),
                  source.position(),
                  Optional.of(moved(source.on().get(), numbering))));
    }
    return result;
  }

  private static List<Membership> movedMemberships(
      List<Membership> memberships, Numbering numbering) throws QueryException {
    List<Membership> result = new ArrayList<>();
    for (Membership membership : memberships) {
      result.add(membership.with(moved(membership.conditions(), ofOwn(numbering))));
    }
    return result;
  }

  private static <T> List<T> both(List<T> left, List<T> right) {
    return Stream.concat(left.stream(), right.stream()).toList();
  }

  /// All pairs of rows; the outputs of `this` come first.
  Branch times(Branch right) throws QueryException {
    Branch moved = right.after(sources.size());
    requireFew(both(sources, moved.sources));
    return new Branch(
        both(sources, moved.sources),
        both(conditions, moved.conditions),
        both(memberships, moved.memberships),
        both(outputs, moved.outputs));
  }

  /// With sources numbered from `shift` on.
  private Branch after(int shift) throws QueryException {
    Numbering numbering = source -> source + shift;
    return new Branch(
        movedSources(sources, numbering),
        moved(conditions, numbering),
        movedMemberships(memberships, numbering),
        moved(outputs, numbering));
  }

  private static void requireFew(List<Source> sources) throws QueryException {
    if (sources.size() > MOST_SOURCES) {
      throw new QueryException(
          Kind.TOO_LARGE,
          sources.get(MOST_SOURCES).position(),
          "a query joins at most " + MOST_SOURCES + " tables",
          "join fewer tables");
    }
  }

  /// Each row with each row of `right` for which `on` holds, or once with NULLs if there is none;
  /// the outputs of `this` come first, and `on` is over both.
  Branch leftJoin(Branch right, Joint on) throws QueryException {
    if (right.sources.size() != 1
        || right.sources.getFirst().isOptional()
        || !right.memberships.isEmpty()) {
      throw new QueryException(
          Kind.UNSUPPORTED,
          right.sources.getLast().position(),
          "what an outer join may leave out is one table here, with its own WHERE at most",
          "join the tables one by one, each by LEFT JOIN");
    }
    int number = sources.size();
    Branch moved = right.after(number);
    List<Scalar> all = new ArrayList<>(moved.conditions);
    all.addAll(conjuncts(on.of(both(outputs, moved.outputs))));
    for (Scalar condition : all) {
      Set<Integer> over = new HashSet<>();
      Scalar.forEachColumn(condition, column -> over.add(column.source()));
      if (over.stream()
          .anyMatch(each -> each >= AROUND || (each != number && sources.get(each).isOptional()))) {
        throw new QueryException(
            Kind.UNSUPPORTED,
            right.sources.getFirst().position(),
            "the condition of an outer join is over columns of another outer join, or of a query"
                + " around it",
            "compare with columns of the tables that are inner-joined");
      }
    }
    Source scan = right.sources.getFirst();
    var optional = new Source(scan.table(), scan.position(), Optional.of(all));
    List<Source> newSources = both(sources, List.of(optional));
    requireFew(newSources);
    List<Scalar> newOutputs = new ArrayList<>(outputs);
    for (Scalar output : moved.outputs) {
      newOutputs.add(
          output instanceof Scalar.Column || output instanceof Scalar.Null
              ? output
              : whereMatched(number, optional, output));
    }
    return new Branch(newSources, conditions, memberships, newOutputs);
  }

  /// A computed column of a row that is not there is NULL like any other.
  private static Scalar whereMatched(int number, Source source, Scalar value)
      throws QueryException {
    ColumnName unit =
        source
            .unit()
            .orElseThrow(() ->
                new QueryException(
                    Kind.UNSUPPORTED,
                    source.position(),
                    "a computed column of a table without a unit that an outer join may leave out"
                        + " is not supported here",
                    "select its columns as they are, and compute outside"));
    Scalar.Column column = new Scalar.Column(number, unit, source.field(unit).type());
    Scalar matched = Scalar.call(Function.IS_NOT_NULL, List.of(column), new ColumnType.Bool());
    return Scalar.call(
        Function.CASE, List.of(matched, value, new Scalar.Null(value.type())), value.type());
  }

  /// A condition over the outputs of two branches.
  interface Joint {
    Scalar of(List<Scalar> outputs) throws QueryException;
  }

  /// The rows for which `condition` holds too.
  Branch where(Scalar condition) {
    return new Branch(sources, both(conditions, conjuncts(condition)), memberships, outputs);
  }

  private static List<Scalar> conjuncts(Scalar condition) {
    return condition instanceof Scalar.Call call && call.function() == Function.AND
        ? call.arguments()
        : condition.equals(Scalar.Literal.TRUE) ? List.of() : List.of(condition);
  }

  /// The rows for which `others` has a row with which `on` holds, or has none.
  ///
  /// @param on over the outputs of `this` and then of `others`
  Branch where(boolean present, Branch others, Joint on) throws QueryException {
    if (!others.memberships.isEmpty()
        || others.sources.stream().anyMatch(Source::isOptional)
        || memberships.size() == MOST_MEMBERSHIPS) {
      throw new QueryException(
          Kind.UNSUPPORTED,
          others.sources.getFirst().position(),
          "a subquery of EXISTS or IN that has another one or an outer join, or so many of them, is"
              + " not supported here",
          "join the tables of the subquery, or use fewer");
    }
    requireFew(others.sources);
    List<Scalar> all = new ArrayList<>(entered(others.conditions));
    all.addAll(conjuncts(on.of(both(outputs, entered(others.outputs)))));
    return new Branch(
        sources,
        conditions,
        both(memberships, List.of(new Membership(present, others.sources, all))),
        outputs);
  }

  Branch select(List<Scalar> newOutputs) {
    return new Branch(sources, conditions, memberships, newOutputs);
  }

  /// The same rows, as if every source stood at `position`.
  Branch at(Position position) {
    return new Branch(
        at(sources, position),
        conditions,
        memberships.stream()
            .map(each ->
                new Membership(each.present(), at(each.sources(), position), each.conditions()))
            .toList(),
        outputs);
  }

  private static List<Source> at(List<Source> sources, Position position) {
    return sources.stream().map(each -> new Source(each.table(), position, each.on())).toList();
  }

  /// The same rows with sources in the order of their addresses and conditions in theirs.
  Branch canonical() throws QueryException {
    List<Integer> order =
        IntStream.range(0, sources.size())
            .boxed()
            .sorted(
                Comparator.comparing((Integer index) -> sources.get(index).isOptional())
                    .thenComparing(index -> sources.get(index).table().canonical()))
            .toList();
    Numbering numbering = order::indexOf;
    List<Source> newSources = new ArrayList<>();
    for (Source source : movedSources(order.stream().map(sources::get).toList(), numbering)) {
      newSources.add(
          new Source(source.table(), source.position(), source.on().map(Branch::inOrder)));
    }
    List<Membership> newMemberships = new ArrayList<>();
    for (Membership membership : movedMemberships(memberships, numbering)) {
      newMemberships.add(membership.with(inOrder(membership.conditions())));
    }
    return new Branch(
        newSources,
        inOrder(moved(conditions, numbering)),
        newMemberships.stream().sorted(Comparator.comparing(Membership::canonical)).toList(),
        moved(outputs, numbering));
  }

  private static List<Scalar> inOrder(List<Scalar> conditions) {
    return conditions.stream().distinct().sorted(Comparator.comparing(Scalar::canonical)).toList();
  }

  /// What identifies the rows, apart from the outputs.
  String rows() {
    return sources.stream().map(Source::canonical).toList()
        + conditions.stream().map(Scalar::canonical).collect(Collectors.joining(" & ", "{", "}"))
        + (memberships.isEmpty()
            ? ""
            : memberships.stream().map(Membership::canonical).toList().toString());
  }

  /// How many datasets it reads, each as often as it does.
  int size() {
    return everySource().stream().mapToInt(source -> source.table().size()).sum();
  }

  /// All that are read, in whichever way.
  Set<Address> datasets() {
    return everySource().stream()
        .flatMap(source -> source.datasets().stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /// Those that are of units.
  Set<Address> ofUnits() {
    return everySource().stream()
        .filter(Source::hasUnit)
        .flatMap(source -> source.table().ofUnits().stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /// Those that are looked at for every row: inner-joined, or in a membership.
  Set<Address> required() {
    return Stream.concat(
            sources.stream().filter(source -> !source.isOptional()),
            memberships.stream().flatMap(each -> each.sources().stream()))
        .flatMap(source -> source.table().required().stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /// Those of which every row needs one of the same unit: inner-joined, or in what has to exist.
  Set<Address> matching() {
    return Stream.concat(
            sources.stream().filter(source -> !source.isOptional()),
            memberships.stream()
                .filter(Membership::present)
                .flatMap(each -> each.sources().stream()))
        .flatMap(source -> source.table().matching().stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /// Whether a unit that leaves one dataset may keep some of its rows, or get others.
  boolean unitsMayChange() {
    return sources.stream().anyMatch(each -> each.isOptional() && each.hasUnit())
        || everySource().stream().anyMatch(each -> each.table().unitsMayChange())
        || memberships.stream()
            .anyMatch(each ->
                !each.present()
                    && !isOfUnits(each)
                    && each.sources().stream().anyMatch(Source::hasUnit));
  }

  /// The same for rows that are there: whether a unit that leaves one dataset may change which of
  /// `branches` have some.
  static boolean unitsMayChange(List<Branch> branches) {
    return branches.stream().map(Branch::matching).distinct().count() > 1
        || branches.stream().anyMatch(Branch::unitsMayChange)
        || (branches.size() > 1 && branches.stream().anyMatch(Branch::mayAppear));
  }

  /// Whether a unit may have rows of it only once it has left some dataset.
  private boolean mayAppear() {
    return memberships.stream()
            .anyMatch(each -> !each.present() && each.sources().stream().anyMatch(Source::hasUnit))
        || everySource().stream()
            .anyMatch(source ->
                source.table() instanceof Table.PerUnit perUnit
                    && perUnit.branches().stream().anyMatch(Branch::mayAppear));
  }

  /// Whether it looks at a row of a query around it.
  boolean looksAround() {
    List<Scalar> all = new ArrayList<>(both(conditions, outputs));
    sources.forEach(each -> each.on().ifPresent(all::addAll));
    memberships.forEach(each -> all.addAll(each.conditions()));
    Set<Boolean> around = new HashSet<>();
    all.forEach(each -> Scalar.forEachColumn(each, column -> around.add(isAround(column))));
    return around.contains(true);
  }

  /// The first source whose units all rows are of.
  Source first() {
    return sources.stream()
        .filter(source -> source.hasUnit() && !source.isOptional())
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("its rows are of units"));
  }

  Table.Field unitField() {
    Source first = first();
    return first.field(first.unit().orElseThrow());
  }

  /// Whether it is about a row's unit alone, so the same for all rows of a unit.
  boolean isOfUnits(Membership membership) {
    return membership.sources().stream().allMatch(Source::hasUnit)
        && membership.conditions().stream()
            .allMatch(condition -> {
              Set<Boolean> own = new HashSet<>();
              Scalar.forEachColumn(condition, column -> own.add(column.source() < 0));
              return !own.contains(false) || isUnitEquality(membership, condition);
            });
  }

  /// Whether it is that a unit of the membership's equals one of the branch's.
  boolean isUnitEquality(Membership membership, Scalar condition) {
    return condition instanceof Scalar.Call call
        && call.function() == Function.EQUAL
        && call.arguments().stream()
            .allMatch(each ->
                each instanceof Scalar.Column column
                    && (column.source() < 0
                        ? membership.source(column.source()).isUnit(column.name())
                        : isUnit(column)));
  }

  /// Whether the expression is exactly the privacy unit of every row.
  boolean isUnit(Scalar scalar) {
    return switch (scalar) {
      case Scalar.Column column -> isUnitColumn(column) && !source(column).isOptional();
      // After the joins all units of a row are one.
      case Scalar.Call call when call.function() == Function.COALESCE ->
          call.arguments().stream()
                  .allMatch(each -> each instanceof Scalar.Column column && isUnitColumn(column))
              && call.arguments().stream().anyMatch(this::isUnit);
      default -> false;
    };
  }

  private boolean isUnitColumn(Scalar.Column column) {
    return !isAround(column) && source(column).isUnit(column.name());
  }

  /// Whether the expression is the unit of a left-joined source: the row's, or NULL.
  boolean isOptionalUnit(Scalar scalar) {
    return scalar instanceof Scalar.Column column
        && isUnitColumn(column)
        && source(column).isOptional();
  }

  /// Whether the condition is that two units are equal, which after [#requireOneUnit] all are.
  boolean isJoin(Scalar condition) {
    return condition instanceof Scalar.Call call
        && call.function() == Function.EQUAL
        && call.arguments().stream().allMatch(this::isUnit);
  }

  /// The units of all sources are one value in every row: each source is tied to the first by
  /// equalities of units, and by lineage, whatever the columns are called on the way. A left-joined
  /// source, and each of a membership, is tied by its own conditions.
  ///
  /// A unit is compared with units only: what prepared data has in its place is no value of another
  /// column. (Any use but a join is for the terms to deny.)
  void requireOneUnit() throws QueryException {
    if (sources.stream().noneMatch(source -> source.hasUnit() && !source.isOptional())) {
      throw new QueryException(
          Kind.JOIN,
          sources.getFirst().position(),
          sources.getFirst().table().shown() + " has no privacy unit, so there is nobody to count",
          "join it to a dataset that has one, on its left");
    }
    var inner = new Tied(sources);
    for (Scalar condition : conditions) {
      inner.tie(condition);
    }
    inner.requireAll(each -> !sources.get(each).isOptional());
    for (int number = 0; number < sources.size(); number++) {
      Source source = sources.get(number);
      int optional = number;
      if (source.isOptional()) {
        var own = new Tied(sources);
        for (Scalar condition : both(conditions, source.on().orElseThrow())) {
          own.tie(condition);
        }
        own.requireAll(each -> !sources.get(each).isOptional() || each == optional);
      }
    }
    for (Membership membership : memberships) {
      List<Source> all = both(sources, membership.sources());
      var own = new Tied(all);
      for (Scalar condition : both(conditions, membership.conditions())) {
        own.tie(membership.numbered(condition, sources.size()));
      }
      own.requireAll(each -> !all.get(each).isOptional());
    }
  }

  /// Sources whose units are equal, by the conditions seen.
  private static final class Tied {
    private final List<Source> sources;
    private final int[] group;

    Tied(List<Source> sources) {
      this.sources = sources;
      this.group = IntStream.range(0, sources.size()).toArray();
    }

    private boolean isUnit(Scalar.Column column) {
      return sources.get(column.source()).isUnit(column.name());
    }

    void tie(Scalar condition) throws QueryException {
      if (condition instanceof Scalar.Call call
          && call.function() == Function.EQUAL
          && call.arguments().getFirst() instanceof Scalar.Column left
          && call.arguments().getLast() instanceof Scalar.Column right
          && (isUnit(left) || isUnit(right))) {
        if (!isUnit(left) || !isUnit(right)) {
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

    void requireAll(IntPredicate looked) throws QueryException {
      List<Integer> all =
          IntStream.range(0, sources.size())
              .filter(index -> sources.get(index).hasUnit() && looked.test(index))
              .boxed()
              .toList();
      for (int index : all) {
        if (group[index] != group[all.getFirst()]) {
          Source left = sources.get(all.getFirst());
          Source right = sources.get(index);
          throw new QueryException(
              Kind.JOIN,
              right.position(),
              "the join of "
                  + left.table().shown()
                  + " with "
                  + right.table().shown()
                  + " does not follow the privacy unit",
              "join where the unit "
                  + left.unit().orElseThrow()
                  + " of "
                  + left.table().shown()
                  + " equals the unit "
                  + right.unit().orElseThrow()
                  + " of "
                  + right.table().shown());
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
}
