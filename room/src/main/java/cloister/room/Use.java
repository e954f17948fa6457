package cloister.room;

import java.util.Arrays;
import java.util.Optional;

/// What an analysis may do with a column. What is not listed is out of reach. Counting the distinct
/// privacy units, and counting rows, needs no use: thresholds and noise bound both.
public enum Use {
  JOIN("join"),
  GROUP("group"),
  FILTER("filter"),
  COUNT("count"),
  SUM("sum"),
  AVG("avg");

  private final String label;

  Use(String label) {
    this.label = label;
  }

  public String label() {
    return label;
  }

  public static Optional<Use> byLabel(String label) {
    return Arrays.stream(values()).filter(use -> use.label.equals(label)).findFirst();
  }
}
