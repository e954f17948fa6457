package cloister.cli;

import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `cloister collateral drop`
@Command(
    name = "drop",
    description = "Take out of your home what was published at an address.",
    footer = {
      "Examples:",
      "  cloister collateral drop https://sharedeus.eus.attest.azure.net/certs   # keys that leaked",
      "",
      "`collateral show --json` names the addresses. What is dropped can be fetched anew."
    })
final class CollateralDrop extends Verb {
  @Parameters(paramLabel = "URL", description = "Where the vendor publishes it.")
  private String source;

  CollateralDrop(Options options) {
    super(options);
  }

  @Override
  void run() {
    int dropped = options.home().collateral().drop(source);
    if (dropped == 0) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID,
          "your home holds nothing from there: `cloister collateral show --json` names what it"
              + " holds");
    }
    options.print(
        Json.object().put("dropped", dropped).build(),
        List.of(Text.count(dropped, "item") + " dropped."));
  }
}
