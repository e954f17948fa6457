package cloister.privacy;

import java.math.BigInteger;
import java.util.List;

/// Opens exact aggregates for assertions.
public final class ExactValues {
  private ExactValues() {}

  public static List<BigInteger> of(List<Exact> values) {
    return values.stream().map(Exact::value).toList();
  }
}
