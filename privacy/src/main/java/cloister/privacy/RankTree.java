package cloister.privacy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The release of one [Measure.Quantile] and of every other quantile of the same values: a tree of
/// noisy counts over the declared range, from which any number of quantiles is computed.
///
/// The range is cut into [#LEAVES] leaves of equal width, those into fours, and so on up to four
/// quarters: [#LEVELS] levels. Every node's count of values gets noise, on every level alike.
///
/// **Privacy.** A unit keeps at most R = `rowsPerUnit` values, so on each level it moves the counts
/// by R in all, and their squares by at most R²; a unit that changes by 2R and by 2R². Over the
/// levels that is [#LEVELS] times as much: the Δ (for Laplace) or Δ² (for Gaussian) of this number.
/// Everything below is computed from the noisy counts, so all quantiles together cost that once.
///
/// **The number.** The counts contradict each other, so they are made consistent by least squares
/// (Hay, Rastogi, Miklau and Suciu 2010, §4, with fours): no linear unbiased estimate of a rank has
/// less variance. The quantile q is where the ranks first reach q of their total, and within the
/// leaf at the part of its values that are still needed.
///
/// **The error.** Let leaf j hold the true quantile, D(i) be how many values are in leaves ‥i, less
/// q times all of them, and D'(i) the same by noisy counts. The quantile lies between two
/// neighbouring values (or at one), of rank q·(N - 1), so D(j) ≥ -1 and D(j - 1) ≤ 1. Where D' is
/// within w of D, upwards at j and downwards at j - 1, each with probability 97.5 %, then D'(j) ≥
/// -w - 1 and D'(j -
/// 1) ≤ w + 1. The error covers every leaf of which both hold, so with probability 95 % the true
///    one, which depends on no noise. Here D' adds up the fewest nodes that make the prefix,
///    weighted 1
/// - q, and those that make the rest, weighted -q; w is Chernoff's bound of their noise, with the
///   moment generating function 1/(1 - λ²b²) of Laplace, which a discrete one's does not exceed, or
///   exp(λ²σ²/2) (Canonne, Kamath and Steinke 2020, Corollary 17).
final class RankTree {
  static final int FAN_OUT = 4;
  static final int LEVELS = 5;
  static final int LEAVES = 1024;

  private final Measure.Quantile measure;
  private final Noise noise;
  private final int numbers;
  private final Map<List<Integer>, Map<BigDecimal, Double>> widths = new HashMap<>();

  /// @param noise of every node
  /// @param numbers how many of a group have noise
  RankTree(Measure.Quantile measure, Noise noise, int numbers) {
    this.measure = measure;
    this.noise = noise;
    this.numbers = numbers;
  }

  Noise noise() {
    return noise;
  }

  /// The noisy counts of one group, and how many values are in the leaves up to each by them.
  static final class Counts {
    private final long[][] nodes;
    private final double[] ranks;

    private Counts(long[][] nodes) {
      this.nodes = nodes;
      this.ranks = ranks(nodes);
    }

    /// How many values are in the leaves up to this one, about.
    double rank(int leaf) {
      return ranks[leaf];
    }
  }

  /// @param list the engine's: pairs of a leaf and its values
  Counts draw(List<Exact> list, NoiseStream stream) {
    var nodes = exact(list);
    for (long[] level : nodes) {
      for (int node = 0; node < level.length; node++) {
        level[node] = clamped(BigInteger.valueOf(level[node]).add(noise.sample(stream)));
      }
    }
    return new Counts(nodes);
  }

  /// As if the values were spread evenly over the range and no noise fell.
  static Counts typical(long rows) {
    var nodes = new long[LEVELS][];
    for (int level = 0; level < LEVELS; level++) {
      int size = 1 << (2 * (level + 1));
      nodes[level] = new long[size];
      for (int node = 0; node < size; node++) {
        nodes[level][node] = rows * (node + 1L) / size - rows * (long) node / size;
      }
    }
    return new Counts(nodes);
  }

  /// Sums of all nodes stay in range. It is a noisy count that is clamped, so it costs nothing.
  private static long clamped(BigInteger value) {
    var most = BigInteger.ONE.shiftLeft(46);
    return value.min(most).max(most.negate()).longValueExact();
  }

