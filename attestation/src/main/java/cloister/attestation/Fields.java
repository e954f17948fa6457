package cloister.attestation;

import cloister.crypto.Bytes;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// The members of a JSON object, read once each and by type. Errors name the path. [#noOther]
/// refuses what nobody asked for, where a format of ours is read.
///
/// Where mistakes are collected ([#noting]), what [#allowed], [#integer] and [#noOther] find is
/// noted and does not end the reading: a value that the key may have stands in, so that nothing
/// follows from it, and [Mistakes#refuse] throws in the end.
final class Fields {
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59Z");

  private final String path;
  private final Json.Obj object;
  private final Bytes text;
  private final Set<String> read = new HashSet<>();
  private final Set<String> wrong = new HashSet<>();
  private final @Nullable Mistakes mistakes;

  Fields(String path, Json.Obj object, Bytes text) {
    this(path, object, text, null);
  }

  private Fields(String path, Json.Obj object, Bytes text, @Nullable Mistakes mistakes) {
    this.path = path;
    this.object = object;
    this.text = text;
    this.mistakes = mistakes;
  }

  /// The same, and all below it, with mistakes collected.
  Fields noting(Mistakes collected) {
    return new Fields(path, object, text, collected);
  }

  /// Whether a mistake was noted of the member, so that what was read of it only stands in.
  boolean isWrong(String name) {
    return wrong.contains(name);
  }

  /// Reads one value of a list or of a member that may have several forms.
  interface Parser<T> {
    /// @throws IllegalArgumentException if the text is none
    T parse(String text) throws EvidenceException;
  }

  /// From the document's name down, as in errors.
  String path() {
    return path;
  }

  boolean has(String name) {
    return object.members().containsKey(name);
  }

  Set<String> names() {
    return object.members().keySet();
  }

  /// The member's bytes as they stand in the text.
  Bytes raw(String name) throws EvidenceException {
    Json value = member(name);
    return text.slice(value.from(), value.to());
  }

  Fields object(String name) throws EvidenceException {
    return asObject(path + "." + name, member(name));
  }

  Optional<Fields> optionalObject(String name) throws EvidenceException {
    return has(name) ? Optional.of(object(name)) : Optional.empty();
  }

  List<Fields> objects(String name, int most) throws EvidenceException {
    var objects = new ArrayList<Fields>();
    List<Json> elements = elements(name, most);
    for (int i = 0; i < elements.size(); i++) {
      objects.add(asObject(path + "." + name + "[" + i + "]", elements.get(i)));
    }
    return objects;
  }

  String string(String name) throws EvidenceException {
    if (member(name) instanceof Json.Str text) {
      return text.value();
    }
    throw bad(name, "is not a string");
  }

  /// Whether it is a string, where a member may have several forms.
  boolean isString(String name) throws EvidenceException {
    return member(name) instanceof Json.Str;
  }

  Optional<String> optionalString(String name) throws EvidenceException {
    return has(name) ? Optional.of(string(name)) : Optional.empty();
  }

  List<String> strings(String name, int most) throws EvidenceException {
    var strings = new ArrayList<String>();
    for (Json element : elements(name, most)) {
      if (!(element instanceof Json.Str text)) {
        throw bad(name, "has an element that is not a string");
      }
      strings.add(text.value());
    }
    return strings;
  }

  /// One text, or a list of texts: as JWT's `aud` (RFC 7519 §4.1.3) and EAT's `eat_nonce` are.
  List<String> stringOrStrings(String name, int most) throws EvidenceException {
    return member(name) instanceof Json.Str one ? List.of(one.value()) : strings(name, most);
  }

  /// The members of an object of texts, in order.
  Map<String, String> texts(String name) throws EvidenceException {
    Fields object = object(name);
    var texts = new LinkedHashMap<String, String>();
    for (String key : object.names()) {
      texts.put(key, object.string(key));
    }
    return texts;
  }

  /// Whether a policy says, in so many letters, `any`.
  boolean saysAny(String name) throws EvidenceException {
    return member(name) instanceof Json.Str word && word.value().equals("any");
  }

  long integer(String name, long least, long most) throws EvidenceException {
    try {
      return number(name, least, most);
    } catch (EvidenceException e) {
      note(name, e);
      return least;
    }
  }

  private long number(String name, long least, long most) throws EvidenceException {
    if (!(member(name) instanceof Json.Num number)) {
      throw bad(name, "is not a number");
    }
    long value;
    try {
      value = Long.parseLong(number.text());
    } catch (NumberFormatException e) {
      throw EvidenceException.at(at(name), "is not a whole number", e);
    }
    if (value < least || value > most) {
      throw bad(name, "is not between " + least + " and " + most);
    }
    return value;
  }

  boolean flag(String name) throws EvidenceException {
    if (member(name) instanceof Json.Bool flag) {
      return flag.value();
    }
    throw bad(name, "is neither true nor false");
  }

