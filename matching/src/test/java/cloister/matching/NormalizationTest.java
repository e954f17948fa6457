package cloister.matching;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.testkit.ForAll;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class NormalizationTest {
  private static final Pattern EXAMPLE =
      Pattern.compile("\\| ([a-z]+-v1) \\| `\"(.*?)\"` \\| (?:`\"(.*?)\"`|—) \\|");
  private static final Pattern UNICODE_ESCAPE = Pattern.compile("\\\\u([0-9a-f]{4})");

  @Test
  void thePublishedExamplesHold() throws IOException {
    var checked = new EnumMap<Normalization, Integer>(Normalization.class);
    String page = Files.readString(Path.of("..", "docs", "normalization.md"));
    String examples = page.substring(page.indexOf("## Examples"));
    for (MatchResult row : EXAMPLE.matcher(examples).results().toList()) {
      Normalization rule = ruleNamed(row.group(1));
      Optional<String> expected = Optional.ofNullable(row.group(3)).map(NormalizationTest::literal);
      assertThat(rule.normalize(literal(row.group(2)))).as(row.group()).isEqualTo(expected);
      checked.merge(rule, 1, Integer::sum);
    }
    long rows = examples.lines().filter(line -> line.contains("-v1 |")).count();
    assertThat(checked.values().stream().mapToInt(i -> i).sum())
        .as("every row")
        .isEqualTo((int) rows);
    assertThat(checked.keySet()).containsExactly(Normalization.values());
  }

  @Test
  void lengthsAreCountedInCharactersAndEndWhereTheRuleSays() {
    for (String letter : new String[] {"x", "é", "😀"}) {
      String longest = letter.repeat(64) + "@" + letter.repeat(255);
      assertThat(Normalization.EMAIL.normalize(longest)).contains(longest);
      assertThat(Normalization.EMAIL.normalize(letter + longest)).isEmpty();
      assertThat(Normalization.EMAIL.normalize(longest + letter)).isEmpty();
    }
    assertThat(Normalization.PHONE.normalize("+" + "9".repeat(15))).isPresent();
    assertThat(Normalization.PHONE.normalize("+" + "9".repeat(16))).isEmpty();
    assertThat(Normalization.PHONE.normalize("+" + "9".repeat(7))).isPresent();
    assertThat(Normalization.PHONE.normalize("+" + "9".repeat(6))).isEmpty();
  }

  @ForAll(tries = 400)
  void normalisingTwiceChangesNothing(RandomGenerator random) {
    String text = text(random);
    for (Normalization rule : Normalization.values()) {
      rule.normalize(text)
          .ifPresent(normal -> assertThat(rule.normalize(normal)).as(normal).contains(normal));
    }
  }

  @ForAll(tries = 400)
  void spaceAroundAnIdentifierDoesNotMatter(RandomGenerator random) {
    String text = text(random);
    for (Normalization rule : Normalization.values()) {
      assertThat(rule.normalize(" \t" + text + "\r\n")).isEqualTo(rule.normalize(text));
    }
  }

  @Test
  void hostileLengthEndsInAnAnswer() {
    assertThat(Normalization.EMAIL.normalize("@".repeat(1 << 20))).isEmpty();
    assertThat(Normalization.EMAIL.normalize("a".repeat(1 << 20))).isEmpty();
    assertThat(Normalization.PHONE.normalize("(".repeat(1 << 20))).isEmpty();
    assertThat(Normalization.ID.normalize(" ".repeat(1 << 20))).isEmpty();
  }

  /// Texts near the rules' edges: their own characters far more often than others.
  private static String text(RandomGenerator random) {
    String[] pieces = {
      "a",
      "Z",
      "9",
      "0",
      "00",
      "+",
      "+44",
      "@",
      ".",
      "-",
      "(",
      ")",
      "/",
      " ",
      "\t",
      "\r",
      "\u000b",
      "\u0000",
      "\u007f",
      "\u0085",
      "\u00a0",
      "\u200b",
      "\u212a",
      "\u0130",
      "é",
      "٤",
      "😀",
      "\ud800",
      "ada@example.org",
      "2079460018"
    };
    return random
        .ints(random.nextInt(8), 0, pieces.length)
        .mapToObj(i -> pieces[i])
        .collect(Collectors.joining());
  }

  private static Normalization ruleNamed(String name) {
    return Arrays.stream(Normalization.values())
        .filter(rule -> rule.rule().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static String literal(String written) {
    String replaced =
        UNICODE_ESCAPE
            .matcher(written)
            .replaceAll(
                m -> String.valueOf((char) Integer.parseInt(m.group(1), 16)).replace("\\", "\\\\"));
    return replaced.translateEscapes();
  }
}
