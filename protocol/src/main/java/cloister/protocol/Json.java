package cloister.protocol;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;

/// A JSON value (RFC 8259). What parses is what I-JSON (RFC 7493) allows: valid UTF-8, no duplicate
/// keys, no lone surrogates; and it is bounded in size, depth and length of numbers.
///
/// [#canonical] writes RFC 8785 (JCS). JCS turns every number into an IEEE 754 double; a number
/// here is a decimal that stays exactly what its author wrote. Both hold because a number is
/// accepted only when the canonical text of its nearest double *is* that decimal: integers within
/// ±2⁵³ and decimals of up to 15 significant digits always are, longer ones seldom. All others are
/// refused when parsed or made, so no reader in another language sees another number.
public sealed interface Json {
  /// The default limit of [#parse(byte[])], in bytes.
  int MAX_BYTES = 1 << 20;

  /// The deepest nesting; no format of ours needs a quarter of it.
  int MAX_DEPTH = 64;

  /// Parses one value and nothing after it.
  ///
  /// @throws CloisterException MESSAGE_MALFORMED, or TOO_LARGE
  static Json parse(byte[] utf8) {
    return parse(utf8, MAX_BYTES);
  }

  static Json parse(byte[] utf8, int maxBytes) {
    return JsonText.parse(utf8, maxBytes);
  }

  /// Parses an object for reading its fields.
  ///
  /// @param what names it in errors, as in `session request`
  static Fields parseFields(byte[] utf8, int maxBytes, String what) {
    if (parse(utf8, maxBytes) instanceof Obj object) {
      return object.fields(what);
    }
    throw malformed(what + " is not a JSON object");
  }

  /// Parses only what [#canonical] writes: one value has one spelling.
  static Json parseCanonical(byte[] utf8, int maxBytes) {
    Json value = parse(utf8, maxBytes);
    if (!Arrays.equals(value.canonical(), utf8)) {
      throw malformed("the JSON is not in canonical form (RFC 8785)");
    }
    return value;
  }

  /// The RFC 8785 form, in UTF-8.
  default byte[] canonical() {
    return JsonText.canonical(this).getBytes(StandardCharsets.UTF_8);
  }

  /// The SHA-256 of [#canonical].
  default Digest digest() {
    return Digest.of(canonical());
  }

  /// Indented text for people, in the order of the keys.
  default String pretty() {
    return JsonText.pretty(this);
  }

  /// An object under construction.
  static Builder object() {
    return new Builder();
  }

  static Str of(String text) {
    return new Str(text);
  }

  static Num of(long number) {
    return new Num(BigDecimal.valueOf(number));
  }

  static Num of(BigDecimal number) {
    return new Num(number);
  }

  static Bool of(boolean value) {
    return value ? Bool.TRUE : Bool.FALSE;
  }

  static Arr array(Collection<? extends Json> elements) {
    return new Arr(List.copyOf(elements));
  }

  /// The values' texts, in the order given.
  static Arr strings(Collection<?> values) {
    return new Arr(values.stream().<Json>map(value -> of(value.toString())).toList());
  }

  /// Keys in the order written; equality ignores it.
  record Obj(Map<String, Json> members) implements Json {
    public Obj {
      members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
      members.keySet().forEach(JsonText::requireNoLoneSurrogate);
    }

    public Optional<Json> get(String key) {
      return Optional.ofNullable(members.get(key));
    }

    /// @param what names the object in errors
    public Fields fields(String what) {
      return new Fields(this, what);
    }
  }

  /// An array.
  record Arr(List<Json> elements) implements Json {
    public Arr {
      elements = List.copyOf(elements);
    }
  }

  /// A string without lone surrogates.
  record Str(String value) implements Json {
    public Str {
      JsonText.requireNoLoneSurrogate(value);
    }
  }

  /// A number that RFC 8785 writes exactly.
  record Num(BigDecimal value) implements Json {
    public Num {
      value = value.signum() == 0 ? BigDecimal.ZERO : value.stripTrailingZeros();
      JsonText.requireExact(value);
      value = value.setScale(Math.max(0, value.scale())); // 2000, not 2E+3, in anyone's message
    }
  }

  /// `true` or `false`.
  enum Bool implements Json {
    FALSE,
    TRUE;

