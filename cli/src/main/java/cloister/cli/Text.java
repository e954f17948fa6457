package cloister.cli;

import cloister.client.Standing;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;

/// How quantities and lists are written for people.
final class Text {
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

  /// The candidate that was most likely meant, if any is near.
  static Optional<String> nearest(String text, List<String> candidates) {
    int allowed = Math.max(1, text.length() / 3);
    return candidates.stream()
        .filter(candidate -> distance(text, candidate) <= allowed)
        .min(java.util.Comparator.comparingInt(candidate -> distance(text, candidate)));
  }

  /// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours.
  private static int distance(String one, String other) {
    int[][] cost = new int[one.length() + 1][other.length() + 1];
    for (int i = 0; i <= one.length(); i++) {
      for (int j = 0; j <= other.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        int replaced = one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1;
        cost[i][j] =
            Math.min(cost[i - 1][j - 1] + replaced, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
        if (i > 1
            && j > 1
            && one.charAt(i - 1) == other.charAt(j - 2)
            && one.charAt(i - 2) == other.charAt(j - 1)) {
          cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
      }
    }
    return cost[one.length()][other.length()];
  }
}
