package cloister.query;

import cloister.privacy.Answer;
import cloister.room.ColumnType;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// Computes [Scalar]s over one released row, and the error bar of each number by interval
/// arithmetic: each released number is taken to lie within its error, so with probability 95 % what
/// is computed lies within the interval that comes out. Where one number decides alone its own
/// error is taken, otherwise the joint ones of its row.
///
/// It is total: a division by zero is NULL, and so is a number of more than 100 digits before the
/// point.
final class Evaluation {
  /// Before the point, and after it.
  private static final int MOST_DIGITS = 100;

  private static final int SHOWN_DIGITS = 15;
  private static final int SHOWN_SCALE = 20;
  private static final int ERROR_DIGITS = 3;
  private static final MathContext EXACT = new MathContext(60, RoundingMode.HALF_EVEN);
  private static final MathContext DOWN = new MathContext(60, RoundingMode.FLOOR);
  private static final MathContext UP = new MathContext(60, RoundingMode.CEILING);

  private static final BigDecimal LARGEST = BigDecimal.ONE.scaleByPowerOfTen(400);

  private final Answer.Row row;
  private final boolean alone;

  private Evaluation(Answer.Row row, boolean alone) {
    this.row = row;
    this.alone = alone;
  }

  /// What an expression is.
  sealed interface Result {}

  /// SQL's NULL.
  ///
  /// @param certain whether noise cannot have made it
  record Missing(boolean certain) implements Result {}

  record Text(String value) implements Result {}

  /// @param certain whether noise cannot have decided it
  record Truth(boolean value, boolean certain) implements Result {}

  /// @param range where it would lie without noise; absent when that may be anywhere
  record Quantity(BigDecimal value, Optional<Range> range) implements Result {
    static Quantity exact(BigDecimal value) {
      return new Quantity(value, Optional.of(new Range(value, value)));
    }

    /// How far the noise may have moved it.
    Optional<BigDecimal> error() {
      return range.map(each ->
          value
              .subtract(each.lower(), UP)
              .max(each.upper().subtract(value, UP))
              .max(BigDecimal.ZERO));
    }
  }

  /// From `lower` to `upper`.
  record Range(BigDecimal lower, BigDecimal upper) {
    static Range of(Stream<BigDecimal> ends) {
      List<BigDecimal> sorted = ends.sorted().toList();
      return new Range(sorted.getFirst(), sorted.getLast());
    }

    boolean holdsZero() {
      return lower.signum() <= 0 && upper.signum() >= 0;
    }
  }

  private static final Result MISSING = new Missing(true);

  /// An expression over the columns of a row.
  static Result of(Scalar scalar, Answer.Row row) {
    Set<Integer> numbers = new HashSet<>();
    Scalar.forEachColumn(
        scalar,
        column -> {
          if (Above.index(column) >= row.keys().size()) {
            numbers.add(Above.index(column));
          }
        });
    return new Evaluation(row, numbers.size() <= 1).of(scalar);
  }

  static boolean holds(Scalar condition, Answer.Row row) {
    return of(condition, row) instanceof Truth(boolean value, boolean _) && value;
  }

  /// A computed number as it is shown: what rounding moves it by is in its error.
  static ResultTable.Value shown(Quantity number) {
    BigDecimal value =
        plain(number.value().round(new MathContext(SHOWN_DIGITS)), RoundingMode.HALF_EVEN);
    BigDecimal moved = value.subtract(number.value()).abs();
    return new ResultTable.Value(
        value,
        number
            .error()
            .map(error ->
                isRounding(error, value)
                    ? BigDecimal.ZERO
                    : plain(
                        error.add(moved).round(new MathContext(ERROR_DIGITS, RoundingMode.CEILING)),
                        RoundingMode.CEILING)));
  }

  /// Of 10 / 3 without noise the sixtieth digit is unknown.
  private static boolean isRounding(BigDecimal error, BigDecimal value) {
    return error.movePointRight(40).compareTo(value.abs().max(BigDecimal.ONE)) <= 0;
  }

