package cloister.attestation;

import cloister.crypto.Bytes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What Intel says of the platform under a verified quote.
///
/// @param status of everything together
/// @param date of the level that the platform reaches; where a part of it is out of date, of the
///   oldest such part: since then it lacks what Intel fixed
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

  /// What deny-lists may name: the package by its PPID, and the platform that it is part of.
  Map<Identifier, Bytes> identifiers() {
    var identifiers = new EnumMap<Identifier, Bytes>(Identifier.class);
    identifiers.put(Identifier.CHIP_ID, certificate.ppid());
    certificate.instance().ifPresent(id -> identifiers.put(Identifier.PLATFORM_INSTANCE_ID, id));
    return identifiers;
  }

  /// Whether it is one of those that a policy lists, by either identifier.
  Check check(String name, Allowed<Bytes> platforms) {
    boolean byInstance =
        platforms instanceof Allowed.OneOf<Bytes>(var listed)
            && certificate.instance().filter(listed::contains).isPresent();
    return platforms.check(
        name, byInstance ? certificate.instance().orElseThrow() : certificate.ppid());
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
    certificate
        .configuration()
        .ifPresent(set -> {
          claims.add(new Claim("dynamic-platform", set.dynamicPlatform() ? "yes" : "no"));
          claims.add(new Claim("cached-keys", set.cachedKeys() ? "yes" : "no"));
          claims.add(new Claim("smt", set.simultaneousThreads() ? "on" : "off"));
        });
    return claims;
  }
}
