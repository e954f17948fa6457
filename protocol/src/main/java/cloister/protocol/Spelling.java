package cloister.protocol;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Finds what somebody may have meant.
public final class Spelling {
  private static final Pattern WORD = Pattern.compile("(?<=[a-z])(?=[A-Z])|[-_ ]");
  private static final int MOST_SUGGESTED = 6;
  private static final int LONGEST_CHOICE = 16;

  private Spelling() {}

  /// `; did you mean "…"?`, or the whole choice when it is short, or nothing.
  public static String suggestion(String written, Collection<String> known) {
    List<String> near =
        nearest(written, known).map(List::of).orElseGet(() -> sharingAWord(written, known));
    if (!near.isEmpty()) {
      return near.stream().collect(Collectors.joining("\" or \"", "; did you mean \"", "\"?"));
    }
    return known.isEmpty() || known.size() > LONGEST_CHOICE
        ? ""
        : "; it is one of " + String.join(", ", known);
  }

  /// The nearest by edit distance, when at most a third of its letters differ.
  public static Optional<String> nearest(String written, Collection<String> known) {
    String lower = written.toLowerCase(Locale.ROOT);
    return known.stream()
        .filter(near -> isNear(lower, near.toLowerCase(Locale.ROOT)))
        .min(
            Comparator.<String>comparingInt(near -> distance(lower, near.toLowerCase(Locale.ROOT)))
                .thenComparing(Comparator.naturalOrder()));
  }

  /// `Resarch` is near to a word of `ScientificResearch`, and of others.
  private static List<String> sharingAWord(String written, Collection<String> known) {
    String lower = written.toLowerCase(Locale.ROOT);
    return known.stream()
        .filter(each ->
            WORD.splitAsStream(each)
                .filter(word -> word.length() > 3)
                .anyMatch(word -> isNear(lower, word.toLowerCase(Locale.ROOT))))
        .sorted()
        .limit(MOST_SUGGESTED)
        .toList();
  }

  private static boolean isNear(String a, String b) {
    int allowed = Math.max(a.length(), b.length()) / 3;
    return Math.abs(a.length() - b.length()) <= allowed && distance(a, b) <= allowed;
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
