package cloister.room;

/// How the noise of an answer follows from the terms of several datasets.
public sealed interface NoiseResolution {
  /// The strictest of all terms: the smallest ε and δ.
  record Strongest() implements NoiseResolution {}

  /// All terms must ask for the same, or the run is refused.
  record Equal() implements NoiseResolution {}

  /// The terms of this party decide; a run is refused where another owner's terms allow less.
  record Designated(Name party) implements NoiseResolution {}
}
