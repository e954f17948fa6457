package cloister.cli;

import cloister.client.Home;
import cloister.protocol.Json;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `cloister init`
@Command(
    name = "init",
    description = "Make your home: a signing key, a key that answers are sealed to, and your name.",
    footer = {
      "Examples:",
      "  cloister init airline",
      "  cloister init airline --home ./airline-home",
      "",
      "It prints your thumbprint, which the collaboration document names. The keys never leave the",
      "folder; whoever can read it is you."
    })
final class Init extends Verb {
  @Parameters(paramLabel = "NAME", description = "Your name in collaborations.")
  private String participant;

  Init(Options options) {
    super(options);
  }

  @Override
  void run() {
    Home home = Home.create(options.homeFolder(), Options.name(participant));
    options.print(
        Json.object()
            .put("participant", home.participant().value())
            .put("thumbprint", home.thumbprint())
            .put("home", home.folder().toString())
            .build(),
        List.of(
            "Made " + home.folder() + " for " + home.participant() + ". Its thumbprint:",
            "",
            "  " + home.participant() + ": {key: \"" + home.thumbprint() + "\"}",
            "",
            "Give this line to whoever writes the collaboration, by a way that cannot be forged."));
  }
}
