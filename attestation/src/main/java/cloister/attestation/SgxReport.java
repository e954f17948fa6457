package cloister.attestation;

import cloister.crypto.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// What an SGX enclave says of itself: 384 bytes, little-endian (Intel SDM vol. 3D, REPORT body).
/// It is the body of an SGX quote, and the quoting enclave's own inside every quote.
///
/// @param encoded the exact bytes, which are what is signed
record SgxReport(
    Bytes cpuSvn,
    Bytes miscSelect,
    Bytes isvExtendedProductId,
    Bytes attributes,
    Bytes mrEnclave,
    Bytes mrSigner,
    Bytes configId,
    int isvProductId,
    int isvSvn,
    int configSvn,
    Bytes isvFamilyId,
    Bytes reportData,
    Bytes encoded)
    implements QuoteBody {
  static final int BYTES = 384;

  static SgxReport parse(String what, Bytes bytes) throws EvidenceException {
    Cursor at = Cursor.littleEndian(what, bytes);
    var report =
        new SgxReport(
            at.bytes("cpusvn", 16),
            at.bytes("miscselect", 4),
            skipThen(at, 12, 16, "isvextprodid"),
            at.bytes("attributes", 16),
            at.bytes("mrenclave", 32),
            skipThen(at, 32, 32, "mrsigner"),
            skipThen(at, 32, 64, "configid"),
            at.u16("isvprodid"),
            at.u16("isvsvn"),
            at.u16("configsvn"),
            skipThen(at, 42, 16, "isvfamilyid"),
            at.bytes("report data", 64),
            bytes);
    at.end();
    return report;
  }

  /// The first 8 bytes of the attributes: DEBUG is bit 1.
  boolean isDebug() {
    return bit(1);
  }

  boolean isMode64() {
    return bit(2);
  }

  boolean hasProvisionKey() {
    return bit(4);
  }

  boolean hasLaunchKey() {
    return bit(5);
  }

  /// The first 8 bytes of the attributes, as bits; XFRM is in the other 8.
  long flags() {
    return ByteBuffer.wrap(attributes.toArray()).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  /// The extended features that the enclave runs with, 8 bytes as reported.
  Bytes xfrm() {
    return attributes.slice(8, 16);
  }

  private boolean bit(int number) {
    return (flags() >>> number & 1) == 1;
  }

  /// Reserved fields of a signed structure are zero.
  private static Bytes skipThen(Cursor at, int reserved, int size, String field)
      throws EvidenceException {
    at.zeros("reserved before " + field, reserved);
    return at.bytes(field, size);
  }
}
