package cloister.cli;

import cloister.attestation.Check;
import cloister.client.Policies;
import cloister.protocol.Json;
import cloister.protocol.PolicyDocument;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
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
    Map<String, Json> demands = PolicyDemands.of(policy.json());
    Terminal.Ink ink = terminal().resultInk();
    var lines = new ArrayList<String>();
    lines.add(policy.policy().name() + "  " + policy.digest());
    Check valid = policy.policy().valid(at.map(EvidenceVerify::instant).orElseGet(Instant::now));
    if (valid.failed()) {
      lines.add(ink.warning(invalid(valid)));
    }
    int widest = demands.keySet().stream().mapToInt(String::length).max().orElse(1);
    demands.forEach((path, value) -> {
      String line =
          ("%-" + widest + "s  %s")
              .formatted(Text.cell(path), Text.cell(PolicyDemands.shown(path, value)));
      lines.add(
          PolicyDemands.isAny(path, value) ? ink.warning(line + "  (nothing is demanded)") : line);
    });
    options.print(
        Json.object()
            .put("name", policy.policy().name())
            .put("digest", policy.digest())
            .put("valid", !valid.failed())
            .put(
                "any",
                demands.entrySet().stream()
                    .filter(demand -> PolicyDemands.isAny(demand.getKey(), demand.getValue()))
                    .map(Map.Entry::getKey)
                    .toList())
            .put("policy", policy.json())
            .build(),
        lines);
  }

  /// What to say of a policy that is expired or not valid yet.
  static String invalid(Check valid) {
    return "! " + Text.cell(valid.detail()) + ". It accepts nothing.";
  }
}
