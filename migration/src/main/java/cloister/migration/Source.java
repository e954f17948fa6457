package cloister.migration;

import java.util.Arrays;
import java.util.Optional;

/// A product whose policies are read.
public enum Source {
  AWS("aws", "AWS Clean Rooms"),
  BIGQUERY("bigquery", "BigQuery"),
  SNOWFLAKE("snowflake", "Snowflake"),
  SCQL("scql", "SCQL");

  private final String label;
  private final String title;

  Source(String label, String title) {
    this.label = label;
    this.title = title;
  }

  public String label() {
    return label;
  }

  /// As people call it.
  public String title() {
    return title;
  }

  public static Optional<Source> byLabel(String label) {
    return Arrays.stream(values()).filter(source -> source.label.equals(label)).findFirst();
  }
}
