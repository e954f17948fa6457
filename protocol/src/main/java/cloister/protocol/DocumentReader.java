package cloister.protocol;

import cloister.attestation.Measurement;
import cloister.attestation.Requirements;
import cloister.attestation.Tee;
import cloister.crypto.Digest;
import cloister.privacy.Bounding;
import cloister.privacy.BudgetLimit;
import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Epsilon;
import cloister.room.Address;
import cloister.room.AnalysisPattern;
import cloister.room.Collaboration;
import cloister.room.Column;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import cloister.room.Dataset;
import cloister.room.Kind;
import cloister.room.Name;
import cloister.room.NoiseResolution;
import cloister.room.Obligations;
import cloister.room.Purpose;
import cloister.room.Rule;
import cloister.room.Use;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Period;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;

/// Turns a tree into a document. A mistake is noted where it is and reading goes on, so that one
/// pass finds all of them; a part that has one is empty, and so is everything made of it.
final class DocumentReader {
  private static final int MAX_SQL_CHARACTERS = 64 * 1024;
  private static final int MAX_TEXT_CHARACTERS = 1024;
  private static final int MAX_LIST = 10_000;
  private static final int MAX_VERSION = 1_000_000;
  private static final List<String> TYPES =
      List.of("string", "boolean", "integer", "decimal(p,s)", "double", "date", "timestamp");

  private final Name party;
  private final Optional<Collaboration> collaboration;
  private final Mistakes mistakes;

  private DocumentReader(Name party, Optional<Collaboration> collaboration, Mistakes mistakes) {
    this.party = party;
    this.collaboration = collaboration;
    this.mistakes = mistakes;
  }

  static Optional<Document> yaml(
      Tree tree, Name party, Optional<Collaboration> collaboration, Mistakes mistakes) {
    return new DocumentReader(party, collaboration, mistakes).document(tree);
  }

  /// A document in the envelope that [DocumentWriter] puts around it.
  static Optional<Document> canonical(Tree tree, Mistakes mistakes) {
    // Nothing in a collaboration is relative to a party; this one stands in.
    var envelope = new DocumentReader(new Name("collaboration"), Optional.empty(), mistakes);
    return envelope
        .section(tree, "the envelope", "format", "kind", "party", "content")
        .flatMap(section -> {
          Optional<String> format =
              section
                  .required("format")
                  .flatMap(envelope::text)
                  .filter(DocumentWriter.FORMAT::equals);
          Optional<String> kind = section.required("kind").flatMap(envelope::text);
          Optional<Name> party =
              kind.equals(Optional.of("collaboration"))
                  ? Optional.of(envelope.party)
                  : section.required("party").flatMap(envelope::name);
          Optional<Tree> content = section.required("content");
          if (format.isEmpty() || kind.isEmpty() || party.isEmpty() || content.isEmpty()) {
            throw new CloisterException(
                ErrorCode.VERSION_UNSUPPORTED, "not a document of format " + DocumentWriter.FORMAT);
          }
          return new DocumentReader(party.get(), Optional.empty(), mistakes)
              .document(content.get());
        });
  }

  private Optional<Document> document(Tree tree) {
    if (!(tree instanceof Tree.Mapping(Tree.Position at, List<Tree.Entry> entries))) {
      return mistake(
          tree.at(), "a document is a mapping with the key collaboration, dataset or analysis");
    }
    List<String> keys = entries.stream().map(Tree.Entry::key).toList();
    if (keys.contains("collaboration")) {
      return collaboration(tree);
    }
    if (keys.contains("dataset")) {
      return dataset(tree);
    }
    if (keys.contains("analysis")) {
      return analysis(tree);
    }
    String near =
        entries.isEmpty()
            ? ""
            : Spelling.nearest(
                    entries.getFirst().key(), List.of("collaboration", "dataset", "analysis"))
                .map(kind -> "; did you mean \"" + kind + "\"?")
                .orElse("");
    return mistake(
        at, "the kind of document is missing: the key collaboration, dataset or analysis" + near);
  }

