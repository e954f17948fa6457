package cloister.attestation;

import cloister.crypto.Bytes;
import java.security.cert.X509Certificate;
import java.util.BitSet;
import java.util.Optional;

/// What a device's boot ROM certifies of the firmware that holds the signing key, in the leaf's
/// DICE extension (TCG DICE Attestation Architecture): Hopper and LS10 have the composite device
/// identifier of OID 2.23.133.5.4.1, Blackwell a TcbInfo of OID 2.23.133.5.4.1.1.
///
/// @param digest SHA-384 of the firmware, its FWID
/// @param flags the TcbInfo's OperationalFlags, by number; empty where there is none
record NvidiaFirmware(Bytes digest, BitSet flags) {
  private static final String COMPOSITE = "2.23.133.5.4.1";
  private static final String TCB_INFO = "2.23.133.5.4.1.1";
  private static final String SHA384 = "2.16.840.1.101.3.4.2.2";
  private static final int FWIDS = 0xa6;
  private static final int FLAGS = 0x87;
  private static final int NOT_SECURE = 1;
  private static final int RECOVERY = 2;
  private static final int DEBUG = 3;

  NvidiaFirmware {
    flags = (BitSet) flags.clone();
  }

  /// Checks that it is the firmware that the report names, where it names one: early drivers of
  /// Hopper and switches do not.
  static void require(Checks checks, X509Certificate leaf, Optional<Bytes> reported) {
    NvidiaFirmware certified;
    try {
      certified = of(leaf);
    } catch (EvidenceException e) {
      checks.fails("nvidia.fwid", "the boot ROM certified no firmware: " + e.getMessage());
      return;
    }
    if (reported.isEmpty()) {
      checks.noted(
          "nvidia.fwid",
          "the report names no firmware to compare with %s, which the certificate names"
              .formatted(certified.digest.hex()));
    } else {
      checks.require(
          "nvidia.fwid",
          certified.digest.equals(reported.get()),
          "the firmware is the one that the boot ROM certified",
          "the boot ROM certified the firmware %s, and the report is of %s: reset the device"
              .formatted(certified.digest.hex(), reported.get().hex()));
    }
    checks.require(
        "nvidia.firmware-flags",
        !(certified.flags.get(NOT_SECURE)
            || certified.flags.get(RECOVERY)
            || certified.flags.get(DEBUG)),
        "the boot ROM certified no debug, recovery or insecure firmware",
        "the boot ROM certified firmware with flags %s, of which 1 is not secure, 2 recovery and 3"
                .formatted(certified.flags)
            + " debug: run production firmware");
  }

  static NvidiaFirmware of(X509Certificate leaf) throws EvidenceException {
    Optional<Bytes> composite = Certificates.extension(leaf, COMPOSITE);
    Optional<Bytes> info = Certificates.extension(leaf, TCB_INFO);
    if (composite.isPresent() == info.isPresent()) {
      throw new EvidenceException("the leaf does not have exactly one firmware extension");
    }
    return composite.isPresent() ? composite(composite.get()) : tcbInfo(info.get());
  }

  /// version, SubjectPublicKeyInfo, FWID.
  private static NvidiaFirmware composite(Bytes extension) throws EvidenceException {
    Der outer = Der.of("the leaf's firmware extension", extension);
    Der fields = outer.sequence();
    outer.end();
    fields.integer();
    fields.sequence();
    Bytes digest = digest(fields.sequence());
    fields.end();
    return new NvidiaFirmware(digest, new BitSet());
  }

  /// Context-specific fields, of which the first FWID of [6] is the firmware's, and [7] are flags.
  private static NvidiaFirmware tcbInfo(Bytes extension) throws EvidenceException {
    Der outer = Der.of("the leaf's firmware extension", extension);
    Der fields = outer.sequence();
    outer.end();
    Optional<Bytes> digest = Optional.empty();
    var flags = new BitSet();
    while (fields.hasMore()) {
      switch (fields.tag()) {
        case FWIDS -> digest = Optional.of(digest(fields.inside(FWIDS).sequence()));
        case FLAGS -> flags = flags(fields.inside(FLAGS).content().toArray());
        default -> fields.any();
      }
    }
    return new NvidiaFirmware(
        digest.orElseThrow(
            () -> new EvidenceException("the leaf's firmware extension names no firmware")),
        flags);
  }

  private static Bytes digest(Der fwid) throws EvidenceException {
    if (!fwid.objectIdentifier().equals(SHA384)) {
      throw new EvidenceException("the leaf's firmware extension has no SHA-384 digest");
    }
    Bytes digest = fwid.octetString();
    fwid.end();
    if (digest.size() != SpdmMeasurements.DIGEST_BYTES) {
      throw new EvidenceException("the leaf's firmware digest has " + digest.size() + " bytes");
    }
    return digest;
  }

  /// A BIT STRING's content: the number of unused bits, and bits from the highest on.
  private static BitSet flags(byte[] content) throws EvidenceException {
    if (content.length == 0 || content.length > 9) {
      throw new EvidenceException("the leaf's firmware flags are malformed");
    }
    var flags = new BitSet();
    for (int bit = 0; bit < (content.length - 1) * 8; bit++) {
      flags.set(bit, (content[1 + bit / 8] & (0x80 >>> (bit % 8))) != 0);
    }
    return flags;
  }
}
