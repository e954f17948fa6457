package cloister.query;

import cloister.query.Scalar.Function;
import cloister.room.Column.Bounds;
import cloister.room.ColumnType;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The range of an expression that follows from the bounds that owners declare. It holds for rows
/// within the bounds; sums clamp to it, so it is never believed.
final class Interval {
  /// Enough for any sum that fits 38 digits, and a limit on products of products.
  private static final MathContext DIGITS = new MathContext(60);

  private static final BigDecimal LARGEST = BigDecimal.ONE.movePointRight(18);

  private static final int MOST_DECIMALS = 18;

  private static final Bounds ANY_COUNT =
      new Bounds(BigDecimal.ZERO, BigDecimal.ONE.movePointRight(30));

  private Interval() {}

  static Optional<Bounds> of(Scalar scalar, Branch branch) {
    return switch (scalar) {
      case Scalar.Column column ->
          branch
              .source(column)
              .field(column.name())
              .bounds()
              .flatMap(bounds -> range(bounds.lower(), bounds.upper()));
      case Scalar.Literal literal when isNumber(literal.type()) -> {
        var value = new BigDecimal(literal.value());
        yield range(value, value);
      }
      case Scalar.Literal _ -> Optional.empty();
      case Scalar.Null _ -> Optional.of(new Bounds(BigDecimal.ZERO, BigDecimal.ZERO));
      case Scalar.Call call -> call(call, branch);
    };
  }

  private static Optional<Bounds> call(Scalar.Call call, Branch branch) {
    List<Scalar> arguments = call.arguments();
    return switch (call.function()) {
      case ADD ->
          both(arguments, branch)
              .flatMap(pair ->
                  range(
                      pair.getFirst().lower().add(pair.getLast().lower(), DIGITS),
                      pair.getFirst().upper().add(pair.getLast().upper(), DIGITS)));
      case SUBTRACT ->
          both(arguments, branch)
              .flatMap(pair ->
                  range(
                      pair.getFirst().lower().subtract(pair.getLast().upper(), DIGITS),
                      pair.getFirst().upper().subtract(pair.getLast().lower(), DIGITS)));
      case MULTIPLY -> both(arguments, branch).flatMap(Interval::product);
      case NEGATE ->
          of(arguments.getFirst(), branch)
              .flatMap(bounds -> range(bounds.upper().negate(), bounds.lower().negate()));
      case ABS ->
          of(arguments.getFirst(), branch)
              .flatMap(
                  bounds -> range(BigDecimal.ZERO, bounds.lower().abs().max(bounds.upper().abs())));
      case CAST ->
          isNumber(call.type()) && isNumber(arguments.getFirst().type())
              ? of(arguments.getFirst(), branch)
              : Optional.empty();
      case NULLIF -> of(arguments.getFirst(), branch);
      case COALESCE -> hull(arguments, branch);
      case CASE -> chosen(arguments, branch);
      default -> Optional.empty();
    };
  }

  /// Each value within what the condition that chose it says, and those that did not.
  private static Optional<Bounds> chosen(List<Scalar> arguments, Branch branch) {
    Optional<Bounds> hull = Optional.empty();
    for (int index = 0; index < arguments.size(); index += 2) {
      boolean last = index == arguments.size() - 1;
      Scalar value = arguments.get(last ? index : index + 1);
      if (value instanceof Scalar.Null) {
        continue;
      }
      Optional<Bounds> own =
          of(value, branch)
              .or(() -> isCount(value, branch) ? Optional.of(ANY_COUNT) : Optional.empty());
      if (own.isEmpty()) {
        return Optional.empty();
      }
      Bounds bounds = own.get();
      for (int before = 0; before < index; before += 2) {
        bounds = narrowed(bounds, value, arguments.get(before), false, branch);
      }
      if (!last) {
        bounds = narrowed(bounds, value, arguments.get(index), true, branch);
      }
      Bounds chosen = bounds;
      if (of(value, branch).isEmpty() && chosen.upper().compareTo(ANY_COUNT.upper()) == 0) {
        return Optional.empty();
      }
      hull = Optional.of(hull.map(each -> hull(each, chosen)).orElse(chosen));
    }
    return hull;
  }

