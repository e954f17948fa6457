package cloister.query;

import cloister.query.QueryException.Kind;
import cloister.query.QueryException.Position;
import cloister.query.Scalar.Function;
import cloister.room.ColumnType;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.calcite.avatica.util.TimeUnitRange;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.fun.SqlTrimFunction;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.util.DateString;
import org.apache.calcite.util.NlsString;
import org.apache.calcite.util.TimestampString;

/// Calcite's row expressions → [Scalar]s, typed so that nothing can fail at run time: exact
/// arithmetic happens in a decimal wide enough for every possible result, and in doubles, which
/// overflow to infinity, where 38 digits would not do.
final class Expressions {
  private static final int MOST_DIGITS = 38;

  /// The digits that DuckDB computes with in 64 bits.
  static final int SMALL_DIGITS = 18;

  private static final int LONGEST_PATTERN = 256;

  /// DuckDB's LIKE tries every position for every wildcard.
  private static final int MOST_WILDCARDS = 4;

  private static final int LONGEST_SUBSTRING = 1_000_000;
  private static final ColumnType TEXT = new ColumnType.Text();
  private static final ColumnType BOOL = new ColumnType.Bool();
  private static final ColumnType INT = new ColumnType.Int();
  private static final ColumnType REAL = new ColumnType.Real();
  private static final ColumnType DATE = new ColumnType.Date();
  private static final ColumnType TIMESTAMP = new ColumnType.Timestamp();

  private final List<Scalar> inputs;
  private final Map<CorrelationId, List<Scalar>> around;
  private final Map<String, Position> texts;

  /// @param around the rows of the queries around a subquery
  /// @param texts where the statement's texts stand: Calcite forgets it
  Expressions(
      List<Scalar> inputs, Map<CorrelationId, List<Scalar>> around, Map<String, Position> texts) {
    this.inputs = inputs;
    this.around = around;
    this.texts = texts;
  }

  Scalar of(RexNode node) throws QueryException {
    // Subclasses of RexCall are windows and subqueries: only the class itself is a plain call.
    if (node instanceof RexInputRef input) {
      return inputs.get(input.getIndex());
    }
    if (node instanceof RexLiteral literal) {
      return literal(literal);
    }
    if (node instanceof RexFieldAccess access
        && access.getReferenceExpr() instanceof RexCorrelVariable row
        && around.containsKey(row.id)) {
      return Branch.around(around.get(row.id).get(access.getField().getIndex()));
    }
    if (node.getClass() == RexCall.class) {
      return call((RexCall) node);
    }
    throw Translation.unsupported("an expression of this query");
  }

  private Scalar call(RexCall call) throws QueryException {
    List<RexNode> operands = call.getOperands();
    return switch (call.getKind()) {
      case AND -> Scalar.call(Function.AND, conditions(operands), BOOL);
      case OR -> Scalar.call(Function.OR, conditions(operands), BOOL);
      case NOT -> Scalar.call(Function.NOT, conditions(operands), BOOL);
      case IS_TRUE -> Scalar.call(Function.IS_TRUE, conditions(operands), BOOL);
      case IS_NOT_TRUE -> Scalar.call(Function.IS_NOT_TRUE, conditions(operands), BOOL);
      case IS_FALSE -> Scalar.call(Function.IS_FALSE, conditions(operands), BOOL);
      case IS_NOT_FALSE -> Scalar.call(Function.IS_NOT_FALSE, conditions(operands), BOOL);
      case IS_NULL -> Scalar.call(Function.IS_NULL, all(operands), BOOL);
      case IS_NOT_NULL -> Scalar.call(Function.IS_NOT_NULL, all(operands), BOOL);
      case EQUALS -> compared(Function.EQUAL, operands);
      case NOT_EQUALS -> compared(Function.NOT_EQUAL, operands);
      case LESS_THAN -> compared(Function.LESS, operands);
      case LESS_THAN_OR_EQUAL -> compared(Function.LESS_OR_EQUAL, operands);
      case GREATER_THAN -> compared(Function.LESS, operands.reversed());
      case GREATER_THAN_OR_EQUAL -> compared(Function.LESS_OR_EQUAL, operands.reversed());
      case LIKE -> like(operands);
      case PLUS -> arithmetic(Function.ADD, operands);
      case MINUS -> arithmetic(Function.SUBTRACT, operands);
      case TIMES -> arithmetic(Function.MULTIPLY, operands);
      case DIVIDE -> divided(operands);
      case MINUS_PREFIX -> negated(of(operands.getFirst()));
      case PLUS_PREFIX -> number(of(operands.getFirst()));
      case CASE -> chosen(operands);
      case COALESCE -> coalesced(operands);
      case NULLIF -> nullIf(operands);
      case CAST -> cast(of(operands.getFirst()), type(call.getType()));
      case FLOOR -> rounded(Function.FLOOR, operands);
      case CEIL -> rounded(Function.CEIL, operands);
      case TRIM -> trimmed(operands);
      case EXTRACT -> extracted(operands);
      default -> named(call, operands);
    };
  }

