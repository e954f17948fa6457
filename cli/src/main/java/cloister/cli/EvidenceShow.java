package cloister.cli;

import cloister.attestation.Claim;
import cloister.attestation.Evidence;
import cloister.attestation.Report;
import cloister.client.EvidenceCheck;
import cloister.protocol.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `cloister evidence show`
@Command(
    name = "show",
    description = "Show what evidence says. Nothing of it is verified.",
    footer = {
      "Examples:",
      "  cloister evidence show report.bin",
      "  cloister evidence show quote.hex --json",
      "",
      "The kind is found out from the bytes: an SNP report, a TDX or SGX quote, a Nitro document, an",
      "HCL report, an SPDM report, a token of Google, Microsoft or NVIDIA, each as it is or as",
      "hexadecimal or base64 text; or the JSON that this program, Trustee, dstack, NVIDIA's nvattest",
      "and Microsoft's samples write."
    })
final class EvidenceShow extends Verb {
  @Parameters(paramLabel = "FILE", description = "The evidence.")
  private Path file;

  EvidenceShow(Options options) {
    super(options);
  }

  @Override
  void run() {
    Evidence evidence = EvidenceCheck.read(file);
    Report report = EvidenceCheck.parse(evidence);
    var facts = new LinkedHashMap<String, String>();
    facts.put("tee", report.tee().label());
    for (Claim claim : report.claims()) {
      facts.merge(claim.name(), Text.cell(claim.value()), (one, other) -> one + ", " + other);
    }
    var json = Json.object();
    facts.forEach(json::put);
    var lines = new ArrayList<>(Text.facts(facts));
    lines.add(terminal().resultInk().faint("Nothing of this is verified."));
    options.print(json.put("verified", false).build(), lines);
  }
}
