package cloister.cli;

import cloister.client.Participant;
import cloister.crypto.Digest;
import cloister.protocol.Reply;
import cloister.room.Address;
import cloister.room.Name;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The acts that every rehearsal has, told as steps.
final class Acts {
  private Acts() {}

  static Cast enclave(Steps steps, Example example, Path work, Options options) throws Exception {
    var started = new Cast[1];
    steps.step(
        "Start an enclave server in a process of its own",
        step -> {
          step.command("operator", "cloister enclave serve --accept-simulated");
          started[0] = Cast.start(example, work, options);
          step.note(
              started[0].enclave() + ", process " + started[0].enclavePid() + ", simulated TEE");
        });
    return started[0];
  }

  /// Homes, keys, signatures, evidence.
  static void agree(Steps steps, Cast cast) throws Exception {
    steps.step(
        "Each participant makes a home with its own keys",
        step -> {
          Map<Name, Digest> thumbprints = cast.init();
          for (var each : thumbprints.entrySet()) {
            step.command(each.getKey().value(), "cloister init " + each.getKey());
            step.note(each.getValue().toString());
          }
        });
    steps.step(
        "Each checks the enclave's evidence and signs the collaboration",
        step -> {
          step.command("everybody", "cloister sign collaboration.yaml --enclave " + cast.enclave());
          cast.sign();
          for (Name name : cast.names()) {
            Participant participant = cast.participant(name);
            step.holds(
                name
                    + " verified evidence of "
                    + participant.attestation().measurement().toString().substring(0, 21)
                    + "…",
                participant.simulated());
          }
          step.holds(
              "the collaboration is active: all have signed the same digest",
              cast.participant(cast.names().getFirst()).standing().inForce().isPresent());
        });
  }

  static void apply(Steps steps, Cast cast) throws Exception {
    steps.step(
        "Owners sign their datasets and terms, analysts their analyses",
        step -> {
          step.command("everybody", "cloister apply .");
          for (Address address : cast.apply()) {
            step.note(address.toString());
          }
        });
  }

  static void publish(Steps steps, Cast cast) throws Exception {
    steps.step(
        "Owners seal their data on their own machine and publish it",
        step -> {
          for (Map.Entry<Name, Path> each : cast.dataFiles().entrySet()) {
            step.command(
                each.getKey().value(),
                "cloister publish "
                    + Cast.dataset(each.getValue())
                    + " "
                    + each.getValue().getFileName());
          }
          for (var each : cast.publish().entrySet()) {
            step.note(each.getKey() + ": " + summary(each.getValue()));
            step.holds(each.getKey() + " is published", each.getValue().version().isPresent());
          }
        });
  }

  static void checkLedger(Steps steps, Cast cast) throws Exception {
    steps.step(
        "Each checks that the ledger has only grown",
        step -> {
          step.command("everybody", "cloister ledger check");
          for (Name name : cast.names()) {
            var standing = cast.participant(name).checkLedger();
            step.holds(
                name
                    + ": "
                    + Text.count(standing.size(), "event")
                    + ", beginning with the "
                    + Text.number(standing.before())
                    + " seen before",
                standing.before() > 0 && standing.size() >= standing.before());
          }
        });
  }

  /// What an upload's report comes to, in a line.
  private static String summary(Reply.Published published) {
    var parts = new ArrayList<String>(List.of(Text.count(published.report().kept(), "row")));
    if (published.report().withoutUnit() > 0) {
      parts.add(Text.number(published.report().withoutUnit()) + " without a privacy unit left out");
    }
    published
        .report()
        .bad()
        .forEach(bad -> parts.add(Text.number(bad.count()) + " bad in " + bad.column()));
    return String.join("; ", parts);
  }

  static String size(Path file) throws IOException {
    return Text.bytes(Files.size(file));
  }
}
