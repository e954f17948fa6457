package cloister.enclave;

import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import java.util.concurrent.atomic.AtomicLong;

/// How much of requests' bodies the server holds at one time. A body is counted as it arrives, not
/// as it is announced, and until its request is answered. Safe for concurrent use.
final class BytesInFlight {
  private final AtomicLong free;

  BytesInFlight(long bytes) {
    this.free = new AtomicLong(bytes);
  }

  /// Nothing yet.
  Hold hold() {
    return new Hold();
  }

  /// What one request holds, until it is closed.
  final class Hold implements AutoCloseable {
    private long held;

    /// Counts so many more, or is TOO_BUSY.
    void more(int bytes) {
      if (free.addAndGet(-bytes) < 0) {
        free.addAndGet(bytes);
        throw new CloisterException(
            ErrorCode.TOO_BUSY, "the enclave holds as many bytes of requests as it may");
      }
      held += bytes;
    }

    @Override
    public void close() {
      free.addAndGet(held);
      held = 0;
    }
  }
}
