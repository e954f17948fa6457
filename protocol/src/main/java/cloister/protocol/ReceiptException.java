package cloister.protocol;

import java.io.Serial;
import java.security.GeneralSecurityException;

/// A receipt does not hold; [#part] says which field of the statement or part of the file.
public final class ReceiptException extends GeneralSecurityException {
  @Serial private static final long serialVersionUID = 1;

  private final String part;

  ReceiptException(String part, String why) {
    super("the receipt does not hold: " + part + " " + why);
    this.part = part;
  }

  ReceiptException(String part, String why, Throwable cause) {
    super("the receipt does not hold: " + part + " " + why, cause);
    this.part = part;
  }

  /// As in `purpose`, `signature`, `evidence`, `inclusion`.
  public String part() {
    return part;
  }
}
