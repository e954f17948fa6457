package cloister.crypto;

import java.security.GeneralSecurityException;

/// Something from outside was refused: a signature, a ciphertext, a key or a certificate. The
/// message says what was wrong with it and never quotes its content.
public final class CryptoException extends GeneralSecurityException {
  public CryptoException(String message) {
    super(message);
  }

  public CryptoException(String message, Throwable cause) {
    super(message, cause);
  }
}
