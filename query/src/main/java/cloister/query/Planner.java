package cloister.query;

import cloister.query.QueryException.Kind;
import cloister.query.QueryException.Position;
import cloister.room.Address;
import cloister.room.Analysis;
import cloister.room.Dataset;
import cloister.room.Name;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.calcite.rel.RelRoot;

/// SQL text → checked plan. Safe for concurrent use.
public final class Planner {
  private static final int LONGEST_BYTES = 64 * 1024;
  private static final int DEEPEST_PARENTHESES = 120;

  /// Calcite's parser needs cubic time for operators of more than two operands: 64 KiB of LIKE took
  /// four minutes.
  private static final Pattern COSTLY =
      Pattern.compile(
          "(?i)LIKE|BETWEEN|SIMILAR|OVERLAPS|PERIOD|PRECEDES|SUCCEEDS|CONTAINS|EQUALS|MULTISET|\\[|\\)\\s*[.]");

  private static final int MOST_COSTLY = 250;
  private static final int MOST_ANALYSES = 64;

  /// Parser, validator and converter recurse; the limits on nesting keep them far below this.
  private static final long STACK_BYTES = 64L << 20;

  private final Catalog catalog;
  private final Set<Address> analyses = new LinkedHashSet<>();

  /// The analyses that are being read, outermost first.
  private final List<Address> path = new ArrayList<>();

  private Planner(Catalog catalog) {
    this.catalog = catalog;
  }

  /// The datasets and analyses that the SQL itself names.
  ///
  /// @param owner to whose package bare names belong
  public static Set<Address> inputs(String sql, Name owner, Catalog catalog) throws QueryException {
    return onDeepStack(() -> new Planner(catalog).inputs(parse(sql), owner));
  }

  /// Checks SQL that someone wants an answer to: one aggregate on top of row-level SQL.
  public static CheckedPlan check(String sql, Name owner, Catalog catalog) throws QueryException {
    return onDeepStack(() -> new Planner(catalog).answer(sql, owner));
  }

  /// Checks SQL that other analyses may read: either an answer or row-level. Returns its columns.
  public static List<String> checkBuildingBlock(String sql, Name owner, Catalog catalog)
      throws QueryException {
    return onDeepStack(() -> {
      var planner = new Planner(catalog);
      Grammar.Statement statement = parse(sql);
      List<Relation> relations = planner.relations(statement, owner);
      RelRoot root = new SqlSchema(relations).plan(statement.tree());
      var translation = new Translation(relations, statement.texts());
      if (Translation.aggregates(root.rel)) {
        return translation.question(root).above().names();
      }
      Relation rows = translation.rows(root);
      for (Branch branch : rows.branches()) {
        branch.requireOneUnit();
      }
      return rows.columns();
    });
  }

  /// Loads and compiles the planner's classes by planning a query of every kind of node, so that
  /// the first caller does not wait for it.
  public static void warm() {
    Warming.run();
  }

  private Set<Address> inputs(Grammar.Statement statement, Name owner) throws QueryException {
    Set<Address> inputs = new TreeSet<>();
    for (Grammar.Reference reference : statement.references()) {
      inputs.add(resolve(reference, owner));
    }
    return inputs;
  }

  private CheckedPlan answer(String sql, Name owner) throws QueryException {
    Grammar.Statement statement = parse(sql);
    List<Relation> relations = relations(statement, owner);
    RelRoot root = new SqlSchema(relations).plan(statement.tree());
    if (!Translation.aggregates(root.rel)) {
      throw new QueryException(
          Kind.ROW_LEVEL,
          Position.START,
          "this would release rows",
          "select group keys and COUNT, SUM or AVG only");
    }
    return CheckedPlan.of(
        new Translation(relations, statement.texts()).question(root),
        inputs(statement, owner),
        analyses);
  }

  private List<Relation> relations(Grammar.Statement statement, Name owner) throws QueryException {
    List<Relation> relations = new ArrayList<>();
    for (Grammar.Reference reference : statement.references()) {
      relations.add(relation(resolve(reference, owner), reference.position()));
    }
    return relations;
  }

  private Relation relation(Address address, Position position) throws QueryException {
    Optional<Dataset> dataset = catalog.dataset(address);
    if (dataset.isPresent()) {
      return new Relation(
          dataset.get().columns().stream().map(column -> column.name().value()).toList(),
          List.of(Branch.scan(dataset.get(), position)));
    }
    Analysis analysis = catalog.analysis(address).orElseThrow();
    if (path.contains(address)) {
      throw new QueryException(
          Kind.CYCLE,
          position,
          "analyses read each other: "
              + path.subList(path.indexOf(address), path.size()).stream()
                  .map(Address::toString)
                  .collect(Collectors.joining(" → "))
              + " → "
              + address,
          "let one of them read datasets only");
    }
    analyses.add(address);
    if (analyses.size() > MOST_ANALYSES) {
      throw new QueryException(
          Kind.TOO_LARGE,
          position,
          "a query reads at most " + MOST_ANALYSES + " analyses",
          "read fewer");
    }
    path.add(address);
    try {
      return inlined(analysis, position);
    } finally {
      path.removeLast();
    }
  }

