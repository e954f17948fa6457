package cloister.crypto;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The HPKE key schedule in base mode with HKDF-SHA256 (RFC 9180 §5.1). Bouncy Castle has one too,
/// welded to its own AES-GCM in Java; with this one the bulk cipher is the JDK's, on the AES
/// instructions. The tests hold it to the RFC's vectors and to Bouncy Castle in both directions.
record KeySchedule(Secret key, Secret baseNonce, Secret exporterSecret, Bytes suiteId) {
  static final int NONCE_BYTES = 12;
  private static final byte[] MODE_BASE = {0x00};
  private static final byte[] NONE = {};

  static KeySchedule base(byte[] suiteId, Secret sharedSecret, byte[] info, int keyBytes) {
    // psk_id is empty in base mode.
    byte[] pskIdHash = labeledExtract(suiteId, NONE, "psk_id_hash", NONE);
    byte[] infoHash = labeledExtract(suiteId, NONE, "info_hash", info);
    byte[] context = Octets.concat(MODE_BASE, pskIdHash, infoHash);
    byte[] secret = labeledExtract(suiteId, sharedSecret.view(), "secret", NONE);
    try {
      return new KeySchedule(
          labeledExpand(suiteId, secret, "key", context, keyBytes),
          labeledExpand(suiteId, secret, "base_nonce", context, NONCE_BYTES),
          labeledExpand(suiteId, secret, "exp", context, Hkdf.HASH_BYTES),
          Bytes.of(suiteId));
    } finally {
      Arrays.fill(secret, (byte) 0);
    }
  }

  /// §5.3.
  Secret export(byte[] exporterContext, int length) {
    return labeledExpand(suiteId.array(), exporterSecret.view(), "sec", exporterContext, length);
  }

  void close() {
    key.close();
    baseNonce.close();
    exporterSecret.close();
  }

  /// §4: `LabeledExtract(salt, label, ikm)`.
  private static byte[] labeledExtract(byte[] suiteId, byte[] salt, String label, byte[] ikm) {
    return Hkdf.extract(salt, Octets.concat(ascii("HPKE-v1"), suiteId, ascii(label), ikm));
  }

  /// §4: `LabeledExpand(prk, label, info, L)`.
  private static Secret labeledExpand(
      byte[] suiteId, byte[] prk, String label, byte[] info, int length) {
    byte[] labeledInfo =
        Octets.concat(Octets.u16(length), ascii("HPKE-v1"), suiteId, ascii(label), info);
    return Secret.owning(Hkdf.expand(prk, labeledInfo, length));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
