package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.DcapTestPlatform.Domain;
import cloister.attestation.DcapTestPlatform.Enclave;
import cloister.attestation.DcapTestPlatform.Judgement;
import cloister.attestation.DcapTestPlatform.Level;
import cloister.crypto.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Every form that a quote has, and those that it may not have.
class DcapFormatsTest {
  private static final Bytes MR_ENCLAVE = Bytes.hex("77".repeat(32));

  private final DcapTestPlatform platform = DcapTestPlatform.of(5, 10);

  @ParameterizedTest
  @CsvSource({
    "3, 0x00, 1, ''",
    "4, 0x00, 1, ''",
    "5, 0x00, 1, ''",
    "4, 0x81, 2, ''",
    "5, 0x81, 2, ''",
    "5, 0x81, 3, ''",
    "2, 0x00, 1, version",
    "6, 0x81, 3, version",
    "3, 0x81, 2, tee type",
    "4, 0x01, 1, tee type",
    "5, 0x00, 2, tee type",
    "5, 0x00, 3, tee type",
    "5, 0x81, 1, tee type",
    "5, 0x82, 3, tee type",
    "5, 0x81, 4, body type"
  })
  void aQuoteIsOfAVersionATeeAndABodyThatGoTogether(
      int version, String tee, int type, String problem) throws Exception {
    int number = Integer.decode(tee);
    Tee claimed = number == 0 ? Tee.SGX : Tee.TDX;
    List<String> refusal = refusal(claimed, quote(version, number, type));
    if (problem.isEmpty()) {
      assertThat(refusal).isEmpty();
    } else {
      assertThat(refusal).singleElement().asString().contains(problem);
    }
  }

  private Bytes quote(int version, int tee, int type) {
    return platform.quote(version, tee, type, body(type), Enclave.INTELS);
  }

  private static Bytes body(int type) {
    return switch (type) {
      case 1 -> DcapTestPlatform.enclaveBody(MR_ENCLAVE, 5);
      case 2 -> Domain.of(5, 1, 5).body().slice(0, TdReport.BYTES_1_0);
      default -> Domain.of(5, 1, 5).body();
    };
  }

  @Test
  void onlyAChainOfCertificatesCanBeVerifiedOffline() {
    Bytes quote = quote(5, 0x81, 3);
    for (int type : List.of(0, 1, 2, 3, 4, 6, 7)) {
      assertThat(refusal(Tee.TDX, with(quote, QuoteSurgery.certification(quote), type)))
          .singleElement()
          .asString()
          .contains("only a PCK certificate chain (5)");
    }
  }

  @Test
  void theKeyIsOfAKindThatIsKnown() {
    for (int kind : List.of(0, 1, 3)) {
      assertThat(refusal(Tee.TDX, with(quote(4, 0x81, 2), 2, kind)))
          .singleElement()
          .asString()
          .contains("ECDSA P-256");
    }
  }

  /// The header is signed, so that only the quoting enclave itself could say so.
  @Test
  void theQuotingEnclaveIsIntels() {
    assertThat(refusal(Tee.TDX, with(quote(4, 0x81, 2), 12, 0)))
        .containsExactly("tdx.vendor", "tdx.signature");
  }

  @Test
  void lengthsInsideAQuoteAreThoseOfWhatTheyHold() {
    Bytes quote = quote(5, 0x81, 3);
    int signatureLength = 54 + TdReport.BYTES_1_5;
    int nested = signatureLength + 4 + 128 + 2;
    int authentication = nested + 4 + 384 + 64;
    int chain = QuoteSurgery.certification(quote) + 2;
    ByteBuffer in = ByteBuffer.wrap(quote.toArray()).order(ByteOrder.LITTLE_ENDIAN);
    for (int at : List.of(50, signatureLength, nested, chain)) {
      for (int wrong :
          List.of(0, in.getInt(at) - 1, in.getInt(at) + 1, -1, Integer.MAX_VALUE, 1 << 31)) {
        byte[] changed = quote.toArray();
        ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putInt(at, wrong);
        assertThat(refusal(Tee.TDX, Bytes.of(changed)))
            .as("%d at %d", wrong, at)
            .singleElement()
            .asString()
            .contains(" ");
      }
    }
    for (int wrong : List.of(0, 13, 15, 0xffff)) {
      assertThat(refusal(Tee.TDX, with(quote, authentication, wrong))).isNotEmpty();
    }
  }

