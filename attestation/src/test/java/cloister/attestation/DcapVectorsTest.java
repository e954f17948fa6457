package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Collateral.Item;
import cloister.crypto.Bytes;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Every quote of the collection, with the collateral that is beside it, gets the verdict that its
/// README states.
@EnabledIf(value = Vectors.PRESENT, disabledReason = Vectors.ABSENT)
class DcapVectorsTest {
  /// @param expected the status, or the name of the check that refuses it, or `malformed`
  record Quote(String file, Tee tee, List<String> collateral, String at, String expected) {
    Quote at(String other) {
      return new Quote(file, tee, collateral, other, expected);
    }

    @Override
    public String toString() {
      return file;
    }
  }

  private static final String SYNTHETIC = "2022-01-01T00:00:00Z";

  /// Inputs of the quotes: Intel's answers, lists and certificates.
  private static final List<String> COLLATERAL =
      List.of(
          "sgx/dcap-qvl/sgx_quote_collateral.json",
          "sgx/intel-qvl-synthetic/intermediateCaCrl.der",
          "sgx/intel-qvl-synthetic/pckCert.pem",
          "sgx/intel-qvl-synthetic/pckSignChain.pem",
          "sgx/intel-qvl-synthetic/qeIdentity.json",
          "sgx/intel-qvl-synthetic/qveIdentity.json",
          "sgx/intel-qvl-synthetic/rootCaCrl.der",
          "sgx/intel-qvl-synthetic/tcbInfo.json",
          "sgx/intel-qvl-synthetic/tcbSignChain.pem",
          "sgx/intel-qvl-synthetic/trustedRootCaCert.pem",
          "sgx/oasis/qe_identity_v2.json",
          "sgx/oasis/tcb_info_v3_fmspc_00606A000000.json",
          "sgx/oasis/tcb_info_v3_fmspc_00606A000000_certs.pem",
          "sgx/oasis/tcb_info_v3_fmspc_00606A000000_certs_bad.pem",
          "sgx/trustee/enclaveIdentity.json",
          "sgx/trustee/tcbInfo.json",
          "tdx/automata-dcap-rs/intel_root_ca_crl.der",
          "tdx/automata-dcap-rs/pck_certchain.pem",
          "tdx/automata-dcap-rs/pck_platform_crl.der",
          "tdx/automata-dcap-rs/qeidentityv2.json",
          "tdx/automata-dcap-rs/qeidentityv2_apiv4.json",
          "tdx/automata-dcap-rs/signing_cert.pem",
          "tdx/automata-dcap-rs/tcb_info_v3_tdx_0.json",
          "tdx/automata-dcap-rs/tcb_info_v3_tdx_1.json",
          "tdx/automata-dcap-rs/tcb_signing_cert.pem",
          "tdx/automata-dcap-rs/tcbinfov2.json",
          "tdx/automata-dcap-rs/tcbinfov3_00806f050000.json",
          "tdx/automata-evm/0625/identity.json",
          "tdx/automata-evm/0625/qe_td.json",
          "tdx/automata-evm/0625/tcbinfo.json",
          "tdx/automata-evm/0625/tcbinfov3_00806f050000.json",
          "tdx/automata-evm/0625/tcbinfov3_90C06F000000.json",
          "tdx/automata-evm/0825/platform_crl.der",
          "tdx/automata-evm/0825/sgx_qeidentity_v4.json",
          "tdx/automata-evm/0825/sgx_tcbinfov3_00606a000000.json",
          "tdx/automata-evm/1025/identity.json",
          "tdx/automata-evm/1025/pck_crl.der",
          "tdx/automata-evm/1025/tcb_info.json",
          "tdx/dcap-qvl/tdx_quote_collateral.json",
          "tdx/dcap-qvl/tdx_quote_outdated_collateral.json",
          "tdx/go-tdx-guest/pckCrlIssuerChain.pem",
          "tdx/go-tdx-guest/pckcrl",
          "tdx/go-tdx-guest/qeIdentityIssuerChain.pem",
          "tdx/go-tdx-guest/rootcrl.der",
          "tdx/go-tdx-guest/sample_qeIdentity_response",
          "tdx/go-tdx-guest/sample_tcbInfo_response",
          "tdx/go-tdx-guest/sample_tcbinfo_response_v5",
          "tdx/go-tdx-guest/tcbInfoIssuerChain.pem",
          "tdx/intel-qvl-synthetic/intermediateCaCrl.der",
          "tdx/intel-qvl-synthetic/pckCert.pem",
          "tdx/intel-qvl-synthetic/pckSignChain.pem",
          "tdx/intel-qvl-synthetic/qeIdentity.json",
          "tdx/intel-qvl-synthetic/rootCaCrl.der",
          "tdx/intel-qvl-synthetic/tcbInfo.json",
          "tdx/intel-qvl-synthetic/tcbSignChain.pem",
          "tdx/intel-qvl-synthetic/trustedRootCaCert.pem",
          "tdx/roots/intel_sgx_root_ca.pem");

