package cloister.client;

/// Told how far a transfer has come, from the thread that transfers.
@FunctionalInterface
public interface Progress {
  void at(long doneBytes, long totalBytes);

  static Progress unseen() {
    return (_, _) -> {};
  }
}