  /// Level 0 has four nodes.
  private long[][] exact(List<Exact> list) {
    if (list.size() % 2 != 0) {
      throw broken();
    }
    var leaves = new long[LEAVES];
    for (int i = 0; i < list.size(); i += 2) {
      var leaf = list.get(i).value();
      var values = list.get(i + 1).value();
      if (leaf.signum() < 0
          || leaf.bitLength() > 10
          || values.signum() <= 0
          || values.bitLength() > 46
          || leaves[leaf.intValueExact()] != 0) {
        throw broken();
      }
      leaves[leaf.intValueExact()] = values.longValueExact();
    }
    var nodes = new long[LEVELS][];
    nodes[LEVELS - 1] = leaves;
    for (int level = LEVELS - 2; level >= 0; level--) {
      nodes[level] = new long[nodes[level + 1].length / FAN_OUT];
      for (int child = 0; child < nodes[level + 1].length; child++) {
        nodes[level][child / FAN_OUT] += nodes[level + 1][child];
      }
    }
    return nodes;
  }

  private static IllegalStateException broken() {
    return new IllegalStateException("a histogram of the exact table is not one");
  }

  /// How many values are in the leaves up to each, made consistent and monotone.
  private static double[] ranks(long[][] nodes) {
    var best = new double[LEVELS][];
    double power = 1;
    for (int level = LEVELS - 1; level >= 0; level--) {
      best[level] = new double[nodes[level].length];
      power *= FAN_OUT;
      for (int node = 0; node < best[level].length; node++) {
        double own = nodes[level][node];
        if (level == LEVELS - 1) {
          best[level][node] = own;
          continue;
        }
        // The node's own count has weight (k^l - k^(l-1))/(k^l - 1), for l levels from the leaves.
        double weight = (power - power / FAN_OUT) / (power - 1);
        best[level][node] = weight * own + (1 - weight) * children(best[level + 1], node);
      }
    }
    for (int level = 1; level < LEVELS; level++) {
      var adjusted = new double[best[level].length];
      for (int node = 0; node < adjusted.length; node++) {
        int parent = node / FAN_OUT;
        adjusted[node] =
            best[level][node] + (best[level - 1][parent] - children(best[level], parent)) / FAN_OUT;
      }
      best[level] = adjusted;
    }
    var ranks = new double[LEAVES];
    double sum = 0;
    double highest = 0;
    for (int leaf = 0; leaf < LEAVES; leaf++) {
      sum += best[LEVELS - 1][leaf];
      highest = Math.max(highest, sum);
      ranks[leaf] = highest;
    }
    return ranks;
  }

  private static double children(double[] level, int parent) {
    double sum = 0;
    for (int child = 0; child < FAN_OUT; child++) {
      sum += level[parent * FAN_OUT + child];
    }
    return sum;
  }

  Answer.Value quantile(BigDecimal fraction, Counts counts) {
    double q = fraction.doubleValue();
    double wanted = q * counts.ranks[LEAVES - 1];
    int leaf = 0;
    while (leaf < LEAVES - 1 && counts.ranks[leaf] < wanted) {
      leaf++;
    }
    double before = leaf == 0 ? 0 : counts.ranks[leaf - 1];
    double inside = counts.ranks[leaf] - before;
    double part = inside > 0 ? Math.clamp((wanted - before) / inside, 0, 1) : 0.5;
    var number = shown(place(leaf, part), RoundingMode.HALF_EVEN);
    return new Answer.Value(
        number, error(fraction, counts, number, 1), error(fraction, counts, number, numbers));
  }

  /// How far the noise moved it at most, with probability 95 % together with all of so many
  /// numbers.
  private BigDecimal error(BigDecimal fraction, Counts counts, BigDecimal number, int together) {
    int first = LEAVES;
    int last = -1;
    for (int candidate = 0; candidate < LEAVES; candidate++) {
      if (isPossible(fraction, counts.nodes, candidate, together)) {
        first = Math.min(first, candidate);
        last = candidate;
      }
    }
    if (last < 0) {
      first = 0;
      last = LEAVES - 1;
    }
    var below = number.subtract(shown(place(first, 0), RoundingMode.FLOOR));
    var above = shown(place(last, 1), RoundingMode.CEILING).subtract(number);
    return below.max(above).max(BigDecimal.ZERO);
  }

