package cloister.ledger;

/// The ledger cannot go on: its store failed, is full, or returned what does not hash to the
/// recorded root. Nothing that was acknowledged is lost by it; whether an append that ended in it
/// took effect is known after opening again.
public final class LedgerException extends RuntimeException {
  public LedgerException(String message) {
    super(message);
  }

  public LedgerException(String message, Throwable cause) {
    super(message, cause);
  }
}
