package cloister.privacy;

import static cloister.privacy.Samples.moments;
import static cloister.privacy.Samples.plan;
import static cloister.privacy.Samples.row;
import static cloister.privacy.Samples.stream;
import static cloister.privacy.Samples.terms;
import static org.assertj.core.api.Assertions.assertThat;

import cloister.privacy.Measure.Statistic;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class NoisyMomentsTest {
  private static final List<Statistic> SPREADS =
      List.of(Statistic.VAR_POP, Statistic.VAR_SAMP, Statistic.STDDEV_POP, Statistic.STDDEV_SAMP);

  private static BigInteger within(SplittableRandom random, long exact, long width) {
    // The ends matter most.
    long moved =
        switch (random.nextInt(4)) {
          case 0 -> -width;
          case 1 -> width;
          default -> random.nextLong(-width, width + 1);
        };
    return BigInteger.valueOf(exact + moved);
  }

  /// Whatever the data, and wherever within their half widths the three noisy numbers are.
  @Test
  void theErrorCoversTheTruthWheneverAllThreeNumbersAreWithinTheirHalfWidths() {
    var random = new SplittableRandom(11);
    int informative = 0;
    for (int round = 0; round < 20_000; round++) {
      int half = random.nextInt(1, 60);
      // An even range has its middle between two steps.
      var measure =
          moments(
              Statistic.VAR_POP,
              "0.1",
              "0",
              BigDecimal.valueOf(2L * half + random.nextInt(2), 1).toPlainString());
      long largest = measure.mean().halfRange().longValueExact();
      int rows = random.nextInt(2, 400);
      int spread = random.nextInt(1, (int) (2 * largest));
      long lowest = measure.mean().lowest().subtract(measure.middle()).longValueExact();
      long[] distances =
          LongStream.range(0, rows)
              .map(_ -> Math.min(largest, lowest + random.nextInt(spread)))
              .toArray();
      long sum = LongStream.of(distances).sum();
      long squares = LongStream.of(distances).map(each -> each * each).sum();
      long centred = squares - measure.centre().longValueExact() * rows;
      long width = random.nextInt(1, 60);
      var widths =
          new NoisyMoments.HalfWidths(
              BigInteger.valueOf(width * largest),
              BigInteger.valueOf(width),
              BigInteger.valueOf(width * largest * largest / 2));
      var noisy =
          new NoisyMoments(
              measure,
              within(random, sum, width * largest),
              within(random, rows, width),
              within(random, centred, width * largest * largest / 2));
      for (var statistic : SPREADS) {
        var truth =
            NoisyMoments.exact(
                measure,
                statistic,
                BigInteger.valueOf(sum),
                BigInteger.valueOf(rows),
                BigInteger.valueOf(squares));
        var error = noisy.error(statistic, widths);
        assertThat(noisy.number(statistic).subtract(truth).abs())
            .as("%s in round %d", statistic, round)
            .isLessThanOrEqualTo(error.add(BigDecimal.ONE.movePointLeft(truth.scale())));
        var most = new BigDecimal(2 * largest).multiply(new BigDecimal("0.1"));
        informative +=
            statistic == Statistic.STDDEV_POP && error.compareTo(most.divide(BigDecimal.TEN)) < 0
                ? 1
                : 0;
      }
    }
    assertThat(informative).isGreaterThan(500);
  }

  @Test
  void whatIsReleasedIsWithinWhatTheRangeAllows() {
    List<Measure> measures =
        List.of(
            moments(Statistic.VAR_POP, "0.1", "-5", "20"),
            new Measure.Another(0, Statistic.VAR_SAMP),
            new Measure.Another(0, Statistic.STDDEV_POP),
            new Measure.Another(0, Statistic.STDDEV_SAMP));
    var most = List.of("156.25", "312.5", "12.5", "17.677670");
    var plan = plan(List.of(Samples.numbered(2000)), 1, measures, terms("0.1", "0", 1, 1));
    for (var row : Release.release(plan, new ExactTable(List.of()), stream(5)).rows()) {
      for (int i = 0; i < most.size(); i++) {
        var value = row.values().get(i).orElseThrow();
        assertThat(value.number()).isBetween(BigDecimal.ZERO, new BigDecimal(most.get(i)));
        assertThat(value.error()).isBetween(BigDecimal.ZERO, new BigDecimal(most.get(i)));
      }
    }
  }

  /// 50,000 values at the quarters of the range, each of a unit of its own.
  @Test
  void releasesAreCoveredByTheirErrors() {
    var plan =
        plan(
            List.of(Samples.numbered(2000)),
            1,
            List.of(
                moments(Statistic.STDDEV_POP, "1", "0", "400"),
                new Measure.Another(0, Statistic.VAR_SAMP)),
            terms("0.5", "0", 1, 1));
    var rows =
        LongStream.range(0, 2000)
            .mapToObj(group ->
                row(Samples.key(String.format("%07d", group)), 50_000, 0, 50_000, 500_000_000))
            .toList();
    int covered = 0;
    for (var row : Release.release(plan, new ExactTable(rows), stream(8)).rows()) {
      var deviation = row.values().getFirst().orElseThrow();
      assertThat(deviation.error().doubleValue()).isLessThan(1);
      covered +=
          deviation.number().subtract(new BigDecimal(100)).abs().compareTo(deviation.error()) <= 0
              ? 1
              : 0;
    }
    assertThat(covered).isGreaterThan(1900);
    assertThat(Release.expectedErrors(plan, 50_000).getFirst().orElseThrow().doubleValue())
        .isBetween(0.05, 1.0);
  }

  @Test
  void aWideRangeIsPutTogetherFromItsParts() {
    var measure = moments(Statistic.VAR_POP, "1", "-1e24", "1e24");
    assertThat(measure.cells()).isEqualTo(5);
    var distance = BigInteger.TEN.pow(24).subtract(BigInteger.valueOf(12_345));
    var limb = BigInteger.TWO.pow(Measure.Moments.NARROW_BITS);
    var parts = distance.divideAndRemainder(limb);
    assertThat(
            measure.squares(
                List.of(
                    parts[0].multiply(parts[0]),
                    parts[0].multiply(parts[1]),
                    parts[1].multiply(parts[1]))))
        .isEqualTo(distance.multiply(distance));
    assertThat(moments(Statistic.VAR_POP, "1", "0", "8796093022208").cells()).isEqualTo(5);
    assertThat(moments(Statistic.VAR_POP, "1", "0", "8796093022206").cells()).isEqualTo(3);
  }
}
