package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Collateral.Item;
import cloister.crypto.Bytes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Real quotes that every clone has: they verify, and nothing of them or of what verifies them can
/// be changed, left out, exchanged, or be of another time.
class DcapRealQuotesTest {
  private static final Instant JUNE_2025 = Instant.parse("2025-06-20T00:00:00Z");
  private static final Instant FEBRUARY_2026 = Instant.parse("2026-02-20T00:00:00Z");
  private static final String LOG = "tdx/padded-quote-event-log.bin";

  /// In the folder of TDX, beside what [DcapEvidenceTest] reads.
  static final List<String> FILES =
      List.of(
          "2026-02.json",
          "padded-quote.bin",
          "padded-quote-event-log.bin",
          "padded-quote-tcb-info.json",
          "v5-quote.bin",
          "v5-quote-no-level.bin",
          "v5-quote-service-td.bin");

  private static final List<String> TDX_2025 = published("tdx");

  /// What is beside the quote of June 2025.
  static List<String> published(String folder) {
    return Stream.of(
            "tcb-info.json", "qe-identity.json", "tcb-signing.pem", "pck.crl", "root-ca.crl")
        .map(file -> folder + "/" + file)
        .toList();
  }

  record Quote(String file, List<String> collateral, Instant at, String status) {
    Tee tee() {
      return file.startsWith("tdx") ? Tee.TDX : Tee.SGX;
    }

    Bytes bytes() {
      return Repository.read(file);
    }

    Collateral publishedThen() throws EvidenceException {
      return DcapCollateral.ofRepository(collateral.toArray(String[]::new));
    }

    @Override
    public String toString() {
      return file;
    }
  }

  private static final Quote V4 = new Quote("tdx/quote.bin", TDX_2025, JUNE_2025, "UpToDate");
  private static final Quote PADDED =
      new Quote(
          "tdx/padded-quote.bin",
          Stream.concat(TDX_2025.stream(), Stream.of("tdx/padded-quote-tcb-info.json")).toList(),
          JUNE_2025,
          "UpToDate");
  private static final Quote V5 =
      new Quote("tdx/v5-quote.bin", List.of("tdx/2026-02.json"), FEBRUARY_2026, "UpToDate");
  private static final Quote SERVED =
      new Quote(
          "tdx/v5-quote-service-td.bin", List.of("tdx/2026-02.json"), FEBRUARY_2026, "OutOfDate");
  private static final Quote SGX =
      new Quote("sgx/quote.bin", published("sgx"), JUNE_2025, "ConfigurationAndSWHardeningNeeded");

