package cloister.room;

import cloister.privacy.Bounding;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// A column of a dataset.
///
/// @param required a null is a bad row
/// @param domain the public list of values; a value outside it is a bad row. Only for columns whose
///   values have one spelling: string, integer, boolean, date
/// @param bounds the public range; sums, means and variances clamp to it and need it
/// @param sums whether `bounds` bound sums too, or noise finds their bounds; then there are none
public record Column(
    ColumnName name,
    ColumnType type,
    Optional<Semantic> semantic,
    Set<Use> use,
    boolean required,
    Optional<List<String>> domain,
    Optional<Bounds> bounds,
    Bounding sums) {
  private static final int LARGEST_DOMAIN = 10_000;
  private static final int LONGEST_DOMAIN_VALUE = 1_000;
  private static final Pattern INTEGER = Pattern.compile("0|-?[1-9][0-9]{0,18}");

  /// With declared bounds or none.
  public Column(
      ColumnName name,
      ColumnType type,
      Optional<Semantic> semantic,
      Set<Use> use,
      boolean required,
      Optional<List<String>> domain,
      Optional<Bounds> bounds) {
    this(name, type, semantic, use, required, domain, bounds, Bounding.DECLARED);
  }

  public Column {
    use = Set.copyOf(use);
    domain = domain.map(List::copyOf);
    if (semantic.isPresent() && !semantic.get().suits(type)) {
      throw new IllegalArgumentException(
          "semantic " + semantic.get().label() + " does not suit a column of type " + type);
    }
    boolean arithmetic = use.contains(Use.SUM) || use.contains(Use.AVG);
    if (arithmetic && !isNumeric(type)) {
      throw new IllegalArgumentException(
          "use sum and avg need a numeric column; " + name + " is of type " + type);
    }
    if (arithmetic && bounds.isEmpty() && sums == Bounding.DECLARED) {
      throw new IllegalArgumentException(
          "use sum and avg need bounds, which column " + name + " does not have");
    }
    if (sums == Bounding.AUTOMATIC) {
      checkAutomatic(name, type, use, bounds);
    }
    if (domain.isPresent()) {
      checkDomain(name, type, domain.get());
    }
    if (bounds.isPresent()) {
      checkBounds(name, type, bounds.get());
    }
  }

  /// A mean is of values, whose bounds no histogram of units' totals shows.
  private static void checkAutomatic(
      ColumnName name, ColumnType type, Set<Use> use, Optional<Bounds> bounds) {
    if (bounds.isPresent()) {
      throw new IllegalArgumentException(
          "bounds of " + name + " are two numbers or auto, not both");
    }
    if (!isNumeric(type)) {
      throw new IllegalArgumentException(
          "bounds are for numeric columns; " + name + " is of type " + type);
    }
    if (use.contains(Use.AVG)) {
      throw new IllegalArgumentException(
          "use avg needs bounds of two numbers, which column " + name + " does not have");
    }
  }

  private static void checkDomain(ColumnName name, ColumnType type, List<String> domain) {
    if (domain.isEmpty() || domain.size() > LARGEST_DOMAIN) {
      throw new IllegalArgumentException(
          "the domain of " + name + " must have 1 to " + LARGEST_DOMAIN + " values");
    }
    var seen = new HashSet<String>();
    for (String value : domain) {
      if (value.length() > LONGEST_DOMAIN_VALUE) {
        throw new IllegalArgumentException(
            "a domain value has at most " + LONGEST_DOMAIN_VALUE + " characters");
      }
      if (!isSpelling(value, type)) {
        throw new IllegalArgumentException(
            "domain value '" + value + "' of " + name + " is not the spelling of a " + type);
      }
      if (!seen.add(value)) {
        throw new IllegalArgumentException("domain value '" + value + "' is listed twice");
      }
    }
  }

  /// Whether `value` is the one spelling of a value of `type`. Decimals, doubles and timestamps
  /// have several, so a domain of them could miss by a trailing zero.
  private static boolean isSpelling(String value, ColumnType type) {
    return switch (type) {
      case ColumnType.Text() -> true;
      case ColumnType.Bool() -> value.equals("true") || value.equals("false");
      case ColumnType.Int() ->
          INTEGER.matcher(value).matches() && new BigInteger(value).bitLength() < Long.SIZE;
      case ColumnType.Date() -> isDate(value);
      case ColumnType.Decimal _, ColumnType.Real _, ColumnType.Timestamp _ ->
          throw new IllegalArgumentException(
              "a domain is for string, integer, boolean and date columns, not " + type);
    };
  }

  private static boolean isDate(String value) {
    try {
      return LocalDate.parse(value).toString().equals(value) && value.length() == 10;
    } catch (DateTimeParseException _) {
      return false;
    }
  }

  private static void checkBounds(ColumnName name, ColumnType type, Bounds bounds) {
    if (!isNumeric(type)) {
      throw new IllegalArgumentException(
          "bounds are for numeric columns; " + name + " is of type " + type);
    }
    for (BigDecimal bound : List.of(bounds.lower(), bounds.upper())) {
      boolean fits =
          switch (type) {
            case ColumnType.Int() ->
                bound.scale() <= 0 && bound.toBigInteger().bitLength() < Long.SIZE;
            case ColumnType.Decimal(int precision, int scale) ->
                bound.scale() <= scale && bound.precision() - bound.scale() <= precision - scale;
            default -> true;
          };
      if (!fits && bound.signum() != 0) {
        throw new IllegalArgumentException(
            "bound " + bound.toPlainString() + " of " + name + " is not a value of type " + type);
      }
    }
  }

  private static boolean isNumeric(ColumnType type) {
    return switch (type) {
      case ColumnType.Int _, ColumnType.Decimal _, ColumnType.Real _ -> true;
      case ColumnType.Text _, ColumnType.Bool _, ColumnType.Date _, ColumnType.Timestamp _ -> false;
    };
  }

  /// An inclusive range, of numbers with at most 38 digits on either side of the point.
  public record Bounds(BigDecimal lower, BigDecimal upper) {
    private static final int MOST_DIGITS = 38;

    public Bounds {
      lower = bounded(lower);
      upper = bounded(upper);
      if (lower.compareTo(upper) > 0) {
        throw new IllegalArgumentException("the lower bound is above the upper bound");
      }
    }

    /// Refuses `1e999999999` before anything expands it, and drops trailing zeros: equal bounds are
    /// equal records.
    private static BigDecimal bounded(BigDecimal bound) {
      var plain = bound.stripTrailingZeros();
      long digitsBefore = (long) plain.precision() - plain.scale();
      if (digitsBefore > MOST_DIGITS || plain.scale() > MOST_DIGITS) {
        throw new IllegalArgumentException(
            "a bound has at most " + MOST_DIGITS + " digits on either side of the point");
      }
      return plain.scale() < 0 ? plain.setScale(0) : plain;
    }
  }

  /// What a value means, which decides how it is normalised.
  public enum Semantic {
    EMAIL("email"),
    PHONE("phone"),
    ID("id");

    private final String label;

    Semantic(String label) {
      this.label = label;
    }

    public String label() {
      return label;
    }

    public static Optional<Semantic> byLabel(String label) {
      return Arrays.stream(values()).filter(it -> it.label.equals(label)).findFirst();
    }

    private boolean suits(ColumnType type) {
      return type instanceof ColumnType.Text || (this == ID && type instanceof ColumnType.Int);
    }
  }
}
