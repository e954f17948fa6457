package cloister.protocol;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/// The text of JSON: strict parsing and the RFC 8785 form.
final class JsonText {
  private static final int MAX_NUMBER_CHARACTERS = 40;
  private static final BigDecimal LARGEST_INTEGER = BigDecimal.valueOf(1L << 53);

  static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(Json.MAX_DEPTH)
                  .maxNumberLength(MAX_NUMBER_CHARACTERS)
                  .maxStringLength(Integer.MAX_VALUE) // bounded by the size of the whole
                  .maxNameLength(1024)
                  .build())
          .build();

  private JsonText() {}

  static Json parse(byte[] utf8, int maxBytes) {
    if (utf8.length > maxBytes) {
      throw new CloisterException(
          ErrorCode.TOO_LARGE, "the JSON is larger than " + maxBytes + " bytes");
    }
    // Jackson's own UTF-8 decoder lets some ill-formed sequences pass; the JDK's does not.
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw malformed("the JSON is not valid UTF-8", e);
    }
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), text)) {
      if (parser.nextToken() == null) {
        throw malformed("the JSON is empty");
      }
      Json value = value(parser);
      if (parser.nextToken() != null) {
        throw malformed("the JSON has something after its end");
      }
      return value;
    } catch (JacksonException e) {
      // Its message quotes the input.
      throw malformed("the JSON is malformed, or nested too deeply", e);
    } catch (IllegalArgumentException e) {
      throw malformed(String.valueOf(e.getMessage()), e);
    }
  }

  /// Where a text stops being JSON; its end when it does not.
  static int failureOffset(String text) {
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), text)) {
      try {
        while (parser.nextToken() != null) {
          parser.getString();
        }
      } catch (JacksonException _) {
        return Math.toIntExact(parser.currentLocation().getCharOffset());
      }
    }
    return text.length();
  }

  private static Json value(JsonParser parser) {
    JsonToken token = parser.currentToken();
    return switch (token) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> array(parser);
      case VALUE_STRING -> new Json.Str(parser.getString());
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Json.Num(new BigDecimal(parser.getString()));
      case VALUE_TRUE -> Json.Bool.TRUE;
      case VALUE_FALSE -> Json.Bool.FALSE;
      case VALUE_NULL -> Json.Null.NULL;
      case NOT_AVAILABLE, END_OBJECT, END_ARRAY, PROPERTY_NAME, VALUE_EMBEDDED_OBJECT ->
          throw new IllegalStateException("no value starts with " + token);
    };
  }

  private static Json object(JsonParser parser) {
    Map<String, Json> members = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      parser.nextToken();
      if (members.put(key, value(parser)) != null) {
        throw malformed("the JSON has a duplicate key");
      }
    }
    return new Json.Obj(members);
  }

  private static Json array(JsonParser parser) {
    List<Json> elements = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      elements.add(value(parser));
    }
    return new Json.Arr(elements);
  }

  static String canonical(Json value) {
    StringBuilder out = new StringBuilder();
    writeCanonical(value, out);
    return out.toString();
  }

  private static void writeCanonical(Json value, StringBuilder out) {
    switch (value) {
      case Json.Obj(Map<String, Json> members) -> {
        // RFC 8785 §3.2.3: by UTF-16 code units, which is String's own order.
        char before = '{';
        for (var member : new TreeMap<>(members).entrySet()) {
          out.append(before);
          writeString(member.getKey(), out);
          out.append(':');
          writeCanonical(member.getValue(), out);
          before = ',';
        }
        out.append(before == '{' ? "{}" : "}");
      }
      case Json.Arr(List<Json> elements) -> {
        char before = '[';
        for (Json element : elements) {
          out.append(before);
          writeCanonical(element, out);
          before = ',';
        }
        out.append(before == '[' ? "[]" : "]");
      }
      case Json.Str(String text) -> writeString(text, out);
      case Json.Num(BigDecimal number) -> out.append(ecmaScript(number.doubleValue()));
      case Json.Bool bool -> out.append(bool.value());
      case Json.Null _ -> out.append("null");
    }
  }

  static String pretty(Json value) {
    StringBuilder out = new StringBuilder();
    writePretty(value, "\n", out);
    return out.append('\n').toString();
  }

  private static void writePretty(Json value, String newLine, StringBuilder out) {
    String inner = newLine + "  ";
    switch (value) {
      case Json.Obj(Map<String, Json> members) when !members.isEmpty() -> {
        String before = "{";
        for (var member : members.entrySet()) {
          out.append(before).append(inner);
          writeString(member.getKey(), out);
          out.append(": ");
          writePretty(member.getValue(), inner, out);
          before = ",";
        }
        out.append(newLine).append('}');
      }
      case Json.Arr(List<Json> elements) when !elements.isEmpty() -> {
        String before = "[";
        for (Json element : elements) {
          out.append(before).append(inner);
          writePretty(element, inner, out);
          before = ",";
        }
        out.append(newLine).append(']');
      }
      case Json other -> writeCanonical(other, out);
    }
  }

  /// RFC 8785 §3.2.2.2.
  private static void writeString(String text, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\b' -> out.append("\\b");
        case '\t' -> out.append("\\t");
        case '\n' -> out.append("\\n");
        case '\f' -> out.append("\\f");
        case '\r' -> out.append("\\r");
        default -> {
          if (c < 0x20) {
            out.append("\\u00").append(c < 0x10 ? '0' : '1').append(Character.forDigit(c & 15, 16));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  /// ECMA-262 §6.1.6.1.20 Number::toString, as RFC 8785 §3.2.2.3 demands.
  static String ecmaScript(double number) {
    if (!Double.isFinite(number)) {
      throw new IllegalArgumentException("JSON has no infinities and no NaN");
    }
    if (number == 0) {
      return "0"; // -0 as well
    }
    String sign = number < 0 ? "-" : "";
    BigDecimal shortest = shortest(Math.abs(number));
    String digits = shortest.unscaledValue().toString();
    int k = digits.length();
    int n = k - shortest.scale(); // the value is 0.digits × 10ⁿ
    String text;
    if (k <= n && n <= 21) {
      text = digits + "0".repeat(n - k);
    } else if (0 < n && n <= 21) {
      text = digits.substring(0, n) + "." + digits.substring(n);
    } else if (-6 < n && n <= 0) {
      text = "0." + "0".repeat(-n) + digits;
    } else {
      String fraction = k == 1 ? "" : "." + digits.substring(1);
      text = digits.charAt(0) + fraction + "e" + (n > 0 ? "+" : "-") + Math.abs(n - 1);
    }
    return sign + text;
  }

  /// The shortest decimal that rounds to the double, without trailing zeros. [Double#toString] has
  /// been shortest since JDK 19, except that it never writes fewer than two digits: the smallest
  /// number is its 4.9E-324 and ECMAScript's 5e-324.
  private static BigDecimal shortest(double number) {
    BigDecimal decimal = new BigDecimal(Double.toString(number)).stripTrailingZeros();
    if (decimal.precision() == 2) {
      BigDecimal oneDigit = decimal.round(new MathContext(1, RoundingMode.HALF_EVEN));
      if (oneDigit.doubleValue() == number) {
        return oneDigit.stripTrailingZeros();
      }
    }
    return decimal;
  }

  static void requireExact(BigDecimal number) {
    // The first condition keeps the others cheap: 1e999999999 is a short text.
    long exponent = (long) number.precision() - number.scale();
    if (Math.abs(exponent) > 400
        || number.precision() > 17
        || (number.scale() <= 0 && number.abs().compareTo(LARGEST_INTEGER) > 0)
        || !Double.isFinite(number.doubleValue())
        || new BigDecimal(ecmaScript(number.doubleValue())).compareTo(number) != 0) {
      throw new IllegalArgumentException(
          "a number has more digits, or is larger or smaller, than JSON can carry exactly");
    }
  }

  static void requireNoLoneSurrogate(String text) {
    // A pair comes out of codePoints() as one code point, a lone half as itself.
    if (text.codePoints().anyMatch(point -> point >= 0xD800 && point <= 0xDFFF)) {
      throw new IllegalArgumentException("a string has half of a surrogate pair");
    }
  }

  private static CloisterException malformed(String message) {
    return new CloisterException(ErrorCode.MESSAGE_MALFORMED, message);
  }

  private static CloisterException malformed(String message, Throwable cause) {
    return new CloisterException(ErrorCode.MESSAGE_MALFORMED, message, cause);
  }
}
