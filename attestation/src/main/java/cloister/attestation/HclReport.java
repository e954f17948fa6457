package cloister.attestation;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.security.MessageDigest;

/// What a confidential VM of Azure reads from its TPM's NV index 0x01400001: the hardware's report
/// about the paravisor, and the JSON claims whose digest is in it. Little-endian, 2600 bytes with
/// the zeros at its end.
///
/// ```
///    0     4  magic "HCLA"
///    4     4  version: 1 or 2
///    8     4  size up to the end of the JSON
///   12     4  request type: 2
///   16     4  status: 0
///   20    12  reserved: 0
///   32  1184  the hardware's report: of SNP, or TDREPORT (1024) and zeros
/// 1216     4  size from here to the end of the JSON
/// 1220     4  version: 1
/// 1224     4  what the report is: 2 SNP, 4 TDX
/// 1228     4  algorithm of the digest: 1, SHA-256
/// 1232     4  size of the JSON
/// 1236     n  JSON
/// ```
///
/// @param json the exact bytes that the digest is of
record HclReport(Hardware hardware, Bytes hardwareReport, Bytes json, HclClaims claims) {
  private static final int LEAST_BYTES = 1236;
  private static final int MAX_BYTES = 8 * 1024;
  private static final long MAGIC = 0x414c4348;
  private static final long REQUEST = 2;
  private static final long SHA256 = 1;
  private static final int HARDWARE_OFFSET = 32;
  private static final int HARDWARE_BYTES = 1184;
  private static final int DATA_OFFSET = HARDWARE_OFFSET + HARDWARE_BYTES;
  private static final int DIGEST_BYTES = 32;
  private static final int TD_REPORT_BYTES = 1024;

  /// REPORTDATA in REPORTMACSTRUCT (Intel TDX Module ABI, §"TDREPORT_STRUCT").
  private static final int TD_REPORT_DATA_OFFSET = 128;

  /// Whose report it is.
  enum Hardware {
    SEV_SNP("sev-snp", Tee.Family.AMD),
    TDX("tdx", Tee.Family.INTEL);

    private final String label;
    private final Tee.Family family;

    Hardware(String label, Tee.Family family) {
      this.label = label;
      this.family = family;
    }

    Tee.Family family() {
      return family;
    }

    @Override
    public String toString() {
      return label;
    }
  }

  static HclReport parse(Bytes report) throws EvidenceException {
    if (report.size() < LEAST_BYTES || report.size() > MAX_BYTES) {
      throw new EvidenceException(
          "an HCL report has %d to %d bytes, not %d"
              .formatted(LEAST_BYTES, MAX_BYTES, report.size()));
    }
    Cursor at = Cursor.littleEndian("HCL report", report);
    if (at.u32("magic") != MAGIC) {
      throw at.bad("magic", "is not HCLA");
    }
    long version = at.u32("version");
    if (version != 1 && version != 2) {
      throw at.bad("version", "is %d; this version of ours reads 1 and 2".formatted(version));
    }
    long reportSize = at.u32("report size");
    expect(at, "request type", REQUEST);
    expect(at, "status", 0);
    at.zeros("offset 20", 12);
    Bytes slot = at.bytes("hardware report", HARDWARE_BYTES);
    long dataSize = at.u32("data size");
    expect(at, "data version", 1);
    Hardware hardware = hardware(at);
    expect(at, "digest algorithm", SHA256);
    long jsonSize = at.u32("JSON size");
    Bytes json = at.bytes("JSON", jsonSize);
    // The same size in three places: that of the JSON decides, and the others have to agree.
    if (reportSize != at.position() || dataSize != at.position() - DATA_OFFSET) {
      throw at.bad("JSON size", "contradicts the sizes of what holds it");
    }
    at.zeros("the rest", at.remaining());
    return new HclReport(
        hardware,
        hardware == Hardware.SEV_SNP ? slot : tdReport(slot),
        json,
        HclClaims.parse(json));
  }

  /// Whether the hardware's report data are the SHA-256 of the claims and 32 zeros.
  boolean isVouchedFor(Bytes reportData) {
    Bytes expected = Bytes.concat(digest(), Bytes.of(new byte[DIGEST_BYTES]));
    return MessageDigest.isEqual(expected.toArray(), reportData.toArray());
  }

  Bytes digest() {
    return Bytes.of(Digest.of(json).toArray());
  }

  /// The report data in the TDREPORT, which only the processor itself could check.
  Bytes tdReportData() {
    return hardwareReport.slice(TD_REPORT_DATA_OFFSET, TD_REPORT_DATA_OFFSET + 64);
  }

  private static void expect(Cursor at, String field, long value) throws EvidenceException {
    long found = at.u32(field);
    if (found != value) {
      throw at.bad(field, "is %d, not %d".formatted(found, value));
    }
  }

  private static Hardware hardware(Cursor at) throws EvidenceException {
    long type = at.u32("report type");
    return switch ((int) type) {
      case 2 -> Hardware.SEV_SNP;
      case 4 -> Hardware.TDX;
      default -> throw at.bad("report type", "is %d, neither SNP nor TDX".formatted(type));
    };
  }

  private static Bytes tdReport(Bytes slot) throws EvidenceException {
    Cursor at = Cursor.littleEndian("TDREPORT", slot);
    Bytes report = at.bytes("report", TD_REPORT_BYTES);
    at.zeros("the rest", HARDWARE_BYTES - TD_REPORT_BYTES);
    return report;
  }
}
