package cloister.migration;

import cloister.protocol.Tree;
import cloister.room.Use;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/// Reads Snowflake's aggregation, projection, join and privacy policies, and the statements that
/// set them on a table or view.
///
/// A policy may differ by who asks. Terms do not, so the strictest of its branches binds everyone.
///
/// Source: Snowflake, "SQL command reference", `CREATE … POLICY` and `ALTER TABLE`.
final class SnowflakePolicies {
  private static final int MOST_UNITS = 1_000_000_000;
  private static final String[] KINDS = {"AGGREGATION", "PROJECTION", "JOIN", "PRIVACY"};

  private final Notes notes;
  private final Draft draft;
  private final Map<String, Policy> policies = new LinkedHashMap<>();
  private final List<Setting> settings = new ArrayList<>();
  private Optional<Cursor.Path> table = Optional.empty();

  private SnowflakePolicies(Notes notes, Draft draft) {
    this.notes = notes;
    this.draft = draft;
  }

  /// A function call of a policy's body, with its arguments; an argument that is no constant is
  /// empty.
  private record Call(String function, Map<String, Optional<String>> arguments) {
    Optional<String> constant(String argument) {
      return arguments.getOrDefault(argument, Optional.empty());
    }
  }

  private record Policy(String kind, String name, Tree.Position at, List<Call> branches) {}

  /// @param columns the entity keys, join keys or projected columns
  private record Setting(
      String kind, Tree.Position at, Optional<Cursor.Path> policy, List<Fields.Placed> columns) {}

  static void sql(Notes notes, Cursor cursor, Draft draft) {
    var reader = new SnowflakePolicies(notes, draft);
    cursor.statements(notes, () -> reader.statement(cursor));
    reader.apply();
  }

  // --- statements

  private void statement(Cursor cursor) {
    if (Schema.startsTable(cursor)) {
      createTable(cursor);
    } else if (cursor.accept("CREATE")) {
      cursor.accept("OR", "REPLACE");
      create(cursor);
    } else {
      cursor.expect("ALTER");
      cursor.expectEither("TABLE", "VIEW");
      cursor.accept("IF", "EXISTS");
      ofTable(cursor.path());
      do {
        alter(cursor);
      } while (cursor.accept(","));
    }
  }

  private void ofTable(Cursor.Path path) {
    if (table.isPresent() && !table.get().whole().equals(path.whole())) {
      throw new Tokens.Unreadable(
          path.at(), "a second table; import each into a document of its own");
    }
    table = Optional.of(path);
    draft.table(path.last());
  }

  private void createTable(Cursor cursor) {
    ofTable(Schema.table(cursor));
    if (draft.hasSchema()) {
      throw new Tokens.Unreadable(cursor.place(), "the columns are there already");
    }
    draft.schema(
        notes,
        Schema.fields(
            cursor,
            (_, field) -> {
              cursor.accept("NOT", "NULL");
              cursor.accept("WITH");
              if (cursor.peekAll("PROJECTION", "POLICY")) {
                setting(cursor, List.of(new Fields.Placed(field.name(), field.at())));
              }
            }));
    while (cursor.accept("WITH") || isSetting(cursor)) {
      setting(cursor, List.of());
    }
    Schema.skip(cursor, Set.of());
  }

  private void create(Cursor cursor) {
    String kind =
        cursor
            .acceptOneOf(KINDS)
            .orElseThrow(() ->
                cursor.unexpected("TABLE or an aggregation, projection, join or privacy policy"));
    cursor.expect("POLICY");
    cursor.accept("IF", "NOT", "EXISTS");
    Cursor.Path name = cursor.path();
    cursor.expect("AS", "(", ")", "RETURNS");
    cursor.expect(kind.equals("PRIVACY") ? "PRIVACY_BUDGET" : kind + "_CONSTRAINT");
    cursor.expect("->");
    var policy = new Policy(kind, name.whole(), name.at(), body(cursor));
    if (cursor.accept("COMMENT")) {
      cursor.expect("=");
      cursor.string();
    }
    if (policies.putIfAbsent(name.whole(), policy) != null) {
      throw new Tokens.Unreadable(name.at(), "the policy is there already");
    }
  }

  /// One call, or a CASE of them.
  private static List<Call> body(Cursor cursor) {
    if (!cursor.accept("CASE")) {
      return List.of(call(cursor));
    }
    var branches = new ArrayList<Call>();
    do {
      cursor.expect("WHEN");
      cursor.upTo(Set.of("THEN"));
      cursor.expect("THEN");
      branches.add(call(cursor));
    } while (cursor.peek("WHEN"));
    cursor.expect("ELSE");
    branches.add(call(cursor));
    cursor.expect("END");
    return branches;
  }