  /// What is neither a quote nor collateral of one.
  private static final List<String> OTHERS =
      List.of(
          "sgx/intel-qvl-synthetic/intermediateCaCrl.pem",
          "sgx/intel-qvl-synthetic/quote.dat",
          "sgx/intel-qvl-synthetic/rootCaCrl.pem",
          "tdx/automata-dcap-rs/Intel_SGX_Provisioning_Certification_RootCA.cer",
          "tdx/automata-evm/0625/sgxtcbeval.json",
          "tdx/automata-evm/0625/tdxtcbeval.json",
          "tdx/automata-evm/0825/sgxtcbeval.json",
          "tdx/automata-evm/1025/pico/inputs.json",
          "tdx/automata-evm/1025/tdxtcbeval.json",
          "tdx/dstack/quote-report.eventlog.json",
          "tdx/dstack/quote-report.json",
          "tdx/dstack/tdx-lite-attestation.json",
          "tdx/dstack/tdx-lite-getquote.eventlog.json",
          "tdx/dstack/tdx-lite-getquote.json",
          "tdx/go-tdx-guest/ccel/ccel_data.dat",
          "tdx/go-tdx-guest/ccel/ccel_table.dat",
          "tdx/go-tdx-guest/ccel/nonce.dat",
          "tdx/go-tdx-guest/report.dat",
          "tdx/intel-qvl-synthetic/quote.dat",
          "tdx/roots/intel_sgx_root_ca.der",
          "tdx/trustee/parse_tdx_claims_expected.json");

