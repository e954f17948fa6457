package cloister.crypto;

import cloister.crypto.ChunkCipher.Place;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Objects;

/// Writes a sealed file ([SealedHeader] has the format) as a stream, in the memory of two chunks.
///
/// [#finish()] completes the file; [#close()] alone leaves one without an end, which no reader
/// accepts. So an exception in a try-with-resources block cannot turn half of the data into a whole
/// file. Not for use by several threads.
public final class SealedWriter extends OutputStream {
  private enum State {
    OPEN,
    FINISHED,
    CLOSED
  }

  private final OutputStream out;
  private final ChunkCipher cipher;
  private final byte[] plain;
  private final byte[] sealed;
  private int filled;
  private long index;
  private State state = State.OPEN;

  private SealedWriter(OutputStream out, ChunkCipher cipher, int chunkBytes) {
    this.out = out;
    this.cipher = cipher;
    this.plain = new byte[chunkBytes];
    this.sealed = new byte[chunkBytes + AesGcm.TAG_BYTES];
  }

  /// Starts a file under a 32-byte data key. `context` says what the data is and must be given
  /// again to read it; it is not stored.
  public static SealedWriter to(OutputStream out, Secret key, Bytes context) throws IOException {
    return to(out, key, context, SealedHeader.DEFAULT_CHUNK_BYTES);
  }

  public static SealedWriter to(OutputStream out, Secret key, Bytes context, int chunkBytes)
      throws IOException {
    SealedHeader header = SealedHeader.fresh(key, context, chunkBytes);
    try {
      var cipher = ChunkCipher.of(header, key, context);
      out.write(header.encoded().array());
      return new SealedWriter(out, cipher, chunkBytes);
    } catch (CryptoException e) {
      throw new IllegalStateException("the header was made with this key", e);
    }
  }

  @Override
  public void write(int octet) throws IOException {
    write(new byte[] {(byte) octet}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    refuseUnlessOpen();
    int at = offset;
    int left = length;
    while (left > 0) {
      // A full chunk is sealed only when a byte follows it: until then it may be the last one.
      if (filled == plain.length) {
        seal(Place.INNER, plain, 0, filled);
        filled = 0;
      }
      if (filled == 0 && left > plain.length) {
        seal(Place.INNER, bytes, at, plain.length);
        at += plain.length;
        left -= plain.length;
      } else {
        int taken = Math.min(left, plain.length - filled);
        System.arraycopy(bytes, at, plain, filled, taken);
        filled += taken;
        at += taken;
        left -= taken;
      }
    }
  }

  /// Passes on what is sealed already; a chunk that is not full stays here.
  @Override
  public void flush() throws IOException {
    out.flush();
  }

  /// Seals the last chunk: the file is whole. Nothing can be written after it.
  public void finish() throws IOException {
    refuseUnlessOpen();
    state = State.FINISHED;
    seal(Place.LAST, plain, 0, filled);
    out.flush();
  }

  /// Closes the stream below and wipes the buffer.
  @Override
  public void close() throws IOException {
    state = State.CLOSED;
    Arrays.fill(plain, (byte) 0);
    out.close();
  }

  private void seal(Place place, byte[] in, int offset, int length) throws IOException {
    cipher.seal(index, place, in, offset, length, sealed);
    index++;
    out.write(sealed, 0, length + AesGcm.TAG_BYTES);
  }

  private void refuseUnlessOpen() throws IOException {
    if (state != State.OPEN) {
      throw new IOException("this sealed file is already finished or closed");
    }
  }
}
