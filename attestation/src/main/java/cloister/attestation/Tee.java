package cloister.attestation;

import java.util.Arrays;
import java.util.Optional;

/// A kind of trusted execution environment, by the name that documents use for it.
public enum Tee {
  /// No protection at all: runs anywhere, proves nothing, and has to be asked for by this name.
  SIMULATED("simulated"),
  SEV_SNP("sev-snp"),
  TDX("tdx"),
  SGX("sgx"),
  NITRO("nitro"),
  CONFIDENTIAL_SPACE("confidential-space"),
  AZURE_CVM("azure-cvm"),
  AZURE_ACI("azure-aci");

  private final String label;

  Tee(String label) {
    this.label = label;
  }

  public String label() {
    return label;
  }

  public static Optional<Tee> byLabel(String label) {
    return Arrays.stream(values()).filter(tee -> tee.label.equals(label)).findFirst();
  }

  @Override
  public String toString() {
    return label;
  }
}
