package cloister.attestation;

import cloister.crypto.Bytes;
import java.time.Instant;

/// A member of a JSON object that Intel signed as it was sent.
sealed interface IntelSigned permits TcbInfo, EnclaveIdentity {
  Instant issued();

  Instant nextUpdate();

  /// Rises whenever Intel judges anew; an older one may forgive what a newer one does not.
  int evaluation();

  Bytes signed();

  /// ECDSA P-256, r ‖ s.
  Bytes signature();

  default boolean isCurrent(Instant at) {
    return !issued().isAfter(at) && nextUpdate().isAfter(at);
  }
}
