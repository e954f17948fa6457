package cloister.benchmarks;

import java.util.Locale;

/// A claim with what was measured, both figures in the claim's unit.
///
/// @param size of what it was measured on
record Result(Claim claim, String size, double ours, double peer) {
  Result {
    if (!(ours > 0 && peer > 0)) {
      throw new IllegalArgumentException(claim + " measured " + ours + " and " + peer);
    }
  }

  double ratio() {
    return ours / peer;
  }

  String row() {
    return "| %s | %s | %s | %s | %s: %s | %s | %s |"
        .formatted(
            claim.what,
            size,
            claim.estimate,
            figure(ours),
            claim.peer,
            figure(peer),
            number(ratio()) + "×",
            verdict());
  }

  private String verdict() {
    return switch (claim.goal) {
      case RATIO_AT_MOST -> "≤ " + number(claim.limit) + "×: " + met(ratio() <= claim.limit);
      case OURS_AT_MOST -> "≤ " + figure(claim.limit) + ": " + met(ours <= claim.limit);
      case OURS_AT_LEAST -> "≥ " + figure(claim.limit) + ": " + met(ours >= claim.limit);
      case NONE -> "";
    };
  }

  private static String met(boolean met) {
    return met ? "met" : "**missed**";
  }

  private String figure(double value) {
    return number(value) + " " + claim.unit.symbol;
  }

  /// Three digits, which is more than a shared machine can promise.
  private static String number(double value) {
    int decimals = value >= 100 ? 0 : value >= 10 ? 1 : value >= 0.1 ? 2 : 4;
    return String.format(Locale.ROOT, "%,." + decimals + "f", value);
  }
}
