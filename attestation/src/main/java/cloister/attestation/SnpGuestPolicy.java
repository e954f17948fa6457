package cloister.attestation;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// What the guest's owner allows the host to do, fixed at launch (AMD 56860, GUEST_POLICY). A bit
/// says what is *allowed* or demanded, not what is.
record SnpGuestPolicy(long bits) {
  private static final int RESERVED_ONE = 17;

  /// The bits with a meaning of their own.
  enum Flag {
    SMT(16, "smt"),
    MIGRATION_AGENT(18, "migration"),
    DEBUG(19, "debug"),
    SINGLE_SOCKET(20, "single-socket"),
    CXL(21, "cxl"),
    AES_256_XTS(22, "aes-256-xts"),
    RAPL_DISABLED(23, "rapl-disabled"),
    CIPHERTEXT_HIDING(24, "ciphertext-hiding"),
    PAGE_SWAP_DISABLED(25, "page-swap-disabled");

    private final int bit;
    private final String label;

    Flag(int bit, String label) {
      this.bit = bit;
      this.label = label;
    }

    static Optional<Flag> byLabel(String label) {
      return Arrays.stream(values()).filter(flag -> flag.label.equals(label)).findFirst();
    }

    @Override
    public String toString() {
      return label;
    }
  }

  boolean has(Flag flag) {
    return (bits >>> flag.bit & 1) == 1;
  }

  /// The least version of the firmware's interface that the guest runs under.
  SnpAbi minimumAbi() {
    return new SnpAbi((int) (bits >>> 8 & 0xff), (int) (bits & 0xff));
  }

  /// Bit 17, which is always one.
  boolean hasReservedOne() {
    return (bits >>> RESERVED_ONE & 1) == 1;
  }

  /// The positions of bits that this version does not know, and which may allow anything.
  List<Integer> unknown() {
    long known = 0xffffL | 1L << RESERVED_ONE;
    for (Flag flag : Flag.values()) {
      known |= 1L << flag.bit;
    }
    return SnpPlatformInfo.positions(bits & ~known);
  }

  @Override
  public String toString() {
    return "0x%x (%s)".formatted(bits, SnpPlatformInfo.listed(Flag.values(), this::has));
  }
}
