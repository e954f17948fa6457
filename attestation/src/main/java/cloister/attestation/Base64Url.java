package cloister.attestation;

import cloister.crypto.Bytes;
import java.util.Base64;

/// Base64url without padding (RFC 7515 §2), where one content has one spelling: the JDK also reads
/// padding and stray trailing bits.
final class Base64Url {
  private Base64Url() {}

  /// @param what names it in errors
  static Bytes decode(String what, String text) throws EvidenceException {
    try {
      Bytes decoded = Bytes.of(Base64.getUrlDecoder().decode(text));
      if (encode(decoded).equals(text)) {
        return decoded;
      }
      throw new EvidenceException(what + " is not base64url in its one form, without padding");
    } catch (IllegalArgumentException e) {
      throw new EvidenceException(what + " is not base64url", e);
    }
  }

  static String encode(Bytes bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.toArray());
  }
}
