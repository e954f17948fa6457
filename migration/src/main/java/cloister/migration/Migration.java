package cloister.migration;

import cloister.protocol.Document;
import cloister.protocol.Documents;
import cloister.protocol.InvalidDocument;
import cloister.protocol.Mistake;
import cloister.protocol.PlacedJson;
import cloister.protocol.Tree;
import cloister.room.ColumnName;
import cloister.room.Name;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/// Makes a dataset's document from the policy that another product has for the data.
public final class Migration {
  private Migration() {}

  /// @param files of one dataset: a policy, and for AWS its privacy budget beside it
  /// @param from absent means that the files show it
  /// @throws InvalidDocument with every mistake of the files: what is not understood, and what
  ///   cannot be expressed and would make the terms laxer
  public static Imported of(List<SourceFile> files, Optional<Source> from, Given given) {
    if (files.isEmpty()) {
      throw new IllegalArgumentException("no files");
    }
    var findings = new ArrayList<Finding>();
    var all = files.stream().map(file -> new Notes(file.name(), findings)).toList();
    Source source = from.orElseGet(() -> recognised(files, all));
    var draft = new Draft(given);
    given
        .schema()
        .ifPresent(schema -> {
          var notes = new Notes(schema.name(), findings);
          Schema.read(notes, schema, source, draft);
          notes.mistakes().report();
        });
    int rules = 0;
    for (int i = 0; i < files.size(); i++) {
      rules += read(source, files.get(i), all.get(i), draft) ? 1 : 0;
    }
    Notes first = all.getFirst();
    if (rules != 1 && all.stream().allMatch(notes -> notes.mistakes().count() == 0)) {
      first.mistake(
          Tree.Position.NONE,
          rules == 0
              ? "the files hold no rule of a table"
              : "the files hold " + rules + " rules of tables; a dataset has those of one");
    }
    if (draft.noise.isPresent() && !draft.noisy) {
      first.mistake(
          Tree.Position.NONE, "a privacy budget without a rule that has differentialPrivacy");
    }
    report(all);
    draft.finish(first);
    report(all);
    var written = DraftText.of(draft, source, files);
    check(written, draft.unit);
    return new Imported(source, written.document(), findings, written.open());
  }

  private static void report(List<Notes> all) {
    var mistakes = new ArrayList<Mistake>();
    for (Notes notes : all) {
      try {
        notes.mistakes().report();
      } catch (InvalidDocument e) {
        mistakes.addAll(e.mistakes());
      }
    }
    if (!mistakes.isEmpty()) {
      throw new InvalidDocument(mistakes);
    }
  }

  /// The document is what the reader makes of it: where something is open it must not pass, and
  /// nothing but that may be wrong with it.
  private static void check(DraftText.Written written, Optional<ColumnName> unit) {
    List<Document> documents;
    try {
      documents = Documents.parse("the imported document", written.document(), new Name("owner"));
    } catch (InvalidDocument e) {
      List<String> lines = written.document().lines().toList();
      var others =
          e.mistakes().stream()
              .filter(mistake ->
                  mistake.line() == 0 || !lines.get(mistake.line() - 1).contains(Imported.FILL_IN))
              .toList();
      if (others.isEmpty() && !written.open().isEmpty()) {
        return;
      }
      throw new InvalidDocument(others.isEmpty() ? e.mistakes() : others);
    }
    boolean meant =
        written.open().isEmpty()
            && documents.size() == 1
            && documents.getFirst() instanceof Document.DatasetDocument(var dataset, _)
            && dataset.unit().equals(unit);
    if (!meant) {
      throw new IllegalStateException("the document is read as another one than was meant");
    }
  }

  // --- what the source is

  private static Source recognised(List<SourceFile> files, List<Notes> all) {
    Set<Source> found = EnumSet.noneOf(Source.class);
    for (int i = 0; i < files.size(); i++) {
      Optional<Source> source = recognised(files.get(i), all.get(i));
      if (source.isEmpty()) {
        all.get(i)
            .mistake(
                new Tree.Position(1, 1),
                "neither an AWS rule, a BigQuery privacy_policy, Snowflake's policies nor SCQL's"
                    + " grants; if it is, say --from");
      }
      source.ifPresent(found::add);
    }
    if (found.size() > 1) {
      all.getFirst()
          .mistake(
              Tree.Position.NONE,
              "the files are of several products: "
                  + found.stream().map(Source::title).collect(Collectors.joining(", ")));
    }
    report(all);
    return found.iterator().next();
  }

  private static Optional<Source> recognised(SourceFile file, Notes notes) {
    if (isJson(file)) {
      Optional<Tree> tree = json(file, notes);
      report(List.of(notes));
      Set<String> keys = new HashSet<>();
      tree.ifPresent(it -> keysOf(it).forEach(keys::add));
      return BigQueryPolicies.recognise(keys)
          ? Optional.of(Source.BIGQUERY)
          : AwsRules.recognise(keys) ? Optional.of(Source.AWS) : Optional.empty();
    }
    // Each product by its own idea of a string: in another's, all may be one.
    if (words(file, Source.BIGQUERY).contains("PRIVACY_POLICY")) {
      return Optional.of(Source.BIGQUERY);
    }
    if (words(file, Source.SNOWFLAKE).contains("POLICY")) {
      return Optional.of(Source.SNOWFLAKE);
    }
    return words(file, Source.SCQL).contains("GRANT") ? Optional.of(Source.SCQL) : Optional.empty();
  }

  private static Set<String> words(SourceFile file, Source dialect) {
    return Tokens.before(file.text(), dialect).stream()
        .filter(token -> token.kind() == Token.Kind.WORD)
        .map(token -> token.text().toUpperCase(Locale.ROOT))
        .collect(Collectors.toSet());
  }

  private static boolean isJson(SourceFile file) {
    String text = file.text().stripLeading();
    return text.startsWith("{") || text.startsWith("[");
  }

  private static List<String> keysOf(Tree tree) {
    return tree instanceof Tree.Mapping(_, List<Tree.Entry> entries)
        ? entries.stream().map(Tree.Entry::key).toList()
        : List.of();
  }

  // --- reading it

  /// @return whether the file has the rule of a table
  private static boolean read(Source source, SourceFile file, Notes notes, Draft draft) {
    if (source == Source.AWS || (source == Source.BIGQUERY && isJson(file))) {
      Optional<Tree> tree = json(file, notes);
      if (tree.isEmpty()) {
        return false;
      }
      if (source == Source.AWS) {
        return AwsRules.read(notes, tree.get(), draft);
      }
      BigQueryPolicies.json(notes, tree.get(), draft);
      return true;
    }
    IntFunction<Tree.Position> places = PlacedJson.places(file.text());
    try {
      var cursor = new Cursor(Tokens.of(file.text(), source, places), places);
      switch (source) {
        case BIGQUERY -> BigQueryPolicies.sql(notes, cursor, draft);
        case SNOWFLAKE -> SnowflakePolicies.sql(notes, cursor, draft);
        case SCQL -> ScqlGrants.sql(notes, cursor, draft);
        case AWS -> throw new IllegalStateException("AWS has JSON only");
      }
    } catch (Tokens.Unreadable e) {
      notes.mistake(e.at(), e.problem());
    }
    return true;
  }

  private static Optional<Tree> json(SourceFile file, Notes notes) {
    return PlacedJson.parse(file.text(), PlacedJson.places(file.text()), notes.mistakes());
  }
}
