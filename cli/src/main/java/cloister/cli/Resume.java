package cloister.cli;

import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.room.Name;
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
      // Said here what it takes, which the enclave's refusal does not: repeating it is no mistake.
      List<Name> suspendedBy = List.copyOf(participant.status().suspendedBy());
      if (!suspendedBy.contains(participant.name())) {
        if (!suspendedBy.isEmpty()) {
          throw new CloisterException(
              ErrorCode.COLLABORATION_SUSPENDED,
              participant.collaboration()
                  + " is suspended by "
                  + suspendedBy.getFirst()
                  + ", not by you");
        }
      } else {
        participant.resume();
      }
      options.print(
          Json.object()
              .put("collaboration", participant.collaboration().value())
              .put("simulated", participant.simulated())
              .build(),
          List.of(
              suspendedBy.isEmpty()
                  ? "Nobody has suspended " + participant.collaboration() + "."
                  : "Resumed " + participant.collaboration() + ", as far as it is up to you."));
    }
  }
}
