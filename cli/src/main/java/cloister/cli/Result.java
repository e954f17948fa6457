package cloister.cli;

import cloister.client.Finished;
import cloister.client.Participant;
import cloister.protocol.AnswerTable;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cloister result`
@Command(
    name = "result",
    description = "Open the answer of a run with your own key, and check its receipt.",
    footer = {
      "Examples:",
      "  cloister result run-a63400c6e1560057 --accept-simulated   # `cloister status` lists the runs",
      "  cloister result run-a63400c6e1560057 -o overlap.csv --receipt overlap.receipt.json \\",
      "      --accept-simulated",
      "  cloister result run-a63400c6e1560057 -o overlap.json --accept-simulated",
      "",
      "Only a recipient can: the answer is sealed to its key."
    })
final class Result extends Verb {
  @Parameters(paramLabel = "RUN", description = "The run's id.")
  private String run;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Write the answer there, as .csv or .json.")
  private Optional<Path> output = Optional.empty();

  @Option(
      names = "--receipt",
      paramLabel = "FILE",
      description = "Write the receipt there, for `cloister receipt verify`.")
  private Optional<Path> receipt = Optional.empty();

  Result(Options options) {
    super(options);
  }

  @Override
  void run() throws Exception {
    output.ifPresent(Result::format);
    try (Participant participant = options.participant()) {
      Finished finished = participant.result(run);
      if (receipt.isPresent()) {
        write(receipt.get(), finished.receiptFile().toArray());
      }
      if (output.isPresent()) {
        AnswerTable table =
            finished
                .table()
                .orElseThrow(() ->
                    new CloisterException(
                        ErrorCode.RESULT_NOT_FOR_YOU,
                        "the answer of run " + run + " is for " + Answers.recipients(finished)));
        String text =
            switch (format(output.get())) {
              case CSV -> Answers.csv(table);
              case JSON -> Answers.rows(table).pretty() + "\n";
            };
        write(output.get(), text.getBytes(StandardCharsets.UTF_8));
      }
      options.print(
          Answers.json(finished, participant.simulated()),
          output.isPresent() ? List.of() : Answers.lines(finished, terminal().resultInk()));
    }
  }

  private void write(Path file, byte[] content) {
    try {
      Files.write(file, content);
      terminal().say("Wrote " + file);
    } catch (IOException e) {
      throw new CloisterException(ErrorCode.FILE_UNREADABLE, file + " cannot be written", e);
    }
  }

  private enum Format {
    CSV,
    JSON
  }

  private static Format format(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".csv")) {
      return Format.CSV;
    }
    if (name.endsWith(".json")) {
      return Format.JSON;
    }
    throw new CloisterException(
        ErrorCode.PARAMETER_INVALID, "an answer is written as .csv or .json, not as " + file);
  }
}
