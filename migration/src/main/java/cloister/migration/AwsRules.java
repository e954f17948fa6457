package cloister.migration;

import cloister.protocol.Tree;
import cloister.room.ColumnName;
import cloister.room.Use;
import java.math.BigDecimal;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Reads the analysis rules and privacy budgets of AWS Clean Rooms, as the JSON of its API: a bare
/// rule, the policy around it, or a whole answer.
///
/// Source: AWS Clean Rooms API Reference, `ConfiguredTableAnalysisRulePolicyV1` and
/// `PrivacyBudgetTemplate`.
final class AwsRules {
  private static final int MOST_IDENTITIES = 100_000;
  private static final Set<String> FUNCTIONS_HERE =
      Set.of(
          "ABS",
          "CAST",
          "CEILING",
          "COALESCE",
          "EXTRACT",
          "FLOOR",
          "LOWER",
          "SUBSTRING",
          "TRIM",
          "UPPER");
  private static final Set<String> OF_ASSOCIATIONS =
      Set.of("allowedResultReceivers", "allowedAdditionalAnalyses");

  private final Notes notes;
  private final Draft draft;

  private AwsRules(Notes notes, Draft draft) {
    this.notes = notes;
    this.draft = draft;
  }

  /// Whether an object is one of these.
  static boolean recognise(Set<String> keys) {
    return Set.of(
            "analysisRule",
            "analysisRulePolicy",
            "policy",
            "v1",
            "aggregation",
            "list",
            "custom",
            "aggregateColumns",
            "listColumns",
            "allowedAnalyses",
            "aggregationThresholds",
            "comparisonControls",
            "differentialPrivacy",
            "accessBudget",
            "privacyBudgetTemplate",
            "parameters",
            "allowedResultReceivers",
            "joinColumns")
        .stream()
        .anyMatch(keys::contains);
  }

  /// @return whether it was a rule of a table, of which there is one
  static boolean read(Notes notes, Tree tree, Draft draft) {
    return new AwsRules(notes, draft).policy(tree, Optional.empty());
  }

  private boolean policy(Tree tree, Optional<String> type) {
    Optional<Fields> object = Fields.of(notes, tree);
    if (object.isEmpty()) {
      return false;
    }
    Fields fields = object.get();
    for (String wrapper : List.of("analysisRule", "privacyBudgetTemplate", "v1")) {
      if (fields.has(wrapper)) {
        Tree inner = fields.take(wrapper).orElseThrow();
        fields.noOther();
        return policy(inner, type);
      }
    }
    for (String wrapper : List.of("policy", "analysisRulePolicy")) {
      if (fields.has(wrapper)) {
        fields.ignore(
            "configuredTableId",
            "configuredTableArn",
            "configuredTableIdentifier",
            "configuredTableAssociationId",
            "configuredTableAssociationArn",
            "membershipIdentifier",
            "membershipId",
            "collaborationId",
            "createTime",
            "updateTime",
            "name");
        var named =
            fields.oneOf(
                wrapper.equals("policy") ? "type" : "analysisRuleType",
                "AGGREGATION",
                "LIST",
                "CUSTOM");
        Tree inner = fields.take(wrapper).orElseThrow();
        fields.noOther();
        return policy(inner, named);
      }
    }
    for (String kind : List.of("aggregation", "list", "custom")) {
      if (fields.has(kind)) {
        Tree inner = fields.take(kind).orElseThrow();
        if (type.isPresent() && !type.get().toLowerCase(Locale.ROOT).equals(kind)) {
          notes.mistake(fields.at(kind), "the type says " + type.get());
        }
        fields.noOther();
        return Fields.of(notes, inner).map(rule -> rule(kind, rule)).orElse(false);
      }
    }
    return bare(fields);
  }

