package cloister.crypto;

import java.security.GeneralSecurityException;
import javax.crypto.KDF;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/// HKDF-SHA256 (RFC 5869), from the JDK.
final class Hkdf {
  static final int HASH_BYTES = 32;

  private Hkdf() {}

  /// RFC 5869 §2.2. An empty key is legal here: HPKE extracts from an empty PSK.
  static byte[] extract(byte[] salt, byte[] inputKey) {
    return deriveData(HKDFParameterSpec.ofExtract().addSalt(salt).addIKM(inputKey).extractOnly());
  }

  /// RFC 5869 §2.3; `length` is at most 255 · 32 bytes.
  static byte[] expand(byte[] extracted, byte[] info, int length) {
    return deriveData(
        HKDFParameterSpec.expandOnly(new SecretKeySpec(extracted, "HKDF"), info, length));
  }

  private static byte[] deriveData(HKDFParameterSpec parameters) {
    try {
      return KDF.getInstance("HKDF-SHA256").deriveData(parameters);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("JDK 25 has HKDF-SHA256, and the lengths are ours", e);
    }
  }
}
