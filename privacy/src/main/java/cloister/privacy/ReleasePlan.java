package cloister.privacy;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// How an exact table becomes a released one; fixed before any data is read.
///
/// With noise, if every key has a domain, every combination of the domains is listed. If any key
/// has none, only groups that the engine found are candidates, and each must pass a threshold on
/// every counter; that needs a δ above 0.
///
/// @param keys the group keys, in the engine's column order; none means one group of everything
/// @param counters the distinct privacy units of what contributes, at least those of a group. All
///   counters are one id space, so one unit may be counted by each of them; each that decides about
///   a release is noised and charged. Datasets that are inner-joined on the unit have equal counts,
///   so they are *one* counter
/// @param unitsMayChange whether a unit that leaves one dataset may still count, otherwise: rows
///   that need every dataset are there or not, but what is united or outer-joined may do without
///   some
/// @param noise absent in threshold-only mode
/// @param traced in threshold-only mode, what is looked at of the units behind exact numbers: a
///   list of the row each, after the measures' lists
public record ReleasePlan(
    List<GroupKey> keys,
    List<Counter> counters,
    List<Measure> measures,
    boolean unitsMayChange,
    Optional<DifferentialPrivacy> noise,
    List<Traced> traced) {
  /// How many groups a plan may list by its domains: a noisy value for each is held in memory.
  public static final int LARGEST_LISTING = 1_000_000;

  private static final int MOST_KEYS = 64;
  public static final int MOST_COUNTERS = 1024;
  public static final int MOST_MEASURES = 256;

  /// Of units that may change if there are several counters.
  public ReleasePlan(
      List<GroupKey> keys,
      List<Counter> counters,
      List<Measure> measures,
      Optional<DifferentialPrivacy> noise) {
    this(keys, counters, measures, counters.size() > 1, noise, List.of());
  }

  /// Without what is traced.
  public ReleasePlan(
      List<GroupKey> keys,
      List<Counter> counters,
      List<Measure> measures,
      boolean unitsMayChange,
      Optional<DifferentialPrivacy> noise) {
    this(keys, counters, measures, unitsMayChange, noise, List.of());
  }

  public ReleasePlan {
    keys = List.copyOf(keys);
    counters = List.copyOf(counters);
    measures = List.copyOf(measures);
    traced = List.copyOf(traced);
    int guarded = measures.size();
    if (keys.size() > MOST_KEYS
        || counters.size() > MOST_COUNTERS
        || measures.size() > MOST_MEASURES) {
      throw new IllegalArgumentException(
          "a release has at most 64 keys, 1024 counters and 256 measures");
    }
    for (var counter : counters) {
      if (counter.measures().stream().anyMatch(measure -> measure < 0 || measure >= guarded)) {
        throw new IllegalArgumentException("a counter is of a measure that there is not");
      }
      if (noise.isPresent()
          && (!counter.ofGroups() || (counter.orNone() && counter.isDemanding()))) {
        throw new IllegalArgumentException("with noise, counters are of groups, and of some units");
      }
    }
    if (counters.stream().noneMatch(each -> each.ofGroups() && each.isDemanding())) {
      throw new IllegalArgumentException("a release counts the units of its groups");
    }
    for (var measure : measures) {
      if (measure instanceof Measure.Units(int counter) && counter >= counters.size()) {
        throw new IllegalArgumentException("there is no counter " + counter);
      }
      if (measure instanceof Measure.Another another && !has(measures, another)) {
        throw new IllegalArgumentException("no measure has the moments of " + another);
      }
      if (measure instanceof Measure.AnotherQuantile another
          && (another.measure() < 0
              || another.measure() >= measures.size()
              || !(measures.get(another.measure()) instanceof Measure.Quantile))) {
        throw new IllegalArgumentException("no measure has the values of " + another);
      }
      if (measure.lists() > 0 && noise.isEmpty()) {
        throw new IllegalArgumentException("without noise nothing is clipped or ranked");
      }
    }
    if (noise.isPresent() && !traced.isEmpty()) {
      throw new IllegalArgumentException("with noise, units are not traced");
    }
    boolean listed = isListed(keys);
    if (noise.isPresent() && listed && combinations(keys) > LARGEST_LISTING) {
      throw new IllegalArgumentException("the domains have more than 1000000 combinations");
    }
    if (noise.isPresent() && !listed && noise.get().delta().equals(Delta.ZERO)) {
      throw new IllegalArgumentException("a group key without a domain needs a delta above 0");
    }
  }

  private static boolean has(List<Measure> measures, Measure.Another another) {
    return another.measure() >= 0
        && another.measure() < measures.size()
        && switch (measures.get(another.measure())) {
          case Measure.Moments _ -> true;
          case Measure.Mean _ ->
              another.statistic() == Measure.Statistic.COUNT
                  || another.statistic() == Measure.Statistic.MEAN;
          case Measure.Units _,
              Measure.Rows _,
              Measure.DistinctValues _,
              Measure.Sum _,
              Measure.Clipped _,
              Measure.Quantile _,
              Measure.AnotherQuantile _,
              Measure.Another _ ->
              false;
        };
  }

  /// Where each measure's lists start in a row.
  List<Integer> firstLists() {
    var starts = new ArrayList<Integer>();
    int next = 0;
    for (var measure : measures) {
      starts.add(next);
      next += measure.lists();
    }
    return starts;
  }

  /// Where each measure's cells start in a row; that of another statistic is where its moments do.
  List<Integer> firstCells() {
    var starts = new ArrayList<Integer>();
    int next = 0;
    for (var measure : measures) {
      starts.add(next);
      next += measure.cells();
    }
    for (int i = 0; i < measures.size(); i++) {
      if (measures.get(i) instanceof Measure.Another another) {
        starts.set(i, starts.get(another.measure()));
      }
    }
    return starts;
  }

  /// Whether every key's values are public. True without keys.
  public boolean listsEveryGroup() {
    return isListed(keys);
  }

  /// Whether every one of these keys has public values.
  public static boolean isListed(List<GroupKey> keys) {
    return keys.stream().allMatch(key -> key.domain().isPresent());
  }

  /// How many groups there are when all are listed, at most one more than [#LARGEST_LISTING].
  public static long combinations(List<GroupKey> keys) {
    long product = 1;
    for (var key : keys) {
      product = Math.min(LARGEST_LISTING + 1L, product * key.domain().orElseThrow().size());
    }
    return product;
  }

  /// In how many groups neighbouring tables differ at most: those that a unit leaves and, where it
  /// may change, those that it enters.
  int groupsThatDiffer() {
    int declared = noise.orElseThrow().groupsPerUnit();
    int differ = unitsMayChange ? 2 * declared : declared;
    return listsEveryGroup() ? (int) Math.min(differ, combinations(keys)) : differ;
  }

  /// A group key; with a `domain` its values are public (an absent element is SQL's NULL), without
  /// one a value is released only when enough units have it.
  public record GroupKey(String name, Optional<List<Optional<String>>> domain) {
    public GroupKey {
      domain = domain.map(List::copyOf);
      domain.ifPresent(GroupKey::checkDomain);
    }

    private static void checkDomain(List<Optional<String>> values) {
      if (values.isEmpty() || values.size() > LARGEST_LISTING) {
        throw new IllegalArgumentException("a domain has 1 to 1000000 values");
      }
      if (new HashSet<>(values).size() < values.size()) {
        throw new IllegalArgumentException("a domain lists a value twice");
      }
    }
  }

  /// The units of one dataset, or of several that are inner-joined on the unit, and how many of
  /// them each released group must have.
  ///
  /// Without noise a measure that looks at some rows of a group only, those with a value, has
  /// counters of its own: a number about fewer units is withheld, though its group is released.
  ///
  /// @param dataset a label for messages; for joined datasets, all their names and the largest of
  ///   their minimums
  /// @param minimumUnits 0 when they are counted and nothing is demanded of them
  /// @param orNone whether no unit at all will do as well; in threshold-only mode
  /// @param measures those whose numbers need so many units; none means the group itself
  public record Counter(String dataset, int minimumUnits, boolean orNone, Set<Integer> measures) {
    public Counter(String dataset, int minimumUnits) {
      this(dataset, minimumUnits, false, Set.of());
      if (minimumUnits < 1) {
        throw new IllegalArgumentException("minimum units must be at least 1");
      }
    }

    public Counter {
      measures = Set.copyOf(measures);
      if (minimumUnits < 0) {
        throw new IllegalArgumentException("minimum units must be at least 0");
      }
    }

    /// One that is counted only.
    public static Counter only(String dataset) {
      return new Counter(dataset, 0, true, Set.of());
    }

    public Counter orElseNone() {
      return new Counter(dataset, minimumUnits, true, measures);
    }

    /// The same of the units behind measures.
    public Counter of(Set<Integer> measures) {
      return new Counter(dataset, minimumUnits, orNone, measures);
    }

    /// Whether so many units are enough.
    boolean suffices(BigInteger units) {
      return (orNone && units.signum() == 0)
          || units.compareTo(BigInteger.valueOf(minimumUnits)) >= 0;
    }

    boolean isDemanding() {
      return minimumUnits > 0;
    }

    boolean ofGroups() {
      return measures.isEmpty();
    }
  }

  /// The contributions of a dataset's units to exact numbers: of ones, of rows, or of values.
  ///
  /// Its list in a row is: how many units contribute something other than 0; the largest
  /// contribution, and the sum of all, without their signs; and what [Footprint] says.
  ///
  /// @param minimums the datasets whose units contribute, and how many each demands
  /// @param orNone whether it may be of no unit at all
  /// @param measures those whose numbers follow from it
  /// @param digits of which power of ten contributions are multiples, 10^-digits
  /// @param values whether it is of values, of which one unit's may be nearly all
  public record Traced(
      Map<String, Integer> minimums,
      boolean orNone,
      Set<Integer> measures,
      int digits,
      boolean values) {
    /// The share of a sum, in percent, that one unit's values may be.
    public static final int LARGEST_PERCENT = 80;

    private static final int BEFORE_FOOTPRINT = 3;

    public Traced {
      minimums = Map.copyOf(minimums);
      measures = Set.copyOf(measures);
      if (minimums.isEmpty() || measures.isEmpty() || digits < 0) {
        throw new IllegalArgumentException("units are traced of datasets, for measures");
      }
    }

    /// The largest of the minimums.
    int minimumUnits() {
      return Collections.max(minimums.values());
    }

    /// Whether a number about these contributions is about enough units, and about no single one.
    boolean suffices(List<BigInteger> delivered) {
      var units = delivered.getFirst();
      if (units.signum() == 0) {
        return orNone;
      }
      var largest = delivered.get(1).multiply(BigInteger.valueOf(100));
      var most = delivered.get(2).multiply(BigInteger.valueOf(LARGEST_PERCENT));
      return units.compareTo(BigInteger.valueOf(minimumUnits())) >= 0
          && (!values || largest.compareTo(most) <= 0);
    }

    Footprint footprint(int buckets, List<BigInteger> delivered) {
      return Footprint.of(
          minimums.keySet(),
          delivered.getFirst(),
          buckets,
          digits,
          delivered.subList(BEFORE_FOOTPRINT, delivered.size()));
    }
  }

  /// How many buckets the footprints of this release have.
  public int buckets() {
    return Footprint.bucketsFor(traced.stream().mapToInt(Traced::minimumUnits).max().orElse(1));
  }
}
