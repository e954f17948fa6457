package cloister.cli;

import cloister.client.CollateralStore;
import cloister.protocol.Json;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `cloister collateral import`
@Command(
    name = "import",
    description = "Take over collateral from a bundle, for a machine without a network.",
    footer = {
      "Examples:",
      "  cloister collateral import bundle.json",
      "",
      "Whoever made the bundle is trusted with nothing, and cannot take back what is newer."
    })
final class CollateralImport extends Verb {
  @Parameters(paramLabel = "FILE", description = "A bundle that `export` wrote.")
  private Path file;

  CollateralImport(Options options) {
    super(options);
  }

  @Override
  void run() {
    int added = options.home().collateral().add(CollateralStore.read(file), Instant.now());
    options.print(
        Json.object().put("new", added).build(),
        List.of(Text.count(added, "new item") + " imported."));
  }
}
