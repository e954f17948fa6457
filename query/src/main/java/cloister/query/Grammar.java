package cloister.query;

import cloister.query.QueryException.Kind;
import cloister.query.QueryException.Position;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.calcite.sql.JoinConditionType;
import org.apache.calcite.sql.JoinType;
import org.apache.calcite.sql.SqlBasicCall;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDataTypeSpec;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlIntervalQualifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlNumericLiteral;
import org.apache.calcite.sql.SqlOrderBy;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlSelectKeyword;
import org.apache.calcite.sql.SqlWindow;
import org.apache.calcite.sql.SqlWith;
import org.apache.calcite.sql.SqlWithItem;
import org.apache.calcite.sql.fun.SqlCase;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.apache.calcite.sql.util.SqlShuttle;
import org.jspecify.annotations.Nullable;

/// The SQL that may be written, checked on the parse tree because only the parse tree knows where
/// things stand. It is total: what it does not name is refused. On the way it notes every table
/// that is not a CTE and puts a name of its own, `#0`, `#1` …, in its place.
final class Grammar {
  private static final int MOST_TABLES = 32;

  /// Calcite puts a CTE in the place of each of its names: CTEs of CTEs grow exponentially.
  private static final int MOST_READ = 128;

  private static final int DEEPEST = 120;
  private static final int LONGEST_LIST = 1_000;
  private static final Pattern DAY = Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}");
  private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_ .-]{0,127}");

  private static final Set<JoinType> JOINS =
      Set.of(JoinType.INNER, JoinType.COMMA, JoinType.LEFT, JoinType.RIGHT, JoinType.FULL);

  static final Set<SqlKind> OPERATORS =
      Set.of(
          SqlKind.AND,
          SqlKind.OR,
          SqlKind.NOT,
          SqlKind.EQUALS,
          SqlKind.NOT_EQUALS,
          SqlKind.LESS_THAN,
          SqlKind.LESS_THAN_OR_EQUAL,
          SqlKind.GREATER_THAN,
          SqlKind.GREATER_THAN_OR_EQUAL,
          SqlKind.IN,
          SqlKind.NOT_IN,
          SqlKind.BETWEEN,
          SqlKind.LIKE,
          SqlKind.IS_NULL,
          SqlKind.IS_NOT_NULL,
          SqlKind.IS_TRUE,
          SqlKind.IS_NOT_TRUE,
          SqlKind.IS_FALSE,
          SqlKind.IS_NOT_FALSE,
          SqlKind.PLUS,
          SqlKind.MINUS,
          SqlKind.TIMES,
          SqlKind.DIVIDE,
          SqlKind.MINUS_PREFIX,
          SqlKind.PLUS_PREFIX);

  private static final Set<String> RANKS = Set.of("ROW_NUMBER", "RANK", "DENSE_RANK");

  private static final Set<String> AGGREGATES =
      Set.of(
          "COUNT",
          "SUM",
          "AVG",
          "MIN",
          "MAX",
          "VAR_POP",
          "VAR_SAMP",
          "VARIANCE",
          "STDDEV_POP",
          "STDDEV_SAMP",
          "STDDEV",
          "MEDIAN");

  static final Set<String> FUNCTIONS =
      Set.of(
          "COALESCE",
          "NULLIF",
          "CAST",
          "ABS",
          "LEAST",
          "GREATEST",
          "FLOOR",
          "CEIL",
          "CEILING",
          "LOWER",
          "UPPER",
          "TRIM",
          "SUBSTRING",
          "EXTRACT",
          "YEAR",
          "MONTH");

  /// A table that the text names, in the order of the names `#0`, `#1` ….
  record Reference(List<String> names, Position position) {}

  private final List<Reference> references = new ArrayList<>();

  /// How many tables are read, where each use of a CTE reads all of its own.
  private int tables;

  private int depth;

  /// The checked statement, its tables renamed.
  ///
  /// @param texts where each text that it holds stands first
  record Statement(SqlNode tree, List<Reference> references, Map<String, Position> texts) {}

  static Statement check(SqlNode tree) throws QueryException {
    var grammar = new Grammar();
    SqlNode renamed = withoutMedians(grammar.query(tree, Map.of(), true));
    return new Statement(renamed, List.copyOf(grammar.references), texts(renamed));
  }

  /// `MEDIAN(x)`, which the standard does not have, is the quantile 0.5.
  private static SqlNode withoutMedians(SqlNode tree) {
    SqlNode renamed =
        tree.accept(
            new SqlShuttle() {
              @Override
              public @Nullable SqlNode visit(SqlCall call) {
                if (!(call.getOperator() instanceof SqlFunction function)
                    || !function.getName().equalsIgnoreCase("MEDIAN")
                    || call.operandCount() != 1) {
                  return super.visit(call);
                }
                SqlParserPos at = call.getParserPosition();
                SqlNode half =
                    SqlStdOperatorTable.PERCENTILE_CONT.createCall(
                        at, SqlLiteral.createExactNumeric("0.5", at));
                return SqlStdOperatorTable.WITHIN_GROUP.createCall(
                    at, half, new SqlNodeList(List.of(call.operand(0)), at));
              }
            });
    return renamed == null ? tree : renamed;
  }

  private static Map<String, Position> texts(SqlNode tree) {
    var texts = new HashMap<String, Position>();
    tree.accept(
        new SqlBasicVisitor<@Nullable Void>() {
          @Override
          public @Nullable Void visit(SqlLiteral literal) {
            if (literal.getTypeName() == SqlTypeName.CHAR) {
              texts.putIfAbsent(literal.getValueAs(String.class), position(literal));
            }
            return null;
          }
        });
    return texts;
  }

  private SqlNode query(SqlNode node, Map<String, Integer> names, boolean top)
      throws QueryException {
    enter(node);
    try {
      return switch (node) {
        case SqlWith with -> with(with, names, top);
        case SqlOrderBy order -> order(order, names, top);
        case SqlSelect select -> select(select, names);
        case SqlBasicCall call when call.getKind() == SqlKind.UNION -> union(call, names);
        default -> throw unsupported(node, describe(node), "write one SELECT statement");
      };
    } finally {
      depth--;
    }
  }

  private SqlNode with(SqlWith with, Map<String, Integer> outer, boolean top)
      throws QueryException {
    Map<String, Integer> names = new HashMap<>(outer);
    for (SqlNode each : with.withList) {
      var item = (SqlWithItem) each;
      if (item.recursive.booleanValue()) {
        throw unsupported(item, "a recursive CTE", "write a CTE that does not read itself");
      }
      name(item.name);
      int before = tables;
      item.query = query(item.query, names, top);
      if (item.columnList != null) {
        for (SqlNode column : item.columnList) {
          name((SqlIdentifier) column);
        }
      }
      names.put(item.name.getSimple().toLowerCase(Locale.ROOT), tables - before);
    }
    with.body = query(with.body, names, top);
    return with;
  }

  private SqlNode order(SqlOrderBy order, Map<String, Integer> names, boolean top)
      throws QueryException {
    if (!top) {
      throw unsupported(
          order,
          "ORDER BY or LIMIT below the aggregate",
          "order and limit the outermost SELECT, whose answer they apply to after release");
    }
    for (SqlNode item : order.orderList) {
      expression(ordered(item), true);
    }
    for (SqlNode bound : new SqlNode[] {order.offset, order.fetch}) {
      if (bound != null && !(bound instanceof SqlLiteral)) {
        throw unsupported(bound, "a computed LIMIT or OFFSET", "write a number");
      }
    }
    SqlNode query = query(order.query, names, true);
    return new SqlOrderBy(
        order.getParserPosition(), query, order.orderList, order.offset, order.fetch);
  }

  private SqlNode union(SqlBasicCall call, Map<String, Integer> names) throws QueryException {
    for (int index = 0; index < call.operandCount(); index++) {
      call.setOperand(index, query(call.operand(index), names, false));
    }
    return call;
  }

  private SqlNode select(SqlSelect select, Map<String, Integer> names) throws QueryException {
    if (select.isKeywordPresent(SqlSelectKeyword.STREAM)) {
      throw unsupported(select, "SELECT STREAM", "leave STREAM out");
    }
    if (select.hasHints()) {
      throw unsupported(select, "a hint", "leave the hint out");
    }
    if (select.getQualify() != null || !select.getWindowList().isEmpty()) {
      throw unsupported(select, "a window function", "use GROUP BY");
    }
    if (select.getFrom() == null) {
      throw unsupported(select, "a SELECT without FROM", "select from a dataset: party.name");
    }
    if (select.hasOrderBy() || select.getFetch() != null || select.getOffset() != null) {
      throw unsupported(
          select, "ORDER BY or LIMIT below the aggregate", "order and limit the outermost SELECT");
    }
    select.setFrom(from(select.getFrom(), names, false));
    for (SqlNode item : select.getSelectList()) {
      if (item.getKind() == SqlKind.AS) {
        expression(((SqlCall) item).operand(0), true);
        name(((SqlCall) item).operand(1));
      } else {
        expression(item, true);
      }
    }
    if (select.getWhere() != null) {
      condition(select.getWhere(), names);
    }
    if (select.getGroup() != null) {
      for (SqlNode key : select.getGroup()) {
        expression(key, false);
      }
    }
    if (select.getHaving() != null) {
      expression(select.getHaving(), true);
    }
    return select;
  }

  private SqlNode from(SqlNode node, Map<String, Integer> names, boolean named)
      throws QueryException {
    enter(node);
    try {
      return switch (node) {
        case SqlIdentifier table -> table(table, names, named);
        case SqlJoin join -> join(join, names);
        case SqlSelect _, SqlWith _, SqlOrderBy _ -> query(node, names, false);
        case SqlBasicCall call when call.getKind() == SqlKind.UNION -> query(node, names, false);
        case SqlBasicCall call when call.getKind() == SqlKind.AS -> {
          for (int index = 1; index < call.operandCount(); index++) {
            name(call.operand(index));
          }
          call.setOperand(0, from(call.operand(0), names, true));
          yield call;
        }
        // Calcite wraps a plain table in TABLE_REF when hints or an EXTEND clause may follow.
        default ->
            throw unsupported(
                node, describe(node), "read datasets, analyses, CTEs and subqueries only");
      };
    } finally {
      depth--;
    }
  }

  private SqlNode table(SqlIdentifier table, Map<String, Integer> names, boolean named)
      throws QueryException {
    if (table.isStar()) {
      throw unsupported(table, "a * here", "name a table");
    }
    Integer inCte = table.isSimple() ? names.get(table.getSimple().toLowerCase(Locale.ROOT)) : null;
    tables += inCte == null ? 1 : inCte;
    if (tables > MOST_READ) {
      throw new QueryException(
          Kind.TOO_LARGE,
          position(table),
          "a query reads at most " + MOST_READ + " tables, each as often as its CTEs are read",
          "read a CTE fewer times, or make it an analysis");
    }
    if (inCte != null) {
      return table;
    }
    if (references.size() == MOST_TABLES) {
      throw new QueryException(
          Kind.TOO_LARGE,
          position(table),
          "a query names at most " + MOST_TABLES + " tables",
          "split it into analyses");
    }
    SqlParserPos at = table.getParserPosition();
    var renamed = new SqlIdentifier("#" + references.size(), at);
    references.add(new Reference(List.copyOf(table.names), position(table)));
    if (named) {
      return renamed;
    }
    String last = table.names.getLast();
    return org.apache.calcite.sql.fun.SqlStdOperatorTable.AS.createCall(
        at, renamed, new SqlIdentifier(last, at));
  }

  private SqlNode join(SqlJoin join, Map<String, Integer> names) throws QueryException {
    JoinType type = join.getJoinType();
    if (join.isNatural()) {
      throw unsupported(join, "a NATURAL join", "write JOIN … ON a.unit = b.unit");
    }
    if (type == JoinType.CROSS) {
      throw new QueryException(
          Kind.JOIN,
          position(join.getRight()),
          "a CROSS JOIN does not follow the privacy unit",
          "write JOIN … ON a.unit = b.unit");
    }
    if (!JOINS.contains(type)) {
      throw unsupported(
          join.getRight(),
          "a " + type + " join",
          "write JOIN, LEFT, RIGHT or FULL JOIN, or EXISTS");
    }
    if (join.getConditionType() == JoinConditionType.USING) {
      throw unsupported(join.getRight(), "USING", "write JOIN … ON a.unit = b.unit");
    }
    join.setLeft(from(join.getLeft(), names, false));
    join.setRight(from(join.getRight(), names, false));
    if (join.getCondition() != null) {
      expression(join.getCondition(), false);
    }
    return join;
  }

  /// A condition on rows: EXISTS and IN (SELECT …) may stand where AND and NOT alone lead to.
  private void condition(SqlNode node, Map<String, Integer> names) throws QueryException {
    enter(node);
    switch (node.getKind()) {
      case AND -> {
        for (SqlNode operand : ((SqlBasicCall) node).getOperandList()) {
          condition(operand, names);
        }
      }
      case NOT -> condition(((SqlBasicCall) node).operand(0), names);
      case EXISTS -> subquery((SqlBasicCall) node, 0, names);
      case IN, NOT_IN -> {
        if (((SqlBasicCall) node).operand(1).getKind().belongsTo(SqlKind.QUERY)) {
          SqlNode value = ((SqlBasicCall) node).operand(0);
          for (SqlNode each :
              value.getKind() == SqlKind.ROW
                  ? ((SqlBasicCall) value).getOperandList()
                  : List.of(value)) {
            expression(each, false);
          }
          subquery((SqlBasicCall) node, 1, names);
        } else {
          expression(node, false);
        }
      }
      default -> expression(node, false);
    }
    depth--;
  }

  private void subquery(SqlBasicCall call, int operand, Map<String, Integer> names)
      throws QueryException {
    call.setOperand(operand, query(call.operand(operand), names, false));
  }

  /// @param aggregates whether COUNT, SUM and AVG may stand here
  private void expression(SqlNode node, boolean aggregates) throws QueryException {
    enter(node);
    switch (node) {
      case SqlIdentifier name -> {
        // Some reserved words, as USER, are functions without brackets to the validator.
        if (name.isSimple()
            && !name.isComponentQuoted(0)
            && SqlSchema.isReserved(name.getSimple())) {
          throw SqlSchema.reserved(position(name), name.getSimple());
        }
      }
      case SqlDataTypeSpec _ -> {}
      case SqlIntervalQualifier _ -> {}
      case SqlDynamicParam _ ->
          throw unsupported(node, "a parameter", "write the value into the query");
      case SqlLiteral literal -> literal(literal);
      case SqlNodeList list -> {
        if (list.size() > LONGEST_LIST) {
          throw new QueryException(
              Kind.TOO_LARGE,
              position(list),
              "a list has at most " + LONGEST_LIST + " values",
              "use a shorter list, or BETWEEN");
        }
        for (SqlNode item : list) {
          expression(item, aggregates);
        }
      }
      case SqlCase choice -> {
        for (SqlNode operand : choice.getOperandList()) {
          if (operand != null) {
            expression(operand, aggregates);
          }
        }
      }
      case SqlSelect _, SqlWith _, SqlOrderBy _ ->
          throw unsupported(
              node,
              "a subquery inside an expression",
              "let it stand in WHERE as IN (SELECT …) or EXISTS, or join it in FROM");
      case SqlBasicCall call -> call(call, aggregates);
      default -> throw unsupported(node, describe(node), "leave it out");
    }
    depth--;
  }

  /// `PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY x)`: the order is the argument.
  private void quantile(SqlBasicCall call, boolean aggregates) throws QueryException {
    if (!(call.operand(0) instanceof SqlBasicCall function)
        || function.getKind() != SqlKind.PERCENTILE_CONT
        || function.getFunctionQuantifier() != null
        || function.operandCount() != 1
        || !(function.operand(0) instanceof SqlNumericLiteral)
        || !(call.operand(1) instanceof SqlNodeList order)
        || order.size() != 1) {
      throw unsupported(
          call,
          "this WITHIN GROUP",
          "write PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY x), or MEDIAN(x)");
    }
    if (!aggregates) {
      throw unsupported(
          call, "a quantile inside a condition, key or other aggregate", "aggregate once, on top");
    }
    SqlNode argument = order.get(0);
    expression(
        argument.getKind() == SqlKind.DESCENDING ? ((SqlCall) argument).operand(0) : argument,
        false);
  }

  /// A function over the rows of a partition, which has to be of one unit: [Windows] sees to that.
  private void over(SqlBasicCall call, boolean aggregates) throws QueryException {
    if (!aggregates
        || !(call.operand(0) instanceof SqlBasicCall function)
        || !(call.operand(1) instanceof SqlWindow window)
        || window.getRefName() != null
        || window.getLowerBound() != null
        || window.getUpperBound() != null) {
      throw unsupported(
          call,
          "this window function",
          "write ROW_NUMBER() OVER (PARTITION BY the unit ORDER BY …) in the SELECT list of a"
              + " subquery");
    }
    if (RANKS.contains(function.getOperator().getName().toUpperCase(Locale.ROOT))) {
      if (function.operandCount() > 0) {
        throw unsupported(function, "a rank of something", "write it with empty brackets");
      }
    } else {
      call(function, true);
    }
    for (SqlNode key : window.getPartitionList()) {
      expression(key, false);
    }
    for (SqlNode key : window.getOrderList()) {
      expression(ordered(key), false);
    }
  }

  private static SqlNode ordered(SqlNode item) {
    SqlNode inner = item;
    while (inner.getKind() == SqlKind.DESCENDING
        || inner.getKind() == SqlKind.NULLS_FIRST
        || inner.getKind() == SqlKind.NULLS_LAST) {
      inner = ((SqlCall) inner).operand(0);
    }
    return inner;
  }

  private void call(SqlBasicCall call, boolean aggregates) throws QueryException {
    boolean inner = aggregates;
    if (call.getKind() == SqlKind.WITHIN_GROUP) {
      quantile(call, aggregates);
      return;
    }
    if (call.getKind() == SqlKind.OVER) {
      over(call, aggregates);
      return;
    }
    if (call.getOperator() instanceof SqlFunction function) {
      String name = function.getName().toUpperCase(Locale.ROOT);
      if (AGGREGATES.contains(name)) {
        if (!aggregates) {
          throw unsupported(
              call, name + " inside a condition, key or other aggregate", "aggregate once, on top");
        }
        inner = false;
      } else if (!FUNCTIONS.contains(name)) {
        throw new QueryException(
            Kind.FUNCTION,
            position(call),
            "the function " + shown(name) + " is not on the list",
            "the functions are COUNT, SUM, AVG, VARIANCE, STDDEV and their _POP and _SAMP, MEDIAN, PERCENTILE_CONT, "
                + String.join(", ", FUNCTIONS.stream().sorted().toList()));
      }
      if (call.getFunctionQuantifier() != null && !name.equals("COUNT")) {
        throw unsupported(call, name + "(DISTINCT …)", "write " + name + "(…)");
      }
    } else if (!OPERATORS.contains(call.getKind())) {
      if (call.getKind() == SqlKind.EXISTS) {
        throw unsupported(
            call, "EXISTS here", "let it stand in WHERE, beside other conditions with AND");
      }
      if (call.getKind() == SqlKind.SCALAR_QUERY) {
        throw unsupported(
            call,
            "a subquery inside an expression",
            "let it stand in WHERE as IN (SELECT …) or EXISTS, or join it in FROM");
      }
      throw new QueryException(
          Kind.FUNCTION,
          position(call),
          "the operator " + shown(call.getOperator().getName()) + " is not on the list",
          "use comparisons, AND, OR, NOT, IN, BETWEEN, LIKE, IS NULL, +, -, *, / or CASE");
    }
    if (call.getKind() == SqlKind.LIKE && call.operandCount() != 2) {
      throw unsupported(call, "LIKE … ESCAPE", "leave ESCAPE out");
    }
    // NOT LIKE, ILIKE, NOT BETWEEN and BETWEEN SYMMETRIC share kinds with the plain ones.
    if (call.getOperator().getName().contains("ILIKE")) {
      throw unsupported(call, "ILIKE", "write LOWER(…) LIKE …");
    }
    for (SqlNode operand : call.getOperandList()) {
      if (operand == null) {
        continue;
      }
      if (operand instanceof SqlIdentifier identifier && identifier.isStar()) {
        if (!(call.getOperator() instanceof SqlFunction function
            && function.getName().equalsIgnoreCase("COUNT"))) {
          throw unsupported(operand, "a * here", "name a column");
        }
        continue;
      }
      expression(operand, inner);
    }
  }

  private static void literal(SqlLiteral literal) throws QueryException {
    if (literal.getTypeName() == SqlTypeName.CHAR) {
      String text = literal.getValueAs(String.class);
      if (text.chars().anyMatch(character -> character < ' ' || character == 0x7f)
          || text.codePoints().anyMatch(point -> point >= 0xd800 && point <= 0xdfff)) {
        throw unsupported(literal, "a control character in a text", "write printable text");
      }
      return;
    }
    switch (literal.getTypeName()) {
      case UNKNOWN -> {
        // DATE '…' and TIMESTAMP '…', which Calcite reads when it knows what the words mean.
        if (!DAY.matcher(literal.getValueAs(String.class)).lookingAt()) {
          throw new QueryException(
              Kind.TYPE,
              position(literal),
              "this is no date between the years 1 and 9999",
              "write DATE 'YYYY-MM-DD' or TIMESTAMP 'YYYY-MM-DD HH:MM:SS'");
        }
      }
      case DECIMAL, DOUBLE, BIGINT, INTEGER, BOOLEAN, DATE, TIMESTAMP, NULL, SYMBOL -> {}
      default ->
          throw unsupported(
              literal, "this kind of literal", "write a text, number, DATE or TIMESTAMP");
    }
  }

  private static void name(SqlNode node) throws QueryException {
    if (!(node instanceof SqlIdentifier identifier)
        || !identifier.isSimple()
        || !NAME.matcher(identifier.getSimple()).matches()) {
      throw unsupported(
          node, "this name", "a name has 1 to 128 letters, digits and _, and starts with a letter");
    }
  }

  private void enter(SqlNode node) throws QueryException {
    depth++;
    if (depth > DEEPEST) {
      throw new QueryException(
          Kind.TOO_LARGE,
          position(node),
          "the query nests deeper than " + DEEPEST + " levels",
          "nest less; write long OR chains as IN");
    }
  }

  private static QueryException unsupported(SqlNode node, String what, String fix) {
    return new QueryException(
        Kind.UNSUPPORTED, position(node), what + " is not supported here", fix);
  }

  static Position position(SqlNode node) {
    SqlParserPos at = node.getParserPosition();
    return new Position(Math.max(1, at.getLineNum()), Math.max(1, at.getColumnNum()));
  }

  private static String describe(SqlNode node) {
    return switch (node.getKind()) {
      case VALUES -> "VALUES";
      case TABLESAMPLE -> "TABLESAMPLE";
      case LATERAL -> "LATERAL";
      case UNNEST -> "UNNEST";
      case COLLECTION_TABLE, OTHER_FUNCTION -> "a table function";
      case INTERSECT -> "INTERSECT";
      case EXCEPT -> "EXCEPT";
      case PIVOT, UNPIVOT -> "PIVOT";
      case MATCH_RECOGNIZE -> "MATCH_RECOGNIZE";
      case INSERT, UPDATE, DELETE, MERGE -> "a statement that changes data";
      default -> node instanceof SqlCall ? "this construct" : "this";
    };
  }

  /// The analyst's own word, as far as it is one.
  static String shown(String name) {
    return name.matches("[\\p{L}\\p{N}_ .<>=!|%^~+*/-]{1,64}") ? name : "here";
  }
}
