package cloister.migration;

import cloister.protocol.PlacedJson;
import cloister.protocol.Tree;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import cloister.room.Use;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Reads BigQuery's analysis rules: the JSON of a view's `privacy_policy`, alone or in the
/// statement that sets it.
///
/// Source: BigQuery, "Restrict data access using analysis rules" and the REST type `PrivacyPolicy`.
final class BigQueryPolicies {
  private static final int MOST_UNITS = 1_000_000_000;
  private static final Set<String> POLICIES =
      Set.of(
          "aggregation_threshold_policy",
          "differential_privacy_policy",
          "join_restriction_policy",
          "privacy_policy");

  private final Notes notes;
  private final Draft draft;
  private final Map<String, List<Schema.Field>> tables = new HashMap<>();
  private Optional<List<String>> shown = Optional.empty();
  private Optional<Cursor.Path> view = Optional.empty();
  private boolean hasPolicy;

  private BigQueryPolicies(Notes notes, Draft draft) {
    this.notes = notes;
    this.draft = draft;
  }

  static boolean recognise(Set<String> keys) {
    return keys.stream().map(BigQueryPolicies::snake).anyMatch(POLICIES::contains);
  }

  /// REST says `aggregationThresholdPolicy`, SQL says `aggregation_threshold_policy`.
  private static String snake(String key) {
    return key.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toLowerCase(Locale.ROOT);
  }

  static void json(Notes notes, Tree tree, Draft draft) {
    new BigQueryPolicies(notes, draft).policy(tree);
  }

  static void sql(Notes notes, Cursor cursor, Draft draft) {
    var reader = new BigQueryPolicies(notes, draft);
    cursor.statements(notes, () -> reader.statement(cursor));
    if (!reader.hasPolicy) {
      notes.mistake(new Tree.Position(1, 1), "there is no privacy_policy in it");
    }
    reader.columns();
  }

  // --- statements

  private void statement(Cursor cursor) {
    if (Schema.startsTable(cursor)) {
      Cursor.Path table = Schema.table(cursor);
      tables.put(table.whole(), Schema.fields(cursor, (_, _) -> {}));
      Schema.skip(cursor, Set.of());
      return;
    }
    if (cursor.accept("ALTER")) {
      cursor.expect("VIEW");
      cursor.accept("IF", "EXISTS");
      ofView(cursor.path());
      cursor.expect("SET", "OPTIONS");
      options(cursor);
      return;
    }
    cursor.expect("CREATE");
    cursor.accept("OR", "REPLACE");
    cursor.accept("MATERIALIZED");
    cursor.expect("VIEW");
    cursor.accept("IF", "NOT", "EXISTS");
    ofView(cursor.path());
    Optional<List<Fields.Placed>> names =
        cursor.peek("(") ? Optional.of(cursor.names()) : Optional.empty();
    if (cursor.accept("OPTIONS")) {
      options(cursor);
    }
    cursor.expect("AS");
    List<String> selected = selected(cursor);
    shown =
        names
            .map(list -> list.stream().map(Fields.Placed::text).toList())
            .or(() -> selected.contains("*") ? Optional.empty() : Optional.of(selected));
    cursor.upTo(Set.of());
  }

  private void ofView(Cursor.Path path) {
    if (view.isPresent() && !view.get().whole().equals(path.whole())) {
      throw new Tokens.Unreadable(
          path.at(), "a second view; import each into a document of its own");
    }
    view = Optional.of(path);
    draft.table(path.last());
  }

  private void options(Cursor cursor) {
    cursor.expect("(");
    do {
      Fields.Placed option = cursor.name();
      cursor.expect("=");
      if (!option.text().toLowerCase(Locale.ROOT).equals("privacy_policy")) {
        cursor.upTo(Set.of(",", ")"));
        continue;
      }
      if (hasPolicy) {
        throw new Tokens.Unreadable(option.at(), "a privacy_policy is there already");
      }
      hasPolicy = true;
      Token json = cursor.string();
      PlacedJson.parse(json.text(), cursor.placesIn(json), notes.mistakes())
          .ifPresent(this::policy);
    } while (cursor.accept(","));
    cursor.expect(")");
  }

