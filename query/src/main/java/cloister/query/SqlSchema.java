package cloister.query;

import cloister.query.QueryException.Kind;
import cloister.query.QueryException.Position;
import cloister.room.ColumnType;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.calcite.avatica.util.Casing;
import org.apache.calcite.avatica.util.Quoting;
import org.apache.calcite.config.CalciteConnectionConfigImpl;
import org.apache.calcite.config.CalciteConnectionProperty;
import org.apache.calcite.jdbc.CalciteSchema;
import org.apache.calcite.jdbc.JavaTypeFactoryImpl;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.hep.HepPlanner;
import org.apache.calcite.plan.hep.HepProgram;
import org.apache.calcite.prepare.CalciteCatalogReader;
import org.apache.calcite.rel.RelRoot;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeSystemImpl;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.runtime.CalciteContextException;
import org.apache.calcite.runtime.CalciteException;
import org.apache.calcite.schema.impl.AbstractTable;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperatorTable;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.fun.SqlLibraryOperators;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlAbstractParserImpl;
import org.apache.calcite.sql.parser.SqlParseException;
import org.apache.calcite.sql.parser.SqlParser;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.util.SqlOperatorTables;
import org.apache.calcite.sql.validate.SelectNamespace;
import org.apache.calcite.sql.validate.SqlConformanceEnum;
import org.apache.calcite.sql.validate.SqlMonotonicity;
import org.apache.calcite.sql.validate.SqlValidator;
import org.apache.calcite.sql.validate.SqlValidatorImpl;
import org.apache.calcite.sql2rel.SqlToRelConverter;
import org.apache.calcite.sql2rel.StandardConvertletTable;

/// Calcite's parser, validator and converter with the settings that the checks rely on, over the
/// relations `#0`, `#1` … that one statement reads.
final class SqlSchema {
  private static final SqlParser.Config PARSER =
      SqlParser.config()
          .withQuoting(Quoting.DOUBLE_QUOTE)
          .withUnquotedCasing(Casing.UNCHANGED)
          .withQuotedCasing(Casing.UNCHANGED)
          .withCaseSensitive(false)
          .withConformance(SqlConformanceEnum.LENIENT);

  private static final SqlToRelConverter.Config CONVERTER =
      SqlToRelConverter.config()
          .withExpand(false)
          .withTrimUnusedFields(false)
          .withInSubQueryThreshold(Integer.MAX_VALUE)
          .withRelBuilderConfigTransform(config -> config.withSimplify(false));

  /// Standard SQL's, and what every dialect has beside.
  private static final SqlOperatorTable OPERATORS =
      SqlOperatorTables.chain(
          SqlStdOperatorTable.instance(),
          SqlOperatorTables.of(SqlLibraryOperators.LEAST, SqlLibraryOperators.GREATEST));

  private static final SqlAbstractParserImpl.Metadata WORDS =
      SqlParser.create("", PARSER).getMetadata();

  /// `GROUP BY` and `ORDER BY` are no names either.
  private static final Pattern WORD_HERE =
      Pattern.compile("[.\\s]*([A-Za-z][A-Za-z_]{0,63})\\b(?!\\s+(?i:by)\\b)");

  private static final Pattern WORD_BEFORE = Pattern.compile("\\b([A-Za-z][A-Za-z_]{0,63})\\s*$");
  private static final Set<String> STRUCTURE =
      Set.of(
          "SELECT",
          "FROM",
          "WHERE",
          "BY",
          "JOIN",
          "INNER",
          "ON",
          "AS",
          "AND",
          "OR",
          "NOT",
          "IN",
          "IS",
          "NULL",
          "LIKE",
          "BETWEEN",
          "UNION",
          "WITH",
          "CASE",
          "WHEN",
          "THEN",
          "ELSE",
          "HAVING",
          "LIMIT",
          "OFFSET",
          "DISTINCT");

  private static final Pattern NOT_FOUND =
      Pattern.compile("(?:Column|Table|Object) '(.{1,128}?)' not found.*", Pattern.DOTALL);

  private final List<Relation> relations;

  SqlSchema(List<Relation> relations) {
    this.relations = relations;
  }

