package cloister.crypto;

import cloister.crypto.ChunkCipher.Place;
import java.util.Objects;

/// The chunks of a sealed file whose length is known, opened one by one and in any order: for
/// checking an upload piece by piece as it arrives, and for reading at a position. Not for use by
/// several threads.
public final class SealedChunks {
  private final SealedHeader header;
  private final ChunkCipher cipher;
  private final long count;
  private final int lastSealedBytes;
  private final byte[] scratch;

  private SealedChunks(SealedHeader header, ChunkCipher cipher, long count, int lastSealedBytes) {
    this.header = header;
    this.cipher = cipher;
    this.count = count;
    this.lastSealedBytes = lastSealedBytes;
    this.scratch = new byte[header.chunkBytes()];
  }

  /// @param fileBytes the length of the whole sealed file, its header included
  /// @throws CryptoException if the header was made with another key or context, or no file has
  ///   that length
  public static SealedChunks of(SealedHeader header, long fileBytes, Secret key, Bytes context)
      throws CryptoException {
    var cipher = ChunkCipher.of(header, key, context);
    long body = fileBytes - SealedHeader.BYTES;
    long each = (long) header.chunkBytes() + AesGcm.TAG_BYTES;
    if (body < AesGcm.TAG_BYTES) {
      throw new CryptoException("the sealed file is cut short");
    }
    long count = Math.ceilDiv(body, each);
    long last = body - (count - 1) * each;
    // One content has one file: an empty last chunk belongs to empty files only.
    if (last < AesGcm.TAG_BYTES || (last == AesGcm.TAG_BYTES && count > 1)) {
      throw new CryptoException("the sealed file is cut short");
    }
    if (count > Integer.MAX_VALUE) {
      throw new CryptoException("the sealed file has too many chunks");
    }
    return new SealedChunks(header, cipher, count, (int) last);
  }

  public SealedHeader header() {
    return header;
  }

  public long count() {
    return count;
  }

  /// The length of the content.
  public long plainBytes() {
    return (count - 1) * header.chunkBytes() + lastSealedBytes - AesGcm.TAG_BYTES;
  }

  /// Where in the sealed file the chunk starts.
  public long offset(long index) {
    Objects.checkIndex(index, count);
    return SealedHeader.BYTES + index * ((long) header.chunkBytes() + AesGcm.TAG_BYTES);
  }

  /// How many bytes the chunk has in the sealed file.
  public int sealedBytes(long index) {
    Objects.checkIndex(index, count);
    return index == count - 1 ? lastSealedBytes : header.chunkBytes() + AesGcm.TAG_BYTES;
  }

  /// The content of the chunk.
  public byte[] open(long index, byte[] sealed) throws CryptoException {
    refuseWrongLength(index, sealed.length);
    byte[] plain = new byte[sealed.length - AesGcm.TAG_BYTES];
    open(index, sealed, plain);
    return plain;
  }

  /// Returns if these bytes are the chunk of that index of this very file.
  public void verify(long index, byte[] sealed) throws CryptoException {
    refuseWrongLength(index, sealed.length);
    open(index, sealed, scratch);
  }

  /// Reads `sealedBytes(index)` bytes of `sealed`.
  void open(long index, byte[] sealed, byte[] plain) throws CryptoException {
    Place place = index == count - 1 ? Place.LAST : Place.INNER;
    cipher.open(index, place, sealed, sealedBytes(index), plain);
  }

  private void refuseWrongLength(long index, int length) throws CryptoException {
    if (index < 0 || index >= count) {
      throw new CryptoException("the sealed file has " + count + " chunks, and none " + index);
    }
    if (length != sealedBytes(index)) {
      throw new CryptoException(
          "chunk " + index + " has " + sealedBytes(index) + " bytes, not " + length);
    }
  }
}
