package cloister.attestation;

import cloister.crypto.Bytes;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/// Demands of an SEV-SNP guest whose launch measurement is its own: those of [SnpPlatformPolicy],
/// and
///
/// ```
/// vmpl               0 to 3: whose report it is; at another level other software answers
/// measurement        [sha384:…] or any
/// host-data          [32 bytes] or any
/// minimum-guest-svn  the owner's version in the ID block; 0 without one
/// id-key-digests     [48 bytes] or any; absent: the guest has no ID block
/// author-key-digests [48 bytes] or any; absent: no author key signed an ID key
/// ```
record SnpPolicy(
    SnpPlatformPolicy platform,
    int vmpl,
    Allowed<Measurement> measurement,
    Allowed<Bytes> hostData,
    long minimumGuestSvn,
    Allowed<Bytes> idKeyDigests,
    Allowed<Bytes> authorKeyDigests)
    implements Policy.Entry {
  private static final int DIGEST_BYTES = 48;

  static SnpPolicy read(Fields fields) throws EvidenceException {
    return new SnpPolicy(
        SnpPlatformPolicy.read(fields),
        (int) fields.integer("vmpl", 0, 3),
        fields.allowed("measurement", SnpPolicy::measurement),
        fields.allowed("host-data", hex -> sized(hex, 32)),
        fields.integer("minimum-guest-svn", 0, 0xffff_ffffL),
        key(fields, "id-key-digests"),
        key(fields, "author-key-digests"));
  }

  private static Measurement measurement(String text) {
    Measurement measurement = Measurement.parse(text);
    if (!measurement.algorithm().equals("sha384")) {
      throw new IllegalArgumentException("an SNP guest is measured with sha384");
    }
    return measurement;
  }

  private static Allowed<Bytes> key(Fields fields, String name) throws EvidenceException {
    return fields.has(name)
        ? fields.allowed(name, hex -> sized(hex, DIGEST_BYTES))
        : new Allowed.OneOf<>(Set.of(Bytes.of(new byte[DIGEST_BYTES])));
  }

  private static Bytes sized(String hex, int size) {
    Bytes bytes = Fields.hexadecimal(hex);
    if (bytes.size() != size) {
      throw new IllegalArgumentException("has %d bytes, not %d".formatted(bytes.size(), size));
    }
    return bytes;
  }

  @Override
  public Tee tee() {
    return Tee.SEV_SNP;
  }

  @Override
  public List<Check> compare(Claims claims, Instant at) {
    if (!(claims instanceof SnpClaims snp)) {
      throw new IllegalArgumentException("not claims of SNP");
    }
    var checks = new Checks();
    SnpReport report = snp.report();
    platform.compare(checks, "snp", snp);
    checks.require(
        "snp.vmpl",
        report.vmpl() == vmpl,
        "the report is of privilege level " + vmpl,
        "the report is of privilege level %d, and the policy accepts %d: other software inside the"
                .formatted(report.vmpl(), vmpl)
            + " guest asked for it");
    checks.addAll(
        List.of(
            measurement.check("snp.measurement", snp.measurement()),
            hostData.check("snp.host-data", report.hostData()),
            idKeyDigests.checkOrZero("snp.id-key-digests", report.idKeyDigest()),
            authorKeyDigests.checkOrZero("snp.author-key-digests", report.authorKeyDigest())));
    checks.require(
        "snp.minimum-guest-svn",
        report.guestSvn() >= minimumGuestSvn,
        "the guest's version is " + report.guestSvn(),
        "the guest's version is %d, and the policy wants at least %d: run a newer release"
            .formatted(report.guestSvn(), minimumGuestSvn));
    return checks.list();
  }
}
