package cloister.attestation;

import cloister.attestation.NvidiaOpaque.Nvdec;
import cloister.attestation.Signatures.Algorithm;
import cloister.crypto.Bytes;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What one NVIDIA GPU or NVSwitch signed about its firmware and driver: SPDM measurements, with
/// the device's certificate chain as the part [Evidence.Part#CERTIFICATES]. Without that it can be
/// shown, and is not believed.
///
/// Verification needs NVIDIA's reference manifests as collateral, each by its name as the end of
/// its source: without them nobody can say what the measurements mean, nor that developer tools are
/// off. The order of checks is that of NVIDIA's own verifiers.
record NvidiaReport(SpdmMeasurements spdm, NvidiaOpaque opaque, NvidiaChain chain)
    implements Report {
  /// The first video decoder's measurement: absent hardware measures what it likes.
  private static final int NVDEC0_INDEX = 35;

  private static final String MANIFESTS = "https://rim.attestation.nvidia.com/v1/rim/";

  /// Of one name: NVIDIA signs a manifest anew before its signer's certificate expires.
  private static final int MOST_EDITIONS = 16;

  /// A verdict of NVIDIA's service is a JSON array; a transcript begins with SPDM's version.
  static boolean isToken(Bytes report) {
    return report.size() > 0 && report.toArray()[0] == '[';
  }

  static Report parse(Evidence evidence) throws EvidenceException {
    Bytes report = evidence.report();
    if (isToken(report)) {
      return NvidiaToken.parse(evidence);
    }
    evidence.onlyWith(Evidence.Part.CERTIFICATES);
    Optional<Bytes> certificates = evidence.part(Evidence.Part.CERTIFICATES);
    SpdmMeasurements spdm = SpdmMeasurements.parse(report);
    return new NvidiaReport(
        spdm,
        NvidiaOpaque.parse(spdm.opaque()),
        certificates.isPresent()
            ? NvidiaChain.parse(certificates.get())
            : new NvidiaChain(List.of()));
  }

  @Override
  public Tee tee() {
    return Tee.NVIDIA;
  }

  @Override
  public Measurement measured() {
    return NvidiaClaims.measurement(spdm.blocks().values());
  }

  @Override
  public List<Claim> claims() {
    var claims = new ArrayList<Claim>();
    claims.add(new Claim("chip", chain.chip().orElse("unknown")));
    claims.add(new Claim("nonce", spdm.nonce().hex()));
    claims.add(new Claim("driver", opaque.driver().map(NvidiaVersion::text).orElse("none")));
    claims.add(new Claim("vbios", opaque.vbios().text()));
    claims.add(new Claim("mode", opaque.mode().toString()));
    spdm.blocks()
        .forEach((index, digest) -> claims.add(new Claim("measurement-" + index, digest.hex())));
    claims.addAll(opaque.claims());
    return List.copyOf(claims);
  }

  /// The manifests of the versions that it reports, and the lists that its certificates name.
  @Override
  public List<Collateral.Source> sources() {
    var sources = new ArrayList<Collateral.Source>();
    chain
        .architecture()
        .ifPresent(architecture -> {
          for (Wanted wanted : wanted(new Checks(), architecture)) {
            sources.add(
                Collateral.Source.of(Collateral.Kind.REFERENCE_MANIFEST, MANIFESTS + wanted.id()));
          }
        });
    for (String list : chain.revocationLists()) {
      sources.add(Collateral.Source.of(Collateral.Kind.REVOCATION_LIST, list));
    }
    return List.copyOf(sources);
  }

  @Override
  public VerifiedReport verify(Collateral collateral, Anchors anchors, Instant at)
      throws EvidenceException {
    var checks = new Checks();
    // 1. The device's chain.
    if (chain.path().isEmpty()) {
      throw checks.refused(
          "nvidia.chain",
          "no certificates came with the report, so nobody knows whose it is: send it with the"
              + " device's chain");
    }
    chain.require(checks, anchors, at);
    X509Certificate root = anchors.root(Anchors.Root.NVIDIA_DEVICE);
    NvidiaChain.requireNoneRevoked(checks, "nvidia.revoked", chain.path(), root, collateral);
    // 2. The firmware that holds the signing key.
    NvidiaFirmware.require(checks, chain.leaf(), opaque.firmware());
    // 3. The signature. The nonce in it is the appraisal's to compare.
    checks.require(
        "nvidia.signature",
        Signatures.verify(
            Algorithm.ES384, chain.leaf().getPublicKey(), spdm.signed(), spdm.signature()),
        "the device's key signed request and response",
        "request and response are not signed by the first certificate's key: send them as they came"
            + " from the driver, with that device's chain");
    Optional<NvidiaArchitecture> architecture = chain.architecture();
    Optional<Bytes> device = chain.device();
    if (architecture.isEmpty() || device.isEmpty()) {
      throw checks.refused("nvidia.manifest", "without a known chip, no manifest can be chosen");
    }
    // 4. What it should measure.
    var revocation =
        new ArrayList<Check>(NvidiaChain.revocation(chain.path(), root, collateral, at));
    compareWithManifests(checks, architecture.get(), revocation, collateral, anchors, at);
    // Developer tools and debug firmware measure differently, and NVIDIA publishes no manifests of
    // them under the pinned root: with all golden measurements found, debugging is off.
    return checks.verified(
        new NvidiaClaims(
            architecture.get(),
            opaque.driver(),
            opaque.vbios(),
            opaque.mode(),
            spdm.nonce(),
            device.get(),
            measured(),
            Claims.Debug.OFF,
            new NvidiaClaims.Local(revocation),
            claims()));
  }

  private void compareWithManifests(
      Checks checks,
      NvidiaArchitecture architecture,
      List<Check> revocation,
      Collateral collateral,
      Anchors anchors,
      Instant at) {
    var golden = new HashMap<String, NvidiaManifest>();
    for (Wanted wanted : wanted(checks, architecture)) {
      find(checks, wanted, collateral, anchors, at)
          .ifPresent(manifest -> {
            golden.put(wanted.name(), manifest);
            X509Certificate root = anchors.root(Anchors.Root.NVIDIA_MANIFEST);
            var signers = manifest.xml().path();
            NvidiaChain.requireNoneRevoked(
                checks, "nvidia.manifest." + wanted.name() + ".revoked", signers, root, collateral);
            revocation.addAll(NvidiaChain.revocation(signers, root, collateral, at));
            compare(checks, wanted, manifest, architecture);
          });
    }
    if (golden.size() > 1) {
      disjoint(checks, golden);
    }
  }

  /// A manifest that this device has to be held against.
  ///
  /// @param name in checks: `driver`, `vbios`
  /// @param id by which NVIDIA publishes it
  private record Wanted(String name, String id, NvidiaVersion version) {
    boolean isNamedBy(String source) {
      String last = source.substring(source.lastIndexOf('/') + 1);
      return last.equals(id) || last.equals(id + ".xml");
    }
  }

  private List<Wanted> wanted(Checks checks, NvidiaArchitecture architecture) {
    var wanted = new ArrayList<Wanted>();
    if (architecture.hasDriver()) {
      if (opaque.driver().isEmpty()) {
        checks.fails("nvidia.driver", "the GPU's report does not name its driver's version");
      } else {
        NvidiaVersion driver = opaque.driver().get();
        wanted.add(new Wanted("driver", driverPrefix(architecture) + driver, driver));
      }
    }
    String firmware = opaque.vbios().text().replace(".", "");
    String prefix =
        architecture.hasDriver()
            ? "NV_GPU_VBIOS_" + opaque.id().orElse("unknown")
            : "NV_SWITCH_BIOS_5612_0002_890";
    wanted.add(new Wanted("vbios", prefix + "_" + firmware, opaque.vbios()));
    return wanted;
  }

  private String driverPrefix(NvidiaArchitecture architecture) {
    return architecture == NvidiaArchitecture.HOPPER
        ? "NV_GPU_DRIVER_GH100_"
        : "NV_GPU_CC_DRIVER_" + opaque.chip().orElse("GB100") + "_";
  }

  /// The first of that name whose signature holds. What its source calls it only finds it: its
  /// version and chip are compared with what is signed.
  private static Optional<NvidiaManifest> find(
      Checks checks, Wanted wanted, Collateral collateral, Anchors anchors, Instant at) {
    String name = "nvidia.manifest." + wanted.name();
    var editions =
        collateral.items(Collateral.Kind.REFERENCE_MANIFEST).stream()
            .filter(item -> wanted.isNamedBy(item.source()))
            .toList();
    if (editions.size() > MOST_EDITIONS) {
      checks.fails(
          name,
          "more than %d editions of the manifest %s: somebody made them up"
              .formatted(MOST_EDITIONS, wanted.id()));
      return Optional.empty();
    }
    var refused = new Checks();
    for (Collateral.Item edition : editions) {
      var found = new Checks();
      Optional<NvidiaManifest> manifest = signed(found, name, wanted.id(), edition, anchors, at);
      if (manifest.isPresent()) {
        checks.addAll(found.list());
        return manifest;
      }
      refused.addAll(found.list());
    }
    checks.addAll(refused.list());
    if (editions.isEmpty()) {
      checks.fails(name, "the manifest %s is not at hand: fetch collateral".formatted(wanted.id()));
    }
    return Optional.empty();
  }

  private static Optional<NvidiaManifest> signed(
      Checks checks, String name, String id, Collateral.Item edition, Anchors anchors, Instant at) {
    NvidiaManifest manifest;
    try {
      manifest = NvidiaManifest.parse("the manifest " + id, edition.bytes());
    } catch (EvidenceException e) {
      checks.fails(name, e.getMessage() + ": fetch collateral anew");
      return Optional.empty();
    }
    X509Certificate root = anchors.root(Anchors.Root.NVIDIA_MANIFEST);
    boolean leads = Chain.require(checks, name + ".chain", manifest.xml().path(), root, at);
    boolean signed =
        checks.require(
            name + ".signature",
            manifest.xml().isSignedBySigner(),
            id + " is signed as a whole",
            "%s was altered after it was signed: fetch collateral anew".formatted(id));
    return leads && signed ? Optional.of(manifest) : Optional.empty();
  }

  private void compare(
      Checks checks, Wanted wanted, NvidiaManifest manifest, NvidiaArchitecture architecture) {
    String name = "nvidia.manifest." + wanted.name();
    checks.require(
        name + ".version",
        manifest.version().equalsIgnoreCase(wanted.version().text()),
        "is of version " + wanted.version(),
        "the device reports version %s, and its manifest is of %s: fetch that of the version"
            .formatted(wanted.version(), manifest.version()));
    checks.require(
        name + ".product",
        NvidiaArchitecture.ofChip(manifest.product()).equals(Optional.of(architecture)),
        "is of a " + manifest.product(),
        "the device is a %s, and its manifest is of a %s: fetch that of the chip"
            .formatted(architecture, manifest.product()));
    var differing = new TreeSet<Integer>();
    manifest
        .golden()
        .forEach((index, accepted) -> {
          if (isCompared(index) && !isAccepted(spdm.blocks().get(index + 1), accepted)) {
            differing.add(index);
          }
        });
    checks.require(
        name + ".measurements",
        differing.isEmpty(),
        "all %d golden measurements were found".formatted(manifest.golden().size()),
        "measurements %s are not those of %s: install the release that NVIDIA published, without"
                .formatted(differing, wanted.id())
            + " developer tools");
  }

  private boolean isCompared(int index) {
    return index != NVDEC0_INDEX || opaque.nvdec() == Nvdec.MEASURED;
  }

  private static boolean isAccepted(@Nullable Bytes found, List<Bytes> accepted) {
    return found != null && accepted.contains(found);
  }

  private static void disjoint(Checks checks, Map<String, NvidiaManifest> manifests) {
    var seen = new TreeSet<Integer>();
    var twice = new TreeSet<Integer>();
    for (NvidiaManifest manifest : manifests.values()) {
      for (int index : manifest.golden().keySet()) {
        if (!seen.add(index)) {
          twice.add(index);
        }
      }
    }
    checks.require(
        "nvidia.manifest.disjoint",
        twice.isEmpty(),
        "no measurement is claimed by driver and VBIOS both",
        "driver and VBIOS manifests both claim measurements " + twice + ": fetch collateral anew");
  }
}