  /// Quoting services end the text in a NUL, as C does.
  @Test
  void certificatesMayEndInANul() {
    Bytes quote = quote(4, 0x81, 2);
    Bytes certificates = QuoteSurgery.certificates(quote);
    Bytes ended = Bytes.concat(certificates, Bytes.hex("00"));
    assertThat(refusal(Tee.TDX, QuoteSurgery.withCertificates(quote, ended))).isEmpty();
    assertThat(refusal(Tee.TDX, QuoteSurgery.withCertificates(quote, Bytes.hex("00"))))
        .singleElement()
        .asString()
        .contains("no certificate");
  }

  /// Root first, as Intel's own sample has them: the order says nothing.
  @Test
  void certificatesComeInAnyOrder() {
    Bytes quote = quote(4, 0x81, 2);
    Bytes reversed =
        TestAuthority.pem(
            List.of(
                platform.root.certificate(),
                platform.authority.certificate(),
                platform.pck.certificate()));
    assertThat(refusal(Tee.TDX, QuoteSurgery.withCertificates(quote, reversed))).isEmpty();
    Bytes alone = TestAuthority.pem(List.of(platform.pck.certificate()));
    assertThat(refusal(Tee.TDX, QuoteSurgery.withCertificates(quote, alone)))
        .containsExactly("tdx.pck-chain");
    Bytes none = TestAuthority.pem(List.of(platform.root.certificate()));
    assertThat(refusal(Tee.TDX, QuoteSurgery.withCertificates(quote, none))).isNotEmpty();
    Bytes many = TestAuthority.pem(java.util.Collections.nCopies(6, platform.pck.certificate()));
    assertThat(refusal(Tee.TDX, QuoteSurgery.withCertificates(quote, many)))
        .singleElement()
        .asString()
        .contains("at most 5");
  }

  @Test
  void anEnvelopeOfOpenEnclaveHoldsExactlyOneQuote() {
    Bytes quote = quote(3, 0, 1);
    assertThat(refusal(Tee.SGX, enveloped(quote, quote.size()))).isEmpty();
    assertThat(refusal(Tee.SGX, enveloped(quote, quote.size() - 1))).isNotEmpty();
    assertThat(refusal(Tee.SGX, enveloped(quote, quote.size() + 1L))).isNotEmpty();
    assertThat(refusal(Tee.SGX, enveloped(quote, -1))).isNotEmpty();
    assertThat(refusal(Tee.SGX, enveloped(enveloped(quote, quote.size()), quote.size() + 16L)))
        .isNotEmpty();
  }

  private static Bytes enveloped(Bytes quote, long size) {
    return Bytes.concat(
        Bytes.hex("0100000002000000"),
        Bytes.of(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(size).array()),
        quote);
  }

  /// The report data of the quoting enclave is the key's digest and zeros, all of it:
  /// docs/forgotten-checks.md no. 2.
  @Test
  void theAttestationKeyIsTheOneThatTheQuotingEnclaveNames() {
    Bytes quote = quote(5, 0x81, 3);
    int key = 54 + TdReport.BYTES_1_5 + 4 + 64;
    assertThat(refusal(Tee.TDX, with(quote, key, 1)))
        .containsExactly("tdx.qe-report-data", "tdx.signature");
    int authentication = key + 64 + 6 + 384 + 64 + 2;
    assertThat(refusal(Tee.TDX, with(quote, authentication, 1)))
        .containsExactly("tdx.qe-report-data");
    int reportData = key + 64 + 6 + 320;
    assertThat(refusal(Tee.TDX, with(quote, reportData + 62, 1)))
        .containsExactly("tdx.qe-signature", "tdx.qe-report-data");
  }

  private static Bytes with(Bytes quote, int at, int value) {
    byte[] changed = quote.toArray();
    ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putShort(at, (short) value);
    return Bytes.of(changed);
  }

  private List<String> refusal(Tee tee, Bytes quote) {
    try {
      return TestPolicies.refusal(
          new Evidence(tee, quote),
          platform.collateral(
              platform.info(Judgement.of(tee == Tee.TDX ? "TDX" : "SGX", Level.of(5, "UpToDate"))),
              platform.identity(tee == Tee.TDX ? "TD_QE" : "QE", 4, "UpToDate")),
          platform.anchors(),
          DcapTestPlatform.NOW);
    } catch (EvidenceException e) {
      throw new AssertionError(e);
    }
  }
}
