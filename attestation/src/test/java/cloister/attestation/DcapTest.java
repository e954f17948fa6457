package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.attestation.DcapTestPlatform.Domain;
import cloister.attestation.DcapTestPlatform.Enclave;
import cloister.attestation.DcapTestPlatform.Judgement;
import cloister.attestation.DcapTestPlatform.Level;
import cloister.attestation.DcapTestPlatform.ModuleLevel;
import cloister.crypto.Bytes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// What Intel never signs, on a platform of a test's own; the numbers are of advisories and of
/// other verifiers' issues: docs/forgotten-checks.md.
class DcapTest {
  private static final Instant NOW = DcapTestPlatform.NOW;
  private static final Duration DAY = Duration.ofDays(1);
  private static final Judgement JUDGEMENT =
      Judgement.of(
          "TDX", Level.of(5, "UpToDate"), Level.of(3, "OutOfDate"), Level.of(1, "Revoked"));
  private static final Domain DOMAIN = Domain.of(5, 1, 5);

  private final DcapTestPlatform platform = DcapTestPlatform.of(5, 10);
  private final Item info = platform.info(JUDGEMENT);
  private final Item identity = platform.identity("TD_QE", 4, "UpToDate");

  @Test
  void aPlatformThatReachesTheHighestLevelIsUpToDate() throws Exception {
    assertThat(verdict(platform, platform.quote(DOMAIN), info, identity)).isEqualTo("UpToDate");
  }

  @Test
  void theFirstLevelOfWhichEveryComponentIsReachedCounts() throws Exception {
    assertThat(verdict(DcapTestPlatform.of(4, 10), DOMAIN)).isEqualTo("OutOfDate");
    assertThat(verdict(DcapTestPlatform.of(0, 10), DOMAIN)).isEqualTo("tdx.tcb-level");
    assertThat(verdict(DcapTestPlatform.of(5, 9), DOMAIN)).isEqualTo("tdx.tcb-level");
    // None makes up for another (dcap-qvl #91).
    var uneven = new ArrayList<>(DcapTestPlatform.all(200));
    uneven.set(15, 4);
    assertThat(verdict(new DcapTestPlatform(uneven, 10), DOMAIN)).isEqualTo("OutOfDate");
    // The TDX components too.
    assertThat(verdict(platform, Domain.of(5, 1, 4))).isEqualTo("OutOfDate");
  }

  /// dcap-qvl bdf315d: compared pair by pair until the shorter list ends, a level that lacks its
  /// last component is one that every platform reaches there.
  @Test
  void aLevelHasAllSixteenComponents() throws Exception {
    Bytes quote = platform.quote(DOMAIN);
    String one = "{\"svn\":5},";
    for (String list : List.of("\"sgxtcbcomponents\":[", "\"tdxtcbcomponents\":[")) {
      for (String other : List.of("", one + one)) {
        var edited = platform.info(JUDGEMENT, json -> json.replace(list + one, list + other));
        assertThat(edited).isNotEqualTo(info);
        assertThat(verdict(platform, quote, edited, identity)).isEqualTo("tdx.tcb-info");
      }
    }
  }

  @Test
  void aRevokedLevelIsRefusedWhateverThePolicySays() throws Exception {
    assertThat(verdict(DcapTestPlatform.of(1, 10), DOMAIN)).isEqualTo("tdx.tcb-level");
    var revoked = platform.identity("TD_QE", 4, "Revoked");
    assertThat(verdict(platform, platform.quote(DOMAIN), info, revoked)).isEqualTo("tdx.tcb-level");
  }

