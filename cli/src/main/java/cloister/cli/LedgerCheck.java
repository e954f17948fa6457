package cloister.cli;

import cloister.client.LedgerStanding;
import cloister.client.Participant;
import cloister.protocol.Json;
import java.util.List;
import picocli.CommandLine.Command;

/// `cloister ledger check`
@Command(
    name = "check",
    description = "Check that the log has only grown since you last saw it.",
    footer = {
      "Examples:",
      "  cloister ledger check --accept-simulated",
      "",
      "Every verb does this; this one shows it. A log that was rolled back or forked is refused from",
      "then on, whatever it says."
    })
final class LedgerCheck extends Verb {
  LedgerCheck(Options options) {
    super(options);
  }

  @Override
  void run() throws Exception {
    try (Participant participant = options.participant()) {
      LedgerStanding standing = participant.checkLedger();
      options.print(
          Json.object()
              .put("collaboration", participant.collaboration().value())
              .put("sizeBefore", standing.before())
              .put("size", standing.size())
              .put("root", standing.root())
              .put("holds", true)
              .put("simulated", participant.simulated())
              .build(),
          lines(standing, terminal().resultInk()));
    }
  }

  static List<String> lines(LedgerStanding standing, Terminal.Ink ink) {
    return List.of(
        ink.good("✓")
            + " the ledger has "
            + Text.count(standing.size(), "event")
            + ", and begins with the "
            + Text.number(standing.before())
            + " that this home had seen",
        "  root " + standing.root());
  }
}
