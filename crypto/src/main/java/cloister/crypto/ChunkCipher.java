package cloister.crypto;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;

/// Seals and opens the chunks of one sealed file; [SealedHeader] has the format. Not for use by
/// several threads.
final class ChunkCipher {
  private static final String LABEL = "cloister/sealed-file/v1";
  private static final int PREFIX_BYTES = 7;
  private static final int COMMITMENT_BYTES = 32;

  /// Where a chunk stands: the nonce says it, so that a file cut at a chunk's end does not pass.
  enum Place {
    INNER,
    LAST
  }

  /// What HKDF gives for one file, and the digest that binds header and context.
  record Keys(Secret key, Secret prefix, Secret commitment, Bytes binding) {
    static Keys derive(Secret dataKey, byte[] header, Bytes context) {
      if (dataKey.size() != AesGcm.KEY_BYTES) {
        throw new IllegalArgumentException("a data key has 32 bytes, not " + dataKey.size());
      }
      Bytes binding =
          Bytes.owning(Digest.of(SealedHeader.committedPart(header), context.array()).toArray());
      int length = AesGcm.KEY_BYTES + PREFIX_BYTES + COMMITMENT_BYTES;
      try (Secret derived = dataKey.derive(LABEL, binding, length)) {
        ByteBuffer parts = ByteBuffer.wrap(derived.view());
        return new Keys(
            next(parts, AesGcm.KEY_BYTES),
            next(parts, PREFIX_BYTES),
            next(parts, COMMITMENT_BYTES),
            binding);
      }
    }

    private static Secret next(ByteBuffer parts, int length) {
      byte[] part = new byte[length];
      parts.get(part);
      return Secret.owning(part);
    }

    void close() {
      key.close();
      prefix.close();
      commitment.close();
    }
  }

  private final AesGcm cipher;
  private final byte[] prefix;
  private final byte[] binding;

  private ChunkCipher(Keys keys) {
    this.cipher = new AesGcm(keys.key());
    this.prefix = keys.prefix().expose();
    this.binding = keys.binding().array();
  }

  /// @throws CryptoException if the header was made with another key or context
  static ChunkCipher of(SealedHeader header, Secret key, Bytes context) throws CryptoException {
    Keys keys = Keys.derive(key, header.encoded().array(), context);
    try {
      if (!MessageDigest.isEqual(keys.commitment().view(), header.commitment())) {
        throw new CryptoException(
            "sealed with another key, for another context, or its header was altered");
      }
      return new ChunkCipher(keys);
    } finally {
      keys.close();
    }
  }

  /// Writes `length + 16` bytes to `out`.
  void seal(long index, Place place, byte[] in, int offset, int length, byte[] out) {
    cipher.seal(nonce(index, place), binding, in, offset, length, out, 0);
  }

  /// Writes `length - 16` bytes to `out`.
  void open(long index, Place place, byte[] in, int length, byte[] out) throws CryptoException {
    try {
      cipher.open(nonce(index, place), binding, in, 0, length, out, 0);
    } catch (CryptoException e) {
      throw new CryptoException(
          "chunk " + index + " of the sealed file is altered, misplaced or missing its end", e);
    }
  }

  private byte[] nonce(long index, Place place) {
    byte[] nonce = Arrays.copyOf(prefix, AesGcm.NONCE_BYTES);
    ByteBuffer.wrap(nonce).putInt(PREFIX_BYTES, Math.toIntExact(index));
    nonce[AesGcm.NONCE_BYTES - 1] = (byte) (place == Place.LAST ? 1 : 0);
    return nonce;
  }
}
