package cloister.ledger;

/// What a client remembers of a ledger: its key and the last checkpoint that was verified. An
/// immutable value; the client writes [SignedCheckpoint#format] of [#last] to its disk and begins
/// again from it with [#begin].
///
/// When [#advance] reports a fork or a rollback, [#last] and the refused checkpoint are both
/// signed: together they convict the ledger in front of anybody.
public final class CheckpointMemory {
  private final CheckpointKey key;
  private final SignedCheckpoint last;

  private CheckpointMemory(CheckpointKey key, SignedCheckpoint last) {
    this.key = key;
    this.last = last;
  }

  /// Begins with a checkpoint that needs only its signature: the first one, or one read from disk.
  public static CheckpointMemory begin(CheckpointKey key, SignedCheckpoint first)
      throws ProofException {
    Checkpoint _ = first.verify(key);
    return new CheckpointMemory(key, first);
  }

  public SignedCheckpoint last() {
    return last;
  }

  /// The memory after `next`, which extends [#last] by `proof`. Otherwise throws, with the reason
  /// [ProofException.Reason#ROLLBACK] for a smaller tree and [ProofException.Reason#FORK] for one
  /// of the same size with another root, or for a proof of the right sizes that does not hold; a
  /// missigned checkpoint and a proof for other sizes accuse nobody.
  public CheckpointMemory advance(SignedCheckpoint next, ConsistencyProof proof)
      throws ProofException {
    TreeHead known = last.checkpoint().head();
    TreeHead claimed = next.verify(key).head();
    if (claimed.size() < known.size()) {
      throw new ProofException(
          ProofException.Reason.ROLLBACK,
          "the ledger has " + claimed.size() + " entries and had " + known.size());
    }
    if (claimed.size() == known.size() && !claimed.equals(known)) {
      throw new ProofException(
          ProofException.Reason.FORK,
          "the ledger has signed two trees of " + known.size() + " entries");
    }
    if (proof.first() != known.size() || proof.second() != claimed.size()) {
      throw new ProofException("the proof is for trees of other sizes");
    }
    try {
      proof.verify(known, claimed);
    } catch (ProofException e) {
      throw new ProofException(
          ProofException.Reason.FORK, "the ledger does not extend what it had signed before", e);
    }
    return new CheckpointMemory(key, next);
  }
}
