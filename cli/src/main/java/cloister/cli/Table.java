package cloister.cli;

import java.util.ArrayList;
import java.util.List;

/// Rows in aligned columns, as wide as their content.
final class Table {
  private static final String GAP = "  ";
  private final List<Column> columns;
  private final List<List<String>> rows = new ArrayList<>();

  Table(Column... columns) {
    this.columns = List.of(columns);
  }

  /// A heading and the side that its values are aligned to.
  record Column(String heading, Side side) {
    static Column text(String heading) {
      return new Column(heading, Side.LEFT);
    }

    static Column number(String heading) {
      return new Column(heading, Side.RIGHT);
    }
  }

  /// To which side a column is aligned.
  enum Side {
    LEFT,
    RIGHT
  }

  void row(List<String> cells) {
    if (cells.size() != columns.size()) {
      throw new IllegalArgumentException(
          "a row of " + cells.size() + " cells in a table of " + columns.size() + " columns");
    }
    rows.add(cells.stream().map(Text::cell).toList());
  }

  void row(String... cells) {
    row(List.of(cells));
  }

  /// The heading in faint capitals, then the rows; no trailing spaces.
  List<String> lines(Terminal.Ink ink) {
    int[] widths = new int[columns.size()];
    for (int at = 0; at < widths.length; at++) {
      widths[at] = width(columns.get(at).heading());
      for (List<String> row : rows) {
        widths[at] = Math.max(widths[at], width(row.get(at)));
      }
    }
    var lines = new ArrayList<String>();
    lines.add(ink.faint(line(columns.stream().map(Column::heading).toList(), widths)));
    rows.forEach(row -> lines.add(line(row, widths)));
    return lines;
  }

  private String line(List<String> cells, int[] widths) {
    var line = new StringBuilder();
    for (int at = 0; at < widths.length; at++) {
      String space = " ".repeat(widths[at] - width(cells.get(at)));
      boolean right = columns.get(at).side() == Side.RIGHT;
      line.append(at == 0 ? "" : GAP).append(right ? space + cells.get(at) : cells.get(at) + space);
    }
    return line.toString().stripTrailing();
  }

  private static int width(String text) {
    return text.codePointCount(0, text.length());
  }
}
