package cloister.cli;

import cloister.protocol.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// What a policy's canonical JSON demands, each value by its path: `accept[0].guest-policy.smt`. A
/// list is one value, and so are an empty list and an empty object. Lists of what is accepted have
/// no order, and stand here sorted and without repetition; command lines have one.
final class PolicyDemands {
  private static final Pattern PLAIN = Pattern.compile("[a-zA-Z0-9_-]+");

  /// Lists of `accept` whose order means something.
  private static final Pattern ORDERED =
      Pattern.compile("accept\\[[0-9]+]\\.(arguments|overrides\\.command)");

  private PolicyDemands() {}

  /// A path at which two policies differ.
  record Change(String path, Optional<Json> before, Optional<Json> after) {}

  /// Every value by its path, in the order of the paths.
  static SortedMap<String, Json> of(Json.Obj policy) {
    var demands = new TreeMap<String, Json>();
    flatten("", policy, demands);
    return demands;
  }

  /// Where they differ. Entries of `accept` are numbered as they are in `before`; those that only
  /// `after` has come last.
  static List<Change> changes(Json.Obj before, Json.Obj after) {
    SortedMap<String, Json> old = of(before);
    SortedMap<String, Json> current = of(aligned(before, after));
    var paths = new TreeMap<String, Json>(old);
    paths.putAll(current);
    return paths.keySet().stream()
        .map(path ->
            new Change(
                path, Optional.ofNullable(old.get(path)), Optional.ofNullable(current.get(path))))
        .filter(change -> !change.before().equals(change.after()))
        .toList();
  }

  /// The value for people: words bare, everything else as JSON.
  static String shown(String path, Json value) {
    String text =
        value instanceof Json.Str(String word) && !word.matches("[\\[{\"].*|\\s.*|")
            ? word
            : spaced(value);
    return ORDERED.matcher(path).matches() && value instanceof Json.Arr
        ? text + "  (in this order)"
        : text;
  }

  /// Whether nothing is demanded there, in so many letters.
  static boolean isAny(String path, Json value) {
    return path.startsWith("accept[") && value.equals(Json.of("any"));
  }

  private static String spaced(Json value) {
    return value instanceof Json.Arr(List<Json> elements)
        ? elements.stream()
            .map(PolicyDemands::canonical)
            .collect(Collectors.joining(", ", "[", "]"))
        : canonical(value);
  }

  private static void flatten(String path, Json value, SortedMap<String, Json> into) {
    switch (value) {
      case Json.Obj(Map<String, Json> members) when !members.isEmpty() ->
          members.forEach((key, member) -> flatten(below(path, key), member, into));
      case Json.Arr(List<Json> elements)
          when !elements.isEmpty() && elements.stream().allMatch(Json.Obj.class::isInstance) -> {
        for (int i = 0; i < elements.size(); i++) {
          Json element = elements.get(i);
          // One that stands in for an entry that the other policy lacks.
          if (!element.equals(NONE)) {
            flatten(path + "[" + i + "]", element, into);
          }
        }
      }
      case Json.Arr(List<Json> elements) when !ORDERED.matcher(path).matches() ->
          into.put(
              path,
              Json.array(
                  elements.stream()
                      .distinct()
                      .sorted(Comparator.comparing(PolicyDemands::canonical))
                      .toList()));
      case Json other -> into.put(path, other);
    }
  }

  private static String below(String path, String key) {
    if (!PLAIN.matcher(key).matches()) {
      return path + "[" + canonical(Json.of(key)) + "]";
    }
    return path.isEmpty() ? key : path + "." + key;
  }

  private static String canonical(Json value) {
    return new String(value.canonical(), StandardCharsets.UTF_8);
  }

  private static final Json NONE = Json.object().build();

  /// The order of entries means nothing: each of `after` is put where an equal one of `before` is,
  /// else where one of the same TEE is.
  private static Json.Obj aligned(Json.Obj before, Json.Obj after) {
    List<Json> old = entries(before);
    var left = new ArrayList<>(entries(after));
    var placed = new ArrayList<Json>(old.stream().map(_ -> NONE).toList());
    for (int i = 0; i < old.size(); i++) {
      SortedMap<String, Json> wanted = entry(old.get(i));
      for (Json candidate : left) {
        if (entry(candidate).equals(wanted)) {
          placed.set(i, candidate);
          left.remove(candidate);
          break;
        }
      }
    }
    for (int i = 0; i < old.size(); i++) {
      for (Json candidate : placed.get(i).equals(NONE) ? List.copyOf(left) : List.<Json>of()) {
        if (tee(candidate).equals(tee(old.get(i)))) {
          placed.set(i, candidate);
          left.remove(candidate);
          break;
        }
      }
    }
    placed.addAll(left);
    var aligned = new TreeMap<>(after.members());
    aligned.put("accept", Json.array(placed));
    return new Json.Obj(aligned);
  }

  /// An entry as it would be demanded at the first place.
  private static SortedMap<String, Json> entry(Json entry) {
    return of(Json.object().put("accept", Json.array(List.of(entry))).build());
  }

  private static Optional<Json> tee(Json entry) {
    return entry instanceof Json.Obj object ? object.get("tee") : Optional.empty();
  }

  private static List<Json> entries(Json.Obj policy) {
    return policy.get("accept").orElse(NONE) instanceof Json.Arr(List<Json> elements)
        ? elements
        : List.of();
  }
}
