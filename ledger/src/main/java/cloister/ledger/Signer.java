package cloister.ledger;

import cloister.crypto.Bytes;

/// Signs with an Ed25519 key (RFC 8032) that stays where it is.
@FunctionalInterface
public interface Signer {
  /// The 64 bytes of the signature.
  Bytes sign(Bytes message);
}