  /// The names of what a view selects; `*` for what cannot be told from its text. What has no name
  /// stays out of reach.
  private static List<String> selected(Cursor cursor) {
    if (!cursor.accept("SELECT")) {
      return List.of("*");
    }
    cursor.acceptOneOf("DISTINCT", "ALL");
    var names = new ArrayList<String>();
    do {
      String item = cursor.upTo(Set.of(",", "FROM"));
      String last = item.substring(item.lastIndexOf(' ') + 1);
      if (item.matches("(.* \\. )?\\*( .*)?")) {
        names.add("*");
      } else if (Draft.named(last).isPresent()) {
        names.add(last);
      }
    } while (cursor.accept(","));
    return names;
  }

  /// What the view shows, with the types of the table that it is made from where that is in the
  /// file.
  private void columns() {
    Tree.Position at = view.map(Cursor.Path::at).orElse(Tree.Position.NONE);
    if (draft.hasSchema()) {
      shown.ifPresent(names -> {
        draft.shown(notes, at, names);
        Set<ColumnName> seen = new HashSet<>();
        names.forEach(name -> Draft.named(name).ifPresent(seen::add));
        draft.columns.keySet().stream()
            .filter(name -> !seen.contains(name))
            .forEach(name -> notes.mistake(at, "the view does not show " + name));
      });
      return;
    }
    var types = new HashMap<ColumnName, ColumnType>();
    tables.values().stream()
        .flatMap(List::stream)
        .forEach(field ->
            Draft.named(field.name())
                .ifPresent(name -> field.type().ifPresent(type -> types.put(name, type))));
    if (shown.isEmpty()) {
      if (tables.size() == 1) {
        draft.schema(notes, tables.values().iterator().next());
      } else {
        notes.stricter(
            at,
            "columns of the view",
            "out of reach until the document declares them: its text does not name them all;"
                + " --schema does");
      }
      return;
    }
    draft.shown(notes, at, shown.get());
    draft.columns.forEach((name, part) -> part.type = Optional.ofNullable(types.get(name)));
  }

  // --- the policy

  private void policy(Tree tree) {
    Optional<Fields> read = Fields.of(notes, tree, BigQueryPolicies::snake);
    if (read.isEmpty()) {
      return;
    }
    Fields fields = read.get();
    if (fields.has("privacy_policy")) {
      Tree inner = fields.take("privacy_policy").orElseThrow();
      fields.noOther();
      policy(inner);
      return;
    }
    draft.everyColumn = true;
    draft.sql = Draft.Sql.ANY;
    fields.ignore("etag");
    var threshold = object(fields, "aggregation_threshold_policy");
    var privacy = object(fields, "differential_privacy_policy");
    var join = object(fields, "join_restriction_policy");
    fields.noOther();
    if (threshold.isPresent() && privacy.isPresent()) {
      notes.mistake(fields.at(), "a policy has a threshold or differential privacy, not both");
    }
    threshold.ifPresent(this::threshold);
    privacy.ifPresent(this::privacy);
    if (threshold.isEmpty() && privacy.isEmpty()) {
      notes.lost(
          fields.at(),
          "list overlap: rows",
          "no row of a person is released here; say what a group must have: --minimum-units");
    }
    draft
        .given
        .unit()
        .ifPresent(
            unit -> draft.unit(notes, Tree.Position.NONE, unit.value(), "the unit that you name"));
    if (join.isPresent()) {
      join(join.get());
    } else {
      draft.unit.ifPresent(unit -> {
        draft.part(unit).allowed.add(Use.JOIN);
        notes.stricter(
            fields.at(), "joins, which are not restricted", "on " + unit + ", which is the unit");
      });
    }
  }

  private Optional<Fields> object(Fields fields, String key) {
    return fields.take(key).flatMap(it -> Fields.of(notes, it, BigQueryPolicies::snake));
  }

  private void unit(Fields policy) {
    List<Fields.Placed> units =
        policy.has("privacy_unit_columns")
            ? policy.texts("privacy_unit_columns")
            : policy
                .text("privacy_unit_column")
                .map(text -> new Fields.Placed(text, policy.at("privacy_unit_column")))
                .stream()
                .toList();
    if (units.size() != 1) {
      notes.mistake(policy.at(), "a policy has one privacy_unit_column");
      return;
    }
    Fields.Placed unit = units.getFirst();
    draft.unit(notes, unit.at(), unit.text(), "privacy_unit_column");
    notes.kept(unit.at(), "privacy_unit_column: " + unit.text(), "unit: " + unit.text());
  }

