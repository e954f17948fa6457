package cloister.protocol;

import cloister.crypto.Digest;
import cloister.crypto.VerifyingKey;
import cloister.ledger.CheckpointKey;
import cloister.ledger.ProofException;
import cloister.ledger.SignedCheckpoint;

/// Which ledger a collaboration's checkpoints are of.
public final class Checkpoints {
  private static final int SPKI_PREFIX_BYTES = 12;
  private static final int MAX_NOTE = 1024;

  private Checkpoints() {}

  /// The origin `cloister/<digest of the collaboration's first version>`, with the enclave's key
  /// for it.
  public static CheckpointKey key(Digest collaboration, VerifyingKey enclave) {
    return key("cloister/" + collaboration, enclave);
  }

  static CheckpointKey key(String origin, VerifyingKey enclave) {
    return new CheckpointKey(
        origin, enclave.spki().slice(SPKI_PREFIX_BYTES, enclave.spki().size()));
  }

  /// Nothing about it is believed before [SignedCheckpoint#verify].
  static SignedCheckpoint read(Json.Fields json, String name) {
    try {
      return SignedCheckpoint.parse(json.string(name, MAX_NOTE));
    } catch (ProofException | IllegalArgumentException e) {
      throw new CloisterException(
          ErrorCode.MESSAGE_MALFORMED, "the member " + name + " is no signed checkpoint", e);
    }
  }
}
