package cloister.attestation;

import cloister.crypto.Bytes;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// A JSON value (RFC 8259), read as strictly as I-JSON (RFC 7493): valid UTF-8, no duplicate keys,
/// no lone surrogates, bounded depth and count. Every value knows where it stands in the text:
/// vendors sign the bytes of a member as they were sent, so nothing of theirs is ever written
/// again.
///
/// *Why not a library:* this module uses the JDK only, and the libraries at hand lose that place.
sealed interface Json {
  int MAX_DEPTH = 32;
  int MAX_VALUES = 100_000;

  /// Where the value begins in the text's UTF-8 bytes.
  int from();

  /// Where it ends, exclusively.
  int to();

  record Obj(Map<String, Json> members, int from, int to) implements Json {
    public Obj {
      members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
    }
  }

  record Arr(List<Json> elements, int from, int to) implements Json {
    public Arr {
      elements = List.copyOf(elements);
    }
  }

  record Str(String value, int from, int to) implements Json {}

  /// The number as it was written.
  record Num(String text, int from, int to) implements Json {}

  record Bool(boolean value, int from, int to) implements Json {}

  record Null(int from, int to) implements Json {}

  /// Parses one object and nothing after it.
  ///
  /// @param what names it in errors
  /// @throws EvidenceException with the offset of what is wrong
  static Fields parse(String what, Bytes utf8, int maxBytes) throws EvidenceException {
    if (utf8.size() > maxBytes) {
      throw new EvidenceException(
          "%s has %d bytes, and at most %d are read".formatted(what, utf8.size(), maxBytes));
    }
    var reader = new Reader(what, utf8);
    if (reader.document() instanceof Obj object) {
      return new Fields(what, object, utf8);
    }
    throw new EvidenceException(what + " is not a JSON object");
  }

  /// The same for an array.
  static List<Json> parseArray(String what, Bytes utf8, int maxBytes) throws EvidenceException {
    if (utf8.size() > maxBytes) {
      throw new EvidenceException(
          "%s has %d bytes, and at most %d are read".formatted(what, utf8.size(), maxBytes));
    }
    if (new Reader(what, utf8).document() instanceof Arr array) {
      return array.elements();
    }
    throw new EvidenceException(what + " is not a JSON array");
  }

  /// The same object in canonical form (RFC 8785), of which ours are; its numbers are whole.
  ///
  /// @throws EvidenceException also if a number is none that the form has without a fraction
  static Bytes canonical(String what, Bytes utf8, int maxBytes) throws EvidenceException {
    if (utf8.size() > maxBytes) {
      throw new EvidenceException(
          "%s has %d bytes, and at most %d are read".formatted(what, utf8.size(), maxBytes));
    }
    var text = new StringBuilder();
    write(what, new Reader(what, utf8).document(), text);
    return Bytes.utf8(text.toString());
  }

  private static void write(String what, Json value, StringBuilder to) throws EvidenceException {
    switch (value) {
      case Obj object -> {
        String separator = "{";
        // By UTF-16 code units, as strings compare (§3.2.3).
        for (var member : new TreeMap<>(object.members()).entrySet()) {
          to.append(separator);
          write(member.getKey(), to);
          to.append(':');
          write(what, member.getValue(), to);
          separator = ",";
        }
        to.append(object.members().isEmpty() ? "{}" : "}");
      }
      case Arr array -> {
        String separator = "[";
        for (Json element : array.elements()) {
          to.append(separator);
          write(what, element, to);
          separator = ",";
        }
        to.append(array.elements().isEmpty() ? "[]" : "]");
      }
      case Str(var string, _, _) -> write(string, to);
      case Num(var number, _, _) -> {
        if (!number.matches("0|-?[1-9][0-9]{0,14}")) {
          throw new EvidenceException(what + ": a number is not whole, or not in its one form");
        }
        to.append(number);
      }
      case Bool(var bool, _, _) -> to.append(bool);
      case Null _ -> to.append("null");
    }
  }

  /// §3.2.2.2.
  private static void write(String string, StringBuilder to) {
    to.append('"');
    for (int i = 0; i < string.length(); i++) {
      char c = string.charAt(i);
      switch (c) {
        case '"' -> to.append("\\\"");
        case '\\' -> to.append("\\\\");
        case '\b' -> to.append("\\b");
        case '\t' -> to.append("\\t");
        case '\n' -> to.append("\\n");
        case '\f' -> to.append("\\f");
        case '\r' -> to.append("\\r");
        default -> to.append(c < ' ' ? "\\u%04x".formatted((int) c) : String.valueOf(c));
      }
    }
    to.append('"');
  }

  /// Recursive descent over bytes; offsets are of the input.
  final class Reader {
    private static final Pattern NUMBER =
        Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");
    private final String what;
    private final byte[] text;
    private int at;
    private int values;

    private Reader(String what, Bytes utf8) {
      this.what = what;
      this.text = utf8.toArray();
    }

