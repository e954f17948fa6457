package cloister.attestation;

import cloister.crypto.Bytes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// What a trust domain said, on a platform that Intel vouches for. Its measurement is SHA-384 over
/// MRTD, RTMR0 to RTMR3 and MRCONFIGID, 48 bytes each: firmware, its configuration, kernel, command
/// line and application, and what the host was told to launch it with. None of them alone is the
/// code.
record TdxClaims(TdReport domain, DcapPlatform platform) implements Claims {
  static final int DEBUG = 0;
  static final int SEPT_VE_DISABLE = 28;
  static final int MIGRATABLE = 29;
  static final int PROTECTION_KEYS = 30;
  static final int KEY_LOCKER = 31;
  static final int PERFMON = 63;

  @Override
  public Tee tee() {
    return Tee.TDX;
  }

  @Override
  public Measurement measurement() {
    return measurement(domain);
  }

  static Measurement measurement(TdReport domain) {
    try {
      var sha = MessageDigest.getInstance("SHA-384");
      sha.update(domain.mrTd().toArray());
      domain.rtmrs().forEach(register -> sha.update(register.toArray()));
      sha.update(domain.mrConfigId().toArray());
      return new Measurement("sha384", Bytes.of(sha.digest()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-384", e);
    }
  }

  /// The low byte is Intel's TUD: DEBUG, and bits that would weaken it too.
  @Override
  public Debug debug() {
    return (domain.attributes() & 0xff) == 0 ? Debug.OFF : Debug.ON;
  }

  @Override
  public boolean boundTo(Binding expected) {
    return expected.isReportData(domain.reportData());
  }

  @Override
  public Map<Identifier, Bytes> identifiers() {
    var identifiers = new EnumMap<Identifier, Bytes>(Identifier.class);
    identifiers.put(Identifier.REPORT_DATA, domain.reportData());
    identifiers.put(Identifier.MEASUREMENT, measurement().digest());
    identifiers.putAll(platform.identifiers());
    return identifiers;
  }

  @Override
  public List<Claim> claims() {
    var claims = new ArrayList<>(of(domain));
    claims.addAll(platform.claims());
    return claims;
  }

  static List<Claim> of(TdReport domain) {
    var claims = new ArrayList<Claim>();
    claims.add(new Claim("measurement", measurement(domain).toString()));
    claims.add(new Claim("mrtd", domain.mrTd().hex()));
    for (int i = 0; i < domain.rtmrs().size(); i++) {
      claims.add(new Claim("rtmr" + i, domain.rtmrs().get(i).hex()));
    }
    claims.add(new Claim("mrconfigid", domain.mrConfigId().hex()));
    claims.add(new Claim("mrowner", domain.mrOwner().hex()));
    claims.add(new Claim("mrownerconfig", domain.mrOwnerConfig().hex()));
    claims.add(new Claim("td-attributes", "%016x".formatted(domain.attributes())));
    claims.add(Claim.list("td-attributes-on", TdxPolicy.Attribute.named(domain.attributes())));
    claims.add(new Claim("xfam", domain.xfam().hex()));
    claims.add(new Claim("tee-tcb-svn", domain.teeTcbSvn().hex()));
    claims.add(new Claim("mrseam", domain.mrSeam().hex()));
    claims.add(new Claim("mrsignerseam", domain.mrSignerSeam().hex()));
    claims.add(new Claim("seam-attributes", domain.seamAttributes().hex()));
    domain.teeTcbSvn2().ifPresent(svn -> claims.add(new Claim("tee-tcb-svn-2", svn.hex())));
    domain.mrServiceTd().ifPresent(mr -> claims.add(new Claim("mrservicetd", mr.hex())));
    claims.add(new Claim("report-data", domain.reportData().hex()));
    return claims;
  }

  boolean has(int attribute) {
    return (domain.attributes() >>> attribute & 1) == 1;
  }
}