  private boolean bare(Fields fields) {
    if (fields.has("parameters")
        || fields.has("accessBudget")
        || (fields.has("differentialPrivacy") && fields.keys().size() == 1 && isBudget(fields))) {
      budget(fields);
      return false;
    }
    if (fields.has("aggregateColumns")
        || fields.has("dimensionColumns")
        || fields.has("outputConstraints")) {
      return rule("aggregation", fields);
    }
    return rule(fields.has("listColumns") ? "list" : "custom", fields);
  }

  private static boolean isBudget(Fields fields) {
    return fields
        .take("differentialPrivacy")
        .filter(value ->
            value instanceof Tree.Mapping(_, List<Tree.Entry> entries)
                && entries.stream().noneMatch(entry -> entry.key().equals("columns")))
        .isPresent();
  }

  private boolean rule(String kind, Fields rule) {
    boolean ofAssociation = !rule.keys().isEmpty() && OF_ASSOCIATIONS.containsAll(rule.keys());
    receivers(rule);
    if (!ofAssociation) {
      switch (kind) {
        case "aggregation" -> aggregation(rule);
        case "list" -> list(rule);
        default -> custom(rule);
      }
    }
    rule.noOther();
    return !ofAssociation;
  }

  // --- aggregation

  private void aggregation(Fields rule) {
    draft.sql = Draft.Sql.ANY;
    List<Fields> constraints = rule.objects("outputConstraints");
    if (constraints.isEmpty()) {
      notes.mistake(
          rule.at(), "an aggregation rule has outputConstraints; without one nothing is protected");
    }
    constraints.forEach(this::constraint);
    joins(rule);
    for (Fields.Placed column : rule.texts("dimensionColumns")) {
      draft.allow(notes, column.at(), column.text(), "dimensionColumns", Use.GROUP, Use.FILTER);
      notes.kept(column.at(), "dimensionColumns: " + column.text(), "use: [group, filter]");
    }
    rule.objects("aggregateColumns").forEach(this::aggregate);
    functions(rule);
    additional(rule);
  }

  private void constraint(Fields constraint) {
    Optional<String> column =
        constraint.required("columnName").isPresent()
            ? constraint.text("columnName")
            : Optional.empty();
    constraint.required("minimum");
    Optional<Integer> minimum = constraint.count("minimum", 2, MOST_IDENTITIES);
    constraint.oneOf("type", "COUNT_DISTINCT");
    constraint.noOther();
    column.ifPresent(name -> draft.unit(notes, constraint.at(), name, "outputConstraints"));
    minimum.ifPresent(units -> draft.threshold(units, "outputConstraints"));
    if (column.isPresent() && minimum.isPresent()) {
      notes.kept(
          constraint.at(),
          "outputConstraints: COUNT_DISTINCT(%s) >= %d".formatted(column.get(), minimum.get()),
          "unit: %s, minimum-units: %d; without noise each number needs as many, not only each row"
              .formatted(column.get(), minimum.get()));
    }
  }

  private void aggregate(Fields aggregate) {
    Optional<String> function =
        aggregate.oneOf("function", "SUM", "SUM_DISTINCT", "COUNT", "COUNT_DISTINCT", "AVG");
    if (!aggregate.has("function")) {
      notes.mistake(aggregate.at(), "the field \"function\" is missing");
    }
    List<Fields.Placed> columns = aggregate.texts("columnNames");
    aggregate.noOther();
    for (Fields.Placed column : columns) {
      function.ifPresent(name -> aggregate(name, column));
    }
  }