  private void threshold(Fields policy) {
    unit(policy);
    policy
        .count("threshold", 1, MOST_UNITS)
        .ifPresentOrElse(
            units -> {
              draft.threshold(units, "aggregation_threshold_policy");
              notes.kept(
                  policy.at("threshold"),
                  "threshold: " + units,
                  "minimum-units: " + units + ", of each number too");
            },
            () -> {
              if (!policy.has("threshold")) {
                notes.stricter(
                    policy.at(), "no threshold", "minimum-units, which you say: --minimum-units");
              }
            });
    policy.noOther();
  }

  private void privacy(Fields policy) {
    unit(policy);
    draft.noisy = true;
    var epsilon = epsilon(policy, "max_epsilon_per_query", "differential-privacy.epsilon");
    var delta = delta(policy, "delta_per_query", "differential-privacy.delta");
    var budget = epsilon(policy, "epsilon_budget", "budget.epsilon, for the life of the data");
    var deltaBudget = delta(policy, "delta_budget", "budget.delta, for the life of the data");
    Optional<Integer> groups = policy.count("max_groups_contributed", 1, 1_000_000);
    groups.ifPresentOrElse(
        count ->
            notes.kept(
                policy.at("max_groups_contributed"),
                "max_groups_contributed: " + count,
                "groups-per-unit: " + count),
        () ->
            notes.stricter(
                policy.at(), "no max_groups_contributed", "groups-per-unit: 1; raise it"));
    notes.stricter(
        policy.at(),
        "rows of a unit, which a query bounds",
        "rows-per-unit: 1, and sums clamped to bounds; raise them");
    policy.noOther();
    draft.noise = Optional.of(new Draft.Noise(epsilon, delta, groups, budget, deltaBudget));
  }

  private Optional<BigDecimal> epsilon(Fields policy, String key, String becomes) {
    return figure(
        policy,
        key,
        becomes,
        policy.number(key).flatMap(it -> Draft.epsilon(notes, policy.at(key), it)));
  }

  private Optional<BigDecimal> delta(Fields policy, String key, String becomes) {
    return figure(
        policy,
        key,
        becomes,
        policy.number(key).flatMap(it -> Draft.delta(notes, policy.at(key), it)));
  }

  private Optional<BigDecimal> figure(
      Fields policy, String key, String becomes, Optional<BigDecimal> figure) {
    figure.ifPresent(
        value -> notes.kept(policy.at(key), key + ": " + value.toPlainString(), becomes));
    return figure;
  }

  private void join(Fields policy) {
    Optional<String> condition =
        policy.oneOf("join_condition", "JOIN_ANY", "JOIN_ALL", "JOIN_NOT_REQUIRED", "JOIN_BLOCKED");
    List<Fields.Placed> columns = policy.texts("join_allowed_columns");
    policy.noOther();
    if (condition.isEmpty()) {
      if (!policy.has("join_condition")) {
        notes.mistake(policy.at(), "the field \"join_condition\" is missing");
      }
      return;
    }
    Tree.Position at = policy.at("join_condition");
    if (condition.get().equals("JOIN_BLOCKED")) {
      if (!columns.isEmpty()) {
        notes.mistake(
            policy.at("join_allowed_columns"), "JOIN_BLOCKED allows no columns to be joined");
      }
      notes.kept(at, "JOIN_BLOCKED", "no column has use: [join]");
      return;
    }
    for (Fields.Placed column : columns) {
      draft.allow(notes, column.at(), column.text(), "join_allowed_columns", Use.JOIN);
      notes.kept(column.at(), "join_allowed_columns: " + column.text(), "use: [join]");
    }
    if (condition.get().equals("JOIN_NOT_REQUIRED")) {
      notes.kept(at, "JOIN_NOT_REQUIRED", "join-required: false");
      return;
    }
    draft.requireJoin(condition.get());
    notes.stricter(
        at,
        condition.get(),
        "join-required: true, with another participant's dataset, and on the units");
    if (condition.get().equals("JOIN_ALL") && columns.size() > 1) {
      draft.loosens(
          notes,
          at,
          "JOIN_ALL of " + columns.size() + " columns",
          "here a join needs the units only, and may have more columns");
    }
  }
}
