package cloister.cli;

import cloister.client.Finished;
import cloister.client.Participant;
import cloister.client.Questions;
import cloister.client.Receipts;
import cloister.crypto.Bytes;
import cloister.protocol.AnswerTable;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.protocol.Reply;
import cloister.room.Name;
import cloister.room.Purpose;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `cloister demo`
@Command(
    name = "demo",
    description =
        "See the main job from end to end, with three participants and a million rows each.",
    footer = {
      "Examples:",
      "  cloister demo",
      "  cloister demo --rows 100000 --keep",
      "",
      "An airline and a media company lend customer data; a research institute asks how many customers",
      "they share, by age. Everything is real but the TEE, which is simulated: it protects nothing.",
      "The command fails if any step does not hold."
    })
final class Demo extends Verb {
  private static final Name AIRLINE = new Name("airline");
  private static final Name MEDIA = new Name("media");
  private static final Name RESEARCH = new Name("research");
  private static final long SEED = 2026;
  private static final List<String> DOCUMENTS =
      List.of(
          "collaboration.yaml",
          "airline/customers.yaml",
          "media/customers.yaml",
          "research/overlap.yaml");

  /// Then about 140 people are in each group. The owners ask for 25; noise takes off more than 100
  /// less than once in a billion runs.
  private static final int LEAST_ROWS = 1000;

  /// An honest answer is this far off once in more than a million runs.
  private static final BigDecimal IMPLAUSIBLE = BigDecimal.valueOf(5);

  @Option(
      names = "--rows",
      paramLabel = "N",
      description = "Rows of each owner, 1000 or more (default: ${DEFAULT-VALUE}).")
  private int rows = 1_000_000;

  @Option(
      names = "--keep",
      description = "Keep homes, data and the enclave's state, and say where.")
  private boolean keep;

  private String run = "";
  private Path receiptFile = Path.of("");

  Demo(Options options) {
    super(options);
  }

  @Override
  void run() throws Exception {
    // The demonstration's enclave is simulated and is nobody's choice: it is what the verb is.
    Options simulated = options.acceptingSimulated();
    Population population = population();
    simulated.warnSimulated();
    var steps = new Steps(simulated);
    try (var work = WorkFolder.make(keep ? WorkFolder.Fate.KEPT : WorkFolder.Fate.DELETED)) {
      Example example = unpack(work.path().resolve("packages"));
      generate(steps, population, example);
      try (var cast = Acts.enclave(steps, example, work.path(), simulated)) {
        Acts.agree(steps, cast);
        Acts.apply(steps, cast);
        Acts.publish(steps, cast);
        ask(steps, cast);
        answer(steps, cast, population);
        prove(steps, cast, work.path());
        Acts.checkLedger(steps, cast);
        budget(steps, cast);
      }
      if (keep) {
        steps.say("", "Kept in " + work.path());
      }
    } catch (Steps.DoesNotHold e) {
      throw new CloisterException(
          ErrorCode.INTERNAL,
          "the demonstration stopped: it does not hold that " + e.getMessage(),
          e);
    }
    steps.say("", "Everything held. " + Text.duration(steps.time()) + " in all.");
    if (options.json()) {
      options.print(
          Json.object()
              .put("rows", rows)
              .put("steps", steps.told())
              .put("milliseconds", steps.time().toMillis())
              .put("simulated", true)
              .build(),
          List.of());
    }
  }

