package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/// Genuine evidence of NVIDIA's, each file with its verdict. No manifests of the GPUs' drivers are
/// published with it: reports are verified once without any, where nothing but the manifests may be
/// missing, and once with manifests of a test's own that say what was measured.
@EnabledIf(value = Vectors.PRESENT, disabledReason = Vectors.ABSENT)
class NvidiaVectorsTest {
  private static final Instant CLOCK = Instant.parse("2026-11-28T12:00:00Z");
  private static final String SDK = "attestation-sdk/";
  private static final String SAMPLE = SDK + "sample_attestation_data/";
  private static final String RIMS = SDK + "sample_rims/";
  private static final String TRUSTEE = "trustee/";
  private static final NvidiaVendor VENDOR = new NvidiaVendor();

  private static final Set<String> NO_MANIFESTS =
      Set.of("nvidia.manifest.driver", "nvidia.manifest.vbios");

  /// What fails with the manifests of a test's own; nothing in what is accepted.
  private record Case(String report, String chain, Set<String> fails) {}

  private static final List<Case> REPORTS =
      List.of(
          accepted(SDK + "hopperAttestationReport.txt", SDK + "hopperCertChain.txt"),
          accepted(SAMPLE + "gpu/hopperAttestationReport.txt", SAMPLE + "gpu/hopperCertChain.txt"),
          accepted(
              SAMPLE + "gpu/blackwellAttestationReport.txt", SAMPLE + "gpu/blackwellCertChain.txt"),
          accepted(
              SAMPLE + "gpu/hopperAttestationReportExpired.txt",
              SAMPLE + "gpu/hopperCertChainExpired.txt"),
          accepted(
              TRUSTEE + "hopperAttestationReport.txt", TRUSTEE + "hopper_cert_chain_case1.txt"),
          accepted(TRUSTEE + "hopper_coco_report1.txt", TRUSTEE + "hopper_coco_certs1.txt"),
          accepted(SDK + "switchAttestationReport.txt", SDK + "switchCertChain.txt"),
          accepted(
              SAMPLE + "switch/switchAttestationReport.txt", SAMPLE + "switch/switchCertChain.txt"),
          // Of another device than its chain, whose firmware differs as well.
          new Case(
              SAMPLE + "gpu/hopperAttestationReportInvalidSignature.txt",
              SAMPLE + "gpu/hopperCertChain.txt",
              Set.of("nvidia.signature", "nvidia.fwid")),
          new Case(
              SAMPLE + "switch/switchAttestationReportInvalidSignature.txt",
              SAMPLE + "switch/switchCertChain.txt",
              Set.of("nvidia.signature")),
          // The root alone.
          new Case(
              TRUSTEE + "hopperAttestationReport.txt",
              TRUSTEE + "hopper_cert_chain_case2.txt",
              Set.of(
                  "nvidia.chain",
                  "nvidia.chain.length",
                  "nvidia.leaf",
                  "nvidia.chip",
                  "nvidia.fwid",
                  "nvidia.signature",
                  "nvidia.manifest")),
          // Without the provisioner's certificate.
          new Case(
              TRUSTEE + "hopperAttestationReport.txt",
              TRUSTEE + "hopper_cert_chain_case3.txt",
              Set.of("nvidia.chain", "nvidia.chain.length", "nvidia.chip", "nvidia.manifest")),
          // Without the leaf: a path to the pinned root, and the wrong one.
          new Case(
              TRUSTEE + "hopperAttestationReport.txt",
              TRUSTEE + "hopper_cert_chain_case4.txt",
              Set.of(
                  "nvidia.chain.length",
                  "nvidia.leaf",
                  "nvidia.chip",
                  "nvidia.fwid",
                  "nvidia.signature",
                  "nvidia.manifest")));

