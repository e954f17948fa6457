package cloister.platform;

import java.io.IOException;

/// A TPM answered a command with a code other than success.
final class TpmRefusal extends IOException {
  /// TPM_RC_HANDLE for the first handle: there is no such object or index.
  private static final int NO_SUCH_HANDLE = 0x18b;

  private final int code;

  TpmRefusal(int command, int code) {
    super("the TPM answered command 0x%03x with code 0x%03x".formatted(command, code));
    this.code = code;
  }

  int code() {
    return code;
  }

  boolean isNoSuchHandle() {
    return code == NO_SUCH_HANDLE;
  }
}
