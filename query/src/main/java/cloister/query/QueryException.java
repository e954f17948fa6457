package cloister.query;

/// A query that Cloister does not run: what is wrong, where, and what to write instead. It may
/// quote the analyst's own identifiers, never data and never the planner's text.
public final class QueryException extends Exception {
  private static final long serialVersionUID = 1;

  /// What kind of mistake it is.
  public enum Kind {
    /// Not SQL.
    SYNTAX,
    /// Longer, deeper or bigger than any limit allows.
    TOO_LARGE,
    /// A table that names no dataset and no analysis.
    UNKNOWN_TABLE,
    /// A column that its table does not declare.
    UNKNOWN_COLUMN,
    /// A name that could mean several things.
    AMBIGUOUS,
    /// Types that do not go together.
    TYPE,
    /// SQL that is outside the checked subset.
    UNSUPPORTED,
    /// A function or operator that is not on the list.
    FUNCTION,
    /// A join that does not follow the privacy unit.
    JOIN,
    /// A requested analysis that would release rows.
    ROW_LEVEL,
    /// Analyses that read each other.
    CYCLE,
    /// A sum or average under noise of something without declared bounds.
    UNBOUNDED,
    /// What could single out a unit without noise.
    NEEDS_NOISE
  }

  private final Kind kind;
  private final int line;
  private final int column;
  private final String fix;

  QueryException(Kind kind, Position position, String message, String fix) {
    super(message);
    this.kind = kind;
    this.line = position.line();
    this.column = position.column();
    this.fix = fix;
  }

  public Kind kind() {
    return kind;
  }

  /// From 1.
  public int line() {
    return line;
  }

  /// From 1.
  public int column() {
    return column;
  }

  /// What to write instead.
  public String fix() {
    return fix;
  }

  /// A place in the analyst's text, both from 1.
  record Position(int line, int column) {
    static final Position START = new Position(1, 1);
  }
}