  private static BigDecimal plain(BigDecimal value, RoundingMode rounding) {
    BigDecimal stripped =
        (value.scale() > SHOWN_SCALE ? value.setScale(SHOWN_SCALE, rounding) : value)
            .stripTrailingZeros();
    return stripped.scale() < 0 ? stripped.setScale(0) : stripped;
  }

  /// Whether [#of] knows the function, of arguments of these types.
  static boolean computes(Scalar.Call call) {
    return switch (call.function()) {
      case AND,
          OR,
          NOT,
          EQUAL,
          NOT_EQUAL,
          LESS,
          LESS_OR_EQUAL,
          IS_NULL,
          IS_NOT_NULL,
          IS_TRUE,
          IS_NOT_TRUE,
          IS_FALSE,
          IS_NOT_FALSE,
          ADD,
          SUBTRACT,
          MULTIPLY,
          DIVIDE,
          NEGATE,
          ABS,
          FLOOR,
          CEIL,
          CASE,
          COALESCE,
          NULLIF ->
          true;
      case CAST ->
          Above.isNumber(call.type()) && Above.isNumber(call.arguments().getFirst().type());
      case LIKE,
          LOWER,
          UPPER,
          TRIM,
          TRIM_LEADING,
          TRIM_TRAILING,
          SUBSTRING,
          YEAR,
          MONTH,
          DAY,
          START_OF_YEAR,
          START_OF_QUARTER,
          START_OF_MONTH,
          START_OF_WEEK,
          START_OF_DAY ->
          false;
    };
  }

  private Result of(Scalar scalar) {
    return switch (scalar) {
      case Scalar.Null _ -> MISSING;
      case Scalar.Literal literal -> literal(literal.value(), literal.type());
      case Scalar.Column column -> column(column);
      case Scalar.Call call -> bounded(call(call));
    };
  }

  private static Result literal(String value, ColumnType type) {
    return switch (type) {
      case ColumnType.Bool _ -> new Truth(value.equals("true"), true);
      case ColumnType.Int _, ColumnType.Decimal _, ColumnType.Real _ ->
          switch (value) {
            // Doubles that are no number sort as the largest there are.
            case "inf", "nan" -> Quantity.exact(LARGEST);
            case "-inf" -> Quantity.exact(LARGEST.negate());
            default -> Quantity.exact(new BigDecimal(value));
          };
      case ColumnType.Text _, ColumnType.Date _, ColumnType.Timestamp _ -> new Text(value);
    };
  }

  private Result column(Scalar.Column column) {
    int index = Above.index(column);
    if (index < row.keys().size()) {
      return row.keys().get(index).map(key -> literal(key, column.type())).orElse(MISSING);
    }
    return row.values()
        .get(index - row.keys().size())
        .<Result>map(value -> {
          BigDecimal error = alone ? value.error() : value.jointError();
          return new Quantity(
              value.number(),
              Optional.of(new Range(value.number().subtract(error), value.number().add(error))));
        })
        .orElse(MISSING);
  }

  private static Result bounded(Result result) {
    if (!(result instanceof Quantity(BigDecimal value, Optional<Range> range))) {
      return result;
    }
    if (isLarge(value)) {
      return MISSING;
    }
    return new Quantity(
        fine(value, RoundingMode.HALF_EVEN),
        range
            .filter(each -> !isLarge(each.lower()) && !isLarge(each.upper()))
            .map(each ->
                new Range(
                    fine(each.lower(), RoundingMode.FLOOR),
                    fine(each.upper(), RoundingMode.CEILING))));
  }

  private static boolean isLarge(BigDecimal value) {
    return (long) value.precision() - value.scale() > MOST_DIGITS;
  }

  private static BigDecimal fine(BigDecimal value, RoundingMode rounding) {
    return value.scale() > MOST_DIGITS ? value.setScale(MOST_DIGITS, rounding) : value;
  }