  private Scalar named(RexCall call, List<RexNode> operands) throws QueryException {
    return switch (call.getOperator().getName()) {
      case "ABS" -> {
        Scalar value = widened(number(of(operands.getFirst())));
        yield Scalar.call(Function.ABS, List.of(value), value.type());
      }
      case "LEAST" -> extreme(operands, false);
      case "GREATEST" -> extreme(operands, true);
      case "LOWER" -> Scalar.call(Function.LOWER, List.of(text(operands.getFirst())), TEXT);
      case "UPPER" -> Scalar.call(Function.UPPER, List.of(text(operands.getFirst())), TEXT);
      case "SUBSTRING" -> substring(operands);
      case "YEAR" -> part(Function.YEAR, operands);
      case "MONTH" -> part(Function.MONTH, operands);
      default ->
          throw new QueryException(
              Kind.FUNCTION,
              Position.START,
              "a function or operator of this query is not on the list",
              "use the functions that the documentation lists");
    };
  }

  private List<Scalar> all(List<RexNode> nodes) throws QueryException {
    List<Scalar> result = new ArrayList<>();
    for (RexNode node : nodes) {
      result.add(of(node));
    }
    return result;
  }

  private List<Scalar> conditions(List<RexNode> nodes) throws QueryException {
    List<Scalar> result = new ArrayList<>();
    for (RexNode node : nodes) {
      result.add(condition(node));
    }
    return result;
  }

  private Scalar condition(RexNode node) throws QueryException {
    return required(of(node), BOOL, "a condition");
  }

  private Scalar text(RexNode node) throws QueryException {
    return required(of(node), TEXT, "a text");
  }

  private static Scalar required(Scalar scalar, ColumnType type, String what)
      throws QueryException {
    if (scalar instanceof Scalar.Null) {
      return new Scalar.Null(type);
    }
    if (!scalar.type().equals(type)) {
      throw mismatch(what + " is needed where a " + scalar.type() + " stands");
    }
    return scalar;
  }

  private static Scalar number(Scalar scalar) throws QueryException {
    if (scalar instanceof Scalar.Null) {
      return new Scalar.Null(INT);
    }
    if (!isNumber(scalar.type())) {
      throw mismatch("a number is needed where a " + scalar.type() + " stands");
    }
    return scalar;
  }

  private Scalar compared(Function function, List<RexNode> operands) throws QueryException {
    return compared(function, of(operands.getFirst()), of(operands.getLast()));
  }

  private static Scalar compared(Function function, Scalar left, Scalar right)
      throws QueryException {
    ColumnType type = common(List.of(left, right));
    return Scalar.call(function, List.of(coerced(left, type), coerced(right, type)), BOOL);
  }

  static Scalar equal(Scalar left, Scalar right) throws QueryException {
    return compared(Function.EQUAL, left, right);
  }

