package cloister.attestation;

/// One thing that was looked at, and what was found.
///
/// @param name what it is about, as a path: `snp.signature`, `tdx.td-attributes.debug`. Stable: for
///   programs
/// @param detail what was found; where it fails also what is required, and what to do. For people
public record Check(String name, Outcome outcome, String detail) {
  public Check {
    if (!name.matches("[a-z0-9]+([.-][a-z0-9]+)*")) {
      throw new IllegalArgumentException("not a path of lower-case words: " + name);
    }
    if (detail.isBlank()) {
      throw new IllegalArgumentException("a check says what was found");
    }
  }

  public enum Outcome {
    HOLDS,
    FAILS,
    /// Nobody demanded anything of it, and a careful reader wants to know: an explicit `any`, an
    /// unknown informational bit.
    NOTED
  }

  public boolean failed() {
    return outcome == Outcome.FAILS;
  }

  static Check holds(String name, String detail) {
    return new Check(name, Outcome.HOLDS, detail);
  }

  static Check fails(String name, String detail) {
    return new Check(name, Outcome.FAILS, detail);
  }

  static Check noted(String name, String detail) {
    return new Check(name, Outcome.NOTED, detail);
  }
}
