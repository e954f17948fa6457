package cloister.crypto;

import java.security.GeneralSecurityException;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/// AES-256-GCM (NIST SP 800-38D) with a 96-bit nonce and a 128-bit tag, from the JDK, which runs it
/// on the processor's AES instructions. Keeps its cipher for the next message: not for use by
/// several threads. Never repeating a nonce is the caller's part, and there are only four callers,
/// all in this package.
final class AesGcm {
  static final int KEY_BYTES = 32;
  static final int NONCE_BYTES = 12;
  static final int TAG_BYTES = 16;

  private final SecretKeySpec key;
  private final Cipher cipher;

  AesGcm(Secret key) {
    if (key.size() != KEY_BYTES) {
      throw new IllegalArgumentException("an AES-256 key has 32 bytes, not " + key.size());
    }
    this.key = new SecretKeySpec(key.view(), "AES");
    try {
      this.cipher = Cipher.getInstance("AES/GCM/NoPadding");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES-GCM", e);
    }
  }

  byte[] seal(byte[] nonce, byte[] aad, byte[] plaintext) {
    byte[] sealed = new byte[Math.addExact(plaintext.length, TAG_BYTES)];
    seal(nonce, aad, plaintext, 0, plaintext.length, sealed, 0);
    return sealed;
  }

  /// Writes `length + 16` bytes to `out`.
  void seal(byte[] nonce, byte[] aad, byte[] in, int offset, int length, byte[] out, int outAt) {
    try {
      cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(TAG_BYTES * 8, nonce));
      cipher.updateAAD(aad);
      cipher.doFinal(in, offset, length, out, outAt);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM does not fail to encrypt", e);
    }
  }

  byte[] open(byte[] nonce, byte[] aad, byte[] sealed) throws CryptoException {
    if (sealed.length < TAG_BYTES) {
      throw new CryptoException("too short for a sealed message");
    }
    byte[] plaintext = new byte[sealed.length - TAG_BYTES];
    open(nonce, aad, sealed, 0, sealed.length, plaintext, 0);
    return plaintext;
  }

  /// Writes `length - 16` bytes to `out`, and none of them if the tag is wrong.
  void open(byte[] nonce, byte[] aad, byte[] in, int offset, int length, byte[] out, int outAt)
      throws CryptoException {
    try {
      cipher.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(TAG_BYTES * 8, nonce));
      cipher.updateAAD(aad);
      cipher.doFinal(in, offset, length, out, outAt);
    } catch (AEADBadTagException e) {
      throw new CryptoException("not sealed with this key for this use, or altered", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM fails to decrypt only on a wrong tag", e);
    }
  }
}
