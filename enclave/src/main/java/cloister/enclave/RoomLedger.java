package cloister.enclave;

import cloister.crypto.Aead;
import cloister.crypto.Bytes;
import cloister.crypto.CryptoException;
import cloister.crypto.Secret;
import cloister.ledger.Entry;
import cloister.ledger.Ledger;
import cloister.ledger.LedgerException;
import cloister.ledger.Store;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Frames;
import cloister.protocol.Json;
import cloister.protocol.ReceiptFile;
import java.security.SecureRandom;
import java.time.Instant;

/// A collaboration's ledger with its events in the clear on this side and sealed on the other.
///
/// An entry's leaf commits to the event's content under a fresh salt ([ReceiptFile#leaf]), so that
/// the host learns nothing by guessing, and a receipt can show its own entry and no other. Its
/// payload is the salt, the content and what the event carries beside it, sealed with the entry's
/// index, so that no entry can stand in another's place.
final class RoomLedger implements AutoCloseable {
  private static final String UNKEPT = "the ledger cannot keep this: ";
  private static final int SALT_BYTES = 32;
  private static final int PAGE = 16; // of up to 24 MiB each, all in memory at one time
  private static final int MAX_EVENT_BYTES = 4 << 20;

  private final Ledger ledger;
  private final Aead key;
  private final SecureRandom random = new SecureRandom();

  /// Closes the key: a copy of it is kept.
  RoomLedger(Store store, Secret key) {
    this.ledger = Ledger.open(store);
    try (key) {
      this.key = Aead.of(key);
    }
  }

  /// What an entry holds.
  ///
  /// @param content the part of the event that the leaf commits to
  record Opened(long index, Instant at, Event event, Json.Obj content, Bytes salt) {}

  interface Reader {
    void read(Opened entry);
  }

  /// Hands every entry to the reader, oldest first.
  void replay(Reader reader) {
    long size = ledger.head().size();
    for (long from = 0; from < size; from += PAGE) {
      long index = from;
      for (Entry entry : ledger.entries(from, Math.min(size, from + PAGE))) {
        reader.read(open(index++, entry));
      }
    }
  }

  Opened read(long index) {
    return open(index, ledger.entry(index));
  }

  /// Durable when it returns; the index is the entry's. Refuses, and writes nothing of, what no
  /// restart could read: it would cost the room all that it has recorded.
  ///
  /// @throws CloisterException TOO_LARGE, or STORAGE_FULL
  long append(Instant at, Event event) {
    byte[] salt = new byte[SALT_BYTES];
    random.nextBytes(salt);
    var encoded = Events.encode(at, event);
    long index = ledger.head().size();
    Bytes plain =
        Frames.fields(Bytes.of(salt), Bytes.of(encoded.content().canonical()), encoded.beside());
    Bytes leaf = ReceiptFile.leaf(Bytes.of(salt), encoded.content());
    requireReadable(index, plain, leaf);
    Bytes sealed = key.seal(Frames.uint64(index), plain.toArray());
    if (sealed.size() > Entry.MAX_SEALED_BYTES) {
      throw new CloisterException(
          ErrorCode.TOO_LARGE, UNKEPT + "it has more than " + Entry.MAX_SEALED_BYTES + " bytes");
    }
    try {
      if (ledger.append(new Entry(leaf, sealed)) != index) {
        throw new IllegalStateException("a room's events are appended one at a time");
      }
    } catch (LedgerException e) {
      throw new CloisterException(
          ErrorCode.STORAGE_FULL, "the ledger took no more; what was acknowledged is safe", e);
    }
    return index;
  }

  private static void requireReadable(long index, Bytes plain, Bytes leaf) {
    try {
      Opened _ = open(index, plain, leaf);
    } catch (CloisterException e) {
      throw new CloisterException(ErrorCode.TOO_LARGE, UNKEPT + e.getMessage(), e);
    }
  }

  private Opened open(long index, Entry entry) {
    try {
      return open(index, Bytes.of(key.open(Frames.uint64(index), entry.sealed())), entry.leaf());
    } catch (CryptoException e) {
      throw corrupt(index);
    }
  }

  private static Opened open(long index, Bytes plain, Bytes leaf) {
    Bytes[] fields = Frames.split(plain, 3);
    if (!(Json.parseCanonical(fields[1].toArray(), MAX_EVENT_BYTES) instanceof Json.Obj content)
        || !ReceiptFile.leaf(fields[0], content).equals(leaf)) {
      throw corrupt(index);
    }
    var dated = Events.decode(content, fields[2]);
    return new Opened(index, dated.at(), dated.event(), content, fields[0]);
  }

  private static CloisterException corrupt(long index) {
    return new CloisterException(
        ErrorCode.LEDGER_CORRUPT, "entry " + index + " of the ledger is not what was recorded");
  }

  Ledger log() {
    return ledger;
  }

  @Override
  public void close() {
    ledger.close();
  }
}