  private Scalar like(List<RexNode> operands) throws QueryException {
    Scalar value = text(operands.getFirst());
    if (operands.size() == 2
        && of(operands.getLast()) instanceof Scalar.Literal pattern
        && pattern.type().equals(TEXT)
        && pattern.value().length() <= LONGEST_PATTERN
        && pattern.value().chars().filter(each -> each == '%').count() <= MOST_WILDCARDS) {
      return Scalar.call(Function.LIKE, List.of(value, pattern), BOOL);
    }
    throw new QueryException(
        Kind.UNSUPPORTED,
        Position.START,
        "LIKE takes a literal pattern of at most "
            + LONGEST_PATTERN
            + " characters with at most "
            + MOST_WILDCARDS
            + " of %",
        "write a shorter pattern");
  }

  private Scalar arithmetic(Function function, List<RexNode> operands) throws QueryException {
    Scalar left = number(of(operands.getFirst()));
    Scalar right = number(of(operands.getLast()));
    if (left.type().equals(REAL) || right.type().equals(REAL)) {
      return real(function, left, right);
    }
    ColumnType.Decimal a = digits(left);
    ColumnType.Decimal b = digits(right);
    int scale;
    int precision;
    if (function == Function.MULTIPLY) {
      scale = a.scale() + b.scale();
      precision = a.precision() + b.precision();
    } else {
      scale = Math.max(a.scale(), b.scale());
      precision = Math.max(a.precision() - a.scale(), b.precision() - b.scale()) + scale + 1;
    }
    if (precision > MOST_DIGITS) {
      return real(function, left, right);
    }
    var result = new ColumnType.Decimal(precision, scale);
    // DuckDB keeps a result that outgrows 18 digits at 18, and fails where it does not fit, unless
    // an operand has more already.
    List<Scalar> wide =
        function != Function.MULTIPLY
            ? List.of(coerced(left, result), coerced(right, result))
            : List.of(
                coerced(
                    left,
                    precision > SMALL_DIGITS
                        ? new ColumnType.Decimal(
                            Math.max(a.precision(), SMALL_DIGITS + 1), a.scale())
                        : a),
                coerced(right, b));
    return Scalar.call(function, wide, result);
  }

  private static Scalar real(Function function, Scalar left, Scalar right) throws QueryException {
    return Scalar.call(function, List.of(coerced(left, REAL), coerced(right, REAL)), REAL);
  }

  private Scalar divided(List<RexNode> operands) throws QueryException {
    return real(Function.DIVIDE, number(of(operands.getFirst())), number(of(operands.getLast())));
  }

  private Scalar negated(Scalar operand) throws QueryException {
    Scalar value = widened(number(operand));
    return Scalar.call(Function.NEGATE, List.of(value), value.type());
  }

  /// The smallest 64-bit integer has no positive counterpart in 64 bits.
  private static Scalar widened(Scalar value) throws QueryException {
    return value.type().equals(INT) ? coerced(value, digits(value)) : value;
  }

  private Scalar chosen(List<RexNode> operands) throws QueryException {
    List<Scalar> values = new ArrayList<>();
    for (int index = 1; index < operands.size(); index += 2) {
      values.add(of(operands.get(index)));
    }
    values.add(of(operands.getLast()));
    ColumnType type = common(values);
    List<Scalar> arguments = new ArrayList<>();
    for (int index = 0; index < values.size(); index++) {
      if (index < values.size() - 1) {
        arguments.add(condition(operands.get(2 * index)));
      }
      arguments.add(coerced(values.get(index), type));
    }
    return Scalar.call(Function.CASE, arguments, type);
  }