  private Result call(Scalar.Call call) {
    List<Scalar> arguments = call.arguments();
    return switch (call.function()) {
      case AND -> connected(arguments, false);
      case OR -> connected(arguments, true);
      case NOT -> truth(arguments.getFirst(), each -> new Truth(!each.value(), each.certain()));
      case IS_TRUE -> is(of(arguments.getFirst()), true, true);
      case IS_NOT_TRUE -> is(of(arguments.getFirst()), true, false);
      case IS_FALSE -> is(of(arguments.getFirst()), false, true);
      case IS_NOT_FALSE -> is(of(arguments.getFirst()), false, false);
      case IS_NULL -> missing(of(arguments.getFirst()), true);
      case IS_NOT_NULL -> missing(of(arguments.getFirst()), false);
      case EQUAL -> compared(arguments, Comparison.EQUAL);
      case NOT_EQUAL -> compared(arguments, Comparison.NOT_EQUAL);
      case LESS -> compared(arguments, Comparison.LESS);
      case LESS_OR_EQUAL -> compared(arguments, Comparison.LESS_OR_EQUAL);
      case ADD -> numbers(arguments, Evaluation::sum);
      case SUBTRACT -> numbers(arguments, (left, right) -> sum(left, negated(right)));
      case MULTIPLY -> numbers(arguments, Evaluation::product);
      case DIVIDE -> numbers(arguments, Evaluation::quotient);
      case NEGATE -> number(arguments.getFirst(), Evaluation::negated);
      case ABS -> number(arguments.getFirst(), Evaluation::absolute);
      case FLOOR ->
          number(arguments.getFirst(), monotone(value -> value.setScale(0, RoundingMode.FLOOR)));
      case CEIL ->
          number(arguments.getFirst(), monotone(value -> value.setScale(0, RoundingMode.CEILING)));
      case CAST -> number(arguments.getFirst(), monotone(value -> rounded(value, call.type())));
      case CASE -> chosen(arguments);
      case COALESCE -> coalesced(arguments);
      case NULLIF -> nulled(of(arguments.getFirst()), compared(arguments, Comparison.EQUAL));
      default -> throw new IllegalStateException("not computed here: " + call.function());
    };
  }

  // Truths

  /// SQL's AND (`decisive` false) and OR (`decisive` true) of three values. One argument may decide
  /// by chance, and another for certain. Each is computed once: of two, nesting would make 2ⁿ.
  private Result connected(List<Scalar> arguments, boolean decisive) {
    List<Result> results = arguments.stream().map(this::of).toList();
    if (results.contains(new Truth(decisive, true))) {
      return new Truth(decisive, true);
    }
    if (results.contains(new Truth(decisive, false))) {
      return new Truth(decisive, false);
    }
    boolean certain = results.stream().allMatch(Evaluation::isCertain);
    return results.stream().anyMatch(Missing.class::isInstance)
        ? new Missing(certain)
        : new Truth(!decisive, certain);
  }

  private static Result is(Result result, boolean wanted, boolean answer) {
    return result instanceof Truth(boolean value, boolean certain)
        ? new Truth((value == wanted) == answer, certain)
        : new Truth(!answer, isCertain(result));
  }

  /// Of a truth it does not matter which it is.
  private static Result missing(Result result, boolean answer) {
    return new Truth(
        (result instanceof Missing) == answer, result instanceof Truth || isCertain(result));
  }

  /// Whether noise cannot have decided a truth, and of others that it is NULL or is not.
  private static boolean isCertain(Result result) {
    return switch (result) {
      case Missing(boolean certain) -> certain;
      case Quantity number -> number.range().isPresent();
      case Truth(boolean _, boolean certain) -> certain;
      case Text _ -> true;
    };
  }

  private static Result nulled(Result value, Result equal) {
    boolean isEqual = equal instanceof Truth(boolean truth, boolean _) && truth;
    boolean certain = !(equal instanceof Truth(boolean _, boolean sure)) || sure;
    if (isEqual) {
      return new Missing(certain);
    }
    return value instanceof Quantity number && !certain
        ? new Quantity(number.value(), Optional.empty())
        : value;
  }

  private Result coalesced(List<Scalar> arguments) {
    boolean certain = true;
    for (Scalar argument : arguments) {
      Result value = of(argument);
      if (!(value instanceof Missing(boolean sure))) {
        return value instanceof Quantity number && !certain
            ? new Quantity(number.value(), Optional.empty())
            : value;
      }
      certain &= sure;
    }
    return new Missing(certain);
  }

