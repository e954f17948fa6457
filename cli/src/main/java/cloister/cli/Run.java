package cloister.cli;

import cloister.client.Finished;
import cloister.client.Participant;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

/// `cloister run`
@Command(
    name = "run",
    description = "Run an analysis, check its receipt, and show the answer if it is for you.",
    footer = {
      "Examples:",
      "  cloister run overlap --accept-simulated",
      "  cloister run overlap --for CommercialResearch --to research --accept-simulated",
      "  cloister run --sql question.sql --for CommercialResearch --accept-simulated",
      "  cloister run --accept-simulated              # every analysis whose answer is for you",
      "",
      "`cloister explain` says beforehand what a run costs. The same question again is free, and has",
      "the same answer."
    })
final class Run extends Verb {
  @Mixin private final Question question = new Question();
  private int exitCode = ExitCode.OK;

  Run(Options options) {
    super(options);
  }

  @Override
  void run() throws Exception {
    try (Participant participant = options.participant()) {
      if (question.asked()) {
        Finished finished = participant.run(question.request(participant));
        options.print(
            Answers.json(finished, participant.simulated()),
            Answers.lines(finished, terminal().resultInk()));
        return;
      }
      runAll(participant);
    }
  }

  /// Programs get one object, the error in it.
  @Override
  public Integer call() throws Exception {
    super.call();
    return exitCode;
  }

  /// One refusal does not keep the others from running; the first of them is the exit code.
  private void runAll(Participant participant) throws InterruptedException {
    List<Participant.Receivable> receivable = participant.receivable();
    if (receivable.isEmpty()) {
      throw new CloisterException(
          ErrorCode.DOCUMENT_UNKNOWN, "no analysis of this collaboration names you as a recipient");
    }
    var json = new ArrayList<Json>();
    var lines = new ArrayList<String>();
    var failures = new ArrayList<CloisterException>();
    for (Participant.Receivable each : receivable) {
      lines.add(terminal().resultInk().strong(each.analysis().toString()));
      try {
        Finished finished = participant.run(each.request());
        json.add(Answers.json(finished, participant.simulated()));
        lines.addAll(Answers.lines(finished, terminal().resultInk()));
      } catch (CloisterException e) {
        failures.add(e);
        json.add(
            Json.object()
                .put("analysis", each.analysis().toString())
                .put(
                    "error",
                    Json.object()
                        .put("code", e.code().label())
                        .put("message", e.getMessage())
                        .build())
                .build());
        lines.add(
            terminal().resultInk().bad("✗ ")
                + options.proposed(e.getMessage(), terminal().resultInk()));
      }
      lines.add("");
    }
    Optional<CloisterException> failed =
        failures.stream()
            .findFirst()
            .map(first ->
                new CloisterException(
                    first.code(),
                    failures.size()
                        + " of "
                        + receivable.size()
                        + " analyses did not run; see above",
                    first));
    options.print(
        Json.object()
            .put("runs", Json.array(json))
            .put("simulated", participant.simulated())
            .putIfPresent("error", failed, CloisterCommand::json)
            .build(),
        lines);
    if (failed.isPresent() && !options.json()) {
      throw failed.get();
    }
    exitCode = failed.map(failure -> failure.code().kind().exitCode()).orElse(ExitCode.OK);
  }
}
