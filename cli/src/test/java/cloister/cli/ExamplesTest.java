package cloister.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import cloister.protocol.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every example from end to end, against a server in a process of its own, and its answer against
/// one computed here from the CSV files by other means.
final class ExamplesTest {
  private static final Path EXAMPLES = Path.of("..", "examples");

  @Test
  void dataIsWhatTheSeedsGive(@TempDir Path folder) throws Exception {
    boolean update = "update".equals(System.getProperty("golden"));
    for (String party :
        List.of(
            "airline-media/airline",
            "airline-media/media",
            "hospitals/north",
            "hospitals/south",
            "hospitals/west",
            "banks/alder",
            "banks/birch",
            "banks/insurer")) {
      Files.createDirectories(folder.resolve(party));
    }
    ExampleData.writeAll(folder);
    if (update) {
      ExampleData.writeAll(EXAMPLES);
    }
    try (var files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(EXAMPLES.resolve(folder.relativize(file).toString()))
            .hasSameBinaryContentAs(file);
      }
    }
  }

  @Test
  void hospitalsCountEachPatientOnce() throws Exception {
    Map<String, Set<String>> patients = new TreeMap<>();
    for (String hospital : List.of("north", "south", "west")) {
      for (Map<String, String> row : rows("hospitals/" + hospital + "/patients.csv")) {
        String patient = value(row, "patient").strip();
        if (value(row, "diagnosis").equals("E11") && !patient.isEmpty()) {
          patients.computeIfAbsent(row.get("sex"), _ -> new HashSet<>()).add(patient);
        }
      }
    }
    assertExact("hospitals", "/registry/analysis/cohort", "sex", "patients", patients);
  }

  @Test
  void banksCountTheCustomersThatAllThreeHave() throws Exception {
    Set<String> alder = emails(rows("banks/alder/customers.csv"));
    Set<String> birch = emails(rows("banks/birch/customers.csv"));
    Map<String, Set<String>> common = new TreeMap<>();
    for (Map<String, String> row : rows("banks/insurer/members.csv")) {
      String email = email(row);
      if (alder.contains(email) && birch.contains(email)) {
        common.computeIfAbsent(row.get("policy"), _ -> new HashSet<>()).add(email);
      }
    }
    assertExact("banks", "/insurer/analysis/common", "policy", "customers", common);
  }

  @Test
  void airlineAndMediaShareCustomersWithinTheErrorBars() throws Exception {
    Set<String> airline = emails(rows("airline-media/airline/customers.csv"));
    Map<String, Set<String>> shared = new TreeMap<>();
    for (Map<String, String> row : rows("airline-media/media/customers.csv")) {
      if (airline.contains(email(row))) {
        shared.computeIfAbsent(row.get("age_band"), _ -> new HashSet<>()).add(email(row));
      }
    }
    List<Json.Obj> rows = rehearse("airline-media", "/research/analysis/overlap");
    assertThat(rows).hasSize(shared.size());
    for (Json.Obj row : rows) {
      double exact = requireNonNull(shared.get(text(row, "age_band"))).size();
      double error = number(row, "customers_error");
      assertThat(error).isPositive();
      // Ten times the 95 % error is passed by less than one run in 10¹² for Laplace noise.
      assertThat(Math.abs(number(row, "customers") - exact)).isLessThanOrEqualTo(10 * error);
    }
  }

  private static void assertExact(
      String example, String analysis, String key, String measure, Map<String, Set<String>> exact)
      throws IOException {
    Map<String, Integer> released = new TreeMap<>();
    for (Json.Obj row : rehearse(example, analysis)) {
      released.put(text(row, key), (int) number(row, measure));
      assertThat(number(row, measure + "_error")).isZero();
    }
    Map<String, Integer> expected = new TreeMap<>();
    exact.forEach((group, people) -> expected.put(group, people.size()));
    assertThat(released).isEqualTo(expected);
  }

  private static List<Json.Obj> rehearse(String example, String analysis) {
    var console = new Console();
    int exit =
        console.run(
            "rehearse", EXAMPLES.resolve(example).toString(), "--accept-simulated", "--json");
    assertThat(exit).as(console.err()).isZero();
    Json.Fields answers =
        ((Json.Obj) Json.parse(console.out().getBytes(UTF_8))).fields("out").object("answers");
    return answers.object(analysis).array("rows", 100).stream().map(Json.Obj.class::cast).toList();
  }

  private static String text(Json.Obj row, String name) {
    return ((Json.Str) row.get(name).orElseThrow()).value();
  }

  private static double number(Json.Obj row, String name) {
    return ((Json.Num) row.get(name).orElseThrow()).value().doubleValue();
  }

  private static Set<String> emails(List<Map<String, String>> rows) {
    var emails = new HashSet<String>();
    rows.forEach(row -> emails.add(email(row)));
    emails.remove("");
    return emails;
  }

  private static String value(Map<String, String> row, String column) {
    return requireNonNull(row.get(column), column);
  }

  private static String email(Map<String, String> row) {
    return value(row, "email").strip().toLowerCase(Locale.ROOT);
  }

  private static List<Map<String, String>> rows(String file) throws IOException {
    List<String> lines = Files.readAllLines(EXAMPLES.resolve(file));
    String[] header = lines.getFirst().split(",", -1);
    return lines.stream()
        .skip(1)
        .map(line -> {
          String[] cells = line.split(",", -1);
          var row = new HashMap<String, String>();
          for (int at = 0; at < header.length; at++) {
            row.put(header[at], cells[at]);
          }
          return (Map<String, String>) row;
        })
        .toList();
  }
}
