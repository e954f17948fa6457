package cloister.query;

import cloister.query.QueryException.Kind;
import cloister.query.QueryException.Position;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A row-wise, deterministic, total expression over the columns of a [Branch]'s sources. What is
/// not here cannot be asked, whatever the planner may produce.
sealed interface Scalar {
  /// Expressions that were inlined into one another can grow exponentially in the text's length,
  /// and so can those that an engine evaluates more than once.
  int LARGEST = 5_000;

  /// DuckDB refuses expressions deeper than its limit of 250; one call emits at most three levels.
  int DEEPEST = 64;

  ColumnType type();

  int size();

  int depth();

  /// The same for equal expressions and different for different ones.
  String canonical();

  /// A column of the branch's source of that number.
  record Column(int source, ColumnName name, ColumnType type) implements Scalar {
    @Override
    public int size() {
      return 1;
    }

    @Override
    public int depth() {
      return 1;
    }

    @Override
    public String canonical() {
      return source + "." + name;
    }
  }

  /// A constant: text as it is, `true` or `false`, a plain number, an ISO date, or an ISO date and
  /// time with a space between.
  record Literal(String value, ColumnType type) implements Scalar {
    static final Literal TRUE = new Literal("true", new ColumnType.Bool());

    @Override
    public int size() {
      return 1;
    }

    @Override
    public int depth() {
      return 1;
    }

    @Override
    public String canonical() {
      return type + quoted(value);
    }

    private static String quoted(String text) {
      return "'" + text.replace("'", "''") + "'";
    }
  }

  /// SQL's NULL.
  record Null(ColumnType type) implements Scalar {
    @Override
    public int size() {
      return 1;
    }

    @Override
    public int depth() {
      return 1;
    }

    @Override
    public String canonical() {
      return "null " + type;
    }
  }

  /// A function of other expressions; `size` and `depth` are theirs and one more. What is evaluated
  /// twice counts twice.
  record Call(Function function, List<Scalar> arguments, ColumnType type, int size, int depth)
      implements Scalar {
    public Call {
      arguments = List.copyOf(arguments);
    }

    @Override
    public String canonical() {
      return arguments.stream()
          .map(Scalar::canonical)
          .collect(Collectors.joining(",", function + "(", ")" + type));
    }
  }

  /// The functions there are. `CASE` has its arguments in the order condition, value, condition,
  /// value …, otherwise; `CAST` converts to the call's type.
  enum Function {
    AND,
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
    LIKE,
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
    NULLIF,
    CAST,
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
    START_OF_DAY
  }

  /// A call in its canonical form: operands of commutative operators in order and without
  /// repetition, conditions that always hold left out.
  static Scalar call(Function function, List<Scalar> arguments, ColumnType type)
      throws QueryException {
    List<Scalar> operands = arguments;
    switch (function) {
      case AND, OR -> {
        operands = flattened(function, arguments);
        if (function == Function.AND) {
          operands = operands.stream().filter(each -> !each.equals(Literal.TRUE)).toList();
        }
        operands = inOrder(operands.stream().distinct().toList());
        if (operands.isEmpty()) {
          return Literal.TRUE;
        }
        if (operands.size() == 1) {
          return operands.getFirst();
        }
      }
      case EQUAL -> {
        operands = inOrder(arguments);
        if (operands.getFirst() instanceof Literal && operands.getFirst().equals(operands.get(1))) {
          return Literal.TRUE;
        }
      }
      case NOT_EQUAL, ADD, MULTIPLY -> operands = inOrder(arguments);
      default -> {}
    }
    int size = 1 + twice(function, operands);
    int depth = 1;
    for (Scalar operand : operands) {
      size += operand.size();
      depth = Math.max(depth, operand.depth() + 1);
    }
    if (size > LARGEST || depth > DEEPEST) {
      throw new QueryException(
          Kind.TOO_LARGE,
          Position.START,
          "an expression grows too large once the queries it reads are put into it",
          "use each computed column fewer times");
    }
    return new Call(function, operands, type, size, depth);
  }

  /// The size of the operand that DuckDB evaluates twice: NULLIF is a CASE to it, also the one
  /// around a divisor.
  private static int twice(Function function, List<Scalar> operands) {
    return switch (function) {
      case NULLIF -> operands.getFirst().size();
      case DIVIDE -> operands.getLast().size();
      default -> 0;
    };
  }

  /// This expression over other columns.
  static Scalar replace(Scalar scalar, UnaryOperator<Column> columns) throws QueryException {
    return switch (scalar) {
      case Column column -> columns.apply(column);
      case Literal literal -> literal;
      case Null missing -> missing;
      case Call call -> {
        List<Scalar> arguments = new ArrayList<>();
        for (Scalar argument : call.arguments()) {
          arguments.add(replace(argument, columns));
        }
        yield call(call.function(), arguments, call.type());
      }
    };
  }

  static void forEachColumn(Scalar scalar, Consumer<Column> action) {
    switch (scalar) {
      case Column column -> action.accept(column);
      case Literal _, Null _ -> {}
      case Call call -> call.arguments().forEach(argument -> forEachColumn(argument, action));
    }
  }

  private static List<Scalar> flattened(Function function, List<Scalar> arguments) {
    return arguments.stream()
        .flatMap(argument ->
            argument instanceof Call call && call.function() == function
                ? call.arguments().stream()
                : Stream.of(argument))
        .toList();
  }

  private static List<Scalar> inOrder(List<Scalar> operands) {
    return operands.stream().sorted(Comparator.comparing(Scalar::canonical)).toList();
  }
}
