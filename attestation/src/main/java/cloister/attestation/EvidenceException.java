package cloister.attestation;

import java.security.GeneralSecurityException;

/// Evidence was refused before it could be appraised: malformed, not signed by what it claims, or
/// of a TEE that this version cannot verify.
public final class EvidenceException extends GeneralSecurityException {
  public EvidenceException(String message) {
    super(message);
  }

  public EvidenceException(String message, Throwable cause) {
    super(message, cause);
  }
}
