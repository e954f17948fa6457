package cloister.attestation;

import cloister.crypto.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The security versions of an SNP platform's firmware, one for each component (AMD 56860,
/// TCB_VERSION). Each is 0 to 255. They are compared component by component and never as a number:
/// a newer microcode makes no older firmware good.
///
/// @param fmc Turin and later
record SnpTcb(Optional<Integer> fmc, int bootloader, int tee, int snp, int microcode) {
  static final int BYTES = 8;

  SnpTcb {
    for (int component : new int[] {fmc.orElse(0), bootloader, tee, snp, microcode}) {
      if (component < 0 || component > 255) {
        throw new IllegalArgumentException("a security version is 0 to 255, not " + component);
      }
    }
  }

  /// @param raw 8 bytes as a report has them, whose meaning depends on the product
  /// @throws EvidenceException if a reserved byte is not zero
  static SnpTcb read(SnpProduct.Layout layout, String field, Bytes raw) throws EvidenceException {
    Cursor bytes = Cursor.littleEndian("SNP TCB version", raw);
    SnpTcb tcb =
        switch (layout) {
          case MILAN -> milan(field, bytes);
          case TURIN -> turin(field, bytes);
        };
    bytes.end();
    return tcb;
  }

  private static SnpTcb milan(String field, Cursor bytes) throws EvidenceException {
    int bootloader = bytes.u8(field);
    int tee = bytes.u8(field);
    bytes.zeros(field, 4);
    int snp = bytes.u8(field);
    return new SnpTcb(Optional.empty(), bootloader, tee, snp, bytes.u8(field));
  }

  private static SnpTcb turin(String field, Cursor bytes) throws EvidenceException {
    int fmc = bytes.u8(field);
    int bootloader = bytes.u8(field);
    int tee = bytes.u8(field);
    int snp = bytes.u8(field);
    bytes.zeros(field, 3);
    return new SnpTcb(Optional.of(fmc), bootloader, tee, snp, bytes.u8(field));
  }

  /// Whether no component is below the other's. What only one of them has counts as zero.
  boolean isAtLeast(SnpTcb least) {
    return below(least).isEmpty();
  }

  /// The components that are below the other's.
  List<String> below(SnpTcb least) {
    var below = new ArrayList<String>();
    add(below, "fmc", fmc.orElse(0), least.fmc.orElse(0));
    add(below, "bootloader", bootloader, least.bootloader);
    add(below, "tee", tee, least.tee);
    add(below, "snp", snp, least.snp);
    add(below, "microcode", microcode, least.microcode);
    return below;
  }

  private static void add(List<String> below, String component, int found, int least) {
    if (found < least) {
      below.add(component);
    }
  }

  /// The parameters by which AMD's key distribution service knows it (AMD 57230, §4.1).
  String query() {
    return "%sblSPL=%02d&teeSPL=%02d&snpSPL=%02d&ucodeSPL=%02d"
        .formatted(fmc.map("fmcSPL=%02d&"::formatted).orElse(""), bootloader, tee, snp, microcode);
  }

  @Override
  public String toString() {
    return "%sbootloader %d, tee %d, snp %d, microcode %d"
        .formatted(fmc.map("fmc %d, "::formatted).orElse(""), bootloader, tee, snp, microcode);
  }
}
