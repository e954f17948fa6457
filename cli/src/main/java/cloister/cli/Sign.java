package cloister.cli;

import cloister.client.DocumentPackage;
import cloister.client.Home;
import cloister.client.Participant;
import cloister.client.Standing;
import cloister.protocol.Document.CollaborationDocument;
import cloister.protocol.Json;
import cloister.room.Collaboration;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `cloister sign`
@Command(
    name = "sign",
    description = "Sign a collaboration. It is active when all participants have signed the same.",
    footer = {
      "Examples:",
      "  cloister sign collaboration.yaml --enclave http://127.0.0.1:8780 --accept-simulated",
      "  cloister sign collaboration-v2.yaml --accept-simulated   # an amendment; the enclave is known",
      "",
      "The attestation policy that it names is looked for in a folder `policies` beside it.",
      "You sign the file that you read, not what a server shows. The first participant to sign",
      "proposes it. Your key must be the one that the file names for you."
    })
final class Sign extends Verb {
  @Parameters(paramLabel = "FILE", description = "The collaboration, in YAML.")
  private Path file;

  Sign(Options options) {
    super(options);
  }

  @Override
  void run() throws Exception {
    CollaborationDocument document = DocumentPackage.collaboration(file);
    Home home = options.home();
    home.policies().addBeside(file, document.collaboration());
    try (Participant participant = options.join(home, document)) {
      Standing standing = participant.standing();
      Collaboration collaboration = document.collaboration();
      boolean active =
          standing.inForce().filter(is -> is.digest().equals(document.digest())).isPresent();
      SortedSet<String> missing =
          active
              ? Collections.emptySortedSet()
              : standing.pending().map(Standing.Pending::missing).orElseThrow();
      var lines = new ArrayList<String>();
      lines.add(
          "Signed "
              + collaboration.name()
              + ", version "
              + collaboration.version()
              + ", as "
              + participant.name()
              + ":");
      lines.add("  " + document.digest());
      lines.add(
          active
              ? "All participants have signed: it is active."
              : "It becomes active when "
                  + String.join(" and ", missing)
                  + (missing.size() == 1 ? " has" : " have")
                  + " signed too.");
      if (active) {
        standing.pending().ifPresent(pending -> lines.add(Status.waiting(pending)));
      }
      options.print(
          Json.object()
              .put("collaboration", collaboration.name().value())
              .put("version", collaboration.version())
              .put("digest", document.digest())
              .put("active", active)
              .put("missing", missing)
              .put("simulated", participant.simulated())
              .build(),
          List.copyOf(lines));
    }
  }
}
