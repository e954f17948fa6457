package cloister.ledger;

import java.security.GeneralSecurityException;

/// A proof, signature or checkpoint that does not prove what it claims. The message says which
/// check failed and holds nothing of the other side's text.
public final class ProofException extends GeneralSecurityException {
  /// What the failure says about the ledger that sent it.
  public enum Reason {
    /// It proves nothing: malformed, of another key, or with a hash that does not fit.
    INVALID,
    /// The ledger has signed less than it had signed before.
    ROLLBACK,
    /// The ledger has signed a history that does not contain what it had signed before.
    FORK
  }

  private final Reason reason;

  public ProofException(String message) {
    this(Reason.INVALID, message);
  }

  ProofException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  ProofException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
