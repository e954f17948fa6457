package cloister.attestation;

import java.util.Arrays;
import java.util.Optional;

/// A kind of trusted execution environment, by the name that documents use for it.
public enum Tee {
  /// No protection at all: runs anywhere, proves nothing, and has to be asked for by this name.
  SIMULATED("simulated", Family.NONE),
  SEV_SNP("sev-snp", Family.AMD),
  TDX("tdx", Family.INTEL),
  SGX("sgx", Family.INTEL),
  NITRO("nitro", Family.AWS),
  /// Google's verdict in a signed token, about a container on SNP or TDX.
  CONFIDENTIAL_SPACE("confidential-space", Family.GOOGLE),
  /// A virtual TPM inside Microsoft's paravisor, whose key a hardware report vouches for.
  AZURE_CVM("azure-cvm", Family.MICROSOFT),
  /// Containers in a utility VM that Microsoft endorses, under a policy in the report's host data.
  AZURE_ACI("azure-aci", Family.MICROSOFT),
  /// Microsoft's verdict in a signed token; of a virtual machine it names no code.
  AZURE_MAA("azure-maa", Family.MICROSOFT),
  /// A GPU in confidential computing mode; it says nothing about the CPU's code.
  NVIDIA("nvidia", Family.NVIDIA);

  /// Who makes it, and beside whom it may rest on others: see [Claims#restsOn].
  public enum Family {
    NONE,
    AMD,
    INTEL,
    AWS,
    GOOGLE,
    MICROSOFT,
    NVIDIA
  }

  private final String label;
  private final Family family;

  Tee(String label, Family family) {
    this.label = label;
    this.family = family;
  }

  public String label() {
    return label;
  }

  public Family family() {
    return family;
  }

  /// Whether its evidence can say which code the enclave runs; whether one does,
  /// [Claims#attestsCode] says. A GPU's says what the GPU runs.
  boolean attestsCode() {
    return this != NVIDIA;
  }

  public static Optional<Tee> byLabel(String label) {
    return Arrays.stream(values()).filter(tee -> tee.label.equals(label)).findFirst();
  }

  @Override
  public String toString() {
    return label;
  }
}
