package cloister.privacy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// Footprints as an engine would deliver them, of contributions that are known here.
class DifferencesTest {
  private static final int MINIMUM = 25;
  private static final String CUSTOMERS = "/airline/dataset/customers";
  private static final Map<String, Integer> MINIMUMS = Map.of(CUSTOMERS, MINIMUM);
  private static final long SEED = 20261128;

  private final SplittableRandom random = new SplittableRandom(SEED);

  /// A hash of each unit, the same for all numbers.
  private final Map<Integer, Long> hashes = new TreeMap<>();

  private Footprint footprint(int digits, Map<Integer, Long> contributions) {
    int buckets = Footprint.bucketsFor(MINIMUM);
    long check = 0;
    long[] sums = new long[buckets];
    for (var each : contributions.entrySet()) {
      long hash = hashes.computeIfAbsent(each.getKey(), _ -> random.nextLong());
      int bucket = (int) Long.remainderUnsigned(hash, buckets);
      long factor = Long.remainderUnsigned(hash >>> 16, Footprint.BUCKET_PRIME - 1) + 1;
      sums[bucket] =
          Math.floorMod(
              sums[bucket] + each.getValue() % Footprint.BUCKET_PRIME * factor,
              Footprint.BUCKET_PRIME);
      check =
          Math.floorMod(
              check
                  + each.getValue()
                      % Footprint.CHECK_PRIME
                      * (Long.remainderUnsigned(hash * 31, Footprint.CHECK_PRIME - 1) + 1),
              Footprint.CHECK_PRIME);
    }
    var delivered = new ArrayList<BigInteger>();
    delivered.add(BigInteger.valueOf(check));
    for (int bucket = 0; bucket < buckets; bucket++) {
      if (sums[bucket] != 0) {
        delivered.add(BigInteger.valueOf(((long) bucket << 32) + sums[bucket]));
      }
    }
    long units = contributions.values().stream().filter(each -> each != 0).count();
    return Footprint.of(Set.of(CUSTOMERS), BigInteger.valueOf(units), buckets, digits, delivered);
  }

  private Map<Integer, Long> contributions(int from, int to) {
    var all = new TreeMap<Integer, Long>();
    for (int unit = from; unit < to; unit++) {
      all.put(unit, 1L + unit % 7);
    }
    return all;
  }

  private static Footprints one(Footprint footprint) {
    return keyed(List.of(), Map.of("", footprint), 0);
  }

  /// Groups by one key and more that are the same for all.
  private static Footprints keyed(
      List<String> others, Map<String, Footprint> footprints, int keys) {
    var groups = new ArrayList<Footprints.Group>();
    new TreeMap<>(footprints)
        .forEach((key, footprint) -> {
          var all = new ArrayList<Optional<String>>();
          if (keys > 0) {
            all.add(Optional.of(key));
            others.forEach(other -> all.add(Optional.of(other)));
          }
          groups.add(new Footprints.Group(all, new TreeMap<>(Map.of(0, footprint))));
        });
    return Footprints.of(groups, keys);
  }

  private static Optional<Differences.Refusal> refusal(Footprints earlier, Footprints later) {
    var told = new Differences();
    told.add("run-1", earlier);
    return told.refusal(later, MINIMUMS);
  }

  /// Whatever few units differ in, among however many.
  @Test
  void fewerUnitsThanTheMinimumAreNeverTakenForEnough() {
    for (int round = 0; round < 2000; round++) {
      int all = MINIMUM + random.nextInt(2000);
      var before = contributions(0, all);
      var after = new TreeMap<>(before);
      int few = 1 + random.nextInt(MINIMUM - 1);
      for (int i = 0; i < few; i++) {
        switch (random.nextInt(3)) {
          case 0 -> after.remove(random.nextInt(all));
          case 1 -> after.put(all + random.nextInt(5000), random.nextLong(1, 1L << 40));
          default -> after.merge(random.nextInt(all), random.nextLong(-9, 10), Long::sum);
        }
      }
      if (!before.equals(after)) {
        assertThat(refusal(one(footprint(0, before)), one(footprint(0, after))))
            .as("seed %d, round %d", SEED, round)
            .contains(new Differences.Refusal(CUSTOMERS, MINIMUM, Optional.of("run-1")));
      }
    }
  }