  /// The least or the greatest of all; NULL where one is. DuckDB's own pass over NULLs.
  private Scalar extreme(List<RexNode> operands, boolean greatest) throws QueryException {
    List<Scalar> values = all(operands);
    ColumnType type = common(values);
    Scalar extreme = coerced(values.getFirst(), type);
    for (Scalar value : values.subList(1, values.size())) {
      Scalar other = coerced(value, type);
      Scalar less = greatest ? other : extreme;
      Scalar more = greatest ? extreme : other;
      extreme =
          Scalar.call(
              Function.CASE,
              List.of(
                  Scalar.call(Function.LESS_OR_EQUAL, List.of(less, more), BOOL),
                  extreme,
                  Scalar.call(Function.LESS, List.of(more, less), BOOL),
                  other,
                  new Scalar.Null(type)),
              type);
    }
    return extreme;
  }

  private Scalar coalesced(List<RexNode> operands) throws QueryException {
    List<Scalar> values = all(operands);
    ColumnType type = common(values);
    List<Scalar> arguments = new ArrayList<>();
    for (Scalar value : values) {
      if (!(value instanceof Scalar.Null)) {
        arguments.add(coerced(value, type));
      }
    }
    return switch (arguments.size()) {
      case 0 -> new Scalar.Null(type);
      case 1 -> arguments.getFirst();
      default -> Scalar.call(Function.COALESCE, arguments, type);
    };
  }

  private Scalar nullIf(List<RexNode> operands) throws QueryException {
    List<Scalar> sides = all(operands);
    ColumnType type = common(sides);
    return Scalar.call(
        Function.NULLIF,
        List.of(coerced(sides.getFirst(), type), coerced(sides.getLast(), type)),
        type);
  }

  private Scalar rounded(Function function, List<RexNode> operands) throws QueryException {
    Scalar value = of(operands.getFirst());
    if (operands.size() == 2) {
      return truncated(function, value, operands.get(1));
    }
    Scalar number = number(value);
    return switch (number.type()) {
      case ColumnType.Decimal decimal when decimal.scale() > 0 ->
          Scalar.call(
              function,
              List.of(number),
              new ColumnType.Decimal(decimal.precision() - decimal.scale() + 1, 0));
      case ColumnType.Real _ -> Scalar.call(function, List.of(number), REAL);
      default -> number;
    };
  }

  private static Scalar truncated(Function function, Scalar value, RexNode unit)
      throws QueryException {
    if (function != Function.FLOOR
        || !(unit instanceof RexLiteral flag)
        || !(value.type().equals(DATE) || value.type().equals(TIMESTAMP))) {
      throw Translation.unsupported("this form of FLOOR or CEIL");
    }
    Function start =
        switch (flag.getValueAs(TimeUnitRange.class)) {
          case YEAR -> Function.START_OF_YEAR;
          case QUARTER -> Function.START_OF_QUARTER;
          case MONTH -> Function.START_OF_MONTH;
          case WEEK -> Function.START_OF_WEEK;
          case DAY -> Function.START_OF_DAY;
          case null, default -> throw Translation.unsupported("this unit of time");
        };
    return Scalar.call(start, List.of(value), value.type());
  }

  private Scalar trimmed(List<RexNode> operands) throws QueryException {
    if (!(operands.get(0) instanceof RexLiteral side)
        || !(of(operands.get(1)) instanceof Scalar.Literal character)
        || !character.value().equals(" ")) {
      throw Translation.unsupported("TRIM of anything but spaces");
    }
    Function function =
        switch (side.getValueAs(SqlTrimFunction.Flag.class)) {
          case LEADING -> Function.TRIM_LEADING;
          case TRAILING -> Function.TRIM_TRAILING;
          case BOTH -> Function.TRIM;
          case null -> throw Translation.unsupported("this form of TRIM");
        };
    return Scalar.call(function, List.of(text(operands.get(2))), TEXT);
  }

