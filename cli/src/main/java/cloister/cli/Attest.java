package cloister.cli;

import cloister.attestation.Check;
import cloister.client.Attestation;
import cloister.client.Participant;
import cloister.client.Standing;
import cloister.protocol.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;

/// `cloister attest`
@Command(
    name = "attest",
    description = "Ask the enclave for fresh evidence and check it against what you signed.",
    footer = {
      "Examples:",
      "  cloister attest --accept-simulated",
      "  cloister attest -c airline-media-2026 --json --accept-simulated",
      "",
      "Every verb does this before it sends anything; this one shows it. What is demanded is the",
      "`enclave` part of the collaboration that you signed."
    })
final class Attest extends Verb {
  Attest(Options options) {
    super(options);
  }

  @Override
  void run() throws Exception {
    try (Participant participant = options.participant()) {
      // The version in force is asked for first: an enclave that it does not name is refused here.
      Optional<Standing.Version> version = participant.inForce();
      Attestation attestation = participant.attestation();
      options.print(
          Json.object()
              .put("collaboration", participant.collaboration().value())
              .putIfPresent("version", version, is -> Json.of(is.number()))
              .put("enclave", attestation.enclave().toString())
              .put("tee", attestation.tee().label())
              .put("measurement", attestation.measurement().toString())
              .put("holds", attestation.checks())
              .put("noted", noted(attestation))
              .put("simulated", participant.simulated())
              .build(),
          lines(version, attestation, terminal().resultInk()));
    }
  }

  private static List<String> lines(
      Optional<Standing.Version> version, Attestation attestation, Terminal.Ink ink) {
    var lines = new ArrayList<String>();
    lines.add(
        version
            .map(is -> Text.version(is) + " is in force.")
            .orElse("No version is in force: not all have signed."));
    lines.add("enclave      " + attestation.enclave());
    lines.add("TEE          " + attestation.tee());
    lines.add("measurement  " + attestation.measurement());
    attestation.checks().forEach(check -> lines.add(ink.good("✓") + " " + check));
    noted(attestation).forEach(check -> lines.add(ink.warning("!") + " " + check));
    return lines;
  }

  /// What nobody demanded anything of: each `any` of a policy is here.
  private static List<String> noted(Attestation attestation) {
    return attestation.accepted().checks().stream()
        .filter(check -> check.outcome() == Check.Outcome.NOTED)
        .map(check -> check.name() + "  " + Text.cell(check.detail()))
        .toList();
  }
}
