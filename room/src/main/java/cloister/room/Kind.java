package cloister.room;

/// What an address can name.
public enum Kind {
  DATASET("dataset"),
  ANALYSIS("analysis");

  private final String label;

  Kind(String label) {
    this.label = label;
  }

  public String label() {
    return label;
  }
}