  /// Manifests, and what fails at the clock when each is held against the pinned root.
  private static final Map<String, Set<String>> MANIFESTS =
      Map.of(
          SDK + "NV_GPU_DRIVER_GH100_550.144.03.xml", Set.of(),
          SDK + "switchVBIOSRim_NV_SWITCH_BIOS_5612_0002_890_9610550001.xml", Set.of(),
          SDK + "incorrect_signature_driver_rim.xml", Set.of("signature"),
          SDK + "incorrect_cert_chain_driver_rim.xml", Set.of("chain"),
          // Its signer's certificate expired on 2025-12-12: see below for a clock before that.
          RIMS + "NV_GPU_VBIOS_1010_0200_882_96005E0001_measurement_mismatch.xml", Set.of("chain"),
          RIMS + "NV_GPU_DRIVER_GH100_535.86.09_measurement_mismatch.xml", Set.of("signature"),
          RIMS + "NV_GPU_DRIVER_GH100_570.124.03_expired.xml", Set.of("signature", "chain"),
          RIMS + "NV_SWITCH_BIOS_5612_0002_890_9610550001_invalid_signature.xml",
              Set.of("signature", "chain"),
          RIMS + "NV_SWITCH_BIOS_5612_0002_890_9610550001_measurement_mismatch.xml",
              Set.of("signature", "chain"));

  /// What is neither a report, a chain of one nor a manifest, with the test that reads it.
  private static final Map<String, String> OTHERS =
      Map.ofEntries(
          Map.entry("README.md", "the verdicts"),
          Map.entry("roots/nvidia_device_root.pem", "thePinnedRootsAreTheCollections"),
          Map.entry(SDK + "trusted_certs/rim_root.crt", "thePinnedRootsAreTheCollections"),
          Map.entry(SDK + "incorrect_rim_root.crt", "theDebugSignerIsUnderNoPinnedRoot"),
          Map.entry(TRUSTEE + "hopper_signing_cert.pem", "theSigningCertificateIsTheChainsFirst"),
          Map.entry(SDK + "evidence_hopper_590_12.json", "theDriversOwnJsonHoldsAReport"),
          Map.entry(SDK + "spdm_parsed_output.json", "everyFieldIsReadAsNvidiasOwnParserDoes"),
          Map.entry(SDK + "spdm_parsed_output.txt", "everyBlockIsReadAsNvidiasOwnPrinterDoes"),
          Map.entry(SDK + "spdm_req_parsed_output.json", "everyFieldIsReadAsNvidiasOwnParserDoes"),
          Map.entry(
              SDK + "switch_spdm_parsed_output.json", "everyFieldIsReadAsNvidiasOwnParserDoes"),
          Map.entry(
              SDK + "switch_spdm_parsed_output.txt", "everyBlockIsReadAsNvidiasOwnPrinterDoes"),
          Map.entry(
              SDK + "switch_spdm_req_parsed_output.json", "everyFieldIsReadAsNvidiasOwnParserDoes"),
          Map.entry(
              TRUSTEE + "hopperAttestationReport-claims.txt", "everyFieldIsReadAsTrusteeDoes"),
          Map.entry(SAMPLE + "hopperClaimsv3_detached_eat.json", "tokensAreReadAndNeedTheirKeys"),
          Map.entry(SAMPLE + "hopperClaimsv3_decoded.json", "tokensAreReadAndNeedTheirKeys"),
          Map.entry(SAMPLE + "switch_detached_eat.json", "tokensAreReadAndNeedTheirKeys"),
          Map.entry(SAMPLE + "switch_decoded.json", "tokensAreReadAndNeedTheirKeys"));

  private static Case accepted(String report, String chain) {
    return new Case(report, chain, Set.of());
  }

  @Test
  void everyFileOfTheFolderHasAVerdictOrARole() {
    var known = new TreeSet<>(OTHERS.keySet());
    known.addAll(MANIFESTS.keySet());
    REPORTS.forEach(one -> known.addAll(List.of(one.report(), one.chain())));
    var found = new TreeSet<String>();
    var root = Vectors.root().resolve("nvidia");
    Vectors.files("nvidia")
        .forEach(file -> found.add(root.relativize(file).toString().replace('\\', '/')));
    assertThat(found).hasSize(47).isEqualTo(known);
    var tests =
        Arrays.stream(NvidiaVectorsTest.class.getDeclaredMethods())
            .map(Method::getName)
            .collect(Collectors.toSet());
    assertThat(tests)
        .containsAll(OTHERS.values().stream().filter(role -> !role.contains(" ")).toList());
  }

