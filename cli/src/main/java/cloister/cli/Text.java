package cloister.cli;

import cloister.client.Standing;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How quantities and lists are written for people.
final class Text {
  private static final Pattern UNSEEN =
      Pattern.compile(
          "[\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}\\x{61c}\\x{200e}\\x{200f}\\x{202a}-\\x{202e}\\x{2066}-\\x{2069}"
              + "&&[^\n\t]]");

  private Text() {}

  /// `12.3 MB`, in powers of ten.
  static String bytes(long bytes) {
    if (bytes < 1000) {
      return bytes + " B";
    }
    double value = bytes;
    int unit = -1;
    while (value >= 999.95) {
      value /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, "%.1f %sB", value, "kMGTPE".charAt(unit));
  }

  /// `0.42 s`, `12.3 s`, `3 min 20 s`.
  static String duration(Duration duration) {
    double seconds = duration.toNanos() / 1e9;
    if (seconds < 10) {
      return String.format(Locale.ROOT, "%.2f s", seconds);
    }
    return seconds < 100
        ? String.format(Locale.ROOT, "%.1f s", seconds)
        : duration.toMinutes() + " min " + duration.toSecondsPart() + " s";
  }

  /// `1,234,567.5`
  static String number(BigDecimal number) {
    String plain = number.abs().toPlainString();
    int point = plain.indexOf('.');
    String whole = point < 0 ? plain : plain.substring(0, point);
    String grouped = whole.replaceAll("(?<=\\d)(?=(\\d{3})+$)", ",");
    return (number.signum() < 0 ? "-" : "") + grouped + (point < 0 ? "" : plain.substring(point));
  }

  static String number(long number) {
    return number(BigDecimal.valueOf(number));
  }

  /// An exact amount without its trailing zeros: `0.7`, `1E-6`.
  static String amount(BigDecimal amount) {
    if (amount.signum() == 0) {
      return "0";
    }
    BigDecimal stripped = amount.stripTrailingZeros();
    return stripped.abs().compareTo(new BigDecimal("0.001")) < 0
        ? stripped.round(new MathContext(4)).toString()
        : number(stripped.setScale(Math.max(0, stripped.scale())));
  }

  /// `1 row`, `2 rows`
  static String count(long count, String one) {
    return number(count) + " " + one + (count == 1 ? "" : "s");
  }

  /// `Version 2 (sha256:1f2e…)`
  static String version(Standing.Version version) {
    return "Version " + version.number() + " (" + version.digest().brief() + ")";
  }

  /// Names and values in two columns.
  static List<String> facts(SequencedMap<String, String> facts) {
    int widest = facts.keySet().stream().mapToInt(String::length).max().orElse(1);
    return facts.entrySet().stream()
        .map(fact -> ("%-" + widest + "s  %s").formatted(fact.getKey(), fact.getValue()))
        .toList();
  }

  /// The text with every character written out that a terminal would act on: controls but line ends
  /// and tabs, and what changes the direction of writing.
  static String visible(String text) {
    return UNSEEN
        .matcher(text)
        .replaceAll(
            found -> Matcher.quoteReplacement("\\u%04x".formatted(found.group().codePointAt(0))));
  }

  /// The same on one line, for the cell of a table.
  static String cell(String text) {
    return visible(text.replace("\n", "\\n").replace("\t", "\\t"));
  }
}
