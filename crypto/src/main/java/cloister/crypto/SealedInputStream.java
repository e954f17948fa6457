package cloister.crypto;

import cloister.crypto.ChunkCipher.Place;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The content of a sealed file that arrives as a stream, in the memory of two chunks. Each chunk
/// is authenticated before its first byte is handed out; that the file is whole is known when
/// `read` returns -1, and a caller acts on the content only then.
///
/// Where the file was altered or cut short, reading throws an [IOException] whose cause is a
/// [CryptoException]. Not for use by several threads.
public final class SealedInputStream extends InputStream {
  private final InputStream in;
  private final ChunkCipher cipher;
  private final byte[] sealed;
  private final byte[] plain;

  /// Bytes of the next chunk that are already in `sealed`: one, read to learn whether there is one.
  private int ahead;

  private int from;
  private int to;
  private long index;
  private boolean last;

  /// Why nothing more comes: a refused file must not look like a finished one to a second read.
  private @Nullable String refusal;

  private SealedInputStream(InputStream in, ChunkCipher cipher, int chunkBytes) {
    this.in = in;
    this.cipher = cipher;
    this.plain = new byte[chunkBytes];
    // One more than a chunk, to see whether another follows.
    this.sealed = new byte[chunkBytes + AesGcm.TAG_BYTES + 1];
  }

  /// @throws CryptoException if it is no sealed file, or was sealed with another key or for another
  ///   context
  public static SealedInputStream open(InputStream in, Secret key, Bytes context)
      throws IOException, CryptoException {
    byte[] header = in.readNBytes(SealedHeader.BYTES);
    if (header.length < SealedHeader.BYTES) {
      throw new CryptoException("not a sealed file: shorter than its header");
    }
    var parsed = SealedHeader.parse(Bytes.owning(header));
    return new SealedInputStream(in, ChunkCipher.of(parsed, key, context), parsed.chunkBytes());
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    if (from == to && !load()) {
      return -1;
    }
    int taken = Math.min(length, to - from);
    System.arraycopy(plain, from, target, offset, taken);
    from += taken;
    return taken;
  }

  /// Closes the stream below and wipes the buffer.
  @Override
  public void close() throws IOException {
    Arrays.fill(plain, (byte) 0);
    from = 0;
    to = 0;
    refusal = "closed";
    in.close();
  }

  /// Opens the next chunk; false at the end of the file.
  private boolean load() throws IOException {
    if (refusal != null) {
      throw new IOException(refusal);
    }
    if (last) {
      return false;
    }
    int length = ahead + in.readNBytes(sealed, ahead, sealed.length - ahead);
    last = length < sealed.length;
    int chunk = last ? length : length - 1;
    try {
      if (chunk < AesGcm.TAG_BYTES || (chunk == AesGcm.TAG_BYTES && index > 0)) {
        throw new CryptoException("the sealed file is cut short");
      }
      cipher.open(index, last ? Place.LAST : Place.INNER, sealed, chunk, plain);
    } catch (CryptoException e) {
      refusal = "the sealed file was refused";
      throw new IOException(e.getMessage(), e);
    }
    if (!last) {
      sealed[0] = sealed[length - 1];
      ahead = 1;
    }
    index++;
    from = 0;
    to = chunk - AesGcm.TAG_BYTES;
    return to > 0;
  }
}
