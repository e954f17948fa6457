package cloister.query;

import cloister.query.Table.PerUnit;
import cloister.query.Table.Scan;
import cloister.room.Address;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// The rows of [Branch]es as DuckDB's SQL: FROM and WHERE, and the definitions that they rely on.
///
/// Tables are `t0…`, sources `s0…`, those of memberships `e0…`. Where contributions are bounded,
/// joined sources are `f0…`, with a bounded number of rows of each unit. Tables per unit are `d0…`.
final class RowSql {
  /// What one unit may make of a join: its presence must not decide whether a run ends in time.
  private static final int MOST_JOINED_ROWS = 1_000_000;

  /// Units are first counted together, by so many values of a hash: a table that fits a cache.
  private static final int BUCKETS = 1 << 16;

  private final List<Address> datasets;
  private final boolean bounds;
  private final String nonce;

  /// By what they say, in the order of their numbers.
  private final Map<String, Definition> definitions = new LinkedHashMap<>();

  private record Definition(String name, String sql) {}

  /// @param datasets in the order of their tables
  /// @param bounds whether one unit's rows of a join are bounded
  RowSql(Set<Address> datasets, boolean bounds, String nonce) {
    this.datasets = List.copyOf(datasets);
    this.bounds = bounds;
    this.nonce = nonce;
  }

  /// What is looked at of a branch beside its outputs.
  ///
  /// @param everyRow whether it matters how often a row is there
  /// @param matched of which left-joined sources it matters whether they match
  record Need(boolean everyRow, Predicate<Branch.Source> matched) {
    static final Need EVERY_ROW = new Need(true, _ -> true);
  }

  /// @param unit the unit of each row
  /// @param sql FROM and WHERE
  record Rows(String unit, String sql) {}

  String table(Address dataset) {
    return "t" + datasets.indexOf(dataset);
  }

  /// What has to stand before a SELECT that reads them; empty if there is nothing.
  String definitions() {
    return definitions.values().stream().map(Definition::sql).collect(Collectors.joining(", "));
  }

  private String defined(String key, IntFunction<String> sql, String prefix) {
    Definition known = definitions.get(prefix + key);
    if (known != null) {
      return known.name();
    }
    int number = definitions.size();
    String name = prefix + number;
    definitions.put(prefix + key, new Definition(name, sql.apply(number)));
    return name;
  }

  private String table(Branch.Source source) {
    return switch (source.table()) {
      case Scan scan -> table(scan.dataset().address());
      case PerUnit perUnit -> table(perUnit);
    };
  }

  /// A unit's own rows, aggregated by the unit and more: no other unit's rows change what comes
  /// out.
  private String table(PerUnit perUnit) {
    List<String> parts = new ArrayList<>();
    for (Branch branch : perUnit.branches()) {
      Rows rows = rows(branch, Need.EVERY_ROW);
      List<String> outputs = new ArrayList<>();
      for (int output = 0; output < branch.outputs().size(); output++) {
        outputs.add(
            (output == perUnit.unitKey() ? rows.unit() : key(branch.outputs().get(output)))
                + " AS o"
                + output);
      }
      parts.add("SELECT " + String.join(", ", outputs) + rows.sql());
    }
    List<String> columns = new ArrayList<>();
    List<String> keys = new ArrayList<>();
    for (int key = 0; key < perUnit.keys(); key++) {
      keys.add("o" + key);
      columns.add("o" + key + " AS " + DuckDbSql.identifier(PerUnit.name(key)));
    }
    for (int index = 0; index < perUnit.aggregations().size(); index++) {
      columns.add(
          perUnit.aggregate(index)
              + " AS "
              + DuckDbSql.identifier(PerUnit.name(perUnit.keys() + index)));
    }
    String sql =
        "SELECT "
            + String.join(", ", columns)
            + " FROM (\n  "
            + String.join("\n  UNION ALL\n  ", parts)
            + "\n)"
            + (perUnit.groups() ? " GROUP BY " + String.join(", ", keys) : "");
    return defined(sql, number -> "d" + number + " AS MATERIALIZED (\n" + sql + "\n)", "d");
  }

