package cloister.ledger;

import cloister.crypto.Bytes;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.VerifyingKey;
import java.security.PublicKey;
import java.util.Arrays;
import java.util.Objects;

/// The key that checkpoints of one ledger are verified with: the ledger's origin and a raw Ed25519
/// public key. Written as a C2SP signed-note verifier key, `name+id+base64(0x01 || key)`.
public record CheckpointKey(String origin, Bytes publicKey) {
  private static final byte ED25519 = 1;
  private static final int KEY_BYTES = 32;

  /// SubjectPublicKeyInfo of RFC 8410 up to the 32 bytes of the key.
  private static final Bytes SPKI_PREFIX = Bytes.hex("302a300506032b6570032100");

  public CheckpointKey {
    Checkpoint.requireOrigin(origin);
    if (publicKey.size() != KEY_BYTES) {
      throw new IllegalArgumentException(
          "an Ed25519 public key has 32 bytes, not " + publicKey.size());
    }
  }

  /// Takes the raw key out of a JDK Ed25519 public key.
  public static CheckpointKey of(String origin, PublicKey key) {
    byte[] encoded = Objects.requireNonNull(key.getEncoded(), "a key without an encoding");
    byte[] prefix = SPKI_PREFIX.toArray();
    if (encoded.length != prefix.length + KEY_BYTES
        || !Arrays.equals(encoded, 0, prefix.length, prefix, 0, prefix.length)) {
      throw new IllegalArgumentException("not an Ed25519 public key");
    }
    return new CheckpointKey(
        origin, Bytes.of(Arrays.copyOfRange(encoded, prefix.length, encoded.length)));
  }

  /// Parses what [#format] writes, and nothing else.
  public static CheckpointKey parse(String text) {
    String[] parts = text.split("\\+", 3);
    if (parts.length == 3 && text.length() <= Checkpoint.MAX_ORIGIN_CHARACTERS + 64) {
      Bytes typed = Bytes.base64(parts[2]);
      if (typed.size() == 1 + KEY_BYTES && typed.toArray()[0] == ED25519) {
        byte[] raw = Arrays.copyOfRange(typed.toArray(), 1, 1 + KEY_BYTES);
        CheckpointKey key = new CheckpointKey(parts[0], Bytes.of(raw));
        if (key.format().equals(text)) {
          return key;
        }
      }
    }
    throw new IllegalArgumentException("not an Ed25519 verifier key of the form name+id+key");
  }

  public String format() {
    return origin + "+" + id().hex() + "+" + typedKey().base64();
  }

  /// The first four bytes of SHA-256(name || 0x0A || 0x01 || key), C2SP signed-note.
  public Bytes id() {
    Digest digest = Digest.of(Bytes.utf8(origin + "\n").toArray(), typedKey().toArray());
    return Bytes.of(Arrays.copyOf(digest.toArray(), 4));
  }

  boolean verifies(Bytes message, Bytes signature) {
    try {
      VerifyingKey.of(Bytes.concat(SPKI_PREFIX, publicKey)).verify(message, signature);
      return true;
    } catch (CryptoException _) {
      // Bytes that are no signature, or no point of the curve, verify nothing.
      return false;
    }
  }

  private Bytes typedKey() {
    byte[] typed = new byte[1 + KEY_BYTES];
    typed[0] = ED25519;
    System.arraycopy(publicKey.toArray(), 0, typed, 1, KEY_BYTES);
    return Bytes.of(typed);
  }
}
