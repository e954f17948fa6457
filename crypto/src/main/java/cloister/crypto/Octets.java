package cloister.crypto;

import java.nio.ByteBuffer;

/// Big-endian integers and concatenation, as RFC 8017 §4.1 (I2OSP) has them.
final class Octets {
  private Octets() {}

  static byte[] u16(int value) {
    return new byte[] {(byte) (value >>> 8), (byte) value};
  }

  static byte[] concat(byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length = Math.addExact(length, part.length);
    }
    ByteBuffer joined = ByteBuffer.allocate(length);
    for (byte[] part : parts) {
      joined.put(part);
    }
    return joined.array();
  }
}
