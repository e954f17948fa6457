package cloister.cli;

import cloister.attestation.SimulatedEvidence;
import cloister.client.Finished;
import cloister.protocol.AnswerTable;
import cloister.protocol.CloisterException;
import cloister.protocol.Document.AnalysisDocument;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.room.Address;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
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
      "beside those of a dataset NAME, its data in NAME.csv, NAME.parquet or NAME.json. Homes, keys and",
      "the simulated enclave are made for the occasion, so collaboration.yaml has placeholders for them:",
      "",
      "  participants:",
      "    bank: {key: \"$${bank.key}\"}",
      "  enclave:",
      "    accept: [simulated]",
      "    measurements: [\"$${enclave.measurement}\"]",
      "",
      "Every analysis is run as its owner, or as one of its recipients; what was not tried is listed at",
      "the end. Use it to try terms out on test data."
    })
final class Rehearse extends Verb {
  @Parameters(paramLabel = "DIR", description = "The folder.")
  private Path folder;

  @Option(names = "--keep", description = "Keep the homes and the enclave's state, and say where.")
  private boolean keep;

  private int exitCode = ExitCode.OK;

  Rehearse(Options options) {
    super(options);
  }

  @Override
  public Integer call() throws Exception {
    super.call();
    return exitCode;
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
    var account = new Account(example.withoutData().values());
    account.notTried.forEach(gap -> steps.say(terminal().resultInk().warning("! ") + gap));
    try (var work = WorkFolder.make(keep ? WorkFolder.Fate.KEPT : WorkFolder.Fate.DELETED);
        var cast = Acts.enclave(steps, example, work.path(), options)) {
      Acts.agree(steps, cast);
      Acts.apply(steps, cast);
      Acts.publish(steps, cast);
      steps.step("Run every analysis", step -> runAll(step, cast, account));
      Acts.checkLedger(steps, cast);
      if (keep) {
        steps.say("", "Kept in " + work.path());
      }
    }
    String time = " " + Text.duration(steps.time()) + " in all.";
    if (account.notTried.isEmpty() && account.failures.isEmpty()) {
      steps.say("", "Everything held." + time);
    } else {
      steps.say("", "What was tried held, and this was not:" + time);
      account.notTried.forEach(each -> steps.say("  " + each));
    }
    finish(steps, account);
  }

  /// What came of the analyses.
  private static final class Account {
    private final SortedMap<Address, Finished> answers = new TreeMap<>();

    /// What the rehearsal says nothing about, in sentences.
    private final List<String> notTried;

    private final List<CloisterException> failures = new ArrayList<>();
    private int analyses;

    Account(Collection<String> gaps) {
      this.notTried = new ArrayList<>(gaps);
    }
  }

  private void runAll(Steps.Step step, Cast cast, Account account) throws InterruptedException {
    List<AnalysisDocument> analyses = cast.analyses();
    account.analyses = analyses.size();
    for (AnalysisDocument analysis : analyses) {
      Address address = analysis.address();
      try {
        Cast.Ran ran = cast.run(analysis);
        account.answers.put(address, ran.finished());
        step.command(
            ran.requester().value(),
            "cloister run " + (ran.requester().equals(address.party()) ? address.name() : address));
        if (!ran.reader().equals(ran.requester())) {
          step.command(ran.reader().value(), "cloister result " + ran.finished().run());
        }
        step.note(Answers.lines(ran.finished(), step.ink()));
        missing(ran.finished()).ifPresent(what -> account.notTried.add(address + ": " + what));
      } catch (CloisterException e) {
        step.command(address.party().value(), "cloister run " + address.name());
        if (e.code() == ErrorCode.QUERY_REJECTED && isRead(address, analyses)) {
          account.notTried.add(address + " is not run by itself: other analyses read it");
          continue;
        }
        account.failures.add(e);
        account.notTried.add(
            address + " did not run: " + e.getMessage().lines().findFirst().orElse(""));
        step.note(
            (step.ink().bad("✗ ") + options.proposed(e.getMessage(), step.ink())).split("\n"));
      }
    }
    if (analyses.isEmpty()) {
      account.notTried.add("no participant has an analysis: no terms were tried");
    }
    int receipts = account.answers.size();
    if (receipts > 0) {
      step.holds(receipts == 1 ? "the receipt holds" : "all " + receipts + " receipts hold", true);
    }
  }

  /// What a person may take for an answer and is none.
  private static Optional<String> missing(Finished finished) {
    List<List<AnswerTable.Cell>> rows = finished.table().map(AnswerTable::rows).orElse(List.of());
    if (rows.isEmpty()) {
      return Optional.of("the answer is empty: no group was released");
    }
    long empty = rows.stream().flatMap(List::stream).filter(cell -> cell.value().isEmpty()).count();
    return empty == 0
        ? Optional.empty()
        : Optional.of(Text.count(empty, "value") + " of the answer withheld, or without any data");
  }

  /// Rows are for other analyses. Whether one names it is enough: what it makes of it is its own
  /// success or failure.
  private static boolean isRead(Address address, List<AnalysisDocument> analyses) {
    var name = Pattern.compile("\\b" + Pattern.quote(address.name().value()) + "\\b");
    return analyses.stream()
        .anyMatch(other -> !other.address().equals(address) && name.matcher(other.sql()).find());
  }

  private void finish(Steps steps, Account account) {
    Optional<CloisterException> failed =
        account.failures.stream()
            .findFirst()
            .map(first ->
                new CloisterException(
                    first.code(),
                    account.failures.size()
                        + " of "
                        + account.analyses
                        + " analyses did not run; see above",
                    first));
    if (!options.json()) {
      if (failed.isPresent()) {
        throw failed.get();
      }
      return;
    }
    var json = Json.object();
    account.answers.forEach(
        (analysis, finished) -> json.put(analysis.toString(), Answers.json(finished, true)));
    options.print(
        Json.object()
            .put("answers", json.build())
            .put("notTried", account.notTried)
            .put("steps", steps.told())
            .put("simulated", true)
            .putIfPresent("error", failed, CloisterCommand::json)
            .build(),
        List.of());
    exitCode = failed.map(failure -> failure.code().kind().exitCode()).orElse(ExitCode.OK);
  }
}
