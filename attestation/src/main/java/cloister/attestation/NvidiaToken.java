package cloister.attestation;

import cloister.attestation.Signatures.Algorithm;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The verdict of NVIDIA's Remote Attestation Service on one device: a detached EAT bundle,
/// `[["JWT", overall], {"GPU-0": device}]` of two tokens, where the overall one holds the digest of
/// the device's (draft-ietf-rats-eat, §4.2.18). Claims are those of `x-nvidia-ver` 3.0.
///
/// The bundle itself is not signed: what ties the device's token to the overall one is that digest,
/// and other verifiers leave it out. Both tokens are signed by keys of the service, each is
/// checked.
///
/// A bundle on several devices is refused: ask the service for each alone.
///
/// @param name of the device in both, as in `GPU-0`
/// @param deviceDigest SHA-256 of the device's token as it stands in the bundle
/// @param named what the device's token says that the device is
record NvidiaToken(Jws overall, String name, Jws device, Bytes deviceDigest, Device named)
    implements Report {
  static final String ISSUER = "https://nras.attestation.nvidia.com";

  /// Where the service's key set is: the source under which it is collateral.
  static final String KEYS = ISSUER + "/.well-known/jwks.json";

  private static final int MAX_BYTES = 128 * 1024;
  private static final Duration LONGEST_LIFE = Duration.ofHours(1);

  /// What has to be true, after `x-nvidia-gpu-` or `x-nvidia-switch-`.
  private static final List<String> COMMON =
      List.of(
          "arch-check",
          "attestation-report-parsed",
          "attestation-report-nonce-match",
          "attestation-report-signature-verified",
          "attestation-report-cert-chain-fwid-match");

  /// The same, of each of its manifests, after its name and `-rim-`.
  private static final List<String> OF_MANIFEST =
      List.of(
          "fetched",
          "schema-validated",
          "signature-verified",
          "version-match",
          "measurements-available");

  static NvidiaToken parse(Evidence evidence) throws EvidenceException {
    evidence.onlyWith();
    Bytes bundle = evidence.report();
    List<Json> parts = Json.parseArray("the NVIDIA token bundle", bundle, MAX_BYTES);
    if (parts.size() != 2
        || !(parts.get(0) instanceof Json.Arr(var head, _, _))
        || head.size() != 2
        || !(head.get(0) instanceof Json.Str(var type, _, _))
        || !(head.get(1) instanceof Json.Str(var overall, _, _))
        || !type.equals("JWT")
        || !(parts.get(1) instanceof Json.Obj devices)) {
      throw new EvidenceException(
          "the NVIDIA token bundle is not of the form [[\"JWT\", overall], {\"GPU-0\": device}]");
    }
    if (devices.members().size() != 1) {
      throw new EvidenceException(
          "the NVIDIA token bundle is about %d devices: ask for a verdict on each alone"
              .formatted(devices.members().size()));
    }
    var fields = new Fields("the NVIDIA token bundle", devices, bundle);
    String name = fields.names().iterator().next();
    if (!name.matches("(GPU|SWITCH)-[0-9]{1,2}")) {
      throw fields.bad(name, "is neither a GPU nor a switch");
    }
    Bytes token = Bytes.utf8(fields.string(name));
    Jws device = Jws.parse("the NVIDIA token of " + name, token);
    return new NvidiaToken(
        Jws.parse("the overall NVIDIA token", Bytes.utf8(overall)),
        name,
        device,
        Bytes.of(Digest.of(token).toArray()),
        name.startsWith("GPU") ? Device.gpu(device.claims()) : Device.nvSwitch(device.claims()));
  }

  @Override
  public Tee tee() {
    return Tee.NVIDIA;
  }

  @Override
  public Measurement measured() {
    return named.measurement();
  }

  @Override
  public List<Claim> claims() {
    var shown = new ArrayList<Claim>();
    for (String claim : List.of("iss", "hwmodel", "ueid", "eat_nonce", "measres", "dbgstat")) {
      shown.add(new Claim(claim, shown(device.claims(), claim)));
    }
    shown.add(new Claim("driver", shown(device.claims(), prefix() + "driver-version")));
    shown.add(new Claim("vbios", shown(device.claims(), prefix() + firmware() + "-version")));
    return List.copyOf(shown);
  }

  @Override
  public List<Collateral.Source> sources() {
    return List.of(Collateral.Source.of(Collateral.Kind.KEY_SET, KEYS));
  }

  @Override
  public VerifiedReport verify(Collateral collateral, Anchors anchors, Instant at)
      throws EvidenceException {
    var checks = new Checks();
    // 1. Both tokens: issuer, signature, life.
    KeySet.Signer signer = signed(checks, "nvidia.nras", overall, collateral, at);
    signed(checks, "nvidia.nras.device", device, collateral, at);
    // 2. The link between them.
    checks.require(
        "nvidia.nras.digest",
        digest(overall.claims(), name).filter(this::isDevice).isPresent(),
        "the overall token holds the digest of " + name + "'s",
        "the overall token does not hold the digest of "
            + name
            + "'s, and of nothing else: send both as they came");
    Bytes nonce = nonce(checks);
    // 3. The verdict.
    verdict(checks);
    return checks.verified(
        new NvidiaClaims(
            named.architecture(),
            named.driver(),
            named.vbios(),
            mode(),
            nonce,
            named.ueid(),
            measured(),
            isDebugOff() ? Claims.Debug.OFF : Claims.Debug.ON,
            new NvidiaClaims.Nras(
                signer.key(),
                signer.fetched(),
                Collections.min(List.of(overall.time("exp"), device.time("exp")))),
            claims()));
  }

  private static KeySet.Signer signed(
      Checks checks, String prefix, Jws token, Collateral collateral, Instant at)
      throws EvidenceException {
    String issuer = token.claims().string("iss");
    if (!issuer.equals(ISSUER)) {
      throw checks.refused(
          prefix + ".issuer",
          token.what() + " is of another issuer than " + ISSUER + ": ask that service");
    }
    checks.holds(prefix + ".issuer", "is " + ISSUER);
    KeySet.Signer signer =
        token.requireSignedByIssuer(checks, prefix, Algorithm.ES384, collateral, KEYS, at);
    token.requireCurrent(checks, prefix, LONGEST_LIFE, at);
    return signer;
  }

  /// `{"GPU-0": ["DIGEST", ["SHA-256", hex]]}` and no other device.
  private static Optional<Bytes> digest(Fields claims, String name) throws EvidenceException {
    Fields devices = claims.object("submods");
    if (!devices.names().equals(Set.of(name))) {
      return Optional.empty();
    }
    List<Json> entry = Json.parseArray("submods", devices.raw(name), MAX_BYTES);
    if (entry.size() == 2
        && entry.get(0) instanceof Json.Str(var kind, _, _)
        && kind.equals("DIGEST")
        && entry.get(1) instanceof Json.Arr(var pair, _, _)
        && pair.size() == 2
        && pair.get(0) instanceof Json.Str(var algorithm, _, _)
        && algorithm.equals("SHA-256")
        && pair.get(1) instanceof Json.Str(var digest, _, _)
        && digest.matches("[0-9a-f]{64}")) {
      return Optional.of(Bytes.hex(digest));
    }
    return Optional.empty();
  }

  private boolean isDevice(Bytes digest) {
    return MessageDigest.isEqual(digest.toArray(), deviceDigest.toArray());
  }

  /// One text of 64 digits: an EAT may have several nonces, and one of them could be anybody's.
  private Bytes nonce(Checks checks) throws EvidenceException {
    Bytes nonce = device.claims().hex("eat_nonce", SpdmMeasurements.NONCE_BYTES);
    checks.require(
        "nvidia.nras.nonce",
        nonce.equals(overall.claims().hex("eat_nonce", SpdmMeasurements.NONCE_BYTES)),
        "both tokens have the same nonce",
        "the two tokens have different nonces: send both as they came");
    return nonce;
  }

  private void verdict(Checks checks) throws EvidenceException {
    Fields all = overall.claims();
    checks.require(
        "nvidia.nras.version",
        all.string("x-nvidia-ver").equals("3.0"),
        "has claims of version 3.0",
        "has claims of another version than 3.0, which this version cannot read");
    checks.require(
        "nvidia.nras.overall",
        all.flag("x-nvidia-overall-att-result"),
        "NVIDIA's verdict is good",
        "NVIDIA's verdict is bad: see the device's claims");
    Fields one = device.claims();
    checks.require(
        "nvidia.nras.measres",
        one.string("measres").equals("success"),
        "the golden measurements were found",
        "the measurements are not the golden ones: install the release that NVIDIA published");
    checks.require(
        "nvidia.nras.secboot",
        one.flag("secboot"),
        "the device booted securely",
        "the device did not boot securely");
    var untrue = new ArrayList<String>();
    for (String claim : required()) {
      if (!one.flag(claim)) {
        untrue.add(claim);
      }
    }
    checks.require(
        "nvidia.nras.steps",
        untrue.isEmpty(),
        "NVIDIA's service says it checked report, chain and manifests",
        "NVIDIA's service says this failed: " + untrue);
    var bad = new ArrayList<String>();
    for (String chain : chains()) {
      Fields status = one.object(chain);
      if (!status.string("x-nvidia-cert-status").equals("valid")
          || !status.string("x-nvidia-cert-ocsp-status").equals("good")) {
        bad.add(chain);
      }
    }
    checks.require(
        "nvidia.nras.revocation",
        bad.isEmpty(),
        "NVIDIA's service says that all certificates are valid, and good by OCSP",
        "NVIDIA's service says these are not valid, or not good by OCSP: " + bad);
  }

  private List<String> required() {
    var required = new ArrayList<String>();
    COMMON.forEach(claim -> required.add(prefix() + claim));
    for (String manifest : manifests()) {
      OF_MANIFEST.forEach(claim -> required.add(prefix() + manifest + "-rim-" + claim));
    }
    if (!isSwitch()) {
      required.add(prefix() + "vbios-index-no-conflict");
    }
    return required;
  }

  private List<String> chains() {
    var chains = new ArrayList<String>();
    chains.add(prefix() + "attestation-report-cert-chain");
    manifests().forEach(manifest -> chains.add(prefix() + manifest + "-rim-cert-chain"));
    return chains;
  }

  private NvidiaMode mode() throws EvidenceException {
    String claim = "x-nvidia-gpu-mode";
    if (isSwitch() || !device.claims().has(claim)) {
      return NvidiaMode.UNSAID;
    }
    return switch (device.claims().string(claim)) {
      case "mpt" -> NvidiaMode.MULTI_PASS_THROUGH;
      case "spt" -> NvidiaMode.SINGLE_PASS_THROUGH;
      case "ppcie" -> NvidiaMode.PROTECTED_PCIE;
      default -> throw device.claims().bad(claim, "is no mode that this version knows");
    };
  }

  private boolean isDebugOff() throws EvidenceException {
    return device.claims().string("dbgstat").equals("disabled");
  }

  private boolean isSwitch() {
    return name.startsWith("SWITCH");
  }

  private String prefix() {
    return isSwitch() ? "x-nvidia-switch-" : "x-nvidia-gpu-";
  }

  private String firmware() {
    return isSwitch() ? "bios" : "vbios";
  }

  private List<String> manifests() {
    return isSwitch() ? List.of("bios") : List.of("driver", "vbios");
  }

  /// `hwmodel` is the name of the device's certificate, as in `GH100 A01 GSP BROM`.
  record Device(
      String chip,
      NvidiaArchitecture architecture,
      Optional<NvidiaVersion> driver,
      NvidiaVersion vbios,
      Bytes ueid) {
    private static Device gpu(Fields claims) throws EvidenceException {
      return read(
          claims,
          Optional.of(claims.parsed("x-nvidia-gpu-driver-version", NvidiaVersion::driver)),
          claims.parsed("x-nvidia-gpu-vbios-version", NvidiaVersion::vbios));
    }

    private static Device nvSwitch(Fields claims) throws EvidenceException {
      return read(
          claims,
          Optional.empty(),
          claims.parsed("x-nvidia-switch-bios-version", NvidiaVersion::vbios));
    }

    private static Device read(Fields claims, Optional<NvidiaVersion> driver, NvidiaVersion vbios)
        throws EvidenceException {
      String chip = claims.string("hwmodel").split(" ", 2)[0];
      return new Device(
          chip,
          NvidiaArchitecture.ofChip(chip)
              .filter(architecture -> architecture.hasDriver() == driver.isPresent())
              .orElseThrow(() -> claims.bad("hwmodel", "is no chip that this version knows")),
          driver,
          vbios,
          claims.parsed("ueid", NvidiaToken::ueid));
    }

    private Measurement measurement() {
      return NvidiaClaims.measurement(
          List.of(
              Bytes.utf8("cloister/nras/v1\0"),
              Bytes.utf8(chip + "\0"),
              Bytes.utf8(driver.map(NvidiaVersion::text).orElse("") + "\0"),
              Bytes.utf8(vbios + "\0")));
    }
  }

  /// The signing certificate's serial number in decimal, as 20 bytes.
  private static Bytes ueid(String decimal) {
    if (!decimal.matches("[0-9]{1,49}")) {
      throw new IllegalArgumentException("not a number of at most 49 digits");
    }
    byte[] number = new BigInteger(decimal).toByteArray();
    byte[] padded = new byte[Math.max(20, number.length)];
    System.arraycopy(number, 0, padded, padded.length - number.length, number.length);
    return Bytes.of(padded);
  }

  private static String shown(Fields claims, String name) {
    try {
      return claims.has(name) ? claims.string(name) : "none";
    } catch (EvidenceException _) {
      return "malformed";
    }
  }
}
