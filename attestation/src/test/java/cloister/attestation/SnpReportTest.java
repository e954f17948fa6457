package cloister.attestation;

import static cloister.attestation.SnpTestPlatform.ARC;
import static cloister.attestation.SnpTestPlatform.NOW;
import static cloister.attestation.SnpTestPlatform.ia5;
import static cloister.attestation.SnpTestPlatform.integer;
import static cloister.attestation.SnpTestPlatform.revocationLists;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Collateral.Item;
import cloister.attestation.TestAuthority.Contents;
import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// What no real chip would sign, by platforms of the test's own.
class SnpReportTest {
  private static final SnpTestPlatform MILAN = SnpTestPlatform.of(SnpProduct.MILAN);
  private static final SnpTestPlatform GENOA = SnpTestPlatform.of(SnpProduct.GENOA);
  private static final SnpTestPlatform TURIN = SnpTestPlatform.of(SnpProduct.TURIN);

  @Test
  void everyProductVersionAndKeyVerifies() {
    for (SnpTestPlatform platform : List.of(MILAN, GENOA, TURIN)) {
      for (int version = 2; version <= 5; version++) {
        Consumer<ByteBuffer> edits = ofVersion(version);
        assertThat(platform.failures(platform.evidence(platform.report(edits)))).isEmpty();
        assertThat(platform.failures(platform.loadedEvidence(platform.loadedReport(edits))))
            .isEmpty();
      }
    }
  }

  @Test
  void everythingThatWasLookedAtIsSaid() throws Exception {
    VerifiedReport verified =
        Report.parse(MILAN.evidence(MILAN.report(report -> report.putLong(0x40, 0x67))))
            .verify(MILAN.collateral(), MILAN.anchors(), NOW);
    assertThat(verified.checks())
        .extracting(Check::name)
        .containsExactly(
            "snp.signing-key",
            "snp.mask-chip-key",
            "snp.certificate",
            "snp.product",
            "snp.chain",
            "snp.revocation",
            "snp.signature",
            "snp.reported-tcb",
            "snp.tcb-order",
            "snp.chip-id",
            "snp.policy",
            "snp.author-key",
            "snp.platform-info");
    assertThat(verified.checks().getLast().outcome()).isEqualTo(Check.Outcome.NOTED);
    assertThat(verified.claims().claims())
        .contains(
            new Claim("product", "Milan"),
            new Claim("reported-tcb-components", "bootloader 4, tee 1, snp 23, microcode 213"));
  }

  @Test
  void anotherKindOfEvidenceCollectsUnderItsOwnName() throws Exception {
    var checks = new Checks();
    SnpClaims claims =
        new SnpVerification(checks, "azure-aci.snp", MILAN.anchors(), NOW)
            .verify(
                SnpReport.parse(MILAN.report()),
                List.of(MILAN.chipKey.certificate(), MILAN.chipAuthority.certificate()),
                MILAN.collateral());
    assertThat(checks.failed()).isFalse();
    assertThat(checks.list())
        .extracting(Check::name)
        .allMatch(name -> name.startsWith("azure-aci.snp."));
    assertThat(claims.product()).isEqualTo(SnpProduct.MILAN);
  }

  @Test
  void whatAReportSaysHasToAgreeWithItself() {
    refused(report -> report.put(0x189, (byte) 0x11), "snp.product");
    refused(report -> report.put(0x188, (byte) 0x1a).put(0x189, (byte) 0x50), "snp.product");
    refused(report -> report.putInt(0x48, 7 << 2), "snp.signing-key");
    refused(report -> report.putInt(0x48, 2 << 2), "snp.signing-key");
    refused(report -> report.putInt(0x48, 1 << 2), "snp.certificate");
    refused(report -> report.putInt(0x48, 1 << 1), "snp.mask-chip-key");
    refused(report -> report.putLong(8, 0x10137), "snp.policy");
    refused(report -> report.put(0x110, (byte) 1), "snp.author-key");
    refused(report -> report.put(0x1a0, (byte) 1), "snp.chip-id");
    refused(report -> report.put(0x1a0, new byte[64]), "snp.chip-id");
    refused(report -> report.put(0x1ed, (byte) 0x38), "snp.tcb-order");
    refused(report -> report.put(0x3a, (byte) 1), "snp.tcb");
  }