  /// In steps of the granularity: the part of a leaf's width from its lower edge.
  private BigDecimal place(int leaf, double part) {
    var width = new BigDecimal(measure.highest().subtract(measure.lowest()).add(BigInteger.ONE));
    return width
        .multiply(new BigDecimal(leaf).add(new BigDecimal(part)))
        .divide(new BigDecimal(LEAVES))
        .add(new BigDecimal(measure.lowest()))
        .max(new BigDecimal(measure.lowest()))
        .min(new BigDecimal(measure.highest()));
  }

  private BigDecimal shown(BigDecimal place, RoundingMode rounding) {
    return place.setScale(0, rounding).multiply(measure.granularity());
  }

  private boolean isPossible(BigDecimal fraction, long[][] nodes, int leaf, int together) {
    return difference(fraction, nodes, leaf + 1) >= -width(fraction, leaf + 1, together) - 1
        && (leaf == 0 || difference(fraction, nodes, leaf) <= width(fraction, leaf, together) + 1);
  }

  /// D' for the first so many leaves.
  private static double difference(BigDecimal fraction, long[][] nodes, int leaves) {
    double q = fraction.doubleValue();
    long prefix = 0;
    long rest = 0;
    int done = 0;
    int left = 0;
    for (int level = 0; level < LEVELS; level++) {
      int size = LEAVES / nodes[level].length;
      int full = leaves / size;
      for (int node = done * FAN_OUT; node < full; node++) {
        prefix += nodes[level][node];
      }
      int from = (leaves + size - 1) / size;
      int until = level == 0 ? nodes[level].length : left * FAN_OUT;
      for (int node = from; node < until; node++) {
        rest += nodes[level][node];
      }
      done = full;
      left = from;
    }
    return (1 - q) * prefix - q * rest;
  }

  private double width(BigDecimal fraction, int leaves, int together) {
    int prefix = 0;
    int rest = 0;
    int done = 0;
    int left = 1;
    for (int level = 0; level < LEVELS; level++) {
      int size = 1 << (2 * (LEVELS - 1 - level));
      prefix += leaves / size - done * FAN_OUT;
      rest += left * FAN_OUT - (leaves + size - 1) / size;
      done = leaves / size;
      left = (leaves + size - 1) / size;
    }
    int inPrefix = prefix;
    int inRest = rest;
    return widths
        .computeIfAbsent(List.of(inPrefix, inRest, together), _ -> new HashMap<>())
        .computeIfAbsent(fraction, each -> width(each.doubleValue(), inPrefix, inRest, together));
  }

  private double width(double q, int prefix, int rest, int together) {
    // Two tails of 2.5 %, or of so much less.
    double logOfTail = StrictMath.log(40.0 * together);
    return switch (noise) {
      case DiscreteGaussian(Ratio sigma) -> {
        double variance = prefix * (1 - q) * (1 - q) + rest * q * q;
        yield sigma.roundedUp() * StrictMath.sqrt(2 * variance * logOfTail) * (1 + 1e-9);
      }
      case DiscreteLaplace(Ratio scale) -> {
        double b = scale.roundedUp();
        double heaviest = Math.max(prefix > 0 ? 1 - q : 0, rest > 0 ? q : 0);
        double least = Double.POSITIVE_INFINITY;
        // Any λ gives a bound.
        for (int step = 1; step < 64; step++) {
          double lambda = step / 64.0 / (b * heaviest);
          double moment =
              -prefix * StrictMath.log1p(-square(lambda * b * (1 - q)))
                  - rest * StrictMath.log1p(-square(lambda * b * q));
          least = Math.min(least, (moment + logOfTail) / lambda);
        }
        yield least * (1 + 1e-9);
      }
    };
  }

  private static double square(double value) {
    return value * value;
  }
}
