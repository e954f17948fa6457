package cloister.attestation;

import cloister.crypto.Bytes;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// CBOR as tests write it, byte by byte, so that they can also write it wrong.
final class CborWriting {
  private CborWriting() {}

  /// The initial byte and argument (RFC 8949 §3) in the shortest form.
  static Bytes head(int major, long argument) {
    var head = ByteBuffer.allocate(9);
    int type = major << 5;
    if (argument < 24) {
      head.put((byte) (type | argument));
    } else if (argument < 1L << 8) {
      head.put((byte) (type | 24)).put((byte) argument);
    } else if (argument < 1L << 16) {
      head.put((byte) (type | 25)).putShort((short) argument);
    } else if (argument < 1L << 32) {
      head.put((byte) (type | 26)).putInt((int) argument);
    } else {
      head.put((byte) (type | 27)).putLong(argument);
    }
    return Bytes.of(Arrays.copyOf(head.array(), head.position()));
  }

  static Bytes number(long value) {
    return head(0, value);
  }

  static Bytes bytes(Bytes content) {
    return Bytes.concat(head(2, content.size()), content);
  }

  static Bytes text(String content) {
    Bytes utf8 = Bytes.utf8(content);
    return Bytes.concat(head(3, utf8.size()), utf8);
  }

  static Bytes array(Bytes... elements) {
    return Bytes.concat(head(4, elements.length), Bytes.concat(elements));
  }

  /// @param entries key, value, key, value, …
  static Bytes map(Bytes... entries) {
    return Bytes.concat(head(5, entries.length / 2), Bytes.concat(entries));
  }
}
