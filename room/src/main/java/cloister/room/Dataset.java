package cloister.room;

import cloister.crypto.Digest;
import java.time.Period;
import java.util.List;
import java.util.Optional;

/// A dataset's schema and terms.
///
/// @param document the digest its owner signed
/// @param unit the column that holds the privacy unit
/// @param retention how long a published version may be used; absent means until it is withdrawn
public record Dataset(
    Address address,
    Digest document,
    ColumnName unit,
    List<Column> columns,
    Optional<Period> retention,
    List<Rule> terms) {
  public Dataset {
    columns = List.copyOf(columns);
    terms = List.copyOf(terms);
  }
}
