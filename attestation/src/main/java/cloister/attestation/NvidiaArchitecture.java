package cloister.attestation;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// A generation of NVIDIA's chips that attest themselves, by the name that policies use. The chips'
/// certificates name the chip, as in `GH100`.
enum NvidiaArchitecture {
  HOPPER("hopper", "GH"),
  BLACKWELL("blackwell", "GB"),
  /// The NVSwitch of the third generation, which carries the links between Hopper GPUs.
  LS10("ls10", "LS");

  private final String label;
  private final String chips;

  NvidiaArchitecture(String label, String chips) {
    this.label = label;
    this.chips = chips;
  }

  static Optional<NvidiaArchitecture> ofChip(String chip) {
    return Arrays.stream(values())
        .filter(
            architecture -> chip.toUpperCase(Locale.ROOT).matches(architecture.chips + "_?[0-9]+"))
        .findFirst();
  }

  static NvidiaArchitecture byLabel(String label) {
    return Arrays.stream(values())
        .filter(architecture -> architecture.label.equals(label))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("not one of hopper, blackwell, ls10"));
  }

  /// A switch has firmware alone: no driver loads code into it.
  boolean hasDriver() {
    return this != LS10;
  }

  @Override
  public String toString() {
    return label;
  }
}
