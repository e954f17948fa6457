package cloister.attestation;

import cloister.crypto.Bytes;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// What an SGX enclave said, on a platform that Intel vouches for. Its measurement is MRENCLAVE:
/// the enclave as it was built, with the manifest of a library OS.
record SgxClaims(SgxReport enclave, DcapPlatform platform) implements Claims {
  @Override
  public Tee tee() {
    return Tee.SGX;
  }

  @Override
  public Measurement measurement() {
    return new Measurement("sha256", enclave.mrEnclave());
  }

  @Override
  public Debug debug() {
    return enclave.isDebug() ? Debug.ON : Debug.OFF;
  }

  @Override
  public boolean boundTo(Binding expected) {
    return expected.isReportData(enclave.reportData());
  }

  @Override
  public Map<Identifier, Bytes> identifiers() {
    var identifiers = new EnumMap<Identifier, Bytes>(Identifier.class);
    identifiers.put(Identifier.REPORT_DATA, enclave.reportData());
    identifiers.put(Identifier.MEASUREMENT, enclave.mrEnclave());
    identifiers.putAll(platform.identifiers());
    return identifiers;
  }

  @Override
  public List<Claim> claims() {
    var claims = new ArrayList<>(of(enclave));
    claims.addAll(platform.claims());
    return claims;
  }

  static List<Claim> of(SgxReport enclave) {
    return List.of(
        new Claim("mrenclave", enclave.mrEnclave().hex()),
        new Claim("mrsigner", enclave.mrSigner().hex()),
        new Claim("isvprodid", Integer.toString(enclave.isvProductId())),
        new Claim("isvsvn", Integer.toString(enclave.isvSvn())),
        new Claim("attributes", enclave.attributes().hex()),
        new Claim("debug", enclave.isDebug() ? "on" : "off"),
        new Claim("miscselect", enclave.miscSelect().hex()),
        new Claim("cpusvn", enclave.cpuSvn().hex()),
        new Claim("configid", enclave.configId().hex()),
        new Claim("configsvn", Integer.toString(enclave.configSvn())),
        new Claim("isvfamilyid", enclave.isvFamilyId().hex()),
        new Claim("isvextprodid", enclave.isvExtendedProductId().hex()),
        new Claim("report-data", enclave.reportData().hex()));
  }
}
