package cloister.platform;

/// The hardware gave no evidence, or no sealing root. The message says what is missing and what to
/// do; it has fixed texts, paths and numbers, and nothing that a device or launcher answered.
public final class PlatformException extends Exception {
  public PlatformException(String message) {
    super(message);
  }

  public PlatformException(String message, Throwable cause) {
    super(message, cause);
  }
}
