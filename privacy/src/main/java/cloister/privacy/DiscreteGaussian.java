package cloister.privacy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/// The discrete Gaussian distribution P[X = x] ∝ exp(-x²/2σ²) with a rational σ = a/b.
///
/// Added to integers whose changes by one privacy unit are Δ₁, Δ₂, …, each with its σᵢ, it gives
/// ρ-zCDP with ρ = Σ Δᵢ²/2σᵢ² (Canonne, Kamath and Steinke 2020, Theorem 14).
record DiscreteGaussian(Ratio sigma) implements Noise {
  /// Up to here tails are summed exactly; above, the continuous bound loses less than 0.1 %.
  private static final double LARGEST_SUMMED_SIGMA = 1024;

  /// Canonne, Kamath and Steinke 2020, Algorithm 3, with a Laplace proposal of scale σ itself,
  /// which our exact sampler takes although it is no integer: a proposal y is accepted with
  /// probability exp(-(|y| - σ)²/2σ²), and exp(-|y|/σ)·exp(-(|y| - σ)²/2σ²) ∝ exp(-y²/2σ²).
  @Override
  public BigInteger sample(NoiseStream stream) {
    var proposals = new DiscreteLaplace(sigma);
    while (true) {
      var proposal = proposals.sample(stream);
      var distance = proposal.abs().multiply(sigma.denominator()).subtract(sigma.numerator()).abs();
      if (accept(stream, distance)) {
        return proposal;
      }
    }
  }

  /// With distance = u·a + r, the exponent distance²/2a² is u²/2 + u·r/a + (r/a)²/2. Each term is a
  /// Bernoulli of its own, so no number is ever squared and σ may have any size.
  private boolean accept(NoiseStream stream, BigInteger distance) {
    var parts = distance.divideAndRemainder(sigma.numerator());
    // |y| is beyond 2³¹ σ with a probability that is 0 for every purpose, and then still rejected.
    long u = parts[0].min(BigInteger.valueOf(Integer.MAX_VALUE)).longValue();
    if (!stream.bernoulliExp(u * u, 2)) {
      return false;
    }
    return sigma.fitsLong()
        ? accept(stream, u, parts[1].longValue(), sigma.numerator().longValue())
        : accept(stream, u, parts[1], sigma.numerator());
  }

  private static boolean accept(NoiseStream stream, long u, long r, long a) {
    for (long i = 0; i < u; i++) {
      if (!stream.bernoulliExp(r, a)) {
        return false;
      }
    }
    long place = 1;
    while (stream.bernoulli(1, 2 * place) && stream.bernoulli(r, a) && stream.bernoulli(r, a)) {
      place++;
    }
    return place % 2 == 1;
  }

  private static boolean accept(NoiseStream stream, long u, BigInteger r, BigInteger a) {
    for (long i = 0; i < u; i++) {
      if (!stream.bernoulliExp(r, a)) {
        return false;
      }
    }
    long place = 1;
    while (stream.bernoulli(1, 2 * place) && stream.bernoulli(r, a) && stream.bernoulli(r, a)) {
      place++;
    }
    return place % 2 == 1;
  }

  @Override
  public BigInteger tail(double probability) {
    double s = sigma.roundedUp();
    if (s <= LARGEST_SUMMED_SIGMA) {
      return BigInteger.valueOf(summedTail(s, probability));
    }
    // P[X ≥ k] ≤ P[N(0, σ²) ≥ k - 1]: Canonne, Kamath and Steinke 2020, Proposition 25.
    var k = new BigDecimal(s * normalTail(probability)).setScale(0, RoundingMode.CEILING);
    return k.toBigInteger().add(BigInteger.ONE);
  }

  /// Sums the probabilities from 40 σ inwards (what lies beyond is below exp(-800)) until they
  /// exceed the tail.
  private static long summedTail(double s, double probability) {
    long furthest = (long) (40 * s) + 2;
    double positive = 0;
    for (long x = furthest; x > 0; x--) {
      positive += weight(x, s);
    }
    double allowed = probability * (1 + 2 * positive) * (1 - 1e-9);
    double tail = 0;
    for (long x = furthest; x > 0; x--) {
      tail += weight(x, s);
      if (tail > allowed) {
        return x + 1;
      }
    }
    return 1;
  }

  private static double weight(long x, double s) {
    return StrictMath.exp(-((double) x * x) / (2 * s * s));
  }

  /// An x with P[N(0, 1) ≥ x] ≤ `probability`, by Sampford's bound on Mills' ratio (1953): P[N ≥ x]
  /// < φ(x)·4/(3x + √(x² + 8)). At 2.5 % it is 0.001 too large.
  static double normalTail(double probability) {
    double below = 0;
    double certain = 40;
    for (int i = 0; i < 100; i++) {
      double x = (below + certain) / 2;
      double density = StrictMath.exp(-x * x / 2) / StrictMath.sqrt(2 * Math.PI);
      double bound = density * 4 / (3 * x + StrictMath.sqrt(x * x + 8));
      if (bound <= probability * (1 - 1e-9)) {
        certain = x;
      } else {
        below = x;
      }
    }
    return certain;
  }

  @Override
  public Noise times(BigInteger factor) {
    return new DiscreteGaussian(new Ratio(sigma.numerator().multiply(factor), sigma.denominator()));
  }

  /// As in `discrete Gaussian of sigma 7.25`.
  @Override
  public String toString() {
    return "discrete Gaussian of sigma " + sigma.approximately();
  }
}