  private static Call call(Cursor cursor) {
    String function = cursor.name().text().toUpperCase(Locale.ROOT);
    cursor.expect("(");
    var arguments = new LinkedHashMap<String, Optional<String>>();
    if (!cursor.peek(")")) {
      do {
        Fields.Placed name = cursor.name();
        cursor.expect("=>");
        Token first = cursor.token();
        String value = cursor.upTo(Set.of(",", ")"));
        boolean constant = value.equals(first.text());
        if (arguments.putIfAbsent(
                name.text().toUpperCase(Locale.ROOT),
                constant ? Optional.of(value) : Optional.empty())
            != null) {
          throw new Tokens.Unreadable(name.at(), "the argument is there already");
        }
      } while (cursor.accept(","));
    }
    cursor.expect(")");
    return new Call(function, arguments);
  }

  private void alter(Cursor cursor) {
    if (cursor.acceptOneOf("MODIFY", "ALTER").isPresent()) {
      cursor.accept("COLUMN");
      Fields.Placed column = cursor.name();
      cursor.expect("SET");
      setting(cursor, List.of(column));
      return;
    }
    if (cursor.accept("COLUMN")) {
      // … MODIFY COLUMN a SET …, COLUMN b SET …
      Fields.Placed column = cursor.name();
      cursor.expect("SET");
      setting(cursor, List.of(column));
      return;
    }
    cursor.expectEither("SET", "ADD");
    setting(cursor, List.of());
  }

  private static boolean isSetting(Cursor cursor) {
    return Stream.of(KINDS).anyMatch(kind -> cursor.peekAll(kind, "POLICY"));
  }

  private void setting(Cursor cursor, List<Fields.Placed> ofColumn) {
    Tree.Position at = cursor.place();
    String kind = cursor.acceptOneOf(KINDS).orElseThrow(() -> cursor.unexpected("a policy"));
    if (kind.equals("PROJECTION") == ofColumn.isEmpty()) {
      throw new Tokens.Unreadable(at, "projection policies are set on columns, and no others are");
    }
    cursor.expect("POLICY");
    Cursor.Path policy = cursor.path();
    var columns = new ArrayList<>(ofColumn);
    if (cursor.accept("ENTITY", "KEY")) {
      columns.addAll(cursor.names());
    } else if (cursor.accept("ALLOWED", "JOIN", "KEYS")) {
      columns.addAll(cursor.names());
    }
    cursor.accept("FORCE");
    boolean again =
        !kind.equals("PROJECTION") && settings.stream().anyMatch(it -> it.kind().equals(kind));
    if (again) {
      throw new Tokens.Unreadable(at, "a table has one policy of a kind; keep the one that holds");
    }
    settings.add(new Setting(kind, at, Optional.of(policy), columns));
  }

  // --- what they mean

  private void apply() {
    draft.everyColumn = true;
    draft.sql = Draft.Sql.ANY;
    if (policies.isEmpty()) {
      notes.mistake(new Tree.Position(1, 1), "there is no policy in it");
    }
    for (Policy policy : policies.values()) {
      boolean set =
          settings.stream()
              .anyMatch(it -> it.policy().filter(path -> names(path, policy)).isPresent());
      if (!set && policy.kind().equals("PROJECTION")) {
        draft.loosens(
            notes,
            policy.at(),
            "projection policy " + policy.name(),
            "no statement of the file sets it on a column");
      } else if (!set) {
        settings.add(new Setting(policy.kind(), policy.at(), Optional.empty(), List.of()));
      }
    }
    for (Setting setting : settings) {
      List<Policy> meant =
          policies.values().stream()
              .filter(policy ->
                  setting
                      .policy()
                      .map(path -> names(path, policy))
                      .orElse(policy.at().equals(setting.at())))
              .toList();
      if (meant.size() != 1) {
        notes.mistake(
            setting.at(),
            meant.isEmpty()
                ? "the file does not have that policy"
                : "the file has several policies that may be meant");
      } else if (!meant.getFirst().kind().equals(setting.kind())) {
        notes.mistake(setting.at(), "the policy is one of another kind");
      } else {
        apply(setting, meant.getFirst());
      }
    }
    if (draft.minimumUnits.isEmpty() && !draft.noisy) {
      notes.lost(
          Tree.Position.NONE,
          "rows, which no policy of the file forbids",
          "no row of a person is released here; say what a group must have: --minimum-units");
    }
    draft
        .given
        .unit()
        .ifPresent(
            unit -> draft.unit(notes, Tree.Position.NONE, unit.value(), "the unit that you name"));
    boolean keys =
        settings.stream().anyMatch(it -> it.kind().equals("JOIN") && !it.columns().isEmpty());
    if (!keys && draft.unit.isPresent()) {
      draft.part(draft.unit.get()).allowed.add(Use.JOIN);
      notes.stricter(
          Tree.Position.NONE,
          "joins, whose columns are not restricted",
          "on " + draft.unit.get() + ", which is the unit");
    }
  }

