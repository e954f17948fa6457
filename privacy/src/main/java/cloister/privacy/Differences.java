package cloister.privacy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The exact numbers that were released of some datasets, as far as later ones are compared with
/// them: the differencing guard of threshold-only answers.
///
/// **Guarantee:** of two numbers that it let pass, of whichever releases, groups and margins, about
/// units of one dataset, the contributions of no unit differ, or of at least that dataset's minimum
/// of units, or 6000; but for two numbers of one group of one answer. It is deterministic. What
/// follows from three numbers or more, margins apart, it does not see.
///
/// It remembers all; who uses it bounds how much. Not safe for concurrent use.
public final class Differences {
  /// So many units that tell two numbers apart are enough under any minimum: a footprint has no
  /// buckets for more.
  private static final int MOST_COMPARED = 6000;

  private final Map<String, List<Told>> ofDataset = new HashMap<>();
  private final Map<Integer, List<Footprint>> known = new HashMap<>();
  private final Map<String, Long> bytesOf = new HashMap<>();
  private long bytes;

  private record Told(String run, Footprint footprint) {}

  /// Two numbers that are too near each other.
  ///
  /// @param minimumUnits of the dataset: fewer than that make the difference
  /// @param run whose number the other one is; absent for one of the same answer
  public record Refusal(String dataset, int minimumUnits, Optional<String> run) {}

  /// The first two numbers that may not both be released, if there are.
  ///
  /// @param minimums what the datasets of the release demand
  public Optional<Refusal> refusal(Footprints fresh, Map<String, Integer> minimums) {
    var groups = fresh.without(this).groups();
    for (int i = 0; i < groups.size(); i++) {
      for (var footprint : groups.get(i)) {
        for (var dataset : footprint.datasets()) {
          int minimum = Math.min(minimums.getOrDefault(dataset, 1), MOST_COMPARED);
          for (var told : ofDataset.getOrDefault(dataset, List.of())) {
            if (isTooNear(footprint, told.footprint(), minimum)) {
              return Optional.of(new Refusal(dataset, minimum, Optional.of(told.run())));
            }
          }
          for (var before : groups.subList(0, i)) {
            for (var other : before) {
              if (other.datasets().contains(dataset) && isTooNear(footprint, other, minimum)) {
                return Optional.of(new Refusal(dataset, minimum, Optional.empty()));
              }
            }
          }
        }
      }
    }
    return Optional.empty();
  }

  private static boolean isTooNear(Footprint one, Footprint other, int minimum) {
    int between = one.unitsBetween(other, minimum);
    return between > 0 && between < minimum;
  }

  /// What was released.
  public void add(String run, Footprints released) {
    for (var group : released.groups()) {
      for (var footprint : group) {
        if (!has(footprint)) {
          bytes += footprint.bytes();
          known.computeIfAbsent(footprint.key(), _ -> new ArrayList<>()).add(footprint);
          for (var dataset : footprint.datasets()) {
            ofDataset
                .computeIfAbsent(dataset, _ -> new ArrayList<>())
                .add(new Told(run, footprint));
            bytesOf.merge(dataset, (long) footprint.bytes(), Long::sum);
          }
        }
      }
    }
  }

  /// Whether the number was released before, or is the 0 of no unit.
  boolean has(Footprint footprint) {
    return footprint.isEmpty()
        || known.getOrDefault(footprint.key(), List.of()).stream().anyMatch(footprint::isSame);
  }

  /// What of it was not released before.
  public Footprints fresh(Footprints released) {
    return released.without(this);
  }

  /// How much memory it takes.
  public long bytes() {
    return bytes;
  }

  /// Of the numbers of one dataset.
  public long bytes(String dataset) {
    return bytesOf.getOrDefault(dataset, 0L);
  }
}
