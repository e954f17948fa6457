package cloister.crypto;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The first 80 bytes of a sealed file, parsed but not believed: only a [Secret] key and the right
/// context make anything of it.
///
/// ```
///  0   8  magic "CLSEALED"
///  8   2  format version, 1
/// 10   2  cipher, 1 = AES-256-GCM with keys from HKDF-SHA256
/// 12   4  plaintext bytes in every chunk but the last, 64 to 16,777,216
/// 16  32  random salt: the file key is new for every file, even under one data key
/// 48  32  commitment to the key and the context
/// ```
///
/// The keys are `data key . derive("cloister/sealed-file/v1", SHA-256(bytes 0–47 | context), 71)`:
/// 32 bytes of AES key, 7 of nonce prefix, 32 of commitment. The commitment makes a wrong key or
/// context an error before the first chunk, and stops a file that opens to two contents under two
/// keys, which AES-GCM alone allows (Albertini et al., *How to Abuse and Fix Authenticated
/// Encryption Without Key Commitment*, USENIX Security 2022).
///
/// Chunks follow without a gap, each with its 16-byte tag: the STREAM construction of Hoang,
/// Reyhanitabar, Rogaway and Vizár (*Online Authenticated-Encryption and its Nonce-Reuse
/// Misuse-Resistance*, CRYPTO 2015, §7), with nonce `prefix(7) | u32 index | last(1)` and that same
/// SHA-256 as associated data. The last chunk has `last = 1`; it is empty only if the file is.
public final class SealedHeader {
  public static final int BYTES = 80;
  public static final int DEFAULT_CHUNK_BYTES = 64 * 1024;

  private static final int MINIMUM_CHUNK_BYTES = 64;
  private static final int MAXIMUM_CHUNK_BYTES = 16 * 1024 * 1024;
  private static final byte[] MAGIC = "CLSEALED".getBytes(StandardCharsets.US_ASCII);
  private static final short VERSION = 1;
  private static final short AES_256_GCM_HKDF_SHA256 = 1;
  private static final int SALT_BYTES = 32;
  private static final int COMMITMENT_AT = 48;

  private final Bytes encoded;
  private final int chunkBytes;

  private SealedHeader(Bytes encoded, int chunkBytes) {
    this.encoded = encoded;
    this.chunkBytes = chunkBytes;
  }

  public static SealedHeader parse(Bytes encoded) throws CryptoException {
    if (encoded.size() != BYTES) {
      throw new CryptoException("the header of a sealed file has 80 bytes");
    }
    ByteBuffer fields = ByteBuffer.wrap(encoded.array());
    byte[] magic = new byte[MAGIC.length];
    fields.get(magic);
    if (!Arrays.equals(magic, MAGIC)) {
      throw new CryptoException("not a sealed file");
    }
    if (fields.getShort() != VERSION || fields.getShort() != AES_256_GCM_HKDF_SHA256) {
      throw new CryptoException("a sealed file of a version or cipher unknown to this version");
    }
    int chunkBytes = fields.getInt();
    if (chunkBytes < MINIMUM_CHUNK_BYTES || chunkBytes > MAXIMUM_CHUNK_BYTES) {
      throw new CryptoException("the chunk size of the sealed file is out of range");
    }
    return new SealedHeader(encoded, chunkBytes);
  }

  /// A fresh header, already committed to the key and the context.
  static SealedHeader fresh(Secret key, Bytes context, int chunkBytes) {
    if (chunkBytes < MINIMUM_CHUNK_BYTES || chunkBytes > MAXIMUM_CHUNK_BYTES) {
      throw new IllegalArgumentException("a chunk has 64 bytes to 16 MiB, not " + chunkBytes);
    }
    ByteBuffer header = ByteBuffer.allocate(BYTES);
    header.put(MAGIC).putShort(VERSION).putShort(AES_256_GCM_HKDF_SHA256).putInt(chunkBytes);
    header.put(Secret.random(SALT_BYTES).view());
    ChunkCipher.Keys keys = ChunkCipher.Keys.derive(key, header.array(), context);
    header.put(keys.commitment().view());
    keys.close();
    return new SealedHeader(Bytes.owning(header.array()), chunkBytes);
  }

  public Bytes encoded() {
    return encoded;
  }

  /// Plaintext bytes in every chunk but the last.
  public int chunkBytes() {
    return chunkBytes;
  }

  /// The length of a sealed file with so many bytes of content.
  public long sealedBytes(long plainBytes) {
    long chunks = Math.max(1, Math.ceilDiv(plainBytes, (long) chunkBytes));
    return BYTES + plainBytes + chunks * AesGcm.TAG_BYTES;
  }

  /// The part that the keys are derived from: everything before the commitment.
  static byte[] committedPart(byte[] header) {
    return Arrays.copyOf(header, COMMITMENT_AT);
  }

  byte[] commitment() {
    return Arrays.copyOfRange(encoded.array(), COMMITMENT_AT, BYTES);
  }
}
