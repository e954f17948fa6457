package cloister.query;

/// An engine could not complete a run. It says which limit was met and nothing else: engine text
/// quotes data.
public final class EngineException extends Exception {
  private static final long serialVersionUID = 1;

  /// Why a run ended without a result.
  public enum Reason {
    TIME,
    MEMORY,
    GROUPS,
    FAILED
  }

  private final Reason reason;

  public EngineException(Reason reason) {
    super("engine: " + reason, null, false, false);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
