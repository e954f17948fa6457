package cloister.cli;

import cloister.protocol.Json;
import java.util.List;
import picocli.CommandLine.Command;

/// `cloister suspend`
@Command(
    name = "suspend",
    description = "Stop every run of the collaboration, at once, until you resume it.",
    footer = {
      "Examples:",
      "  cloister suspend --accept-simulated",
      "  cloister suspend -c airline-media-2026 --accept-simulated"
    })
final class Suspend extends Verb {
  Suspend(Options options) {
    super(options);
  }

  @Override
  void run() throws Exception {
    try (var participant = options.participant()) {
      participant.suspend();
      options.print(
          Json.object()
              .put("collaboration", participant.collaboration().value())
              .put("suspendedBy", participant.name().value())
              .put("simulated", participant.simulated())
              .build(),
          List.of(
              "Suspended " + participant.collaboration() + ": nothing runs until you resume it."));
    }
  }
}
