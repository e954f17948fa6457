package cloister.cli;

import cloister.client.Policies;
import cloister.protocol.Json;
import cloister.protocol.PolicyDocument;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `cloister policy require`
@Command(
    name = "require",
    description =
        "Demand a policy of every enclave from now on, beside what collaborations demand.",
    footer = {
      "Examples:",
      "  cloister policy require mine.yaml",
      "",
      "All have to hold: yours can only be stricter. `cloister policy drop NAME` ends it."
    })
final class PolicyRequire extends Verb {
  @Parameters(paramLabel = "FILE", description = "The policy, in YAML or JSON.")
  private Path file;

  PolicyRequire(Options options) {
    super(options);
  }

  @Override
  void run() {
    PolicyDocument policy = Policies.read(file);
    options.home().policies().require(policy);
    options.print(
        Json.object().put("name", policy.policy().name()).put("digest", policy.digest()).build(),
        List.of(
            policy.policy().name() + " is demanded of every enclave from now on:",
            "  " + policy.digest()));
  }
}
