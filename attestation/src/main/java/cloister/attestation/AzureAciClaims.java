package cloister.attestation;

import cloister.crypto.Bytes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What a confidential container group's report says, and Microsoft about the VM under it.
record AzureAciClaims(SnpClaims snp, UvmEndorsement endorsement) implements Claims {
  @Override
  public Tee tee() {
    return Tee.AZURE_ACI;
  }

  @Override
  public Set<Tee.Family> restsOn() {
    var families = EnumSet.of(Tee.Family.MICROSOFT);
    families.addAll(snp.restsOn());
    return families;
  }

  /// SHA-256 of the policy that names the containers, their layers, commands and environment. The
  /// VM that enforces it is Microsoft's, endorsed, and of a version that a policy entry bounds.
  @Override
  public Measurement measurement() {
    return new Measurement("sha256", snp.report().hostData());
  }

  @Override
  public Debug debug() {
    return snp.debug();
  }

  @Override
  public boolean boundTo(Binding expected) {
    return snp.boundTo(expected);
  }

  /// Of the SNP report: `firmware-measurement` is the utility VM's, `host-data` the policy's
  /// digest.
  @Override
  public Map<Identifier, Bytes> identifiers() {
    return AzureCvmHardware.ofFirmware(snp);
  }

  @Override
  public List<Claim> claims() {
    var claims = new ArrayList<>(snp.claims());
    claims.addAll(endorsement.claims());
    return List.copyOf(claims);
  }
}
