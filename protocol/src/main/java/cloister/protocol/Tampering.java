package cloister.protocol;

import cloister.crypto.Digest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Says where a receipt was altered, also when it cannot be read any more. It only ever explains a
/// refusal; nothing is accepted because of what it finds.
final class Tampering {
  private static final Pattern PAYLOAD =
      Pattern.compile("\"payload\":\"(.*?)\",\"payloadType\"", Pattern.DOTALL);
  private static final Pattern BINDING = Pattern.compile("\"([a-z]+)\":\"(sha256:[0-9a-f]{64})\"");
  private static final Pattern BINDINGS = Pattern.compile("\"receipt\":\\{([^}]*)\\}");
  private static final Pattern KEY = Pattern.compile("\"([A-Za-z]+)\":");

  /// The predicate's keys in canonical order. None of them is a key inside another's value, and a
  /// quote inside a text is escaped, so each appears once as `"key":`.
  private static final List<String> FIELDS =
      List.of(
          "analysis",
          "budget",
          "collaboration",
          "enclave",
          "inputs",
          "issued",
          "ledger",
          "noise",
          "parameters",
          "plan",
          "purpose",
          "recipients",
          "request",
          "requester",
          "run",
          "terms",
          "trace");

  private Tampering() {}

  /// The part of an unreadable file that is the likeliest to have been altered.
  static String part(byte[] file) {
    // One byte, one character: the positions of a broken file stay what they are.
    String text = new String(file, StandardCharsets.ISO_8859_1);
    var payload = PAYLOAD.matcher(text);
    var bindings = BINDINGS.matcher(text);
    if (payload.find() && bindings.find()) {
      var expected = new LinkedHashMap<String, String>();
      var binding = BINDING.matcher(bindings.group(1));
      while (binding.find()) {
        expected.put(binding.group(1), binding.group(2));
      }
      // What is no base64 any more stood for some six bits; of two guesses at most one is right.
      for (String guess : List.of("A", "B")) {
        String base64 = payload.group(1).replaceAll("[^A-Za-z0-9+/=]|=(?!=?$)", guess);
        try {
          List<String> fields = fields(Base64.getDecoder().decode(base64), expected);
          if (!fields.isEmpty()) {
            return String.join(", ", fields);
          }
        } catch (IllegalArgumentException _) {
          return "payload";
        }
      }
    }
    return keyBefore(text, JsonText.failureOffset(text));
  }

  /// The fields of a statement whose bytes are not those that the bindings name.
  static List<String> fields(byte[] statement, Map<String, String> bindings) {
    String text = new String(statement, StandardCharsets.ISO_8859_1);
    List<String> altered = new ArrayList<>();
    int from = text.indexOf("\"predicate\":{");
    int end = text.lastIndexOf("},\"predicateType\":");
    if (from < 0 || end < 0) {
      return List.of("statement");
    }
    int at = from + "\"predicate\":{".length();
    for (int i = 0; i < FIELDS.size(); i++) {
      String field = FIELDS.get(i);
      String start = "\"" + field + "\":";
      String next =
          i + 1 < FIELDS.size() ? ",\"" + FIELDS.get(i + 1) + "\":" : "},\"predicateType\":";
      int stop = text.indexOf(next, at);
      if (!text.startsWith(start, at)) {
        altered.add(field);
      } else if (stop < 0) {
        altered.add(i + 1 < FIELDS.size() ? FIELDS.get(i + 1) : "predicateType");
        return altered;
      } else if (!matches(text.substring(at + start.length(), stop), bindings.get(field))) {
        altered.add(field);
      }
      if (stop < 0) {
        return altered;
      }
      at = stop + 1;
    }
    String start = "\"subject\":";
    int subject = text.lastIndexOf(start);
    if (subject < 0
        || !matches(
            text.substring(subject + start.length(), text.length() - 1), bindings.get("subject"))) {
      altered.add("subject");
    }
    return altered;
  }

  private static boolean matches(String value, @Nullable String digest) {
    return Digest.of(value.getBytes(StandardCharsets.ISO_8859_1)).toString().equals(digest);
  }

  private static String keyBefore(String text, int offset) {
    var key = KEY.matcher(text);
    String last = "file";
    while (key.find() && key.start() < offset) {
      last = key.group(1);
    }
    return last;
  }
}
