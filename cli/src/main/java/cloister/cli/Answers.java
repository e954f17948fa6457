package cloister.cli;

import cloister.client.Finished;
import cloister.protocol.AnswerTable;
import cloister.protocol.Json;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// Answers as tables, JSON and CSV.
final class Answers {
  /// What a person sees for SQL's NULL, and for a number that a threshold keeps back.
  private static final String ABSENT = "–";

  /// How many digits of an error a person sees.
  private static final int MEANT_DIGITS = 3;

  private Answers() {}

  static List<String> lines(Finished finished, Terminal.Ink ink) {
    var lines = new ArrayList<String>();
    if (finished.table().isPresent()) {
      AnswerTable table = finished.table().get();
      lines.addAll(table(table).lines(ink));
      if (noisy(table)) {
        lines.add("");
        lines.add("± is how far noise moved a number, at most, with probability 95 %.");
      }
    } else {
      lines.add("The answer is sealed to others: " + recipients(finished) + ".");
    }
    lines.add("");
    lines.add(
        "Run "
            + finished.run()
            + (finished.repeated() ? ": the answer of an earlier run, free of charge" : ""));
    lines.add(ink.good("✓") + " the receipt holds");
    return lines;
  }

  static String recipients(Finished finished) {
    return finished.receipt().recipients().keySet().stream()
        .map(Object::toString)
        .collect(Collectors.joining(", "));
  }

  private static boolean noisy(AnswerTable table) {
    return table.rows().stream()
        .flatMap(List::stream)
        .anyMatch(cell -> cell.error().filter(error -> error.signum() != 0).isPresent());
  }

  /// Numbers to the right, each with its error beside it where there is noise.
  static Table table(AnswerTable answer) {
    boolean noisy = noisy(answer);
    var columns = new ArrayList<Table.Column>();
    for (int at = 0; at < answer.columns().size(); at++) {
      String heading = answer.columns().get(at).name().toUpperCase(Locale.ROOT);
      if (isMeasure(answer, at)) {
        columns.add(Table.Column.number(heading));
        if (noisy) {
          columns.add(Table.Column.number(""));
        }
      } else {
        columns.add(Table.Column.text(heading));
      }
    }
    var table = new Table(columns.toArray(Table.Column[]::new));
    for (List<AnswerTable.Cell> row : answer.rows()) {
      var cells = new ArrayList<String>();
      for (int at = 0; at < row.size(); at++) {
        AnswerTable.Cell cell = row.get(at);
        if (isMeasure(answer, at)) {
          cells.add(cell.value().map(value -> grouped(value, cell.error())).orElse(ABSENT));
          if (noisy) {
            cells.add(error(cell));
          }
        } else {
          cells.add(cell.value().orElse(ABSENT));
        }
      }
      table.row(cells);
    }
    return table;
  }

  private static boolean isMeasure(AnswerTable answer, int column) {
    return answer.columns().get(column).content() == AnswerTable.Content.MEASURE;
  }

  /// Of a number that noise may have moved anywhere it is unknown.
  private static String error(AnswerTable.Cell cell) {
    return cell.value().isEmpty()
        ? ""
        : cell.error()
            .map(error -> "± " + Text.number(meant(error, error, RoundingMode.CEILING)))
            .orElse("± ?");
  }

  /// Without the digits after the point that are finer than a hundredth of the error's first: noise
  /// made them. Files and `--json` have all.
  private static BigDecimal meant(BigDecimal number, BigDecimal error, RoundingMode rounding) {
    int digits = Math.max(0, MEANT_DIGITS - error.precision() + error.scale());
    return error.signum() == 0 || number.scale() <= digits
        ? number
        : number.setScale(digits, rounding);
  }

  private static String grouped(String value, Optional<BigDecimal> error) {
    try {
      var number = new BigDecimal(value);
      return Text.number(
          error.map(each -> meant(number, each, RoundingMode.HALF_EVEN)).orElse(number));
    } catch (NumberFormatException _) {
      return value;
    }
  }

  static Json.Obj json(Finished finished, boolean simulated) {
    return Json.object()
        .put("run", finished.run())
        .put("repeated", finished.repeated())
        .put("analysis", finished.receipt().analysis().address().toString())
        .put("recipients", finished.receipt().recipients().keySet())
        .putIfPresent("rows", finished.table(), Answers::rows)
        .put("receiptHolds", true)
        .put("simulated", simulated)
        .build();
  }

  /// One object per row; beside each measure `…_error`.
  static Json rows(AnswerTable table) {
    var rows = new ArrayList<Json>();
    for (List<AnswerTable.Cell> row : table.rows()) {
      var object = Json.object();
      for (int at = 0; at < row.size(); at++) {
        AnswerTable.Cell cell = row.get(at);
        String name = table.columns().get(at).name();
        if (isMeasure(table, at)) {
          object.put(name, cell.value().map(Answers::number).orElse(Json.Null.NULL));
          object.put(
              name + "_error",
              cell.error().map(error -> number(error.toPlainString())).orElse(Json.Null.NULL));
        } else {
          object.put(name, cell.value().<Json>map(Json::of).orElse(Json.Null.NULL));
        }
      }
      rows.add(object.build());
    }
    return Json.array(rows);
  }

  /// A number that JSON's doubles would round is written as text.
  private static Json number(String number) {
    try {
      return Json.of(new BigDecimal(number));
    } catch (IllegalArgumentException _) {
      return Json.of(number);
    }
  }

  /// RFC 4180, with a header.
  static String csv(AnswerTable table) {
    var lines = new StringBuilder();
    var header = new ArrayList<String>();
    for (int at = 0; at < table.columns().size(); at++) {
      header.add(table.columns().get(at).name());
      if (isMeasure(table, at)) {
        header.add(table.columns().get(at).name() + "_error");
      }
    }
    append(lines, header);
    for (List<AnswerTable.Cell> row : table.rows()) {
      var cells = new ArrayList<String>();
      for (int at = 0; at < row.size(); at++) {
        cells.add(row.get(at).value().orElse(""));
        if (isMeasure(table, at)) {
          cells.add(row.get(at).error().map(BigDecimal::toPlainString).orElse(""));
        }
      }
      append(lines, cells);
    }
    return lines.toString();
  }

  private static void append(StringBuilder lines, List<String> cells) {
    lines
        .append(cells.stream().map(Answers::quoted).collect(Collectors.joining(",")))
        .append("\r\n");
  }

  private static String quoted(String cell) {
    boolean plain = cell.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
    return plain ? cell : "\"" + cell.replace("\"", "\"\"") + "\"";
  }
}