  @Test
  void theChipsIdentifierOnTurinIsItsFirstEightBytes() {
    for (int at = 0; at < 64; at++) {
      int changed = 0x1a0 + at;
      Bytes report = TURIN.report(bytes -> bytes.put(changed, (byte) 1));
      assertThat(TURIN.failures(TURIN.evidence(report))).containsExactly("snp.chip-id");
    }
  }

  /// TOB-WAPI-8: the patch level was believed without the certificate, which alone proves it.
  @Test
  void everyComponentOfTheReportedTcbIsTheCertificates() {
    for (int at : new int[] {0, 1, 6, 7}) {
      Bytes below = MILAN.report(report -> add(report, -1, 0x180 + at));
      assertThat(MILAN.failures(MILAN.evidence(below))).containsExactly("snp.reported-tcb");
      Bytes above = MILAN.report(report -> add(report, 1, 0x180 + at, 0x38 + at));
      assertThat(MILAN.failures(MILAN.evidence(above))).containsExactly("snp.reported-tcb");
    }
    for (int at : new int[] {0, 1, 2, 3, 7}) {
      Bytes below = TURIN.report(report -> add(report, -1, 0x180 + at));
      assertThat(TURIN.failures(TURIN.evidence(below))).containsExactly("snp.reported-tcb");
    }
  }

  @Test
  void whatRunsIsAtLeastWhatIsReportedAndCommitted() {
    for (int at : new int[] {0, 1, 6, 7}) {
      refused(report -> add(report, 1, 0x1e0 + at), "snp.tcb-order");
      refused(report -> add(report, -1, 0x38 + at), "snp.tcb-order");
    }
    Bytes newer = MILAN.report(report -> add(report, 1, 0x3f));
    assertThat(MILAN.failures(MILAN.evidence(newer))).as("provisional firmware").isEmpty();
  }

  @Test
  void aSignatureByAnyOtherKeyIsRefused() {
    TestAuthority same = MILAN.chipAuthority.leaf(Kind.P384, MILAN.chipKey());
    Bytes report = MILAN.report(same);
    assertThat(MILAN.failures(MILAN.evidence(report))).containsExactly("snp.signature");
    TestAuthority small = MILAN.chipAuthority.leaf(Kind.P256, MILAN.chipKey());
    Evidence weak = SnpTestPlatform.evidence(report, small, MILAN.chipAuthority);
    assertThat(MILAN.failures(weak)).containsExactly("snp.signature");
    Evidence several = SnpTestPlatform.evidence(report, MILAN.chipKey, same, MILAN.chipAuthority);
    assertThat(MILAN.failures(several)).as("of several, the one that signed").isEmpty();
  }

