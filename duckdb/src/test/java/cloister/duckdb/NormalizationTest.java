package cloister.duckdb;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.room.Column.Semantic;
import cloister.testkit.ForAll;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The rules are written twice, for the JVM and for the engine, and are one.
final class NormalizationTest {
  private static final int TEXTS = 500;

  /// What the rules speak of, and what the world's tables, locales and encodings do beside them.
  private static final String[] PIECES = {
    "a",
    "k",
    "Z",
    "I",
    "i",
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
    "\\",
    "'",
    "\"",
    "%",
    "_",
    "$",
    "^",
    "[",
    "]",
    "\t",
    "\n",
    "\u000b",
    "\f",
    "\r",
    "\u001c",
    "\u001f",
    "\u0000",
    "\u0001",
    "\u007f",
    "\u0080",
    "\u0085",
    "\u00a0",
    "\u00ad",
    "\u1680",
    "\u2000",
    "\u200b",
    "\u200d",
    "\u200e",
    "\u2028",
    "\u2029",
    "\u202e",
    "\u202f",
    "\u205f",
    "\u2060",
    "\u3000",
    "\ufeff",
    "\ufffd",
    "\uffff",
    "ß",
    "ẞ",
    "İ",
    "ı",
    "\u212a",
    "ſ",
    "Σ",
    "ς",
    "ﬃ",
    "Ǆ",
    "é",
    "e\u0301",
    "\u0301",
    "\u0345",
    "Å",
    "Ａ",
    "ａ",
    "０",
    "９",
    "＠",
    "．",
    "٤",
    "०",
    "😀",
    "👩‍👩‍👧",
    "𝟗",
    "𐐀",
    "\udbff\udfff",
    "ada@example.org",
    "2079460018"
  };

  private static final String PAGE = page();
  private static final String WHITE_SPACE =
      Pattern.compile("`ws` is `([^`]+)`")
          .matcher(PAGE)
          .results()
          .findFirst()
          .orElseThrow()
          .group(1);
  private static final Pattern PUBLISHED =
      Pattern.compile(
          "(?m)^\\| `([a-z]+-v1)` \\| `([^`]+)` \\| `((?:regexp_full_match|text)[^`]+)` \\|$");

  private static Connection connection;

  @BeforeAll
  static void connect() throws SQLException {
    connection = DriverManager.getConnection("jdbc:duckdb:");
  }

  @AfterAll
  static void disconnect() throws SQLException {
    connection.close();
  }

  private static void agree(List<String> texts) throws SQLException {
    for (Semantic semantic : Semantic.values()) {
      var rule =
          switch (semantic) {
            case EMAIL -> cloister.matching.Normalization.EMAIL;
            case PHONE -> cloister.matching.Normalization.PHONE;
            case ID -> cloister.matching.Normalization.ID;
          };
      var inEngine = inEngine(Normalization.sql(semantic, "s"), texts);
      assertThat(inEngine(published(rule), texts)).isEqualTo(inEngine);
      for (int i = 0; i < texts.size(); i++) {
        assertThat(inEngine.get(i))
            .as("%s of %s", rule.rule(), hex(texts.get(i)))
            .isEqualTo(rule.normalize(texts.get(i)).map(NormalizationTest::hex));
      }
    }
  }

  /// As hexadecimal UTF-8, there and back: nothing between may have an opinion about a character.
  private static List<Optional<String>> inEngine(String expression, List<String> texts)
      throws SQLException {
    String rows =
        texts.stream().map(text -> "'" + hex(text) + "'").collect(Collectors.joining(", "));
    var results = new ArrayList<Optional<String>>();
    try (var statement = connection.createStatement();
        var result =
            statement.executeQuery(
                "SELECT hex(encode("
                    + expression
                    + ")) FROM (SELECT decode(unhex(h)) AS s, i FROM (SELECT unnest(["
                    + rows
                    + "]) AS h, generate_subscripts(["
                    + rows
                    + "], 1) AS i)) ORDER BY i")) {
      while (result.next()) {
        results.add(Optional.ofNullable(result.getString(1)));
      }
    }
    return results;
  }

  /// The expression of docs/normalization.md.
  private static String published(cloister.matching.Normalization rule) {
    var row =
        PUBLISHED
            .matcher(PAGE)
            .results()
            .filter(found -> found.group(1).equals(rule.rule()))
            .findFirst()
            .orElseThrow();
    String text = "(" + row.group(2).replace("ws", WHITE_SPACE) + ")";
    return "CASE WHEN "
        + row.group(3).replaceFirst("\\btext\\b", Matcher.quoteReplacement(text))
        + " THEN "
        + text
        + " END";
  }

  private static String page() {
    try {
      return Files.readString(Path.of("..", "docs", "normalization.md"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String hex(String text) {
    return HexFormat.of().withUpperCase().formatHex(text.getBytes(StandardCharsets.UTF_8));
  }

  @ForAll(tries = 40)
  void theEngineNormalisesAsThePublishedRuleDoes(RandomGenerator random) throws SQLException {
    var texts = new ArrayList<String>();
    for (int i = 0; i < TEXTS; i++) {
      texts.add(
          switch (random.nextInt(4)) {
            case 0 -> pieces(random);
            case 1 -> pieces(random) + "@" + pieces(random);
            case 2 -> "+" + pieces(random) + random.nextLong(1_000_000_000_000L) + pieces(random);
            default -> anyCharacters(random);
          });
    }
    agree(texts);
  }

  private static String pieces(RandomGenerator random) {
    return random
        .ints(random.nextInt(6), 0, PIECES.length)
        .mapToObj(i -> PIECES[i])
        .collect(Collectors.joining());
  }

  /// Of all of Unicode that UTF-8 can carry.
  private static String anyCharacters(RandomGenerator random) {
    return random
        .ints(random.nextInt(8), 0, Character.MAX_CODE_POINT + 1)
        .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
        .mapToObj(Character::toString)
        .collect(Collectors.joining());
  }

  @Test
  void everyCharacterOfUnicodeIsTreatedAlike() throws SQLException {
    var texts = new ArrayList<String>();
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      // One per block beyond what has case, width or space, all of it where these are.
      if ((c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
          && (c < 0x3100 || (c >= 0xf900 && c <= 0x10ffff && (c < 0x11000 || c % 251 == 0)))) {
        String character = Character.toString(c);
        texts.add(character + "a" + character + "@" + character + "B" + character);
        texts.add(character + "+44 20" + character + "79460018" + character);
      }
    }
    for (int from = 0; from < texts.size(); from += 4_000) {
      agree(texts.subList(from, Math.min(texts.size(), from + 4_000)));
    }
  }

  @Test
  void lengthsEndAtTheSamePlace() throws SQLException {
    var texts = new ArrayList<String>();
    for (String letter : List.of("x", "X", "é", "😀", "e\u0301")) {
      for (int local : List.of(0, 1, 32, 63, 64, 65, 128)) {
        for (int domain : List.of(0, 1, 127, 254, 255, 256, 257, 510, 511)) {
          texts.add(letter.repeat(local) + "@" + letter.repeat(domain));
        }
      }
      texts.add(letter.repeat(1 << 18));
    }
    for (int digits = 0; digits <= 20; digits++) {
      texts.add("+" + "1".repeat(digits));
      texts.add("00" + "1".repeat(digits));
      texts.add("+ 0".repeat(digits));
    }
    texts.add(" ".repeat(1 << 18));
    texts.add("@".repeat(1 << 18));
    texts.add("\u0000".repeat(1 << 16) + "@");
    agree(texts);
  }
}