  private void aggregate(String function, Fields.Placed column) {
    String rule = "aggregateColumns: " + function + "(" + column.text() + ")";
    boolean isUnit = Draft.named(column.text()).filter(it -> isUnit(it)).isPresent();
    switch (function) {
      case "SUM", "AVG" -> {
        draft.allow(
            notes, column.at(), column.text(), rule, function.equals("SUM") ? Use.SUM : Use.AVG);
        notes.kept(column.at(), rule, "use: [" + function.toLowerCase(Locale.ROOT) + "], bounds");
        if (function.equals("AVG")) {
          draft.loosens(
              notes, column.at(), rule + ", and no variance", "use: [avg] permits variances too");
        }
      }
      case "COUNT" -> {
        draft.allow(notes, column.at(), column.text(), rule, Use.COUNT);
        notes.kept(column.at(), rule, isUnit ? "COUNT(*), which needs no use" : "use: [count]");
      }
      case "COUNT_DISTINCT" -> {
        draft
            .known(notes, column.at(), column.text(), rule)
            .ifPresent(name -> draft.part(name).remark(rule));
        if (isUnit) {
          notes.kept(column.at(), rule, "counting distinct units needs no use");
        } else {
          notes.lost(
              column.at(),
              rule,
              "out of reach: without noise only units are counted distinctly; group by it, or count"
                  + " it under differential privacy");
        }
      }
      default -> {
        draft.known(notes, column.at(), column.text(), rule);
        notes.lost(column.at(), rule, "out of reach: there is no sum of distinct values");
      }
    }
  }

  private boolean isUnit(ColumnName name) {
    return draft.unit.filter(name::equals).isPresent();
  }

  private void joins(Fields rule) {
    List<Fields.Placed> columns = rule.texts("joinColumns");
    for (Fields.Placed column : columns) {
      draft.allow(notes, column.at(), column.text(), "joinColumns", Use.JOIN);
      notes.kept(column.at(), "joinColumns: " + column.text(), "use: [join], never shown");
    }
    rule.oneOf("joinRequired", "QUERY_RUNNER")
        .ifPresent(_ -> requireJoin(rule.at("joinRequired"), "joinRequired: QUERY_RUNNER"));
    List<Fields.Placed> operators = rule.textsOf("allowedJoinOperators", "AND", "OR");
    operators.forEach(operator -> {
      if (operator.text().equals("AND")) {
        notes.kept(operator.at(), "allowedJoinOperators: AND", "conditions of a join are ANDed");
      } else {
        notes.lost(
            operator.at(),
            "allowedJoinOperators: OR",
            "conditions of a join are ANDed only; match in two runs, or prepare one column");
      }
    });
  }

  private void requireJoin(Tree.Position at, String rule) {
    draft.requireJoin(rule);
    notes.kept(at, rule, "join-required: true, an inner join with another participant's dataset");
    draft.loosens(
        notes,
        at,
        rule + ", which means the query runner's own table",
        "here it may be a third participant's; between two it is the same");
  }

  private void functions(Fields rule) {
    List<Fields.Placed> functions = rule.texts("scalarFunctions");
    var missing =
        functions.stream()
            .map(Fields.Placed::text)
            .filter(name -> !FUNCTIONS_HERE.contains(name))
            .toList();
    if (!missing.isEmpty()) {
      notes.lost(
          rule.at("scalarFunctions"),
          "scalarFunctions: " + String.join(", ", missing),
          "not in the SQL here (docs/terms.md lists what is); compute it in the data");
    }
    if (rule.has("scalarFunctions")) {
      draft.loosens(
          notes,
          rule.at("scalarFunctions"),
          "scalarFunctions, as a limit",
          "all functions of the SQL here may be used; their result has the use of their columns");
    }
  }

  private void additional(Fields rule) {
    rule.oneOf("additionalAnalyses", "ALLOWED", "REQUIRED", "NOT_ALLOWED")
        .ifPresent(value -> {
          Tree.Position at = rule.at("additionalAnalyses");
          switch (value) {
            case "REQUIRED" ->
                notes.mistake(
                    at,
                    "the rule permits no answer but to a further analysis, and there is none here:"
                        + " do not lend this table");
            case "ALLOWED" ->
                notes.lost(
                    at,
                    "additionalAnalyses: ALLOWED",
                    "there are none here that work on rows; analyses read analyses, under these"
                        + " terms");
            default ->
                notes.kept(at, "additionalAnalyses: NOT_ALLOWED", "nothing here works on rows");
          }
        });
  }