  private Result truth(Scalar argument, UnaryOperator<Truth> function) {
    Result result = of(argument);
    return result instanceof Truth truth ? function.apply(truth) : result;
  }

  /// Of two values of one expression, neither of them missing.
  static int compare(Result left, Result right) {
    return switch (left) {
      case Quantity number -> number.value().compareTo(((Quantity) right).value());
      case Text text -> text.value().compareTo(((Text) right).value());
      case Truth truth -> Boolean.compare(truth.value(), ((Truth) right).value());
      case Missing _ -> throw new IllegalArgumentException("NULL has no place in an order");
    };
  }

  private enum Comparison {
    EQUAL,
    NOT_EQUAL,
    LESS,
    LESS_OR_EQUAL;

    boolean holds(int order) {
      return switch (this) {
        case EQUAL -> order == 0;
        case NOT_EQUAL -> order != 0;
        case LESS -> order < 0;
        case LESS_OR_EQUAL -> order <= 0;
      };
    }
  }

  private Result compared(List<Scalar> arguments, Comparison comparison) {
    Result left = of(arguments.getFirst());
    Result right = of(arguments.getLast());
    if (left instanceof Quantity a && right instanceof Quantity b) {
      boolean holds = comparison.holds(a.value().compareTo(b.value()));
      return new Truth(holds, isCertain(a, b, comparison, holds));
    }
    if (left instanceof Text(String a) && right instanceof Text(String b)) {
      return new Truth(comparison.holds(a.compareTo(b)), true);
    }
    if (left instanceof Truth a && right instanceof Truth b) {
      return new Truth(
          comparison.holds(Boolean.compare(a.value(), b.value())), a.certain() && b.certain());
    }
    return missing(left, right);
  }

  /// NULL, because one of two values is.
  private static Result missing(Result left, Result right) {
    return new Missing(left.equals(MISSING) || right.equals(MISSING));
  }

  /// Whether it holds, or does not, for every pair of numbers of the ranges.
  private static boolean isCertain(Quantity a, Quantity b, Comparison comparison, boolean holds) {
    if (a.range().isEmpty() || b.range().isEmpty()) {
      return false;
    }
    Range left = a.range().get();
    Range right = b.range().get();
    boolean apart =
        left.upper().compareTo(right.lower()) < 0 || right.upper().compareTo(left.lower()) < 0;
    boolean points =
        left.lower().compareTo(left.upper()) == 0 && right.lower().compareTo(right.upper()) == 0;
    boolean ordered =
        (comparison == Comparison.LESS || comparison == Comparison.LESS_OR_EQUAL)
            && comparison.holds(left.lower().compareTo(right.upper())) == holds
            && comparison.holds(left.upper().compareTo(right.lower())) == holds;
    return apart || points || ordered;
  }

  /// The first value whose condition holds. Where noise may have chosen, the error bar spans what
  /// it may have chosen from.
  private Result chosen(List<Scalar> arguments) {
    Optional<Result> chosen = Optional.empty();
    Optional<Result> spanned = Optional.empty();
    for (int index = 0; index < arguments.size(); index += 2) {
      boolean last = index == arguments.size() - 1;
      Result condition = last ? new Truth(true, true) : of(arguments.get(index));
      boolean holds = condition instanceof Truth(boolean value, boolean _) && value;
      boolean certain =
          switch (condition) {
            case Truth truth -> truth.certain();
            case Missing missing -> missing.certain();
            default -> throw new IllegalStateException("a condition is a truth");
          };
      if (!holds && certain) {
        continue;
      }
      Result value = of(arguments.get(last ? index : index + 1));
      spanned = Optional.of(spanned.map(other -> hull(other, value)).orElse(value));
      if (holds && chosen.isEmpty()) {
        chosen = Optional.of(value);
      }
      if (holds && certain) {
        break;
      }
    }
    if (chosen.orElseThrow() instanceof Quantity(BigDecimal value, Optional<Range> _)) {
      return new Quantity(
          value,
          spanned.orElseThrow() instanceof Quantity(BigDecimal _, Optional<Range> range)
              ? range
              : Optional.empty());
    }
    return spanned.orElseThrow() instanceof Missing && chosen.orElseThrow() instanceof Missing
        ? spanned.orElseThrow()
        : chosen.orElseThrow();
  }