    private Json document() throws EvidenceException {
      Json value = value(0);
      space();
      if (at != text.length) {
        throw bad("something follows the value");
      }
      return value;
    }

    private Json value(int depth) throws EvidenceException {
      if (depth > MAX_DEPTH) {
        throw bad("nested deeper than " + MAX_DEPTH);
      }
      if (++values > MAX_VALUES) {
        throw bad("more than " + MAX_VALUES + " values");
      }
      space();
      int from = at;
      return switch (peek()) {
        case '{' -> object(from, depth);
        case '[' -> array(from, depth);
        case '"' -> {
          String value = string();
          yield new Str(value, from, at);
        }
        case 't' -> {
          word("true");
          yield new Bool(true, from, at);
        }
        case 'f' -> {
          word("false");
          yield new Bool(false, from, at);
        }
        case 'n' -> {
          word("null");
          yield new Null(from, at);
        }
        default -> number(from);
      };
    }

    private Obj object(int from, int depth) throws EvidenceException {
      at++;
      var members = new LinkedHashMap<String, Json>();
      space();
      if (peek() == '}') {
        at++;
        return new Obj(members, from, at);
      }
      while (true) {
        space();
        if (peek() != '"') {
          throw bad("a key in quotes was expected");
        }
        String key = string();
        space();
        expect(':');
        if (members.put(key, value(depth + 1)) != null) {
          throw bad("the same key twice");
        }
        space();
        if (peek() == ',') {
          at++;
          continue;
        }
        expect('}');
        return new Obj(members, from, at);
      }
    }

    private Arr array(int from, int depth) throws EvidenceException {
      at++;
      var elements = new ArrayList<Json>();
      space();
      if (peek() == ']') {
        at++;
        return new Arr(elements, from, at);
      }
      while (true) {
        elements.add(value(depth + 1));
        space();
        if (peek() == ',') {
          at++;
          continue;
        }
        expect(']');
        return new Arr(elements, from, at);
      }
    }

    private String string() throws EvidenceException {
      at++;
      var value = new StringBuilder();
      int plain = at;
      while (true) {
        int c = peek();
        if (c == '"') {
          append(value, plain, at);
          at++;
          requireNoLoneSurrogate(value);
          return value.toString();
        }
        if (c < 0x20) {
          throw bad("a control character in a string");
        }
        if (c == '\\') {
          append(value, plain, at);
          at++;
          value.append(escaped());
          plain = at;
        } else {
          at++;
        }
      }
    }

    private char escaped() throws EvidenceException {
      int c = peek();
      at++;
      return switch (c) {
        case '"', '\\', '/' -> (char) c;
        case 'b' -> '\b';
        case 'f' -> '\f';
        case 'n' -> '\n';
        case 'r' -> '\r';
        case 't' -> '\t';
        case 'u' -> {
          int code = 0;
          for (int i = 0; i < 4; i++) {
            int digit = Character.digit(peek(), 16);
            if (digit < 0) {
              throw bad("four hexadecimal digits were expected");
            }
            code = code * 16 + digit;
            at++;
          }
          yield (char) code;
        }
        default -> throw bad("an unknown escape");
      };
    }

    private void append(StringBuilder value, int from, int to) throws EvidenceException {
      try {
        value.append(
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text, from, to - from)));
      } catch (CharacterCodingException e) {
        throw new EvidenceException(what + ": not UTF-8 before byte " + to, e);
      }
    }

    private void requireNoLoneSurrogate(CharSequence value) throws EvidenceException {
      for (int i = 0; i < value.length(); i++) {
        char c = value.charAt(i);
        if (Character.isHighSurrogate(c)
            && i + 1 < value.length()
            && Character.isLowSurrogate(value.charAt(i + 1))) {
          i++;
        } else if (Character.isSurrogate(c)) {
          throw bad("half a surrogate pair");
        }
      }
    }

    private Num number(int from) throws EvidenceException {
      while (at < text.length && "+-.0123456789Ee".indexOf(text[at]) >= 0) {
        at++;
      }
      String number = new String(text, from, at - from, StandardCharsets.US_ASCII);
      if (number.length() > 64 || !NUMBER.matcher(number).matches()) {
        throw bad("a value was expected");
      }
      return new Num(number, from, at);
    }

    private void word(String word) throws EvidenceException {
      for (int i = 0; i < word.length(); i++) {
        expect(word.charAt(i));
      }
    }

    private void expect(char c) throws EvidenceException {
      if (peek() != c) {
        throw bad("'" + c + "' was expected");
      }
      at++;
    }

    private void space() {
      while (at < text.length && " \t\n\r".indexOf(text[at]) >= 0) {
        at++;
      }
    }

    private int peek() throws EvidenceException {
      if (at >= text.length) {
        throw bad("it ends early");
      }
      return Byte.toUnsignedInt(text[at]);
    }

    private EvidenceException bad(String problem) {
      return new EvidenceException(what + ": " + problem + ", at byte " + at);
    }
  }
}
