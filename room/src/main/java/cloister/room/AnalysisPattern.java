package cloister.room;

import cloister.crypto.Digest;

/// Which analyses a rule means.
public sealed interface AnalysisPattern {
  /// One analysis, whatever its version: `/research/analysis/overlap`.
  record Exactly(Address analysis) implements AnalysisPattern {}

  /// Every analysis of a party: `/research/analysis/*`.
  record AllOf(Name party) implements AnalysisPattern {}

  /// One version of an analysis, by the digest of its document: `sha256:…`.
  record Version(Digest document) implements AnalysisPattern {}

  /// Any analysis of anyone who is among the rule's analysts, ad-hoc SQL included: `any-sql`.
  record AnySql() implements AnalysisPattern {}
}
