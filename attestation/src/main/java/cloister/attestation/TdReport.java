package cloister.attestation;

import cloister.crypto.Bytes;
import java.util.List;
import java.util.Optional;

/// What the TDX module says of a trust domain: 584 bytes (1.0) or 648 (1.5), little-endian (Intel
/// TDX DCAP Quoting Library API, A.3.2 and A.3.4).
///
/// @param attributes 64 bits, lowest first
/// @param rtmrs the four runtime measurement registers
/// @param teeTcbSvn2 1.5: the patch level of the module that runs now, which may be newer than the
///   one that started the TD
/// @param encoded the exact bytes
record TdReport(
    Bytes teeTcbSvn,
    Bytes mrSeam,
    Bytes mrSignerSeam,
    Bytes seamAttributes,
    long attributes,
    Bytes xfam,
    Bytes mrTd,
    Bytes mrConfigId,
    Bytes mrOwner,
    Bytes mrOwnerConfig,
    List<Bytes> rtmrs,
    Bytes reportData,
    Optional<Bytes> teeTcbSvn2,
    Optional<Bytes> mrServiceTd,
    Bytes encoded)
    implements QuoteBody {
  static final int BYTES_1_0 = 584;
  static final int BYTES_1_5 = 648;
  private static final int REGISTER = 48;

  TdReport {
    rtmrs = List.copyOf(rtmrs);
  }

  static TdReport parse(Bytes bytes) throws EvidenceException {
    Cursor at = Cursor.littleEndian("TD report", bytes);
    boolean extended = bytes.size() == BYTES_1_5;
    var report =
        new TdReport(
            at.bytes("tee tcb svn", 16),
            at.bytes("mrseam", REGISTER),
            at.bytes("mrsignerseam", REGISTER),
            at.bytes("seam attributes", 8),
            at.u64("td attributes"),
            at.bytes("xfam", 8),
            at.bytes("mrtd", REGISTER),
            at.bytes("mrconfigid", REGISTER),
            at.bytes("mrowner", REGISTER),
            at.bytes("mrownerconfig", REGISTER),
            List.of(
                at.bytes("rtmr0", REGISTER),
                at.bytes("rtmr1", REGISTER),
                at.bytes("rtmr2", REGISTER),
                at.bytes("rtmr3", REGISTER)),
            at.bytes("report data", 64),
            extended ? Optional.of(at.bytes("tee tcb svn 2", 16)) : Optional.empty(),
            extended ? Optional.of(at.bytes("mrservicetd", REGISTER)) : Optional.empty(),
            bytes);
    at.end();
    return report;
  }

  int svn(int component) {
    return Byte.toUnsignedInt(teeTcbSvn.slice(component, component + 1).toArray()[0]);
  }
}