  @Test
  void theModuleAndTheQuotingEnclavePullTheStatusDown() throws Exception {
    var configured = Judgement.of("TDX", Level.of(5, "ConfigurationNeeded"));
    var hardened = Judgement.of("TDX", Level.of(5, "SWHardeningNeeded"));
    assertThat(verdict(platform, Domain.of(2, 1, 5))).isEqualTo("OutOfDate");
    assertThat(
            verdict(
                platform, platform.quote(Domain.of(2, 1, 5)), platform.info(configured), identity))
        .isEqualTo("OutOfDateConfigurationNeeded");
    var old = platform.identity("TD_QE", 4, "OutOfDate");
    assertThat(verdict(platform, platform.quote(DOMAIN), platform.info(hardened), old))
        .isEqualTo("OutOfDate");
    assertThat(verdict(platform, platform.quote(DOMAIN), platform.info(configured), old))
        .isEqualTo("OutOfDateConfigurationNeeded");
    // A platform that is out of date stays so, whatever the module is.
    assertThat(verdict(DcapTestPlatform.of(4, 10), DOMAIN)).isEqualTo("OutOfDate");
  }

  @Test
  void aHostWithANewModuleIsToldToRelaunchTheDomain() throws Exception {
    Domain before = Domain.of(2, 1, 5);
    assertThat(verdict(platform, before.runningModule(5, 5))).isEqualTo("TDRelaunchAdvised");
    assertThat(verdict(platform, before.runningModule(4, 5))).isEqualTo("OutOfDate");
    assertThat(verdict(platform, before.runningModule(5, 4))).isEqualTo("OutOfDate");
    var configured = platform.info(Judgement.of("TDX", Level.of(5, "ConfigurationNeeded")));
    assertThat(verdict(platform, platform.quote(before.runningModule(5, 5)), configured, identity))
        .isEqualTo("TDRelaunchAdvisedConfigurationNeeded");
    // Not where the quoting enclave is old too.
    var old = platform.identity("TD_QE", 4, "OutOfDate");
    assertThat(verdict(platform, platform.quote(before.runningModule(5, 5)), info, old))
        .isEqualTo("OutOfDate");
  }

  @Test
  void aModuleThatIntelDoesNotKnowIsRefused() throws Exception {
    assertThat(verdict(platform, Domain.of(5, 9, 5))).isEqualTo("tdx.module");
    assertThat(verdict(platform, Domain.of(1, 1, 5))).isEqualTo("tdx.module");
    var none = platform.info(JUDGEMENT.modules(new ModuleLevel(9, "UpToDate")));
    assertThat(verdict(platform, platform.quote(DOMAIN), none, identity)).isEqualTo("tdx.module");
  }

  /// CVE-2026-22696: any enclave on the platform can have a report that holds a key.
  @Test
  void anotherEnclaveThanIntelsDoesNotMakeQuotes() throws Exception {
    Enclave intels = Enclave.INTELS;
    Bytes other = Bytes.hex("aa".repeat(32));
    assertThat(by(new Enclave(other, 2, 4, intels.attributes(), intels.miscSelect())))
        .isEqualTo("tdx.qe-signer");
    assertThat(
            by(
                new Enclave(
                    DcapTestPlatform.MR_SIGNER, 1, 4, intels.attributes(), intels.miscSelect())))
        .isEqualTo("tdx.qe-product");
    Bytes debug = Bytes.hex("13" + "00".repeat(15));
    assertThat(by(new Enclave(DcapTestPlatform.MR_SIGNER, 2, 4, debug, intels.miscSelect())))
        .isEqualTo("tdx.qe-attributes");
    assertThat(
            by(
                new Enclave(
                    DcapTestPlatform.MR_SIGNER, 2, 4, intels.attributes(), Bytes.hex("01000000"))))
        .isEqualTo("tdx.qe-miscselect");
    assertThat(
            by(
                new Enclave(
                    DcapTestPlatform.MR_SIGNER, 2, 3, intels.attributes(), intels.miscSelect())))
        .isEqualTo("tdx.qe-level");
  }

