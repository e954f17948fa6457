package cloister.cli;

import cloister.client.Home;
import cloister.client.Standing;
import cloister.protocol.Json;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;

/// `cloister status`
@Command(
    name = "status",
    description = "Show the collaboration: who has signed, what is lent, what was asked.",
    footer = {
      "Examples:",
      "  cloister status --accept-simulated",
      "  cloister status -c airline-media-2026 --json --accept-simulated"
    })
final class Status extends Verb {
  Status(Options options) {
    super(options);
  }

  @Override
  void run() throws Exception {
    Home home = options.home();
    if (home.collaborations().isEmpty()) {
      options.print(
          Json.object()
              .put("participant", home.participant().value())
              .put("thumbprint", home.thumbprint())
              .put("collaborations", List.of())
              .build(),
          List.of(
              home.participant() + " takes part in no collaboration yet.",
              "Its thumbprint is " + home.thumbprint()));
      return;
    }
    try (var participant = options.participant()) {
      Standing standing = participant.standing();
      options.print(standing.json(), lines(standing));
    }
  }

  private List<String> lines(Standing standing) {
    Terminal.Ink ink = terminal().resultInk();
    var lines = new ArrayList<String>();
    lines.add(ink.strong(standing.name().value()) + "  " + state(standing, ink));
    standing.inForce().ifPresent(version -> lines.add(Text.version(version) + " is in force."));
    standing.pending().ifPresent(pending -> lines.add(waiting(pending)));
    lines.add("");
    var participants =
        new Table(
            Table.Column.text("PARTICIPANT"),
            Table.Column.text("SIGNED"),
            Table.Column.text("CERTIFICATE"),
            Table.Column.text("KEY"));
    standing
        .participants()
        .forEach(each ->
            participants.row(
                each.name() + (each.you() ? " (you)" : ""),
                each.signed() ? "yes" : "no",
                certificate(standing, each),
                each.key().brief()));
    lines.addAll(participants.lines(ink));
    if (!standing.documents().isEmpty()) {
      lines.add("");
      var documents =
          new Table(
              Table.Column.text("DATASETS AND ANALYSES"),
              Table.Column.text("DIGEST"),
              Table.Column.text("DATA"));
      standing
          .documents()
          .forEach(
              each -> documents.row(each.address().toString(), each.digest().brief(), each.data()));
      lines.addAll(documents.lines(ink));
    }
    if (!standing.runs().isEmpty()) {
      lines.add("");
      var runs =
          new Table(
              Table.Column.text("RUN"),
              Table.Column.text("ANALYSIS"),
              Table.Column.text("BY"),
              Table.Column.text("PURPOSE"),
              Table.Column.text("AT"),
              Table.Column.text("STATE"));
      standing
          .runs()
          .forEach(run ->
              runs.row(
                  run.run(),
                  run.analysis().toString(),
                  run.requester().value(),
                  run.purpose().term(),
                  run.at().truncatedTo(ChronoUnit.SECONDS).toString(),
                  run.state().label()));
      lines.addAll(runs.lines(ink));
    }
    return lines;
  }

  static String waiting(Standing.Pending pending) {
    return Text.version(pending.version())
        + " waits for "
        + String.join(" and ", pending.missing())
        + " to sign; "
        + String.join(" and ", pending.signed())
        + (pending.signed().size() == 1 ? " has." : " have.");
  }

  /// A certificate is issued by itself, at the first command of its holder once it can be.
  private static String certificate(Standing standing, Standing.Member member) {
    if (member.enrolled()) {
      return "issued";
    }
    return standing.inForce().isPresent() ? "at its next command" : "once all have signed";
  }

  private static String state(Standing standing, Terminal.Ink ink) {
    if (!standing.suspendedBy().isEmpty()) {
      return ink.bad("suspended by " + String.join(", ", standing.suspendedBy()));
    }
    return standing.inForce().isPresent()
        ? ink.good("active")
        : ink.warning("waits for signatures");
  }
}