  private Scalar substring(List<RexNode> operands) throws QueryException {
    List<Scalar> arguments = new ArrayList<>();
    arguments.add(text(operands.getFirst()));
    for (RexNode bound : operands.subList(1, operands.size())) {
      int least = arguments.size() == 1 ? 1 : 0;
      if (!(of(bound) instanceof Scalar.Literal literal)
          || !literal.type().equals(INT)
          || new BigDecimal(literal.value()).compareTo(BigDecimal.valueOf(least)) < 0
          || new BigDecimal(literal.value()).compareTo(BigDecimal.valueOf(LONGEST_SUBSTRING)) > 0) {
        throw new QueryException(
            Kind.UNSUPPORTED,
            Position.START,
            "SUBSTRING takes a literal start from 1 and a literal length from 0, at most "
                + LONGEST_SUBSTRING,
            "write numbers");
      }
      arguments.add(literal);
    }
    return Scalar.call(Function.SUBSTRING, arguments, TEXT);
  }

  private Scalar extracted(List<RexNode> operands) throws QueryException {
    Function part =
        switch (((RexLiteral) operands.getFirst()).getValueAs(TimeUnitRange.class)) {
          case YEAR -> Function.YEAR;
          case MONTH -> Function.MONTH;
          case DAY -> Function.DAY;
          case null, default -> throw Translation.unsupported("EXTRACT of this unit of time");
        };
    return part(part, operands);
  }

  private Scalar part(Function part, List<RexNode> operands) throws QueryException {
    Scalar value = of(operands.getLast());
    if (!isTime(value.type())) {
      throw mismatch(part + " of a date or timestamp is taken, not of a " + value.type());
    }
    return Scalar.call(part, List.of(value), INT);
  }

  private Scalar cast(Scalar value, ColumnType type) throws QueryException {
    if (value instanceof Scalar.Null) {
      return new Scalar.Null(type);
    }
    boolean sensible =
        value.type().equals(type)
            || value.type().equals(TEXT)
            || type.equals(TEXT)
            || (isNumber(value.type()) && isNumber(type))
            || (isTime(value.type()) && isTime(type));
    if (!sensible) {
      throw mismatch("a " + value.type() + " cannot become a " + type);
    }
    if (value instanceof Scalar.Literal literal
        && literal.type().equals(TEXT)
        && !Constants.isReadable(literal.value(), type)) {
      throw new QueryException(
          Kind.TYPE,
          texts.getOrDefault(literal.value(), Position.START),
          "this text is no " + type + ", so the cast is NULL for every row",
          Constants.fix(type));
    }
    return coerced(value, type);
  }

  /// The value in another type; a literal number keeps its value if the type has room for it.
  static Scalar coerced(Scalar value, ColumnType type) throws QueryException {
    if (value.type().equals(type)) {
      return value;
    }
    if (value instanceof Scalar.Null) {
      return new Scalar.Null(type);
    }
    if (value instanceof Scalar.Literal literal
        && isNumber(literal.type())
        && type instanceof ColumnType.Decimal decimal
        && fits(new BigDecimal(literal.value()), decimal)) {
      return new Scalar.Literal(literal.value(), type);
    }
    return Scalar.call(Function.CAST, List.of(value), type);
  }

  private static boolean fits(BigDecimal number, ColumnType.Decimal type) {
    BigDecimal plain = number.stripTrailingZeros();
    return Math.max(0, plain.scale()) <= type.scale()
        && plain.precision() - plain.scale() <= type.precision() - type.scale();
  }

  /// The one type that all the values have or convert to without loss; doubles where 38 digits
  /// would not do.
  static ColumnType common(List<Scalar> values) throws QueryException {
    List<Scalar> known = values.stream().filter(value -> !(value instanceof Scalar.Null)).toList();
    if (known.isEmpty()) {
      return values.getFirst().type();
    }
    if (known.stream().map(Scalar::type).distinct().count() == 1) {
      return known.getFirst().type();
    }
    if (known.stream().allMatch(value -> isTime(value.type()))) {
      return TIMESTAMP;
    }
    if (!known.stream().allMatch(value -> isNumber(value.type()))) {
      throw mismatch("values of different types do not go together");
    }
    if (known.stream().anyMatch(value -> value.type().equals(REAL))) {
      return REAL;
    }
    int scale = known.stream().mapToInt(value -> digits(value).scale()).max().orElseThrow();
    int whole =
        known.stream()
            .mapToInt(value -> digits(value).precision() - digits(value).scale())
            .max()
            .orElseThrow();
    return whole + scale > MOST_DIGITS ? REAL : new ColumnType.Decimal(whole + scale, scale);
  }

