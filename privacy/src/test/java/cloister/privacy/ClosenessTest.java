package cloister.privacy;

import static cloister.privacy.Samples.numbered;
import static cloister.privacy.Samples.plan;
import static cloister.privacy.Samples.stream;
import static cloister.privacy.Samples.sum;
import static cloister.privacy.Samples.terms;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Whether noise is distributed as `vectors/dp` says, to the precision stated there: two histograms
/// of a million samples are closer than a tolerance. One comparison is right with probability 0.9,
/// the majority of nine with 0.999.
class ClosenessTest {
  private static final Path VECTORS = Path.of("../vectors/dp");
  private static final int SAMPLES = 1_000_000;

  /// A step of noise is this part of a histogram's cell, so that the grid is not seen.
  private static final int STEPS = 64;

  /// What the vectors say a slightly wrong variance is.
  private static final double WRONG = 1.0625;

  private record Case(String name, Map<String, Double> numbers) {
    double number(String name) {
      return Optional.ofNullable(numbers.get(name)).orElseThrow();
    }

    BigDecimal step() {
      return new BigDecimal(number("granularity"))
          .divide(BigDecimal.valueOf(STEPS), 40, RoundingMode.UNNECESSARY)
          .stripTrailingZeros();
    }
  }

  private static List<Case> cases(String file) throws IOException {
    List<Case> cases = new ArrayList<>();
    String text = Files.readString(VECTORS.resolve(file));
    for (String block : text.split("distribution_closeness_test_case \\{", -1)) {
      var name = Pattern.compile("name: \"([^\"]*)\"").matcher(block);
      if (name.find()) {
        var numbers = new HashMap<String, Double>();
        Pattern.compile("(\\w+): (-?[0-9.]+)")
            .matcher(block)
            .results()
            .forEach(each -> numbers.put(each.group(1), Double.valueOf(each.group(2))));
        cases.add(new Case(name.group(1), numbers));
      }
    }
    return cases;
  }

  @Test
  void laplaceAndGaussianNoiseAreCloseToTheFirstVectors() throws IOException {
    var laplace = cases("laplace_closeness_test_cases.textproto").getFirst();
    var gaussian = cases("gaussian_closeness_test_cases.textproto").getFirst();
    assertThat(votes(laplace, laplace(laplace), ClosenessTest::laplace, 1, 3))
        .isGreaterThanOrEqualTo(2);
    assertThat(votes(gaussian, gaussian(gaussian), ClosenessTest::gaussian, 1, 3))
        .isGreaterThanOrEqualTo(2);
    // The test of the test.
    assertThat(votes(laplace, laplace(laplace), ClosenessTest::laplace, WRONG, 3))
        .isLessThanOrEqualTo(1);
    assertThat(votes(gaussian, gaussian(gaussian), ClosenessTest::gaussian, WRONG, 3))
        .isLessThanOrEqualTo(1);
  }

  @Test
  @Tag("slow")
  void laplaceNoiseIsCloseToEveryVector() throws IOException {
    for (Case each : cases("laplace_closeness_test_cases.textproto")) {
      assertThat(votes(each, laplace(each), ClosenessTest::laplace, 1, 9))
          .as(each.name())
          .isGreaterThanOrEqualTo(5);
    }
  }

  @Test
  @Tag("slow")
  void gaussianNoiseIsCloseToEveryVector() throws IOException {
    for (Case each : cases("gaussian_closeness_test_cases.textproto")) {
      assertThat(votes(each, gaussian(each), ClosenessTest::gaussian, 1, 9))
          .as(each.name())
          .isGreaterThanOrEqualTo(5);
    }
  }

  /// Calibrated as a release is: a sum of the case's sensitivity in the case's number of groups.
  private static Noise laplace(Case of) {
    var plan =
        plan(
            List.of(numbered(1000)),
            1,
            List.of(
                sum(
                    of.step().toPlainString(),
                    "0",
                    BigDecimal.valueOf(of.number("linf_sensitivity")).toPlainString())),
            terms(
                BigDecimal.valueOf(of.number("epsilon"))
                    .setScale(Epsilon.SCALE, RoundingMode.HALF_EVEN)
                    .toPlainString(),
                "0",
                (int) of.number("l0_sensitivity"),
                1));
    return Mechanism.of(plan).noises().getFirst();
  }

  /// The sampler alone: the vectors' deviation is the analytic mechanism's, which is not ours.
  private static Noise gaussian(Case of) {
    double sigma = Math.sqrt(of.number("variance")) / of.step().doubleValue();
    return new DiscreteGaussian(Ratio.of(Math.round(sigma * 1024), 1024));
  }

  private interface Reference {
    double sample(SplittableRandom random, double variance);
  }

  private static double laplace(SplittableRandom random, double variance) {
    double uniform = random.nextDouble() - 0.5;
    return -Math.sqrt(variance / 2) * Math.signum(uniform) * Math.log1p(-2 * Math.abs(uniform));
  }

  private static double gaussian(SplittableRandom random, double variance) {
    return Math.sqrt(variance) * random.nextGaussian();
  }

  /// How many of `votes` comparisons find the noise close to the reference.
  private static int votes(
      Case of, Noise noise, Reference reference, double varianceFactor, int votes) {
    int close = 0;
    double cell = of.number("granularity");
    double tolerance = of.number("l2_tolerance") * SAMPLES;
    for (int vote = 0; vote < votes; vote++) {
      var random = new SplittableRandom(vote);
      // In each cell, how many more samples ours has, and how many both have.
      var difference = new HashMap<Long, int[]>();
      try (var stream = stream(vote + 1)) {
        for (int i = 0; i < SAMPLES; i++) {
          double ours = noise.sample(stream).doubleValue() / STEPS;
          double theirs = reference.sample(random, of.number("variance") * varianceFactor) / cell;
          count(difference, ours, 1);
          count(difference, theirs, -1);
        }
      }
      double distance = 0;
      for (int[] counts : difference.values()) {
        distance += (double) counts[0] * counts[0] - counts[1];
      }
      close += distance < tolerance * tolerance ? 1 : 0;
    }
    return close;
  }

  private static void count(Map<Long, int[]> difference, double cells, int sign) {
    int[] counts = difference.computeIfAbsent((long) Math.floor(cells + 0.5), _ -> new int[2]);
    counts[0] += sign;
    counts[1]++;
  }
}
