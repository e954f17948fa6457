package cloister.privacy;

import static cloister.privacy.Samples.stream;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class NoiseTest {
  @Test
  void theStreamIsAesInCounterMode() {
    // AES-256 of the zero block under the zero key.
    var known = HexFormat.of().parseHex("dc95c078a2408989ad48a21492842087");
    try (var stream = new NoiseStream(new byte[32])) {
      assertThat(stream.nextLong()).isEqualTo(new BigInteger(known).shiftRight(64).longValue());
      assertThat(stream.nextLong()).isEqualTo(new BigInteger(known).longValue());
    }
  }

  @Test
  void aStreamTakesNoOtherKeyAndNothingIsReadAfterItIsClosed() {
    assertThatThrownBy(() -> new NoiseStream(new byte[16]))
        .isInstanceOf(IllegalArgumentException.class);
    var stream = stream(1);
    assertThat(stream.nextLong()).isNotZero();
    stream.close();
    assertThatThrownBy(stream::nextLong).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void uniformDrawsCoverTheirRangeEvenly() {
    var stream = stream(2);
    var longs = new int[7];
    var bigs = new int[7];
    for (int i = 0; i < 70_000; i++) {
      longs[(int) stream.nextBelow(7)]++;
      bigs[stream.nextBelow(BigInteger.valueOf(7)).intValue()]++;
    }
    assertThat(Arrays.stream(longs).boxed())
        .allSatisfy(count -> assertThat(count).isBetween(9_600, 10_400));
    assertThat(Arrays.stream(bigs).boxed())
        .allSatisfy(count -> assertThat(count).isBetween(9_600, 10_400));
    assertThat(stream.nextBelow(1)).isZero();
    assertThat(stream.nextBelow(BigInteger.ONE)).isZero();
    assertThat(stream.nextBelow(Long.MAX_VALUE)).isNotNegative();
  }

  @Test
  void exponentialCoinsHaveTheirProbability() {
    var stream = stream(3);
    for (var fraction : List.of(new long[] {0, 1}, new long[] {1, 3}, new long[] {7, 3})) {
      int hits = 0;
      int bigHits = 0;
      for (int i = 0; i < 100_000; i++) {
        hits += stream.bernoulliExp(fraction[0], fraction[1]) ? 1 : 0;
        bigHits +=
            stream.bernoulliExp(BigInteger.valueOf(fraction[0]), BigInteger.valueOf(fraction[1]))
                ? 1
                : 0;
      }
      double expected = 100_000 * Math.exp(-(double) fraction[0] / fraction[1]);
      assertThat((double) hits).isBetween(expected - 700, expected + 700);
      assertThat((double) bigHits).isBetween(expected - 700, expected + 700);
    }
  }

  @Test
  void samplesFollowTheExactProbabilities() {
    for (var noise : everyKind()) {
      assertThat(fits(noise::sample, noise, 40_000)).as(noise.toString()).isTrue();
    }
  }

  @Test
  @Tag("slow")
  void manySamplesFollowTheExactProbabilities() {
    for (var noise : everyKind()) {
      assertThat(fits(noise::sample, noise, 4_000_000)).as(noise.toString()).isTrue();
    }
  }

  /// The test above can lose: the same check refuses scales 5 % off, and the other distribution.
  @Test
  void samplesOfAWrongDistributionAreNoticed() {
    var right = new DiscreteLaplace(Ratio.of(5, 2));
    assertThat(fits(new DiscreteLaplace(Ratio.of(21, 8))::sample, right, 40_000)).isFalse();
    assertThat(fits(new DiscreteGaussian(Ratio.of(7, 2))::sample, right, 40_000)).isFalse();
    assertThat(fits(s -> right.sample(s).add(right.sample(s)).shiftRight(1), right, 40_000))
        .isFalse();
  }

  private static List<Noise> everyKind() {
    return List.of(
        new DiscreteLaplace(Ratio.of(1, 3)),
        new DiscreteLaplace(Ratio.of(1, 1)),
        new DiscreteLaplace(Ratio.of(5, 2)),
        new DiscreteLaplace(big(5, 2)),
        new DiscreteGaussian(Ratio.of(1, 3)),
        new DiscreteGaussian(Ratio.of(1, 1)),
        new DiscreteGaussian(Ratio.of(9, 4)),
        new DiscreteGaussian(big(9, 4)));
  }

  /// Nearly the same fraction, with parts that do not fit a long.
  private static Ratio big(long numerator, long denominator) {
    return new Ratio(
        BigInteger.valueOf(numerator).shiftLeft(100).add(BigInteger.ONE),
        BigInteger.valueOf(denominator).shiftLeft(100));
  }

  private interface Sampler {
    BigInteger sample(NoiseStream stream);
  }

  /// Pearson's chi-square against the exact probabilities, cells of at least 5 expected; the limit
  /// is exceeded by a right sampler once in a million seeds (Wilson and Hilferty's approximation).
  private static boolean fits(Sampler sampler, Noise noise, int count) {
    var stream = stream(11);
    var seen = new HashMap<Integer, Integer>();
    for (int i = 0; i < count; i++) {
      seen.merge(sampler.sample(stream).intValueExact(), 1, Integer::sum);
    }
    IntToDoubleFunction weight = weight(noise);
    double total = 0;
    for (int x = -400; x <= 400; x++) {
      total += weight.applyAsDouble(x);
    }
    double statistic = 0;
    double restExpected = count;
    double restSeen = count;
    int cells = 0;
    for (int x = -400; x <= 400; x++) {
      double expected = count * weight.applyAsDouble(x) / total;
      if (expected >= 5) {
        double difference = seen.getOrDefault(x, 0) - expected;
        statistic += difference * difference / expected;
        restExpected -= expected;
        restSeen -= seen.getOrDefault(x, 0);
        cells++;
      }
    }
    if (restExpected > 1) {
      statistic += (restSeen - restExpected) * (restSeen - restExpected) / restExpected;
      cells++;
    }
    double freedom = Math.max(1, cells - 1);
    double cube = 1 - 2 / (9 * freedom) + 4.75 * Math.sqrt(2 / (9 * freedom));
    return statistic < freedom * cube * cube * cube;
  }

  private static IntToDoubleFunction weight(Noise noise) {
    return switch (noise) {
      case DiscreteLaplace(Ratio scale) -> x -> Math.exp(-Math.abs(x) / scale.roundedUp());
      case DiscreteGaussian(Ratio sigma) ->
          x -> Math.exp(-x * x / (2 * sigma.roundedUp() * sigma.roundedUp()));
    };
  }

  @Test
  void variancesHoldForScalesOfAnySize() {
    for (int bits : List.of(0, 10, 30, 53, 60, 90)) {
      var scale = new Ratio(BigInteger.TWO.pow(bits), BigInteger.ONE);
      double b = scale.roundedUp();
      double e = Math.exp(-1 / b);
      double laplace = bits > 20 ? 2 * b * b : 2 * e / ((1 - e) * (1 - e));
      check(new DiscreteLaplace(scale), laplace);
      check(new DiscreteGaussian(scale), b * b);
    }
  }

  private static void check(Noise noise, double variance) {
    var stream = stream(5);
    double squares = 0;
    double sum = 0;
    for (int i = 0; i < 20_000; i++) {
      double x = noise.sample(stream).doubleValue();
      squares += x * x;
      sum += x;
    }
    assertThat(squares / 20_000 / variance).as(noise.toString()).isBetween(0.93, 1.07);
    assertThat(Math.abs(sum / 20_000)).isLessThan(4 * Math.sqrt(variance / 20_000));
  }

  @Test
  void tailsAreTheSmallestThatHold() {
    for (var noise : everyKind()) {
      var weight = weight(noise);
      double total = 0;
      for (int x = -400; x <= 400; x++) {
        total += weight.applyAsDouble(x);
      }
      for (double probability : List.of(0.3, 0.025, 1e-4, 1e-9)) {
        int k = noise.tail(probability).intValueExact();
        assertThat(tail(weight, k) / total).as(noise.toString()).isLessThanOrEqualTo(probability);
        assertThat(k == 1 || tail(weight, k - 1) / total > probability)
            .as(noise + " at " + probability)
            .isTrue();
      }
    }
  }

  private static double tail(IntToDoubleFunction weight, int from) {
    double sum = 0;
    for (int x = 400; x >= from; x--) {
      sum += weight.applyAsDouble(x);
    }
    return sum;
  }

  @Test
  void theBoundForLargeSigmasAgreesWithTheSumForSmallerOnes() {
    var summed = new DiscreteGaussian(Ratio.of(1024, 1));
    var probabilities = List.of(0.025, 0.0125, 1e-6, 1e-12);
    for (double probability : probabilities) {
      double exact = summed.tail(probability).doubleValue() / 1024;
      assertThat(DiscreteGaussian.normalTail(probability))
          .isBetween(exact - 0.002, exact * 1.002 + 0.002);
    }
    assertThat(new DiscreteGaussian(Ratio.of(1_000_000, 1)).halfWidth(0.05).doubleValue())
        .isBetween(1_959_964.0, 1_962_000.0);
  }
}
