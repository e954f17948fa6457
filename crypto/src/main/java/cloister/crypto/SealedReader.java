package cloister.crypto;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.Arrays;

/// The content of a sealed file ([SealedHeader] has the format), at any position, in the memory of
/// two chunks. No byte is handed out before its chunk is authenticated, and the last chunk is
/// authenticated at [#open], so a file cut short is refused before anything is read.
///
/// Where the file was altered, reading throws an [IOException] whose cause is a [CryptoException].
/// Not for use by several threads.
public final class SealedReader implements SeekableByteChannel {
  private static final long NONE = -1;

  private final SeekableByteChannel file;
  private final SealedChunks chunks;
  private final byte[] sealed;
  private final byte[] plain;
  private long current = NONE;
  private long position;

  private SealedReader(SeekableByteChannel file, SealedChunks chunks) {
    this.file = file;
    this.chunks = chunks;
    int chunkBytes = chunks.header().chunkBytes();
    this.plain = new byte[chunkBytes];
    this.sealed = new byte[chunkBytes + AesGcm.TAG_BYTES];
  }

  /// @throws CryptoException if it is no sealed file, was sealed with another key or for another
  ///   context, or is cut short
  public static SealedReader open(SeekableByteChannel file, Secret key, Bytes context)
      throws IOException, CryptoException {
    long fileBytes = file.size();
    if (fileBytes < SealedHeader.BYTES) {
      throw new CryptoException("not a sealed file: shorter than its header");
    }
    byte[] header = new byte[SealedHeader.BYTES];
    readFully(file, 0, header, header.length);
    var parsed = SealedHeader.parse(Bytes.owning(header));
    var reader = new SealedReader(file, SealedChunks.of(parsed, fileBytes, key, context));
    reader.load(reader.chunks.count() - 1);
    return reader;
  }

  public SealedChunks chunks() {
    return chunks;
  }

  /// The content of one chunk.
  public byte[] readChunk(long index) throws IOException, CryptoException {
    load(index);
    return Arrays.copyOf(plain, plainBytes(index));
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
    if (position >= size()) {
      return -1;
    }
    int start = target.position();
    int chunkBytes = plain.length;
    while (target.hasRemaining() && position < size()) {
      long index = position / chunkBytes;
      try {
        load(index);
      } catch (CryptoException e) {
        throw new IOException(e.getMessage(), e);
      }
      int from = (int) (position % chunkBytes);
      int taken = Math.min(target.remaining(), plainBytes(index) - from);
      target.put(plain, from, taken);
      position += taken;
    }
    return target.position() - start;
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public SealedReader position(long newPosition) {
    if (newPosition < 0) {
      throw new IllegalArgumentException("a position is not negative");
    }
    position = newPosition;
    return this;
  }

  /// The length of the content.
  @Override
  public long size() {
    return chunks.plainBytes();
  }

  @Override
  public int write(ByteBuffer source) {
    throw new NonWritableChannelException();
  }

  @Override
  public SealedReader truncate(long size) {
    throw new NonWritableChannelException();
  }

  @Override
  public boolean isOpen() {
    return file.isOpen();
  }

  /// Closes the file and wipes the buffer.
  @Override
  public void close() throws IOException {
    Arrays.fill(plain, (byte) 0);
    current = NONE;
    file.close();
  }

  private void load(long index) throws IOException, CryptoException {
    if (index == current) {
      return;
    }
    current = NONE;
    readFully(file, chunks.offset(index), sealed, chunks.sealedBytes(index));
    chunks.open(index, sealed, plain);
    current = index;
  }

  private int plainBytes(long index) {
    return chunks.sealedBytes(index) - AesGcm.TAG_BYTES;
  }

  private static void readFully(SeekableByteChannel file, long at, byte[] into, int length)
      throws IOException {
    ByteBuffer target = ByteBuffer.wrap(into, 0, length);
    file.position(at);
    while (target.hasRemaining()) {
      if (file.read(target) < 0) {
        throw new EOFException("the sealed file became shorter while it was read");
      }
    }
  }
}
