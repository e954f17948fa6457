package cloister.migration;

import cloister.privacy.Delta;
import cloister.privacy.Epsilon;
import cloister.protocol.Tree;
import cloister.room.Column;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import cloister.room.Name;
import cloister.room.Use;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The dataset as it is known so far. It begins with nothing permitted; readers of sources add what
/// those permit, and what they forbid wins whatever the order.
final class Draft {
  private static final int EPSILON_DIGITS = 9;
  private static final int DELTA_DIGITS = 18;

  /// As a dataset's unit it means that the data is about nobody.
  private static final String NOBODY = "none";

  /// What a source that lists no columns permits of each.
  private static final Set<Use> OF_EVERY_COLUMN = EnumSet.of(Use.GROUP, Use.FILTER, Use.COUNT);

  final Given given;
  final Map<ColumnName, Part> columns = new LinkedHashMap<>();
  Optional<Name> dataset;
  Optional<ColumnName> unit = Optional.empty();
  Optional<Integer> minimumUnits = Optional.empty();
  Optional<Noise> noise = Optional.empty();
  boolean joinRequired;
  final Set<String> thresholdRules = new LinkedHashSet<>();
  final Set<String> joinRules = new LinkedHashSet<>();
  Sql sql = Sql.ASK;
  boolean everyColumn;

  /// Whether a column that nobody has listed cannot be filtered by, though it is permitted.
  boolean filterOnlyListed;

  /// Whom the source names; they are who asks and who gets the answers, unless the owner says more.
  List<String> analysts = List.of();

  /// Whether a rule demands noise; a budget alone demands none.
  boolean noisy;

  /// Whether the source permits variances where it permits means, as `use: [avg]` does.
  boolean variances = true;

  /// Whether something that bound analysts before binds them no longer.
  boolean looser;

  private boolean hasSchema;
  private Tree.Position unitAt = Tree.Position.NONE;

  Draft(Given given) {
    this.given = given;
    this.dataset = given.dataset();
  }

  /// What may be run.
  enum Sql {
    /// The source does not say it in a way that means something here.
    ASK,
    /// Whatever the rule's analysts write.
    ANY,
    NOTHING
  }

  /// A column as far as it is known.
  static final class Part {
    final Set<Use> allowed = EnumSet.noneOf(Use.class);
    final Set<Use> forbidden = EnumSet.noneOf(Use.class);
    final List<String> remarks = new ArrayList<>();
    Optional<ColumnType> type = Optional.empty();
    Optional<Column.Bounds> bounds = Optional.empty();

    Set<Use> use() {
      var use = EnumSet.copyOf(allowed);
      use.removeAll(forbidden);
      return use;
    }

    boolean needsBounds() {
      return (use().contains(Use.SUM) || use().contains(Use.AVG)) && bounds.isEmpty();
    }

    boolean isNumeric() {
      return type.filter(it ->
              it instanceof ColumnType.Int
                  || it instanceof ColumnType.Decimal
                  || it instanceof ColumnType.Real)
          .isPresent();
    }

    void remark(String text) {
      if (!remarks.contains(text)) {
        remarks.add(text);
      }
    }
  }

