package cloister.cli;

import cloister.attestation.Collateral;
import cloister.protocol.CloisterException;
import cloister.protocol.CollateralFile;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import java.io.IOException;
import java.nio.file.Files;
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
  @Parameters(paramLabel = "FILE", description = "The bundle to write.")
  private Path file;

  CollateralExport(Options options) {
    super(options);
  }

  @Override
  void run() {
    Collateral collateral = options.home().collateral().read();
    try {
      Files.write(file, CollateralFile.write(collateral).canonical());
    } catch (IOException e) {
      throw new CloisterException(ErrorCode.FILE_UNREADABLE, file + " cannot be written", e);
    }
    options.print(
        Json.object().put("items", collateral.items().size()).build(),
        List.of(Text.count(collateral.items().size(), "item") + " written to " + file + "."));
  }
}
