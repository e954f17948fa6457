package cloister.attestation;

import cloister.crypto.Bytes;
import java.util.Set;
import java.util.stream.Collectors;

/// What a policy allows a field to be. There is no third case: what is not said is not read.
sealed interface Allowed<T> {
  record OneOf<T>(Set<T> values) implements Allowed<T> {
    public OneOf {
      values = Set.copyOf(values);
      if (values.isEmpty()) {
        throw new IllegalArgumentException("an empty list would allow nothing");
      }
    }
  }

  /// Said explicitly, and shown in every result.
  record Any<T>() implements Allowed<T> {}

  /// @param name of the check
  default Check check(String name, T found) {
    return switch (this) {
      case OneOf<T>(var values) when values.contains(found) ->
          Check.holds(name, "is " + shown(found) + ", as accepted");
      case OneOf<T>(var values) ->
          Check.fails(
              name,
              "is %s, and the policy accepts %s"
                  .formatted(
                      shown(found),
                      values.stream()
                          .map(Allowed::shown)
                          .sorted()
                          .collect(Collectors.joining(" or "))));
      case Any<T>() -> Check.noted(name, "is " + shown(found) + ", and the policy accepts any");
    };
  }

  /// The same for a key that may be absent and means zeros then: a policy without it is told so.
  default Check checkOrZero(String name, T found) {
    Check compared = check(name, found);
    boolean zeros =
        this instanceof OneOf<T>(var values)
            && values.size() == 1
            && values.iterator().next() instanceof Bytes only
            && SnpReport.isZero(only);
    String key = name.substring(name.indexOf('.') + 1);
    return compared.failed() && zeros
        ? Check.fails(
            name,
            "is %s, and the policy accepts only zeros, as it does where it lacks %s: list what is accepted there"
                .formatted(shown(found), key))
        : compared;
  }

  /// Bytes with all their digits, to be compared by eye.
  private static String shown(Object value) {
    return value instanceof Bytes bytes ? bytes.hex() : value.toString();
  }
}
