package cloister.migration;

import cloister.protocol.Json;
import cloister.protocol.Spelling;
import cloister.protocol.Tree;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/// An object of the source's JSON, read field by field. What nobody asked for is a mistake: an
/// unknown field may be a restriction.
final class Fields {
  private static final int MAX_TEXT_CHARACTERS = 1024;
  private static final int MAX_LIST = 10_000;

  private final Notes notes;
  private final Tree.Position at;
  private final Map<String, Tree.Entry> entries = new LinkedHashMap<>();
  private final Set<String> read = new LinkedHashSet<>();

  private Fields(Notes notes, Tree.Position at) {
    this.notes = notes;
    this.at = at;
  }

  /// A text of the source and its place.
  record Placed(String text, Tree.Position at) {}

  static Optional<Fields> of(Notes notes, Tree tree) {
    return of(notes, tree, UnaryOperator.identity());
  }

  /// @param spelling brings a key into the one spelling that [#take] is asked with
  static Optional<Fields> of(Notes notes, Tree tree, UnaryOperator<String> spelling) {
    if (!(tree instanceof Tree.Mapping(Tree.Position at, List<Tree.Entry> entries))) {
      notes.mistake(tree.at(), "an object {…} is expected here");
      return Optional.empty();
    }
    var fields = new Fields(notes, at);
    for (Tree.Entry entry : entries) {
      if (fields.entries.putIfAbsent(spelling.apply(entry.key()), entry) != null) {
        notes.mistake(entry.at(), "the key " + quoted(entry.key()) + " is there already");
      }
    }
    return Optional.of(fields);
  }

  Tree.Position at() {
    return at;
  }

  boolean has(String key) {
    return entries.containsKey(key);
  }

  Set<String> keys() {
    return entries.keySet();
  }

  /// Where a key is; of one that is missing, where the object is.
  Tree.Position at(String key) {
    return Optional.ofNullable(entries.get(key)).map(Tree.Entry::at).orElse(at);
  }

  Optional<Tree> take(String key) {
    read.add(key);
    return Optional.ofNullable(entries.get(key)).map(Tree.Entry::value);
  }

  /// A field that says nothing about who may learn what.
  void ignore(String... keys) {
    for (String key : keys) {
      take(key)
          .filter(value -> !(value instanceof Tree.Scalar))
          .ifPresent(value -> notes.mistake(value.at(), "a plain value is expected here"));
    }
  }

  Optional<Tree> required(String key) {
    Optional<Tree> value = take(key);
    if (value.isEmpty()) {
      notes.mistake(at, "the field " + quoted(key) + " is missing");
    }
    return value;
  }

  Optional<Fields> object(String key) {
    return take(key).flatMap(value -> of(notes, value));
  }

  Optional<String> text(String key) {
    return take(key).flatMap(this::text);
  }

  private Optional<String> text(Tree tree) {
    if (tree instanceof Tree.Scalar(_, Json.Str(String text))
        && text.length() <= MAX_TEXT_CHARACTERS) {
      return Optional.of(text);
    }
    notes.mistake(
        tree.at(), "a text of at most " + MAX_TEXT_CHARACTERS + " characters is expected here");
    return Optional.empty();
  }

  Optional<String> oneOf(String key, String... values) {
    return text(key).filter(text -> isOneOf(at(key), text, List.of(values)));
  }

  private boolean isOneOf(Tree.Position where, String text, Collection<String> values) {
    if (values.contains(text)) {
      return true;
    }
    notes.mistake(where, "unknown value " + quoted(text) + Spelling.suggestion(text, values));
    return false;
  }

  /// The texts of a list; none when it is missing.
  List<Placed> texts(String key) {
    var texts = new ArrayList<Placed>();
    var seen = new LinkedHashSet<String>();
    for (Tree element : elements(key)) {
      text(element)
          .ifPresent(text -> {
            if (seen.add(text)) {
              texts.add(new Placed(text, element.at()));
            } else {
              notes.mistake(element.at(), quoted(text) + " is listed twice");
            }
          });
    }
    return texts;
  }

  List<Placed> textsOf(String key, String... values) {
    return texts(key).stream()
        .filter(placed -> isOneOf(placed.at(), placed.text(), List.of(values)))
        .toList();
  }

  List<Tree> elements(String key) {
    Optional<Tree> value = take(key);
    if (value.isEmpty()) {
      return List.of();
    }
    if (value.get() instanceof Tree.Sequence(_, List<Tree> elements)
        && elements.size() <= MAX_LIST) {
      return elements;
    }
    notes.mistake(value.get().at(), "a list of at most " + MAX_LIST + " elements is expected here");
    return List.of();
  }

  List<Fields> objects(String key) {
    return elements(key).stream().flatMap(element -> of(notes, element).stream()).toList();
  }

  Optional<BigDecimal> number(String key) {
    return take(key)
        .flatMap(value -> {
          if (value instanceof Tree.Scalar(_, Json.Num(BigDecimal number))) {
            return Optional.of(number);
          }
          // Google's APIs write whole numbers of 64 bits as texts.
          if (value instanceof Tree.Scalar(_, Json.Str(String text))
              && text.matches("[0-9]{1,18}")) {
            return Optional.of(new BigDecimal(text));
          }
          notes.mistake(value.at(), "a number is expected here");
          return Optional.empty();
        });
  }

  Optional<Integer> count(String key, int least, int most) {
    return number(key)
        .flatMap(number -> {
          if (number.scale() <= 0
              && number.compareTo(BigDecimal.valueOf(least)) >= 0
              && number.compareTo(BigDecimal.valueOf(most)) <= 0) {
            return Optional.of(number.intValueExact());
          }
          notes.mistake(
              at(key), "a whole number from " + least + " to " + most + " is expected here");
          return Optional.empty();
        });
  }

  /// Ends the reading: every field that was not asked for is a mistake.
  void noOther() {
    entries.forEach((key, entry) -> {
      if (!read.contains(key)) {
        notes.mistake(
            entry.at(),
            "unknown field "
                + quoted(entry.key())
                + Spelling.suggestion(key, read)
                + "; what is not known here may be a restriction, so nothing is imported");
      }
    });
  }

  static String quoted(String text) {
    String shown = text.length() <= 80 ? text : text.substring(0, 80) + "…";
    return '"' + shown.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", "?") + '"';
  }
}