  @Test
  void theKeyIsFoundAmongThoseOfManyChips() throws Exception {
    var items = new ArrayList<Item>();
    for (int chip = 0; chip < 40; chip++) {
      Bytes id = Bytes.of(SnpTestPlatform.bytes(64, chip));
      TestAuthority other =
          MILAN.chipAuthority.leaf(Kind.P384, MILAN.chipKey().with(ARC + "4", id));
      items.add(new Item(Collateral.Kind.CERTIFICATES, "chip " + chip, other.der()));
    }
    TestAuthority malformed =
        MILAN.chipAuthority.leaf(Kind.P384, without(MILAN.chipKey(), ARC + "3.1"));
    items.add(new Item(Collateral.Kind.CERTIFICATES, "malformed", malformed.der()));
    items.add(new Item(Collateral.Kind.CERTIFICATES, "its own", MILAN.chipKey.der()));
    items.add(new Item(Collateral.Kind.CERTIFICATES, "authority", MILAN.chipAuthority.der()));
    items.add(new Item(Collateral.Kind.REVOCATION_LIST, "list", MILAN.root.revocationList()));
    Evidence bare = new Evidence(Tee.SEV_SNP, MILAN.report());
    assertThat(SnpTestPlatform.failures(bare, Collateral.of(items), MILAN.anchors(), NOW))
        .isEmpty();
    items.removeIf(item -> item.source().equals("its own"));
    assertThat(SnpTestPlatform.failures(bare, Collateral.of(items), MILAN.anchors(), NOW))
        .as("of other chips nothing is said")
        .containsExactly("snp.certificate");
    Bytes another = Bytes.of(SnpTestPlatform.bytes(64, 99));
    TestAuthority other =
        GENOA.chipAuthority.leaf(Kind.P384, GENOA.chipKey().with(ARC + "4", another));
    var genoa = List.of(new Item(Collateral.Kind.CERTIFICATES, "a Genoa's", other.der()));
    assertThatThrownBy(() -> Report.parse(bare).verify(Collateral.of(genoa), MILAN.anchors(), NOW))
        .hasMessageContaining("no VCEK of this chip is at hand")
        .hasMessageContaining("https://kdsintf.amd.com/vcek/v1/Milan/" + MILAN.chipId().hex());
  }

  /// CVE-2022-21449: r = s = 0 once verified everything.
  @Test
  void aSignatureOfZerosOrOfTheGroupsOrderIsNone() {
    byte[] report = MILAN.report().toArray();
    Arrays.fill(report, 0x2a0, 0x330, (byte) 0);
    assertThat(MILAN.failures(MILAN.evidence(Bytes.of(report)))).containsExactly("snp.signature");
    byte[] order =
        Bytes.hex("f".repeat(48) + "c7634d81f4372ddf581a0db248b0a77aecec196accc52973").toArray();
    for (int i = 0; i < 48; i++) {
      report[0x2a0 + i] = order[47 - i];
      report[0x2e8 + i] = order[47 - i];
    }
    assertThat(MILAN.failures(MILAN.evidence(Bytes.of(report)))).containsExactly("snp.signature");
  }

  @Test
  void aKeyIsCertifiedByTheAuthorityOfItsKindAndProduct() {
    Bytes report = MILAN.report();
    for (TestAuthority wrong :
        List.of(
            MILAN.loadedAuthority,
            MILAN.root,
            GENOA.chipAuthority,
            MILAN.root.authority(Kind.RSA_PSS, Contents.of("SEV-Genoa")))) {
      TestAuthority key = wrong.leaf(Kind.P384, MILAN.chipKey());
      Bytes signed = MILAN.report(key);
      assertThat(MILAN.failures(SnpTestPlatform.evidence(signed, key, wrong)))
          .containsExactly("snp.chain", "snp.revocation");
    }
    TestAuthority loaded = MILAN.chipAuthority.leaf(Kind.P384, MILAN.loadedKey());
    Bytes signed = MILAN.report(loaded, zero -> zero.putInt(0x48, 1 << 2));
    assertThat(MILAN.failures(SnpTestPlatform.evidence(signed, loaded, MILAN.chipAuthority)))
        .containsExactly("snp.chain", "snp.revocation");
    assertThat(MILAN.failures(SnpTestPlatform.evidence(report, MILAN.chipKey)))
        .as("no authority")
        .containsExactly("snp.chain", "snp.revocation");
  }

  /// A chip's key that issues certificates makes keys for any chip.
  @Test
  void aChipsKeyCertifiesNothing() {
    TestAuthority fake =
        MILAN.chipAuthority.leaf(Kind.RSA_PSS, Contents.of("SEV-Milan").numbered(5));
    TestAuthority key = fake.leaf(Kind.P384, MILAN.chipKey());
    Evidence evidence = SnpTestPlatform.evidence(MILAN.report(key), key, fake, MILAN.chipAuthority);
    assertThat(MILAN.failures(evidence)).contains("snp.chain");
  }

