package cloister.cli;

import cloister.attestation.Collateral;
import cloister.protocol.CollateralFile;
import cloister.protocol.Json;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `cloister collateral export`
@Command(
    name = "export",
    description = "Write your home's collateral to a bundle, for a machine without a network.",
    footer = {"Examples:", "  cloister collateral export bundle.json"})
final class CollateralExport extends Verb {
  @Parameters(paramLabel = "FILE", description = "The bundle to write: a new file.")
  private Path file;

  CollateralExport(Options options) {
    super(options);
  }

  @Override
  void run() {
    Collateral collateral = options.collateral().read();
    EvidenceFetch.writeNew(file, CollateralFile.write(collateral).canonical());
    options.print(
        Json.object().put("items", collateral.items().size()).build(),
        List.of(Text.count(collateral.items().size(), "item") + " written to " + file + "."));
  }
}
