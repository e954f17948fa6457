package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.NvidiaVendor.Transcript;
import cloister.attestation.TestAuthority.Contents;
import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class NvidiaReportTest {
  private static final Instant NOW = TestAuthority.NOW;
  private static final Binding BINDING = Binding.of("cloister/session/v1", Bytes.utf8("nonce"));
  private static final NvidiaVendor VENDOR = new NvidiaVendor();
  private static final long SEED = 20261128;

  private final Evidence evidence = VENDOR.evidence(BINDING.gpuNonce());

  @Test
  void aDeviceWithItsChainAndManifestsIsVerified() throws Exception {
    VerifiedReport verified = verify(evidence, VENDOR.collateral());
    assertThat(verified.checks())
        .extracting(Check::name)
        .containsExactly(
            "nvidia.chain",
            "nvidia.chain.length",
            "nvidia.leaf",
            "nvidia.chip",
            "nvidia.revoked",
            "nvidia.fwid",
            "nvidia.firmware-flags",
            "nvidia.signature",
            "nvidia.manifest.driver.chain",
            "nvidia.manifest.driver.signature",
            "nvidia.manifest.driver.revoked",
            "nvidia.manifest.driver.version",
            "nvidia.manifest.driver.product",
            "nvidia.manifest.driver.measurements",
            "nvidia.manifest.vbios.chain",
            "nvidia.manifest.vbios.signature",
            "nvidia.manifest.vbios.revoked",
            "nvidia.manifest.vbios.version",
            "nvidia.manifest.vbios.product",
            "nvidia.manifest.vbios.measurements",
            "nvidia.manifest.disjoint");
    var claims = (NvidiaClaims) verified.claims();
    assertThat(claims.architecture()).isEqualTo(NvidiaArchitecture.HOPPER);
    assertThat(claims.driver()).contains(NvidiaVersion.driver(NvidiaVendor.HOPPER_DRIVER));
    assertThat(claims.vbios()).isEqualTo(NvidiaVersion.vbios(NvidiaVendor.HOPPER_VBIOS));
    assertThat(claims.mode()).isEqualTo(NvidiaMode.MULTI_PASS_THROUGH);
    assertThat(claims.debug()).isEqualTo(Claims.Debug.OFF);
    assertThat(claims.identifiers())
        .containsEntry(Identifier.REPORT_DATA, BINDING.gpuNonce())
        .containsKey(Identifier.CHIP_ID);
  }

  @Test
  void theMeasurementIsSha384OverAllDigestsInOrder() throws Exception {
    var all = new ArrayList<Bytes>();
    for (int i = 1; i <= 64; i++) {
      all.add(NvidiaVendor.digest(i));
    }
    byte[] expected =
        java.security.MessageDigest.getInstance("SHA-384")
            .digest(Bytes.concat(all.toArray(Bytes[]::new)).toArray());
    assertThat(verify(evidence, VENDOR.collateral()).claims().measurement())
        .isEqualTo(new Measurement("sha384", Bytes.of(expected)))
        .isEqualTo(Report.parse(evidence).measured());
  }

  /// docs/forgotten-checks.md no. 18: a GPU that was asked by somebody else.
  @Test
  void theNonceIsDerivedFromTheBindingAndNoOther() throws Exception {
    // By another program: SHA-256 of the label and the 64 bytes, which are SHA-512 of
    // u16(19) | "cloister/session/v1" | u32(5) | "nonce".
    assertThat(BINDING.gpuNonce().hex())
        .isEqualTo("045affcf1500f8afdba8c3c4661f2fa1081cac223ea7d219e2bc8f12c1cd3259");
    Claims claims = verify(evidence, VENDOR.collateral()).claims();
    assertThat(claims.boundTo(BINDING)).isTrue();
    assertThat(claims.boundTo(Binding.of("cloister/session/v1", Bytes.utf8("other")))).isFalse();
    for (Bytes nonce : List.of(BINDING.sha256(), BINDING.reportData().slice(0, 32))) {
      assertThat(verify(VENDOR.evidence(nonce), VENDOR.collateral()).claims().boundTo(BINDING))
          .as("what other TEEs take")
          .isFalse();
    }
  }

  @Test
  void anyFlippedBitOfTheTranscriptIsRefused() throws Exception {
    byte[] transcript = evidence.report().toArray();
    int end = transcript.length - 96;
    var random = new Random(SEED);
    for (int at = 0; at < transcript.length; at++) {
      byte[] altered = transcript.clone();
      altered[at] ^= (byte) (1 << random.nextInt(8));
      Bytes all = Bytes.of(altered);
      try {
        SpdmMeasurements parsed = SpdmMeasurements.parse(all);
        assertThat(parsed.signed()).as("byte %d", at).isEqualTo(all.slice(0, end));
        assertThat(parsed.signature()).as("byte %d", at).isEqualTo(all.slice(end, all.size()));
      } catch (EvidenceException _) {
        continue;
      }
      if (at % 7 == 0 || at >= end) {
        assertThat(isSigned(all)).as("byte %d, seed %d", at, SEED).isFalse();
      }
    }
    // The same through the whole verification, which takes longer.
    for (int at = 0; at < transcript.length; at += 197) {
      byte[] altered = transcript.clone();
      altered[at] ^= (byte) (1 << random.nextInt(8));
      assertThatThrownBy(() -> verify(withReport(Bytes.of(altered)), VENDOR.collateral()))
          .as("byte %d, seed %d", at, SEED)
          .isInstanceOf(EvidenceException.class)
          .hasMessageMatching("(?s)SPDM measurements.*|the NVIDIA report.*|.*nvidia.signature.*");
    }
  }

  private static boolean isSigned(Bytes transcript) {
    try {
      SpdmMeasurements parsed = SpdmMeasurements.parse(transcript);
      return Signatures.verify(
          Signatures.Algorithm.ES384,
          VENDOR.leaf.certificate().getPublicKey(),
          parsed.signed(),
          parsed.signature());
    } catch (EvidenceException _) {
      return false;
    }
  }

  @Test
  void aTranscriptCutShortOrExtendedIsRefused() throws Exception {
    byte[] transcript = evidence.report().toArray();
    for (int length = 0; length < transcript.length; length++) {
      Bytes cut = Bytes.of(Arrays.copyOf(transcript, length));
      assertThatThrownBy(() -> Report.parse(withReport(cut))).isInstanceOf(EvidenceException.class);
    }
    // One zero byte is there in genuine evidence: see NvidiaVectorsTest.
    verify(
        withReport(Bytes.of(Arrays.copyOf(transcript, transcript.length + 1))),
        VENDOR.collateral());
    for (String more : List.of("01", "0000", "00000000", "ff")) {
      Bytes longer = Bytes.concat(evidence.report(), Bytes.hex(more));
      assertThatThrownBy(() -> Report.parse(withReport(longer)))
          .isInstanceOf(EvidenceException.class);
    }
  }

  @Test
  void randomBytesAreRefusedAndNothingElseHappens() {
    var random = new Random(SEED);
    for (int i = 0; i < 2_000; i++) {
      byte[] bytes = evidence.report().toArray();
      int many = 1 + random.nextInt(6);
      for (int j = 0; j < many; j++) {
        bytes[random.nextInt(300)] = (byte) random.nextInt();
        bytes[bytes.length - 1 - random.nextInt(400)] = (byte) random.nextInt();
      }
      Bytes damaged = Bytes.of(Arrays.copyOf(bytes, random.nextInt(bytes.length + 1)));
      try {
        Report.parse(withReport(damaged)).claims();
      } catch (EvidenceException _) {
        // The only way out besides a report that is not believed.
      }
    }
  }

  @Test
  void malformedTranscriptsAreRefusedByWhatIsWrong() {
    var flaws = new TreeMap<String, Integer>();
    flaws.put("the request's version", 0);
    flaws.put("the request's code", 1);
    flaws.put("the request's attributes", 2);
    flaws.put("the request's operation", 3);
    flaws.put("the request's slot", 36);
    flaws.put("the response's version", 37);
    flaws.put("the response's code", 38);
    flaws.put("the response's slot", 40);
    flaws.put("a block's specification", 46);
    flaws.put("a block's size", 47);
    flaws.put("a digest's size", 50);
    flaws.forEach((flaw, at) -> {
      byte[] altered = evidence.report().toArray();
      altered[at] ^= 0x10;
      assertThatThrownBy(() -> Report.parse(withReport(Bytes.of(altered))))
          .hasMessageContaining(flaw);
    });
    byte[] raw = evidence.report().toArray();
    raw[49] |= (byte) 0x80;
    assertThatThrownBy(() -> Report.parse(withReport(Bytes.of(raw))))
        .hasMessageContaining("is no digest");
    byte[] twice = evidence.report().toArray();
    twice[45 + 55] = 1;
    assertThatThrownBy(() -> Report.parse(withReport(Bytes.of(twice))))
        .hasMessageContaining("a block's index is 1 after 1");
    assertThatThrownBy(() -> Report.parse(withReport(Bytes.of(new byte[40_000]))))
        .hasMessageContaining("at most");
    byte[] elements = new Transcript(BINDING.gpuNonce()).signedBy(VENDOR.leaf).toArray();
    int second = 45 + 64 * 55 + 32 + 2 + 4 + 11;
    elements[second] = 3;
    assertThatThrownBy(() -> Report.parse(withReport(Bytes.of(elements))))
        .hasMessageContaining("element 3 is there twice");
  }

  @Test
  void malformedElementsAreRefused() {
    assertParse(new Transcript(BINDING.gpuNonce()).without(6)).contains("names no VBIOS version");
    assertParse(with(6, "009f009600010000")).contains("out of range");
    assertParse(with(6, "3936")).contains("not a VBIOS version");
    assertParse(with(3, "")).contains("driver-version is malformed");
    assertParse(with(3, "2e2e2e")).contains("not a driver's version");
    assertParse(with(3, "3535302f2e2e00")).contains("driver-version is malformed");
    assertParse(with(11, "5555")).contains("nvdec0-status is malformed");
    assertParse(with(20, "00")).contains("fwid is malformed");
    assertParse(with(34, "")).contains("version is malformed");
    // docs/forgotten-checks.md no. 20: an unknown mode decides who sees traffic.
    assertParse(with(36, "0300")).contains("mode is 3, which this version does not know");
  }

  private org.assertj.core.api.AbstractStringAssert<?> assertParse(Transcript transcript) {
    try {
      Report.parse(VENDOR.evidence(transcript, VENDOR.chain()));
      return assertThat("accepted");
    } catch (EvidenceException e) {
      return assertThat(e.getMessage());
    }
  }

  @Test
  void theModeIsReadWhereItIsSaid() throws Exception {
    assertThat(mode(with(36, "0100"))).isEqualTo(NvidiaMode.SINGLE_PASS_THROUGH);
    assertThat(mode(with(36, "0200"))).isEqualTo(NvidiaMode.PROTECTED_PCIE);
    assertThat(mode(new Transcript(BINDING.gpuNonce()).without(36))).isEqualTo(NvidiaMode.UNSAID);
    assertThat(mode(with(34, "0000"))).as("of version 0").isEqualTo(NvidiaMode.UNSAID);
    assertThat(mode(with(34, "0000").with(21, "aa"))).isEqualTo(NvidiaMode.PROTECTED_PCIE);
  }

  private static NvidiaMode mode(Transcript transcript) throws EvidenceException {
    Evidence evidence = VENDOR.evidence(transcript, VENDOR.chain());
    return ((NvidiaClaims) verify(evidence, VENDOR.collateral()).claims()).mode();
  }

  @Test
  void aChainHasItsFullLengthAndLeadsToThePinnedRoot() throws Exception {
    assertThat(failures(withChain(VENDOR.chain().subList(0, 4))))
        .as("the root itself may be left out")
        .isEmpty();
    for (int missing = 0; missing < 4; missing++) {
      var chain = new ArrayList<>(VENDOR.chain());
      chain.remove(missing);
      assertThat(failures(withChain(chain)))
          .as("without %d", missing)
          .contains("nvidia.chain.length");
    }
    assertThat(failures(withChain(List.of(VENDOR.deviceRoot.certificate()))))
        .contains("nvidia.chain", "nvidia.chain.length", "nvidia.leaf", "nvidia.signature");
    var other = new NvidiaVendor();
    assertThat(failures(withChain(other.chain()))).contains("nvidia.chain", "nvidia.signature");
    var swapped = new ArrayList<>(VENDOR.chain());
    for (int i = 1; i < 4; i++) {
      swapped.set(i, other.chain().get(i));
      assertThat(failures(withChain(swapped))).as("swapped %d", i).contains("nvidia.chain");
      swapped.set(i, VENDOR.chain().get(i));
    }
    assertThat(failures(other.evidence(BINDING.gpuNonce())))
        .as("a chain of somebody's own making, consistent in itself")
        .containsExactlyInAnyOrder("nvidia.chain", "nvidia.chain.length");
  }

  @Test
  void aLongerChainIsAnotherKindOfCertificates() throws Exception {
    TestAuthority below = VENDOR.rom.authority(Kind.P384, Contents.of("GH100 A01 GSP Extra"));
    TestAuthority leaf = NvidiaVendor.leaf(below, "GH100 A01 GSP FMC LF");
    var chain = new ArrayList<X509Certificate>();
    chain.add(leaf.certificate());
    chain.add(below.certificate());
    chain.addAll(VENDOR.chain().subList(1, 5));
    Evidence longer =
        new Evidence(
            Tee.NVIDIA,
            Map.of(
                Evidence.Part.REPORT, new Transcript(BINDING.gpuNonce()).signedBy(leaf),
                Evidence.Part.CERTIFICATES, TestAuthority.pem(chain)));
    assertThat(failures(longer)).contains("nvidia.chain.length");
  }

  @Test
  void aKeyOfTheChainThatSignsCertificatesSignsNoReport() throws Exception {
    Evidence byRom =
        new Evidence(
            Tee.NVIDIA,
            Map.of(
                Evidence.Part.REPORT, new Transcript(BINDING.gpuNonce()).signedBy(VENDOR.rom),
                Evidence.Part.CERTIFICATES, TestAuthority.pem(VENDOR.chain().subList(1, 5))));
    assertThat(failures(byRom)).contains("nvidia.leaf", "nvidia.chain.length");
  }

  @Test
  void allCertificatesAreOfOneKnownChip() throws Exception {
    TestAuthority leaf = NvidiaVendor.leaf(VENDOR.rom, "GB100 A01 GSP FMC LF");
    var chain = new ArrayList<>(VENDOR.chain());
    chain.set(0, leaf.certificate());
    Evidence mixed =
        new Evidence(
            Tee.NVIDIA,
            Map.of(
                Evidence.Part.REPORT, new Transcript(BINDING.gpuNonce()).signedBy(leaf),
                Evidence.Part.CERTIFICATES, TestAuthority.pem(chain)));
    assertThat(failures(mixed)).containsExactly("nvidia.chip");
    for (String unknown : List.of("GX900", "GH100B", "100")) {
      assertThat(NvidiaArchitecture.ofChip(unknown)).as(unknown).isEmpty();
    }
  }

  @Test
  void everyCertificateIsValidAtThatInstant() throws Exception {
    Collateral collateral = VENDOR.collateral();
    Instant last = VENDOR.leaf.certificate().getNotAfter().toInstant();
    Instant first = VENDOR.leaf.certificate().getNotBefore().toInstant();
    assertThat(failures(evidence, collateral, last.plusSeconds(1)))
        .contains("nvidia.chain", "nvidia.manifest.driver.chain", "nvidia.manifest.vbios.chain");
    assertThat(failures(evidence, collateral, first.minusSeconds(1))).contains("nvidia.chain");
    assertThat(failures(evidence, collateral, last)).isEmpty();
    assertThat(failures(evidence, collateral, first)).isEmpty();
  }

  @Test
  void theFirmwareIsTheOneThatTheBootRomCertified() throws Exception {
    assertThat(failures(VENDOR.evidence(with(20, "77".repeat(48)), VENDOR.chain())))
        .containsExactly("nvidia.fwid");
    Evidence silent =
        VENDOR.evidence(new Transcript(BINDING.gpuNonce()).without(20), VENDOR.chain());
    assertThat(verify(silent, VENDOR.collateral()).checks())
        .filteredOn(check -> check.outcome() == Check.Outcome.NOTED)
        .extracting(Check::name)
        .containsExactly("nvidia.fwid");
    Bytes firmware = NvidiaVendor.firmware();
    String blackwell = "2.23.133.5.4.1.1";
    assertThat(firmware(blackwell, NvidiaVendor.tcbInfo(firmware, "0080000001"))).isEmpty();
    assertThat(firmware(blackwell, NvidiaVendor.tcbInfo(NvidiaVendor.digest(1), "0080000001")))
        .containsExactly("nvidia.fwid");
    for (String flags : List.of("0040000001", "0020000001", "0010000001")) {
      assertThat(firmware(blackwell, NvidiaVendor.tcbInfo(firmware, flags)))
          .as("insecure, recovery, debug")
          .containsExactly("nvidia.firmware-flags");
    }
    assertThat(firmware("1.2.3", NvidiaVendor.composite(firmware))).containsExactly("nvidia.fwid");
    assertThat(firmware(blackwell, Bytes.hex("3000"))).containsExactly("nvidia.fwid");
    assertThat(firmware(blackwell, Bytes.hex("30"))).containsExactly("nvidia.fwid");
    assertThat(firmware("2.23.133.5.4.1", Bytes.hex("0500"))).containsExactly("nvidia.fwid");
  }

  private Set<String> firmware(String identifier, Bytes extension) throws EvidenceException {
    TestAuthority leaf =
        VENDOR.rom.leaf(Kind.P384, Contents.of("GH100 A01 GSP FMC LF").with(identifier, extension));
    var chain = new ArrayList<>(VENDOR.chain());
    chain.set(0, leaf.certificate());
    return failures(
        new Evidence(
            Tee.NVIDIA,
            Map.of(
                Evidence.Part.REPORT, new Transcript(BINDING.gpuNonce()).signedBy(leaf),
                Evidence.Part.CERTIFICATES, TestAuthority.pem(chain))));
  }

  @Test
  void eachManifestIsNeeded() throws Exception {
    assertThat(failures(evidence, Collateral.none(), NOW))
        .containsExactlyInAnyOrder("nvidia.manifest.driver", "nvidia.manifest.vbios");
    assertThat(failures(evidence, only(0), NOW)).containsExactly("nvidia.manifest.vbios");
    assertThat(failures(evidence, only(1), NOW)).containsExactly("nvidia.manifest.driver");
    assertThatThrownBy(() -> verify(evidence, Collateral.none()))
        .hasMessageContaining("the manifest " + NvidiaVendor.DRIVER_ID + " is not at hand: fetch");
    Evidence driverless =
        VENDOR.evidence(new Transcript(BINDING.gpuNonce()).without(3), VENDOR.chain());
    assertThat(failures(driverless)).containsExactly("nvidia.driver");
  }

  private static Collateral only(int manifest) throws EvidenceException {
    return Collateral.of(List.of(VENDOR.manifests().get(manifest)));
  }

  @Test
  void aManifestIsFoundByItsNameAndBelievedByItsContent() throws Exception {
    var golden = NvidiaVendor.golden(20, 40);
    assertThat(driver(VENDOR.manifest("GH100", "580.95.05", golden)))
        .as("of an older driver under the newer's name")
        .containsExactly("nvidia.manifest.driver.version");
    assertThat(driver(VENDOR.manifest("GB100", NvidiaVendor.HOPPER_DRIVER, golden)))
        .containsExactly("nvidia.manifest.driver.product");
    golden.put(21, List.of(NvidiaVendor.digest(99)));
    assertThat(driver(VENDOR.manifest("GH100", NvidiaVendor.HOPPER_DRIVER, golden)))
        .containsExactly("nvidia.manifest.driver.measurements");
    golden.remove(21);
    golden.put(70, List.of(NvidiaVendor.digest(71)));
    assertThat(driver(VENDOR.manifest("GH100", NvidiaVendor.HOPPER_DRIVER, golden)))
        .as("golden, and not measured")
        .containsExactly("nvidia.manifest.driver.measurements");
    assertThat(
            driver(
                VENDOR.manifest("GH100", NvidiaVendor.HOPPER_DRIVER, NvidiaVendor.golden(19, 40))))
        .containsExactly("nvidia.manifest.disjoint");
    assertThat(driver(VENDOR.manifest("GH100", NvidiaVendor.HOPPER_DRIVER, new TreeMap<>())))
        .as("without a measurement it would accept anything")
        .containsExactly("nvidia.manifest.driver");
    assertThat(driver(Bytes.utf8("<a/>"))).containsExactly("nvidia.manifest.driver");
  }

  /// Index 35 is the first video decoder's, which many boards do not have.
  @Test
  void theDecodersMeasurementCountsUnlessItIsReportedAbsent() throws Exception {
    var golden = NvidiaVendor.golden(20, 40);
    golden.put(35, List.of(NvidiaVendor.digest(99)));
    Bytes manifest = VENDOR.manifest("GH100", NvidiaVendor.HOPPER_DRIVER, golden);
    assertThat(driver(manifest)).isEmpty();
    for (Transcript transcript :
        List.of(with(11, "aa"), with(11, "00"), new Transcript(BINDING.gpuNonce()).without(11))) {
      assertThat(failures(VENDOR.evidence(transcript, VENDOR.chain()), withDriver(manifest), NOW))
          .containsExactly("nvidia.manifest.driver.measurements");
    }
  }

  @Test
  void aManifestIsSignedByASignerOfThePinnedRoot() throws Exception {
    String xml = NvidiaVendor.xml("GH100", NvidiaVendor.HOPPER_DRIVER, NvidiaVendor.golden(20, 40));
    var other = new NvidiaVendor();
    assertThat(driver(NvidiaVendor.signed(xml, other.signerPath(), other.signer)))
        .as("a root of the same name")
        .containsExactly("nvidia.manifest.driver.chain");
    assertThat(driver(NvidiaVendor.signed(xml, VENDOR.signerPath(), other.signer)))
        .as("another key under a good chain")
        .containsExactly("nvidia.manifest.driver.signature");
    assertThat(
            driver(NvidiaVendor.signed(xml, VENDOR.signerPath().subList(1, 3), VENDOR.manifests)))
        .as("by a key that signs certificates")
        .containsExactly("nvidia.manifest.driver.signature");
    assertThat(driver(NvidiaVendor.signed(xml, VENDOR.chain(), VENDOR.leaf)))
        .as("by a device's key: its root is not the manifests'")
        .containsExactly("nvidia.manifest.driver.chain");
    TestAuthority debug =
        VENDOR.manifests.authority(
            Kind.P384,
            Contents.of("Debug Only").between(NOW.minusSeconds(20), NOW.minusSeconds(10)));
    TestAuthority expired = debug.leaf(Kind.P384, Contents.of("HCC RIM L4 Signer"));
    assertThat(
            driver(
                NvidiaVendor.signed(
                    xml,
                    List.of(
                        expired.certificate(), debug.certificate(), VENDOR.manifests.certificate()),
                    expired)))
        .containsExactly("nvidia.manifest.driver.chain");
  }

  @Test
  void anyFlippedByteOfAManifestIsRefusedOrSaysTheSame() throws Exception {
    byte[] good = VENDOR.manifests().getFirst().bytes().toArray();
    NvidiaManifest original = NvidiaManifest.parse("it", Bytes.of(good));
    var random = new Random(SEED);
    int said = new String(good, java.nio.charset.StandardCharsets.UTF_8).indexOf("KeyInfo");
    // Of what is said before the key, a ninth of all bytes; of the certificates some.
    for (int at = random.nextInt(9); at < good.length; at += at < said ? 9 : 29) {
      byte[] altered = good.clone();
      altered[at] ^= (byte) (1 << random.nextInt(8));
      int where = at;
      var checks = new Checks();
      NvidiaManifest read;
      try {
        read = NvidiaManifest.parse("it", Bytes.of(altered));
      } catch (EvidenceException _) {
        continue;
      }
      if (Chain.require(checks, "chain", read.xml().path(), VENDOR.manifestRoot.certificate(), NOW)
          && read.xml().isSignedBySigner()) {
        assertThat(read.golden()).as("byte %d, seed %d", where, SEED).isEqualTo(original.golden());
        assertThat(read.version()).isEqualTo(original.version());
        assertThat(read.product()).isEqualTo(original.product());
        assertThat(at).as("only the root's own copy is nobody's").isGreaterThan(said);
      }
    }
  }

  @Test
  void ofSeveralEditionsOneThatIsSignedAndCurrentCounts() throws Exception {
    Bytes good = VENDOR.manifests().getFirst().bytes();
    Bytes bad = Bytes.utf8("<nothing/>");
    assertThat(failures(evidence, editions(bad, bad, good), NOW)).isEmpty();
    Bytes[] many = new Bytes[16];
    Arrays.fill(many, bad);
    many[15] = good;
    assertThat(failures(evidence, editions(many), NOW)).as("wherever it stands").isEmpty();
    Bytes[] more = new Bytes[100];
    Arrays.fill(more, bad);
    assertThat(failures(evidence, editions(more), NOW)).containsOnly("nvidia.manifest.driver");
    more[99] = good;
    assertThat(failures(evidence, editions(more), NOW))
        .as("however many somebody makes up")
        .isEmpty();
  }

  private static Collateral editions(Bytes... driver) throws EvidenceException {
    var items = new ArrayList<Collateral.Item>();
    for (Bytes one : driver) {
      items.add(NvidiaVendor.item(NvidiaVendor.DRIVER_ID, one));
    }
    items.add(VENDOR.manifests().get(1));
    return Collateral.of(items);
  }

  @Test
  void aRevokedCertificateIsRefusedWhateverThePolicySays() throws Exception {
    for (Bytes list :
        List.of(
            VENDOR.deviceRoot.revocationList(11),
            VENDOR.family.revocationList(12),
            VENDOR.provisioner.revocationList(13),
            VENDOR.rom.revocationList(14),
            VENDOR.manifestRoot.revocationList(21),
            VENDOR.manifests.revocationList(22),
            VENDOR.family.revocationList(
                NOW.minus(Duration.ofDays(9)), NOW.minus(Duration.ofDays(8)), 12))) {
      var items = new ArrayList<>(VENDOR.collateral().items());
      items.add(NvidiaVendor.list(list));
      assertThat(failures(evidence, Collateral.of(items), NOW))
          .isNotEmpty()
          .allMatch(name -> name.endsWith(".revoked"));
    }
  }

  @Test
  void itSaysWhereItsManifestsAndListsAre() throws Exception {
    assertThat(Report.parse(evidence).sources())
        .extracting(Collateral.Source::url)
        .containsExactly(
            "https://rim.attestation.nvidia.com/v1/rim/" + NvidiaVendor.DRIVER_ID,
            "https://rim.attestation.nvidia.com/v1/rim/" + NvidiaVendor.VBIOS_ID,
            "http://crl.ndis.nvidia.com/crl/l2-gh100.crl",
            "http://crl.ndis.nvidia.com/crl/l1-root.crl",
            "http://crl.ndis.nvidia.com/crl-corim/l1-corim");
  }

  @Test
  void withoutItsChainAReportIsShownAndNotBelieved() throws Exception {
    Report alone = Report.parse(new Evidence(Tee.NVIDIA, evidence.report()));
    assertThat(alone.claims())
        .contains(new Claim("chip", "unknown"), new Claim("nonce", BINDING.gpuNonce().hex()));
    assertThat(alone.sources()).hasSize(1);
    assertThatThrownBy(() -> alone.verify(Collateral.none(), Anchors.pinned(), NOW))
        .isInstanceOfSatisfying(
            EvidenceException.class,
            e -> assertThat(TestPolicies.failed(e.checks())).containsExactly("nvidia.chain"));
  }

  @Test
  void otherPartsAreRefused() {
    var parts = new TreeMap<>(evidence.parts());
    parts.put(Evidence.Part.EVENT_LOG, Bytes.utf8("x"));
    assertThatThrownBy(() -> Report.parse(new Evidence(Tee.NVIDIA, parts)))
        .hasMessageContaining("has no part event-log");
  }

  /// docs/forgotten-checks.md no. 18 and 19: a GPU vouches for itself, not for the enclave.
  @Test
  void aGpuAloneIsNoEnclave() throws Exception {
    var release = Measurement.parse("sha384:" + "11".repeat(48));
    Requirements requirements = Requirements.simulated(Set.of(release));
    VerifiedReport gpu = verify(evidence, VENDOR.collateral());
    VerifiedReport cpu =
        Report.parse(InsecureSimulatedTee.running(release).evidence(BINDING, NOW))
            .verify(Collateral.none(), Anchors.pinned(), NOW);
    var trust = new Trust(requirements, List.of(), SimulatedEvidence.ACCEPT);
    assertThat(trust.appraise(List.of(cpu, gpu), BINDING, NOW))
        .isInstanceOf(Appraisal.Accepted.class);
    assertThat(refusals(trust.appraise(List.of(gpu, cpu), BINDING, NOW)))
        .containsExactly("tee.first", "tee", "measurement");
    assertThat(TestPolicies.failed(Trust.together(List.of(gpu), List.of())))
        .as("without a collaboration too")
        .containsExactly("tee.first");
    VerifiedReport spliced =
        verify(
            VENDOR.evidence(Binding.of("cloister/session/v1", Bytes.utf8("x")).gpuNonce()),
            VENDOR.collateral());
    assertThat(refusals(trust.appraise(List.of(cpu, spliced), BINDING, NOW)))
        .containsExactly("binding");
  }

  private static List<String> refusals(Appraisal appraisal) {
    return appraisal.checks().stream().filter(Check::failed).map(Check::name).toList();
  }

  private static Set<String> driver(Bytes manifest) throws EvidenceException {
    return failures(VENDOR.evidence(BINDING.gpuNonce()), withDriver(manifest), NOW);
  }

  private static Collateral withDriver(Bytes manifest) throws EvidenceException {
    return editions(manifest);
  }

  private static Transcript with(int type, String hex) {
    return new Transcript(BINDING.gpuNonce()).with(type, hex);
  }

  private Evidence withReport(Bytes report) {
    var parts = new TreeMap<>(evidence.parts());
    parts.put(Evidence.Part.REPORT, report);
    return new Evidence(Tee.NVIDIA, parts);
  }

  private Evidence withChain(List<X509Certificate> chain) {
    var parts = new TreeMap<>(evidence.parts());
    parts.put(Evidence.Part.CERTIFICATES, TestAuthority.pem(chain));
    return new Evidence(Tee.NVIDIA, parts);
  }

  private static VerifiedReport verify(Evidence evidence, Collateral collateral)
      throws EvidenceException {
    return Report.parse(evidence).verify(collateral, VENDOR.anchors(), NOW);
  }

  private static Set<String> failures(Evidence evidence) throws EvidenceException {
    return failures(evidence, VENDOR.collateral(), NOW);
  }

  private static Set<String> failures(Evidence evidence, Collateral collateral, Instant at)
      throws EvidenceException {
    Report report = Report.parse(evidence);
    try {
      report.verify(collateral, VENDOR.anchors(), at);
      return Set.of();
    } catch (EvidenceException e) {
      return e.checks().stream()
          .filter(Check::failed)
          .map(Check::name)
          .collect(Collectors.toUnmodifiableSet());
    }
  }
}