  static Stream<Quote> quotes() {
    String rs = "tdx/automata-dcap-rs/";
    List<String> evm =
        List.of(
            "tdx/automata-evm/0625/tcbinfov3_90C06F000000.json",
            "tdx/automata-evm/0625/qe_td.json",
            "tdx/dcap-qvl/tdx_quote_collateral.json");
    List<String> spr =
        List.of(
            "tdx/go-tdx-guest/sample_tcbInfo_response",
            "tdx/go-tdx-guest/sample_qeIdentity_response",
            "tdx/go-tdx-guest/pckcrl",
            "tdx/go-tdx-guest/rootcrl.der",
            "tdx/go-tdx-guest/tcbInfoIssuerChain.pem");
    return Stream.of(
        new Quote(
            "tdx/dcap-qvl/tdx_quote",
            Tee.TDX,
            List.of("tdx/dcap-qvl/tdx_quote_collateral.json"),
            "2025-06-20T00:00:00Z",
            "UpToDate"),
        new Quote(
            "tdx/dcap-qvl/tdx_quote_outdated",
            Tee.TDX,
            List.of("tdx/dcap-qvl/tdx_quote_outdated_collateral.json"),
            "2026-02-20T00:00:00Z",
            "tdx.tcb-level"),
        new Quote(
            rs + "quote_tdx_00806f050000.dat",
            Tee.TDX,
            List.of(
                rs + "tcbinfov3_00806f050000.json",
                rs + "qeidentityv2_apiv4.json",
                rs + "tcb_signing_cert.pem",
                rs + "intel_root_ca_crl.der",
                rs + "pck_platform_crl.der"),
            Instant.ofEpochSecond(1_739_419_232).toString(),
            "OutOfDate"),
        new Quote(
            "tdx/automata-evm/quotes/alibaba_quote_5.dat",
            Tee.TDX,
            evm,
            "2025-06-20T00:00:00Z",
            "UpToDate"),
        // Of that day no revocation list is in the collection: all else holds.
        new Quote(
            "tdx/automata-evm/quotes/alibaba_quote_5.dat",
            Tee.TDX,
            evm,
            "2025-06-15T00:00:00Z",
            "tdx.pck-revocation"),
        new Quote(
            "tdx/automata-evm/quotes/tdx_quote_5.dat",
            Tee.TDX,
            evm,
            "2025-06-20T00:00:00Z",
            "tdx.tcb-level"),
        new Quote(
            "tdx/go-tdx-guest/tdx_prod_quote_SPR_E4.dat",
            Tee.TDX,
            spr,
            "2023-07-01T01:00:00Z",
            "malformed"),
        new Quote(
            "tdx/go-tdx-guest/quote_v5_sample.dat",
            Tee.TDX,
            List.of(
                "tdx/go-tdx-guest/sample_tcbinfo_response_v5",
                "tdx/go-tdx-guest/sample_qeIdentity_response",
                "tdx/go-tdx-guest/pckcrl",
                "tdx/go-tdx-guest/rootcrl.der",
                "tdx/dcap-qvl/tdx_quote_collateral.json"),
            "2026-02-15T00:00:00Z",
            "tdx.pck-revocation tdx.qe-identity"),
        new Quote(
            "sgx/dcap-qvl/sgx_quote",
            Tee.SGX,
            List.of("sgx/dcap-qvl/sgx_quote_collateral.json"),
            "2025-06-20T00:00:00Z",
            "ConfigurationAndSWHardeningNeeded"),
        new Quote(
            "sgx/oasis/quote_v3_ecdsa_p256_pck_chain.bin",
            Tee.SGX,
            List.of(
                "sgx/oasis/tcb_info_v3_fmspc_00606A000000.json",
                "sgx/oasis/tcb_info_v3_fmspc_00606A000000_certs.pem",
                "sgx/oasis/qe_identity_v2.json"),
            Instant.ofEpochSecond(1_671_497_404).toString(),
            // Of that day no revocation list is in the collection: all else holds.
            "sgx.pck-revocation sgx.pck-authority-revocation sgx.tcb-info-signer-revocation"),
        new Quote(
            "sgx/oasis/quote_v3_ecdsa_p256_pck_chain.bin",
            Tee.SGX,
            List.of(
                "sgx/oasis/tcb_info_v3_fmspc_00606A000000.json",
                "sgx/oasis/tcb_info_v3_fmspc_00606A000000_certs_bad.pem",
                "sgx/oasis/qe_identity_v2.json"),
            Instant.ofEpochSecond(1_671_497_404).toString(),
            "sgx.pck-revocation sgx.pck-authority-revocation sgx.tcb-info"),
        new Quote(
            "sgx/oasis/quote_v3_ecdsa_p256_eppid.bin",
            Tee.SGX,
            List.of(),
            "2022-12-20T00:50:04Z",
            "malformed"),
        bare("tdx/trustee/tdx_quote_4.dat", Tee.TDX),
        bare("tdx/trustee/tdx_quote_5.dat", Tee.TDX),
        bare("tdx/trustee/tdx_quote_6.dat", Tee.TDX),
        bare("tdx/dstack/quote-report.quote.bin", Tee.TDX).at("2026-08-01T00:00:00Z"),
        bare("tdx/dstack/tdx-lite-getquote.quote.bin", Tee.TDX).at("2026-08-01T00:00:00Z"),
        bare("tdx/go-tdx-guest/ccel/cos-113-tdx-quote.dat", Tee.TDX),
        bare("azure-cvm/trustee/az-tdx-vtpm/td-quote.bin", Tee.TDX),
        bare("sgx/trustee/occlum_quote.dat", Tee.SGX));
  }

  /// A quote whose collateral nobody kept: every signature holds, and what is missing is named.
  private static Quote bare(String file, Tee tee) {
    String p = tee.label();
    return new Quote(
        file,
        tee,
        List.of(),
        "2025-06-20T00:00:00Z",
        "%s.pck-revocation %s.pck-authority-revocation %s.tcb-info".formatted(p, p, p));
  }

  @ParameterizedTest
  @MethodSource("quotes")
  void everyQuoteGetsItsVerdict(Quote quote) throws Exception {
    assertThat(verdict(quote)).isEqualTo(quote.expected());
  }