  Rows rows(Branch branch, Need need) {
    List<Integer> joined = joined(branch, need);
    int first = joined.stream().filter(each -> hasUnit(branch, each)).findFirst().orElseThrow();
    String unit = unit(first, branch);
    // The conditions say how the sources join; DuckDB's optimizer makes hash joins of them.
    int multiplied =
        (int) joined.stream().filter(each -> branch.sources().get(each).hasUnit()).count();
    boolean multiplies = bounds && multiplied > 1;
    List<String> conditions = new ArrayList<>();
    var from = new StringBuilder();
    boolean leftJoins = joined.stream().anyMatch(each -> branch.sources().get(each).isOptional());
    for (int source : joined) {
      String rows =
          (multiplies && branch.sources().get(source).hasUnit()
                  ? bounded(branch, source, multiplied)
                  : table(branch.sources().get(source)))
              + " AS s"
              + source;
      Optional<List<Scalar>> on = branch.sources().get(source).on();
      if (on.isPresent()) {
        from.append(" LEFT JOIN ")
            .append(rows)
            .append(" ON ")
            .append(conjunction(branch, on.get(), unit));
      } else {
        from.append(from.isEmpty() ? "" : leftJoins ? " CROSS JOIN " : ", ").append(rows);
        if (source != first && branch.sources().get(source).hasUnit()) {
          conditions.add("(" + unit + " = " + unit(source, branch) + ")");
        }
      }
    }
    for (Scalar condition : branch.conditions()) {
      Set<Integer> over = sources(condition);
      boolean elsewhere =
          over.size() == 1
              && hasUnit(branch, over.iterator().next())
              && (multiplies || !joined.containsAll(over));
      if (!branch.isJoin(condition) && !elsewhere) {
        conditions.add(expression(condition));
      }
    }
    for (int source = 0; source < branch.sources().size(); source++) {
      if (!joined.contains(source) && !branch.sources().get(source).isOptional()) {
        conditions.add(unit + " IN (" + units(source, branch) + ")");
      }
    }
    for (Branch.Membership membership : branch.memberships()) {
      conditions.add(membership(branch, membership, unit));
    }
    return new Rows(unit, " FROM " + from + where(conditions));
  }

  private static String conjunction(Branch branch, List<Scalar> conditions, String unit) {
    return conditions.isEmpty()
        ? "true"
        : conditions.stream()
            .map(condition -> expression(branch, condition, unit))
            .collect(Collectors.joining(" AND ", "(", ")"));
  }

  /// With the row's unit in the place of its sources': not each of them is joined.
  private static String expression(Branch branch, Scalar condition, String unit) {
    return DuckDbSql.expression(
        condition,
        column ->
            column.source() >= 0 && branch.isUnit(column)
                ? unit
                : source(column.source()) + "." + name(column));
  }

  /// What is about the unit alone is a set of units, which DuckDB hashes.
  private String membership(Branch branch, Branch.Membership membership, String unit) {
    boolean ofUnits = branch.isOfUnits(membership);
    List<String> conditions = new ArrayList<>();
    for (Scalar condition : membership.conditions()) {
      if (!ofUnits || !branch.isUnitEquality(membership, condition)) {
        conditions.add(expression(branch, condition, unit));
      }
    }
    List<String> tables = new ArrayList<>();
    String first = ofUnits ? unit(-1, membership.source(-1)) : "";
    for (int number = -1; number >= -membership.sources().size(); number--) {
      tables.add(table(membership.source(number)) + " AS " + source(number));
      if (ofUnits && number < -1) {
        conditions.add("(" + first + " = " + unit(number, membership.source(number)) + ")");
      }
    }
    String rows = " FROM " + String.join(", ", tables) + where(conditions);
    return (membership.present() ? "" : "NOT ")
        + (ofUnits
            ? "(" + unit + " IN (SELECT " + first + rows + "))"
            : "EXISTS (SELECT 1" + rows + ")");
  }