  private void receivers(Fields rule) {
    List<Fields.Placed> accounts = rule.texts("allowedResultReceivers");
    if (rule.has("allowedResultReceivers")) {
      notes.kept(
          rule.at("allowedResultReceivers"),
          "allowedResultReceivers: " + texts(accounts),
          "recipients, which you name: accounts are no participants");
    }
    List<Fields.Placed> analyses = rule.texts("allowedAdditionalAnalyses");
    if (!analyses.isEmpty()) {
      notes.lost(
          rule.at("allowedAdditionalAnalyses"),
          "allowedAdditionalAnalyses: " + texts(analyses),
          "there are none here that work on rows");
    }
  }

  private static String texts(List<Fields.Placed> placed) {
    return String.join(", ", placed.stream().map(Fields.Placed::text).toList());
  }

  // --- list

  private void list(Fields rule) {
    draft.sql = Draft.Sql.ANY;
    draft
        .given
        .unit()
        .ifPresent(
            unit -> draft.unit(notes, Tree.Position.NONE, unit.value(), "the unit that you name"));
    joins(rule);
    requireJoin(rule.at("joinColumns"), "a list rule's join");
    for (Fields.Placed column : rule.texts("listColumns")) {
      draft.allow(notes, column.at(), column.text(), "listColumns", Use.GROUP, Use.FILTER);
      notes.stricter(
          column.at(),
          "listColumns: " + column.text(),
          "use: [group, filter]: values are shown of groups that have enough units");
    }
    rows(rule.at("listColumns"), "listColumns");
    additional(rule);
  }

  private void rows(Tree.Position at, String rule) {
    notes.lost(
        at,
        rule + ": rows",
        "no row of a person is released here; say what a group must have: --minimum-units");
  }

  // --- custom

  private void custom(Fields rule) {
    draft.everyColumn = true;
    analyses(rule);
    Optional<Fields> privacy = rule.object("differentialPrivacy");
    privacy.ifPresent(this::differentialPrivacy);
    List<Fields> thresholds = rule.objects("aggregationThresholds");
    if (thresholds.size() > 1) {
      notes.mistake(rule.at("aggregationThresholds"), "a rule has one threshold");
    }
    if (!thresholds.isEmpty() && privacy.isPresent()) {
      notes.mistake(
          rule.at("aggregationThresholds"), "a threshold does not go with differentialPrivacy");
    }
    thresholds.forEach(this::threshold);
    if (thresholds.isEmpty() && privacy.isEmpty()) {
      rows(rule.at(), "a custom rule without a threshold");
    }
    for (Fields.Placed column : rule.texts("disallowedOutputColumns")) {
      draft.forbid(
          notes,
          column.at(),
          column.text(),
          "disallowedOutputColumns",
          EnumSet.complementOf(EnumSet.of(Use.JOIN, Use.FILTER)));
      notes.stricter(
          column.at(),
          "disallowedOutputColumns: " + column.text(),
          "neither shown nor aggregated, only compared");
    }
    comparisons(rule);
    if (draft.unit.isPresent() && !rule.has("comparisonControls")) {
      draft.part(draft.unit.get()).allowed.add(Use.JOIN);
    }
    additional(rule);
    if (!draft.hasSchema()) {
      notes.stricter(
          rule.at(),
          "columns that the rule does not name",
          "out of reach until the document declares them; --schema does");
    }
  }

