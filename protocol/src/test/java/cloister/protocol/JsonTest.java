package cloister.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Bytes;
import cloister.testkit.ForAll;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  /// RFC 8785 appendix B.
  @ParameterizedTest
  @CsvSource({
    "0000000000000000,0",
    "8000000000000000,0",
    "0000000000000001,5e-324",
    "8000000000000001,-5e-324",
    "7fefffffffffffff,1.7976931348623157e+308",
    "ffefffffffffffff,-1.7976931348623157e+308",
    "4340000000000000,9007199254740992",
    "c340000000000000,-9007199254740992",
    "4430000000000000,295147905179352830000",
    "44b52d02c7e14af5,9.999999999999997e+22",
    "44b52d02c7e14af6,1e+23",
    "44b52d02c7e14af7,1.0000000000000001e+23",
    "444b1ae4d6e2ef4e,999999999999999700000",
    "444b1ae4d6e2ef4f,999999999999999900000",
    "444b1ae4d6e2ef50,1e+21",
    "3eb0c6f7a0b5ed8c,9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d,0.000001",
    "41b3de4355555553,333333333.3333332",
    "41b3de4355555554,333333333.33333325",
    "41b3de4355555555,333333333.3333333",
    "41b3de4355555556,333333333.3333334",
    "41b3de4355555557,333333333.33333343",
    "becbf647612f3696,-0.0000033333333333333333",
    "43143ff3c1cb0959,1424953923781206.2"
  })
  void numbersAreWrittenAsEcmaScriptDoes(String bits, String expected) {
    assertThat(JsonText.ecmaScript(Double.longBitsToDouble(Long.parseUnsignedLong(bits, 16))))
        .isEqualTo(expected);
  }

  /// RFC 8785 §3.2.2 to §3.2.4, with the numbers that are what they say.
  @Test
  void theExampleOfTheRfcIsWrittenCanonically() {
    String text =
        """
        {
          "numbers": [333333333.3333333, 4.50, 2e-3, 0.000000000000000000000000001],
          "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
          "literals": [null, true, false]
        }
        """;

    assertThat(canonical(text))
        .isEqualTo(
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,4.5,0.002,1e-27],"
                + "\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
  }

  /// RFC 8785 §3.2.3.
  @Test
  void keysAreSortedByUtf16CodeUnits() {
    String text =
        """
        {"\\u20ac": "Euro Sign", "\\r": "Carriage Return", "\\ufb33": "Hebrew Letter Dalet With Dagesh",
         "1": "One", "\\ud83d\\ude00": "Emoji: Grinning Face", "\\u0080": "Control",
         "\\u00f6": "Latin Small Letter O With Diaeresis"}
        """;

    assertThat(
            ((Json.Obj) Json.parse(canonical(text).getBytes(StandardCharsets.UTF_8)))
                .members()
                .values())
        .extracting(value -> ((Json.Str) value).value())
        .containsExactly(
            "Carriage Return",
            "One",
            "Control",
            "Latin Small Letter O With Diaeresis",
            "Euro Sign",
            "Emoji: Grinning Face",
            "Hebrew Letter Dalet With Dagesh");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.7",
        "1e-6",
        "0.000001",
        "5000",
        "9007199254740992",
        "-9007199254740992",
        "1e-18",
        "123456789012345",
        "0.123456789012345",
        "-0",
        "0.0",
        "1E2"
      })
  void aNumberThatParsesKeepsItsValueInEveryLanguage(String text) {
    String canonical = canonical(text);

    assertThat(new BigDecimal(canonical)).isEqualByComparingTo(new BigDecimal(text));
    assertThat(Double.parseDouble(canonical)).isEqualTo(Double.parseDouble(text) + 0.0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "9007199254740993",
        "9007199254740994",
        "333333333.33333329",
        "0.1000000000000000055511151231257827",
        "1e400",
        "1e-400",
        "1e999999999",
        "1e-999999999",
        "1e99999999999999999999",
        "1e22",
        "12345678901234567890"
      })
  void aNumberThatADoubleWouldChangeIsRefused(String text) {
    refused(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"\\u0061\":1}",
        "01",
        "+1",
        ".5",
        "1.",
        "NaN",
        "Infinity",
        "-Infinity",
        "'a'",
        "{a:1}",
        "1 2",
        "{} x",
        "[] []",
        "// c\n1",
        "/* c */1",
        "\"\t\"",
        "\"\\x\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "{\"\\ud800\":1}",
        "tru",
        "nul",
        "\"abc",
        "\uFEFF1"
      })
  void whatIsNoStrictJsonIsRefused(String text) {
    refused(text);
  }

  @Test
  void invalidUtf8IsRefused() {
    for (String hex :
        List.of("22ff22", "22c0af22", "22eda08022", "22f4908080 22".replace(" ", ""), "22e282")) {
      assertThatThrownBy(() -> Json.parse(Bytes.hex(hex).toArray()))
          .isInstanceOfSatisfying(
              CloisterException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.MESSAGE_MALFORMED));
    }
  }

  @Test
  void depthAndSizeAreBounded() {
    String deepest = "[".repeat(Json.MAX_DEPTH) + "]".repeat(Json.MAX_DEPTH);
    assertThat(canonical(deepest)).isEqualTo(deepest);
    refused("[" + deepest + "]");
    refused("[".repeat(100_000));
    refused("1".repeat(41));
    assertThatThrownBy(() -> Json.parse(new byte[11], 10))
        .isInstanceOfSatisfying(
            CloisterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TOO_LARGE));
  }

  @Test
  void errorsDoNotQuoteTheInput() {
    assertThatThrownBy(
            () -> Json.parse("{\"secret-value\" secret-value".getBytes(StandardCharsets.UTF_8)))
        .message()
        .doesNotContain("secret");
  }

  @Test
  void onlyTheCanonicalSpellingIsCanonical() {
    assertThat(Json.parseCanonical("{\"a\":1,\"b\":[]}".getBytes(StandardCharsets.UTF_8), 100))
        .isNotNull();
    for (String other :
        List.of(
            "{\"b\":[],\"a\":1}",
            "{\"a\":1.0,\"b\":[]}",
            "{\"a\":1,\"b\":[] }",
            "{\"\\u0061\":1,\"b\":[]}",
            "{\"a\":-0}")) {
      assertThatThrownBy(() -> Json.parseCanonical(other.getBytes(StandardCharsets.UTF_8), 100))
          .as(other)
          .isInstanceOf(CloisterException.class);
    }
  }

  @ForAll
  void whatIsWrittenReadsBackTheSame(RandomGenerator random) {
    Json json = randomJson(random, 5);

    assertThat(Json.parse(json.canonical())).isEqualTo(json);
    assertThat(Json.parse(json.pretty().getBytes(StandardCharsets.UTF_8))).isEqualTo(json);
    assertThat(Json.parseCanonical(json.canonical(), Json.MAX_BYTES).canonical())
        .isEqualTo(json.canonical());
  }

  @ForAll(tries = 2000)
  void theShortestTextOfADoubleReadsBackAsIt(RandomGenerator random) {
    double number = Double.longBitsToDouble(random.nextLong());
    if (Double.isFinite(number)) {
      assertThat(Double.parseDouble(JsonText.ecmaScript(number))).isEqualTo(number + 0.0);
    }
  }

  @Test
  void fieldsAreReadWithTheirBoundsAndErrorsNameThem() {
    String text =
        """
        {"s": "abc", "n": 7, "half": 0.5, "t": true, "d": "sha256:%s", "b": "AQI=",
         "loose": "AQJ=", "at": "2026-11-21T00:00:00Z", "at2": "2026-11-21T00:00:00.000Z",
         "list": ["a", "b"], "null": null}
        """
            .formatted("0".repeat(64));
    var in = Json.parseFields(text.getBytes(StandardCharsets.UTF_8), 1000, "a message");

    assertThat(in.string("s", 3)).isEqualTo("abc");
    assertThat(in.count("n", 1, 7)).isEqualTo(7);
    assertThat(in.bool("t")).isTrue();
    assertThat(in.bytes("b", 2)).isEqualTo(Bytes.hex("0102"));
    assertThat(in.digest("d").toArray()).hasSize(32);
    assertThat(in.instant("at")).isEqualTo("2026-11-21T00:00:00Z");
    assertThat(in.strings("list", 2, 1)).containsExactly("a", "b");
    assertThat(in.optional("absent", Json.Fields::digest)).isEqualTo(Optional.empty());
    bad(() -> in.string("s", 2), "a message.s is longer than 2 characters");
    bad(() -> in.integer("n", 8, 9), "a message.n is not an integer from 8 to 9");
    bad(() -> in.integer("half", 0, 9), "a message.half is not an integer from 0 to 9");
    bad(() -> in.integer("s", 0, 9), "a message.s is not a number");
    bad(() -> in.digest("s"), "a message.s has not the form that it must have");
    bad(() -> in.bytes("b", 1), "a message.b is longer than 1 bytes");
    bad(() -> in.bytes("s", 9), "a message.s is not canonical base64");
    bad(() -> in.bytes("at", 90), "a message.at is not canonical base64");
    bad(() -> in.bytes("loose", 9), "a message.loose is not canonical base64");
    bad(
        () -> in.instant("at2"),
        "a message.at2 is not written as UTC with no more digits than needed");
    bad(() -> in.strings("list", 1, 1), "a message.list has more than 1 elements");
    bad(() -> in.object("s"), "a message.s is not an object");
    bad(() -> in.string("absent", 9), "a message.absent is missing");
    bad(() -> in.optional("null", Json.Fields::digest), "a message.null is not a string");
  }

  @Test
  void aFieldThatNobodyReadIsRefused() {
    var in =
        Json.parseFields("{\"a\":1,\"b\":2}".getBytes(StandardCharsets.UTF_8), 100, "a message");
    in.count("a", 0, 9);
    bad(in::noOther, "a message has a field that it must not have");
    in.count("b", 0, 9);
    in.noOther();
  }

  private static Json randomJson(RandomGenerator random, int depth) {
    return switch (random.nextInt(depth == 0 ? 4 : 6)) {
      case 0 -> Json.of(random.nextInt());
      case 1 -> Json.of(BigDecimal.valueOf(random.nextInt(), random.nextInt(12)));
      case 2 -> Json.of(random.nextBoolean());
      case 3 -> Json.of(randomText(random));
      case 4 ->
          Json.array(
              random.ints(random.nextInt(4)).mapToObj(_ -> randomJson(random, depth - 1)).toList());
      default -> {
        var object = Json.object();
        for (int i = random.nextInt(4); i > 0; i--) {
          object.put(i + randomText(random), randomJson(random, depth - 1));
        }
        yield object.build();
      }
    };
  }

  private static String randomText(RandomGenerator random) {
    var text = new StringBuilder();
    for (int i = random.nextInt(6); i > 0; i--) {
      int point = random.nextInt(random.nextBoolean() ? 0x80 : Character.MAX_CODE_POINT + 1);
      text.appendCodePoint(point >= 0xD800 && point <= 0xDFFF ? 'x' : point);
    }
    return text.toString();
  }

  private static String canonical(String text) {
    return new String(
        Json.parse(text.getBytes(StandardCharsets.UTF_8)).canonical(), StandardCharsets.UTF_8);
  }

  private static void refused(String text) {
    assertThatThrownBy(() -> Json.parse(text.getBytes(StandardCharsets.UTF_8)))
        .as(text)
        .isInstanceOfSatisfying(
            CloisterException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.MESSAGE_MALFORMED));
  }

  private static void bad(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable read, String message) {
    assertThatThrownBy(read).isInstanceOf(CloisterException.class).hasMessage(message);
  }
}
