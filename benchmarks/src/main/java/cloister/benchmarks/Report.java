package cloister.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/// A section of `RESULTS.md`: what stands between its two markers is replaced, all else stays.
record Report(String section) {
  private static final String HEADER =
      """
      | what | size | estimate before | result | peer in the same run | ratio | goal |
      |---|---|---|---|---|---|---|
      """;

  void write(Path file, List<String> circumstances, List<Result> results) throws IOException {
    Files.writeString(file, replaced(Files.readString(file), text(circumstances, results)));
  }

  static String text(List<String> circumstances, List<Result> results) {
    return String.join("\n", circumstances)
        + "\n\n"
        + HEADER
        + results.stream().map(Result::row).collect(Collectors.joining("\n"));
  }

  String replaced(String document, String text) {
    String begin = "<!-- " + section + ": begin -->";
    String end = "<!-- " + section + ": end -->";
    int from = document.indexOf(begin);
    int to = document.indexOf(end);
    if (from < 0 || to < from) {
      throw new IllegalArgumentException("the file lacks the markers of the section " + section);
    }
    return document.substring(0, from + begin.length())
        + "\n"
        + text
        + "\n"
        + document.substring(to);
  }
}
