package cloister.attestation;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/// The environment variables that a policy accepts of a container: exactly these names, each with
/// its values or `any`, as in `{"PATH": ["/bin"], "HOSTNAME": "any"}`; or `any` for all of it.
///
/// *Why all of them:* `JAVA_TOOL_OPTIONS`, `LD_PRELOAD` and their like change what the measured
/// program does.
///
/// @param variables absent for `any`
record SpaceEnvironment(Optional<Map<String, Allowed<String>>> variables) {
  SpaceEnvironment {
    variables = variables.map(Map::copyOf);
  }

  static SpaceEnvironment read(Fields fields, String name) throws EvidenceException {
    if (fields.saysAny(name)) {
      return new SpaceEnvironment(Optional.empty());
    }
    Fields object = fields.object(name);
    var variables = new LinkedHashMap<String, Allowed<String>>();
    for (String variable : object.names()) {
      variables.put(variable, object.allowed(variable, value -> value));
    }
    return new SpaceEnvironment(Optional.of(variables));
  }

  /// Names variables and never their values, which may be the operator's secrets.
  Check check(String name, Map<String, String> found) {
    if (variables.isEmpty()) {
      return Check.noted(
          name, "sets %s, and the policy accepts any".formatted(new TreeSet<>(found.keySet())));
    }
    Map<String, Allowed<String>> accepted = variables.get();
    var wrong = new TreeMap<String, String>();
    found.forEach((variable, value) -> {
      Allowed<String> allowed = accepted.get(variable);
      if (allowed == null) {
        wrong.put(variable, "is set");
      } else if (allowed.check(name, value).failed()) {
        wrong.put(variable, "has another value");
      }
    });
    for (String variable : accepted.keySet()) {
      if (!found.containsKey(variable)) {
        wrong.put(variable, "is not set");
      }
    }
    return wrong.isEmpty()
        ? Check.holds(name, "sets %s, as accepted".formatted(new TreeSet<>(found.keySet())))
        : Check.fails(
            name,
            "is not what the policy accepts: %s; start the container without".formatted(wrong));
  }
}