  /// Parses one statement; a semicolon may end it.
  static SqlNode parse(String sql) throws QueryException {
    String text = sql.stripTrailing();
    String statement = text.endsWith(";") ? text.substring(0, text.length() - 1) : text;
    try {
      return SqlParser.create(statement, PARSER).parseQuery();
    } catch (SqlParseException e) {
      var at =
          e.getPos() == null
              ? Position.START
              : position(e.getPos().getLineNum(), e.getPos().getColumnNum());
      var reserved = reservedNear(statement, at);
      throw reserved.isPresent()
          ? reserved(at, reserved.get())
          : new QueryException(
              Kind.SYNTAX,
              at,
              "this is not a SELECT statement that Cloister reads",
              "check the spelling near this place; it must be one statement");
    }
  }

  /// Whether SQL keeps a word for itself, so that a name spelt like it needs quotes.
  static boolean isReserved(String word) {
    return WORDS.isReservedWord(word.toUpperCase(Locale.ROOT));
  }

  static QueryException reserved(Position at, String word) {
    return new QueryException(
        Kind.SYNTAX,
        at,
        "`" + word + "` is a reserved word of SQL",
        "if it is meant as a name, write it as \"" + word + "\" in double quotes");
  }

  /// The reserved word that the parser stumbled over: the one at the place, or, where it was taken
  /// for the beginning of something else, the one before. Those that no name would be confused with
  /// are told as any other mistake.
  private static Optional<String> reservedNear(String sql, Position at) {
    List<String> lines = sql.lines().toList();
    if (at.line() > lines.size()) {
      return Optional.empty();
    }
    String line = lines.get(at.line() - 1);
    int place = Math.min(at.column() - 1, line.length());
    var here = WORD_HERE.matcher(line).region(place, line.length());
    var before = WORD_BEFORE.matcher(line).region(0, place);
    var found = here.lookingAt() ? here : before.find() ? before : null;
    return Optional.ofNullable(found)
        .map(word -> word.group(1))
        .filter(word -> isReserved(word) && !STRUCTURE.contains(word.toUpperCase(Locale.ROOT)));
  }

  RelRoot plan(SqlNode statement) throws QueryException {
    var types = new Types();
    CalciteSchema root = CalciteSchema.createRootSchema(false, false);
    for (int index = 0; index < relations.size(); index++) {
      root.add("#" + index, new RelationTable(relations.get(index)));
    }
    var properties = new Properties();
    properties.setProperty(CalciteConnectionProperty.CASE_SENSITIVE.camelName(), "false");
    var reader =
        new CalciteCatalogReader(
            root, List.of(), types, new CalciteConnectionConfigImpl(properties));
    SqlValidator validator =
        new Validator(
            reader,
            types,
            SqlValidator.Config.DEFAULT
                .withConformance(SqlConformanceEnum.LENIENT)
                .withCallRewrite(false)
                .withIdentifierExpansion(true));
    var cluster =
        RelOptCluster.create(new HepPlanner(HepProgram.builder().build()), new RexBuilder(types));
    try {
      SqlNode validated = validator.validate(statement);
      var converter =
          new SqlToRelConverter(
              (_, _, _, _) -> {
                throw new IllegalStateException("there are no views");
              },
              validator,
              reader,
              cluster,
              StandardConvertletTable.INSTANCE,
              CONVERTER);
      return converter.convertQuery(validated, false, true);
    } catch (CalciteContextException e) {
      throw translated(e);
    } catch (CalciteException | UnsupportedOperationException | AssertionError e) {
      throw new QueryException(
          Kind.UNSUPPORTED, Position.START, "this query cannot be planned", "simplify it");
    }
  }

