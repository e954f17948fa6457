package cloister.ledger;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What the store keeps for the entry at `index`: the entry, the hashes of the subtrees that it
/// completes (the leaf itself first, then one per trailing one-bit of the index), and the root of
/// the tree that ends with it.
///
/// Written as `u32 leaf length, leaf, u32 sealed length, sealed, hashes, root, SHA-256 over the
/// index as u64 and all before`. The last digest finds accidents in the sealed payload, which the
/// tree does not cover, and records in the wrong place. 96 bytes for an entry on average besides
/// its own.
record LedgerRecord(Entry entry, List<Digest> hashes, Digest root) {
  private static final int DIGEST_BYTES = 32;

  Bytes encode(long index) {
    int length = entry.bytes() + 2 * Integer.BYTES + (hashes.size() + 2) * DIGEST_BYTES;
    ByteBuffer buffer = ByteBuffer.allocate(length);
    put(buffer, entry.leaf());
    put(buffer, entry.sealed());
    hashes.forEach(hash -> buffer.put(hash.toArray()));
    buffer.put(root.toArray());
    buffer.put(checksum(index, buffer.array()).toArray());
    return Bytes.of(buffer.array());
  }

  static LedgerRecord decode(long index, Bytes encoded) {
    byte[] bytes = encoded.toArray();
    int hashes = Long.numberOfTrailingZeros(index + 1) + 1;
    int overhead = 2 * Integer.BYTES + (hashes + 2) * DIGEST_BYTES;
    if (bytes.length < overhead) {
      throw damaged(index);
    }
    byte[] checksum = Arrays.copyOfRange(bytes, bytes.length - DIGEST_BYTES, bytes.length);
    if (!checksum(index, bytes).equals(Digest.wrap(checksum))) {
      throw damaged(index);
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    Entry entry = new Entry(take(index, buffer), take(index, buffer));
    if (entry.bytes() + overhead != bytes.length) {
      throw damaged(index);
    }
    List<Digest> completed = new ArrayList<>(hashes);
    for (int i = 0; i < hashes; i++) {
      completed.add(takeDigest(buffer));
    }
    return new LedgerRecord(entry, List.copyOf(completed), takeDigest(buffer));
  }

  static LedgerException damaged(long index) {
    return new LedgerException("the store's record " + index + " is damaged");
  }

  private static Digest checksum(long index, byte[] encoded) {
    byte[] covered = Arrays.copyOf(encoded, encoded.length - DIGEST_BYTES);
    return Digest.of(ByteBuffer.allocate(Long.BYTES).putLong(index).array(), covered);
  }

  private static void put(ByteBuffer buffer, Bytes part) {
    buffer.putInt(part.size()).put(part.toArray());
  }

  private static Bytes take(long index, ByteBuffer buffer) {
    int length = buffer.remaining() < Integer.BYTES ? -1 : buffer.getInt();
    if (length < 0 || length > buffer.remaining()) {
      throw damaged(index);
    }
    byte[] part = new byte[length];
    buffer.get(part);
    return Bytes.of(part);
  }

  private static Digest takeDigest(ByteBuffer buffer) {
    byte[] digest = new byte[DIGEST_BYTES];
    buffer.get(digest);
    return Digest.wrap(digest);
  }
}