  /// `db.schema.p` and `p` are one policy when both cannot be told apart.
  private static boolean names(Cursor.Path path, Policy policy) {
    return path.whole().equals(policy.name())
        || path.whole().endsWith("." + policy.name())
        || policy.name().endsWith("." + path.whole());
  }

  private void apply(Setting setting, Policy policy) {
    if (policy.branches().size() > 1) {
      notes.stricter(
          policy.at(),
          "CASE of " + policy.name(),
          "its strictest branch, whoever asks; nobody is exempt");
    }
    switch (setting.kind()) {
      case "AGGREGATION" -> aggregation(setting, policy);
      case "PROJECTION" -> projection(setting, policy);
      case "JOIN" -> join(setting, policy);
      default -> privacy(setting, policy);
    }
  }

  /// The calls that restrict; a policy without one protects nothing.
  private List<Call> restricting(Policy policy, String restricting, String free, String... known) {
    var calls = new ArrayList<Call>();
    for (Call call : policy.branches()) {
      if (call.function().equals(restricting)) {
        calls.add(call);
        for (String argument : call.arguments().keySet()) {
          if (!List.of(known).contains(argument)) {
            notes.mistake(policy.at(), "unknown argument " + Fields.quoted(argument));
          }
        }
      } else if (!call.function().equals(free)) {
        notes.mistake(policy.at(), "unknown function " + Fields.quoted(call.function()));
      }
    }
    if (calls.isEmpty()) {
      notes.mistake(policy.at(), "the policy " + policy.name() + " restricts nobody");
    }
    return calls;
  }

  private void entity(Setting setting) {
    if (setting.columns().size() > 1) {
      notes.mistake(
          setting.columns().get(1).at(),
          "an entity of several columns: a dataset has one unit; make one column of them");
    } else if (setting.columns().size() == 1) {
      Fields.Placed key = setting.columns().getFirst();
      draft.unit(notes, key.at(), key.text(), "ENTITY KEY");
      notes.kept(key.at(), "ENTITY KEY (" + key.text() + ")", "unit: " + key.text());
    }
  }

  private void aggregation(Setting setting, Policy policy) {
    entity(setting);
    draft.variances = false;
    notes.stricter(
        policy.at(),
        "means",
        "none: divide SUM by COUNT; use: [avg] would permit variances, which are not permitted"
            + " there");
    List<Call> calls =
        restricting(
            policy,
            "AGGREGATION_CONSTRAINT",
            "NO_AGGREGATION_CONSTRAINT",
            "MIN_GROUP_SIZE",
            "MIN_ROW_COUNT",
            "MIN_ENTITY_COUNT");
    for (Call call : calls) {
      int strictest = 0;
      for (String argument : call.arguments().keySet()) {
        Optional<Integer> size = size(policy, call, argument);
        strictest = Math.max(strictest, size.orElse(0));
      }
      if (call.arguments().isEmpty()) {
        notes.mistake(policy.at(), "AGGREGATION_CONSTRAINT says no MIN_GROUP_SIZE");
      }
      if (strictest > 0) {
        draft.threshold(strictest, "aggregation policy " + policy.name());
        String rule = "%s(%s)".formatted(call.function(), strictest);
        if (setting.columns().isEmpty()) {
          notes.stricter(
              policy.at(),
              rule + ", of rows",
              "minimum-units: " + strictest + ": units, of which each has a row or more");
        } else {
          notes.kept(policy.at(), rule, "minimum-units: " + strictest + ", of each number too");
        }
      }
    }
    notes.lost(
        policy.at(),
        "the remainder group",
        "small groups are left out here, not put together; group by something coarser");
  }

  private Optional<Integer> size(Policy policy, Call call, String argument) {
    Optional<Integer> size =
        call.constant(argument)
            .filter(text -> text.matches("[0-9]{1,10}"))
            .map(BigDecimal::new)
            .filter(number ->
                number.signum() > 0 && number.compareTo(BigDecimal.valueOf(MOST_UNITS)) <= 0)
            .map(BigDecimal::intValueExact);
    if (size.isEmpty()) {
      notes.mistake(policy.at(), argument + " is no whole number from 1 to " + MOST_UNITS);
    }
    return size;
  }