  /// attestation-rs #26: the identity of the quoting enclave of SGX is none for TDX.
  @Test
  void collateralOfTheWrongKindOrPlatformIsNone() throws Exception {
    Bytes quote = platform.quote(DOMAIN);
    assertThat(verdict(platform, quote, info, platform.identity("QE", 4, "UpToDate")))
        .isEqualTo("tdx.qe-identity");
    assertThat(
            verdict(
                platform,
                quote,
                platform.info(Judgement.of("SGX", Level.of(5, "UpToDate"))),
                identity))
        .isEqualTo("tdx.tcb-info");
    assertThat(
            verdict(platform, quote, platform.info(JUDGEMENT.ofFamily("00606A000001")), identity))
        .isEqualTo("tdx.tcb-info");
    assertThat(verdict(platform, quote, platform.info(JUDGEMENT.ofPce("0001")), identity))
        .isEqualTo("tdx.tcb-info");
    assertThat(verdict(platform, quote, identity)).isEqualTo("tdx.tcb-info");
    assertThat(verdict(platform, quote, info)).isEqualTo("tdx.qe-identity");
  }

  @Test
  void theNewestJudgementCountsWhoeverOffersAnOlderOne() throws Exception {
    Bytes quote = platform.quote(Domain.of(5, 1, 4));
    var strict = platform.info(JUDGEMENT.evaluated(18, NOW.minus(DAY)));
    var lax =
        platform.info(
            Judgement.of("TDX", Level.of(4, "UpToDate")).evaluated(17, NOW.minusSeconds(60)));
    assertThat(verdict(platform, quote, lax, identity)).isEqualTo("UpToDate");
    assertThat(verdict(platform, quote, lax, strict, identity)).isEqualTo("OutOfDate");
    // The newer one has ended: the older one does not take its place.
    var ended = platform.info(JUDGEMENT.evaluated(18, NOW.minus(Duration.ofDays(40))));
    assertThat(verdict(platform, quote, lax, ended, identity)).isEqualTo("tdx.tcb-info");
  }

  @Test
  void collateralHoldsFromItsIssueUntilItsNextUpdate() throws Exception {
    Bytes quote = platform.quote(DOMAIN);
    Instant issued = NOW.minus(DAY);
    Item newInfo = platform.info(JUDGEMENT.evaluated(17, NOW));
    assertThat(verdict(platform, quote, NOW, newInfo, identity)).isEqualTo("UpToDate");
    assertThat(verdict(platform, quote, NOW.minusSeconds(1), newInfo, identity))
        .isEqualTo("tdx.tcb-info");
    Item newIdentity = platform.identity("TD_QE", 4, "UpToDate", NOW);
    assertThat(verdict(platform, quote, NOW, info, newIdentity)).isEqualTo("UpToDate");
    assertThat(verdict(platform, quote, NOW.minusSeconds(1), info, newIdentity))
        .isEqualTo("tdx.qe-identity");
    // Both begin a day ago and have 30 days; so have the revocation lists, to the second.
    assertThat(
            verdict(
                platform, quote, issued.plus(Duration.ofDays(30)).minusSeconds(1), info, identity))
        .isEqualTo("UpToDate");
    assertThat(verdict(platform, quote, issued.plus(Duration.ofDays(30)), info, identity))
        .contains("tdx.tcb-info");
  }

  /// attestation-rs #26: JSON that is written anew is another text.
  @Test
  void whatIntelSignedIsTheTextAsItWasSent() throws Exception {
    Bytes quote = platform.quote(DOMAIN);
    String text = new String(info.bytes().toArray(), java.nio.charset.StandardCharsets.UTF_8);
    for (String changed :
        List.of(
            text.replace("\"version\":3", "\"version\": 3"),
            text.replace("\"status\":3,", ""),
            text.replace("\"pceId\":\"0000\",\"tcbType\":0", "\"tcbType\":0,\"pceId\":\"0000\""),
            text.replace("OutOfDate", "UpToDate"))) {
      var item = new Item(Kind.TCB_INFO, "a test", Bytes.utf8(changed));
      assertThat(verdict(platform, quote, item, identity))
          .isEqualTo(changed.equals(text) ? "UpToDate" : "tdx.tcb-info");
    }
    var twice =
        new Item(
            Kind.TCB_INFO,
            "a test",
            Bytes.utf8(text.replace("\"tcbType\":0", "\"tcbType\":0,\"tcbType\":0")));
    assertThat(verdict(platform, quote, twice, identity)).isEqualTo("tdx.tcb-info");
  }

