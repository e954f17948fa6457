package cloister.attestation;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// What Intel says of the platform under a verified quote.
///
/// @param status of everything together
/// @param date of the level that is reached; where something is out of date, of what has been for
///   longest
/// @param evaluation of the older of the two judgements that were used
/// @param advisories of all levels that were reached
record DcapPlatform(
    PckCertificate certificate,
    TcbStatus status,
    TcbStatus quotingEnclave,
    Instant date,
    int evaluation,
    Set<String> advisories) {
  DcapPlatform {
    advisories = Set.copyOf(advisories);
  }

  List<Claim> claims() {
    var claims = new ArrayList<Claim>();
    claims.add(new Claim("tcb-status", status.toString()));
    claims.add(new Claim("tcb-date", date.toString()));
    claims.add(new Claim("tcb-evaluation-number", Integer.toString(evaluation)));
    advisories.stream().sorted().forEach(id -> claims.add(new Claim("advisory", id)));
    claims.add(new Claim("qe-tcb-status", quotingEnclave.toString()));
    claims.add(new Claim("fmspc", certificate.family().hex()));
    claims.add(new Claim("pce-id", certificate.pceId().hex()));
    claims.add(new Claim("ppid", certificate.ppid().hex()));
    certificate.instance().ifPresent(id -> claims.add(new Claim("platform-instance-id", id.hex())));
    return claims;
  }
}
