package cloister.enclave;

import cloister.crypto.Bytes;
import cloister.privacy.Differences;
import cloister.privacy.Footprints;
import cloister.privacy.ReleasePlan;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import java.util.HashMap;
import java.util.Map;

/// Compares exact numbers that are about to leave with all that left before ([Differences]), in the
/// room of its [HostedRoom]. Guarded by that room's lock.
///
/// It forgets nothing: when it holds as much as it may of a dataset, no further exact numbers of
/// that dataset are released. A dataset of another name, which only its owner can publish, has a
/// history of its own.
final class DifferencingGuard {
  /// Of one answer with its copies and footprints: its entry in the ledger has room for no more.
  private static final int MOST_BYTES = 14 << 20;

  /// Of one dataset, in memory: some forty thousand numbers where the minimum is 25.
  private static final long MOST_BYTES_OF_A_DATASET = 32L << 20;

  private static final long MOST_BYTES_OF_A_ROOM = 64L << 20;

  private final HostedRoom room;

  DifferencingGuard(HostedRoom room) {
    this.room = room;
  }

  /// What of the numbers is new and has to be recorded with them; empty where nothing is.
  ///
  /// @param answerBytes of the answer with all its copies
  /// @throws CloisterException if they must not leave beside what did
  Bytes admit(Decisions.Approved approved, Footprints footprints, long answerBytes) {
    Differences told = room.state.differences();
    Map<String, Integer> minimums = new HashMap<>();
    for (ReleasePlan.Traced traced : approved.compiled().release().traced()) {
      minimums.putAll(traced.minimums());
    }
    told.refusal(footprints, minimums)
        .ifPresent(refusal -> {
          throw new CloisterException(
              ErrorCode.DIFFERENCE_REFUSED,
              "fewer than "
                  + refusal.minimumUnits()
                  + " units of "
                  + refusal.dataset()
                  + " tell a number of this answer, or a sum of its numbers, from one of "
                  + refusal.run().map(run -> "run " + run).orElse("the same answer")
                  + "; nothing was released or charged");
        });
    Footprints fresh = told.fresh(footprints);
    if (fresh.isEmpty()) {
      return Bytes.of(new byte[0]);
    }
    Bytes encoded = Bytes.of(fresh.encode());
    if (encoded.size() + answerBytes > MOST_BYTES) {
      throw new CloisterException(
          ErrorCode.TOO_LARGE,
          "an answer without noise has too many numbers to remember: ask for fewer groups");
    }
    for (String dataset : minimums.keySet()) {
      if (told.bytes(dataset) + fresh.bytes() > MOST_BYTES_OF_A_DATASET) {
        throw new CloisterException(
            ErrorCode.DIFFERENCE_REFUSED,
            "so many numbers of "
                + dataset
                + " were released without noise that no more can be compared; ask for what was"
                + " answered before");
      }
    }
    if (told.bytes() + fresh.bytes() > MOST_BYTES_OF_A_ROOM) {
      throw new CloisterException(
          ErrorCode.DIFFERENCE_REFUSED,
          "so many numbers of this collaboration were released without noise that no more can be"
              + " compared; ask for what was answered before");
    }
    return encoded;
  }
}
