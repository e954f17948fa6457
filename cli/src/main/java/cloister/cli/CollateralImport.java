package cloister.cli;

import cloister.client.CollateralStore;
import cloister.protocol.Json;
import java.nio.file.Path;
import java.time.Instant;
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
      "Whoever made the bundle cannot take back what is newer, and is trusted with nothing but key sets",
      "(of Azure Attestation and Google's OIDC tokens), where a policy does not name their keys."
    })
final class CollateralImport extends Verb {
  @Parameters(paramLabel = "FILE", description = "A bundle that `export` wrote.")
  private Path file;

  CollateralImport(Options options) {
    super(options);
  }

  @Override
  void run() {
    CollateralStore.Added added =
        options.home().collateral().add(CollateralStore.read(file), Instant.now());
    options.print(
        Json.object()
            .put("new", added.fresh())
            .put("ended", added.ended())
            .put("unproven", added.unproven())
            .build(),
        CollateralFetch.told(Text.count(added.fresh(), "new item") + " imported", added));
  }
}
