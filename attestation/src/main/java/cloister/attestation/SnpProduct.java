package cloister.attestation;

import cloister.attestation.Anchors.Root;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/// A generation of AMD EPYC processors, as far as attestation tells them apart: each has its own
/// root key, and its own layout of the TCB version (AMD 56860, TCB_VERSION; AMD 57230, chapter 3).
enum SnpProduct {
  MILAN("milan", "Milan", Root.AMD_MILAN, Layout.MILAN, 64),
  /// Bergamo and Siena too: their keys are certified under Genoa's.
  GENOA("genoa", "Genoa", Root.AMD_GENOA, Layout.MILAN, 64),
  TURIN("turin", "Turin", Root.AMD_TURIN, Layout.TURIN, 8);

  /// Which byte of a TCB version is which component; the others are reserved.
  enum Layout {
    /// bootloader, tee, 4 reserved, snp, microcode
    MILAN,
    /// fmc, bootloader, tee, snp, 3 reserved, microcode
    TURIN
  }

  private static final Pattern STEPPING = Pattern.compile("-[A-Z][0-9]{1,2}");

  private final String label;
  private final String vendorName;
  private final Root root;
  private final Layout layout;
  private final int chipIdBytes;

  SnpProduct(String label, String vendorName, Root root, Layout layout, int chipIdBytes) {
    this.label = label;
    this.vendorName = vendorName;
    this.root = root;
    this.layout = layout;
    this.chipIdBytes = chipIdBytes;
  }

  /// By the name in a certificate: `Milan-B0`, `Turin`.
  static Optional<SnpProduct> byCertificate(String productName) {
    return switch (STEPPING.matcher(productName).replaceFirst("")) {
      case "Milan" -> Optional.of(MILAN);
      case "Genoa", "Bergamo", "Siena" -> Optional.of(GENOA);
      case "Turin" -> Optional.of(TURIN);
      default -> Optional.empty();
    };
  }

  /// By the processor's CPUID, family and model with their extensions added.
  static Optional<SnpProduct> byCpuid(int family, int model) {
    if (family == 0x19 && model <= 0x0f) {
      return Optional.of(MILAN);
    }
    if (family == 0x19 && (model >> 4 == 0x1 || model >> 4 == 0xa)) {
      return Optional.of(GENOA);
    }
    if (family == 0x1a && model <= 0x11) {
      return Optional.of(TURIN);
    }
    return Optional.empty();
  }

  static Optional<SnpProduct> byLabel(String label) {
    return Arrays.stream(values()).filter(product -> product.label.equals(label)).findFirst();
  }

  /// As AMD's key distribution service spells it.
  String vendorName() {
    return vendorName;
  }

  Root root() {
    return root;
  }

  Layout layout() {
    return layout;
  }

  /// How much of the report's 64 bytes of chip identifier is in use; the rest is zero.
  int chipIdBytes() {
    return chipIdBytes;
  }

  @Override
  public String toString() {
    return label;
  }
}
