package cloister.benchmarks;

import cloister.room.Name;
import cloister.room.Purpose;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/// The documents that the benchmarks run under, and the demonstration's question in many variants.
final class Terms {
  static final Name AIRLINE = new Name("airline");
  static final Name MEDIA = new Name("media");
  static final Name RESEARCH = new Name("research");
  static final Name CUSTOMERS = new Name("customers");

  private Terms() {}

  /// Which of the owners' rules answers, by what the question is for.
  enum Mode {
    THRESHOLDS(Purpose.SERVICE_OPTIMISATION),
    NOISE(Purpose.COMMERCIAL_RESEARCH);

    final Purpose purpose;

    Mode(Purpose purpose) {
      this.purpose = purpose;
    }
  }

  /// The demonstration's analysis, restricted so little that the work stays the same and so that no
  /// two variants have the same answer by right.
  static String overlap(int variant) {
    return """
    SELECT m.age_band, COUNT(DISTINCT a.email) AS customers
    FROM airline.customers a JOIN media.customers m ON a.email = m.email
    WHERE m.minutes >= %d
    GROUP BY m.age_band\
    """
        .formatted(variant);
  }

  static String dataset(Name owner) throws IOException {
    return resource(owner + ".yaml");
  }

  /// @param values of the placeholders
  static String collaboration(Map<String, String> values) throws IOException {
    String text = resource("collaboration.yaml");
    for (var value : values.entrySet()) {
      text = text.replace("${" + value.getKey() + "}", value.getValue());
    }
    return text;
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = Terms.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the jar lacks " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