  /// With all collateral of the collection at hand, whoever kept it: what applies is found among
  /// what does not, and only what was current then is used.
  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          tdx/automata-dcap-rs/quote_tdx_00806f050000.dat,   2025-02-13T09:20:32Z, OutOfDate
          tdx/automata-dcap-rs/quote_tdx_00806f050000.dat,   2025-06-20T00:00:00Z, OutOfDate
          tdx/automata-dcap-rs/quote_tdx_00806f050000.dat,   2025-10-20T00:00:00Z, OutOfDate
          tdx/automata-dcap-rs/quote_tdx_00806f050000.dat,   2025-08-20T00:00:00Z, tdx.tcb-info
          tdx/automata-evm/quotes/alibaba_quote_5.dat,       2025-06-20T00:00:00Z, UpToDate
          tdx/automata-evm/quotes/alibaba_quote_5.dat,       2026-02-20T00:00:00Z, OutOfDate
          tdx/automata-evm/quotes/tdx_quote_5.dat,           2025-02-13T09:20:32Z, tdx.tcb-level
          tdx/automata-evm/quotes/tdx_quote_5.dat,           2026-02-20T00:00:00Z, tdx.tcb-level
          tdx/dcap-qvl/tdx_quote,                            2025-06-20T00:00:00Z, UpToDate
          tdx/dcap-qvl/tdx_quote_outdated,                   2026-02-20T00:00:00Z, tdx.tcb-level
          tdx/dstack/quote-report.quote.bin,                 2026-02-20T00:00:00Z, UpToDate
          tdx/go-tdx-guest/quote_v5_sample.dat,              2026-02-20T00:00:00Z, UpToDate
          tdx/go-tdx-guest/ccel/cos-113-tdx-quote.dat,       2025-02-13T09:20:32Z, UpToDate
          tdx/go-tdx-guest/ccel/cos-113-tdx-quote.dat,       2025-06-20T00:00:00Z, UpToDate
          tdx/go-tdx-guest/ccel/cos-113-tdx-quote.dat,       2025-10-20T00:00:00Z, UpToDate
          tdx/trustee/tdx_quote_4.dat,                       2023-07-01T01:00:00Z, UpToDate debug
          tdx/trustee/tdx_quote_5.dat,                       2025-06-20T00:00:00Z, tdx.tcb-level
          tdx/trustee/tdx_quote_6.dat,                       2025-11-01T00:00:00Z, OutOfDate
          sgx/dcap-qvl/sgx_quote,             2025-06-20T00:00:00Z, ConfigurationAndSWHardeningNeeded
          sgx/oasis/quote_v3_ecdsa_p256_pck_chain.bin,       2025-02-13T09:20:32Z, OutOfDate
          sgx/oasis/quote_v3_ecdsa_p256_pck_chain.bin,       2025-08-20T00:00:00Z, OutOfDate
          sgx/trustee/occlum_quote.dat,                      2025-02-13T09:20:32Z, OutOfDate debug
          sgx/trustee/occlum_quote.dat,                      2025-06-20T00:00:00Z, OutOfDate debug
          """)
  void collateralIsFoundAmongThatOfOthers(String file, String at, String expected)
      throws Exception {
    Tee tee = file.startsWith("tdx") ? Tee.TDX : Tee.SGX;
    Collateral all = collateral(COLLATERAL.stream().filter(one -> !isForged(one)).toList());
    assertThat(verdict(new Evidence(tee, Vectors.read(file)), all, Anchors.pinned(), at))
        .isEqualTo(expected);
  }

  /// Somebody wrote a line of text behind it; without that line its signatures hold.
  @Test
  void aQuoteWithTextBehindItIsReadWithoutIt() throws Exception {
    Bytes quote = Vectors.read("tdx/go-tdx-guest/tdx_prod_quote_SPR_E4.dat");
    Collateral all = collateral(COLLATERAL.stream().filter(one -> !isForged(one)).toList());
    assertThat(
            verdict(
                new Evidence(Tee.TDX, QuoteSurgery.withoutPadding(quote)),
                all,
                Anchors.pinned(),
                "2023-07-01T01:00:00Z"))
        .isEqualTo("tdx.tcb-level");
  }

  /// Made for Intel's own tests, under a root of its own.
  @Test
  void quotesOfIntelsOwnTestsAreHeldAgainstItsSchema() throws Exception {
    // Components above 255 do not exist; Intel's library cuts them down to a byte.
    assertThat(
            synthetic(
                Tee.TDX,
                Vectors.read("tdx/intel-qvl-synthetic/quote.dat"),
                Instant.parse(SYNTHETIC)))
        .isEqualTo("tdx.tcb-info");
    // A certificate of the PPID kind.
    String sgx = "sgx/intel-qvl-synthetic/";
    assertThat(synthetic(Tee.SGX, Vectors.read(sgx + "quote.dat"), Instant.parse(SYNTHETIC)))
        .isEqualTo("malformed");
    Bytes chained =
        QuoteSurgery.withCertificates(
            Vectors.read(sgx + "quote.dat"),
            Bytes.concat(
                Vectors.read(sgx + "pckCert.pem"), Vectors.read(sgx + "pckSignChain.pem")));
    assertThat(synthetic(Tee.SGX, chained, Instant.parse(SYNTHETIC))).isEqualTo("UpToDate");
    assertThat(synthetic(Tee.SGX, chained, Instant.parse("2026-08-29T00:00:00Z")))
        .isEqualTo("sgx.tcb-info-signer-chain");
    // And under Intel's root nothing of it is anything.
    assertThat(
            verdict(
                new Evidence(Tee.SGX, chained),
                collateral(List.of(sgx + "tcbInfo.json")),
                Anchors.pinned(),
                SYNTHETIC))
        .isEqualTo("sgx.pck-chain");
  }

  private static String synthetic(Tee tee, Bytes quote, Instant at) throws Exception {
    String folder = tee + "/intel-qvl-synthetic/";
    var root =
        Certificates.read(folder, Vectors.read(folder + "trustedRootCaCert.pem"), 1).getFirst();
    return verdict(
        new Evidence(tee, quote),
        collateral(
            List.of(
                folder + "intermediateCaCrl.der",
                folder + "rootCaCrl.der",
                folder + "tcbInfo.json",
                folder + "qeIdentity.json",
                folder + "tcbSignChain.pem")),
        Anchors.insecureForTests(Map.of(Anchors.Root.INTEL, root)),
        at.toString());
  }

  /// What Intel re-issued, with the same key and number, for another time: neither is pinned.
  @Test
  void theSignerOfTcbInfoMayBeIssuedAnew() throws Exception {
    var before = certificates("tdx/automata-dcap-rs/signing_cert.pem").getFirst();
    var after =
        certificates("tdx/dcap-qvl/tdx_quote_collateral.json").stream()
            .filter(one -> Chain.of(one).equals("Intel SGX TCB Signing"))
            .findFirst()
            .orElseThrow();
    assertThat(after).isNotEqualTo(before);
    assertThat(after.getSerialNumber()).isEqualTo(before.getSerialNumber());
    assertThat(after.getPublicKey()).isEqualTo(before.getPublicKey());
    var items = new ArrayList<>(DcapCollateral.read("tdx/dcap-qvl/tdx_quote_collateral.json"));
    items.addFirst(
        new Item(Collateral.Kind.CERTIFICATES, "the expired one", Certificates.encoded(before)));
    var evidence = new Evidence(Tee.TDX, Vectors.read("tdx/dcap-qvl/tdx_quote"));
    assertThat(verdict(evidence, Collateral.of(items), Anchors.pinned(), "2025-06-20T00:00:00Z"))
        .isEqualTo("UpToDate");
    // Only the expired one, of the same key.
    items.removeIf(
        item -> item.kind() == Collateral.Kind.CERTIFICATES && !item.source().contains("expired"));
    assertThat(verdict(evidence, Collateral.of(items), Anchors.pinned(), "2025-06-20T00:00:00Z"))
        .isEqualTo("tdx.tcb-info-signer-chain");
  }

  private static List<X509Certificate> certificates(String file) throws Exception {
    return Collateral.of(DcapCollateral.read(file)).certificates();
  }

  @Test
  void theQuotesInsideAnswersOfADaemonAreThoseBesideThem() throws Exception {
    for (String name : List.of("quote-report", "tdx-lite-getquote")) {
      Fields answer = Json.parse(name, Vectors.read("tdx/dstack/" + name + ".json"), 1 << 20);
      assertThat(answer.hex("quote"))
          .isEqualTo(Vectors.read("tdx/dstack/%s.quote.bin".formatted(name)));
      assertThat(dstackReplay("tdx/dstack/%s.eventlog.json".formatted(name)))
          .as("the application's events explain its register")
          .isEqualTo(domain("tdx/dstack/%s.quote.bin".formatted(name)).rtmrs().get(3));
    }
  }

  /// SHA-384 of each event in turn; dstack's log is JSON, which may leave the digests out.
  private static Bytes dstackReplay(String file) throws Exception {
    Bytes value = Bytes.of(new byte[48]);
    for (Json event : Json.parseArray(file, Vectors.read(file), 1 << 20)) {
      var members = ((Json.Obj) event).members();
      if (members.get("imr") instanceof Json.Num number && number.text().equals("3")) {
        Bytes digest =
            EventLog.Algorithm.SHA384.digest(
                Bytes.hex("01000008"),
                Bytes.utf8(":" + text(members, "event") + ":"),
                Bytes.hex(text(members, "event_payload")));
        value = EventLog.Algorithm.SHA384.digest(value, digest);
      }
    }
    return value;
  }

  private static String text(Map<String, Json> members, String name) {
    if (members.get(name) instanceof Json.Str text) {
      return text.value();
    }
    throw new AssertionError(name + " is no text");
  }

  @Test
  void theFieldsAreThoseThatAnotherProjectReads() throws Exception {
    Fields expected =
        Json.parse("claims", Vectors.read("tdx/trustee/parse_tdx_claims_expected.json"), 1 << 20)
            .object("quote")
            .object("body");
    TdReport domain = domain("tdx/trustee/tdx_quote_4.dat");
    assertThat(domain.mrTd()).isEqualTo(expected.hex("mr_td"));
    assertThat(domain.mrSeam()).isEqualTo(expected.hex("mr_seam"));
    assertThat(domain.mrSignerSeam()).isEqualTo(expected.hex("mrsigner_seam"));
    assertThat(domain.mrConfigId()).isEqualTo(expected.hex("mr_config_id"));
    assertThat(domain.mrOwner()).isEqualTo(expected.hex("mr_owner"));
    assertThat(domain.mrOwnerConfig()).isEqualTo(expected.hex("mr_owner_config"));
    assertThat(domain.teeTcbSvn()).isEqualTo(expected.hex("tcb_svn"));
    assertThat(domain.seamAttributes()).isEqualTo(expected.hex("seam_attributes"));
    assertThat(domain.xfam()).isEqualTo(expected.hex("xfam"));
    assertThat(domain.reportData()).isEqualTo(expected.hex("report_data"));
    for (int i = 0; i < 4; i++) {
      assertThat(domain.rtmrs().get(i)).isEqualTo(expected.hex("rtmr_" + i));
    }
    assertThat(domain.attributes()).isEqualTo(0x1000_0001L);
  }

  private static TdReport domain(String file) throws EvidenceException {
    return (TdReport) DcapQuote.parse(Vectors.read(file)).body();
  }

  /// A report for the same machine only: nothing but its processor can verify it.
  @Test
  void aReportWithoutAQuoteIsNone() {
    assertThat(
            TestPolicies.refusal(
                new Evidence(Tee.TDX, Vectors.read("tdx/go-tdx-guest/report.dat")),
                Collateral.none(),
                Anchors.pinned(),
                Instant.parse(SYNTHETIC)))
        .singleElement()
        .asString()
        .contains("version is");
  }

  @Test
  void everyFileOfTheFoldersIsKnown() {
    var known = new TreeSet<String>(COLLATERAL);
    known.addAll(OTHERS);
    quotes().map(Quote::file).forEach(known::add);
    var found =
        Stream.of("tdx", "sgx")
            .flatMap(folder -> Vectors.files(folder).stream())
            .map(file -> Vectors.root().relativize(file).toString().replace('\\', '/'))
            .filter(file -> !file.endsWith("README.md"))
            .collect(Collectors.toCollection(TreeSet::new));
    known.removeIf(file -> file.startsWith("azure"));
    assertThat(found).isEqualTo(known);
  }

  private static boolean isForged(String file) {
    return file.contains("synthetic");
  }

  private static String verdict(Quote quote) throws Exception {
    return verdict(
        new Evidence(quote.tee(), Vectors.read(quote.file())),
        collateral(quote.collateral()),
        Anchors.pinned(),
        quote.at());
  }

  static DcapPlatform platform(Claims claims) {
    return switch (claims) {
      case TdxClaims(_, DcapPlatform platform) -> platform;
      case SgxClaims(_, DcapPlatform platform) -> platform;
      default -> throw new AssertionError();
    };
  }

  private static String verdict(
      Evidence evidence, Collateral collateral, Anchors anchors, String at) {
    try {
      var claims = Report.parse(evidence).verify(collateral, anchors, Instant.parse(at)).claims();
      String debug = claims.debug() == Claims.Debug.ON ? " debug" : "";
      return platform(claims).status() + debug;
    } catch (EvidenceException e) {
      return e.checks().isEmpty()
          ? "malformed"
          : e.checks().stream()
              .filter(Check::failed)
              .map(Check::name)
              .collect(Collectors.joining(" "));
    }
  }

  private static Collateral collateral(List<String> files) throws Exception {
    var items = new ArrayList<Item>();
    for (String file : files) {
      items.addAll(DcapCollateral.read(file));
    }
    return Collateral.of(items);
  }
}
