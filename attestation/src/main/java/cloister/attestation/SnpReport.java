package cloister.attestation;

import cloister.crypto.Bytes;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// An attestation report of an AMD SEV-SNP guest: 1184 bytes, little-endian (AMD 56860,
/// ATTESTATION_REPORT), of version 2, 3, 4 (laid out as 3) or 5. The four TCB versions stay raw
/// here, because what their bytes mean depends on the product.
///
/// @param vmpl the guest's privilege level that asked for it, 0 the highest
/// @param cpuid version 3 and later
/// @param chipId 64 bytes; zero where the platform hides it
/// @param mitigations version 5
/// @param signed the exact bytes that the signature is over
/// @param signature r ‖ s, big-endian, 48 bytes each
/// @param certificates that came with it
record SnpReport(
    int version,
    long guestSvn,
    SnpGuestPolicy policy,
    Bytes familyId,
    Bytes imageId,
    int vmpl,
    Bytes currentTcb,
    SnpPlatformInfo platformInfo,
    KeyInfo keyInfo,
    Bytes reportData,
    Bytes measurement,
    Bytes hostData,
    Bytes idKeyDigest,
    Bytes authorKeyDigest,
    Bytes reportId,
    Bytes migrationAgentReportId,
    Bytes reportedTcb,
    Optional<Cpuid> cpuid,
    Bytes chipId,
    Bytes committedTcb,
    Firmware currentFirmware,
    Firmware committedFirmware,
    Bytes launchTcb,
    Optional<Mitigations> mitigations,
    Bytes signed,
    Bytes signature,
    List<X509Certificate> certificates)
    implements Report {
  static final int BYTES = 1184;

  private static final int SIGNED_BYTES = 0x2a0;
  private static final int SCALAR_BYTES = 48;
  private static final long ECDSA_P384_SHA384 = 1;

  /// Which key signed, and how the platform and the guest's owner use theirs.
  record KeyInfo(int bits) {
    /// Whether the owner's ID key was signed by an author key.
    boolean hasAuthorKey() {
      return (bits & 1) == 1;
    }

    /// Whether the chip's key is kept out of attestation.
    boolean isChipKeyMasked() {
      return (bits >>> 1 & 1) == 1;
    }

    /// Which kind of key signed; [SnpSigningKey] knows two of them.
    int code() {
      return bits >>> 2;
    }
  }

  /// Of the processor, family and model with their extensions added.
  record Cpuid(int family, int model, int stepping) {
    @Override
    public String toString() {
      return "family %02xh, model %02xh, stepping %d".formatted(family, model, stepping);
    }
  }

  /// A version of the SNP firmware.
  record Firmware(SnpAbi abi, int build) {
    boolean isAtMost(Firmware other) {
      int order = abi.compareTo(other.abi);
      return order < 0 || (order == 0 && build <= other.build);
    }

    @Override
    public String toString() {
      return abi + "." + build;
    }
  }

  /// Which mitigations are on, one bit each, at launch and now.
  record Mitigations(long launch, long current) {}

  SnpReport {
    certificates = List.copyOf(certificates);
  }

  static SnpReport parse(Evidence evidence) throws EvidenceException {
    evidence.onlyWith(Evidence.Part.CERTIFICATES);
    Optional<Bytes> certificates = evidence.part(Evidence.Part.CERTIFICATES);
    return parse(
        evidence.report(),
        certificates.isPresent() ? SnpCertificates.read(certificates.get()) : List.of());
  }

  /// The bare report, as other evidence holds it.
  static SnpReport parse(Bytes report) throws EvidenceException {
    return parse(report, List.of());
  }

  private static SnpReport parse(Bytes report, List<X509Certificate> certificates)
      throws EvidenceException {
    if (report.size() != BYTES) {
      throw new EvidenceException("an SNP report has " + BYTES + " bytes, not " + report.size());
    }
    Cursor at = Cursor.littleEndian("SNP report", report);
    int version = version(at);
    long guestSvn = at.u32("guest svn");
    var policy = new SnpGuestPolicy(at.u64("policy"));
    Bytes familyId = at.bytes("family id", 16);
    Bytes imageId = at.bytes("image id", 16);
    int vmpl = vmpl(at);
    if (at.u32("signature algorithm") != ECDSA_P384_SHA384) {
      throw at.bad("signature algorithm", "is not ECDSA P-384 with SHA-384");
    }
    Bytes currentTcb = at.bytes("current tcb", SnpTcb.BYTES);
    var platformInfo = new SnpPlatformInfo(at.u64("platform info"));
    KeyInfo keyInfo = keyInfo(at);
    at.zeros("offset 0x4c", 4);
    Bytes reportData = at.bytes("report data", 64);
    Bytes measurement = at.bytes("measurement", 48);
    Bytes hostData = at.bytes("host data", 32);
    Bytes idKeyDigest = at.bytes("id key digest", 48);
    Bytes authorKeyDigest = at.bytes("author key digest", 48);
    Bytes reportId = at.bytes("report id", 32);
    Bytes migrationAgentReportId = at.bytes("report id of the migration agent", 32);
    Bytes reportedTcb = at.bytes("reported tcb", SnpTcb.BYTES);
    Optional<Cpuid> cpuid = cpuid(at, version);
    at.zeros("offset 0x18b", 21);
    Bytes chipId = at.bytes("chip id", 64);
    Bytes committedTcb = at.bytes("committed tcb", SnpTcb.BYTES);
    Firmware currentFirmware = firmware(at, "current");
    Firmware committedFirmware = firmware(at, "committed");
    Bytes launchTcb = at.bytes("launch tcb", SnpTcb.BYTES);
    Optional<Mitigations> mitigations = mitigations(at, version);
    at.zeros("offset 0x208", 152);
    Bytes signature = Bytes.concat(scalar(at, "r"), scalar(at, "s"));
    at.zeros("offset 0x330", 368);
    at.end();
    return new SnpReport(
        version,
        guestSvn,
        policy,
        familyId,
        imageId,
        vmpl,
        currentTcb,
        platformInfo,
        keyInfo,
        reportData,
        measurement,
        hostData,
        idKeyDigest,
        authorKeyDigest,
        reportId,
        migrationAgentReportId,
        reportedTcb,
        cpuid,
        chipId,
        committedTcb,
        currentFirmware,
        committedFirmware,
        launchTcb,
        mitigations,
        report.slice(0, SIGNED_BYTES),
        signature,
        certificates);
  }

  @Override
  public Tee tee() {
    return Tee.SEV_SNP;
  }

  @Override
  public VerifiedReport verify(Collateral collateral, Anchors anchors, Instant at)
      throws EvidenceException {
    var checks = new Checks();
    SnpClaims claims =
        new SnpVerification(checks, "snp", anchors, at).verify(this, certificates, collateral);
    return checks.verified(claims);
  }

  @Override
  public Measurement measured() {
    return new Measurement("sha384", measurement);
  }

  @Override
  public List<Claim> claims() {
    var claims = new ArrayList<>(fields());
    SnpKeyDistribution.product(this)
        .ifPresent(product -> claims.add(new Claim("product", product.toString())));
    components(claims, "current", currentTcb);
    components(claims, "reported", reportedTcb);
    components(claims, "committed", committedTcb);
    components(claims, "launch", launchTcb);
    return List.copyOf(claims);
  }

  /// Only a report of version 2 does not say its product, and Turin's layout came later.
  private void components(List<Claim> claims, String which, Bytes tcb) {
    Optional<SnpProduct> product = SnpKeyDistribution.product(this);
    if (version > 2 && product.isEmpty()) {
      return;
    }
    try {
      SnpTcb read =
          SnpTcb.read(product.map(SnpProduct::layout).orElse(SnpProduct.Layout.MILAN), which, tcb);
      claims.add(new Claim(which + "-tcb-components", read.toString()));
    } catch (EvidenceException _) {
      // It has reserved bytes that are not zero, for which verification refuses it.
    }
  }

  /// What is read without knowing the product.
  List<Claim> fields() {
    return List.of(
        new Claim("version", Integer.toString(version)),
        new Claim("guest-svn", Long.toString(guestSvn)),
        new Claim("policy", policy.toString()),
        new Claim("policy-minimum-abi", policy.minimumAbi().toString()),
        new Claim("family-id", familyId.hex()),
        new Claim("image-id", imageId.hex()),
        new Claim("vmpl", Integer.toString(vmpl)),
        new Claim("current-tcb", currentTcb.hex()),
        new Claim("platform-info", platformInfo.toString()),
        Claim.flag("author-key", keyInfo.hasAuthorKey()),
        Claim.flag("mask-chip-key", keyInfo.isChipKeyMasked()),
        new Claim(
            "signing-key",
            signingKey().map(SnpSigningKey::toString).orElse(keyInfo.code() + ", unknown")),
        new Claim("report-data", reportData.hex()),
        new Claim("measurement", measurement.hex()),
        new Claim("host-data", hostData.hex()),
        new Claim("id-key-digest", idKeyDigest.hex()),
        new Claim("author-key-digest", authorKeyDigest.hex()),
        new Claim("report-id", reportId.hex()),
        new Claim("report-id-ma", migrationAgentReportId.hex()),
        new Claim("reported-tcb", reportedTcb.hex()),
        new Claim("cpuid", cpuid.map(Cpuid::toString).orElse("not in this version")),
        new Claim("chip-id", chipId.hex()),
        new Claim("committed-tcb", committedTcb.hex()),
        new Claim("current-firmware", currentFirmware.toString()),
        new Claim("committed-firmware", committedFirmware.toString()),
        new Claim("launch-tcb", launchTcb.hex()),
        new Claim("launch-mitigations", shown(mitigations.map(Mitigations::launch))),
        new Claim("current-mitigations", shown(mitigations.map(Mitigations::current))));
  }

  @Override
  public List<Collateral.Source> sources() {
    return SnpKeyDistribution.sources(this, certificates);
  }

  Optional<SnpSigningKey> signingKey() {
    return SnpSigningKey.byCode(keyInfo.code());
  }

  /// What deny-lists may name; a chip by all 64 bytes, which on Turin end in zeros. A hidden chip
  /// has no identifier.
  Map<Identifier, Bytes> identifiers() {
    var identifiers = new EnumMap<Identifier, Bytes>(Identifier.class);
    identifiers.put(Identifier.REPORT_DATA, reportData);
    identifiers.put(Identifier.HOST_DATA, hostData);
    identifiers.put(Identifier.MEASUREMENT, measurement);
    if (!isZero(chipId)) {
      identifiers.put(Identifier.CHIP_ID, chipId);
    }
    return identifiers;
  }

  static boolean isZero(Bytes bytes) {
    return bytes.equals(Bytes.of(new byte[bytes.size()]));
  }

  private static int version(Cursor at) throws EvidenceException {
    long version = at.u32("version");
    if (version < 2 || version > 5) {
      throw at.bad("version", "is %d; this version of ours reads 2 to 5".formatted(version));
    }
    return (int) version;
  }

  private static int vmpl(Cursor at) throws EvidenceException {
    long vmpl = at.u32("vmpl");
    // 0xffffffff marks a report that the host asked for: it vouches for nothing inside the guest.
    if (vmpl > 3) {
      throw at.bad("vmpl", "is 0x%x, and no guest's level is above 3".formatted(vmpl));
    }
    return (int) vmpl;
  }

  private static KeyInfo keyInfo(Cursor at) throws EvidenceException {
    long bits = at.u32("key info");
    if (bits >>> 5 != 0) {
      throw at.bad("key info", "has reserved bits that are not zero");
    }
    return new KeyInfo((int) bits);
  }

  private static Optional<Cpuid> cpuid(Cursor at, int version) throws EvidenceException {
    if (version < 3) {
      at.zeros("offset 0x188", 3);
      return Optional.empty();
    }
    return Optional.of(
        new Cpuid(at.u8("cpuid family"), at.u8("cpuid model"), at.u8("cpuid stepping")));
  }

  private static Firmware firmware(Cursor at, String which) throws EvidenceException {
    int build = at.u8(which + " build");
    int minor = at.u8(which + " minor");
    int major = at.u8(which + " major");
    at.zeros("the byte after the " + which + " version", 1);
    return new Firmware(new SnpAbi(major, minor), build);
  }

  private static Optional<Mitigations> mitigations(Cursor at, int version)
      throws EvidenceException {
    if (version < 5) {
      at.zeros("offset 0x1f8", 16);
      return Optional.empty();
    }
    return Optional.of(
        new Mitigations(at.u64("launch mitigation vector"), at.u64("current mitigation vector")));
  }

  /// 72 bytes, little-endian, of which P-384 uses 48.
  private static Bytes scalar(Cursor at, String name) throws EvidenceException {
    byte[] bytes = at.bytes("signature " + name, SCALAR_BYTES).toArray();
    at.zeros("signature " + name + " above 48 bytes", 72 - SCALAR_BYTES);
    byte[] reversed = new byte[SCALAR_BYTES];
    for (int i = 0; i < SCALAR_BYTES; i++) {
      reversed[i] = bytes[SCALAR_BYTES - 1 - i];
    }
    return Bytes.of(reversed);
  }

  private static String shown(Optional<Long> bits) {
    return bits.map(Long::toHexString).map("0x"::concat).orElse("not in this version");
  }
}
