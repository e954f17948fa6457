package cloister.room;

import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A column of a dataset.
///
/// @param required a null is a bad row
/// @param domain the public list of values; a value outside it is a bad row
/// @param bounds the public range; SUM and AVG clamp to it
public record Column(
    ColumnName name,
    ColumnType type,
    Optional<Semantic> semantic,
    Set<Use> use,
    boolean required,
    Optional<List<String>> domain,
    Optional<Bounds> bounds) {
  public Column {
    use = Set.copyOf(use);
    domain = domain.map(List::copyOf);
  }

  /// An inclusive range.
  public record Bounds(BigDecimal lower, BigDecimal upper) {
    public Bounds {
      if (lower.compareTo(upper) > 0) {
        throw new IllegalArgumentException("the lower bound is above the upper bound");
      }
    }
  }

  /// What a value means, which decides how it is normalised.
  public enum Semantic {
    EMAIL,
    PHONE,
    ID
  }
}