  private void projection(Setting setting, Policy policy) {
    List<Call> calls = restricting(policy, "PROJECTION_CONSTRAINT", "", "ALLOW", "ENFORCEMENT");
    boolean allowed = calls.stream().allMatch(call -> isConstant(call, "ALLOW", "TRUE"));
    Fields.Placed column = setting.columns().getFirst();
    if (allowed) {
      notes.kept(setting.at(), "PROJECTION POLICY of " + column.text(), "ALLOW => TRUE for all");
      return;
    }
    draft.forbid(
        notes,
        column.at(),
        column.text(),
        "PROJECTION POLICY",
        EnumSet.complementOf(EnumSet.of(Use.JOIN, Use.FILTER)));
    notes.stricter(
        column.at(),
        "PROJECTION POLICY of " + column.text(),
        "neither shown nor aggregated, only compared; nothing is set to NULL");
  }

  private static boolean isConstant(Call call, String argument, String value) {
    return call.constant(argument)
        .filter(text -> text.toUpperCase(Locale.ROOT).equals(value))
        .isPresent();
  }

  private void join(Setting setting, Policy policy) {
    List<Call> calls = restricting(policy, "JOIN_CONSTRAINT", "", "JOIN_REQUIRED");
    boolean free = calls.stream().allMatch(call -> isConstant(call, "JOIN_REQUIRED", "FALSE"));
    if (free) {
      notes.kept(setting.at(), "JOIN_REQUIRED => FALSE", "join-required: false");
    } else {
      draft.requireJoin("join policy " + policy.name());
      notes.stricter(
          setting.at(),
          "JOIN_REQUIRED => TRUE",
          "join-required: true, with another participant's dataset, and on the units");
    }
    for (Fields.Placed column : setting.columns()) {
      draft.allow(notes, column.at(), column.text(), "ALLOWED JOIN KEYS", Use.JOIN);
      notes.kept(column.at(), "ALLOWED JOIN KEYS: " + column.text(), "use: [join]");
    }
  }

  private void privacy(Setting setting, Policy policy) {
    entity(setting);
    List<Call> calls =
        restricting(
            policy,
            "PRIVACY_BUDGET",
            "NO_PRIVACY_POLICY",
            "BUDGET_NAME",
            "BUDGET_LIMIT",
            "MAX_BUDGET_PER_AGGREGATE",
            "BUDGET_WINDOW");
    if (calls.isEmpty()) {
      return;
    }
    draft.noisy = true;
    Optional<BigDecimal> limit = smallest(policy, calls, "BUDGET_LIMIT", "budget.epsilon");
    Optional<BigDecimal> one =
        smallest(
            policy,
            calls,
            "MAX_BUDGET_PER_AGGREGATE",
            "differential-privacy.epsilon, of all aggregates of a run together");
    draft.noise =
        Optional.of(
            new Draft.Noise(one, Optional.empty(), Optional.empty(), limit, Optional.empty()));
    notes.stricter(
        policy.at(),
        "PRIVACY_BUDGET of " + policy.name(),
        "one budget, whoever asks, for the life of the data; δ 0, one group and one row of a unit,"
            + " sums clamped to bounds: raise what you need");
  }

  private Optional<BigDecimal> smallest(
      Policy policy, List<Call> calls, String argument, String becomes) {
    // What one branch leaves to Snowflake's default may be smaller than what others say.
    boolean everywhere = calls.stream().allMatch(call -> call.arguments().containsKey(argument));
    if (!everywhere) {
      notes.stricter(policy.at(), "no " + argument, becomes + ", which you say");
      return Optional.empty();
    }
    Function<Call, Optional<BigDecimal>> figure =
        call ->
            call.constant(argument)
                .filter(text -> text.matches("[0-9]{1,9}(\\.[0-9]{1,18})?"))
                .map(BigDecimal::new);
    if (calls.stream().anyMatch(call -> figure.apply(call).isEmpty())) {
      notes.mistake(policy.at(), argument + " is no number");
      return Optional.empty();
    }
    Optional<BigDecimal> smallest =
        calls.stream()
            .map(figure)
            .flatMap(Optional::stream)
            .min(BigDecimal::compareTo)
            .flatMap(value -> Draft.epsilon(notes, policy.at(), value));
    smallest.ifPresent(
        value -> notes.stricter(policy.at(), argument + " => " + value.toPlainString(), becomes));
    return smallest;
  }
}