  @Test
  void everyReportGetsItsVerdict() throws Exception {
    for (Case one : REPORTS) {
      assertThat(failures(one, golden(one), VENDOR.manifestAnchors(), CLOCK))
          .as("%s with %s", one.report(), one.chain())
          .isEqualTo(one.fails());
    }
  }

  @Test
  void withoutManifestsNothingElseIsMissing() throws Exception {
    for (Case one : REPORTS) {
      var expected = new TreeSet<>(one.fails());
      if (!expected.contains("nvidia.manifest")) {
        expected.addAll(
            one.report().contains("switch") ? Set.of("nvidia.manifest.vbios") : NO_MANIFESTS);
      }
      assertThat(failures(one, Collateral.none(), Anchors.pinned(), CLOCK))
          .as("%s with %s", one.report(), one.chain())
          .isEqualTo(expected);
    }
  }

  @Test
  void theChainOfAnotherDeviceIsRefused() throws Exception {
    List<Case> good = REPORTS.stream().filter(one -> one.fails().isEmpty()).toList();
    for (Case one : good) {
      for (Case other : good) {
        if (!pem(one.chain()).equals(pem(other.chain()))) {
          assertThat(
                  failures(
                      new Case(one.report(), other.chain(), Set.of()),
                      golden(one),
                      VENDOR.manifestAnchors(),
                      CLOCK))
              .contains("nvidia.signature");
        }
      }
    }
  }

  @Test
  void anyFlippedByteOfAGenuineReportIsRefused() throws Exception {
    var random = new Random(11);
    for (Case one : REPORTS.stream().filter(each -> each.fails().isEmpty()).limit(4).toList()) {
      byte[] report = hex(one.report()).toArray();
      X509Certificate leaf = Certificates.read("chain", pem(one.chain()), 5).getFirst();
      for (int at = random.nextInt(23); at < report.length; at += 23) {
        byte[] altered = report.clone();
        altered[at] ^= (byte) (1 << random.nextInt(8));
        try {
          SpdmMeasurements parsed = SpdmMeasurements.parse(Bytes.of(altered));
          assertThat(
                  Signatures.verify(
                      Signatures.Algorithm.ES384,
                      leaf.getPublicKey(),
                      parsed.signed(),
                      parsed.signature()))
              .as("%s, byte %d", one.report(), at)
              .isFalse();
        } catch (EvidenceException _) {
          // Refused before that.
        }
      }
    }
  }

  @Test
  void everyManifestGetsItsVerdict() throws Exception {
    for (var manifest : MANIFESTS.entrySet()) {
      assertThat(manifestFailures(manifest.getKey(), CLOCK))
          .as(manifest.getKey())
          .isEqualTo(manifest.getValue());
    }
    String mismatch = RIMS + "NV_GPU_VBIOS_1010_0200_882_96005E0001_measurement_mismatch.xml";
    assertThat(manifestFailures(mismatch, Instant.parse("2025-12-12T23:58:03Z"))).isEmpty();
    assertThat(manifestFailures(mismatch, Instant.parse("2025-12-12T23:58:04Z")))
        .containsExactly("chain");
    String driver = SDK + "NV_GPU_DRIVER_GH100_550.144.03.xml";
    assertThat(manifestFailures(driver, Instant.parse("2024-12-30T16:56:50Z"))).isEmpty();
    assertThat(manifestFailures(driver, Instant.parse("2024-12-30T16:56:49Z")))
        .containsExactly("chain");
    assertThat(manifestFailures(driver, Instant.parse("2026-12-30T16:56:50Z"))).isEmpty();
    assertThat(manifestFailures(driver, Instant.parse("2026-12-30T16:56:51Z")))
        .containsExactly("chain");
  }