  @Test
  void whatIsRevokedIsRefusedAndMissingListsAreToo() throws Exception {
    Bytes quote = platform.quote(DOMAIN);
    Bytes clean = platform.authority.revocationList();
    Bytes rootClean = platform.root.revocationList();
    assertThat(withLists(quote, clean, rootClean)).isEqualTo("UpToDate");
    assertThat(withLists(quote, platform.authority.revocationList(4), rootClean))
        .isEqualTo("tdx.pck-revocation");
    assertThat(withLists(quote, clean, platform.root.revocationList(2)))
        .isEqualTo("tdx.pck-authority-revocation");
    assertThat(withLists(quote, clean, platform.root.revocationList(3)))
        .isEqualTo("tdx.tcb-info-signer-revocation");
    assertThat(withLists(quote, rootClean)).isEqualTo("tdx.pck-revocation");
    assertThat(withLists(quote, clean))
        .isEqualTo("tdx.pck-authority-revocation tdx.tcb-info-signer-revocation");
    Bytes ended = platform.authority.revocationList(NOW.minus(DAY), NOW.minusSeconds(1));
    assertThat(withLists(quote, ended, rootClean)).isEqualTo("tdx.pck-revocation");
  }

  @Test
  void keysThatDoNotLeadToThePinnedRootAreRefused() throws Exception {
    var stranger = DcapTestPlatform.of(5, 10);
    Bytes quote = stranger.quote(DOMAIN);
    assertThat(verdict(platform, quote, info, identity)).isEqualTo("tdx.pck-chain");
    // A signer of that name, under another root.
    var report = Report.parse(new Evidence(Tee.TDX, platform.quote(DOMAIN)));
    var items = new ArrayList<>(platform.lists());
    items.addAll(stranger.lists());
    items.add(stranger.info(JUDGEMENT));
    items.add(identity);
    items.add(new Item(Kind.CERTIFICATES, "a test", stranger.signer.der()));
    items.add(new Item(Kind.CERTIFICATES, "a test", platform.signer.der()));
    assertThat(failures(report, Collateral.of(items), platform.anchors(), NOW))
        .isEqualTo("tdx.tcb-info");
    // Intel's own root is no test's.
    assertThat(failures(report, platform.collateral(info, identity), Anchors.pinned(), NOW))
        .isEqualTo("tdx.pck-chain");
  }

  /// A signer costs one signature and levels one for each genuine signer, so however many somebody
  /// makes up, the genuine ones are found.
  @Test
  void madeUpSignersAndLevelsByTheHundredTakeNoGenuineOnesPlace() throws Exception {
    var report = Report.parse(new Evidence(Tee.TDX, platform.quote(DOMAIN)));
    var items = new ArrayList<Item>();
    var stranger = DcapTestPlatform.of(5, 10);
    for (int index = 0; index < 100; index++) {
      items.add(new Item(Kind.CERTIFICATES, "a test", DcapTestPlatform.of(5, 10).signer.der()));
    }
    for (int evaluation = 100; evaluation < 400; evaluation++) {
      items.add(stranger.info(JUDGEMENT.evaluated(evaluation, NOW)));
    }
    assertThat(failures(report, Collateral.of(items), platform.anchors(), NOW))
        .startsWith("tdx.pck-revocation");
    items.addAll(platform.collateral(info, identity).items());
    assertThat(failures(report, Collateral.of(items), platform.anchors(), NOW))
        .isEqualTo("UpToDate");
  }

  @Test
  void everyByteOfAQuoteIsSignedBoundOrRefused() throws Exception {
    Bytes quote = platform.quote(DOMAIN);
    Collateral collateral = platform.collateral(info, identity);
    byte[] bytes = quote.toArray();
    int pem = text(quote).indexOf("-----BEGIN");
    // Of the certificates, which are signed themselves, every seventh byte will do.
    for (int at = 0; at < bytes.length; at += at < pem ? 1 : 7) {
      byte[] changed = bytes.clone();
      changed[at] ^= (byte) (1 << (at % 8));
      Bytes other = Bytes.of(changed);
      assertThat(tolerated(quote, at) || !accepted(other, collateral))
          .as(
              "byte %s: %s",
              at, text(quote).substring(Math.max(0, at - 9), Math.min(at + 9, bytes.length)))
          .isTrue();
    }
  }