    public boolean value() {
      return this == TRUE;
    }
  }

  /// `null`.
  enum Null implements Json {
    NULL
  }

  /// Makes an object; each key once.
  final class Builder {
    private final Map<String, Json> members = new LinkedHashMap<>();

    private Builder() {}

    public Builder put(String key, Json value) {
      if (members.putIfAbsent(key, value) != null) {
        throw new IllegalArgumentException("the key " + key + " is there already");
      }
      return this;
    }

    public Builder put(String key, String value) {
      return put(key, of(value));
    }

    public Builder put(String key, long value) {
      return put(key, of(value));
    }

    public Builder put(String key, BigDecimal value) {
      return put(key, of(value));
    }

    public Builder put(String key, boolean value) {
      return put(key, of(value));
    }

    public Builder put(String key, Digest value) {
      return put(key, value.toString());
    }

    /// As base64.
    public Builder put(String key, Bytes value) {
      return put(key, value.base64());
    }

    /// As ISO 8601 in UTC, to the precision that the instant has.
    public Builder put(String key, Instant value) {
      return put(key, value.toString());
    }

    /// Each value's text.
    public Builder put(String key, Collection<?> values) {
      return put(key, strings(values));
    }

    /// No key at all when `value` is empty.
    public <T> Builder putIfPresent(
        String key, Optional<T> value, Function<? super T, ? extends Json> to) {
      value.ifPresent(present -> put(key, to.apply(present)));
      return this;
    }

    public Obj build() {
      return new Obj(members);
    }

    /// The finished object's RFC 8785 form.
    public byte[] canonical() {
      return build().canonical();
    }

    Bytes bytes() {
      return Bytes.of(canonical());
    }
  }

  /// Reads an object's fields, each with its type and its bound. Whoever has read all of them says
  /// [#noOther], which refuses the rest. Every failure is one [CloisterException] that names the
  /// field and never its value. Not safe for concurrent use.
  final class Fields {
    private static final Instant LAST_INSTANT = Instant.parse("9999-12-31T23:59:59Z");

    private final Obj object;
    private final String where;
    private final Set<String> read = new HashSet<>();

    private Fields(Obj object, String where) {
      this.object = object;
      this.where = where;
    }

    /// The object being read.
    public Obj json() {
      return object;
    }

    /// Whether the field is there; says nothing about its type.
    public boolean has(String name) {
      return object.members().containsKey(name);
    }

    /// @param maxLength in UTF-16 code units
    public String string(String name, int maxLength) {
      if (!(required(name) instanceof Str(String text))) {
        throw bad(name, "is not a string");
      }
      if (text.length() > maxLength) {
        throw bad(name, "is longer than " + maxLength + " characters");
      }
      return text;
    }

    /// A string that `parse` turns into a value; its IllegalArgumentException is the field's error.
    public <T> T parsed(String name, int maxLength, Function<String, T> parse) {
      String text = string(name, maxLength);
      try {
        return parse.apply(text);
      } catch (IllegalArgumentException | ArithmeticException | DateTimeException e) {
        throw bad(name, "has not the form that it must have", e);
      }
    }

    /// A string among the alternatives that `byLabel` knows.
    public <T> T oneOf(String name, Function<String, Optional<T>> byLabel) {
      return byLabel
          .apply(string(name, 64))
          .orElseThrow(() -> bad(name, "is none of the known values"));
    }

    public Digest digest(String name) {
      return parsed(name, 71, Digest::parse);
    }

    /// Bytes as base64 with padding, in the one spelling that RFC 4648 §3.5 calls canonical.
    public Bytes bytes(String name, int maxBytes) {
      String text = string(name, (maxBytes + 2) / 3 * 4);
      Bytes bytes;
      try {
        bytes = Bytes.base64(text);
      } catch (IllegalArgumentException e) {
        throw bad(name, "is not canonical base64", e);
      }
      if (!bytes.base64().equals(text)) {
        throw bad(name, "is not canonical base64");
      }
      if (bytes.size() > maxBytes) {
        throw bad(name, "is longer than " + maxBytes + " bytes");
      }
      return bytes;
    }