  private static Set<String> manifestFailures(String file, Instant at) throws EvidenceException {
    NvidiaManifest manifest = NvidiaManifest.parse(file, Vectors.read("nvidia/" + file));
    X509Certificate root = Anchors.pinned().root(Anchors.Root.NVIDIA_MANIFEST);
    var failed = new TreeSet<String>();
    if (!Chain.require(new Checks(), "chain", manifest.xml().path(), root, at)) {
      failed.add("chain");
    }
    if (!manifest.xml().isSignedBySigner()) {
      failed.add("signature");
    }
    return failed;
  }

  @Test
  void aSwitchIsVerifiedWithItsGenuineManifestUntilThatExpires() throws Exception {
    Case one = REPORTS.get(6);
    Collateral collateral =
        Collateral.of(
            List.of(
                NvidiaVendor.item(
                    "NV_SWITCH_BIOS_5612_0002_890_9610550001",
                    Vectors.read(
                        "nvidia/"
                            + SDK
                            + "switchVBIOSRim_NV_SWITCH_BIOS_5612_0002_890_9610550001.xml"))));
    assertThat(failures(one, collateral, Anchors.pinned(), CLOCK)).isEmpty();
    for (String valid : List.of("2026-05-20T22:02:51Z", "2027-11-02T23:59:59Z")) {
      assertThat(failures(one, collateral, Anchors.pinned(), Instant.parse(valid))).isEmpty();
    }
    for (String invalid : List.of("2026-05-20T22:02:50Z", "2027-11-03T00:00:00Z")) {
      assertThat(failures(one, collateral, Anchors.pinned(), Instant.parse(invalid)))
          .containsExactly("nvidia.manifest.vbios.chain");
    }
  }

  @Test
  void goldenMeasurementsThatDifferAreNamed() throws Exception {
    Case one = REPORTS.get(1);
    Instant at = Instant.parse("2025-06-01T00:00:00Z");
    Collateral collateral =
        Collateral.of(
            List.of(
                NvidiaVendor.item(
                    "NV_GPU_VBIOS_1010_0200_882_96005E0001",
                    Vectors.read(
                        "nvidia/"
                            + RIMS
                            + "NV_GPU_VBIOS_1010_0200_882_96005E0001_measurement_mismatch.xml"))));
    assertThat(failures(one, collateral, Anchors.pinned(), at))
        .containsExactlyInAnyOrder("nvidia.manifest.driver", "nvidia.manifest.vbios.measurements");
    assertThatThrownBy(() -> Report.parse(evidence(one)).verify(collateral, Anchors.pinned(), at))
        .hasMessageContaining("measurements [9] are not those of");
  }

  @Test
  void editedManifestsOfTheReportedVersionsAreRefused() throws Exception {
    Instant at = Instant.parse("2025-06-01T00:00:00Z");
    assertThat(
            failures(
                REPORTS.get(3),
                Collateral.of(
                    List.of(
                        NvidiaVendor.item(
                            "NV_GPU_DRIVER_GH100_570.124.03",
                            Vectors.read(
                                "nvidia/" + RIMS + "NV_GPU_DRIVER_GH100_570.124.03_expired.xml")))),
                Anchors.pinned(),
                CLOCK))
        .contains("nvidia.manifest.driver.chain", "nvidia.manifest.driver.signature");
    assertThat(
            failures(
                REPORTS.get(1),
                Collateral.of(
                    List.of(
                        NvidiaVendor.item(
                            "NV_GPU_DRIVER_GH100_535.86.09",
                            Vectors.read(
                                "nvidia/"
                                    + RIMS
                                    + "NV_GPU_DRIVER_GH100_535.86.09_measurement_mismatch.xml")))),
                Anchors.pinned(),
                at))
        .contains("nvidia.manifest.driver.signature");
  }