  // --- collaboration

  private Optional<Document> collaboration(Tree tree) {
    return build(
        tree,
        () -> {
          var section =
              section(
                      tree,
                      "a collaboration",
                      "collaboration",
                      "version",
                      "participants",
                      "purposes",
                      "enclave",
                      "noise")
                  .orElseThrow();
          Optional<Name> name = section.required("collaboration").flatMap(this::name);
          Optional<Integer> version =
              section.withDefault("version", 1, value -> count(value, MAX_VERSION));
          Optional<Map<Name, Digest>> participants =
              section.required("participants").flatMap(this::participants);
          Optional<Set<Purpose>> purposes = section.required("purposes").flatMap(this::purposes);
          Optional<Requirements> enclave = section.required("enclave").flatMap(this::enclave);
          Collection<Name> known = participants.map(Map::keySet).orElse(Set.of());
          Optional<NoiseResolution> noise =
              section.required("noise").flatMap(value -> noise(value, known));
          return () -> {
            var bytes =
                DocumentWriter.collaboration(
                    name.orElseThrow(),
                    version.orElseThrow(),
                    participants.orElseThrow(),
                    purposes.orElseThrow(),
                    enclave.orElseThrow(),
                    noise.orElseThrow());
            return new Document.CollaborationDocument(
                new Collaboration(
                    name.orElseThrow(),
                    Digest.of(bytes),
                    version.orElseThrow(),
                    new TreeMap<>(participants.orElseThrow()),
                    purposes.orElseThrow(),
                    enclave.orElseThrow(),
                    noise.orElseThrow()),
                bytes);
          };
        });
  }

  private Optional<Map<Name, Digest>> participants(Tree tree) {
    return mapping(tree, "participants")
        .flatMap(entries ->
            build(
                tree,
                () -> {
                  Map<Name, Digest> participants = new LinkedHashMap<>();
                  for (Tree.Entry entry : entries) {
                    Optional<Name> name = parsed(entry.at(), entry.key(), Name::new);
                    Optional<Digest> key =
                        section(entry.value(), "a participant", "key")
                            .flatMap(section -> section.required("key"))
                            .flatMap(value -> parsed(value, Digest::parse));
                    if (name.isPresent() && key.isPresent()) {
                      participants.put(name.get(), key.get());
                    }
                  }
                  return () -> participants;
                }));
  }

  private Optional<Requirements> enclave(Tree tree) {
    return build(
        tree,
        () -> {
          var section = section(tree, "enclave", "accept", "measurements", "policy").orElseThrow();
          List<String> labels = Arrays.stream(Tee.values()).map(Tee::label).toList();
          Optional<Set<Tee>> accept =
              section
                  .required("accept")
                  .flatMap(list -> set(list, value -> oneOf(value, "TEE", Tee::byLabel, labels)));
          Optional<Set<Measurement>> measurements =
              section
                  .required("measurements")
                  .flatMap(list -> set(list, value -> parsed(value, Measurement::parse)));
          Optional<Digest> policy =
              section.ifThere("policy", value -> parsed(value, Digest::parse));
          return () -> new Requirements(accept.orElseThrow(), measurements.orElseThrow(), policy);
        });
  }

  private Optional<NoiseResolution> noise(Tree tree, Collection<Name> participants) {
    String designated = "designated:/";
    return text(tree)
        .flatMap(text -> {
          if (text.equals("strongest")) {
            return Optional.of(new NoiseResolution.Strongest());
          }
          if (text.equals("equal")) {
            return Optional.of(new NoiseResolution.Equal());
          }
          if (text.startsWith(designated)) {
            return parsed(tree.at(), text.substring(designated.length()), Name::new)
                .flatMap(name -> among(tree.at(), name, "participant", participants))
                .map(NoiseResolution.Designated::new);
          }
          return mistake(
              tree.at(),
              "noise is strongest, equal or designated:/participant"
                  + Spelling.nearest(text, List.of("strongest", "equal"))
                      .map(near -> "; did you mean \"" + near + "\"?")
                      .orElse(""));
        });
  }