    /// Exactly `size` bytes as base64.
    public Bytes bytesOfSize(String name, int size) {
      Bytes bytes = bytes(name, size);
      if (bytes.size() != size) {
        throw bad(name, "has not " + size + " bytes");
      }
      return bytes;
    }

    /// A whole number in `least..most`.
    public long integer(String name, long least, long most) {
      BigDecimal number = decimal(name);
      if (number.scale() > 0
          || number.compareTo(BigDecimal.valueOf(least)) < 0
          || number.compareTo(BigDecimal.valueOf(most)) > 0) {
        throw bad(name, "is not an integer from " + least + " to " + most);
      }
      return number.longValueExact();
    }

    public int count(String name, int least, int most) {
      return Math.toIntExact(integer(name, least, most));
    }

    public BigDecimal decimal(String name) {
      if (required(name) instanceof Num(BigDecimal number)) {
        return number;
      }
      throw bad(name, "is not a number");
    }

    public boolean bool(String name) {
      if (required(name) instanceof Bool bool) {
        return bool.value();
      }
      throw bad(name, "is not true or false");
    }

    /// An instant in the one spelling of [Instant#toString].
    public Instant instant(String name) {
      Instant instant = parsed(name, 40, Instant::parse);
      if (instant.isBefore(Instant.EPOCH) || instant.isAfter(LAST_INSTANT)) {
        throw bad(name, "is not between 1970 and 9999");
      }
      if (!instant.toString().equals(string(name, 40))) {
        throw bad(name, "is not written as UTC with no more digits than needed");
      }
      return instant;
    }

    public Fields object(String name) {
      if (required(name) instanceof Obj nested) {
        return nested.fields(where + "." + name);
      }
      throw bad(name, "is not an object");
    }

    public List<Json> array(String name, int maxElements) {
      if (!(required(name) instanceof Arr(List<Json> elements))) {
        throw bad(name, "is not an array");
      }
      if (elements.size() > maxElements) {
        throw bad(name, "has more than " + maxElements + " elements");
      }
      return elements;
    }

    public List<String> strings(String name, int maxElements, int maxLength) {
      List<String> texts = new ArrayList<>();
      for (Json element : array(name, maxElements)) {
        if (!(element instanceof Str(String text)) || text.length() > maxLength) {
          throw bad(name, "has an element that is no string of up to " + maxLength + " characters");
        }
        texts.add(text);
      }
      return List.copyOf(texts);
    }

    public List<Fields> objects(String name, int maxElements) {
      List<Fields> objects = new ArrayList<>();
      for (Json element : array(name, maxElements)) {
        if (!(element instanceof Obj nested)) {
          throw bad(name, "has an element that is no object");
        }
        objects.add(nested.fields(where + "." + name + "[" + objects.size() + "]"));
      }
      return List.copyOf(objects);
    }

    /// The field's value of whatever type.
    public Json any(String name) {
      return required(name);
    }

    /// A field that may be absent (but not null): `in.optional("terms", Fields::digest)`.
    public <T> Optional<T> optional(String name, BiFunction<Fields, String, T> reader) {
      return has(name) ? Optional.of(reader.apply(this, name)) : Optional.empty();
    }

    /// The keys that are there, for objects that are maps.
    public List<String> keys(int most) {
      if (object.members().size() > most) {
        throw malformed(where + " has more than " + most + " keys");
      }
      return List.copyOf(object.members().keySet());
    }

    /// Refuses every field that was not asked for.
    public void noOther() {
      if (!read.containsAll(object.members().keySet())) {
        throw malformed(where + " has a field that it must not have");
      }
    }

    /// An error about a field, for checks that this type does not know.
    public CloisterException bad(String name, String how) {
      return malformed(where + "." + name + " " + how);
    }

    private CloisterException bad(String name, String how, Throwable cause) {
      return new CloisterException(
          ErrorCode.MESSAGE_MALFORMED, where + "." + name + " " + how, cause);
    }

    private Json required(String name) {
      read.add(name);
      Json value = object.members().get(name);
      if (value == null) {
        throw bad(name, "is missing");
      }
      return value;
    }
  }

  private static CloisterException malformed(String message) {
    return new CloisterException(ErrorCode.MESSAGE_MALFORMED, message);
  }
}
