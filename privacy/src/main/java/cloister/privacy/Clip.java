package cloister.privacy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The release of one [Measure.Clipped], whose bounds are found in the data and paid for.
///
/// A group's units are counted by the size and the sign of their totals, and every bucket gets
/// noise, those that nobody is in too: a *noisy histogram*. The *clip* of a side is the upper edge
/// of the highest bucket there whose noisy count an empty one reaches with probability at most
/// [#FALSE_ALARM]; a side without such a bucket is clipped at 0. Each unit's total is then clamped
/// between the clips, and their sum gets noise in proportion to them.
///
/// **Privacy.** Let neighbours differ in one group of L. A unit that appears is in one bucket, one
/// that changes leaves one and enters another, so the histogram moves by Δ ≤ 1 or 2 in all (and its
/// square by as much), and costs [Mechanism#HISTOGRAM_PERCENT] of what the number may cost. The
/// clips c⁺, c⁻ are computed from the noisy histogram, so they cost nothing more. Whatever they
/// are, for *these* clips a unit's contribution is within -c⁻ ‥ c⁺: one that appears moves the sum
/// by at most max(c⁺, c⁻), one that changes by c⁺ + c⁻, and noise in that proportion costs the
/// rest. The second mechanism may depend on the first's output: that is adaptive composition, which
/// adds ε (Dwork and Roth 2014, §3.5) and ρ (Bun and Steinke 2016, Lemma 2.3) alike. The two shares
/// follow from the plan, so the charge does, whatever the data.
///
/// **What is clipped.** The clip is so high that about as many units as [#units] or fewer are above
/// it in any one bucket. The error bar says what noise does, not that.
///
/// Engines deliver the number and the sum of the totals in every bucket that anybody is in. With
/// them the clamped sum is known for every clip: what is below it as it is, and the clip for each
/// unit above.
final class Clip {
  /// How likely noise alone makes a bucket of nobody look like one of many.
  static final double FALSE_ALARM = 1e-6;

  private final Measure.Clipped measure;
  private final Noise histogram;
  private final Noise ofOne;
  private final boolean unitsMayChange;
  private final int numbers;
  private final List<BigInteger> edges;
  private final BigInteger units;
  private final Map<BigInteger, Bars> bars = new HashMap<>();

  /// @param ofOne the noise of the sum for a clip of 1
  /// @param numbers how many of a group get noise
  Clip(Measure.Clipped measure, Noise histogram, Noise ofOne, boolean unitsMayChange, int numbers) {
    this.measure = measure;
    this.histogram = histogram;
    this.ofOne = ofOne;
    this.unitsMayChange = unitsMayChange;
    this.numbers = numbers;
    this.edges = measure.edges();
    this.units = histogram.tail(FALSE_ALARM);
  }

  Noise histogram() {
    return histogram;
  }

  Noise ofOne() {
    return ofOne;
  }

  /// How many units a bucket seems to have for a clip to be at its upper edge.
  BigInteger units() {
    return units;
  }

  /// The 95 % error bar of a sum, alone and together with the other numbers of its group.
  private record Bars(BigInteger alone, BigInteger joint) {}

  private Bars bars(BigInteger clip) {
    return bars.computeIfAbsent(
        clip,
        each -> {
          var noise = ofOne.times(each);
          return new Bars(noise.halfWidth(0.05), noise.halfWidth(0.05 / numbers));
        });
  }

  /// The 95 % error bar of the sum where the clips of both sides are together `clip` steps.
  BigInteger error(BigInteger clip) {
    return bars(clip).alone();
  }

  /// The units of one sign by the size of their totals.
  private record Side(List<BigInteger> units, List<BigInteger> totals) {
    static Side empty(int buckets) {
      var nothing = Collections.nCopies(buckets, BigInteger.ZERO);
      return new Side(new ArrayList<>(nothing), new ArrayList<>(nothing));
    }
  }

  /// Absent where no side has a bucket of enough units: there is nothing to bound by.
  Optional<Answer.Value> release(List<Exact> list, NoiseStream stream) {
    var above = Side.empty(edges.size());
    var below = Side.empty(edges.size());
    read(list, above, below);
    var highest = clip(above, stream);
    var lowest =
        measure.sides() == Measure.Sides.BOTH ? clip(below, stream) : Optional.<Integer>empty();
    if (highest.isEmpty() && lowest.isEmpty()) {
      return Optional.empty();
    }
    var top = highest.map(edges::get).orElse(BigInteger.ZERO);
    var bottom = lowest.map(edges::get).orElse(BigInteger.ZERO);
    var width = unitsMayChange ? top.add(bottom) : top.max(bottom);
    var sum =
        highest
            .map(clip -> clamped(above, clip))
            .orElse(BigInteger.ZERO)
            .subtract(lowest.map(clip -> clamped(below, clip)).orElse(BigInteger.ZERO));
    var noisy = new BigDecimal(sum.add(ofOne.times(width).sample(stream)));
    return Optional.of(
        new Answer.Value(
            noisy.multiply(measure.granularity()),
            new BigDecimal(bars(width).alone()).multiply(measure.granularity()),
            new BigDecimal(bars(width).joint()).multiply(measure.granularity())));
  }

  /// Triples: the bucket, counted from 1 and negative for negative totals; its units; the sum of
  /// their totals.
  private void read(List<Exact> list, Side above, Side below) {
    if (list.size() % 3 != 0) {
      throw broken();
    }
    for (int i = 0; i < list.size(); i += 3) {
      var bucket = list.get(i).value();
      var count = list.get(i + 1).value();
      var total = list.get(i + 2).value().abs();
      int index = bucket.abs().intValueExact() - 1;
      if (index < 0
          || index >= edges.size()
          || list.get(i + 2).value().signum() != bucket.signum()) {
        throw broken();
      }
      var side = bucket.signum() > 0 ? above : below;
      var least = index == 0 ? BigInteger.ONE : edges.get(index - 1).add(BigInteger.ONE);
      if (side.units().get(index).signum() != 0
          || total.compareTo(least.multiply(count)) < 0
          || total.compareTo(edges.get(index).multiply(count)) > 0) {
        throw broken();
      }
      side.units().set(index, count);
      side.totals().set(index, total);
    }
  }

  private static IllegalStateException broken() {
    return new IllegalStateException("a histogram of the exact table is not one");
  }

  /// The highest bucket of enough units, by noisy count.
  private Optional<Integer> clip(Side side, NoiseStream stream) {
    var highest = Optional.<Integer>empty();
    for (int bucket = 0; bucket < edges.size(); bucket++) {
      if (side.units().get(bucket).add(histogram.sample(stream)).compareTo(units) >= 0) {
        highest = Optional.of(bucket);
      }
    }
    return highest;
  }

  private BigInteger clamped(Side side, int clip) {
    var sum = BigInteger.ZERO;
    for (int bucket = 0; bucket < edges.size(); bucket++) {
      sum =
          sum.add(
              bucket <= clip
                  ? side.totals().get(bucket)
                  : edges.get(clip).multiply(side.units().get(bucket)));
    }
    return sum;
  }
}
