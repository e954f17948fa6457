package cloister.protocol;

import java.io.Serial;
import java.util.Objects;

/// What a caller is told when a request cannot be served: a code of the catalogue and one sentence.
/// The message holds no row value, key, path or text of an engine.
public sealed class CloisterException extends RuntimeException permits InvalidDocument {
  @Serial private static final long serialVersionUID = 1;

  private final ErrorCode code;

  public CloisterException(ErrorCode code, String message) {
    super(message);
    this.code = code;
  }

  /// @param cause for a debugger only: it is never printed, logged or sent
  public CloisterException(ErrorCode code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  public ErrorCode code() {
    return code;
  }

  /// The message; every exception of this type has one.
  @Override
  public String getMessage() {
    return Objects.requireNonNullElse(super.getMessage(), code.meaning());
  }
}
