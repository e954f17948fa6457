package cloister.cli;

import cloister.client.DocumentPackage;
import cloister.migration.Finding;
import cloister.migration.Given;
import cloister.migration.Imported;
import cloister.migration.Migration;
import cloister.migration.Source;
import cloister.migration.SourceFile;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.protocol.Spelling;
import cloister.room.Column;
import cloister.room.ColumnName;
import cloister.room.Purpose;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cloister terms import`
@Command(
    name = "import",
    description = {
      "Make a dataset's document from the policy that another product has for the data: rules of",
      "AWS Clean Rooms, BigQuery's privacy_policy, Snowflake's policies, SCQL's grants."
    },
    footer = {
      "Examples:",
      "  cloister terms import rule.json -o customers.yaml",
      "  cloister terms import rule.json budget.json --schema customers.sql --epsilon 0.5",
      "  cloister terms import policies.sql --analyst research --recipient research \\",
      "      --purpose CommercialResearch --bounds spend=0..5000 -o airline/customers.yaml",
      "  cloister terms import grants.sql --from scql --unit email --minimum-units 25",
      "",
      "It says of each rule whether it is kept, stricter or LOST. What the source does not say stands",
      "as \"FILL IN\", and nothing can be applied before that is filled in. Where something is lost the",
      "exit code is 3, and the document is written all the same: docs/how-to/migrate.md."
    })
final class TermsImport extends Verb {
  private static final int LOST = ErrorCode.Kind.REFUSED.exitCode();

  @Parameters(
      paramLabel = "FILE",
      arity = "1..*",
      description = "The policy; for AWS also the privacy budget template that goes with it.")
  private List<Path> files = List.of();

  @Option(
      names = "--from",
      paramLabel = "PRODUCT",
      description = "aws, bigquery, snowflake or scql; else the files show it.")
  private Optional<String> from = Optional.empty();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Write the document there, if nothing is there yet; else it is printed.")
  private Optional<Path> output = Optional.empty();

  @Option(
      names = "--schema",
      paramLabel = "FILE",
      description = "A CREATE TABLE statement, for the columns and their types.")
  private Optional<Path> schema = Optional.empty();

  @Option(
      names = "--dataset",
      paramLabel = "NAME",
      description = "The dataset's name; else the table's.")
  private Optional<String> dataset = Optional.empty();

  @Option(
      names = "--unit",
      paramLabel = "COLUMN",
      description = "The column whose values mean one person, where the source does not say it.")
  private Optional<String> unit = Optional.empty();

  @Option(names = "--analyst", paramLabel = "NAME", description = "Who may ask. Repeatable.")
  private List<String> analysts = List.of();

  @Option(
      names = "--recipient",
      paramLabel = "NAME",
      description = "Who may open the answers. Repeatable.")
  private List<String> recipients = List.of();

  @Option(
      names = "--purpose",
      paramLabel = "PURPOSE",
      description = "What for, as in terms. Repeatable.")
  private List<String> purposes = List.of();

  @Option(
      names = "--analyses",
      paramLabel = "PATTERN",
      description = "What may run: /party/analysis/name, sha256:…, any-sql. Repeatable.")
  private List<String> analyses = List.of();

  @Option(
      names = "--minimum-units",
      paramLabel = "N",
      description = "How many units each released group has; not below what the source says.")
  private Optional<Integer> minimumUnits = Optional.empty();

  @Option(
      names = "--epsilon",
      paramLabel = "E",
      description = "What one run may reveal; not above what the source says.")
  private Optional<BigDecimal> epsilon = Optional.empty();

  @Option(
      names = "--bounds",
      paramLabel = "COLUMN=LOW..HIGH",
      description = "The range of a number that may be summed. Repeatable.")
  private List<String> bounds = List.of();

  TermsImport(Options options) {
    super(options);
  }

  @Override
  void run() {
    throw new IllegalStateException("call() has an exit code of its own");
  }

  @Override
  public Integer call() {
    Imported imported =
        Migration.of(
            files.stream().map(TermsImport::file).toList(), from.map(TermsImport::source), given());
    if (output.isPresent()) {
      write(output.get(), imported.document());
    }
    report(imported);
    return imported.hasLost() ? LOST : ExitCode.OK;
  }

  /// Without a file for it the document is the result, and what there is to say goes beside it.
  private void report(Imported imported) {
    if (options.json()) {
      terminal().result(json(imported).pretty());
    } else if (output.isPresent()) {
      lines(imported, terminal().resultInk()).forEach(terminal()::result);
    } else {
      imported.document().lines().forEach(terminal()::result);
      lines(imported, terminal().ink()).forEach(terminal()::say);
    }
  }

  private static List<String> lines(Imported imported, Terminal.Ink ink) {
    var lines = new ArrayList<String>();
    for (Finding finding : imported.findings()) {
      String kind = "%-8s".formatted(finding.kind().label());
      String shown =
          switch (finding.kind()) {
            case KEPT -> ink.good(kind);
            case STRICTER -> ink.warning(kind);
            case LOST -> ink.bad(kind);
          };
      lines.add(
          shown
              + "  "
              + Text.cell(finding.place() + ": " + finding.rule() + " → " + finding.outcome()));
    }
    imported.open().forEach(open -> lines.add(ink.strong("FILL IN ") + "  " + Text.cell(open)));
    return lines;
  }

  private static Json.Obj json(Imported imported) {
    return Json.object()
        .put("from", imported.source().label())
        .put("lost", imported.hasLost())
        .put(
            "findings",
            Json.array(
                imported.findings().stream()
                    .map(finding ->
                        Json.object()
                            .put("kind", finding.kind().label().toLowerCase(Locale.ROOT))
                            .put("file", finding.file())
                            .put("line", finding.line())
                            .put("column", finding.column())
                            .put("rule", finding.rule())
                            .put("outcome", finding.outcome())
                            .build())
                    .toList()))
        .put("open", imported.open())
        .put("document", imported.document())
        .build();
  }

  private Given given() {
    return new Given(
        dataset.map(Options::name),
        unit.map(TermsImport::column),
        schema.map(TermsImport::file),
        analysts.stream().map(Options::name).toList(),
        analyses,
        purposes.stream().map(TermsImport::purpose).toList(),
        recipients.stream().map(Options::name).toList(),
        minimumUnits,
        epsilon,
        bounds());
  }

  private Map<ColumnName, Column.Bounds> bounds() {
    var byColumn = new LinkedHashMap<ColumnName, Column.Bounds>();
    for (String each : bounds) {
      int equals = each.indexOf('=');
      int dots = each.indexOf("..", equals + 1);
      if (equals < 0 || dots < 0) {
        throw wrong("“" + each + "” is no --bounds, as in spend=0..5000");
      }
      try {
        byColumn.put(
            column(each.substring(0, equals)),
            new Column.Bounds(
                new BigDecimal(each.substring(equals + 1, dots)),
                new BigDecimal(each.substring(dots + 2))));
      } catch (NumberFormatException e) {
        throw wrong("“" + each + "” is no --bounds, as in spend=0..5000", e);
      } catch (IllegalArgumentException e) {
        throw wrong("--bounds “" + each + "”: " + e.getMessage(), e);
      }
    }
    return byColumn;
  }

  private static Source source(String label) {
    return Source.byLabel(label)
        .orElseThrow(() -> {
          List<String> known = Arrays.stream(Source.values()).map(Source::label).toList();
          return wrong("unknown product “" + label + "”" + Spelling.suggestion(label, known));
        });
  }

  private static ColumnName column(String text) {
    try {
      return new ColumnName(text);
    } catch (IllegalArgumentException e) {
      throw wrong("“" + text + "”: " + e.getMessage(), e);
    }
  }

  private static Purpose purpose(String term) {
    return Purpose.byTerm(term)
        .orElseThrow(() ->
            new CloisterException(
                ErrorCode.PURPOSE_UNKNOWN,
                "unknown purpose “"
                    + term
                    + "”"
                    + Spelling.suggestion(
                        term, Arrays.stream(Purpose.values()).map(Purpose::term).toList())));
  }

  private static CloisterException wrong(String message) {
    return new CloisterException(ErrorCode.PARAMETER_INVALID, message);
  }

  private static CloisterException wrong(String message, IllegalArgumentException cause) {
    return new CloisterException(ErrorCode.PARAMETER_INVALID, message, cause);
  }

  private static SourceFile file(Path path) {
    return new SourceFile(path.toString(), DocumentPackage.text(path));
  }

  private void write(Path file, String document) {
    try {
      Files.writeString(file, document, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      terminal().say("Wrote " + file);
    } catch (FileAlreadyExistsException e) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID, file + " is there already; write another file", e);
    } catch (IOException e) {
      throw new CloisterException(ErrorCode.FILE_UNREADABLE, file + " cannot be written", e);
    }
  }
}