  @Test
  void thePinnedRootsAreTheCollections() throws Exception {
    assertThat(Certificates.read("root", Vectors.read("nvidia/roots/nvidia_device_root.pem"), 1))
        .containsExactly(Anchors.pinned().root(Anchors.Root.NVIDIA_DEVICE));
    assertThat(
            Certificates.read(
                "root", Vectors.read("nvidia/" + SDK + "trusted_certs/rim_root.crt"), 1))
        .containsExactly(Anchors.pinned().root(Anchors.Root.NVIDIA_MANIFEST));
  }

  @Test
  void theDebugSignerIsUnderNoPinnedRoot() throws Exception {
    List<X509Certificate> signer =
        Certificates.read("signer", Vectors.read("nvidia/" + SDK + "incorrect_rim_root.crt"), 1);
    assertThat(signer.getFirst().getIssuerX500Principal().getName()).contains("Debug Only");
    for (var root : List.of(Anchors.Root.NVIDIA_DEVICE, Anchors.Root.NVIDIA_MANIFEST)) {
      assertThat(Chain.require(new Checks(), "chain", signer, Anchors.pinned().root(root), CLOCK))
          .isFalse();
    }
  }

  @Test
  void theSigningCertificateIsTheChainsFirst() throws Exception {
    assertThat(
            Certificates.read(
                "it", Vectors.read("nvidia/" + TRUSTEE + "hopper_signing_cert.pem"), 1))
        .containsExactly(
            Certificates.read("chain", pem(TRUSTEE + "hopper_cert_chain_case1.txt"), 5).getFirst());
  }

  @Test
  void theDriversOwnJsonHoldsAReport() throws Exception {
    Bytes file = Vectors.read("nvidia/" + SDK + "evidence_hopper_590_12.json");
    var device = new Fields("it", (Json.Obj) Json.parseArray("it", file, 100_000).getFirst(), file);
    Evidence evidence =
        new Evidence(
            Tee.NVIDIA,
            Map.of(
                Evidence.Part.REPORT, Bytes.base64(device.string("evidence")),
                Evidence.Part.CERTIFICATES, Bytes.base64(device.string("certificate"))));
    assertThat(failures(evidence, Collateral.none(), Anchors.pinned(), CLOCK))
        .isEqualTo(NO_MANIFESTS);
    NvidiaReport report = (NvidiaReport) Report.parse(evidence);
    assertThat(report.spdm().nonce().hex()).isEqualTo(device.string("nonce"));
    assertThat(report.chain().architecture()).contains(NvidiaArchitecture.HOPPER);
    assertThat(failures(evidence, golden(report), VENDOR.manifestAnchors(), CLOCK)).isEmpty();
  }

  @Test
  void everyFieldIsReadAsNvidiasOwnParserDoes() throws Exception {
    for (String kind : List.of("", "switch_")) {
      String report =
          kind.isEmpty() ? "hopperAttestationReport.txt" : "switchAttestationReport.txt";
      SpdmMeasurements spdm = SpdmMeasurements.parse(hex(SDK + report));
      Fields request = json(SDK + kind + "spdm_req_parsed_output.json");
      assertThat("0x" + spdm.nonce().hex()).isEqualTo(request.string("Nonce"));
      String parsed = Vectors.text("nvidia/" + SDK + kind + "spdm_parsed_output.json");
      spdm.blocks()
          .values()
          .forEach(digest -> assertThat(parsed).contains("\"0x" + digest.hex() + "\""));
      Fields opaque =
          json(SDK + kind + "spdm_parsed_output.json")
              .object("OpaqueData")
              .object("OpaqueDataField");
      assertThat("0x" + element(spdm, 6)).isEqualTo(opaque.string("OPAQUE_FIELD_ID_VBIOS_VERSION"));
      if (kind.isEmpty()) {
        assertThat("0x" + element(spdm, 3))
            .isEqualTo(opaque.string("OPAQUE_FIELD_ID_DRIVER_VERSION"));
        assertThat("0x" + element(spdm, 20)).isEqualTo(opaque.string("OPAQUE_FIELD_ID_FWID"));
      }
    }
  }