  @Test
  void enoughUnitsAreHardlyEverTakenForFew() {
    int refused = 0;
    for (int round = 0; round < 2000; round++) {
      var before = contributions(0, 1000);
      int part = random.nextInt(MINIMUM, 900);
      // Some go, or as many others come in their place.
      var subset = contributions(part, 1000);
      assertThat(refusal(one(footprint(0, before)), one(footprint(0, subset)))).isEmpty();
      var moved = contributions(part, 1000 + part);
      refused += refusal(one(footprint(0, before)), one(footprint(0, moved))).isPresent() ? 1 : 0;
    }
    assertThat(refused).isZero();
  }

  @Test
  void whatContributesNothingIsNoDifferenceAndNoPadding() {
    var some = contributions(0, 300);
    var padded = new TreeMap<>(some);
    for (int unit = 1000; unit < 2000; unit++) {
      padded.put(unit, 0L);
    }
    assertThat(refusal(one(footprint(0, some)), one(footprint(0, padded)))).isEmpty();
    padded.put(77, 100L);
    assertThat(refusal(one(footprint(0, some)), one(footprint(0, padded)))).isPresent();
  }

  /// 1.00 in hundredths is 1 in ones, and 0.5 no multiple of it.
  @Test
  void granularityMakesNoDifference() {
    var ones = contributions(0, 300);
    var hundredths = new TreeMap<Integer, Long>();
    ones.forEach((unit, value) -> hundredths.put(unit, 100 * value));
    assertThat(footprint(0, ones).unitsBetween(footprint(2, hundredths), MINIMUM)).isZero();
    hundredths.merge(5, 50L, Long::sum);
    assertThat(footprint(0, ones).unitsBetween(footprint(2, hundredths), MINIMUM)).isEqualTo(1);
  }

  @Test
  void aTotalLessItsShownPartsIsThePartThatIsNot() {
    var total = one(footprint(0, contributions(0, 303)));
    var shown =
        Map.of(
            "a", footprint(0, contributions(0, 100)),
            "b", footprint(0, contributions(100, 200)),
            "c", footprint(0, contributions(200, 300)));
    for (int keys : List.of(1, 2, 3)) {
      var parts = keyed(List.of("x", "y").subList(0, keys - 1), shown, keys);
      assertThat(refusal(total, parts)).as("%d keys", keys).isPresent();
      assertThat(refusal(parts, total)).as("%d keys", keys).isPresent();
    }
    assertThat(refusal(keyed(List.of(), shown, 1), one(footprint(0, contributions(0, 300)))))
        .isEmpty();
  }

  @Test
  void anotherMinimumHasOtherBucketsThatCompareAllTheSame() {
    assertThat(List.of(1, 2, 25, 100, 1_000_000_000).stream().map(Footprint::bucketsFor))
        .containsExactly(128, 128, 256, 1024, 8192);
    var fine = footprint(0, contributions(0, 300));
    var coarse = fine.plus(new Footprint(fine.datasets(), 0, 0, new char[128]));
    assertThat(fine.unitsBetween(coarse, MINIMUM)).isZero();
    assertThat(footprint(0, contributions(1, 300)).unitsBetween(coarse, MINIMUM)).isEqualTo(1);
  }

  @Test
  void whatIsKeptIsReadBack() {
    var all =
        keyed(
            List.of(),
            Map.of(
                "few", footprint(0, contributions(0, 26)),
                "many", footprint(0, contributions(0, 5000))),
            1);
    byte[] kept = all.encode();
    var told = new Differences();
    told.add("run-1", Footprints.decode(kept));
    assertThat(told.fresh(all).isEmpty()).isTrue();
    assertThat(told.bytes()).isEqualTo(told.bytes(CUSTOMERS)).isPositive();
    for (int size = 0; size < kept.length; size++) {
      byte[] cut = Arrays.copyOf(kept, size);
      assertThatIllegalArgumentException().isThrownBy(() -> Footprints.decode(cut));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Footprints.decode(Arrays.copyOf(kept, kept.length + 1)));
    kept[1]++;
    assertThatIllegalArgumentException().isThrownBy(() -> Footprints.decode(kept));
    assertThat(all.toString()).doesNotContain("airline");
  }
}