  private void analyses(Fields rule) {
    List<Fields.Placed> analyses = rule.texts("allowedAnalyses");
    if (rule.has("allowedAnalyses") && analyses.isEmpty()) {
      draft.sql = Draft.Sql.NOTHING;
      notes.kept(rule.at("allowedAnalyses"), "allowedAnalyses: none", "analyses: []");
    }
    boolean templates = false;
    for (Fields.Placed analysis : analyses) {
      switch (analysis.text()) {
        case "ANY_QUERY" -> {
          draft.sql = Draft.Sql.ANY;
          notes.kept(analysis.at(), "allowedAnalyses: ANY_QUERY", "any-sql of the rule's analysts");
        }
        case "ANY_JOB" ->
            notes.lost(
                analysis.at(), "allowedAnalyses: ANY_JOB", "there are no jobs here, only SQL");
        default -> {
          templates = true;
          notes.stricter(
              analysis.at(),
              "allowedAnalyses: " + analysis.text(),
              "nothing runs before you list it: apply the template's SQL as an analysis, and name"
                  + " its address or digest");
        }
      }
    }
    if (templates && draft.sql != Draft.Sql.ANY) {
      draft.sql = Draft.Sql.ASK;
    }
    List<Fields.Placed> providers = rule.texts("allowedAnalysisProviders");
    if (!providers.isEmpty()) {
      notes.kept(
          rule.at("allowedAnalysisProviders"),
          "allowedAnalysisProviders: " + texts(providers),
          "analysts, which you name: accounts are no participants");
    }
  }

  private void differentialPrivacy(Fields privacy) {
    List<Fields> columns = privacy.objects("columns");
    privacy.noOther();
    if (columns.size() != 1) {
      notes.mistake(privacy.at(), "differentialPrivacy has one column");
    }
    for (Fields column : columns) {
      Optional<String> name = column.text("name");
      column.noOther();
      name.ifPresent(text -> {
        draft.unit(notes, column.at(), text, "differentialPrivacy");
        notes.kept(column.at(), "differentialPrivacy: " + text, "unit: " + text);
      });
    }
    draft.noisy = true;
    draft.noise = Optional.of(draft.noise.orElse(Draft.Noise.UNKNOWN));
    notes.stricter(
        privacy.at(),
        "differentialPrivacy",
        "with δ 0, one group and one row of a unit, sums clamped to bounds: raise what you need");
  }

  private void threshold(Fields threshold) {
    List<Fields.Placed> identities = threshold.texts("identityColumns");
    Optional<Integer> minimum = threshold.count("minimumIdentityCount", 2, MOST_IDENTITIES);
    threshold.oneOf("type", "COUNT_DISTINCT");
    threshold
        .oneOf("allowedAggregateExpressionType", "COLUMNS_ONLY", "ANY_EXPRESSION")
        .ifPresent(type -> {
          Tree.Position at = threshold.at("allowedAggregateExpressionType");
          if (type.equals("COLUMNS_ONLY")) {
            notes.kept(at, "COLUMNS_ONLY", "without noise only columns as they are aggregated");
          } else {
            notes.lost(
                at,
                "ANY_EXPRESSION",
                "without noise only columns as they are are aggregated; compute it in the data");
          }
        });
    if (identities.size() != 1) {
      notes.mistake(threshold.at(), "a threshold has one of identityColumns");
      return;
    }
    if (minimum.isEmpty()) {
      if (!threshold.has("minimumIdentityCount")) {
        notes.mistake(threshold.at(), "the field \"minimumIdentityCount\" is missing");
      }
      return;
    }
    String unit = identities.getFirst().text();
    draft.unit(notes, identities.getFirst().at(), unit, "identityColumns");
    draft.threshold(minimum.get(), "aggregationThresholds");
    notes.kept(
        threshold.at(),
        "aggregationThresholds: %s >= %d".formatted(unit, minimum.get()),
        "unit: %s, minimum-units: %d, of each number too".formatted(unit, minimum.get()));
    notes.kept(
        threshold.at(), "no literal on " + unit, "the unit is joined and counted, nothing else");
    String overrides = "outputColumnThresholds";
    for (Fields output : threshold.objects(overrides)) {
      Optional<String> column = output.text("outputColumnName");
      Optional<Integer> least = output.count("minimumIdentityCount", 0, MOST_IDENTITIES);
      output.noOther();
      if (column.isEmpty() || least.isEmpty()) {
        continue;
      }
      draft.threshold(least.get(), overrides);
      notes.stricter(
          output.at(),
          overrides + ": " + column.get() + " >= " + least.get(),
          "minimum-units is the largest of all, for every number");
    }
    threshold.noOther();
  }

