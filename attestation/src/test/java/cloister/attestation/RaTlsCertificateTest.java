package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.DcapTestPlatform.Domain;
import cloister.attestation.TestAuthority.Contents;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.nio.ByteBuffer;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Certificates with quotes in them.
class RaTlsCertificateTest {
  private static final String EXTENSION = "2.23.133.5.4.9";

  /// All three are debug enclaves. Of 2025-06-20 the levels of one family are in the collection.
  @ParameterizedTest
  @EnabledIf(value = Vectors.PRESENT, disabledReason = Vectors.ABSENT)
  @CsvSource({
    "gramine-cert.pem, OutOfDate",
    "intel-sgxsdk-cert.pem, sgx.tcb-info",
    "rats-tls-cert.pem, OutOfDate"
  })
  void realCertificatesBindTheirKeysToDebugEnclaves(String file, String verdict) throws Exception {
    RaTlsCertificate certificate = RaTlsCertificate.parse(real(file));
    assertThat(certificate.evidence().tee()).isEqualTo(Tee.SGX);
    assertThat(outcomes(certificate)).containsExactly("HOLDS", "HOLDS", "NOTED");
    Report report = Report.parse(certificate.evidence());
    Instant at = Instant.parse("2025-06-20T00:00:00Z");
    var items = new ArrayList<>(DcapCollateral.read("tdx/automata-evm/0625/identity.json"));
    items.addAll(DcapCollateral.read("tdx/automata-evm/0625/tcbinfo.json"));
    items.addAll(DcapCollateral.read("sgx/dcap-qvl/sgx_quote_collateral.json"));
    items.addAll(DcapCollateral.read("tdx/dcap-qvl/tdx_quote_collateral.json"));
    try {
      VerifiedReport verified = report.verify(Collateral.of(items), Anchors.pinned(), at);
      assertThat(DcapVectorsTest.platform(verified.claims()).status()).hasToString(verdict);
      assertThat(verified.claims().debug()).isEqualTo(Claims.Debug.ON);
      assertThat(appraised(verified, at)).contains("debug", "binding");
    } catch (EvidenceException e) {
      assertThat(TestPolicies.failed(e.checks())).containsExactly(verdict);
    }
  }

  /// What a certificate has was made before the connection: no nonce is in it.
  private static List<String> appraised(VerifiedReport report, Instant at) throws Exception {
    Policy policy =
        TestPolicies.accepting(
            """
            {"tee": "sgx", "tcb": {"statuses": ["OutOfDate"], "minimum-evaluation-number": 1,
              "out-of-date-grace-days": 3650},
             "mrenclave": "any", "mrsigner": ["%s"], "isvprodid": "any", "minimum-isvsvn": 0,
             "platforms": "any", "xfrm": "any", "miscselect": "any"}
            """
                .formatted(((SgxClaims) report.claims()).enclave().mrSigner().hex()));
    var requirements =
        new Requirements(
            Set.of(Tee.SGX), Set.of(report.claims().measurement()), Optional.of(policy.digest()));
    return TestPolicies.failed(
        new Trust(requirements, List.of(policy), SimulatedEvidence.REFUSE)
            .appraise(List.of(report), Binding.of("cloister/session/v1", Bytes.utf8("nonce")), at)
            .checks());
  }

  @Test
  @EnabledIf(value = Vectors.PRESENT, disabledReason = Vectors.ABSENT)
  void everyFileOfTheFolderIsKnown() {
    assertThat(Vectors.files("rats/ra-tls").stream().map(file -> file.getFileName().toString()))
        .containsExactly("gramine-cert.pem", "intel-sgxsdk-cert.pem", "rats-tls-cert.pem");
  }

  private static X509Certificate real(String file) throws EvidenceException {
    return Certificates.read(file, Vectors.read("rats/ra-tls/" + file), 1).getFirst();
  }

  private final DcapTestPlatform platform = DcapTestPlatform.of(5, 10);

  /// A certificate for a key that is known before its extension is made: the issuer's own.
  @Test
  void keyClaimsAndQuoteBelongToEachOther() throws Exception {
    Bytes claims = claims(Digest.ofUtf8("a key"));
    Bytes quote = platform.quote(quoting(Digest.of(claims)));
    assertThat(outcomes(certified(tagged(60_000, quote, claims))))
        .as("another key than the certificate's")
        .containsExactly("FAILS", "HOLDS", "NOTED");
    Bytes other = platform.quote(quoting(Digest.ofUtf8("other claims")));
    assertThat(outcomes(certified(tagged(60_000, other, claims))))
        .containsExactly("FAILS", "FAILS", "NOTED");
    assertThat(certified(tagged(60_000, quote, claims)).evidence().tee()).isEqualTo(Tee.TDX);
  }

  @Test
  void anythingElseInTheExtensionIsRefused() {
    Bytes claims = claims(Digest.ofUtf8("a key"));
    Bytes quote = platform.quote(Domain.of(5, 1, 5));
    for (Bytes extension :
        List.of(
            tagged(60_001, quote, claims),
            tagged(60_000, quote),
            tagged(60_000, quote, claims, claims),
            tagged(60_000, claims, quote),
            tagged(60_000, quote, Bytes.hex("a0")),
            tagged(60_000, quote, Bytes.hex("80")),
            Bytes.concat(tagged(60_000, quote, claims), Bytes.hex("00")),
            quote,
            Bytes.hex("00"))) {
      assertThatThrownBy(() -> certified(extension)).isInstanceOf(EvidenceException.class);
    }
    assertThatThrownBy(() -> RaTlsCertificate.parse(platform.signer.certificate()))
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining("no RA-TLS extension");
  }

  private static Domain quoting(Digest claims) {
    Domain plain = Domain.of(5, 1, 5);
    return new Domain(
        plain.svn(),
        plain.svn2(),
        plain.attributes(),
        Bytes.concat(Bytes.of(claims.toArray()), Bytes.of(new byte[32])));
  }

  private RaTlsCertificate certified(Bytes extension) throws EvidenceException {
    return RaTlsCertificate.parse(
        platform
            .root
            .leaf(TestAuthority.Kind.P256, Contents.of("an enclave").with(EXTENSION, extension))
            .certificate());
  }

  private static List<String> outcomes(RaTlsCertificate certificate) throws EvidenceException {
    return certificate.bindings().stream().map(check -> check.outcome().toString()).toList();
  }

  /// `{"pubkey-hash": << [1, digest] >>}`
  private static Bytes claims(Digest key) {
    return Bytes.concat(
        Bytes.hex("a16b"),
        Bytes.utf8("pubkey-hash"),
        Bytes.hex("582482015820"),
        Bytes.of(key.toArray()));
  }

  private static Bytes tagged(int tag, Bytes... elements) {
    Bytes item =
        Bytes.concat(
            Bytes.hex("d9"),
            Bytes.of(ByteBuffer.allocate(2).putShort((short) tag).array()),
            Bytes.of(new byte[] {(byte) (0x80 | elements.length)}));
    for (Bytes element : elements) {
      item = Bytes.concat(item, string(element));
    }
    return item;
  }

  private static Bytes string(Bytes value) {
    ByteBuffer head =
        value.size() < 24
            ? ByteBuffer.allocate(1).put((byte) (0x40 | value.size()))
            : value.size() < 256
                ? ByteBuffer.allocate(2).put((byte) 0x58).put((byte) value.size())
                : ByteBuffer.allocate(3).put((byte) 0x59).putShort((short) value.size());
    return Bytes.concat(Bytes.of(head.array()), value);
  }
}
