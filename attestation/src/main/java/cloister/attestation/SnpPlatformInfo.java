package cloister.attestation;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// What the platform reports about its own configuration (AMD 56860, PLATFORM_INFO). It informs and
/// allows nothing, so unknown bits are noted and not refused: genuine Turin reports have bit 6.
record SnpPlatformInfo(long bits) {
  enum Flag {
    SMT_ENABLED(0, "smt-enabled"),
    /// The host's own memory is encrypted too.
    TSME(1, "tsme"),
    ECC(2, "ecc"),
    /// Power is not reported finely enough to leak.
    RAPL_DISABLED(3, "rapl-disabled"),
    /// The host does not see how ciphertext changes (Genoa and later).
    CIPHERTEXT_HIDING(4, "ciphertext-hiding"),
    /// Memory that aliases other memory was looked for since the last reset (AMD-SB-3015, BadRAM).
    ALIAS_CHECK(5, "alias-check"),
    TIO(7, "tio");

    private final int bit;
    private final String label;

    Flag(int bit, String label) {
      this.bit = bit;
      this.label = label;
    }

    @Override
    public String toString() {
      return label;
    }
  }

  /// What a policy may require.
  enum Condition {
    SMT_DISABLED("smt-disabled", Flag.SMT_ENABLED, 0),
    TSME("tsme", Flag.TSME, 1),
    ECC("ecc", Flag.ECC, 1),
    RAPL_DISABLED("rapl-disabled", Flag.RAPL_DISABLED, 1),
    CIPHERTEXT_HIDING("ciphertext-hiding", Flag.CIPHERTEXT_HIDING, 1),
    ALIAS_CHECK("alias-check", Flag.ALIAS_CHECK, 1),
    TIO_DISABLED("tio-disabled", Flag.TIO, 0);

    private final String label;
    private final Flag flag;
    private final int value;

    Condition(String label, Flag flag, int value) {
      this.label = label;
      this.flag = flag;
      this.value = value;
    }

    static Optional<Condition> byLabel(String label) {
      return Arrays.stream(values()).filter(one -> one.label.equals(label)).findFirst();
    }

    @Override
    public String toString() {
      return label;
    }
  }

  boolean has(Flag flag) {
    return (bits >>> flag.bit & 1) == 1;
  }

  boolean meets(Condition condition) {
    return has(condition.flag) == (condition.value == 1);
  }

  List<Integer> unknown() {
    long known = 0;
    for (Flag flag : Flag.values()) {
      known |= 1L << flag.bit;
    }
    return positions(bits & ~known);
  }

  /// Where a word has ones.
  static List<Integer> positions(long bits) {
    return IntStream.range(0, 64).filter(bit -> (bits >>> bit & 1) == 1).boxed().toList();
  }

  static <F> String listed(F[] flags, Predicate<F> has) {
    String listed =
        Arrays.stream(flags).filter(has).map(Object::toString).collect(Collectors.joining(", "));
    return listed.isEmpty() ? "none" : listed;
  }

  @Override
  public String toString() {
    return "0x%x (%s)".formatted(bits, listed(Flag.values(), this::has));
  }
}