  private static String element(SpdmMeasurements spdm, int type) {
    return spdm.opaque().getOrDefault(type, Bytes.of(new byte[0])).hex();
  }

  /// The switch's is of the same report, the GPU's of the one that Trustee has.
  @Test
  void everyBlockIsReadAsNvidiasOwnPrinterDoes() throws Exception {
    for (var one :
        Map.of(
                SDK + "spdm_parsed_output.txt", TRUSTEE + "hopperAttestationReport.txt",
                SDK + "switch_spdm_parsed_output.txt", SDK + "switchAttestationReport.txt")
            .entrySet()) {
      String printed = Vectors.text("nvidia/" + one.getKey());
      SpdmMeasurements.parse(hex(one.getValue()))
          .blocks()
          .forEach((index, digest) ->
              assertThat(printed)
                  .contains(
                      "MeasurementBlocks[%d].DMTFSpecMeasurementValue = 0x%s"
                          .formatted(index, digest.hex())));
    }
  }

  @Test
  void everyFieldIsReadAsTrusteeDoes() throws Exception {
    Case one = REPORTS.get(4);
    NvidiaReport report = (NvidiaReport) Report.parse(evidence(one));
    Fields claims = json(TRUSTEE + "hopperAttestationReport-claims.txt");
    Fields config = claims.object("config");
    assertThat(claims.string("arch"))
        .isEqualToIgnoringCase(report.chain().architecture().orElseThrow().toString());
    assertThat(config.string("driver_version"))
        .isEqualTo(report.opaque().driver().orElseThrow().text());
    assertThat(config.string("vbios_version"))
        .isEqualToIgnoringCase(report.opaque().vbios().text());
    assertThat(config.string("fwid")).isEqualTo(report.opaque().firmware().orElseThrow().hex());
    Fields measurements = claims.object("measurements");
    for (var block : report.spdm().blocks().entrySet()) {
      assertThat(measurements.string(block.getKey().toString())).isEqualTo(block.getValue().hex());
    }
  }

  /// The service's key sets of their days are not in the collection: all but the signature.
  @Test
  void tokensAreReadAndNeedTheirKeys() throws Exception {
    token("hopperClaimsv3", "GPU-0", "nvidia.nras.keys");
    // A staging service's.
    token("switch", "SWITCH-0", "nvidia.nras.issuer");
  }

  private static void token(String name, String device, String fails) throws EvidenceException {
    Bytes bundle = Vectors.read("nvidia/" + SAMPLE + name + "_detached_eat.json");
    NvidiaToken token = (NvidiaToken) Report.parse(new Evidence(Tee.NVIDIA, bundle));
    Instant at = token.overall().time("iat");
    assertThat(failures(new Evidence(Tee.NVIDIA, bundle), Collateral.none(), Anchors.pinned(), at))
        .containsExactly(fails);
    assertThat(token.name()).isEqualTo(device);
    assertThat(
            new String(token.overall().claims().raw("submods").toArray(), StandardCharsets.UTF_8))
        .contains(token.deviceDigest().hex());
    Fields decoded = json(SAMPLE + name + "_decoded.json").object(device);
    for (String claim : List.of("ueid", "hwmodel", "eat_nonce", "measres", "dbgstat", "iss")) {
      assertThat(token.device().claims().string(claim)).isEqualTo(decoded.string(claim));
    }
  }

