package cloister.client;

import cloister.protocol.CloisterException;
import java.time.Duration;

/// Asking again after an attempt that failed on the way: dropped, cut or altered by whoever carries
/// it, or refused in the clear, which anybody can do.
///
/// Only what may safely arrive twice is asked again: a handshake, which is new each time; the very
/// same message of a session, which the enclave executes once; and a piece of an upload, which has
/// one place. What took too long is not asked again: it would take as long once more.
final class Attempts {
  static final int MOST = 3;

  /// Long enough for a connection to come back; it doubles.
  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);

  private Attempts() {}

  interface Attempt<T> {
    T make() throws InterruptedException;
  }

  static <T> T of(Attempt<T> attempt) throws InterruptedException {
    for (int made = 1; ; made++) {
      try {
        return attempt.make();
      } catch (CloisterException e) {
        if (!failedOnTheWay(e) || made == MOST) {
          throw e;
        }
        pause(made);
      }
    }
  }

  static boolean failedOnTheWay(CloisterException e) {
    return switch (e.code()) {
      case SERVER_UNREACHABLE -> !Host.tookTooLong(e);
      case MESSAGE_UNSEALABLE -> true;
      default -> false;
    };
  }

  /// @param failures how many there were, 1 to [#MOST]
  static void pause(int failures) throws InterruptedException {
    Thread.sleep(FIRST_PAUSE.multipliedBy(1L << (failures - 1)));
  }
}
