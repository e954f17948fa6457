package cloister.duckdb;

import cloister.duckdb.UnreadableFileException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/// The first line of a CSV file: the column names, and the separator that occurs most in it.
record CsvHeader(List<String> names, String delimiter) {
  private static final int HEADER_BYTES = 1 << 20;
  private static final List<String> DELIMITERS = List.of(",", ";", "\t", "|");

  CsvHeader {
    names = List.copyOf(names);
  }

  static CsvHeader read(Path source) throws IOException, UnreadableFileException {
    String start = new String(Transcoding.start(source, HEADER_BYTES), StandardCharsets.UTF_8);
    return parse(start.lines().findFirst().orElse("").replace("\uFEFF", ""));
  }

  private static CsvHeader parse(String line) throws UnreadableFileException {
    String delimiter =
        DELIMITERS.stream()
            .max(Comparator.comparingLong(each -> count(line, each.charAt(0))))
            .orElseThrow();
    var names = new ArrayList<String>();
    var name = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '"') {
        boolean doubled = quoted && i + 1 < line.length() && line.charAt(i + 1) == '"';
        if (doubled) {
          name.append(c);
          i++;
        } else {
          quoted = !quoted;
        }
      } else if (c == delimiter.charAt(0) && !quoted) {
        names.add(name.toString());
        name.setLength(0);
      } else {
        name.append(c);
      }
    }
    names.add(name.toString());
    if (quoted) {
      throw new UnreadableFileException(
          Kind.FORMAT, "the file is not sound CSV at line 1: a quote stays open");
    }
    var distinct = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    for (int at = 0; at < names.size(); at++) {
      if (names.get(at).isBlank() || !distinct.add(names.get(at))) {
        throw new UnreadableFileException(
            Kind.FORMAT,
            "the first line of a CSV file names its columns, each once: name number "
                + (at + 1)
                + (names.get(at).isBlank() ? " is empty" : " is there already"));
      }
    }
    return new CsvHeader(names, delimiter);
  }

  private static long count(String line, char delimiter) {
    return line.chars().filter(each -> each == delimiter).count();
  }
}
