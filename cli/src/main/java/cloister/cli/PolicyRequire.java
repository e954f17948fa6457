package cloister.cli;

import cloister.attestation.Check;
import cloister.client.Policies;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.protocol.PolicyDocument;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cloister policy require`
@Command(
    name = "require",
    description =
        "Demand a policy of every enclave from now on, beside what collaborations demand.",
    footer = {
      "Examples:",
      "  cloister policy require mine.yaml",
      "  cloister policy require mine-2.yaml --replace    # in place of the one of the same name",
      "",
      "All have to hold: yours can only be stricter. `cloister policy drop NAME` ends it."
    })
final class PolicyRequire extends Verb {
  @Parameters(paramLabel = "FILE", description = "The policy, in YAML or JSON.")
  private Path file;

  @Option(
      names = "--replace",
      description = "Demand it in place of another of the same name, which may demand more.")
  private boolean replace;

  PolicyRequire(Options options) {
    super(options);
  }

  @Override
  void run() {
    PolicyDocument policy = Policies.read(file);
    Policies policies = options.home().policies();
    List<PolicyDemands.Change> changes =
        other(policies, policy)
            .map(other -> PolicyDemands.changes(other.json(), policy.json()))
            .orElse(List.of());
    if (replace) {
      policies.require(policy);
    } else if (!policies.requireNew(policy)) {
      var lines = new ArrayList<String>();
      lines.add(
          "your home demands another policy of the name "
              + policy.policy().name()
              + "; repeat it with --replace if you mean to change this:");
      lines.addAll(PolicyDiff.lines(changes, Terminal.Ink.PLAIN));
      throw new CloisterException(ErrorCode.PARAMETER_INVALID, String.join("\n", lines));
    }
    warn(policy, terminal());
    var lines = new ArrayList<String>();
    lines.add(policy.policy().name() + " is demanded of every enclave from now on:");
    lines.add("  " + policy.digest());
    if (!changes.isEmpty()) {
      lines.add("In place of the one before, from which it differs:");
      lines.addAll(PolicyDiff.lines(changes, terminal().resultInk()));
    }
    options.print(
        Json.object()
            .put("name", policy.policy().name())
            .put("digest", policy.digest())
            .put("changes", PolicyDiff.json(changes))
            .build(),
        lines);
  }

  private static Optional<PolicyDocument> other(Policies policies, PolicyDocument policy) {
    return policies.required().stream()
        .filter(one -> one.policy().name().equals(policy.policy().name()))
        .filter(one -> !one.digest().equals(policy.digest()))
        .findFirst();
  }

  /// Says that a policy accepts nothing now: it is kept all the same, as it may be valid later or
  /// for receipts of its time.
  static void warn(PolicyDocument policy, Terminal terminal) {
    Check valid = policy.policy().valid(Instant.now());
    if (valid.failed()) {
      terminal.say(terminal.ink().warning(PolicyExplain.invalid(valid)));
    }
  }
}
