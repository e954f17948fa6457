package cloister.attestation;

import cloister.crypto.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Reads a binary structure field by field, in the order of its specification. A read past the end
/// names the field and never returns.
final class Cursor {
  private final String what;
  private final ByteBuffer bytes;

  private Cursor(String what, Bytes bytes, ByteOrder order) {
    this.what = what;
    this.bytes = ByteBuffer.wrap(bytes.toArray()).order(order);
  }

  /// @param what names the structure in errors, as in `SNP report`
  static Cursor littleEndian(String what, Bytes bytes) {
    return new Cursor(what, bytes, ByteOrder.LITTLE_ENDIAN);
  }

  static Cursor bigEndian(String what, Bytes bytes) {
    return new Cursor(what, bytes, ByteOrder.BIG_ENDIAN);
  }

  int position() {
    return bytes.position();
  }

  int remaining() {
    return bytes.remaining();
  }

  int u8(String field) throws EvidenceException {
    need(field, 1);
    return Byte.toUnsignedInt(bytes.get());
  }

  int u16(String field) throws EvidenceException {
    need(field, 2);
    return Short.toUnsignedInt(bytes.getShort());
  }

  long u32(String field) throws EvidenceException {
    need(field, 4);
    return Integer.toUnsignedLong(bytes.getInt());
  }

  /// All 64 bits; the sign means nothing.
  long u64(String field) throws EvidenceException {
    need(field, 8);
    return bytes.getLong();
  }

  Bytes bytes(String field, long size) throws EvidenceException {
    need(field, size);
    byte[] read = new byte[(int) size];
    bytes.get(read);
    return Bytes.of(read);
  }

  /// What a specification calls reserved and zero.
  void zeros(String field, int size) throws EvidenceException {
    for (byte b : bytes(field, size).toArray()) {
      if (b != 0) {
        throw bad(field, "is reserved and not zero");
      }
    }
  }

  /// The next `size` bytes as a structure of their own, in the same byte order.
  Cursor structure(String field, long size) throws EvidenceException {
    return new Cursor(what + ", " + field, bytes(field, size), bytes.order());
  }

  /// All that is left.
  Bytes rest() {
    byte[] read = new byte[bytes.remaining()];
    bytes.get(read);
    return Bytes.of(read);
  }

  void end() throws EvidenceException {
    if (bytes.hasRemaining()) {
      throw new EvidenceException(what + " ends, and " + bytes.remaining() + " bytes follow");
    }
  }

  EvidenceException bad(String field, String problem) {
    return new EvidenceException(what + ": " + field + " " + problem);
  }

  private void need(String field, long size) throws EvidenceException {
    if (size < 0 || size > bytes.remaining()) {
      throw new EvidenceException(
          "%s: %s needs %d bytes at %d, and %d are left"
              .formatted(what, field, size, bytes.position(), bytes.remaining()));
    }
  }
}