  static Stream<Quote> accepted() {
    return Stream.of(V4, PADDED, V5, SERVED, SGX);
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void aRealQuoteVerifiesWithWhatIntelPublishedThen(Quote quote) throws Exception {
    Claims claims = claims(quote, quote.bytes());
    assertThat(DcapVectorsTest.platform(claims).status()).hasToString(quote.status());
    assertThat(claims.debug()).isEqualTo(Claims.Debug.OFF);
    assertThat(claims.identifiers())
        .containsKeys(Identifier.CHIP_ID, Identifier.REPORT_DATA, Identifier.MEASUREMENT);
    assertThat(claims.identifiers().containsKey(Identifier.PLATFORM_INSTANCE_ID))
        .as("a Processor CA's certificate names none")
        .isEqualTo(quote.tee() == Tee.TDX);
    assertThat(claims.claims().stream().map(Claim::name).toList())
        .contains("fmspc", "pce-id", "ppid", "tcb-status", "tcb-evaluation-number");
    assertThat(claims.claims().stream().map(Claim::name).anyMatch("dynamic-platform"::equals))
        .as("nor how the platform was set up")
        .isEqualTo(quote.tee() == Tee.TDX);
  }

  @Test
  void aQuoteWhoseModuleHasNoLevelIsRefused() throws Exception {
    assertThat(
            TestPolicies.refusal(
                new Evidence(Tee.TDX, Repository.read("tdx/v5-quote-no-level.bin")),
                V5.publishedThen(),
                Anchors.pinned(),
                FEBRUARY_2026))
        .containsExactly("tdx.tcb-level");
  }

  /// Whatever is altered is refused, or says nothing: line ends of PEM, and the root certificate,
  /// which is pinned.
  @ParameterizedTest
  @MethodSource("accepted")
  void nothingOfAQuoteCanBeChanged(Quote quote) throws Exception {
    Bytes bytes = QuoteSurgery.withoutPadding(quote.bytes());
    Collateral collateral = quote.publishedThen();
    int certificates = QuoteSurgery.certification(bytes) + 6;
    Claims unchanged = claims(quote, bytes);
    var random = new Random(20_261_128);
    // Certificates are signed texts: of them a sample. All quotes have the same structure: of the
    // others a sample.
    int step = quote.equals(V4) ? 1 : 5;
    for (int at = 0; at < bytes.size(); at += at < certificates ? step : 11) {
      byte[] changed = bytes.toArray();
      changed[at] ^= (byte) (1 << random.nextInt(8));
      try {
        Claims claims =
            Report.parse(new Evidence(quote.tee(), Bytes.of(changed)))
                .verify(collateral, Anchors.pinned(), quote.at())
                .claims();
        assertThat(at).isGreaterThanOrEqualTo(certificates);
        assertThat(claims).isEqualTo(unchanged);
      } catch (EvidenceException e) {
        assertThat(e).hasMessageContaining(" ");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void aQuoteEndsWhereItEndsOrInZeros(Quote quote) throws Exception {
    Bytes bytes = QuoteSurgery.withoutPadding(quote.bytes());
    for (int size = 0; size < bytes.size(); size++) {
      var evidence = new Evidence(quote.tee(), bytes.slice(0, size));
      assertThatThrownBy(() -> Report.parse(evidence))
          .as("%d bytes", size)
          .isInstanceOf(EvidenceException.class);
    }
    assertThat(refusal(quote, bytes)).isEmpty();
    Claims claims = claims(quote, Bytes.concat(bytes, Bytes.of(new byte[5000])));
    assertThat(claims).isEqualTo(claims(quote, bytes));
    assertThat(refusal(quote, Bytes.concat(bytes, Bytes.of(new byte[70]), Bytes.hex("01"))))
        .singleElement()
        .asString()
        .contains("no padding");
    assertThat(refusal(quote, Bytes.concat(bytes, Bytes.of(new byte[70_000])))).isNotEmpty();
  }

  @Test
  void certificatesOfAnotherPlatformAreNone() throws Exception {
    for (Quote quote : accepted().toList()) {
      for (Quote other : accepted().filter(one -> !one.equals(quote)).toList()) {
        Bytes foreign = QuoteSurgery.certificates(other.bytes());
        var both = new ArrayList<>(quote.publishedThen().items());
        both.addAll(other.publishedThen().items());
        var evidence =
            new Evidence(quote.tee(), QuoteSurgery.withCertificates(quote.bytes(), foreign));
        assertThat(
                TestPolicies.refusal(
                    evidence, Collateral.of(both), Anchors.pinned(), later(quote, other)))
            .as("%s with the certificates of %s", quote, other)
            .contains(quote.tee() + ".qe-signature");
      }
    }
  }

  private static Instant later(Quote one, Quote other) {
    return one.at().isAfter(other.at()) ? one.at() : other.at();
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void eachPieceOfCollateralIsNeeded(Quote quote) throws Exception {
    String prefix = quote.tee() + ".";
    assertThat(without(quote, item -> item.kind() == Collateral.Kind.TCB_INFO))
        .containsExactly(prefix + "tcb-info");
    assertThat(without(quote, item -> item.kind() == Collateral.Kind.ENCLAVE_IDENTITY))
        .containsExactly(prefix + "qe-identity");
    assertThat(without(quote, item -> item.kind() == Collateral.Kind.CERTIFICATES))
        .containsExactly(prefix + "tcb-info");
    assertThat(without(quote, item -> isList(item, "Root CA")))
        .containsExactly(
            prefix + "pck-authority-revocation", prefix + "tcb-info-signer-revocation");
    assertThat(without(quote, item -> isList(item, "PCK")))
        .containsExactly(prefix + "pck-revocation");
    assertThat(without(quote, item -> true))
        .containsExactly(
            prefix + "pck-revocation", prefix + "pck-authority-revocation", prefix + "tcb-info");
  }

  /// go-tdx-guest asked for the Platform CA's list, whoever had issued.
  @Test
  void theListIsThatOfWhoIssuedThePlatformsKey() throws Exception {
    var items = new ArrayList<>(SGX.publishedThen().items());
    items.removeIf(item -> isList(item, "Processor CA"));
    items.addAll(V4.publishedThen().items());
    assertThat(items).anyMatch(item -> isList(item, "Platform CA"));
    assertThat(
            TestPolicies.refusal(
                new Evidence(Tee.SGX, SGX.bytes()),
                Collateral.of(items),
                Anchors.pinned(),
                JUNE_2025))
        .containsExactly("sgx.pck-revocation");
  }

  /// attestation-rs #26: the identity of the other TEE's quoting enclave.
  @Test
  void theIdentityIsThatOfTheQuotingEnclaveForTheTee() throws Exception {
    var items = new ArrayList<>(V4.publishedThen().items());
    items.removeIf(item -> item.kind() == Collateral.Kind.ENCLAVE_IDENTITY);
    items.addAll(SGX.publishedThen().items());
    assertThat(
            TestPolicies.refusal(
                new Evidence(Tee.TDX, V4.bytes()),
                Collateral.of(items),
                Anchors.pinned(),
                JUNE_2025))
        .containsExactly("tdx.qe-identity");
  }

  private static boolean isList(Item item, String issuer) {
    try {
      return item.kind() == Collateral.Kind.REVOCATION_LIST
          && Collateral.dates(item).about().contains(issuer);
    } catch (EvidenceException e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> without(Quote quote, Predicate<Item> dropped) throws Exception {
    var items = new ArrayList<>(quote.publishedThen().items());
    items.removeIf(dropped);
    return TestPolicies.refusal(
        new Evidence(quote.tee(), quote.bytes()),
        Collateral.of(items),
        Anchors.pinned(),
        quote.at());
  }

  /// Of everything that has dates, to the second.
  @Test
  void everythingIsOfItsTime() throws Exception {
    assertThat(failuresAt(V4, "2025-06-19T10:32:27Z")).isEmpty();
    assertThat(failuresAt(V4, "2025-06-19T10:32:26Z")).containsExactly("tdx.qe-identity");
    assertThat(failuresAt(V4, "2025-06-19T10:16:02Z")).containsExactly("tdx.tcb-info");
    assertThat(failuresAt(V4, "2025-06-19T10:00:34Z"))
        .containsExactly("tdx.pck-revocation", "tdx.tcb-info");
    assertThat(failuresAt(V4, "2025-07-19T10:00:34Z")).isEmpty();
    assertThat(failuresAt(V4, "2025-07-19T10:00:35Z")).containsExactly("tdx.pck-revocation");
    assertThat(failuresAt(V4, "2025-07-19T10:16:03Z"))
        .containsExactly("tdx.pck-revocation", "tdx.tcb-info");
    // The PCK's certificate.
    assertThat(failuresAt(V4, "2025-02-06T23:25:50Z")).containsExactly("tdx.pck-chain");
    assertThat(failuresAt(V4, "2025-02-06T23:25:51Z")).doesNotContain("tdx.pck-chain");
    assertThat(failuresAt(V4, "2032-02-06T23:25:51Z")).doesNotContain("tdx.pck-chain");
    assertThat(failuresAt(V4, "2032-02-06T23:25:52Z")).containsExactly("tdx.pck-chain");
    assertThat(failuresAt(SGX, "2025-06-19T10:56:11Z")).isEmpty();
    assertThat(failuresAt(SGX, "2025-06-19T10:56:10Z")).containsExactly("sgx.tcb-info");
    assertThat(failuresAt(SGX, "2025-07-19T10:01:17Z")).isEmpty();
    assertThat(failuresAt(SGX, "2025-07-19T10:01:18Z")).containsExactly("sgx.qe-identity");
    assertThat(failuresAt(V5, "2026-02-18T10:58:51Z")).isEmpty();
    assertThat(failuresAt(V5, "2026-02-18T10:58:50Z")).containsExactly("tdx.tcb-info");
    assertThat(failuresAt(V5, "2026-03-20T10:41:14Z")).isEmpty();
    assertThat(failuresAt(V5, "2026-03-20T10:41:15Z")).containsExactly("tdx.pck-revocation");
  }

  private static List<String> failuresAt(Quote quote, String at) throws Exception {
    return TestPolicies.refusal(
        new Evidence(quote.tee(), quote.bytes()),
        quote.publishedThen(),
        Anchors.pinned(),
        Instant.parse(at));
  }

  @Test
  void theRegistersAreThoseOfTheEventLog() throws Exception {
    Bytes log = Repository.read(LOG);
    assertThat(withLog(PADDED, log)).isEmpty();
    assertThat(withLog(PADDED, Bytes.concat(log, Bytes.hex("ff".repeat(1000))))).isEmpty();
    assertThat(withLog(PADDED, Bytes.concat(log, Bytes.of(new byte[1000])))).isEmpty();
    assertThat(withLog(PADDED, Bytes.concat(log, Bytes.hex("ffffff00000000000001"))))
        .containsExactly("tdx.event-log");
    assertThat(withLog(V4, log))
        .as("another machine's")
        .containsExactly("tdx.event-log", "tdx.event-log", "tdx.event-log");
    byte[] changed = log.toArray();
    changed[0x52] ^= 1;
    assertThat(withLog(PADDED, Bytes.of(changed))).containsExactly("tdx.event-log");
    assertThat(withLog(PADDED, log.slice(0, log.size() - 1))).containsExactly("tdx.event-log");
  }

  @Test
  void sgxEvidenceHasNoEventLog() {
    var evidence =
        new Evidence(
            Tee.SGX,
            Map.of(
                Evidence.Part.REPORT, SGX.bytes(), Evidence.Part.EVENT_LOG, Repository.read(LOG)));
    assertThat(TestPolicies.refusal(evidence, Collateral.none(), Anchors.pinned(), JUNE_2025))
        .containsExactly("sgx evidence has no part event-log");
  }

  @Test
  void aQuoteOfOneTeeIsNoEvidenceOfTheOther() {
    assertThat(
            TestPolicies.refusal(
                new Evidence(Tee.TDX, SGX.bytes()), Collateral.none(), Anchors.pinned(), JUNE_2025))
        .containsExactly("tdx evidence is a quote of sgx");
    assertThat(
            TestPolicies.refusal(
                new Evidence(Tee.SGX, V4.bytes()), Collateral.none(), Anchors.pinned(), JUNE_2025))
        .containsExactly("sgx evidence is a quote of tdx");
  }

  @Test
  void noBytesAreTooStrangeToRead() {
    var random = new Random(42);
    Set<String> outcomes = new TreeSet<>();
    for (int i = 0; i < 3000; i++) {
      Quote quote = i % 2 == 0 ? SGX : V5;
      byte[] bytes = quote.bytes().toArray();
      for (int edits = random.nextInt(4) + 1; edits > 0; edits--) {
        bytes[random.nextInt(i % 3 == 0 ? 60 : 1800)] = (byte) random.nextInt();
      }
      try {
        Report.parse(new Evidence(quote.tee(), Bytes.of(bytes))).claims();
        outcomes.add("parsed");
      } catch (EvidenceException _) {
        outcomes.add("refused");
      }
    }
    assertThat(outcomes).containsExactly("parsed", "refused");
  }

  private static List<String> withLog(Quote quote, Bytes log) throws Exception {
    return TestPolicies.refusal(
        new Evidence(
            quote.tee(), Map.of(Evidence.Part.REPORT, quote.bytes(), Evidence.Part.EVENT_LOG, log)),
        quote.publishedThen(),
        Anchors.pinned(),
        quote.at());
  }

  private static Claims claims(Quote quote, Bytes bytes) throws Exception {
    return Report.parse(new Evidence(quote.tee(), bytes))
        .verify(quote.publishedThen(), Anchors.pinned(), quote.at())
        .claims();
  }

  private static List<String> refusal(Quote quote, Bytes bytes) throws Exception {
    return TestPolicies.refusal(
        new Evidence(quote.tee(), bytes), quote.publishedThen(), Anchors.pinned(), quote.at());
  }
}
