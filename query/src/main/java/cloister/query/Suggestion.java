package cloister.query;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/// The known name that a misspelt one most likely means.
final class Suggestion {
  private static final int FARTHEST = 3;

  private Suggestion() {}

  static Optional<String> nearest(String name, Collection<String> known) {
    String wanted = name.toLowerCase(Locale.ROOT);
    return known.stream()
        .filter(each -> distance(wanted, each.toLowerCase(Locale.ROOT)) <= farthest(wanted, each))
        .min(
            Comparator.<String>comparingInt(each -> distance(wanted, each.toLowerCase(Locale.ROOT)))
                .thenComparing(each -> each));
  }

  /// At most a third of the letters differ, so that short names are not taken for one another.
  private static int farthest(String wanted, String known) {
    return Math.min(FARTHEST, Math.max(wanted.length(), known.length()) / 3);
  }

  /// Levenshtein's edit distance.
  private static int distance(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int substituted = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[to.length()];
  }
}