  /// The sources whose rows are joined. Where only units and distinct values are counted it does
  /// not matter how often a row is there, so a source of which nothing but the unit is read need
  /// only have that unit: see [#units].
  private static List<Integer> joined(Branch branch, Need need) {
    Set<Integer> read = new TreeSet<>();
    branch.outputs().forEach(output -> read.addAll(sources(output)));
    for (Branch.Membership membership : branch.memberships()) {
      if (!branch.isOfUnits(membership)) {
        membership.conditions().stream()
            .filter(each -> !branch.isUnitEquality(membership, each))
            .forEach(each -> sources(each).stream().filter(over -> over >= 0).forEach(read::add));
      }
    }
    for (Scalar condition : branch.conditions()) {
      Set<Integer> over = sources(condition);
      if (over.size() > 1 && !branch.isJoin(condition)) {
        read.addAll(over);
      }
    }
    for (int source = 0; source < branch.sources().size(); source++) {
      Optional<List<Scalar>> on = branch.sources().get(source).on();
      if (need.everyRow() || need.matched().test(branch.sources().get(source))) {
        read.add(source);
      }
      if (on.isPresent() && read.contains(source)) {
        on.get().stream()
            .filter(each -> !isUnitTie(branch, each))
            .forEach(each -> read.addAll(sources(each)));
      }
    }
    // Nothing stands for the rows of a table without units but those rows.
    for (int source = 0; source < branch.sources().size(); source++) {
      Branch.Source each = branch.sources().get(source);
      if (!each.hasUnit() && !each.isOptional()) {
        read.add(source);
      }
    }
    if (read.stream().noneMatch(source -> hasUnit(branch, source))) {
      read.add(branch.sources().indexOf(branch.first()));
    }
    return List.copyOf(read);
  }

  /// Whether an inner-joined source is of units: what is known of it is known of each row's unit.
  private static boolean hasUnit(Branch branch, int source) {
    return branch.sources().get(source).hasUnit() && !branch.sources().get(source).isOptional();
  }

  /// Whether a left join's condition is that its unit is the row's.
  private static boolean isUnitTie(Branch branch, Scalar condition) {
    return condition instanceof Scalar.Call call
        && call.function() == Scalar.Function.EQUAL
        && call.arguments().stream()
            .allMatch(each -> branch.isUnit(each) || branch.isOptionalUnit(each));
  }

  /// The units of a source that its own conditions leave.
  private String units(int source, Branch branch) {
    return "SELECT "
        + unit(source, branch)
        + " FROM "
        + table(branch.sources().get(source))
        + " AS s"
        + source
        + where(
            branch.conditions().stream()
                .filter(condition -> sources(condition).equals(Set.of(source)))
                .map(RowSql::expression)
                .toList());
  }

  private static String where(List<String> conditions) {
    return conditions.isEmpty() ? "" : " WHERE " + String.join(" AND ", conditions);
  }

