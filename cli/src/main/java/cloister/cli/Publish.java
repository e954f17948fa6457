package cloister.cli;

import cloister.client.Participant;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.protocol.Reply;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cloister publish`
@Command(
    name = "publish",
    description = "Seal a file to the enclave as the new data of your dataset.",
    footer = {
      "Examples:",
      "  cloister publish customers customers.csv --accept-simulated",
      "  cloister publish customers customers.parquet --max-bad-rows 100 --accept-simulated",
      "",
      "The file, one, is CSV (.csv, .tsv, .txt; separated by comma, semicolon, tab or bar), JSON (.json,",
      ".ndjson, .jsonl; an object per line, or a list of objects), text also packed (.gz), or Parquet",
      "(.parquet, .pq); in UTF-8. It has the dataset's columns in any order; others are left out. It is",
      "sealed on this machine. After an interruption the same command goes on where it was."
    })
final class Publish extends Verb {
  private static final int MOST_ROWS = 10;

  @Parameters(index = "0", paramLabel = "DATASET", description = "Its name, as in your documents.")
  private String dataset;

  @Parameters(index = "1", paramLabel = "FILE", description = "The data.")
  private Path file;

  @Option(
      names = "--max-bad-rows",
      paramLabel = "N",
      description = "Leave out up to so many rows that break the schema (default: none).")
  private long maxBadRows;

  Publish(Options options) {
    super(options);
  }

  @Override
  void run() throws Exception {
    if (maxBadRows < 0) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID, "--max-bad-rows is 0 or more, not " + maxBadRows);
    }
    try (Participant participant = options.participant()) {
      Reply.Published published =
          Publishing.publish(
              participant, Options.name(dataset), file, maxBadRows, options.terminal());
      Reply.Report report = published.report();
      if (published.version().isEmpty()) {
        throw new CloisterException(
            ErrorCode.DATA_BAD_ROWS,
            file
                + ": nothing was published; the earlier version, if any, stays in use\n"
                + String.join("\n", report(report)));
      }
      var lines = new ArrayList<String>();
      lines.add(
          "Published "
              + Text.count(report.kept(), "row")
              + " of /"
              + participant.name()
              + "/dataset/"
              + dataset
              + ", version "
              + published.version().get().digest().brief());
      published
          .version()
          .get()
          .until()
          .ifPresent(until -> lines.add("It may be used until " + until + "."));
      report(report).forEach(line -> lines.add("  " + line));
      options.print(json(published, participant), lines);
    }
  }

  /// What was wrong with the data: for its owner's eyes.
  static List<String> report(Reply.Report report) {
    var lines = new ArrayList<String>();
    if (report.withoutUnit() > 0) {
      lines.add(Text.count(report.withoutUnit(), "row") + " without a privacy unit left out");
    }
    for (Reply.BadRows bad : report.bad()) {
      List<Long> shown = bad.firstRows().stream().limit(MOST_ROWS).toList();
      lines.add(
          Text.count(bad.count(), "bad row")
              + ": `"
              + bad.column()
              + "` "
              + inWords(bad.reason())
              + (shown.isEmpty() ? "" : shown.size() == 1 ? ", in row " : ", in rows ")
              + shown.stream().map(Text::number).collect(Collectors.joining(", "))
              + (bad.count() > shown.size() ? ", …" : ""));
    }
    if (report.bad().stream().anyMatch(bad -> !bad.firstRows().isEmpty())) {
      lines.add(
          "Row 1 is the first below the header: in a CSV file without line breaks in quotes, row N"
              + " is line N + 1.");
    }
    return lines;
  }

  private static String inWords(String reason) {
    return switch (reason) {
      case "missing" -> "is `required`, and empty";
      case "wrong-type" -> "does not read as the declared `type`";
      case "not-finite" -> "is no finite number";
      case "out-of-range" -> "is outside the years 1 to 9999";
      case "not-in-domain" -> "is none of the declared `domain`";
      case "too-long" -> "is longer than 65,536 bytes";
      case "not-normal" -> "is not what the declared `semantic` says";
      // A newer enclave knows more reasons than this client.
      default -> reason;
    };
  }

  private static Json.Obj json(Reply.Published published, Participant participant) {
    Reply.Report report = published.report();
    return Json.object()
        .putIfPresent(
            "version", published.version(), version -> Json.of(version.digest().toString()))
        .put("rows", report.rows())
        .put("kept", report.kept())
        .put("withoutUnit", report.withoutUnit())
        .put(
            "bad",
            Json.array(
                report.bad().stream()
                    .map(bad ->
                        Json.object()
                            .put("column", bad.column())
                            .put("reason", bad.reason())
                            .put("count", bad.count())
                            .put(
                                "firstRows",
                                Json.array(bad.firstRows().stream().map(Json::of).toList()))
                            .build())
                    .toList()))
        .put("simulated", participant.simulated())
        .build();
  }
}
