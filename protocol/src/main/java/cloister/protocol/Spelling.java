package cloister.protocol;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/// Finds what somebody may have meant.
public final class Spelling {
  private Spelling() {}

  /// `; did you mean "…"?`, or the whole choice when it is short, or nothing.
  public static String suggestion(String written, Collection<String> known) {
    return nearest(written, known)
        .map(near -> "; did you mean \"" + near + "\"?")
        .orElseGet(() ->
            known.isEmpty() || known.size() > 16
                ? ""
                : "; it is one of " + String.join(", ", known));
  }

  /// The nearest by edit distance, when at most a third of its letters differ.
  static Optional<String> nearest(String written, Collection<String> known) {
    String lower = written.toLowerCase(Locale.ROOT);
    return known.stream()
        .filter(near -> Math.abs(near.length() - written.length()) <= allowed(near))
        .filter(near -> distance(lower, near.toLowerCase(Locale.ROOT)) <= allowed(near))
        .min(
            Comparator.<String>comparingInt(near -> distance(lower, near.toLowerCase(Locale.ROOT)))
                .thenComparing(Comparator.naturalOrder()));
  }

  private static int allowed(String known) {
    return Math.max(1, known.length() / 3);
  }

  /// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.
  static int distance(String a, String b) {
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        cost[i][j] =
            Math.min(cost[i - 1][j - 1] + change, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
      }
    }
    return cost[a.length()][b.length()];
  }
}
