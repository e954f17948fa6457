package cloister.room;

import cloister.crypto.Digest;
import java.util.Optional;

/// Which analyses a rule means.
public sealed interface AnalysisPattern {
  /// Whose analyses it means, where it names somebody.
  default Optional<Name> named() {
    return switch (this) {
      case Exactly(Address analysis) -> Optional.of(analysis.party());
      case AllOf(Name party) -> Optional.of(party);
      case Version _, AnySql _ -> Optional.empty();
    };
  }

  /// One analysis, whatever its version: `/research/analysis/overlap`.
  record Exactly(Address analysis) implements AnalysisPattern {
    public Exactly {
      if (analysis.kind() != Kind.ANALYSIS) {
        throw new IllegalArgumentException(analysis + " is not the address of an analysis");
      }
    }

    @Override
    public String toString() {
      return analysis.toString();
    }
  }

  /// Every analysis of a party: `/research/analysis/*`.
  record AllOf(Name party) implements AnalysisPattern {
    @Override
    public String toString() {
      return "/" + party + "/" + Kind.ANALYSIS.label() + "/*";
    }
  }

  /// One version of an analysis, by the digest of its document: `sha256:…`.
  record Version(Digest document) implements AnalysisPattern {
    @Override
    public String toString() {
      return document.toString();
    }
  }

  /// Any analysis of anyone who is among the rule's analysts, ad-hoc SQL included: `any-sql`.
  record AnySql() implements AnalysisPattern {
    @Override
    public String toString() {
      return "any-sql";
    }
  }
}
