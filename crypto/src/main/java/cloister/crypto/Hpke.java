package cloister.crypto;

/// Sealing one message to a public key (RFC 9180 §6.1, `SealBase` and `OpenBase`).
///
/// The format is `u16 suite | encapsulated key | ciphertext | 16-byte tag`: 1138 bytes more than
/// the message, for X-Wing.
public final class Hpke {
  /// `u16 suite | encapsulated key`, in bytes.
  public static final int ENCAPSULATION_BYTES = Suite.ID_BYTES + XWing.ENCAPSULATION_BYTES;

  private Hpke() {}

  /// Seals so that only the key's holder opens it, and only for the same `info` and `aad`.
  ///
  /// @param info what this is, as in `cloister/data-key/v1`
  /// @param aad what it belongs to
  public static Bytes seal(SealingKey key, Bytes info, Bytes aad, Secret plaintext)
      throws CryptoException {
    try (var sender = HpkeSender.to(key, info)) {
      return Bytes.concat(sender.encapsulation(), sender.seal(aad, plaintext.view()).sealed());
    }
  }

  /// The content of what [#seal] wrote.
  ///
  /// @throws CryptoException if it was sealed to another key, for another use, or altered
  public static Secret open(OpeningKey key, Bytes info, Bytes aad, Bytes sealed)
      throws CryptoException {
    if (sealed.size() < ENCAPSULATION_BYTES + AesGcm.TAG_BYTES) {
      throw new CryptoException("too short for a sealed message");
    }
    Bytes encapsulation = sealed.slice(0, ENCAPSULATION_BYTES);
    Bytes ciphertext = sealed.slice(ENCAPSULATION_BYTES, sealed.size());
    try (var receiver = HpkeReceiver.from(key, encapsulation, info)) {
      return Secret.owning(receiver.open(0, aad, ciphertext));
    }
  }
}
