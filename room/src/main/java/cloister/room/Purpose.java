package cloister.room;

import java.util.Arrays;
import java.util.Optional;

/// A purpose of the W3C Data Privacy Vocabulary (DPV 2.1, "Purposes"), with its broader term.
public enum Purpose {
  PURPOSE("Purpose", null),
  RESEARCH_AND_DEVELOPMENT("ResearchAndDevelopment", PURPOSE),
  SERVICE_PROVISION("ServiceProvision", PURPOSE);

  private final String term;
  private final @org.jspecify.annotations.Nullable Purpose broader;

  Purpose(String term, @org.jspecify.annotations.Nullable Purpose broader) {
    this.term = term;
    this.broader = broader;
  }

  /// The DPV term, as documents write it.
  public String term() {
    return term;
  }

  public static Optional<Purpose> byTerm(String term) {
    return Arrays.stream(values()).filter(purpose -> purpose.term.equals(term)).findFirst();
  }

  /// Whether a permission for this purpose is one for `other`: the same term or a narrower one.
  public boolean covers(Purpose other) {
    for (@org.jspecify.annotations.Nullable Purpose at = other; at != null; at = at.broader) {
      if (at == this) {
        return true;
      }
    }
    return false;
  }

  @Override
  public String toString() {
    return term;
  }
}
