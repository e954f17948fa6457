package cloister.ledger;

import cloister.crypto.Bytes;
import java.util.List;

/// A durable list that only grows: all that a ledger asks of a disk or a database.
///
/// Whatever goes wrong, at any moment, what is found after opening again is the acknowledged
/// batches, in order, possibly followed by the batch whose `append` did not return, whole. A store
/// reports any failure as a [LedgerException] and then refuses to append until it is opened again.
///
/// `read` and `size` may be called by many threads, also during an `append`; `append` by one at a
/// time.
public interface Store extends AutoCloseable {
  /// How many records are durable.
  long size();

  /// The records `from` (inclusive) to `to` (exclusive), in order.
  List<Bytes> read(long from, long to);

  /// Adds the batch, which is not empty, all or nothing, and returns when it is durable.
  void append(List<Bytes> batch);

  @Override
  void close();
}
