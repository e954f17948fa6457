package cloister.platform;

import cloister.crypto.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Fields of what a TPM answered, big-endian; nothing is read past the end.
final class TpmReader {
  private final ByteBuffer bytes;

  TpmReader(Bytes bytes) {
    this.bytes = ByteBuffer.wrap(bytes.toArray());
  }

  int u8() throws IOException {
    need(1);
    return bytes.get() & 0xff;
  }

  int u16() throws IOException {
    need(2);
    return bytes.getShort() & 0xffff;
  }

  int u32() throws IOException {
    need(4);
    return bytes.getInt();
  }

  Bytes bytes(int count) throws IOException {
    need(count);
    byte[] field = new byte[count];
    bytes.get(field);
    return Bytes.of(field);
  }

  /// A TPM2B: its size and its content.
  Bytes sized() throws IOException {
    return bytes(u16());
  }

  Bytes rest() throws IOException {
    return bytes(bytes.remaining());
  }

  void end() throws IOException {
    if (bytes.hasRemaining()) {
      throw new IOException("the TPM answered with more than it should");
    }
  }

  private void need(int count) throws IOException {
    if (count < 0 || count > bytes.remaining()) {
      throw new IOException("the TPM's answer ends early");
    }
  }
}
