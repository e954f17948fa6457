package cloister.privacy;

/// What one run may reveal of one privacy unit, and how much of a unit is counted.
///
/// @param groupsPerUnit in how many released groups one unit counts at most (the L0 bound)
/// @param rowsPerUnit how many rows of one unit count in a group at most (the L∞ bound of a row
///   count)
/// @param rows whether that bounds a count, or noise finds a bound; then it is 1, and bounds what
///   is no sum of rows: means, variances and distinct values
public record DifferentialPrivacy(
    Epsilon epsilon, Delta delta, int groupsPerUnit, int rowsPerUnit, Bounding rows) {
  static final int LARGEST_BOUND = 1_000_000;

  /// With a declared number of rows.
  public DifferentialPrivacy(Epsilon epsilon, Delta delta, int groupsPerUnit, int rowsPerUnit) {
    this(epsilon, delta, groupsPerUnit, rowsPerUnit, Bounding.DECLARED);
  }

  public DifferentialPrivacy {
    if (rows == Bounding.AUTOMATIC && rowsPerUnit != 1) {
      throw new IllegalArgumentException("rows-per-unit is a number or automatic, not both");
    }
    if (groupsPerUnit < 1 || groupsPerUnit > LARGEST_BOUND) {
      throw new IllegalArgumentException("groups-per-unit must be 1 to 1000000");
    }
    if (rowsPerUnit < 1 || rowsPerUnit > LARGEST_BOUND) {
      throw new IllegalArgumentException("rows-per-unit must be 1 to 1000000");
    }
  }
}