  /// Differential privacy as far as it is known; what is absent stays open, but for δ and the
  /// number of groups, whose absence is the strictest.
  record Noise(
      Optional<BigDecimal> epsilon,
      Optional<BigDecimal> delta,
      Optional<Integer> groupsPerUnit,
      Optional<BigDecimal> budgetEpsilon,
      Optional<BigDecimal> budgetDelta) {
    static final Noise UNKNOWN =
        new Noise(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
  }

  // --- columns

  /// The columns of a `CREATE TABLE`: what is not in it is no column.
  void schema(Notes notes, List<Schema.Field> fields) {
    for (Schema.Field field : fields) {
      Optional<ColumnName> name = named(field.name());
      if (name.isEmpty()) {
        notes.stricter(
            field.at(),
            "column " + Fields.quoted(field.name()),
            "out of reach: a column's name has letters, digits and _ here; rename it in the data");
      } else if (field.type().isEmpty()) {
        notes.stricter(
            field.at(),
            "column " + field.name() + " " + field.foreignType(),
            "out of reach: Cloister has no such type; leave it out of the data");
      } else if (columns.containsKey(name.get())) {
        notes.mistake(
            field.at(), "the column " + Fields.quoted(field.name()) + " is there already");
      } else {
        part(name.get()).type = field.type();
      }
    }
    hasSchema = true;
  }

  boolean hasSchema() {
    return hasSchema;
  }

  /// Columns that a view shows, without their types.
  void shown(Notes notes, Tree.Position at, List<String> names) {
    for (String each : names) {
      Optional<ColumnName> name = named(each);
      if (name.isPresent() && hasSchema && !columns.containsKey(name.get())) {
        notes.mistake(at, "the schema has no column " + Fields.quoted(each));
      } else if (name.isPresent()) {
        part(name.get());
      }
    }
  }

  /// Permits uses of a column.
  ///
  /// @param rule in the words of the source
  void allow(Notes notes, Tree.Position at, String column, String rule, Use... uses) {
    known(notes, at, column, rule)
        .ifPresent(name -> {
          part(name).allowed.addAll(List.of(uses));
          part(name).remark(rule);
        });
  }

  /// Forbids uses of a column, whatever else permits them.
  void forbid(Notes notes, Tree.Position at, String column, String rule, Set<Use> uses) {
    known(notes, at, column, rule)
        .ifPresent(name -> {
          part(name).forbidden.addAll(uses);
          part(name).remark(rule);
        });
  }

  /// The column that a source names; noted as lost when it cannot be a column here, and as a
  /// mistake when the schema has none of that name.
  Optional<ColumnName> known(Notes notes, Tree.Position at, String column, String rule) {
    Optional<ColumnName> name = named(column);
    if (name.isEmpty()) {
      notes.lost(
          at,
          rule + ": " + Fields.quoted(column),
          "no name of a column here, so out of reach; rename it in the data and in the source");
    } else if (hasSchema && !columns.containsKey(name.get())) {
      notes.mistake(at, "the schema has no column " + Fields.quoted(column));
      return Optional.empty();
    }
    return name;
  }

  Part part(ColumnName name) {
    return columns.computeIfAbsent(name, _ -> new Part());
  }

  static Optional<ColumnName> named(String text) {
    try {
      return Optional.of(new ColumnName(text));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  /// Names the dataset after the table, unless the owner has named it.
  void table(String name) {
    if (dataset.isEmpty()) {
      try {
        dataset = Optional.of(new Name(name.toLowerCase(Locale.ROOT)));
      } catch (IllegalArgumentException _) {
        // The owner is asked for a name.
      }
    }
  }

  // --- obligations

  /// The column whose distinct values the source counts or hides.
  void unit(Notes notes, Tree.Position at, String column, String rule) {
    Optional<ColumnName> name = named(column);
    if (name.isEmpty()) {
      notes.mistake(
          at,
          Fields.quoted(column)
              + " cannot be the unit: a column's name has letters, digits and _ here; rename it in"
              + " the data and in the source");
      return;
    }
    if (name.get().value().equals(NOBODY)) {
      notes.mistake(
          at, "a unit named none would be no unit here; rename it in the data and in the source");
      return;
    }
    if (known(notes, at, column, rule).isEmpty()) {
      return;
    }
    if (unit.isPresent() && !unit.equals(name)) {
      notes.mistake(
          at,
          "two columns whose values are to be counted, "
              + unit.get()
              + " and "
              + name.get()
              + ": a dataset has one unit; keep the rule of the column that means a person");
      return;
    }
    if (given.unit().isPresent() && !given.unit().equals(name)) {
      notes.mistake(
          at,
          "the source protects values of "
              + name.get()
              + ", and --unit says "
              + given.unit().get()
              + ": leave it out");
      return;
    }
    unit = name;
    unitAt = at;
    part(name.get()).remark(rule);
  }

  void requireJoin(String rule) {
    joinRequired = true;
    joinRules.add(rule);
  }

  /// At least so many units; the largest of several.
  void threshold(int units, String rule) {
    thresholdRules.add(rule);
    minimumUnits = Optional.of(Math.max(units, minimumUnits.orElse(0)));
  }

  /// A figure of the source in as many digits as Cloister has, rounded to the strict side.
  static Optional<BigDecimal> epsilon(Notes notes, Tree.Position at, BigDecimal value) {
    return figure(notes, at, value, EPSILON_DIGITS)
        .filter(rounded -> isFigure(notes, at, () -> new Epsilon(rounded)));
  }

  static Optional<BigDecimal> delta(Notes notes, Tree.Position at, BigDecimal value) {
    return figure(notes, at, value, DELTA_DIGITS)
        .filter(rounded -> isFigure(notes, at, () -> new Delta(rounded)));
  }

  private static Optional<BigDecimal> figure(
      Notes notes, Tree.Position at, BigDecimal value, int digits) {
    if (Math.abs((long) value.scale()) > 400
        || value.signum() < 0
        || value.compareTo(BigDecimal.valueOf(1_000_000)) > 0) {
      notes.mistake(at, "out of range");
      return Optional.empty();
    }
    BigDecimal rounded = value.setScale(digits, RoundingMode.DOWN).stripTrailingZeros();
    if (rounded.compareTo(value) != 0) {
      notes.stricter(
          at, value.toString(), "as " + rounded.toPlainString() + ": it has too many digits");
    }
    return Optional.of(rounded);
  }

  private static boolean isFigure(Notes notes, Tree.Position at, Runnable make) {
    try {
      make.run();
      return true;
    } catch (IllegalArgumentException e) {
      notes.mistake(at, String.valueOf(e.getMessage()));
      return false;
    }
  }

  /// Something that bound analysts before and that Cloister cannot demand: the owner lists the
  /// analyses that may run all the same.
  void loosens(Notes notes, Tree.Position at, String rule, String outcome) {
    looser = true;
    notes.lost(at, rule, outcome + "; so list the analyses that may run, or say any-sql yourself");
  }

  // --- the end

  /// Brings together what the source, the schema and the owner say.
  void finish(Notes notes) {
    if (unit.isEmpty() && given.unit().isPresent()) {
      unit(notes, Tree.Position.NONE, given.unit().get().value(), "the unit that you name");
    }
    given
        .bounds()
        .forEach((name, bounds) -> {
          if (!columns.containsKey(name)) {
            notes.mistake(
                Tree.Position.NONE, "--bounds names " + name + ", which is no column here");
          } else {
            part(name).bounds = Optional.of(bounds);
          }
        });
    if (everyColumn) {
      permitEveryColumn(notes);
    }
    unit.ifPresent(name -> keepUnseen(notes, name));
    unit.ifPresent(name -> expectJoins(notes, name));
    columns.forEach((name, part) -> {
      if (part.type.isPresent() && !part.isNumeric()) {
        var sums = EnumSet.of(Use.SUM, Use.AVG);
        sums.retainAll(part.use());
        if (!sums.isEmpty()) {
          notes.lost(
              Tree.Position.NONE,
              "sums and averages of " + name,
              "none: it is of type " + part.type.get() + "; make it a number in the data");
          part.forbidden.addAll(sums);
        }
      }
    });
    if (given.minimumUnits().isPresent()) {
      int least = minimumUnits.orElse(1);
      if (given.minimumUnits().get() < least) {
        notes.mistake(
            Tree.Position.NONE,
            "--minimum-units is below the " + least + " that the source demands");
      }
      threshold(given.minimumUnits().get(), "--minimum-units");
    }
    noise = noise.map(known -> bounded(notes, known));
  }

  private void permitEveryColumn(Notes notes) {
    var unbounded = new ArrayList<String>();
    columns.forEach((name, part) -> {
      if (unit.filter(name::equals).isPresent()) {
        return;
      }
      if (filterOnlyListed && !part.allowed.contains(Use.FILTER)) {
        part.forbidden.add(Use.FILTER);
      }
      part.allowed.addAll(OF_EVERY_COLUMN);
      if (part.isNumeric()) {
        if (part.bounds.isPresent()) {
          part.allowed.add(Use.SUM);
          if (variances) {
            part.allowed.add(Use.AVG);
          }
        } else if (!part.forbidden.contains(Use.SUM)) {
          unbounded.add(name.value());
        }
      }
    });
    if (!unbounded.isEmpty()) {
      notes.stricter(
          Tree.Position.NONE,
          "sums and averages of " + String.join(", ", unbounded),
          "none before they have bounds: --bounds "
              + unbounded.getFirst()
              + "=0..1000, or `bounds` and `use: [sum, avg]` in the document");
    }
  }

  /// The unit is compared and counted, never shown: [cloister.room.Dataset] refuses all other uses.
  private void keepUnseen(Notes notes, ColumnName name) {
    Part part = part(name);
    var beyond = EnumSet.copyOf(part.use());
    beyond.remove(Use.JOIN);
    if (!beyond.isEmpty()) {
      part.forbidden.addAll(EnumSet.complementOf(EnumSet.of(Use.JOIN)));
      notes.stricter(
          unitAt,
          "other uses of " + name,
          "none: the unit is joined and its distinct values are counted, which needs no use");
    }
  }

  private void expectJoins(Notes notes, ColumnName name) {
    boolean joins =
        joinRequired || columns.values().stream().anyMatch(it -> it.use().contains(Use.JOIN));
    if (joins && !part(name).use().contains(Use.JOIN)) {
      notes.lost(
          unitAt,
          "joins without " + name,
          "none: tables are joined on their units here, and the source does not let "
              + name
              + " be joined; let it, or have another unit");
    }
  }

  /// One run is not worth more than the whole budget.
  private Noise bounded(Notes notes, Noise known) {
    Optional<BigDecimal> epsilon = known.epsilon();
    if (given.epsilon().isPresent()) {
      BigDecimal wanted = given.epsilon().get();
      if (epsilon.filter(most -> wanted.compareTo(most) > 0).isPresent()) {
        notes.mistake(
            Tree.Position.NONE,
            "--epsilon is above the " + epsilon.get().toPlainString() + " of the source");
      }
      epsilon = epsilon(notes, Tree.Position.NONE, wanted);
    }
    return new Noise(
        smaller(notes, "epsilon", epsilon, known.budgetEpsilon()),
        smaller(
            notes,
            "delta",
            known.delta(),
            Optional.of(known.budgetDelta().orElse(BigDecimal.ZERO))),
        known.groupsPerUnit(),
        known.budgetEpsilon(),
        known.budgetDelta());
  }

  private static Optional<BigDecimal> smaller(
      Notes notes, String what, Optional<BigDecimal> run, Optional<BigDecimal> budget) {
    if (run.isPresent() && budget.isPresent() && run.get().compareTo(budget.get()) > 0) {
      notes.stricter(
          Tree.Position.NONE,
          what + " " + run.get().toPlainString() + " of one query",
          "as " + budget.get().toPlainString() + ": one run has no more than the whole budget");
      return budget;
    }
    return run;
  }
}