  /// PEM has line ends that mean nothing, and a chain may come without its root: what is read is
  /// what the certificates say, and those are signed.
  private static boolean tolerated(Bytes quote, int at) {
    String text = text(quote);
    int pem = text.indexOf("-----BEGIN");
    int last = text.lastIndexOf("-----BEGIN");
    return at >= last || (at >= pem && (text.charAt(at) == '\n' || text.charAt(at) == '='));
  }

  private static String text(Bytes quote) {
    return new String(quote.toArray(), java.nio.charset.StandardCharsets.ISO_8859_1);
  }

  private boolean accepted(Bytes quote, Collateral collateral) {
    try {
      Report.parse(new Evidence(Tee.TDX, quote)).verify(collateral, platform.anchors(), NOW);
      return true;
    } catch (EvidenceException _) {
      return false;
    }
  }

  @Test
  void aQuoteCutShortIsRefusedAndPaddingIsNot() throws Exception {
    Bytes quote = platform.quote(DOMAIN);
    for (int size = 0; size < quote.size(); size += 7) {
      Bytes cut = quote.slice(0, size);
      assertThatThrownBy(() -> Report.parse(new Evidence(Tee.TDX, cut)))
          .as("%s bytes", size)
          .isInstanceOf(EvidenceException.class);
    }
    Bytes padded = Bytes.concat(quote, Bytes.of(new byte[70]));
    assertThat(verdict(platform, padded, info, identity)).isEqualTo("UpToDate");
    Bytes text = Bytes.concat(quote, Bytes.utf8("\nextra"));
    assertThat(verdict(platform, text, info, identity)).isEqualTo("malformed");
    assertThat(
            failures(
                () -> Report.parse(new Evidence(Tee.SGX, quote)),
                platform.collateral(),
                platform.anchors(),
                NOW))
        .isEqualTo("malformed");
  }

  @Test
  void sgxQuotesAreHeldAgainstTheLevelsOfSgx() throws Exception {
    Bytes mrEnclave = Bytes.hex("77".repeat(32));
    Bytes quote = platform.quote(mrEnclave, 4, Enclave.INTELS);
    Item sgx = platform.info(Judgement.of("SGX", Level.of(5, "UpToDate")));
    Item qe = platform.identity("QE", 4, "UpToDate");
    var verified =
        Report.parse(new Evidence(Tee.SGX, quote))
            .verify(platform.collateral(sgx, qe), platform.anchors(), NOW);
    assertThat(verified.claims().measurement()).hasToString("sha256:" + mrEnclave.hex());
    assertThat(verified.claims().debug()).isEqualTo(Claims.Debug.OFF);
    Bytes debug = platform.quote(mrEnclave, 6, Enclave.INTELS);
    var other =
        Report.parse(new Evidence(Tee.SGX, debug))
            .verify(platform.collateral(sgx, qe), platform.anchors(), NOW);
    assertThat(other.claims().debug()).isEqualTo(Claims.Debug.ON);
    // Open Enclave's envelope around it.
    Bytes enveloped =
        Bytes.concat(
            Bytes.hex("0100000002000000"),
            Bytes.of(
                java.nio.ByteBuffer.allocate(8)
                    .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                    .putLong(quote.size())
                    .array()),
            quote);
    assertThat(
            Report.parse(new Evidence(Tee.SGX, enveloped))
                .verify(platform.collateral(sgx, qe), platform.anchors(), NOW)
                .claims())
        .isEqualTo(verified.claims());
  }