  // --- dataset

  private Optional<Document> dataset(Tree tree) {
    return build(
        tree,
        () -> {
          var section =
              section(tree, "a dataset", "dataset", "unit", "columns", "retention", "terms")
                  .orElseThrow();
          Optional<Name> name = section.required("dataset").flatMap(this::name);
          Optional<List<Column>> columns = section.required("columns").flatMap(this::columns);
          Set<String> declared = section.keysOf("columns");
          Optional<Optional<ColumnName>> unit =
              section.required("unit").flatMap(value -> unit(value, declared));
          Optional<Period> retention =
              section.ifThere("retention", value -> parsed(value, DocumentReader::period));
          Optional<List<Rule>> terms = section.required("terms").flatMap(this::terms);
          return () -> {
            var address = new Address(party, Kind.DATASET, name.orElseThrow());
            var bytes =
                DocumentWriter.dataset(
                    address,
                    unit.orElseThrow(),
                    columns.orElseThrow(),
                    retention,
                    terms.orElseThrow());
            return new Document.DatasetDocument(
                new Dataset(
                    address,
                    Digest.of(bytes),
                    unit.orElseThrow(),
                    columns.orElseThrow(),
                    retention,
                    terms.orElseThrow()),
                bytes);
          };
        });
  }

  /// A column, or `none` for a table about nobody.
  private Optional<Optional<ColumnName>> unit(Tree value, Set<String> declared) {
    return parsed(value, ColumnName::new)
        .flatMap(column -> {
          boolean none = column.value().equals(DocumentWriter.NO_UNIT);
          if (none && declared.contains(column.value())) {
            return mistake(
                value.at(),
                "`unit: none` says that there is no unit: give the column another name");
          }
          return none || declared.contains(column.value())
              ? Optional.of(none ? Optional.empty() : Optional.of(column))
              : mistake(
                  value.at(),
                  "no column is named "
                      + Yaml.quoted(column.value())
                      + Spelling.suggestion(column.value(), declared)
                      + " (`none` for a table about nobody)");
        });
  }

  /// In the order of their names: the order in the file means nothing, and the canonical form does
  /// not keep it.
  private Optional<List<Column>> columns(Tree tree) {
    return mapping(tree, "columns")
        .flatMap(entries ->
            build(
                tree,
                () -> {
                  Map<ColumnName, Column> columns = new TreeMap<>();
                  for (Tree.Entry entry : entries) {
                    Optional<ColumnName> name = parsed(entry.at(), entry.key(), ColumnName::new);
                    Optional<Column> column =
                        column(name.orElse(new ColumnName("unnamed")), entry.value());
                    if (name.isPresent()
                        && column.isPresent()
                        && columns.put(name.get(), column.get()) != null) {
                      mistakes.add(
                          entry.at(),
                          "the column " + Yaml.quoted(entry.key()) + " is there already");
                    }
                  }
                  return () -> List.copyOf(columns.values());
                }));
  }

  private Optional<Column> column(ColumnName name, Tree tree) {
    return build(
        tree,
        () -> {
          var section =
              section(tree, "a column", "type", "semantic", "use", "required", "domain", "bounds")
                  .orElseThrow();
          Optional<ColumnType> type = section.required("type").flatMap(this::type);
          Optional<Column.Semantic> semantic = section.ifThere("semantic", this::semantic);
          List<String> uses = Arrays.stream(Use.values()).map(Use::label).toList();
          Optional<Set<Use>> use =
              section
                  .required("use")
                  .flatMap(list -> set(list, value -> oneOf(value, "use", Use::byLabel, uses)));
          Optional<Boolean> required = section.withDefault("required", false, this::bool);
          Optional<List<String>> domain =
              section.ifThere("domain", list -> list(list, value -> domainValue(value, type)));
          Optional<Optional<Column.Bounds>> bounds =
              section.ifThere("bounds", value -> unlessAutomatic(value, this::bounds));
          return () ->
              new Column(
                  name,
                  type.orElseThrow(),
                  semantic,
                  use.orElseThrow(),
                  required.orElseThrow(),
                  domain,
                  bounds.flatMap(declared -> declared),
                  bounds.map(DocumentReader::bounding).orElse(Bounding.DECLARED));
        });
  }

