package cloister.cli;

import cloister.protocol.Json;
import java.util.List;
import picocli.CommandLine.Command;

/// `cloister resume`
@Command(
    name = "resume",
    description = "Lift your own suspension.",
    footer = {"Examples:", "  cloister resume --accept-simulated"})
final class Resume extends Verb {
  Resume(Options options) {
    super(options);
  }

  @Override
  void run() throws Exception {
    try (var participant = options.participant()) {
      participant.resume();
      options.print(
          Json.object()
              .put("collaboration", participant.collaboration().value())
              .put("simulated", participant.simulated())
              .build(),
          List.of("Resumed " + participant.collaboration() + ", as far as it is up to you."));
    }
  }
}
