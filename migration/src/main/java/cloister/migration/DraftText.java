package cloister.migration;

import cloister.room.Column;
import cloister.room.ColumnName;
import cloister.room.Name;
import cloister.room.Use;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Writes a [Draft] as a dataset's document in YAML, with comments, and lists what is open in it.
final class DraftText {
  private static final String OPEN = '"' + Imported.FILL_IN + '"';
  private static final int LONGEST_COMMENT = 160;

  /// What the core schema of YAML reads as something else than text.
  private static final Set<String> NO_TEXT = Set.of("null", "true", "false");

  private final Draft draft;
  private final StringBuilder out = new StringBuilder();
  private final List<String> open = new ArrayList<>();

  /// About the places that are open in the line at hand.
  private final List<String> hints = new ArrayList<>();

  private DraftText(Draft draft) {
    this.draft = draft;
  }

  /// A document and what is open in it.
  record Written(String document, List<String> open) {}

  static Written of(Draft draft, Source source, List<SourceFile> files) {
    var text = new DraftText(draft);
    text.dataset(source, files);
    return new Written(text.out.toString(), List.copyOf(text.open));
  }

  private void dataset(Source source, List<SourceFile> files) {
    comment(
        "",
        "Made by `cloister terms import` from "
            + source.title()
            + ": "
            + files.stream()
                .map(file -> file.name().replaceAll(".*[/\\\\]", ""))
                .collect(Collectors.joining(", ")));
    int header = out.length();
    line(
        "dataset: "
            + draft
                .dataset
                .map(name -> text(name.value()))
                .orElseGet(() -> open("dataset", "the dataset's name")));
    line(
        "unit: "
            + draft
                .unit
                .map(name -> text(name.value()))
                .orElseGet(() -> open("unit", "the column whose values mean one person: --unit")));
    line("columns:");
    draft.columns.forEach(this::column);
    if (draft.columns.isEmpty()) {
      line("  " + OPEN + ": {type: string, use: []}");
      open.add("columns: the source names none; declare them, the unit first");
    }
    line("terms:");
    rule();
    if (!open.isEmpty()) {
      out.insert(
          header,
          "# What stands as "
              + OPEN
              + " the source does not say: nothing can be applied before it is filled in.\n");
    }
  }

  private void column(ColumnName name, Draft.Part part) {
    part.remarks.forEach(remark -> comment("  ", remark));
    var fields = new ArrayList<String>();
    fields.add(
        "type: "
            + part.type
                .map(type -> text(type.toString()))
                .orElseGet(() -> open("type of " + name, "--schema has the types")));
    fields.add(
        "use: [" + part.use().stream().map(Use::label).collect(Collectors.joining(", ")) + "]");
    if (part.bounds.isPresent()) {
      Column.Bounds bounds = part.bounds.get();
      fields.add(
          "bounds: ["
              + bounds.lower().toPlainString()
              + ", "
              + bounds.upper().toPlainString()
              + "]");
    } else if (part.needsBounds()) {
      fields.add(
          "bounds: "
              + open(
                  "bounds of " + name,
                  "[lower, upper]; with noise, of what one unit comes to in a group"));
    }
    line("  " + text(name.value()) + ": {" + String.join(", ", fields) + "}");
  }

  private void rule() {
    line("  - rule: imported");
    line(
        "    analysts: "
            + list(parties(draft.given.analysts()), "analysts", "who may ask: --analyst"));
    line("    analyses: " + analyses());
    line(
        "    purposes: "
            + list(
                draft.given.purposes().stream().map(purpose -> purpose.term()).toList(),
                "purposes",
                "what for: --purpose"));
    line(
        "    recipients: "
            + list(
                parties(draft.given.recipients()),
                "recipients",
                "who may open the answers: --recipient"));
    line("    obligations:");
    if (draft.joinRequired) {
      line("      join-required: true", draft.joinRules);
    }
    line("      minimum-units: " + minimumUnits(), draft.thresholdRules);
    draft.noise.ifPresent(this::noise);
  }

  private List<String> parties(List<Name> given) {
    return given.isEmpty() ? draft.analysts : given.stream().map(Object::toString).toList();
  }

  private String analyses() {
    if (!draft.given.analyses().isEmpty()) {
      return list(draft.given.analyses(), "analyses", "");
    }
    return switch (draft.sql) {
      case NOTHING -> "[]";
      case ANY -> draft.looser ? askForAnalyses() : "[any-sql]";
      case ASK -> askForAnalyses();
    };
  }

  private String askForAnalyses() {
    return "[" + open("analyses", "which analyses may run: --analyses") + "]";
  }

  private String minimumUnits() {
    if (draft.minimumUnits.isPresent()) {
      return Integer.toString(draft.minimumUnits.get());
    }
    return draft.noise.isPresent()
        ? "1"
        : open("minimum-units", "how many units each released group has: --minimum-units");
  }

  private void noise(Draft.Noise noise) {
    line("      differential-privacy:");
    line(
        "        epsilon: "
            + figure(noise.epsilon(), "epsilon", "what one run may reveal: --epsilon"));
    noise.delta().ifPresent(delta -> line("        delta: " + number(delta)));
    noise.groupsPerUnit().ifPresent(groups -> line("        groups-per-unit: " + groups));
    line("      budget:");
    line(
        "        epsilon: "
            + figure(noise.budgetEpsilon(), "budget", "what all runs together may reveal"));
    noise.budgetDelta().ifPresent(delta -> line("        delta: " + number(delta)));
  }

  private String figure(Optional<BigDecimal> figure, String what, String hint) {
    return figure.map(DraftText::number).orElseGet(() -> open(what, hint));
  }

  private static String number(BigDecimal number) {
    return number.toPlainString();
  }

  private String list(List<String> values, String what, String hint) {
    return values.isEmpty()
        ? "[" + open(what, hint) + "]"
        : new TreeSet<>(values)
            .stream().map(DraftText::text).collect(Collectors.joining(", ", "[", "]"));
  }

  private String open(String what, String hint) {
    open.add(what + ": " + hint);
    hints.add(hint);
    return OPEN;
  }

  /// A name as it is; anything else in quotes, where YAML reads nothing into it.
  private static String text(String value) {
    return value.matches("[A-Za-z][A-Za-z0-9_-]*")
            && !NO_TEXT.contains(value.toLowerCase(Locale.ROOT))
        ? value
        : '"'
            + value.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", "?").replaceAll("([\\\\\"])", "\\\\$1")
            + '"';
  }

  /// Text of the source becomes one line, whatever is in it.
  private void comment(String indentation, String text) {
    out.append(indentation).append("# ").append(shown(text)).append('\n');
  }

  private static String shown(String text) {
    String visible = text.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", "?");
    return visible.length() <= LONGEST_COMMENT
        ? visible
        : visible.substring(0, LONGEST_COMMENT) + "…";
  }

  private void line(String line) {
    line(line, Set.of());
  }

  /// A line with what there is to say of it behind it.
  private void line(String line, Set<String> rules) {
    var remarks = new ArrayList<>(rules);
    remarks.addAll(hints);
    hints.clear();
    out.append(line);
    if (!remarks.isEmpty()) {
      out.append("  # ").append(shown(String.join("; ", remarks)));
    }
    out.append('\n');
  }
}
