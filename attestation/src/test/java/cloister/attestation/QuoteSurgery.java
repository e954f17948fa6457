package cloister.attestation;

import cloister.crypto.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Takes quotes apart and puts them together again, where nothing signs how: around the
/// certificates.
final class QuoteSurgery {
  private static final int SIGNATURE_AND_KEY = 128;
  private static final int REPORT_AND_SIGNATURE = 384 + 64;
  private static final int CERTIFICATION = 6;

  private QuoteSurgery() {}

  /// Where the signature data begins, after its length.
  private static int signature(ByteBuffer quote) {
    int version = quote.getShort(0);
    int body = version == 5 ? 54 + quote.getInt(50) : 48 + (quote.getInt(4) == 0 ? 384 : 584);
    return body + 4;
  }

  /// Where the certification data's type is, which the certificates follow.
  static int certification(Bytes quote) {
    ByteBuffer in = ByteBuffer.wrap(quote.toArray()).order(ByteOrder.LITTLE_ENDIAN);
    int enclave = signature(in) + SIGNATURE_AND_KEY + (in.getShort(0) > 3 ? CERTIFICATION : 0);
    int authentication = enclave + REPORT_AND_SIGNATURE;
    return authentication + 2 + Short.toUnsignedInt(in.getShort(authentication));
  }

  static Bytes certificates(Bytes quote) {
    int at = certification(quote);
    int size = ByteBuffer.wrap(quote.toArray()).order(ByteOrder.LITTLE_ENDIAN).getInt(at + 2);
    return quote.slice(at + CERTIFICATION, at + CERTIFICATION + size);
  }

  /// The same quote with another chain, and without padding.
  static Bytes withCertificates(Bytes quote, Bytes pem) {
    int at = certification(quote);
    byte[] head = quote.slice(0, at).toArray();
    ByteBuffer fields = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
    int signature = signature(fields);
    fields.putInt(signature - 4, at + CERTIFICATION + pem.size() - signature);
    if (fields.getShort(0) > 3) {
      int enclave = signature + SIGNATURE_AND_KEY + CERTIFICATION;
      fields.putInt(enclave - 4, at + CERTIFICATION + pem.size() - enclave);
    }
    byte[] descriptor =
        ByteBuffer.allocate(CERTIFICATION)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putShort((short) 5)
            .putInt(pem.size())
            .array();
    return Bytes.concat(Bytes.of(head), Bytes.of(descriptor), pem);
  }

  /// Without the zero bytes that a quoting service put behind it.
  static Bytes withoutPadding(Bytes quote) {
    int end = certification(quote) + CERTIFICATION + certificates(quote).size();
    return quote.slice(0, end);
  }

  static String text(Bytes bytes) {
    return new String(bytes.toArray(), StandardCharsets.ISO_8859_1);
  }
}
