package cloister.attestation;

import cloister.crypto.Bytes;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What the hardware under a confidential VM of Azure said, once verified: it measured the
/// paravisor, and holds the digest of what that claims.
sealed interface AzureCvmHardware {
  /// What hardware says of itself, and its measurement as that of the firmware.
  static Map<Identifier, Bytes> ofFirmware(Claims hardware) {
    var identifiers = new EnumMap<Identifier, Bytes>(Identifier.class);
    identifiers.putAll(hardware.identifiers());
    identifiers.remove(Identifier.MEASUREMENT);
    identifiers.put(Identifier.FIRMWARE_MEASUREMENT, hardware.measurement().digest());
    return identifiers;
  }

  HclReport.Hardware kind();

  /// Of Microsoft's paravisor, in which the virtual TPM runs, not of the guest: on SNP the launch
  /// measurement, on TDX that of [TdxClaims].
  Measurement paravisor();

  Claims.Debug debug();

  Bytes reportData();

  /// What deny-lists may name; the measurement is the paravisor's, and so the firmware's.
  Map<Identifier, Bytes> identifiers();

  /// Whose hardware and keys it rests on.
  Set<Tee.Family> restsOn();

  List<Claim> claims();

  record Snp(SnpClaims snp) implements AzureCvmHardware {
    @Override
    public HclReport.Hardware kind() {
      return HclReport.Hardware.SEV_SNP;
    }

    @Override
    public Measurement paravisor() {
      return snp.measurement();
    }

    @Override
    public Claims.Debug debug() {
      return snp.debug();
    }

    @Override
    public Bytes reportData() {
      return snp.report().reportData();
    }

    @Override
    public Map<Identifier, Bytes> identifiers() {
      return AzureCvmHardware.ofFirmware(snp);
    }

    @Override
    public Set<Tee.Family> restsOn() {
      return snp.restsOn();
    }

    @Override
    public List<Claim> claims() {
      return snp.claims();
    }
  }

  record Td(TdxClaims tdx) implements AzureCvmHardware {
    @Override
    public HclReport.Hardware kind() {
      return HclReport.Hardware.TDX;
    }

    @Override
    public Measurement paravisor() {
      return tdx.measurement();
    }

    @Override
    public Claims.Debug debug() {
      return tdx.debug();
    }

    @Override
    public Bytes reportData() {
      return tdx.domain().reportData();
    }

    @Override
    public Map<Identifier, Bytes> identifiers() {
      return AzureCvmHardware.ofFirmware(tdx);
    }

    @Override
    public Set<Tee.Family> restsOn() {
      return tdx.restsOn();
    }

    @Override
    public List<Claim> claims() {
      return tdx.claims();
    }
  }
}
