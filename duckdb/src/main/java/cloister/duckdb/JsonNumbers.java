package cloister.duckdb;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.util.regex.Pattern;

/// JSON with each number as a string of the same value, digit for digit. DuckDB reads a JSON number
/// into 64 bits before anybody can say what type it should have: `0.1000000000000000055` would
/// arrive as `0.1`, and `9007199254740993.0` as its neighbour.
///
/// What is no number of RFC 8259 §6 is left as it is, for DuckDB to refuse. Lines stay lines.
final class JsonNumbers {
  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");

  private static final Pattern EXPONENT = Pattern.compile(".*[eE][+-]?[0-9]{1,3}");

  /// Of one number; a longer one falls apart into what is no JSON.
  private static final int MOST_CHARACTERS = 1024;

  private enum Within {
    STRUCTURE,
    STRING,
    ESCAPE,
    WORD
  }

  private JsonNumbers() {}

  /// Neither stream needs a buffer of its own.
  static void quote(InputStream in, OutputStream out) throws IOException {
    var word = new ByteArrayOutputStream();
    var within = Within.STRUCTURE;
    byte[] read = new byte[1 << 16];
    var written = new ByteArrayOutputStream(1 << 17);
    for (int count = in.read(read); count >= 0; count = in.read(read)) {
      for (int i = 0; i < count; i++) {
        byte next = read[i];
        if (within == Within.WORD && (!isPartOfWord(next) || word.size() == MOST_CHARACTERS)) {
          write(word, written);
          within = Within.STRUCTURE;
        }
        within =
            switch (within) {
              case STRING ->
                  next == '\\' ? Within.ESCAPE : next == '"' ? Within.STRUCTURE : Within.STRING;
              case ESCAPE -> Within.STRING;
              case WORD -> Within.WORD;
              case STRUCTURE ->
                  next == '"' ? Within.STRING : isPartOfWord(next) ? Within.WORD : Within.STRUCTURE;
            };
        (within == Within.WORD ? word : written).write(next);
      }
      written.writeTo(out);
      written.reset();
    }
    write(word, out);
  }

  /// Of a number, or of what stands where one could: `null`, `Infinity`.
  private static boolean isPartOfWord(byte next) {
    return (next >= '0' && next <= '9')
        || next == '-'
        || next == '+'
        || next == '.'
        || (next >= 'A' && next <= 'Z')
        || (next >= 'a' && next <= 'z');
  }

  private static void write(ByteArrayOutputStream word, OutputStream out) throws IOException {
    String text = word.toString(US_ASCII);
    word.reset();
    out.write(
        (NUMBER.matcher(text).matches() ? "\"" + plain(text) + "\"" : text).getBytes(US_ASCII));
  }

  /// `1.5E3` is 1500: whole numbers and decimals are written without exponents elsewhere.
  private static String plain(String number) {
    return EXPONENT.matcher(number).matches() ? new BigDecimal(number).toPlainString() : number;
  }
}