  private static Result hull(Result one, Result other) {
    if (one instanceof Quantity a && other instanceof Quantity b) {
      return new Quantity(
          a.value(),
          a.range()
              .flatMap(left ->
                  b.range()
                      .map(right ->
                          Range.of(
                              Stream.of(
                                  left.lower(), left.upper(), right.lower(), right.upper())))));
    }
    return one.equals(other) ? one : new Missing(false);
  }

  // Numbers

  private interface Binary {
    Result of(Quantity left, Quantity right);
  }

  private Result number(Scalar argument, UnaryOperator<Quantity> function) {
    Result result = of(argument);
    return result instanceof Quantity number ? function.apply(number) : result;
  }

  private Result numbers(List<Scalar> arguments, Binary function) {
    Result one = of(arguments.getFirst());
    Result other = of(arguments.getLast());
    return one instanceof Quantity left && other instanceof Quantity right
        ? function.of(left, right)
        : missing(one, other);
  }

  private static Quantity negated(Quantity number) {
    return new Quantity(
        number.value().negate(),
        number.range().map(each -> new Range(each.upper().negate(), each.lower().negate())));
  }

  private static Quantity absolute(Quantity number) {
    return new Quantity(
        number.value().abs(),
        number
            .range()
            .map(each ->
                Range.of(
                    Stream.of(
                        each.holdsZero() ? BigDecimal.ZERO : each.lower().abs(),
                        each.lower().abs(),
                        each.upper().abs()))));
  }

  private static UnaryOperator<Quantity> monotone(UnaryOperator<BigDecimal> function) {
    return number ->
        new Quantity(
            function.apply(number.value()),
            number
                .range()
                .map(
                    each -> new Range(function.apply(each.lower()), function.apply(each.upper()))));
  }

  private static BigDecimal rounded(BigDecimal value, ColumnType type) {
    return switch (type) {
      case ColumnType.Int _ -> value.setScale(0, RoundingMode.HALF_UP);
      case ColumnType.Decimal decimal when value.scale() > decimal.scale() ->
          value.setScale(decimal.scale(), RoundingMode.HALF_UP);
      default -> value;
    };
  }

  private static Quantity sum(Quantity left, Quantity right) {
    return new Quantity(
        left.value().add(right.value(), EXACT),
        both(left, right)
            .map(ends ->
                new Range(
                    ends.left().lower().add(ends.right().lower(), DOWN),
                    ends.left().upper().add(ends.right().upper(), UP))));
  }

  private static Quantity product(Quantity left, Quantity right) {
    return new Quantity(
        left.value().multiply(right.value(), EXACT),
        both(left, right)
            .map(ends ->
                Range.of(
                    ends.corners()
                        .flatMap(corner ->
                            Stream.of(
                                corner.getFirst().multiply(corner.getLast(), DOWN),
                                corner.getFirst().multiply(corner.getLast(), UP))))));
  }

  private static Result quotient(Quantity left, Quantity right) {
    if (right.value().signum() == 0) {
      return new Missing(
          right.range().filter(each -> each.lower().compareTo(each.upper()) == 0).isPresent());
    }
    return new Quantity(
        left.value().divide(right.value(), EXACT),
        both(left, right)
            .filter(ends -> !ends.right().holdsZero())
            .map(ends ->
                Range.of(
                    ends.corners()
                        .flatMap(corner ->
                            Stream.of(
                                corner.getFirst().divide(corner.getLast(), DOWN),
                                corner.getFirst().divide(corner.getLast(), UP))))));
  }

  private record Ends(Range left, Range right) {
    Stream<List<BigDecimal>> corners() {
      return Stream.of(left.lower(), left.upper())
          .flatMap(a -> Stream.of(right.lower(), right.upper()).map(b -> List.of(a, b)));
    }
  }

  private static Optional<Ends> both(Quantity left, Quantity right) {
    return left.range().flatMap(a -> right.range().map(b -> new Ends(a, b)));
  }
}
