package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Collateral.Item;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
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

  private static String verdict(Quote quote) throws Exception {
    try {
      var report = Report.parse(new Evidence(quote.tee(), Vectors.read(quote.file())));
      var claims =
          report
              .verify(collateral(quote.collateral()), Anchors.pinned(), Instant.parse(quote.at()))
              .claims();
      return switch (claims) {
        case TdxClaims(_, DcapPlatform platform) -> platform.status().toString();
        case SgxClaims(_, DcapPlatform platform) -> platform.status().toString();
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

  private static Collateral collateral(List<String> files) throws Exception {
    var items = new ArrayList<Item>();
    for (String file : files) {
      items.addAll(DcapCollateral.read(file));
    }
    return Collateral.of(items);
  }
}
