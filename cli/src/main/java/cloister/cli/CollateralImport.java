package cloister.cli;

import cloister.attestation.Collateral;
import cloister.client.CollateralInput;
import cloister.client.CollateralStore;
import cloister.protocol.Json;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cloister collateral import`
@Command(
    name = "import",
    description = "Take over collateral from a bundle, or from files as vendors publish them.",
    footer = {
      "Examples:",
      "  cloister collateral import bundle.json",
      "  cloister collateral import vcek.der ask.pem genoa.crl tcb-info.json qe-identity.json",
      "  cloister collateral import jwks.json --source https://sharedeus.eus.attest.azure.net/certs",
      "",
      "What a file is, is found out from its content: certificates, a revocation list, Intel's TCB info",
      "and enclave identity, a manifest of NVIDIA, a key set. Whoever made it cannot take back what is",
      "newer, and is trusted with nothing but key sets, where a policy does not name their keys."
    })
final class CollateralImport extends Verb {
  @Parameters(
      arity = "1..*",
      paramLabel = "FILE",
      description = "A bundle that `export` wrote, or a vendor's file.")
  private List<Path> files;

  @Option(
      names = "--source",
      paramLabel = "URL",
      description = "Where a vendor's file was published. A key set is worth nothing without.")
  private Optional<String> source = Optional.empty();

  CollateralImport(Options options) {
    super(options);
  }

  @Override
  void run() {
    List<Collateral> read = files.stream().map(file -> CollateralInput.read(file, source)).toList();
    CollateralStore store = options.collateralToAddTo();
    var added = new CollateralStore.Added(0, 0);
    for (Collateral one : read) {
      CollateralStore.Added more = store.add(one, Instant.now());
      added = new CollateralStore.Added(added.fresh() + more.fresh(), added.ended() + more.ended());
    }
    options.print(
        Json.object().put("new", added.fresh()).put("ended", added.ended()).build(),
        CollateralFetch.told(Text.count(added.fresh(), "new item") + " imported", added));
  }
}