  private Optional<ColumnType> type(Tree tree) {
    return text(tree)
        .flatMap(text -> {
          try {
            return Optional.of(ColumnType.parse(text));
          } catch (IllegalArgumentException e) {
            return mistake(
                tree.at(),
                text.startsWith("decimal")
                    ? String.valueOf(e.getMessage())
                    : "unknown type " + Yaml.quoted(text) + Spelling.suggestion(text, TYPES));
          }
        });
  }

  private Optional<Column.Semantic> semantic(Tree tree) {
    Map<String, Column.Semantic> byLabel = new LinkedHashMap<>();
    for (var semantic : Column.Semantic.values()) {
      byLabel.put(semantic.name().toLowerCase(Locale.ROOT), semantic);
    }
    return oneOf(
        tree, "semantic", label -> Optional.ofNullable(byLabel.get(label)), byLabel.keySet());
  }

  /// A value's one text. In YAML an unquoted 18 is a number and an unquoted true a boolean: good
  /// for columns of those types, and a mistake in all others, where 007 would lose its zeros.
  private Optional<String> domainValue(Tree tree, Optional<ColumnType> type) {
    if (tree instanceof Tree.Scalar(_, Json value)) {
      if (value instanceof Json.Str(String text)) {
        return Optional.of(text);
      }
      if (value instanceof Json.Bool bool
          && type.filter(ColumnType.Bool.class::isInstance).isPresent()) {
        return Optional.of(Boolean.toString(bool.value()));
      }
      if (value instanceof Json.Num(BigDecimal number)
          && type.filter(ColumnType.Int.class::isInstance).isPresent()) {
        return Optional.of(number.toPlainString());
      }
    }
    return mistake(tree.at(), "a domain value is text; put it in quotes");
  }

  /// Nothing inside stands for `auto`.
  @SuppressWarnings("OptionalMapToOptional") // the outer one says whether it could be read
  private static <T> Optional<Optional<T>> unlessAutomatic(
      Tree tree, Function<Tree, Optional<T>> parse) {
    if (tree instanceof Tree.Scalar(_, Json.Str(String text)) && text.equals("auto")) {
      return Optional.of(Optional.empty());
    }
    Optional<T> declared = parse.apply(tree);
    return declared.isPresent() ? Optional.of(declared) : Optional.empty();
  }

  private static Bounding bounding(Optional<?> declared) {
    return declared.isPresent() ? Bounding.DECLARED : Bounding.AUTOMATIC;
  }

  private Optional<Column.Bounds> bounds(Tree tree) {
    if (!(tree instanceof Tree.Sequence(_, List<Tree> ends)) || ends.size() != 2) {
      return mistake(tree.at(), "bounds are two numbers, [lower, upper], or auto");
    }
    return build(
        tree,
        () -> {
          Optional<BigDecimal> lower = number(ends.get(0));
          Optional<BigDecimal> upper = number(ends.get(1));
          return () -> new Column.Bounds(lower.orElseThrow(), upper.orElseThrow());
        });
  }

  private static Period period(String text) {
    Period period = Period.parse(text);
    if (period.isNegative() || period.isZero()) {
      throw new IllegalArgumentException("a retention is a positive period, as in P90D");
    }
    return period;
  }

  // --- analysis

