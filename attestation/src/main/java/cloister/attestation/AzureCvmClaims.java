package cloister.attestation;

import cloister.crypto.Bytes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What the hardware, the paravisor and the virtual TPM of a confidential VM say, each vouched for
/// by the one before.
record AzureCvmClaims(
    AzureCvmHardware hardware, HclClaims paravisor, TpmQuote quote, TpmRegisters registers)
    implements Claims {
  @Override
  public Tee tee() {
    return Tee.AZURE_CVM;
  }

  @Override
  public Set<Tee.Family> restsOn() {
    var families = EnumSet.of(Tee.Family.MICROSOFT);
    families.addAll(hardware.restsOn());
    return families;
  }

  /// SHA-256 over the registers [AzureRegisters#MEASURED] in ascending order.
  @Override
  public Measurement measurement() {
    return registers.measurement(AzureRegisters.MEASURED);
  }

  @Override
  public Debug debug() {
    return hardware.debug();
  }

  /// The TPM's nonce is the SHA-256 of the binding and, where the guest wrote user data, they are
  /// its 64 bytes.
  @Override
  public boolean boundTo(Binding expected) {
    return quote.isBoundTo(expected)
        && paravisor.userData().map(expected::isReportData).orElse(true);
  }

  /// Of the hardware: `firmware-measurement` is the paravisor's, `report-data` the digest of its
  /// claims.
  @Override
  public Map<Identifier, Bytes> identifiers() {
    return hardware.identifiers();
  }

  @Override
  public List<Claim> claims() {
    var claims = new ArrayList<Claim>();
    claims.add(new Claim("hardware", hardware.kind().toString()));
    claims.addAll(hardware.claims());
    claims.addAll(paravisor.claims());
    claims.addAll(quote.claims());
    claims.addAll(registers.claims());
    return List.copyOf(claims);
  }
}
