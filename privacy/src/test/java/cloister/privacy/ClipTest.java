package cloister.privacy;

import static cloister.privacy.Samples.exact;
import static cloister.privacy.Samples.numbered;
import static cloister.privacy.Samples.plan;
import static cloister.privacy.Samples.stream;
import static cloister.privacy.Samples.terms;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.privacy.Measure.Clipped;
import cloister.privacy.Measure.Sides;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ClipTest {
  private static final Clipped SUM = new Clipped(new BigDecimal("0.5"), Sides.BOTH, 10);

  private static Answer.Row release(ReleasePlan plan, int seed, long... list) {
    var row =
        new ExactTable.Row(
            List.of(),
            Collections.nCopies(plan.counters().size(), exact(1000)),
            List.of(),
            List.of(Arrays.stream(list).mapToObj(Samples::exact).toList()));
    return Release.release(plan, new ExactTable(List.of(row)), stream(seed)).rows().getFirst();
  }

  private static Optional<BigDecimal> total(ReleasePlan plan, long... list) {
    return release(plan, 3, list).values().getFirst().map(Answer.Value::number);
  }

  @Test
  void edgesAreQuartersOfAnOctaveAndEveryIntegerBefore() {
    assertThat(SUM.edges().subList(0, 15).stream().map(BigInteger::intValueExact))
        .containsExactly(1, 2, 3, 4, 5, 6, 8, 9, 11, 13, 16, 19, 22, 26, 32);
    assertThat(SUM.edges().getLast()).isEqualTo(1024);
    assertThat(new Clipped(BigDecimal.ONE, Sides.BOTH, 84).edges()).hasSizeLessThan(340);
  }

  /// With hardly any noise one unit is enough for a clip, so nothing is clipped; with some, twenty
  /// are, and the five above them count as one step above the last bucket of twenty.
  @Test
  void whatIsAboveTheHighestBucketOfManyCountsAsItsEdge() {
    var exact = plan(List.of(), 1, List.of(SUM), terms("1000", "0", 1, 1));
    assertThat(total(exact, 1, 7, 7, 7, 40, 320, 8, 2, 18, -2, 1, -2))
        .contains(new BigDecimal("171.5"));
    var noisy = plan(List.of(), 1, List.of(SUM), terms("5", "0", 1, 1));
    assertThat(Release.expectedClip(noisy, 0).units()).isBetween(big(10), big(20));
    for (int seed = 0; seed < 50; seed++) {
      // 40 of 8 and 3 of 1000, which count as 8: 344 steps of one half; the 3 of -9 count as 0.
      var value = release(noisy, seed, 7, 40, 320, 35, 3, 3000, -8, 3, -27).values().getFirst();
      assertThat(value.orElseThrow().number().doubleValue()).isBetween(150.0, 194.0);
      assertThat(value.orElseThrow().error().doubleValue()).isBetween(2.0, 4.0);
    }
  }

  private static BigInteger big(long value) {
    return BigInteger.valueOf(value);
  }

  @Test
  void fewUnitsShowNothingToClipBy() {
    var plan = plan(List.of(), 1, List.of(SUM), terms("1", "0", 1, 1));
    assertThat(total(plan)).isEmpty();
    assertThat(total(plan, 7, 5, 40)).isEmpty();
    assertThat(
            Release.release(plan, new ExactTable(List.of()), stream(1)).rows().getFirst().values())
        .containsExactly(Optional.empty());
  }

  @Test
  void aHistogramThatIsNoneReleasesNothing() {
    var plan = plan(List.of(), 1, List.of(SUM), terms("1", "0", 1, 1));
    for (long[] broken :
        new long[][] {
          {1, 1},
          {0, 1, 1},
          {1000, 1, 1},
          {7, 5, 41},
          {7, 5, 30},
          {7, 5, -40},
          {7, 1, 8, 7, 1, 8}
        }) {
      assertThatThrownBy(() -> total(plan, broken))
          .as(Arrays.toString(broken))
          .isInstanceOf(IllegalStateException.class);
    }
    assertThatThrownBy(() -> plan(List.of(), 1, List.of(SUM), Optional.empty()))
        .hasMessageContaining("without noise");
  }

  /// Two numbers in three groups: each may cost ε/6, of which 15 % are the histogram's.
  @Test
  void theHistogramAndTheSumShareWhatANumberMayCost() {
    var plan =
        plan(List.of(numbered(9)), 1, List.of(SUM, new Measure.Rows()), terms("0.6", "0", 3, 1));
    var clip = Mechanism.of(plan).clips().getFirst();
    assertThat(clip.histogram()).isEqualTo(new DiscreteLaplace(Ratio.of(6 * 1000, 15 * 6)));
    assertThat(clip.ofOne()).isEqualTo(new DiscreteLaplace(Ratio.of(6 * 1000, 85 * 6)));
    assertThat(Mechanism.of(plan).noises())
        .containsExactly(new DiscreteLaplace(Ratio.of(6 * 10, 6)));
    assertThat(Release.cost(plan)).isEqualTo(Charge.pure(Epsilon.of("0.6"), BigDecimal.ZERO));
    assertThat(Release.expectedErrors(plan).getFirst()).isEmpty();
  }

  /// A unit that changes leaves one bucket for another, and moves from one clip to the other.
  @Test
  void aUnitThatMayChangeMovesTwoBucketsAndBothClips() {
    var counters = List.of(new ReleasePlan.Counter("all", 1), new ReleasePlan.Counter("a", 1));
    var united = new ReleasePlan(List.of(), counters, List.of(SUM), terms("1000", "0", 1, 1));
    var alone = plan(List.of(), 1, List.of(SUM), terms("1000", "0", 1, 1));
    var clip = Mechanism.of(united).clips().getFirst();
    assertThat(clip.histogram()).isEqualTo(new DiscreteLaplace(Ratio.of(2 * 100, 15 * 1000)));
    assertThat(clip.ofOne()).isEqualTo(new DiscreteLaplace(Ratio.of(100, 85 * 1000)));
    long[] both = {35, 3000, 3_000_000, -33, 3000, -2_000_000};
    assertThat(release(united, 1, both).values().getFirst().orElseThrow().error())
        .isEqualByComparingTo(
            new BigDecimal(clip.error(big(1024 + 724))).multiply(new BigDecimal("0.5")));
    assertThat(release(alone, 1, both).values().getFirst().orElseThrow().error())
        .isEqualByComparingTo(
            new BigDecimal(Mechanism.of(alone).clips().getFirst().error(big(1024)))
                .multiply(new BigDecimal("0.5")));
  }

  @Test
  void aGaussianOneCostsItsShareOfRho() {
    List<Measure> sums = Collections.nCopies(12, SUM);
    var counters = List.of(new ReleasePlan.Counter("all", 1), new ReleasePlan.Counter("a", 1));
    var plan = new ReleasePlan(List.of(numbered(9)), counters, sums, terms("1", "0.000001", 3, 1));
    var mechanism = Mechanism.of(plan);
    double histogram =
        ((DiscreteGaussian) mechanism.clips().getFirst().histogram()).sigma().roundedUp();
    double sum = ((DiscreteGaussian) mechanism.clips().getFirst().ofOne()).sigma().roundedUp();
    double rho = 12 * 6 * (2 / (2 * histogram * histogram) + 1 / (2 * sum * sum));
    double charged = mechanism.charge().rho().doubleValue();
    assertThat(rho).isBetween(charged * (1 - 1e-7), charged * (1 + 1e-12));
    assertThat(2 / (2 * histogram * histogram))
        .isBetween(0.1499 * charged / 72, 0.1501 * charged / 72);
    assertThat(Release.mechanism(plan)).contains("on a histogram", "times the clip");
  }
}