  private Optional<Document> analysis(Tree tree) {
    return build(
        tree,
        () -> {
          var section =
              section(tree, "an analysis", "analysis", "sql", "purpose", "recipients", "terms")
                  .orElseThrow();
          Optional<Name> name = section.required("analysis").flatMap(this::name);
          Optional<String> sql =
              section
                  .required("sql")
                  .flatMap(value -> text(value, MAX_SQL_CHARACTERS))
                  .map(String::strip);
          if (sql.filter(String::isEmpty).isPresent()) {
            mistakes.add(section.at("sql"), "the SQL is empty");
          }
          Optional<Purpose> purpose = section.required("purpose").flatMap(this::purpose);
          Optional<Set<Name>> recipients =
              section.required("recipients").flatMap(this::participantNames);
          Optional<List<Rule>> terms = section.withDefault("terms", List.of(), this::terms);
          return () -> {
            var address = new Address(party, Kind.ANALYSIS, name.orElseThrow());
            return new Document.AnalysisDocument(
                address,
                sql.orElseThrow(),
                purpose.orElseThrow(),
                recipients.orElseThrow(),
                terms.orElseThrow(),
                DocumentWriter.analysis(
                    address,
                    sql.orElseThrow(),
                    purpose.orElseThrow(),
                    recipients.orElseThrow(),
                    terms.orElseThrow()));
          };
        });
  }

  // --- terms

  private Optional<List<Rule>> terms(Tree tree) {
    return list(tree, this::rule)
        .map(rules -> {
          Set<Name> names = new HashSet<>();
          for (Rule rule : rules) {
            if (!names.add(rule.name())) {
              mistakes.add(tree.at(), "two rules are named " + Yaml.quoted(rule.name().value()));
            }
          }
          return rules;
        });
  }

  private Optional<Rule> rule(Tree tree) {
    return build(
        tree,
        () -> {
          var section =
              section(
                      tree,
                      "a rule",
                      "rule",
                      "analysts",
                      "analyses",
                      "purposes",
                      "recipients",
                      "obligations")
                  .orElseThrow();
          Optional<Name> name = section.required("rule").flatMap(this::name);
          Optional<Set<Name>> analysts =
              section.required("analysts").flatMap(this::participantNames);
          Optional<Set<AnalysisPattern>> analyses =
              section.required("analyses").flatMap(list -> set(list, this::pattern));
          Optional<Set<Purpose>> purposes = section.required("purposes").flatMap(this::purposes);
          Optional<Set<Name>> recipients =
              section.required("recipients").flatMap(this::participantNames);
          Optional<Obligations> obligations =
              section.required("obligations").flatMap(this::obligations);
          return () ->
              new Rule(
                  name.orElseThrow(),
                  analysts.orElseThrow(),
                  analyses.orElseThrow(),
                  purposes.orElseThrow(),
                  recipients.orElseThrow(),
                  obligations.orElseThrow());
        });
  }

  private Optional<AnalysisPattern> pattern(Tree tree) {
    return parsed(tree, this::pattern)
        .filter(pattern ->
            pattern.named().isEmpty() || participant(tree, pattern.named().get()).isPresent());
  }