  /// Two independent lists: what a column is compared with decides.
  private void comparisons(Fields rule) {
    Optional<Fields> controls = rule.object("comparisonControls");
    if (controls.isEmpty()) {
      return;
    }
    List<Fields.Placed> literals = controls.get().texts("allowedLiteralComparisonColumns");
    List<Fields.Placed> others = controls.get().texts("allowedColumnComparisonColumns");
    controls.get().noOther();
    for (Fields.Placed column : literals) {
      draft.allow(notes, column.at(), column.text(), "allowedLiteralComparisonColumns", Use.FILTER);
      notes.kept(column.at(), "allowedLiteralComparisonColumns: " + column.text(), "use: [filter]");
    }
    for (Fields.Placed column : others) {
      draft.allow(notes, column.at(), column.text(), "allowedColumnComparisonColumns", Use.JOIN);
      notes.stricter(
          column.at(),
          "allowedColumnComparisonColumns: " + column.text(),
          "use: [join]: compared with the other table's column when they are joined");
    }
    draft.filterOnlyListed = true;
    if (!literals.isEmpty()) {
      draft.loosens(
          notes,
          controls.get().at("allowedLiteralComparisonColumns"),
          "comparisons with literals only",
          "a column with use: [filter] can also be compared with another one that has it");
    }
  }

  // --- budgets

  private void budget(Fields template) {
    template.ignore(
        "id",
        "arn",
        "membershipId",
        "membershipArn",
        "membershipIdentifier",
        "collaborationId",
        "collaborationArn",
        "createTime",
        "updateTime");
    template.oneOf("privacyBudgetType", "DIFFERENTIAL_PRIVACY", "ACCESS_BUDGET");
    template
        .oneOf("autoRefresh", "CALENDAR_MONTH", "NONE")
        .ifPresent(refresh -> {
          Tree.Position at = template.at("autoRefresh");
          if (refresh.equals("NONE")) {
            notes.kept(at, "autoRefresh: NONE", "a budget is for the life of the data");
          } else {
            notes.stricter(
                at,
                "autoRefresh: " + refresh,
                "never: a budget is for the life of the data; new data has a budget of its own");
          }
        });
    Fields parameters = template.object("parameters").orElse(template);
    parameters.object("differentialPrivacy").ifPresent(this::privacyBudget);
    if (parameters.has("accessBudget")) {
      parameters.take("accessBudget");
      draft.loosens(
          notes,
          parameters.at("accessBudget"),
          "accessBudget",
          "queries are not counted here; a budget counts what they reveal");
    }
    if (parameters != template) {
      parameters.noOther();
    }
    template.noOther();
  }

  private void privacyBudget(Fields privacy) {
    Optional<BigDecimal> epsilon =
        privacy
            .number("epsilon")
            .flatMap(value -> Draft.epsilon(notes, privacy.at("epsilon"), value));
    Optional<Integer> users = privacy.count("usersNoisePerQuery", 1, 1_000);
    privacy.noOther();
    if (epsilon.isEmpty()) {
      if (!privacy.has("epsilon")) {
        notes.mistake(privacy.at(), "the field \"epsilon\" is missing");
      }
      return;
    }
    var before = draft.noise.orElse(Draft.Noise.UNKNOWN);
    draft.noise =
        Optional.of(
            new Draft.Noise(
                before.epsilon(),
                before.delta(),
                before.groupsPerUnit(),
                epsilon,
                before.budgetDelta()));
    notes.kept(
        privacy.at("epsilon"),
        "epsilon: " + epsilon.get().toPlainString(),
        "budget.epsilon, whoever asks");
    users.ifPresent(count ->
        notes.lost(
            privacy.at("usersNoisePerQuery"),
            "usersNoisePerQuery: " + count,
            "noise follows from the epsilon of one run, which you choose: --epsilon; a count then"
                + " has a standard deviation of about 1.4 / epsilon"));
  }
}
