import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Adds up what the tests of each module came to, from Surefire's reports:
/// `java tools/TestSummary.java` in the repository's root. The last line is for machines too.
void main() throws Exception {
  var suite = Pattern.compile("<testsuite [^>]*>");
  var modules = new TreeMap<String, Sum>();
  try (var files = Files.walk(Path.of(""), 4)) {
    for (Path file : files.filter(this::isReport).toList()) {
      var found = suite.matcher(Files.readString(file));
      if (found.find()) {
        modules.merge(file.getName(0).toString(), Sum.of(found.group()), Sum::plus);
      }
    }
  }
  modules.forEach(
      (module, sum) -> IO.println("%-12s %s  %8.1f s".formatted(module, sum, sum.seconds())));
  IO.println(modules.values().stream().reduce(new Sum(0, 0, 0, 0), Sum::plus));
}

boolean isReport(Path file) {
  return file.getNameCount() == 4 && file.getFileName().toString().matches("TEST-.*\\.xml");
}

record Sum(int tests, int failed, int skipped, double seconds) {
  static Sum of(String element) {
    return new Sum(
        (int) attribute(element, "tests"),
        (int) (attribute(element, "failures") + attribute(element, "errors")),
        (int) attribute(element, "skipped"),
        attribute(element, "time"));
  }

  static double attribute(String element, String name) {
    var value = Pattern.compile(" " + name + "=\"([0-9.]+)\"").matcher(element);
    return value.find() ? Double.parseDouble(value.group(1)) : 0;
  }

  Sum plus(Sum other) {
    return new Sum(
        tests + other.tests,
        failed + other.failed,
        skipped + other.skipped,
        seconds + other.seconds);
  }

  @Override
  public String toString() {
    return "%d passed, %d failed, %d skipped".formatted(tests - failed - skipped, failed, skipped);
  }
}
