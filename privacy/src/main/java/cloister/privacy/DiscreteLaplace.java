package cloister.privacy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/// The discrete Laplace distribution P[X = x] ∝ exp(-|x|/scale) with a rational scale t/s.
///
/// Added to an integer that one privacy unit changes by at most Δ, it gives pure Δ/scale-DP (Ghosh,
/// Roughgarden and Sundararajan 2009): the probabilities of a result under neighbouring tables
/// differ by a factor of at most exp(Δ/scale).
record DiscreteLaplace(Ratio scale) implements Noise {
  /// Canonne, Kamath and Steinke 2020, Algorithm 2. `U + t·V`, with U accepted by
  /// Bernoulli(exp(-U/t)) and V geometric, has P ∝ exp(-x/t) on the naturals; the quotient by s has
  /// exp(-x·s/t); a fair sign, with -0 drawn again, makes it two-sided.
  @Override
  public BigInteger sample(NoiseStream stream) {
    while (true) {
      var magnitude = scale.fitsLong() ? magnitude(stream) : bigMagnitude(stream);
      boolean negative = stream.nextLong() < 0;
      if (!negative) {
        return magnitude;
      }
      if (magnitude.signum() != 0) {
        return magnitude.negate();
      }
    }
  }

  private BigInteger magnitude(NoiseStream stream) {
    long t = scale.numerator().longValue();
    long u = stream.nextBelow(t);
    while (!stream.bernoulliExp(u, t)) {
      u = stream.nextBelow(t);
    }
    long v = geometric(stream);
    // t has at most 54 bits; more than 256 multiples of it come once in exp(256) draws.
    return v < 256
        ? BigInteger.valueOf((u + t * v) / scale.denominator().longValue())
        : combined(BigInteger.valueOf(u), v);
  }

  private BigInteger bigMagnitude(NoiseStream stream) {
    var t = scale.numerator();
    var u = stream.nextBelow(t);
    while (!stream.bernoulliExp(u, t)) {
      u = stream.nextBelow(t);
    }
    return combined(u, geometric(stream));
  }

  private BigInteger combined(BigInteger u, long v) {
    return scale.numerator().multiply(BigInteger.valueOf(v)).add(u).divide(scale.denominator());
  }

  private static long geometric(NoiseStream stream) {
    long successes = 0;
    while (stream.bernoulliExp(1, 1)) {
      successes++;
    }
    return successes;
  }

  /// P[X ≥ k] = exp(-k/scale) / (1 + exp(-1/scale)) for k ≥ 1, solved for k.
  @Override
  public BigInteger tail(double probability) {
    double b = scale.roundedUp();
    double k = b * (-StrictMath.log(probability) - StrictMath.log1p(StrictMath.exp(-1 / b)));
    double certain = k + Math.abs(k) * 1e-12 + b * 1e-14;
    return new BigDecimal(certain)
        .setScale(0, RoundingMode.CEILING)
        .toBigInteger()
        .max(BigInteger.ONE);
  }

  @Override
  public Noise times(BigInteger factor) {
    return new DiscreteLaplace(new Ratio(scale.numerator().multiply(factor), scale.denominator()));
  }

  /// As in `discrete Laplace of scale 2.857`.
  @Override
  public String toString() {
    return "discrete Laplace of scale " + scale.approximately();
  }
}
