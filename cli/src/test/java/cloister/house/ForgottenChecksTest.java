package cloister.house;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.house.Sources.Source;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What `docs/forgotten-checks.md` says is tested has a test.
final class ForgottenChecksTest {
  private static final String PAGE = "docs/forgotten-checks.md";
  private static final Pattern ROW = Pattern.compile("(?m)^\\| (\\d*) ?\\|.*\\|$");
  private static final Pattern NAMED = Pattern.compile("`(\\w+Test)\\.(\\w+)`");

  private record Row(String number, String text) {}

  private static List<Row> rows() {
    return ROW.matcher(Sources.text(PAGE))
        .results()
        .map(row -> new Row(row.group(1), row.group()))
        .toList();
  }

  @Test
  void everyTestThatThePageNamesIsOne() {
    var missing = new ArrayList<String>();
    NAMED
        .matcher(Sources.text(PAGE))
        .results()
        .filter(named -> !isTest(named.group(1), named.group(2)))
        .forEach(named -> missing.add(named.group()));
    assertThat(missing)
        .as("Name the test that took its place, or write one; no row goes without.")
        .isEmpty();
    // The search finds what there is, and nothing else.
    assertThat(isTest("ForgottenChecksTest", "everyTestThatThePageNamesIsOne")).isTrue();
    assertThat(isTest("ForgottenChecksTest", "everyTest")).isFalse();
    assertThat(isTest("ForgottenChecksTest", "notATest")).isFalse();
  }

  /// For the assertion above.
  static void notATest() {}

  /// A method whose annotation says so: between that and its name there is no other method.
  private static boolean isTest(String type, String method) {
    var declared =
        Pattern.compile(
            "@(?:Test|ParameterizedTest)\\b(?:(?!\\bvoid\\b).)*\\bvoid " + method + "\\(",
            Pattern.DOTALL);
    return Sources.java().stream()
        .filter(source -> source.isTest() && source.name().equals(type + ".java"))
        .anyMatch(source -> declared.matcher(source.text()).find());
  }

  @Test
  void everyRowNamesATestOrSaysWhyThereIsNone() {
    assertThat(rows())
        .hasSizeGreaterThan(40)
        .allMatch(row ->
            NAMED.matcher(row.text()).find() || row.text().matches(".*(No test can|Not built).*"));
    List<String> numbers =
        rows().stream().map(Row::number).filter(number -> !number.isEmpty()).toList();
    assertThat(numbers)
        .as("Numbers run on and are kept: comments cite them.")
        .containsExactlyElementsOf(
            IntStream.rangeClosed(1, numbers.size()).mapToObj(Integer::toString).toList());
  }

  @Test
  void commentsCiteRowsThatThereAre() {
    var cited = Pattern.compile("docs/forgotten-checks\\.md no\\. (\\d+(?:(?:, | and )\\d+)*)");
    List<String> numbers = rows().stream().map(Row::number).toList();
    var wrong = new ArrayList<String>();
    var all = new ArrayList<String>();
    for (Source source : Sources.java()) {
      cited
          .matcher(source.text())
          .results()
          .flatMap(match -> List.of(match.group(1).split(", | and ", -1)).stream())
          .forEach(number -> {
            all.add(number);
            if (!numbers.contains(number)) {
              wrong.add(source.path() + ": no. " + number);
            }
          });
    }
    assertThat(wrong).isEmpty();
    assertThat(all).contains("1", "2", "16");
  }
}
