package cloister.cli;

import cloister.attestation.Check;
import cloister.client.Policies;
import cloister.protocol.Json;
import cloister.protocol.PolicyDocument;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cloister policy explain`
@Command(
    name = "explain",
    description = "Read an attestation policy, print its digest, and say where it demands nothing.",
    footer = {
      "Examples:",
      "  cloister policy explain policies/release.yaml",
      "",
      "The digest is what a collaboration names (`enclave.policy`) and what evidence is bound to.",
      "An expired policy, or one that is not valid yet, is said to be: it accepts nothing."
    })
final class PolicyExplain extends Verb {
  @Parameters(paramLabel = "FILE", description = "The policy, in YAML or JSON.")
  private Path file;

  @Option(
      names = "--at",
      paramLabel = "TIME",
      description = "The instant at which it should be valid, as 2026-11-28T12:00:00Z; else now.")
  private Optional<String> at = Optional.empty();

  PolicyExplain(Options options) {
    super(options);
  }

  @Override
  void run() {
    PolicyDocument policy = Policies.read(file);
    Map<String, String> demands = demands(policy);
    Terminal.Ink ink = terminal().resultInk();
    var lines = new ArrayList<String>();
    lines.add(policy.policy().name() + "  " + policy.digest());
    Check valid = policy.policy().valid(at.map(EvidenceVerify::instant).orElseGet(Instant::now));
    if (valid.failed()) {
      lines.add(ink.warning("! " + Text.cell(valid.detail()) + ". It accepts nothing."));
    }
    int widest = demands.keySet().stream().mapToInt(String::length).max().orElse(1);
    demands.forEach((path, value) -> {
      String line = ("%-" + widest + "s  %s").formatted(path, Text.cell(value));
      lines.add(value.equals("any") ? ink.warning(line + "  (nothing is demanded)") : line);
    });
    options.print(
        Json.object()
            .put("name", policy.policy().name())
            .put("digest", policy.digest())
            .put("valid", !valid.failed())
            .put(
                "any",
                demands.entrySet().stream()
                    .filter(demand -> demand.getValue().equals("any"))
                    .map(Map.Entry::getKey)
                    .toList())
            .put("policy", policy.json())
            .build(),
        lines);
  }

  /// Every value by its path, in the order of the paths.
  static Map<String, String> demands(PolicyDocument policy) {
    var demands = new TreeMap<String, String>();
    flatten("", policy.json(), demands);
    return demands;
  }

  private static void flatten(String path, Json value, Map<String, String> into) {
    switch (value) {
      case Json.Obj(var members) ->
          members.forEach(
              (key, member) -> flatten(path.isEmpty() ? key : path + "." + key, member, into));
      case Json.Arr(var elements) -> {
        if (elements.stream().allMatch(Json.Str.class::isInstance)) {
          into.put(
              path,
              String.join(
                  " or ", elements.stream().map(element -> ((Json.Str) element).value()).toList()));
        } else {
          for (int i = 0; i < elements.size(); i++) {
            flatten(path + "[" + i + "]", elements.get(i), into);
          }
        }
      }
      case Json.Str(String text) -> into.put(path, text);
      case Json other -> into.put(path, new String(other.canonical(), StandardCharsets.UTF_8));
    }
  }
}