  /// The rows of a source that its own conditions leave, of each unit at most so many that all
  /// joined sources together make no more than [#MOST_JOINED_ROWS] of it. Which rows a unit keeps
  /// depends on the columns that are read of its own rows there, and the nonce.
  ///
  /// Hardly any unit is in a bucket of too many rows (`w`), fewer have too many themselves (`h`),
  /// and only those are sorted.
  private String bounded(Branch branch, int source, int joined) {
    int most = (int) Math.floor(Math.pow(MOST_JOINED_ROWS, 1.0 / joined) + 1e-9);
    Branch.Source from = branch.sources().get(source);
    ColumnName unitColumn = from.unit().orElseThrow();
    String unit = "s." + DuckDbSql.identifier(unitColumn);
    Set<Scalar.Column> columns = new LinkedHashSet<>();
    columns.add(new Scalar.Column(source, unitColumn, from.field(unitColumn).type()));
    List<String> own = new ArrayList<>();
    for (Scalar condition : from.on().orElse(branch.conditions())) {
      if (sources(condition).equals(Set.of(source))) {
        own.add(DuckDbSql.expression(condition, column -> "s." + name(column)));
      } else {
        columnsOf(source, condition, columns);
      }
    }
    for (Scalar elsewhere : elsewhere(branch, from)) {
      columnsOf(source, elsewhere, columns);
    }
    List<String> names = columns.stream().map(column -> "s." + name(column)).sorted().toList();
    // Of two rows that differ in the sign of a zero only, neither is first but as text.
    List<String> order =
        columns.stream()
            .map(column ->
                column.type() instanceof ColumnType.Real
                    ? "CAST(s." + name(column) + " AS VARCHAR)"
                    : "s." + name(column))
            .sorted()
            .toList();
    String rows =
        " FROM "
            + table(from)
            + " AS s WHERE "
            + own.stream().map(each -> each + " AND ").collect(Collectors.joining());
    String bucket = "CAST(hash(" + unit + ") % " + BUCKETS + " AS USMALLINT)";
    String keys = String.join(", ", names);
    return defined(
        most + rows + keys,
        number -> {
          String heavy = " IN (SELECT u FROM h" + number + ")";
          String chosen = String.join(", ", order);
          return String.join(
              "\n",
              "w" + number + " AS MATERIALIZED (",
              "  SELECT " + bucket + " AS w" + rows + "true GROUP BY 1 HAVING count(*) > " + most,
              "), h" + number + " AS MATERIALIZED (",
              "  SELECT " + unit + " AS u" + rows + bucket + " IN (SELECT w FROM w" + number + ")",
              "  GROUP BY 1 HAVING count(*) > " + most,
              "), f" + number + " AS NOT MATERIALIZED (",
              "  SELECT " + keys + rows + "NOT " + unit + heavy,
              "  UNION ALL",
              "  SELECT " + keys + rows + unit + heavy,
              "  QUALIFY row_number() OVER (PARTITION BY " + unit,
              "    ORDER BY hash("
                  + chosen
                  + ", "
                  + DuckDbSql.text(nonce)
                  + "), "
                  + chosen
                  + ") <= "
                  + most,
              ")");
        },
        "f");
  }

  /// What reads a source beside the conditions that join it.
  private static List<Scalar> elsewhere(Branch branch, Branch.Source source) {
    List<Scalar> all = new ArrayList<>(branch.outputs());
    if (source.isOptional()) {
      all.addAll(branch.conditions());
    }
    branch.sources().forEach(each -> each.on().ifPresent(all::addAll));
    branch.memberships().forEach(each -> all.addAll(each.conditions()));
    return all;
  }

  private static Set<Integer> sources(Scalar scalar) {
    Set<Integer> sources = new HashSet<>();
    Scalar.forEachColumn(scalar, column -> sources.add(column.source()));
    return sources;
  }

  private static void columnsOf(int source, Scalar scalar, Set<Scalar.Column> columns) {
    Scalar.forEachColumn(
        scalar,
        column -> {
          if (column.source() == source) {
            columns.add(column);
          }
        });
  }

  /// A branch's own sources are `s0…`, a membership's `e0…`.
  private static String source(int number) {
    return number < 0 ? "e" + (-1 - number) : "s" + number;
  }

  private static String name(Scalar.Column column) {
    return DuckDbSql.identifier(column.name());
  }

  static String unit(int source, Branch branch) {
    return unit(source, branch.sources().get(source));
  }

  private static String unit(int number, Branch.Source source) {
    return source(number) + "." + DuckDbSql.identifier(source.unit().orElseThrow());
  }

  /// -0 and 0 are one group, and which of them it is called would depend on single rows.
  static String key(Scalar scalar) {
    return scalar.type() instanceof ColumnType.Real
        ? "(" + expression(scalar) + " + CAST('0' AS DOUBLE))"
        : expression(scalar);
  }

  static String expression(Scalar scalar) {
    return DuckDbSql.expression(scalar, column -> source(column.source()) + "." + name(column));
  }
}
