package cloister.crypto;

import java.nio.ByteBuffer;
import java.util.BitSet;

/// One direction of a session: AES-256-GCM where the message's number makes the nonce (RFC 9180
/// §5.2) and each number is used once. Order is free, since responses overtake each other; a number
/// that comes again is refused, which is what stops replays.
final class NumberedAead {
  /// At most this many messages a session, so that remembering the numbers stays at 128 KiB.
  static final int MAXIMUM_MESSAGES = 1 << 20;

  private final AesGcm cipher;
  private final byte[] baseNonce;
  private final BitSet used = new BitSet();

  NumberedAead(Secret key, Secret baseNonce) {
    this.cipher = new AesGcm(key);
    this.baseNonce = baseNonce.expose();
  }

  synchronized Bytes seal(long number, Bytes aad, byte[] plaintext) {
    if (number < 0 || number >= MAXIMUM_MESSAGES) {
      throw new IllegalStateException("this session has no more message numbers");
    }
    if (used.get((int) number)) {
      throw new IllegalStateException("message " + number + " has been sealed already");
    }
    // Before the cipher runs: no failure after it may leave the nonce free for a second use.
    used.set((int) number);
    return Bytes.owning(cipher.seal(nonce(number), aad.array(), plaintext));
  }

  synchronized byte[] open(long number, Bytes aad, Bytes sealed) throws CryptoException {
    if (number < 0 || number >= MAXIMUM_MESSAGES) {
      throw new CryptoException("the message number is out of range");
    }
    if (used.get((int) number)) {
      throw new CryptoException("message " + number + " has been received already");
    }
    byte[] plaintext = cipher.open(nonce(number), aad.array(), sealed.array());
    // Only now: a forgery must not use up the number of the genuine message (RFC 9180 §5.2).
    used.set((int) number);
    return plaintext;
  }

  /// RFC 9180 §5.2, `ComputeNonce`: the base nonce XOR the number, right-aligned.
  private byte[] nonce(long number) {
    ByteBuffer nonce = ByteBuffer.wrap(baseNonce.clone());
    nonce.putLong(4, nonce.getLong(4) ^ number);
    return nonce.array();
  }
}
