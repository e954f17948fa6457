import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Adds up what the tests of each module came to, from Surefire's reports:
/// `java tools/TestSummary.java` in the repository's root.
void main() throws Exception {
  var suite = Pattern.compile("<testsuite [^>]*>");
  var modules = new TreeMap<String, double[]>();
  try (var files = Files.walk(Path.of(""), 4)) {
    for (Path file : files.filter(this::isReport).toList()) {
      var found = suite.matcher(Files.readString(file));
      if (found.find()) {
        var sums = modules.computeIfAbsent(file.getName(0).toString(), _ -> new double[4]);
        String[] names = {"tests", "failures", "errors", "time"};
        for (int i = 0; i < names.length; i++) {
          sums[i] += attribute(found.group(), names[i]);
        }
      }
    }
  }
  var all = new double[4];
  modules.forEach(
      (module, sums) -> {
        IO.println(line(module, sums));
        for (int i = 0; i < all.length; i++) {
          all[i] += sums[i];
        }
      });
  IO.println(line("all", all));
}

boolean isReport(Path file) {
  return file.getNameCount() == 4 && file.getFileName().toString().matches("TEST-.*\\.xml");
}

double attribute(String element, String name) {
  var value = Pattern.compile(" " + name + "=\"([0-9.]+)\"").matcher(element);
  return value.find() ? Double.parseDouble(value.group(1)) : 0;
}

String line(String module, double[] sums) {
  long failed = (long) (sums[1] + sums[2]);
  String end = failed == 0 ? "" : ", " + failed + " FAILED";
  return "%-12s %5d tests %8.1f s%s".formatted(module, (long) sums[0], sums[3], end);
}