  @Test
  void everyByteOfTheReportDataIsBound() throws Exception {
    Binding binding = Binding.of("cloister/session/v1", Bytes.utf8("nonce"));
    Item sgx = platform.info(Judgement.of("SGX", Level.of(5, "UpToDate")));
    Item qe = platform.identity("QE", 4, "UpToDate");
    byte[] enclave = DcapTestPlatform.enclaveBody(Bytes.hex("77".repeat(32)), 5).toArray();
    for (int at = -1; at < 64; at++) {
      byte[] data = binding.reportData().toArray();
      if (at >= 0) {
        data[at] ^= (byte) (1 << at % 8);
      }
      var domain = new Domain(DOMAIN.svn(), DOMAIN.svn2(), DOMAIN.attributes(), Bytes.of(data));
      System.arraycopy(data, 0, enclave, 320, data.length);
      Bytes quote = platform.quote(3, 0, 1, Bytes.of(enclave), Enclave.INTELS);
      for (VerifiedReport report :
          List.of(
              Report.parse(new Evidence(Tee.TDX, platform.quote(domain)))
                  .verify(platform.collateral(info, identity), platform.anchors(), NOW),
              Report.parse(new Evidence(Tee.SGX, quote))
                  .verify(platform.collateral(sgx, qe), platform.anchors(), NOW))) {
        assertThat(report.claims().boundTo(binding))
            .as("%s, byte %d", report.tee(), at)
            .isEqualTo(at < 0);
      }
    }
  }

  @Test
  void anyBitOfTheTudByteIsDebug() throws Exception {
    for (int bit = 0; bit < 8; bit++) {
      Domain domain = DOMAIN.withAttributes(1L << 28 | 1L << bit);
      var verified =
          Report.parse(new Evidence(Tee.TDX, platform.quote(domain)))
              .verify(platform.collateral(info, identity), platform.anchors(), NOW);
      assertThat(verified.claims().debug()).isEqualTo(Claims.Debug.ON);
    }
  }

  // ---

  private String by(Enclave enclave) throws Exception {
    return verdict(platform, platform.quote(DOMAIN, enclave), info, identity);
  }

  private String withLists(Bytes quote, Bytes... lists) throws Exception {
    var items = new ArrayList<>(DcapTestPlatform.lists(lists));
    items.add(info);
    items.add(identity);
    items.add(new Item(Kind.CERTIFICATES, "a test", platform.signer.der()));
    return failures(
        Report.parse(new Evidence(Tee.TDX, quote)), Collateral.of(items), platform.anchors(), NOW);
  }

  /// With collateral of the platform's own vendor.
  private static String verdict(DcapTestPlatform platform, Domain domain) throws Exception {
    return verdict(
        platform,
        platform.quote(domain),
        platform.info(JUDGEMENT),
        platform.identity("TD_QE", 4, "UpToDate"));
  }

  private static String verdict(DcapTestPlatform platform, Bytes quote, Item... items)
      throws Exception {
    return verdict(platform, quote, NOW, items);
  }

  private static String verdict(DcapTestPlatform platform, Bytes quote, Instant at, Item... items)
      throws Exception {
    return failures(
        () -> Report.parse(new Evidence(Tee.TDX, quote)),
        platform.collateral(items),
        platform.anchors(),
        at);
  }

  private interface Parsing {
    Report parse() throws EvidenceException;
  }

  private static String failures(
      Report report, Collateral collateral, Anchors anchors, Instant at) {
    return failures(() -> report, collateral, anchors, at);
  }

  /// The status, the names of the checks that failed, or `malformed`.
  private static String failures(
      Parsing parsing, Collateral collateral, Anchors anchors, Instant at) {
    try {
      return switch (parsing.parse().verify(collateral, anchors, at).claims()) {
        case TdxClaims(_, DcapPlatform found) -> found.status().toString();
        case SgxClaims(_, DcapPlatform found) -> found.status().toString();
        default -> throw new AssertionError();
      };
    } catch (EvidenceException e) {
      return e.checks().isEmpty()
          ? "malformed"
          : e.checks().stream()
              .filter(Check::failed)
              .map(Check::name)
              .collect(Collectors.joining(" "));
    }
  }
}
