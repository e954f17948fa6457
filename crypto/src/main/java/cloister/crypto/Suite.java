package cloister.crypto;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// A set of algorithms for sealing to a public key. Every sealed format starts with its two-byte
/// id, so that another suite can be added and an unknown one is refused by name.
public enum Suite {
  /// HPKE base mode (RFC 9180) with the hybrid KEM X-Wing, which is X25519 and ML-KEM-768 at once
  /// (draft-connolly-cfrg-xwing-kem, KEM id 0x647a), HKDF-SHA256 and AES-256-GCM. Sealed data stays
  /// closed as long as either half of the KEM holds: recordings of today's traffic do not open to
  /// tomorrow's quantum computer.
  X_WING_HKDF_SHA256_AES_256_GCM(0x0001, 0x647a, 0x0001, 0x0002);

  /// Bytes of the id at the start of every sealed format.
  static final int ID_BYTES = 2;

  private final int id;
  private final int kem;
  private final int kdf;
  private final int aead;

  Suite(int id, int kem, int kdf, int aead) {
    this.id = id;
    this.kem = kem;
    this.kdf = kdf;
    this.aead = aead;
  }

  /// The id that formats carry.
  public int id() {
    return id;
  }

  byte[] idBytes() {
    return Octets.u16(id);
  }

  /// `suite_id` of RFC 9180 §5.1.
  byte[] hpkeSuiteId() {
    return hpkeSuiteId(kem, kdf, aead);
  }

  static byte[] hpkeSuiteId(int kem, int kdf, int aead) {
    return ByteBuffer.allocate(10)
        .put(new byte[] {'H', 'P', 'K', 'E'})
        .putShort((short) kem)
        .putShort((short) kdf)
        .putShort((short) aead)
        .array();
  }

  /// The suite at the start of a sealed format.
  static Suite startOf(Bytes sealed) throws CryptoException {
    if (sealed.size() < ID_BYTES) {
      throw new CryptoException("too short to name its cipher suite");
    }
    int id = Short.toUnsignedInt(ByteBuffer.wrap(sealed.array()).getShort());
    return byId(id);
  }

  static Suite byId(int id) throws CryptoException {
    return Arrays.stream(values())
        .filter(suite -> suite.id == id)
        .findFirst()
        .orElseThrow(() -> new CryptoException("unknown cipher suite 0x%04x".formatted(id)));
  }
}
