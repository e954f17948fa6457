package cloister.protocol;

import cloister.crypto.Digest;
import cloister.ledger.ConsistencyProof;
import cloister.ledger.SignedCheckpoint;
import java.util.ArrayList;
import java.util.List;

/// The enclave's newest checkpoint, and that it extends the one the client remembers. Nothing about
/// it is believed before [cloister.ledger.CheckpointMemory#advance].
public record CheckpointProof(SignedCheckpoint checkpoint, ConsistencyProof consistency) {
  Json.Obj json() {
    return Json.object()
        .put("checkpoint", checkpoint.format())
        .put("from", consistency.first())
        .put("path", consistency.path())
        .build();
  }

  static CheckpointProof read(Json.Fields json) {
    try {
      var checkpoint = Checkpoints.read(json, "checkpoint");
      List<Digest> path = new ArrayList<>();
      for (String hash : json.strings("path", ConsistencyProof.MAX_HASHES, 71)) {
        path.add(Digest.parse(hash));
      }
      long from = json.integer("from", 0, 1L << 48);
      json.noOther();
      return new CheckpointProof(
          checkpoint, new ConsistencyProof(from, checkpoint.checkpoint().head().size(), path));
    } catch (IllegalArgumentException e) {
      throw new CloisterException(
          ErrorCode.MESSAGE_MALFORMED, "the checkpoint's proof is malformed", e);
    }
  }
}
