package cloister.attestation;

import cloister.crypto.Bytes;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// The certificates that come with an SNP report: PEM, DER, or the table that the host gives with
/// an extended report (AMD 56421, §4.1.8.1; `auxblob` of Linux). The host writes them, so they are
/// hints, believed only through a pinned root; a root among them is not looked at.
final class SnpCertificates {
  private static final int MAX_CERTIFICATES = 10;
  private static final int MAX_ENTRIES = 16;
  private static final int MAX_BYTES = 64 * 1024;
  private static final Bytes NO_MORE = Bytes.of(new byte[16]);

  /// VCEK, VLEK, ASK or ASVK; in the table's byte order, which is as they are written.
  private static final Set<Bytes> READ =
      Set.of(
          Bytes.hex("63da758de6644564adc5f4b93be8accd"),
          Bytes.hex("a8074bc2a25a483eaae639c045a0b8a1"),
          Bytes.hex("4ab7b379bbac4fe4a02f05aef327c782"));

  private SnpCertificates() {}

  static List<X509Certificate> read(Bytes bytes) throws EvidenceException {
    if (bytes.size() > MAX_BYTES) {
      throw new EvidenceException("more than " + MAX_BYTES + " bytes of SNP certificates");
    }
    return isTable(bytes)
        ? table(bytes)
        : Certificates.read("SNP certificates", bytes, MAX_CERTIFICATES);
  }

  /// PEM begins with text and DER with a SEQUENCE; an identifier of the table is neither.
  private static boolean isTable(Bytes bytes) {
    byte[] start = bytes.slice(0, Math.min(4, bytes.size())).toArray();
    if (start.length < 4 || (start[0] == Der.SEQUENCE && start[1] == (byte) 0x82)) {
      return false;
    }
    for (byte b : start) {
      if ((b < 0x20 || b > 0x7e) && b != '\n' && b != '\r' && b != '\t') {
        return true;
      }
    }
    return false;
  }

  /// Entries of identifier, offset and length, up to one of zeros; what is not read may be
  /// anything.
  private static List<X509Certificate> table(Bytes bytes) throws EvidenceException {
    Cursor entries = Cursor.littleEndian("SNP certificate table", bytes);
    var certificates = new ArrayList<X509Certificate>();
    for (int entry = 0; entry <= MAX_ENTRIES; entry++) {
      Bytes identifier = entries.bytes("GUID", 16);
      long offset = entries.u32("offset");
      long length = entries.u32("length");
      if (identifier.equals(NO_MORE)) {
        return List.copyOf(certificates);
      }
      if (offset > bytes.size() || length > bytes.size() - offset) {
        throw entries.bad("entry " + entry, "is outside of the table");
      }
      if (READ.contains(identifier)) {
        certificates.addAll(
            Certificates.read(
                "SNP certificate table, entry " + entry,
                bytes.slice((int) offset, (int) (offset + length)),
                MAX_CERTIFICATES));
      }
      if (certificates.size() > MAX_CERTIFICATES) {
        throw entries.bad("table", "has more than " + MAX_CERTIFICATES + " certificates");
      }
    }
    throw entries.bad("table", "has more than " + MAX_ENTRIES + " entries");
  }
}