  /// Calcite's text may quote literals of the query, so only the name it complains about is kept,
  /// and only if it is a name.
  private QueryException translated(CalciteContextException e) {
    Position at = position(e.getPosLine(), e.getPosColumn());
    Throwable cause = e.getCause();
    String text = cause == null || cause.getMessage() == null ? "" : cause.getMessage();
    var notFound = NOT_FOUND.matcher(text);
    if (notFound.matches()) {
      String name = Grammar.shown(notFound.group(1));
      List<String> known =
          relations.stream().flatMap(each -> each.columns().stream()).distinct().toList();
      return new QueryException(
          Kind.UNKNOWN_COLUMN,
          at,
          "there is no column " + name,
          Suggestion.nearest(name, known)
              .map(nearest -> "did you mean " + nearest + "?")
              .orElse("the columns are " + String.join(", ", known)));
    }
    if (text.contains("ambiguous") || text.startsWith("Duplicate")) {
      return new QueryException(
          Kind.AMBIGUOUS,
          at,
          "this name could mean several things",
          "give each table an alias and write alias.column");
    }
    if (text.contains("is not being grouped")) {
      return new QueryException(
          Kind.ROW_LEVEL,
          at,
          "this would release row values: it is neither a group key nor an aggregate",
          "add it to GROUP BY, or aggregate it");
    }
    if (text.contains("No match found for function")) {
      return new QueryException(
          Kind.FUNCTION,
          at,
          "this function does not exist with these arguments",
          "check the number and types of its arguments");
    }
    return new QueryException(
        Kind.TYPE,
        at,
        "the types or names here do not go together",
        "check the columns' declared types, and use CAST");
  }

  private static Position position(int line, int column) {
    return new Position(Math.max(1, line), Math.max(1, column));
  }

  /// Calcite asks of every column reference whether it is monotonic, which it answers by asking the
  /// same of every reference in the subquery's expression: exponential in the nesting. Nothing here
  /// needs to know.
  private static final class Validator extends SqlValidatorImpl {
    Validator(CalciteCatalogReader reader, RelDataTypeFactory types, SqlValidator.Config config) {
      super(OPERATORS, reader, types, config);
    }

    @Override
    protected SelectNamespace createSelectNamespace(SqlSelect select, SqlNode enclosing) {
      return new SelectNamespace(this, select, enclosing) {
        @Override
        public SqlMonotonicity getMonotonicity(String columnName) {
          return SqlMonotonicity.NOT_MONOTONIC;
        }
      };
    }
  }

  /// Texts are UTF-8, and texts of different length do not pad one another with spaces.
  private static final class Types extends JavaTypeFactoryImpl {
    Types() {
      super(
          new RelDataTypeSystemImpl() {
            @Override
            public int getMaxPrecision(SqlTypeName name) {
              return name == SqlTypeName.DECIMAL ? 38 : super.getMaxPrecision(name);
            }

            @Override
            public int getMaxScale(SqlTypeName name) {
              return name == SqlTypeName.DECIMAL ? 38 : super.getMaxScale(name);
            }

            @Override
            public boolean shouldConvertRaggedUnionTypesToVarying() {
              return true;
            }
          });
    }

    @Override
    public Charset getDefaultCharset() {
      return StandardCharsets.UTF_8;
    }
  }

  private static final class RelationTable extends AbstractTable {
    private final Relation relation;

    RelationTable(Relation relation) {
      this.relation = relation;
    }

    @Override
    public RelDataType getRowType(RelDataTypeFactory types) {
      var row = types.builder();
      for (int column = 0; column < relation.columns().size(); column++) {
        // Everything may be null: Calcite turns COUNT(x) of a column that may not into COUNT(*),
        // and the use of x would go unseen.
        row.add(relation.columns().get(column), type(types, relation.type(column))).nullable(true);
      }
      return row.build();
    }

    private static RelDataType type(RelDataTypeFactory types, ColumnType type) {
      return switch (type) {
        case ColumnType.Text _ -> types.createSqlType(SqlTypeName.VARCHAR);
        case ColumnType.Bool _ -> types.createSqlType(SqlTypeName.BOOLEAN);
        case ColumnType.Int _ -> types.createSqlType(SqlTypeName.BIGINT);
        case ColumnType.Decimal decimal ->
            types.createSqlType(SqlTypeName.DECIMAL, decimal.precision(), decimal.scale());
        case ColumnType.Real _ -> types.createSqlType(SqlTypeName.DOUBLE);
        case ColumnType.Date _ -> types.createSqlType(SqlTypeName.DATE);
        case ColumnType.Timestamp _ -> types.createSqlType(SqlTypeName.TIMESTAMP, 6);
      };
    }
  }
}