  private static boolean isNumber(ColumnType type) {
    return isExact(type) || type.equals(REAL);
  }

  private static boolean isExact(ColumnType type) {
    return type.equals(INT) || type instanceof ColumnType.Decimal;
  }

  private static boolean isTime(ColumnType type) {
    return type.equals(DATE) || type.equals(TIMESTAMP);
  }

  /// How many digits an exact value needs: a literal its own, a 64-bit integer 19.
  private static ColumnType.Decimal digits(Scalar value) {
    if (value instanceof Scalar.Literal literal) {
      BigDecimal number = new BigDecimal(literal.value()).stripTrailingZeros();
      int scale = Math.max(0, number.scale());
      return new ColumnType.Decimal(
          Math.max(1, Math.max(scale, number.precision() - number.scale() + scale)), scale);
    }
    return value.type() instanceof ColumnType.Decimal decimal
        ? decimal
        : new ColumnType.Decimal(19, 0);
  }

  private static Scalar literal(RexLiteral literal) throws QueryException {
    ColumnType type = type(literal.getType());
    if (literal.isNull()) {
      return new Scalar.Null(type);
    }
    return switch (type) {
      case ColumnType.Text _ ->
          new Scalar.Literal(value(literal, NlsString.class).getValue(), type);
      case ColumnType.Bool _ -> new Scalar.Literal(value(literal, Boolean.class).toString(), type);
      case ColumnType.Date _ ->
          new Scalar.Literal(value(literal, DateString.class).toString(), type);
      case ColumnType.Timestamp _ ->
          new Scalar.Literal(value(literal, TimestampString.class).toString(), type);
      case ColumnType.Real _ ->
          new Scalar.Literal(value(literal, BigDecimal.class).toString(), type);
      case ColumnType.Int _, ColumnType.Decimal _ -> exact(value(literal, BigDecimal.class));
    };
  }

  private static Scalar exact(BigDecimal number) throws QueryException {
    BigDecimal plain = number.stripTrailingZeros();
    int scale = Math.max(0, plain.scale());
    int digits = Math.max(scale, plain.precision() - plain.scale() + scale);
    if (digits > MOST_DIGITS) {
      throw mismatch("a number with more than " + MOST_DIGITS + " digits");
    }
    if (scale == 0 && digits <= 18) {
      return new Scalar.Literal(plain.toPlainString(), INT);
    }
    return new Scalar.Literal(plain.toPlainString(), new ColumnType.Decimal(digits, scale));
  }

  private static <T> T value(RexLiteral literal, Class<T> type) throws QueryException {
    T value = literal.getValueAs(type);
    if (value == null) {
      throw Translation.unsupported("this kind of literal");
    }
    return value;
  }

  private static ColumnType type(RelDataType type) throws QueryException {
    SqlTypeName name = type.getSqlTypeName();
    return switch (name) {
      case CHAR, VARCHAR, NULL -> TEXT;
      case BOOLEAN -> BOOL;
      case TINYINT, SMALLINT, INTEGER, BIGINT -> INT;
      case DECIMAL ->
          new ColumnType.Decimal(
              type.getPrecision(), Math.clamp(type.getScale(), 0, type.getPrecision()));
      case FLOAT, REAL, DOUBLE -> REAL;
      case DATE -> DATE;
      case TIMESTAMP -> TIMESTAMP;
      default -> throw Translation.unsupported("a type other than those of columns");
    };
  }

  private static QueryException mismatch(String message) {
    return new QueryException(Kind.TYPE, Position.START, message, "use CAST");
  }
}