  @Test
  void aRootOfTheSameNameIsNotThePinnedOne() {
    SnpTestPlatform other = SnpTestPlatform.of(SnpProduct.MILAN);
    Evidence evidence =
        SnpTestPlatform.evidence(other.report(), other.chipKey, other.chipAuthority, other.root);
    assertThat(SnpTestPlatform.failures(evidence, other.collateral(), MILAN.anchors(), NOW))
        .containsExactly("snp.chain", "snp.revocation");
    assertThat(SnpTestPlatform.failures(evidence, other.collateral(), Anchors.pinned(), NOW))
        .containsExactly("snp.chain", "snp.revocation");
  }

  /// The processor names another product than its key's certificate, which the other product's
  /// chain certified in good order.
  @Test
  void theProductIsOneFromTheProcessorToTheRoot() {
    Bytes report = GENOA.report(genoa -> genoa.put(0x189, (byte) 0x01));
    assertThat(GENOA.failures(GENOA.evidence(report))).containsExactly("snp.product");
    Evidence old = GENOA.evidence(GENOA.report(ofVersion(2)));
    assertThat(GENOA.failures(old)).as("version 2 names no processor").isEmpty();
    for (String name : List.of("Genoa", "Siena-B0", "Bergamo-A1")) {
      TestAuthority key =
          GENOA.chipAuthority.leaf(Kind.P384, GENOA.chipKey().with(ARC + "2", ia5(name)));
      Evidence evidence = SnpTestPlatform.evidence(GENOA.report(key), key, GENOA.chipAuthority);
      assertThat(GENOA.failures(evidence)).as(name).isEmpty();
    }
  }

  @Test
  void processorsAreOfTheirProducts() {
    Map<SnpProduct, int[][]> known =
        Map.of(
            SnpProduct.MILAN, new int[][] {{0x19, 0x00}, {0x19, 0x0f}},
            SnpProduct.GENOA, new int[][] {{0x19, 0x10}, {0x19, 0x1f}, {0x19, 0xa0}, {0x19, 0xaf}},
            SnpProduct.TURIN, new int[][] {{0x1a, 0x00}, {0x1a, 0x11}});
    known.forEach((product, processors) -> {
      for (int[] cpuid : processors) {
        assertThat(SnpProduct.byCpuid(cpuid[0], cpuid[1])).contains(product);
      }
    });
    for (int[] cpuid : new int[][] {{0x17, 0x31}, {0x19, 0x20}, {0x19, 0xb0}, {0x1a, 0x12}}) {
      assertThat(SnpProduct.byCpuid(cpuid[0], cpuid[1])).isEmpty();
    }
  }

  /// go-sev-guest #154, Trustee: revocation that is optional is none.
  @Test
  void theAuthorityIsNotRevokedSaysACurrentListOfTheRoot() {
    Evidence chip = MILAN.evidence(MILAN.report());
    Evidence loaded = MILAN.loadedEvidence(MILAN.loadedReport());
    Bytes chipRevoked = MILAN.root.revocationList(7);
    assertThat(revocation(chip, chipRevoked)).containsExactly("snp.revocation");
    assertThat(revocation(loaded, chipRevoked)).isEmpty();
    assertThat(revocation(loaded, MILAN.root.revocationList(8))).containsExactly("snp.revocation");
    assertThat(revocation(chip)).as("none").containsExactly("snp.revocation");
    assertThat(revocation(chip, MILAN.chipAuthority.revocationList()))
        .as("of another issuer")
        .containsExactly("snp.revocation");
    assertThat(revocation(chip, TestAuthority.root(Kind.RSA_PSS, "ARK-Milan").revocationList()))
        .as("of a namesake")
        .containsExactly("snp.revocation");
    Bytes expired = MILAN.root.revocationList(NOW.minusSeconds(100), NOW);
    assertThat(revocation(chip, expired)).containsExactly("snp.revocation");
    Bytes future = MILAN.root.revocationList(NOW.plusSeconds(1), NOW.plusSeconds(100));
    assertThat(revocation(chip, future)).containsExactly("snp.revocation");
    assertThat(revocation(chip, chipRevoked, MILAN.root.revocationList(NOW, NOW.plusSeconds(9))))
        .as("on an older list of several")
        .containsExactly("snp.revocation");
  }

