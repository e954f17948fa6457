package cloister.privacy;

import java.util.List;
import java.util.Optional;

/// How an exact table becomes a released one; fixed before any data is read.
///
/// @param keys the group keys, in the engine's column order; none means one group of everything
/// @param counters one count of distinct privacy units per contributing dataset
/// @param noise absent in threshold-only mode
public record ReleasePlan(
    List<GroupKey> keys,
    List<Counter> counters,
    List<Measure> measures,
    Optional<DifferentialPrivacy> noise) {
  public ReleasePlan {
    keys = List.copyOf(keys);
    counters = List.copyOf(counters);
    measures = List.copyOf(measures);
    if (counters.isEmpty()) {
      throw new IllegalArgumentException("a release counts the units of at least one dataset");
    }
  }

  /// A group key; with a `domain` its values are public (an absent element is SQL's NULL), without
  /// one a value is released only when enough units have it.
  public record GroupKey(String name, Optional<List<Optional<String>>> domain) {
    public GroupKey {
      domain = domain.map(List::copyOf);
    }
  }

  /// The units of one dataset, and how many of them each released group must have.
  public record Counter(String dataset, int minimumUnits) {
    public Counter {
      if (minimumUnits < 1) {
        throw new IllegalArgumentException("minimum units must be at least 1");
      }
    }
  }
}
