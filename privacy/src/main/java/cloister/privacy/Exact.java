package cloister.privacy;

import java.math.BigInteger;

/// An exact aggregate on its way from the engine to the mechanism. It cannot be printed, compared
/// or serialised; only this package reads it.
public final class Exact {
  private final BigInteger value;

  private Exact(BigInteger value) {
    this.value = value;
  }

  public static Exact of(BigInteger value) {
    return new Exact(value);
  }

  BigInteger value() {
    return value;
  }

  @Override
  public boolean equals(Object other) {
    throw new UnsupportedOperationException("an exact aggregate cannot be compared");
  }

  @Override
  public int hashCode() {
    throw new UnsupportedOperationException("an exact aggregate cannot be compared");
  }

  @Override
  public String toString() {
    return "exact aggregate, withheld";
  }
}