  @Test
  void certificatesExpire() {
    Contents brief = MILAN.chipKey().between(NOW, NOW.plusSeconds(60));
    TestAuthority key = MILAN.chipAuthority.leaf(Kind.P384, brief);
    Evidence evidence = SnpTestPlatform.evidence(MILAN.report(key), key, MILAN.chipAuthority);
    assertThat(at(evidence, NOW)).isEmpty();
    assertThat(at(evidence, NOW.plusSeconds(60))).isEmpty();
    assertThat(at(evidence, NOW.plusSeconds(61))).containsExactly("snp.chain");
    assertThat(at(evidence, NOW.minusSeconds(1))).containsExactly("snp.chain");
  }

  /// Verifiers skipped what an old certificate lacked, and took a component as met.
  @Test
  void noExtensionOfAKeysCertificateIsOptional() {
    for (SnpTestPlatform platform : List.of(MILAN, TURIN)) {
      for (String identifier : platform.chipKey().extensions().keySet()) {
        assertRefusedKey(platform, without(platform.chipKey(), identifier));
      }
    }
    Contents loaded = MILAN.loadedKey();
    for (String identifier : loaded.extensions().keySet()) {
      TestAuthority key = MILAN.loadedAuthority.leaf(Kind.P384, without(loaded, identifier));
      Bytes report = MILAN.report(key, bytes -> bytes.putInt(0x48, 1 << 2));
      assertThat(MILAN.failures(SnpTestPlatform.evidence(report, key, MILAN.loadedAuthority)))
          .as(identifier)
          .containsExactly("snp.certificate");
    }
  }

  @Test
  void malformedExtensionsAreRefused() {
    Contents good = MILAN.chipKey();
    for (Contents bad :
        List.of(
            good.with(ARC + "1", integer(1)),
            good.with(ARC + "2", ia5("Rome-B0")),
            good.with(ARC + "2", ia5("Milan-B0-C0")),
            good.with(ARC + "2", ia5("milan")),
            good.with(ARC + "2", Bytes.hex("0c054d696c616e")),
            good.with(ARC + "2", Bytes.concat(ia5("Milan-B0"), Bytes.of(new byte[1]))),
            good.with(ARC + "3.1", Bytes.hex("0201ff")),
            good.with(ARC + "3.1", Bytes.hex("02020100")),
            good.with(ARC + "3.1", Bytes.hex("0201")),
            good.with(ARC + "3.1", Bytes.hex("02010400")),
            good.with(ARC + "3.1", Bytes.hex("040104")),
            good.with(ARC + "3.9", integer(0)),
            good.with(ARC + "4", Bytes.of(new byte[63])),
            good.with(ARC + "4", Bytes.of(new byte[66])),
            good.with(ARC + "4", Bytes.of(new byte[8])),
            good.with(ARC + "5", ia5(SnpTestPlatform.PROVIDER)),
            new Contents("CN=VCEK", good.serial(), good.from(), good.until(), good.extensions()))) {
      assertRefusedKey(MILAN, bad);
    }
    for (String provider : List.of("", " CN=x", "CN=x\ny", "CN=\u0000", "CN=\u007f")) {
      TestAuthority key =
          MILAN.loadedAuthority.leaf(Kind.P384, MILAN.loadedKey().with(ARC + "5", ia5(provider)));
      Bytes report = MILAN.report(key, bytes -> bytes.putInt(0x48, 1 << 2));
      assertThat(MILAN.failures(SnpTestPlatform.evidence(report, key, MILAN.loadedAuthority)))
          .containsExactly("snp.certificate");
    }
    assertRefusedKey(TURIN, TURIN.chipKey().with(ARC + "4", TURIN.chipId()));
    assertRefusedKey(TURIN, TURIN.chipKey().with(ARC + "1", integer(0)));
  }