  /// The genuine claims, under keys of a test's own: every claim that is demanded is really there.
  @Test
  void theGenuineClaimsHoldWhenTheSignatureDoes() throws Exception {
    var service = TestAuthority.root(TestAuthority.Kind.P384, "nv-eat-kid");
    String header = "{\"kid\":\"k\",\"alg\":\"ES384\"}";
    for (String name : List.of("hopperClaimsv3", "switch")) {
      Bytes bundle = Vectors.read("nvidia/" + SAMPLE + name + "_detached_eat.json");
      NvidiaToken token = (NvidiaToken) Report.parse(new Evidence(Tee.NVIDIA, bundle));
      Bytes device =
          TestTokens.signed(service, Signatures.Algorithm.ES384, header, payload(token.device()));
      String digest = Digest.of(device).toString().substring("sha256:".length());
      Bytes overall =
          TestTokens.signed(
              service,
              Signatures.Algorithm.ES384,
              header,
              payload(token.overall()).replace(token.deviceDigest().hex(), digest));
      Evidence resigned =
          new Evidence(
              Tee.NVIDIA,
              Bytes.utf8(
                  "[[\"JWT\",\"%s\"],{\"%s\":\"%s\"}]"
                      .formatted(text(overall), token.name(), text(device))));
      Collateral keys = Collateral.of(List.of(TestTokens.keySet(NvidiaToken.KEYS, "k", service)));
      var claims =
          (NvidiaClaims)
              Report.parse(resigned)
                  .verify(keys, Anchors.pinned(), token.overall().time("iat"))
                  .claims();
      assertThat(claims.debug()).isEqualTo(Claims.Debug.OFF);
      assertThat(claims.nonce().hex()).startsWith("931d8dd0");
    }
  }

  private static String payload(Jws token) {
    String text = text(token.signed());
    return text(Bytes.of(java.util.Base64.getUrlDecoder().decode(text.split("\\.", -1)[1])))
        .replace("nras.attestation-stg.nvidia.com", "nras.attestation.nvidia.com");
  }

  private static String text(Bytes bytes) {
    return new String(bytes.toArray(), StandardCharsets.UTF_8);
  }

  private static Fields json(String file) throws EvidenceException {
    return Json.parse(file, Vectors.read("nvidia/" + file), 100_000);
  }

  /// Manifests of a test's own, for exactly what the report says was measured.
  private static Collateral golden(Case one) throws EvidenceException {
    return golden((NvidiaReport) Report.parse(evidence(one)));
  }

  private static Collateral golden(NvidiaReport report) throws EvidenceException {
    SortedMap<Integer, List<Bytes>> first = new TreeMap<>();
    SortedMap<Integer, List<Bytes>> rest = new TreeMap<>();
    report
        .spdm()
        .blocks()
        .forEach((index, digest) -> (index <= 20 ? first : rest).put(index - 1, List.of(digest)));
    String chip = report.chain().chip().orElse("GH100");
    var items = new ArrayList<Collateral.Item>();
    for (Collateral.Source source : report.sources()) {
      if (source.kind() == Collateral.Kind.REFERENCE_MANIFEST) {
        boolean driver = source.url().contains("DRIVER");
        String version =
            driver ? report.opaque().driver().orElseThrow().text() : report.opaque().vbios().text();
        items.add(
            new Collateral.Item(
                source.kind(),
                source.url(),
                VENDOR.manifest(chip, version, driver ? rest : first)));
      }
    }
    return Collateral.of(items);
  }

  private static Set<String> failures(Case one, Collateral collateral, Anchors anchors, Instant at)
      throws EvidenceException {
    return failures(evidence(one), collateral, anchors, at);
  }

  private static Set<String> failures(
      Evidence evidence, Collateral collateral, Anchors anchors, Instant at)
      throws EvidenceException {
    Report report = Report.parse(evidence);
    try {
      report.verify(collateral, anchors, at);
      return Set.of();
    } catch (EvidenceException e) {
      return e.checks().stream()
          .filter(Check::failed)
          .map(Check::name)
          .collect(Collectors.toUnmodifiableSet());
    }
  }

  private static Evidence evidence(Case one) {
    return new Evidence(
        Tee.NVIDIA,
        Map.of(
            Evidence.Part.REPORT, hex(one.report()),
            Evidence.Part.CERTIFICATES, pem(one.chain())));
  }

  private static Bytes pem(String file) {
    return Vectors.read("nvidia/" + file);
  }

  private static Bytes hex(String file) {
    return Bytes.hex(Vectors.text("nvidia/" + file).strip());
  }
}