  private AnalysisPattern pattern(String text) {
    if (text.equals("any-sql")) {
      return new AnalysisPattern.AnySql();
    }
    if (text.startsWith("sha256:")) {
      return new AnalysisPattern.Version(Digest.parse(text));
    }
    String absolute = text.startsWith("/") ? text : "/" + party + "/" + text;
    String everyAnalysis = "/analysis/*";
    if (absolute.endsWith(everyAnalysis)) {
      return new AnalysisPattern.AllOf(
          new Name(absolute.substring(1, absolute.length() - everyAnalysis.length())));
    }
    Address address;
    try {
      address = Address.parse(absolute);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "write /party/analysis/name, /party/analysis/*, sha256:… or any-sql", e);
    }
    if (address.kind() != Kind.ANALYSIS) {
      throw new IllegalArgumentException("a rule permits analyses, and this is a dataset");
    }
    return new AnalysisPattern.Exactly(address);
  }

  private Optional<Obligations> obligations(Tree tree) {
    return build(
        tree,
        () -> {
          var section =
              section(
                      tree,
                      "obligations",
                      "join-required",
                      "minimum-units",
                      "differential-privacy",
                      "budget")
                  .orElseThrow();
          Optional<Boolean> joinRequired = section.withDefault("join-required", false, this::bool);
          Optional<DifferentialPrivacy> noise =
              section.ifThere("differential-privacy", this::differentialPrivacy);
          Optional<BudgetLimit> budget = section.ifThere("budget", this::budget);
          // Without noise the threshold is all the protection there is: it is never a default.
          Optional<Integer> minimumUnits =
              section.has("differential-privacy")
                  ? section.withDefault(
                      "minimum-units", 1, value -> count(value, Integer.MAX_VALUE))
                  : section
                      .required("minimum-units")
                      .flatMap(value -> count(value, Integer.MAX_VALUE));
          return () ->
              new Obligations(
                  joinRequired.orElseThrow(), minimumUnits.orElseThrow(), noise, budget);
        });
  }

  private Optional<DifferentialPrivacy> differentialPrivacy(Tree tree) {
    return build(
        tree,
        () -> {
          var section =
              section(
                      tree,
                      "differential-privacy",
                      "epsilon",
                      "delta",
                      "groups-per-unit",
                      "rows-per-unit")
                  .orElseThrow();
          Optional<Epsilon> epsilon = section.required("epsilon").flatMap(this::epsilon);
          Optional<Delta> delta = section.withDefault("delta", Delta.ZERO, this::delta);
          Optional<Integer> groups =
              section.withDefault("groups-per-unit", 1, value -> count(value, Integer.MAX_VALUE));
          Optional<Optional<Integer>> rows =
              section.withDefault(
                  "rows-per-unit",
                  Optional.of(1),
                  value -> unlessAutomatic(value, number -> count(number, Integer.MAX_VALUE)));
          return () ->
              new DifferentialPrivacy(
                  epsilon.orElseThrow(),
                  delta.orElseThrow(),
                  groups.orElseThrow(),
                  rows.orElseThrow().orElse(1),
                  bounding(rows.orElseThrow()));
        });
  }

  private Optional<BudgetLimit> budget(Tree tree) {
    return build(
        tree,
        () -> {
          var section = section(tree, "budget", "epsilon", "delta").orElseThrow();
          Optional<Epsilon> epsilon = section.required("epsilon").flatMap(this::epsilon);
          Optional<Delta> delta = section.withDefault("delta", Delta.ZERO, this::delta);
          return () -> new BudgetLimit(epsilon.orElseThrow(), delta.orElseThrow());
        });
  }

  private Optional<Epsilon> epsilon(Tree tree) {
    return number(tree).flatMap(value -> exact(tree, "epsilon", () -> new Epsilon(value)));
  }

  private Optional<Delta> delta(Tree tree) {
    return number(tree).flatMap(value -> exact(tree, "delta", () -> new Delta(value)));
  }

  private <T> Optional<T> exact(Tree tree, String what, Supplier<T> make) {
    try {
      return Optional.of(make.get());
    } catch (ArithmeticException _) {
      return mistake(tree.at(), what + " has too many digits after the point");
    } catch (IllegalArgumentException e) {
      return mistake(tree.at(), String.valueOf(e.getMessage()));
    }
  }

  // --- names

  private Optional<Name> name(Tree tree) {
    return parsed(tree, Name::new);
  }

  private Optional<Set<Name>> participantNames(Tree tree) {
    return set(tree, value -> name(value).flatMap(name -> participant(value, name)));
  }

  private Optional<Name> participant(Tree tree, Name name) {
    return collaboration.isEmpty()
        ? Optional.of(name)
        : among(tree.at(), name, "participant", collaboration.get().participants().keySet());
  }

  private Optional<Name> among(Tree.Position at, Name name, String what, Collection<Name> known) {
    if (known.contains(name)) {
      return Optional.of(name);
    }
    return mistake(
        at,
        "unknown "
            + what
            + " "
            + Yaml.quoted(name.value())
            + Spelling.suggestion(name.value(), known.stream().map(Name::value).toList()));
  }

  private Optional<Set<Purpose>> purposes(Tree tree) {
    return set(tree, this::purpose);
  }

  private Optional<Purpose> purpose(Tree tree) {
    List<String> terms = Arrays.stream(Purpose.values()).map(Purpose::term).toList();
    return oneOf(tree, "purpose", Purpose::byTerm, terms)
        .flatMap(purpose -> {
          if (collaboration.isEmpty()
              || collaboration.get().purposes().stream().anyMatch(it -> it.covers(purpose))) {
            return Optional.of(purpose);
          }
          List<String> agreed =
              collaboration.get().purposes().stream().map(Purpose::term).sorted().toList();
          return mistake(
              tree.at(),
              "the collaboration does not list the purpose "
                  + Yaml.quoted(purpose.term())
                  + " or a broader one"
                  + Spelling.suggestion(purpose.term(), agreed));
        });
  }

  // --- leaves

  private Optional<String> text(Tree tree) {
    return text(tree, MAX_TEXT_CHARACTERS);
  }

  private Optional<String> text(Tree tree, int maxCharacters) {
    if (!(tree instanceof Tree.Scalar(_, Json.Str(String text)))) {
      return mistake(
          tree.at(),
          tree instanceof Tree.Scalar
              ? "text is expected here; put it in quotes"
              : "text is expected here");
    }
    if (text.length() > maxCharacters) {
      return mistake(tree.at(), "longer than " + maxCharacters + " characters");
    }
    return Optional.of(text);
  }

  private Optional<BigDecimal> number(Tree tree) {
    if (tree instanceof Tree.Scalar(_, Json.Num(BigDecimal number))) {
      return Optional.of(number);
    }
    return mistake(tree.at(), "a number is expected here");
  }

  private Optional<Integer> count(Tree tree, int most) {
    return number(tree)
        .flatMap(number ->
            number.scale() <= 0
                    && number.signum() > 0
                    && number.compareTo(BigDecimal.valueOf(most)) <= 0
                ? Optional.of(number.intValueExact())
                : mistake(tree.at(), "an integer from 1 to " + most + " is expected here"));
  }

  private Optional<Boolean> bool(Tree tree) {
    if (tree instanceof Tree.Scalar(_, Json.Bool bool)) {
      return Optional.of(bool.value());
    }
    return mistake(tree.at(), "true or false is expected here");
  }

  private <T> Optional<T> parsed(Tree tree, Function<String, T> parse) {
    return text(tree).flatMap(text -> parsed(tree.at(), text, parse));
  }

  private <T> Optional<T> parsed(Tree.Position at, String text, Function<String, T> parse) {
    try {
      return Optional.of(parse.apply(text));
    } catch (DateTimeException _) {
      return mistake(at, Yaml.quoted(text) + " is no period, as in P90D");
    } catch (IllegalArgumentException e) {
      return mistake(at, Yaml.quoted(text) + ": " + e.getMessage());
    }
  }

  private <T> Optional<T> oneOf(
      Tree tree, String what, Function<String, Optional<T>> byLabel, Collection<String> labels) {
    return text(tree)
        .flatMap(text -> {
          Optional<T> found = byLabel.apply(text);
          return found.isPresent()
              ? found
              : mistake(
                  tree.at(),
                  "unknown " + what + " " + Yaml.quoted(text) + Spelling.suggestion(text, labels));
        });
  }

  private <T> Optional<List<T>> list(Tree tree, Function<Tree, Optional<T>> element) {
    if (!(tree instanceof Tree.Sequence(_, List<Tree> elements))) {
      return mistake(tree.at(), "a list is expected here: [a, b]");
    }
    if (elements.size() > MAX_LIST) {
      return mistake(tree.at(), "the list has more than " + MAX_LIST + " elements");
    }
    List<Optional<T>> read = elements.stream().map(element).toList();
    return read.stream().allMatch(Optional::isPresent)
        ? Optional.of(read.stream().flatMap(Optional::stream).toList())
        : Optional.empty();
  }

  private <T> Optional<Set<T>> set(Tree tree, Function<Tree, Optional<T>> element) {
    Set<T> seen = new HashSet<>();
    Function<Tree, Optional<T>> once =
        value ->
            element
                .apply(value)
                .flatMap(
                    it -> seen.add(it) ? Optional.of(it) : mistake(value.at(), "listed twice"));
    return list(tree, once).map(Set::copyOf);
  }

  private Optional<List<Tree.Entry>> mapping(Tree tree, String what) {
    if (tree instanceof Tree.Mapping(_, List<Tree.Entry> entries)) {
      return Optional.of(entries);
    }
    return mistake(tree.at(), what + " is a mapping: key: value");
  }

  /// Runs `read`, which notes mistakes and returns how to make the value; makes it only when there
  /// were none. What a constructor then refuses is a mistake of the whole part.
  private <T> Optional<T> build(Tree tree, Supplier<Supplier<? extends T>> read) {
    if (!(tree instanceof Tree.Mapping || tree instanceof Tree.Sequence)) {
      return mistake(tree.at(), "a mapping is expected here: key: value");
    }
    int before = mistakes.count();
    Supplier<? extends T> make = read.get();
    if (mistakes.count() > before) {
      return Optional.empty();
    }
    try {
      return Optional.of(make.get());
    } catch (IllegalArgumentException e) {
      return mistake(tree.at(), String.valueOf(e.getMessage()));
    }
  }

  private <T> Optional<T> mistake(Tree.Position at, String message) {
    mistakes.add(at, message);
    return Optional.empty();
  }

  /// A mapping whose keys are known beforehand; empty, with a mistake, for anything else.
  private Optional<Section> section(Tree tree, String what, String... known) {
    return mapping(tree, what)
        .map(entries -> {
          Map<String, Tree.Entry> byKey = new LinkedHashMap<>();
          for (Tree.Entry entry : entries) {
            byKey.put(entry.key(), entry);
            if (!List.of(known).contains(entry.key())) {
              mistakes.add(
                  entry.at(),
                  "unknown key "
                      + Yaml.quoted(entry.key())
                      + Spelling.suggestion(entry.key(), List.of(known)));
            }
          }
          return new Section(tree.at(), what, byKey);
        });
  }

  private final class Section {
    private final Tree.Position at;
    private final String what;
    private final Map<String, Tree.Entry> entries;

    Section(Tree.Position at, String what, Map<String, Tree.Entry> entries) {
      this.at = at;
      this.what = what;
      this.entries = entries;
    }

    boolean has(String key) {
      return entries.containsKey(key);
    }

    Tree.Position at(String key) {
      return Optional.ofNullable(entries.get(key)).map(Tree.Entry::at).orElse(at);
    }

    Optional<Tree> required(String key) {
      Optional<Tree> value = Optional.ofNullable(entries.get(key)).map(Tree.Entry::value);
      return value.isPresent() ? value : mistake(at, what + " needs the key " + Yaml.quoted(key));
    }

    <T> Optional<T> withDefault(String key, T absent, Function<Tree, Optional<T>> read) {
      return has(key) ? required(key).flatMap(read) : Optional.of(absent);
    }

    /// Empty when it is absent; when it is there and has a mistake, nothing is built of it.
    <T> Optional<T> ifThere(String key, Function<Tree, Optional<T>> read) {
      return has(key) ? required(key).flatMap(read) : Optional.empty();
    }

    /// The keys of a nested mapping, in lower case, for suggestions.
    Set<String> keysOf(String key) {
      Set<String> keys = new TreeSet<>();
      if (entries.get(key) instanceof Tree.Entry(_, _, Tree.Mapping(_, var nested))) {
        nested.forEach(entry -> keys.add(entry.key().toLowerCase(Locale.ROOT)));
      }
      return keys;
    }
  }
}