  private Relation inlined(Analysis analysis, Position position) throws QueryException {
    Grammar.Statement statement = parse(analysis.sql());
    List<Relation> relations = relations(statement, analysis.address().party());
    RelRoot root = new SqlSchema(relations).plan(statement.tree());
    if (Translation.aggregates(root.rel)) {
      throw new QueryException(
          Kind.UNSUPPORTED,
          position,
          analysis.address()
              + " is an aggregate, and reading an answer again is not supported here",
          "read row-level analyses, and aggregate once");
    }
    Relation rows = new Translation(relations, statement.texts()).rows(root);
    return new Relation(
        rows.columns(), rows.branches().stream().map(branch -> branch.at(position)).toList());
  }

  /// `name`, `party.name`, or with the kind between where a dataset and an analysis share a name.
  private Address resolve(Grammar.Reference reference, Name owner) throws QueryException {
    List<String> names =
        reference.names().stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
    Set<Address> found = new TreeSet<>();
    for (String kind : List.of("dataset", "analysis")) {
      String address =
          switch (names.size()) {
            case 1 -> "/" + owner + "/" + kind + "/" + names.getFirst();
            case 2 -> "/" + names.getFirst() + "/" + kind + "/" + names.getLast();
            case 3 -> "/" + String.join("/", names);
            default -> "";
          };
      try {
        Address parsed = Address.parse(address);
        if (catalog.dataset(parsed).isPresent() || catalog.analysis(parsed).isPresent()) {
          found.add(parsed);
        }
      } catch (IllegalArgumentException _) {
        // Not a name that anything has.
      }
    }
    String shown = Grammar.shown(String.join(".", reference.names()));
    if (found.isEmpty()) {
      throw new QueryException(
          Kind.UNKNOWN_TABLE,
          reference.position(),
          "there is no dataset and no analysis " + shown,
          "write party.name, or the bare name of one of " + owner + "'s own");
    }
    if (found.size() > 1) {
      throw new QueryException(
          Kind.AMBIGUOUS,
          reference.position(),
          shown + " is a dataset and an analysis",
          "write party.dataset.name or party.analysis.name");
    }
    return found.iterator().next();
  }

  private static Grammar.Statement parse(String sql) throws QueryException {
    if (sql.length() > LONGEST_BYTES
        || sql.getBytes(StandardCharsets.UTF_8).length > LONGEST_BYTES) {
      throw new QueryException(
          Kind.TOO_LARGE,
          Position.START,
          "a query has at most " + LONGEST_BYTES + " bytes",
          "split it into analyses");
    }
    requireShallow(sql);
    if (COSTLY.matcher(sql).results().limit(MOST_COSTLY + 1).count() > MOST_COSTLY) {
      throw new QueryException(
          Kind.TOO_LARGE,
          Position.START,
          "a query has at most " + MOST_COSTLY + " of LIKE, BETWEEN and the like",
          "use fewer; write many values as IN");
    }
    return Grammar.check(SqlSchema.parse(sql));
  }

  /// Counts every opening bracket and CASE, also those in texts and comments: a bound on nesting
  /// must not depend on having understood the text.
  private static void requireShallow(String sql) throws QueryException {
    int depth = 0;
    for (int index = 0; index < sql.length(); index++) {
      char at = sql.charAt(index);
      if (at == '(' || at == '[' || at == '{') {
        depth++;
      } else if (at == ')' || at == ']' || at == '}') {
        depth--;
      }
      if (depth > DEEPEST_PARENTHESES) {
        throw new QueryException(
            Kind.TOO_LARGE,
            Position.START,
            "the query nests deeper than " + DEEPEST_PARENTHESES + " brackets",
            "nest less");
      }
    }
  }

  private interface Step<T> {
    T run() throws QueryException;
  }

  private static <T> T onDeepStack(Step<T> step) throws QueryException {
    var outcome = new Outcome<T>(step);
    var thread = new Thread(null, outcome, "plan", STACK_BYTES);
    thread.start();
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return outcome.get();
  }

  /// A step's result, carried from its thread to the caller's.
  private static final class Outcome<T> implements Runnable {
    private final Step<T> step;
    private Optional<T> value = Optional.empty();
    private Optional<QueryException> refusal = Optional.empty();
    private Optional<Throwable> bug = Optional.empty();

    Outcome(Step<T> step) {
      this.step = step;
    }

    @Override
    public void run() {
      try {
        value = Optional.of(step.run());
      } catch (QueryException e) {
        refusal = Optional.of(e);
      } catch (StackOverflowError _) {
        refusal =
            Optional.of(
                new QueryException(
                    Kind.TOO_LARGE, Position.START, "the query nests too deep", "nest less"));
      } catch (RuntimeException | Error e) {
        bug = Optional.of(e);
      }
    }

    T get() throws QueryException {
      if (refusal.isPresent()) {
        throw refusal.get();
      }
      return value.orElseThrow(
          () -> new IllegalStateException("the planner failed", bug.orElse(null)));
    }
  }
}
