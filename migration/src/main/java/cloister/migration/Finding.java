package cloister.migration;

/// What became of one rule of the source.
///
/// @param line from 1, as is `column`
/// @param rule the rule, in the words of the source
/// @param outcome what Cloister has in its place; of what is lost, why, and what to do
public record Finding(Kind kind, String file, int line, int column, String rule, String outcome) {
  /// How a rule fared.
  public enum Kind {
    /// It binds as it did.
    KEPT("kept"),
    /// It binds, and more is refused than before.
    STRICTER("stricter"),
    /// Something that the source permits or prescribes has no counterpart. Where that could loosen
    /// the policy, the document does not pass before its owner has filled something in.
    LOST("LOST");

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    public String label() {
      return label;
    }
  }

  public String place() {
    return line == 0 ? file : file + ":" + line + ":" + column;
  }
}
