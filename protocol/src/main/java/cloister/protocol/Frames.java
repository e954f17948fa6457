package cloister.protocol;

import cloister.crypto.Bytes;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// The binary framing of messages: big-endian integers and length-prefixed fields.
public final class Frames {
  private Frames() {}

  public static Bytes concat(Bytes... parts) {
    var buffer = ByteBuffer.allocate(Arrays.stream(parts).mapToInt(Bytes::size).sum());
    for (Bytes part : parts) {
      buffer.put(part.toArray());
    }
    return Bytes.of(buffer.array());
  }

  public static Bytes slice(byte[] bytes, int from, int to) {
    return Bytes.of(Arrays.copyOfRange(bytes, from, to));
  }

  public static Bytes uint64(long value) {
    return Bytes.of(ByteBuffer.allocate(Long.BYTES).putLong(value).array());
  }

  /// Each field behind its length in four bytes.
  public static Bytes fields(Bytes... fields) {
    int size = Arrays.stream(fields).mapToInt(field -> Integer.BYTES + field.size()).sum();
    var buffer = ByteBuffer.allocate(size);
    for (Bytes field : fields) {
      buffer.putInt(field.size()).put(field.toArray());
    }
    return Bytes.of(buffer.array());
  }

  /// The inverse of [#fields], for exactly so many fields and not a byte more.
  public static Bytes[] split(Bytes framed, int count) {
    var buffer = ByteBuffer.wrap(framed.toArray());
    Bytes[] fields = new Bytes[count];
    try {
      for (int i = 0; i < count; i++) {
        int size = buffer.getInt();
        if (size < 0 || size > buffer.remaining()) {
          throw malformed();
        }
        byte[] field = new byte[size];
        buffer.get(field);
        fields[i] = Bytes.of(field);
      }
    } catch (BufferUnderflowException e) {
      throw malformed();
    }
    if (buffer.hasRemaining()) {
      throw malformed();
    }
    return fields;
  }

  private static CloisterException malformed() {
    return new CloisterException(ErrorCode.MESSAGE_MALFORMED, "the message's framing is broken");
  }
}
