package cloister.cli;

import cloister.client.Policies;
import cloister.protocol.Json;
import cloister.protocol.PolicyDocument;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `cloister policy add`
@Command(
    name = "add",
    description = "Keep a policy for the collaborations that name its digest.",
    footer = {
      "Examples:",
      "  cloister policy add policies/release.yaml",
      "",
      "A policy in a folder `policies` beside a collaboration is kept when you sign that.",
      "`cloister policy drop DIGEST` removes it."
    })
final class PolicyAdd extends Verb {
  @Parameters(paramLabel = "FILE", description = "The policy, in YAML or JSON.")
  private Path file;

  PolicyAdd(Options options) {
    super(options);
  }

  @Override
  void run() {
    PolicyDocument policy = Policies.read(file);
    options.home().policies().add(policy);
    PolicyRequire.warn(policy, terminal());
    options.print(
        Json.object().put("name", policy.policy().name()).put("digest", policy.digest()).build(),
        List.of(policy.policy().name() + " is kept:", "  " + policy.digest()));
  }
}
