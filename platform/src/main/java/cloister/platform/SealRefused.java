package cloister.platform;

/// What lies on the disk as sealed is not what the TPM sealed for this system.
final class SealRefused extends Exception {
  SealRefused(String message) {
    super(message);
  }

  SealRefused(String message, Throwable cause) {
    super(message, cause);
  }
}
