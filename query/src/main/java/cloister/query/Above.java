package cloister.query;

import cloister.query.QueryException.Kind;
import cloister.query.QueryException.Position;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;

/// What stands above the aggregate: everything that an answer's reader could do with it as well, so
/// it costs nothing and needs no permission. [Evaluation] computes it from released rows.
///
/// Its expressions are over the columns of the released answer, keys first and then one number per
/// aggregation, as columns of one source.
///
/// @param outputs the columns that are shown
/// @param having what a released row has to satisfy to be shown
record Above(
    List<Scalar> outputs,
    List<String> names,
    List<Scalar> having,
    List<Order> order,
    long offset,
    Optional<Long> limit) {
  /// What it computes is text of the query's own at most: a bound on an answer's size.
  static final int LONGEST_TEXT = 100;

  /// It is computed for each of ten thousand rows while a room waits.
  private static final int LARGEST = 2_000;

  enum Direction {
    ASCENDING,
    DESCENDING
  }

  enum Nulls {
    FIRST,
    LAST
  }

  record Order(Scalar value, Direction direction, Nulls nulls) {}

  Above {
    outputs = List.copyOf(outputs);
    names = List.copyOf(names);
    having = List.copyOf(having);
    order = List.copyOf(order);
  }

  /// A column of the released answer.
  static Scalar column(int index, ColumnType type) {
    return new Scalar.Column(0, new ColumnName("c" + index), type);
  }

  static int index(Scalar.Column column) {
    return Integer.parseInt(column.name().value().substring(1));
  }

  /// The same over columns that have other numbers.
  Above renumbered(IntUnaryOperator number) throws QueryException {
    return new Above(
        renumbered(outputs, number),
        names,
        renumbered(having, number),
        renumberedOrder(number),
        offset,
        limit);
  }

  private List<Order> renumberedOrder(IntUnaryOperator number) throws QueryException {
    List<Scalar> values = renumbered(order.stream().map(Order::value).toList(), number);
    List<Order> result = new ArrayList<>();
    for (int each = 0; each < values.size(); each++) {
      result.add(new Order(values.get(each), order.get(each).direction(), order.get(each).nulls()));
    }
    return result;
  }

  private static List<Scalar> renumbered(List<Scalar> scalars, IntUnaryOperator number)
      throws QueryException {
    List<Scalar> result = new ArrayList<>();
    for (Scalar scalar : scalars) {
      result.add(
          Scalar.replace(
              scalar,
              column -> (Scalar.Column) column(number.applyAsInt(index(column)), column.type())));
    }
    return result;
  }

  /// @throws QueryException when it computes what [Evaluation] does not
  void requireComputable() throws QueryException {
    List<Scalar> all = new ArrayList<>(outputs);
    all.addAll(having);
    order.forEach(each -> all.add(each.value()));
    int size = 0;
    for (Scalar scalar : all) {
      requireComputable(scalar);
      size += scalar instanceof Scalar.Call ? scalar.size() : 0;
    }
    if (size > LARGEST) {
      throw new QueryException(
          Kind.TOO_LARGE,
          Position.START,
          "the query computes more than "
              + LARGEST
              + " values from each released row, once the queries it reads are put into it",
          "compute with the answer's numbers");
    }
  }

  private static void requireComputable(Scalar scalar) throws QueryException {
    switch (scalar) {
      case Scalar.Column _, Scalar.Null _ -> {}
      case Scalar.Literal literal -> {
        if (literal.value().length() > LONGEST_TEXT) {
          throw new QueryException(
              Kind.TOO_LARGE,
              Position.START,
              "a text over released values has at most " + LONGEST_TEXT + " characters",
              "write a shorter one");
        }
      }
      case Scalar.Call call -> {
        if (!Evaluation.computes(call)) {
          throw new QueryException(
              Kind.UNSUPPORTED,
              Position.START,
              call.function() + " is not computed from released values here",
              "compute it below the aggregate: put it into WHERE, or into GROUP BY and select it"
                  + " as it stands there");
        }
        for (Scalar argument : call.arguments()) {
          requireComputable(argument);
        }
      }
    }
  }

  static boolean isNumber(ColumnType type) {
    return type instanceof ColumnType.Int
        || type instanceof ColumnType.Decimal
        || type instanceof ColumnType.Real;
  }
}