  @Test
  void theIdentifierOfAChipMayBeWrapped() {
    Bytes wrapped = Bytes.concat(Bytes.hex("0440"), MILAN.chipId());
    TestAuthority key =
        MILAN.chipAuthority.leaf(Kind.P384, MILAN.chipKey().with(ARC + "4", wrapped));
    Bytes report = MILAN.report(key);
    assertThat(MILAN.failures(SnpTestPlatform.evidence(report, key, MILAN.chipAuthority)))
        .isEmpty();
    byte[] other = wrapped.toArray();
    other[65] ^= 1;
    TestAuthority another =
        MILAN.chipAuthority.leaf(Kind.P384, MILAN.chipKey().with(ARC + "4", Bytes.of(other)));
    assertThat(
            MILAN.failures(
                SnpTestPlatform.evidence(MILAN.report(another), another, MILAN.chipAuthority)))
        .containsExactly("snp.chip-id");
  }

  @Test
  void certificatesComeInAnyFormAndOrder() {
    Bytes report = MILAN.report();
    Bytes key = MILAN.chipKey.der();
    Bytes authority = MILAN.chipAuthority.der();
    Bytes root = MILAN.root.der();
    String vcek = "63da758de6644564adc5f4b93be8accd";
    String ask = "4ab7b379bbac4fe4a02f05aef327c782";
    String ark = "c0b406a4a803495297433fb6014cd0ae";
    for (Bytes certificates :
        List.of(
            Bytes.concat(key, authority),
            Bytes.concat(authority, root, key),
            TestAuthority.pem(
                List.of(
                    MILAN.root.certificate(),
                    MILAN.chipAuthority.certificate(),
                    MILAN.chipKey.certificate())),
            table(Map.of(vcek, key, ask, authority)),
            table(Map.of(vcek, key, ask, authority, ark, root)),
            table(Map.of(vcek, pem(MILAN.chipKey), ask, pem(MILAN.chipAuthority))),
            table(Map.of(vcek, key, ask, authority, "00".repeat(15) + "01", Bytes.utf8("any"))),
            table(Map.of(vcek, key, ask, authority, ark, Bytes.utf8("not looked at"))))) {
      assertThat(MILAN.failures(SnpTestPlatform.evidence(report, certificates))).isEmpty();
    }
    var items =
        List.of(
            new Item(Collateral.Kind.CERTIFICATES, "a test", Bytes.concat(authority, key)),
            new Item(Collateral.Kind.REVOCATION_LIST, "a test", MILAN.root.revocationList()));
    assertThat(
            SnpTestPlatform.failures(
                new Evidence(Tee.SEV_SNP, report),
                SnpTestPlatform.collateral(items),
                MILAN.anchors(),
                NOW))
        .as("all from collateral")
        .isEmpty();
    Bytes bare = table(Map.of(vcek, key));
    assertThat(MILAN.failures(SnpTestPlatform.evidence(report, bare)))
        .containsExactly("snp.chain", "snp.revocation");
  }

  @Test
  void aMalformedTableIsRefusedAndNothingElse() {
    Bytes report = MILAN.report();
    Bytes table =
        table(
            Map.of(
                "63da758de6644564adc5f4b93be8accd",
                MILAN.chipKey.der(),
                "4ab7b379bbac4fe4a02f05aef327c782",
                MILAN.chipAuthority.der()));
    for (int length = 0; length < table.size(); length++) {
      Bytes cut = table.slice(0, length);
      assertThat(MILAN.failures(SnpTestPlatform.evidence(report, cut)))
          .as("%d bytes", length)
          .containsExactly("parse");
    }
    byte[] endless = new byte[24 * 1000];
    Arrays.fill(endless, (byte) 0xff);
    for (int at = 16; at < endless.length; at += 24) {
      Arrays.fill(endless, at, at + 8, (byte) 0);
    }
    assertThat(MILAN.failures(SnpTestPlatform.evidence(report, Bytes.of(endless))))
        .containsExactly("parse");
    Bytes large = Bytes.of(new byte[64 * 1024 + 1]);
    assertThat(MILAN.failures(SnpTestPlatform.evidence(report, large))).containsExactly("parse");
  }

