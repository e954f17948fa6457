package cloister.cli;

import cloister.attestation.Policy;
import cloister.protocol.Json;
import cloister.protocol.PolicyDocument;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;

/// `cloister policy list`
@Command(
    name = "list",
    description =
        "List the policies that your home demands of every enclave, and those that it keeps.",
    footer = {"Examples:", "  cloister policy list"})
final class PolicyList extends Verb {
  PolicyList(Options options) {
    super(options);
  }

  @Override
  void run() {
    List<PolicyDocument> required = options.home().policies().required();
    List<PolicyDocument> known = options.home().policies().known();
    var lines = new ArrayList<String>();
    lines.add(
        required.isEmpty()
            ? "Your home demands nothing beside what collaborations demand."
            : "Demanded of every enclave:");
    required.forEach(policy -> lines.add(line(policy)));
    if (!known.isEmpty()) {
      lines.add("Kept for the collaborations that name them:");
      known.forEach(policy -> lines.add(line(policy)));
    }
    options.print(
        Json.object().put("required", json(required)).put("known", json(known)).build(), lines);
  }

  private static String line(PolicyDocument policy) {
    return "  %s  %s  %s"
        .formatted(Text.cell(policy.policy().name()), policy.digest(), validity(policy.policy()));
  }

  private static String validity(Policy policy) {
    Instant now = Instant.now();
    if (now.isBefore(policy.from())) {
      return "not valid before " + policy.from();
    }
    return (now.isBefore(policy.until()) ? "valid until " : "expired at ") + policy.until();
  }

  private static Json json(List<PolicyDocument> policies) {
    return Json.array(
        policies.stream()
            .map(policy ->
                Json.object()
                    .put("name", policy.policy().name())
                    .put("digest", policy.digest())
                    .put("from", policy.policy().from())
                    .put("until", policy.policy().until())
                    .put("valid", !policy.policy().valid(Instant.now()).failed())
                    .build())
            .toList());
  }
}
