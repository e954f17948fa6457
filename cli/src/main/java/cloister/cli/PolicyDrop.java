package cloister.cli;

import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `cloister policy drop`
@Command(
    name = "drop",
    description = "Demand a policy of your own no longer.",
    footer = {"Examples:", "  cloister policy drop mine"})
final class PolicyDrop extends Verb {
  @Parameters(paramLabel = "NAME", description = "As `cloister policy list` shows it.")
  private String name;

  PolicyDrop(Options options) {
    super(options);
  }

  @Override
  void run() {
    if (!options.home().policies().drop(Options.name(name))) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID,
          "your home demands no policy " + name + "; see `cloister policy list`");
    }
    options.print(
        Json.object().put("name", name).build(),
        List.of(name + " is no longer demanded. What collaborations demand still is."));
  }
}
