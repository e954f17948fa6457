package cloister.privacy;

import java.math.BigInteger;

/// A symmetric distribution on the integers that hides a change of an exact aggregate.
sealed interface Noise permits DiscreteLaplace, DiscreteGaussian {
  /// One exact draw.
  BigInteger sample(NoiseStream stream);

  /// The smallest `k ≥ 1` that is certain to have P[X ≥ k] ≤ `probability`. It may be one more
  /// where floating point cannot tell, never less.
  BigInteger tail(double probability);

  /// The same shape, so many times as wide: for a change that is so many times as large.
  Noise times(BigInteger factor);

  /// The smallest `h` with P[|X| > h] ≤ `probability`: by symmetry that is 2·P[X ≥ h + 1].
  default BigInteger halfWidth(double probability) {
    return tail(probability / 2).subtract(BigInteger.ONE);
  }
}
