package cloister.cli;

import cloister.attestation.SimulatedEvidence;
import cloister.client.Finished;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.room.Address;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cloister rehearse`
@Command(
    name = "rehearse",
    description = "Play all participants of a folder on this machine: sign, publish, run, verify.",
    footer = {
      "Examples:",
      "  cloister rehearse examples/hospitals --accept-simulated",
      "  cloister rehearse examples/banks --accept-simulated --json",
      "  cloister rehearse my-collaboration --accept-simulated --keep",
      "",
      "The folder has collaboration.yaml, and a folder for each participant with its documents and,",
      "beside NAME.yaml of a dataset, its data in NAME.csv, NAME.parquet or NAME.json. Homes, keys and",
      "the simulated enclave are made for the occasion. Use it to try terms out on test data."
    })
final class Rehearse extends Verb {
  @Parameters(paramLabel = "DIR", description = "The folder.")
  private Path folder;

  @Option(names = "--keep", description = "Keep the homes and the enclave's state, and say where.")
  private boolean keep;

  Rehearse(Options options) {
    super(options);
  }

  @Override
  void run() throws Exception {
    if (options.acceptance() == SimulatedEvidence.REFUSE) {
      throw new CloisterException(
          ErrorCode.EVIDENCE_SIMULATED,
          "a rehearsal has a simulated enclave, which protects nothing");
    }
    options.warnSimulated();
    Example example = Example.in(folder);
    var steps = new Steps(options);
    var answers = new TreeMap<Address, Finished>();
    try (var work = WorkFolder.make(keep ? WorkFolder.Fate.KEPT : WorkFolder.Fate.DELETED);
        var cast = Acts.enclave(steps, example, work.path(), options)) {
      Acts.agree(steps, cast);
      Acts.apply(steps, cast);
      Acts.publish(steps, cast);
      steps.step("Run every analysis", step -> answers.putAll(runAll(step, cast)));
      Acts.checkLedger(steps, cast);
      if (keep) {
        steps.say("", "Kept in " + work.path());
      }
    }
    steps.say("", "Everything held. " + Text.duration(steps.time()) + " in all.");
    if (options.json()) {
      var json = Json.object();
      answers.forEach(
          (analysis, finished) -> json.put(analysis.toString(), Answers.json(finished, true)));
      options.print(
          Json.object()
              .put("answers", json.build())
              .put("steps", steps.told())
              .put("simulated", true)
              .build(),
          List.of());
    }
  }

  private Map<Address, Finished> runAll(Steps.Step step, Cast cast) throws InterruptedException {
    Map<Address, Finished> finished = cast.run();
    for (var entry : finished.entrySet()) {
      Address analysis = entry.getKey();
      step.command(analysis.party().value(), "cloister run " + analysis.name());
      step.note(Answers.lines(entry.getValue(), step.ink()));
    }
    step.holds(
        finished.size() == 1 ? "the receipt holds" : "all " + finished.size() + " receipts hold",
        !finished.isEmpty());
    return finished;
  }
}
