package cloister.cli;

import cloister.attestation.Claim;
import cloister.attestation.Evidence;
import cloister.attestation.EvidenceException;
import cloister.attestation.EvidenceParts;
import cloister.client.EvidenceCheck;
import cloister.protocol.AttestationResult;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
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
  @Parameters(paramLabel = "FILE", description = "The evidence, or its report.")
  private Path file;

  @Option(
      names = "--part",
      paramLabel = "NAME=FILE",
      description = "A part that is in a file of its own, as policy=policy.base64; repeatable.")
  private Map<String, Path> parts = new TreeMap<>();

  EvidenceShow(Options options) {
    super(options);
  }

  @Override
  void run() {
    Evidence evidence = EvidenceCheck.read(file, named(parts));
    List<Claim> claims;
    List<String> missing;
    try {
      claims = EvidenceParts.claims(evidence);
      missing = EvidenceParts.missing(evidence).stream().map(Evidence.Part::label).toList();
    } catch (EvidenceException e) {
      throw new CloisterException(ErrorCode.FILE_UNREADABLE, file + ": " + e.getMessage(), e);
    }
    var facts = new LinkedHashMap<String, String>();
    facts.put("tee", evidence.tee().label());
    for (Claim claim : claims) {
      facts.merge(
          claim.name(), Text.cell(claim.value().toString()), (one, other) -> one + ", " + other);
    }
    var json = Json.object().put("tee", evidence.tee().label());
    AttestationResult.claims(claims).members().forEach(json::put);
    var lines = new ArrayList<>(Text.facts(facts));
    if (!missing.isEmpty()) {
      lines.add(
          terminal()
              .resultInk()
              .warning(
                  "! To be verified it lacks the parts %s: name each with --part NAME=FILE."
                      .formatted(String.join(", ", missing))));
    }
    lines.add(terminal().resultInk().faint("Nothing of this is verified."));
    options.print(json.put("missing", missing).put("verified", false).build(), lines);
  }

  /// By the names of `docs/evidence.md`.
  static Map<Evidence.Part, Path> named(Map<String, Path> parts) {
    var named = new EnumMap<Evidence.Part, Path>(Evidence.Part.class);
    parts.forEach((name, path) ->
        named.put(
            Evidence.Part.byLabel(name)
                .filter(part -> part != Evidence.Part.REPORT)
                .orElseThrow(() ->
                    new CloisterException(
                        ErrorCode.PARAMETER_INVALID,
                        "--part %s: there are %s, and the file itself is the report"
                            .formatted(name, known()))),
            path));
    return named;
  }

  private static String known() {
    return Arrays.stream(Evidence.Part.values())
        .filter(part -> part != Evidence.Part.REPORT)
        .map(Evidence.Part::label)
        .collect(Collectors.joining(", "));
  }
}
