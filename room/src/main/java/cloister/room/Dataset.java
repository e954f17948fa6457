package cloister.room;

import cloister.crypto.Digest;
import java.time.Period;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A dataset's schema and terms.
///
/// @param document the digest its owner signed
/// @param unit the column that holds the privacy unit; absent for a table about nobody, such as a
///   price list: its rows may be told to everybody who may use it
/// @param retention how long a published version may be used; absent means until it is withdrawn
public record Dataset(
    Address address,
    Digest document,
    Optional<ColumnName> unit,
    List<Column> columns,
    Optional<Period> retention,
    List<Rule> terms) {
  private static final int MOST_COLUMNS = 1_000;

  public Dataset {
    columns = List.copyOf(columns);
    terms = List.copyOf(terms);
    if (address.kind() != Kind.DATASET) {
      throw new IllegalArgumentException(address + " is not the address of a dataset");
    }
    if (columns.size() > MOST_COLUMNS) {
      throw new IllegalArgumentException("a dataset has at most " + MOST_COLUMNS + " columns");
    }
    var names = new HashSet<ColumnName>();
    for (Column column : columns) {
      if (!names.add(column.name())) {
        throw new IllegalArgumentException("column " + column.name() + " is declared twice");
      }
    }
    if (unit.isPresent()) {
      checkUnit(unit.get(), columns);
    }
    if (unit.isEmpty() && terms.stream().anyMatch(rule -> !rule.obligations().protectNobody())) {
      throw new IllegalArgumentException(
          "a dataset without a unit protects nobody: its rules say minimum-units: 1 and neither"
              + " differential-privacy nor budget");
    }
    if (retention.isPresent() && !isPositive(retention.get())) {
      throw new IllegalArgumentException("retention must be a positive period, such as P90D");
    }
    Rule.requireDistinctNames(terms);
  }

  /// The column of that name.
  public Optional<Column> column(ColumnName name) {
    return columns.stream().filter(column -> column.name().equals(name)).findFirst();
  }

  /// Whose presence must stay deniable is compared and counted, never shown: any use but a join
  /// would put the units themselves into an answer, and a domain would publish who they are.
  private static void checkUnit(ColumnName unit, List<Column> columns) {
    var column =
        columns.stream()
            .filter(it -> it.name().equals(unit))
            .findFirst()
            .orElseThrow(
                () -> new IllegalArgumentException("unit " + unit + " is not a declared column"));
    if (!(column.type() instanceof ColumnType.Text || column.type() instanceof ColumnType.Int)) {
      throw new IllegalArgumentException(
          "the unit column " + unit + " must be a string or an integer, not " + column.type());
    }
    if (!Set.of(Use.JOIN).containsAll(column.use())) {
      throw new IllegalArgumentException(
          "the unit column " + unit + " may have use [join] or [], nothing else");
    }
    if (column.domain().isPresent()) {
      throw new IllegalArgumentException(
          "the unit column " + unit + " cannot have a domain: it would publish the units");
    }
  }

  private static boolean isPositive(Period period) {
    return !period.isZero() && !period.isNegative();
  }
}
