package cloister.migration;

import cloister.room.Column;
import cloister.room.ColumnName;
import cloister.room.Name;
import cloister.room.Purpose;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What the owner says because the source does not. What is absent and needed stays open.
///
/// @param schema a `CREATE TABLE` statement, for the types of columns
/// @param analyses as terms list them: `/party/analysis/name`, `any-sql` …
/// @param epsilon of one run
public record Given(
    Optional<Name> dataset,
    Optional<ColumnName> unit,
    Optional<SourceFile> schema,
    List<Name> analysts,
    List<String> analyses,
    List<Purpose> purposes,
    List<Name> recipients,
    Optional<Integer> minimumUnits,
    Optional<BigDecimal> epsilon,
    Map<ColumnName, Column.Bounds> bounds) {
  public static final Given NOTHING =
      new Given(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          List.of(),
          List.of(),
          List.of(),
          List.of(),
          Optional.empty(),
          Optional.empty(),
          Map.of());

  public Given {
    analysts = List.copyOf(analysts);
    analyses = List.copyOf(analyses);
    purposes = List.copyOf(purposes);
    recipients = List.copyOf(recipients);
    bounds = Map.copyOf(bounds);
  }
}