  @Test
  void whatIsNeededBesideIsNamed() throws Exception {
    String chip = MILAN.chipId().hex();
    String milan = "https://kdsintf.amd.com/vcek/v1/Milan/";
    String genoa = "https://kdsintf.amd.com/vcek/v1/Genoa/";
    assertThat(urls(new Evidence(Tee.SEV_SNP, MILAN.report())))
        .containsExactly(
            milan + chip + "?blSPL=04&teeSPL=01&snpSPL=23&ucodeSPL=213",
            milan + "cert_chain",
            milan + "crl");
    assertThat(urls(new Evidence(Tee.SEV_SNP, TURIN.report())).getFirst())
        .isEqualTo(
            "https://kdsintf.amd.com/vcek/v1/Turin/a0a1a2a3a4a5a6a7"
                + "?fmcSPL=01&blSPL=03&teeSPL=02&snpSPL=05&ucodeSPL=72");
    assertThat(urls(MILAN.evidence(MILAN.report())))
        .containsExactly(milan + "cert_chain", milan + "crl");
    assertThat(urls(new Evidence(Tee.SEV_SNP, MILAN.loadedReport())))
        .as("a provider's key is not published")
        .containsExactly(
            milan.replace("vcek", "vlek") + "cert_chain", milan.replace("vcek", "vlek") + "crl");
    Bytes old = MILAN.report(ofVersion(2));
    assertThat(urls(MILAN.evidence(old))).containsExactly(milan + "cert_chain", milan + "crl");
    assertThat(urls(new Evidence(Tee.SEV_SNP, old)))
        .as("of no known product")
        .containsExactly(
            milan + chip + "?blSPL=04&teeSPL=01&snpSPL=23&ucodeSPL=213",
            genoa + chip + "?blSPL=04&teeSPL=01&snpSPL=23&ucodeSPL=213",
            milan + "cert_chain",
            milan + "crl",
            genoa + "cert_chain",
            genoa + "crl");
  }

  @Test
  void reservedBytesAreZeroInEveryVersion() {
    var reserved = new ArrayList<int[]>();
    reserved.add(new int[] {0x4c, 0x50});
    reserved.add(new int[] {0x18b, 0x1a0});
    reserved.add(new int[] {0x1eb, 0x1ec});
    reserved.add(new int[] {0x1ef, 0x1f0});
    reserved.add(new int[] {0x1f8, 0x2a0});
    reserved.add(new int[] {0x2d0, 0x2e8});
    reserved.add(new int[] {0x318, 0x4a0});
    Bytes good = MILAN.report();
    for (int[] range : reserved) {
      for (int at = range[0]; at < range[1]; at++) {
        assertThat(MILAN.failures(MILAN.evidence(SnpEvidenceTest.flipped(good, at, at % 8))))
            .as("offset %x", at)
            .containsExactly("parse");
      }
    }
    Bytes processor = MILAN.report(report -> report.putInt(0, 2));
    assertThat(MILAN.failures(MILAN.evidence(processor))).containsExactly("parse");
    Bytes five = MILAN.report(report -> report.putInt(0, 5).put(0x208, (byte) 1));
    assertThat(MILAN.failures(MILAN.evidence(five))).containsExactly("parse");
    for (int bit = 5; bit < 32; bit++) {
      int keyInfo = 1 << bit;
      Bytes report = MILAN.report(bytes -> bytes.putInt(0x48, keyInfo));
      assertThat(MILAN.failures(MILAN.evidence(report))).containsExactly("parse");
    }
  }

  @Test
  void unknownVersionsAlgorithmsAndLevelsAreRefused() {
    for (int version : new int[] {0, 1, 6, 0x0300, Integer.MIN_VALUE, -1}) {
      refused(report -> report.putInt(0, version), "parse");
    }
    for (int algorithm : new int[] {0, 2, 0x101, -1}) {
      refused(report -> report.putInt(0x34, algorithm), "parse");
    }
    for (int vmpl : new int[] {4, 0x100, -1}) {
      refused(report -> report.putInt(0x30, vmpl), "parse");
    }
    assertThatThrownBy(() ->
            Report.parse(
                new Evidence(
                    Tee.SEV_SNP,
                    Map.of(
                        Evidence.Part.REPORT,
                        MILAN.report(),
                        Evidence.Part.EVENT_LOG,
                        Bytes.utf8("log")))))
        .hasMessageContaining("no part event-log");
  }

