package cloister.protocol;

import cloister.crypto.Digest;
import cloister.crypto.VerifyingKey;
import cloister.ledger.CheckpointKey;

/// Which ledger a collaboration's checkpoints are of.
public final class Checkpoints {
  private static final int SPKI_PREFIX_BYTES = 12;

  private Checkpoints() {}

  /// The origin `cloister/<digest of the collaboration's first version>`, with the enclave's key
  /// for it.
  public static CheckpointKey key(Digest collaboration, VerifyingKey enclave) {
    return new CheckpointKey(
        "cloister/" + collaboration,
        enclave.spki().slice(SPKI_PREFIX_BYTES, enclave.spki().size()));
  }
}
