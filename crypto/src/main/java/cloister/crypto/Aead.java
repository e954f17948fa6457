package cloister.crypto;

import java.util.Arrays;

/// Seals records one at a time with AES-256-GCM under one key: `12-byte random nonce | ciphertext |
/// 16-byte tag`. Safe for use by several threads.
///
/// Nonces are random, so one key seals at most 2³² records (NIST SP 800-38D §8.3); at a thousand a
/// second that is fifty days of nothing else, and a key is cheap to [Secret#derive].
public final class Aead {
  /// How much longer a sealed record is than its content.
  public static final int OVERHEAD_BYTES = AesGcm.NONCE_BYTES + AesGcm.TAG_BYTES;

  private final AesGcm cipher;

  private Aead(AesGcm cipher) {
    this.cipher = cipher;
  }

  /// Keeps its own copy of the 32-byte key.
  public static Aead of(Secret key) {
    return new Aead(new AesGcm(key));
  }

  /// Seals so that only [#open] with the same key and the same `aad` gives the content back.
  public synchronized Bytes seal(Bytes aad, byte[] plaintext) {
    byte[] nonce = Secret.random(AesGcm.NONCE_BYTES).view();
    byte[] sealed = new byte[Math.addExact(plaintext.length, OVERHEAD_BYTES)];
    System.arraycopy(nonce, 0, sealed, 0, nonce.length);
    cipher.seal(nonce, aad.array(), plaintext, 0, plaintext.length, sealed, nonce.length);
    return Bytes.owning(sealed);
  }

  /// The content of what [#seal] wrote.
  ///
  /// @throws CryptoException if the key or `aad` is another, or a bit has changed
  public synchronized byte[] open(Bytes aad, Bytes sealed) throws CryptoException {
    byte[] in = sealed.array();
    if (in.length < OVERHEAD_BYTES) {
      throw new CryptoException("too short for a sealed record");
    }
    byte[] nonce = Arrays.copyOf(in, AesGcm.NONCE_BYTES);
    byte[] plaintext = new byte[in.length - OVERHEAD_BYTES];
    cipher.open(nonce, aad.array(), in, nonce.length, in.length - nonce.length, plaintext, 0);
    return plaintext;
  }
}