  @Test
  void anyBytesAreAnAnswerAndNoOtherError() {
    var random = new Random(5);
    Bytes good = MILAN.report();
    Bytes table = table(Map.of("63da758de6644564adc5f4b93be8accd", MILAN.chipKey.der()));
    for (int i = 0; i < 2000; i++) {
      byte[] report = new byte[random.nextInt(4) == 0 ? random.nextInt(2000) : SnpReport.BYTES];
      random.nextBytes(report);
      System.arraycopy(good.toArray(), 0, report, 0, Math.min(report.length, 0x38));
      byte[] certificates = table.toArray();
      for (int j = 0; j < 3; j++) {
        certificates[random.nextInt(random.nextInt(4) == 0 ? certificates.length : 72)] =
            (byte) random.nextInt();
      }
      Evidence evidence =
          SnpTestPlatform.evidence(i % 2 == 0 ? Bytes.of(report) : good, Bytes.of(certificates));
      assertThat(MILAN.failures(evidence)).isNotEmpty();
    }
  }

  private static List<String> urls(Evidence evidence) throws EvidenceException {
    return Report.parse(evidence).sources().stream().map(Collateral.Source::url).toList();
  }

  private static Consumer<ByteBuffer> ofVersion(int version) {
    return switch (version) {
      case 2 -> report -> report.putInt(0, 2).put(0x188, new byte[3]);
      case 5 -> report -> report.putInt(0, 5).putLong(0x1f8, 1).putLong(0x200, 3);
      default -> report -> report.putInt(0, version);
    };
  }

  private static void add(ByteBuffer report, int amount, int... offsets) {
    for (int offset : offsets) {
      report.put(offset, (byte) (report.get(offset) + amount));
    }
  }

  private static void refused(Consumer<ByteBuffer> edits, String failure) {
    assertThat(MILAN.failures(MILAN.evidence(MILAN.report(edits)))).containsExactly(failure);
  }

  private static Set<String> revocation(Evidence evidence, Bytes... lists) {
    return SnpTestPlatform.failures(evidence, revocationLists(lists), MILAN.anchors(), NOW);
  }

  private static Set<String> at(Evidence evidence, Instant instant) {
    return SnpTestPlatform.failures(evidence, MILAN.collateral(), MILAN.anchors(), instant);
  }

  private static void assertRefusedKey(SnpTestPlatform platform, Contents contents) {
    TestAuthority key = platform.chipAuthority.leaf(Kind.P384, contents);
    Evidence evidence = SnpTestPlatform.evidence(platform.report(key), key, platform.chipAuthority);
    assertThat(platform.failures(evidence)).as("%s", contents).containsExactly("snp.certificate");
  }

  private static Contents without(Contents contents, String identifier) {
    var extensions = new java.util.LinkedHashMap<>(contents.extensions());
    extensions.remove(identifier);
    return new Contents(
        contents.subject(), contents.serial(), contents.from(), contents.until(), extensions);
  }

  private static Bytes pem(TestAuthority authority) {
    return TestAuthority.pem(List.of(authority.certificate()));
  }

  /// The table that a host gives: entries, one of zeros, and then the contents.
  private static Bytes table(Map<String, Bytes> entries) {
    int offset = 24 * (entries.size() + 1);
    ByteBuffer head = ByteBuffer.allocate(offset).order(ByteOrder.LITTLE_ENDIAN);
    Bytes contents = Bytes.of(new byte[0]);
    for (var entry : entries.entrySet()) {
      head.put(Bytes.hex(entry.getKey()).toArray());
      head.putInt(offset + contents.size()).putInt(entry.getValue().size());
      contents = Bytes.concat(contents, entry.getValue());
    }
    return Bytes.concat(Bytes.of(head.array()), contents);
  }
}
