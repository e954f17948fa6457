package cloister.attestation;

import java.util.Arrays;
import java.util.Optional;

/// What evidence has that a policy's deny-list may name. No TEE has all of them.
public enum Identifier {
  REPORT_DATA("report-data"),
  /// The processor's; of Intel the PPID, of NVIDIA the device's.
  CHIP_ID("chip-id"),
  /// Of Intel: the platform that several processors may be part of.
  PLATFORM_INSTANCE_ID("platform-instance-id"),
  HOST_DATA("host-data"),
  /// The one that a collaboration names, whatever else a TEE measures: [Claims#measurement].
  MEASUREMENT("measurement"),
  /// Of what a provider started below the code, where hardware measures that and not the code.
  FIRMWARE_MEASUREMENT("firmware-measurement");

  private final String label;

  Identifier(String label) {
    this.label = label;
  }

  /// The key of its list in a policy.
  public String label() {
    return label;
  }

  public static Optional<Identifier> byLabel(String label) {
    return Arrays.stream(values()).filter(one -> one.label.equals(label)).findFirst();
  }

  @Override
  public String toString() {
    return label;
  }
}
