package cloister.attestation;

import java.util.Arrays;

/// How a GPU in confidential computing mode is connected, as its report says (opaque element
/// FEATURE_FLAG, from opaque data version 1 on). Without confidential computing mode there is no
/// report at all; developer tools show as other measurements than the manifests'.
enum NvidiaMode {
  /// Several GPUs in one VM, with encrypted traffic between them.
  MULTI_PASS_THROUGH("multi-pass-through"),
  /// One GPU in one VM.
  SINGLE_PASS_THROUGH("single-pass-through"),
  /// Several GPUs in one VM behind NVSwitches that see their traffic: attest the switches too.
  PROTECTED_PCIE("protected-pcie"),
  /// Reports of opaque data version 0 say no more than that it is not protected PCIe, if that.
  UNSAID("unsaid");

  private final String label;

  NvidiaMode(String label) {
    this.label = label;
  }

  static NvidiaMode byLabel(String label) {
    return Arrays.stream(values())
        .filter(mode -> mode.label.equals(label))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "not one of multi-pass-through, single-pass-through, protected-pcie, unsaid"));
  }

  @Override
  public String toString() {
    return label;
  }
}
