package cloister.cli;

import cloister.client.Policies;
import cloister.crypto.Digest;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `cloister policy drop`
@Command(
    name = "drop",
    description = "Demand a policy of your own no longer, or remove one that is kept.",
    footer = {
      "Examples:",
      "  cloister policy drop mine",
      "  cloister policy drop sha256:4f1c…    # with all digits: one that `add` or `sign` kept"
    })
final class PolicyDrop extends Verb {
  @Parameters(paramLabel = "NAME|DIGEST", description = "As `cloister policy list` shows it.")
  private String policy;

  PolicyDrop(Options options) {
    super(options);
  }

  @Override
  void run() {
    Policies policies = options.home().policies();
    if (policy.startsWith("sha256:")) {
      if (!policies.remove(digest(policy))) {
        throw unknown("keeps no policy ");
      }
      options.print(
          Json.object().put("digest", policy).build(),
          List.of(
              policy + " is no longer kept. Collaborations that name it are refused without it."));
      return;
    }
    if (!policies.drop(Options.name(policy))) {
      throw unknown("demands no policy ");
    }
    options.print(
        Json.object().put("name", policy).build(),
        List.of(policy + " is no longer demanded. What collaborations demand still is."));
  }

  private CloisterException unknown(String what) {
    return new CloisterException(
        ErrorCode.PARAMETER_INVALID, "your home " + what + policy + "; see `cloister policy list`");
  }

  private static Digest digest(String text) {
    try {
      return Digest.parse(text);
    } catch (IllegalArgumentException e) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID, "“" + text + "” is no digest with all its digits", e);
    }
  }
}
