package cloister.crypto;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// Reads `vectors/crypto/*.json`, which other languages' tests read too.
final class Vectors {
  private Vectors() {}

  /// One test case: named hexadecimal strings, numbers and nested cases.
  record Case(Map<String, Object> fields) {
    byte[] bytes(String name) {
      return Bytes.hex(text(name)).toArray();
    }

    String text(String name) {
      return (String) field(name);
    }

    int number(String name) {
      return Math.toIntExact((Long) field(name));
    }

    List<Case> cases(String name) {
      return Vectors.cases(field(name));
    }

    private Object field(String name) {
      Object value = fields.get(name);
      if (value == null) {
        throw new IllegalStateException("the vector has no field " + name);
      }
      return value;
    }
  }

  static List<Case> read(String file) throws IOException {
    // Maven runs a module's tests in the module's folder.
    byte[] json = Files.readAllBytes(Path.of("..", "vectors", "crypto", file));
    try (var parser = new JsonFactory().createParser(ObjectReadContext.empty(), json)) {
      parser.nextToken();
      return cases(value(parser));
    }
  }

  /// The one case of our own formats that is of that format.
  static Case ofFormat(String format) throws IOException {
    return read("cloister.json").stream()
        .filter(one -> one.text("format").equals(format))
        .findFirst()
        .orElseThrow();
  }

  private static List<Case> cases(Object list) {
    var cases = new ArrayList<Case>();
    for (Object element : (List<?>) list) {
      var fields = new LinkedHashMap<String, Object>();
      ((Map<?, ?>) element).forEach((name, value) -> fields.put((String) name, value));
      cases.add(new Case(fields));
    }
    return cases;
  }

  private static Object value(JsonParser parser) {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        var fields = new LinkedHashMap<String, Object>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          fields.put(name, value(parser));
        }
        yield fields;
      }
      case START_ARRAY -> {
        var elements = new ArrayList<Object>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          elements.add(value(parser));
        }
        yield elements;
      }
      case VALUE_STRING -> parser.getString();
      case VALUE_NUMBER_INT -> parser.getLongValue();
      default -> throw new IllegalStateException("a vector holds strings and integers only");
    };
  }
}
