package cloister.privacy;

/// Where the bound of what one unit adds to a number comes from.
public enum Bounding {
  /// From the terms.
  DECLARED,
  /// From the data, by way of noise that the same run pays for ([Measure.Clipped]).
  AUTOMATIC
}