  /// Whether nothing bounds it but 0, from below.
  private static boolean isCount(Scalar scalar, Branch branch) {
    return switch (scalar) {
      case Scalar.Column column -> branch.source(column).field(column.name()).count();
      case Scalar.Literal literal ->
          isNumber(literal.type()) && new BigDecimal(literal.value()).signum() >= 0;
      case Scalar.Null _ -> true;
      case Scalar.Call call ->
          (call.function() == Function.COALESCE
                  || (call.function() == Function.CAST && isNumber(call.type())))
              && call.arguments().stream().allMatch(each -> isCount(each, branch));
    };
  }

  /// What a comparison of the value with something says of it. One that does not hold may be NULL,
  /// because its other side is.
  private static Bounds narrowed(
      Bounds bounds, Scalar value, Scalar condition, boolean holds, Branch branch) {
    if (!(condition instanceof Scalar.Call call)
        || (call.function() != Function.LESS && call.function() != Function.LESS_OR_EQUAL)) {
      return bounds;
    }
    boolean first = call.arguments().getFirst().equals(value);
    Scalar other = first ? call.arguments().getLast() : call.arguments().getFirst();
    Optional<Bounds> limit = of(other, branch);
    if ((!first && !call.arguments().getLast().equals(value))
        || limit.isEmpty()
        || (!holds && !(other instanceof Scalar.Literal))) {
      return bounds;
    }
    return first == holds
        ? new Bounds(
            bounds.lower().min(limit.get().upper()), bounds.upper().min(limit.get().upper()))
        : new Bounds(
            bounds.lower().max(limit.get().lower()), bounds.upper().max(limit.get().lower()));
  }

  private static Optional<Bounds> hull(List<Scalar> values, Branch branch) {
    Optional<Bounds> hull = Optional.empty();
    for (Scalar value : values) {
      Optional<Bounds> own = of(value, branch);
      if (own.isEmpty()) {
        return Optional.empty();
      }
      hull = Optional.of(hull.map(each -> hull(each, own.get())).orElse(own.get()));
    }
    return hull;
  }

  static Bounds hull(Bounds left, Bounds right) {
    return new Bounds(left.lower().min(right.lower()), left.upper().max(right.upper()));
  }

  private static Optional<Bounds> product(List<Bounds> pair) {
    Bounds left = pair.getFirst();
    Bounds right = pair.getLast();
    List<BigDecimal> corners =
        Stream.of(left.lower(), left.upper())
            .flatMap(each ->
                Stream.of(
                    each.multiply(right.lower(), DIGITS), each.multiply(right.upper(), DIGITS)))
            .sorted()
            .toList();
    return range(corners.getFirst(), corners.getLast());
  }

  private static Optional<List<Bounds>> both(List<Scalar> arguments, Branch branch) {
    return of(arguments.getFirst(), branch)
        .flatMap(left -> of(arguments.getLast(), branch).map(right -> List.of(left, right)));
  }

  /// Widened to 18 decimals; nothing where it would be too wide to sum.
  private static Optional<Bounds> range(BigDecimal lower, BigDecimal upper) {
    return lower.abs().max(upper.abs()).compareTo(LARGEST) > 0
        ? Optional.empty()
        : Optional.of(
            new Bounds(
                lower.setScale(MOST_DECIMALS, RoundingMode.FLOOR),
                upper.setScale(MOST_DECIMALS, RoundingMode.CEILING)));
  }

  private static boolean isNumber(ColumnType type) {
    return type instanceof ColumnType.Int
        || type instanceof ColumnType.Decimal
        || type instanceof ColumnType.Real;
  }
}