  /// Between 1970 and 9999: what every other program can show.
  Instant instant(String name) throws EvidenceException {
    try {
      Instant instant = Instant.parse(string(name));
      if (instant.isBefore(Instant.EPOCH) || instant.isAfter(LAST)) {
        throw bad(name, "is not between 1970 and 9999");
      }
      return instant;
    } catch (DateTimeException e) {
      throw EvidenceException.at(at(name), "is not a time as in 2026-11-28T12:00:00Z", e);
    }
  }

  Bytes hex(String name) throws EvidenceException {
    return parsed(name, string(name), Bytes::hex);
  }

  Bytes hex(String name, int bytes) throws EvidenceException {
    Bytes value = hex(name);
    if (value.size() != bytes) {
      throw bad(name, "has " + value.size() + " bytes, not " + bytes);
    }
    return value;
  }

  <T> T parsed(String name, Parser<T> parser) throws EvidenceException {
    return parsed(name, string(name), parser);
  }

  /// What a policy allows: a list that is not empty, or, said in so many letters, `any`.
  <T> Allowed<T> allowed(String name, Parser<T> parser) throws EvidenceException {
    try {
      return anyOrList(name, parser);
    } catch (EvidenceException e) {
      note(name, e);
      return new Allowed.Any<>();
    }
  }

  private <T> Allowed<T> anyOrList(String name, Parser<T> parser) throws EvidenceException {
    if (member(name) instanceof Json.Str word) {
      if (!word.value().equals("any")) {
        throw bad(name, "is a list of what is accepted, or the word any");
      }
      return new Allowed.Any<>();
    }
    List<T> values = values(name, parser);
    if (values.isEmpty()) {
      throw bad(name, "is empty: name what is accepted, or say any");
    }
    return new Allowed.OneOf<>(Set.copyOf(values));
  }

  /// A list that is not empty, where a policy cannot say `any`.
  <T> List<T> list(String name, Parser<T> parser) throws EvidenceException {
    if (saysAny(name)) {
      throw bad(name, "is not a list, and cannot be any");
    }
    List<T> values = values(name, parser);
    if (values.isEmpty()) {
      throw bad(name, "is empty: name at least one, or leave the key out if it may be");
    }
    return values;
  }

  /// In a list, `any` would be read by people as the word and by programs as a value like others.
  private <T> List<T> values(String name, Parser<T> parser) throws EvidenceException {
    List<String> texts = strings(name, 1000);
    var values = new ArrayList<T>();
    for (int i = 0; i < texts.size(); i++) {
      String element = name + "[" + i + "]";
      if (texts.get(i).equals("any")) {
        throw bad(
            element, "is the word any in a list: it stands alone, without a list, or nowhere");
      }
      values.add(parsed(element, texts.get(i), parser));
    }
    return values;
  }

  private <T> T parsed(String name, String value, Parser<T> parser) throws EvidenceException {
    try {
      return parser.parse(value);
    } catch (IllegalArgumentException | EvidenceException e) {
      throw EvidenceException.at(at(name), "is malformed: " + e.getMessage(), e);
    }
  }

  /// Bytes as a policy has them.
  static Bytes hexadecimal(String text) {
    if (!text.matches("[0-9a-fA-F]*")) {
      throw new IllegalArgumentException("not hexadecimal digits");
    }
    if (text.length() % 2 != 0) {
      throw new IllegalArgumentException(text.length() + " hexadecimal digits, and a byte has two");
    }
    return Bytes.hex(text);
  }

  /// @throws EvidenceException if a member is there that was not read, naming it
  void noOther() throws EvidenceException {
    for (String name : object.members().keySet()) {
      if (!read.contains(name)) {
        note(name, EvidenceException.unknownKey(at(name), List.copyOf(new TreeSet<>(read))));
      }
    }
  }

  private void note(String name, EvidenceException mistake) throws EvidenceException {
    if (mistakes == null || mistake.mistakes().isEmpty()) {
      throw mistake;
    }
    if (wrong.add(name)) {
      mistakes.add(mistake);
    }
  }

  EvidenceException bad(String name, String problem) {
    return EvidenceException.at(at(name), problem);
  }

  private String at(String name) {
    return path + "." + name;
  }

  private Json member(String name) throws EvidenceException {
    read.add(name);
    Json value = object.members().get(name);
    if (value == null) {
      List<String> others =
          object.members().keySet().stream().filter(key -> !read.contains(key)).limit(5).toList();
      throw bad(
          name,
          "is missing" + (others.isEmpty() ? "" : "; there are " + String.join(", ", others)));
    }
    return value;
  }

  private List<Json> elements(String name, int most) throws EvidenceException {
    if (!(member(name) instanceof Json.Arr array)) {
      throw bad(name, "is not a list");
    }
    if (array.elements().size() > most) {
      throw bad(name, "has more than " + most + " elements");
    }
    return array.elements();
  }

  private Fields asObject(String name, Json value) throws EvidenceException {
    if (value instanceof Json.Obj members) {
      return new Fields(name, members, text, mistakes);
    }
    throw EvidenceException.at(name, "is not an object");
  }
}
