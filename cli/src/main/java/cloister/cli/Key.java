package cloister.cli;

import cloister.client.Home;
import cloister.protocol.Json;
import java.util.List;
import picocli.CommandLine.Command;

/// `cloister key`
@Command(
    name = "key",
    description = "Print your thumbprint, by which collaborations name you.",
    footer = {"Examples:", "  cloister key", "  cloister key --home ./airline-home"})
final class Key extends Verb {
  Key(Options options) {
    super(options);
  }

  @Override
  void run() {
    Home home = options.home();
    options.print(
        Json.object()
            .put("participant", home.participant().value())
            .put("thumbprint", home.thumbprint())
            .build(),
        List.of(home.thumbprint().toString()));
  }
}