  private Population population() {
    if (rows < LEAST_ROWS) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID,
          "the demonstration needs at least "
              + LEAST_ROWS
              + " rows, not "
              + rows
              + ": with fewer, groups may fall below the owners' thresholds");
    }
    try {
      return new Population(rows, SEED);
    } catch (IllegalArgumentException e) {
      throw new CloisterException(ErrorCode.PARAMETER_INVALID, String.valueOf(e.getMessage()), e);
    }
  }

  /// The example of `examples/airline-media`, out of the jar.
  private static Example unpack(Path folder) throws IOException {
    for (String document : DOCUMENTS) {
      Path target = folder.resolve(document);
      Files.createDirectories(target.getParent());
      try (InputStream in = Demo.class.getResourceAsStream("airline-media/" + document)) {
        if (in == null) {
          throw new IllegalStateException("the jar lacks airline-media/" + document);
        }
        Files.copy(in, target);
      }
    }
    return Example.in(folder);
  }

  private void generate(Steps steps, Population population, Example example) throws Exception {
    steps.step(
        "Make up customers: " + Text.number(rows) + " rows each, from a fixed seed, as Parquet",
        step -> {
          for (Population.Owner owner : Population.Owner.values()) {
            Name name = owner == Population.Owner.AIRLINE ? AIRLINE : MEDIA;
            Path folder = example.packageOf(name);
            Path csv = folder.resolve("generated.csv");
            population.write(owner, csv);
            Path parquet = toParquet(folder, owner, csv);
            Files.delete(csv);
            step.note(
                name
                    + "/"
                    + parquet.getFileName()
                    + ": "
                    + Acts.size(parquet)
                    + ", with repeated, untidy and missing addresses");
          }
        });
  }

  private static Path toParquet(Path folder, Population.Owner owner, Path csv) throws SQLException {
    Path parquet = folder.resolve("customers.parquet");
    try (var connection = DriverManager.getConnection("jdbc:duckdb:");
        var statement = connection.createStatement()) {
      statement.execute(
          "COPY (FROM read_csv('%s', header=true, columns={%s})) TO '%s' (FORMAT parquet)"
              .formatted(csv, owner.types(), parquet));
    }
    return parquet;
  }

  /// Something that the terms forbid, then something that they permit.
  private void ask(Steps steps, Cast cast) throws Exception {
    steps.step(
        "Research asks for more than the airline's terms permit",
        step -> {
          step.command("research", "cloister explain overlap --for ServiceOptimisation");
          Participant research = cast.participant(RESEARCH);
          var request =
              Questions.named(
                  RESEARCH, "overlap", Optional.of(Purpose.SERVICE_OPTIMISATION), Optional.empty());
          Reply.Explanation explanation = research.explain(request);
          step.note(Explain.lines(explanation, options.acceptingSimulated(), step.ink()));
          step.holds(
              "it is denied, with the rule and the path to it",
              explanation.outcome() == Reply.Outcome.DENIED && !explanation.trace().isEmpty());
          step.holds("a request that would pass is shown", explanation.fix().isPresent());
          step.holds(
              "running it all the same is refused",
              refused(ErrorCode.RUN_DENIED, () -> research.run(request)));
        });
    steps.step(
        "Research looks at what the permitted question costs",
        step -> {
          step.command("research", "cloister explain overlap");
          Reply.Explanation explanation =
              cast.participant(RESEARCH)
                  .explain(
                      Questions.named(RESEARCH, "overlap", Optional.empty(), Optional.empty()));
          step.note(Explain.lines(explanation, options.acceptingSimulated(), step.ink()));
          step.holds("it is permitted", explanation.outcome() == Reply.Outcome.PERMITTED);
        });
  }

  private void answer(Steps steps, Cast cast, Population population) throws Exception {
    steps.step(
        "Research runs it, and opens the answer with its own key",
        step -> {
          step.command("research", "cloister run overlap");
          Finished finished =
              cast.participant(RESEARCH)
                  .run(Questions.named(RESEARCH, "overlap", Optional.empty(), Optional.empty()));
          run = finished.run();
          step.note(Answers.lines(finished, step.ink()));
          AnswerTable table = finished.table().orElseThrow();
          step.holds("every number has noise and an error bar", noisy(table));
          step.holds(
              "each number is within five error bars of the true one, which only this demonstration"
                  + " knows",
              plausible(table, population.shared()));
        });
    steps.step(
        "Media opens the same answer with its own key; the airline, no recipient, cannot",
        step -> {
          step.command("media", "cloister result " + run);
          Finished media = cast.participant(MEDIA).result(run);
          step.note(Answers.lines(media, step.ink()));
          step.holds("media reads it", media.table().isPresent());
          step.command("airline", "cloister result " + run);
          Finished airline = cast.participant(AIRLINE).result(run);
          step.note(Answers.lines(airline, step.ink()));
          step.holds("the airline gets the receipt and no answer", airline.table().isEmpty());
        });
    steps.step(
        "The same question again",
        step -> {
          step.command("research", "cloister run overlap");
          Finished again =
              cast.participant(RESEARCH)
                  .run(Questions.named(RESEARCH, "overlap", Optional.empty(), Optional.empty()));
          step.holds(
              "is free and has the same answer: asking twice does not thin out the noise",
              again.repeated()
                  && again.table().equals(cast.participant(RESEARCH).result(run).table()));
        });
  }

  private static boolean noisy(AnswerTable table) {
    return !table.rows().isEmpty()
        && table.rows().stream()
            .map(List::getLast)
            .allMatch(cell -> cell.error().filter(error -> error.signum() > 0).isPresent());
  }

  private static boolean plausible(AnswerTable table, Map<String, Long> truth) {
    return table.rows().size() == truth.size()
        && table.rows().stream()
            .allMatch(row -> {
              Long exact = truth.get(row.getFirst().value().orElse(""));
              AnswerTable.Cell cell = row.getLast();
              return exact != null
                  && new BigDecimal(cell.value().orElseThrow())
                          .subtract(BigDecimal.valueOf(exact))
                          .abs()
                          .compareTo(cell.error().orElseThrow().multiply(IMPLAUSIBLE))
                      <= 0;
            });
  }

  private void prove(Steps steps, Cast cast, Path work) throws Exception {
    steps.step(
        "The airline verifies the receipt offline",
        step -> {
          receiptFile = work.resolve("overlap.receipt.json");
          step.command("airline", "cloister receipt verify overlap.receipt.json");
          Bytes receipt = cast.participant(AIRLINE).result(run).receiptFile();
          Files.write(receiptFile, receipt.toArray());
          Receipts.Checked checked = verify(cast, receipt);
          Text.facts(checked.facts()).forEach(step::note);
          checked.holds().forEach(promise -> step.holds(promise, true));
        });
    steps.step(
        "Somebody changes a byte of the receipt",
        step -> {
          Altered altered = alter(Files.readAllBytes(receiptFile));
          step.command("airline", "cloister receipt verify altered.receipt.json");
          try {
            verify(cast, altered.file());
            step.holds("it is refused", false);
          } catch (CloisterException e) {
            step.note(e.getMessage());
            step.holds(
                "it is refused, and the changed field is named: " + altered.field(),
                e.code() == ErrorCode.RECEIPT_INVALID && e.getMessage().contains(altered.field()));
          }
        });
  }

  private record Altered(Bytes file, String field) {}

  /// One bit of the purpose, inside the signed statement.
  private static Altered alter(byte[] file) {
    String text = new String(file, StandardCharsets.ISO_8859_1);
    String start = "\"payload\":\"";
    int from = text.indexOf(start) + start.length();
    int to = text.indexOf('"', from);
    byte[] statement = Base64.getDecoder().decode(text.substring(from, to));
    String inside = new String(statement, StandardCharsets.ISO_8859_1);
    statement[inside.indexOf("\"purpose\":\"") + 11] ^= 1;
    String altered =
        text.substring(0, from)
            + Base64.getEncoder().encodeToString(statement)
            + text.substring(to);
    return new Altered(Bytes.of(altered.getBytes(StandardCharsets.ISO_8859_1)), "purpose");
  }

  private static Receipts.Checked verify(Cast cast, Bytes receipt) {
    return Receipts.verify(
        receipt,
        cast.home(AIRLINE),
        Optional.empty(),
        cloister.attestation.SimulatedEvidence.ACCEPT);
  }

  private void budget(Steps steps, Cast cast) throws Exception {
    steps.step(
        "The airline looks at what is left of its budget",
        step -> {
          step.command("airline", "cloister budget");
          List<Reply.BudgetLine> budgets = cast.participant(AIRLINE).budget();
          step.note(Budget.table(budgets).lines(step.ink()));
          step.holds(
              "one run was charged, to both owners",
              budgets.size() == 2
                  && budgets.stream().allMatch(line -> line.spentEpsilon().signum() > 0));
        });
  }

  private interface Attempt {
    Object make() throws InterruptedException;
  }

  private static boolean refused(ErrorCode code, Attempt attempt) throws InterruptedException {
    try {
      Object _ = attempt.make();
      return false;
    } catch (CloisterException e) {
      return e.code() == code;
    }
  }
}
