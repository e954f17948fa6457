package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Signatures.Algorithm;
import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/// Microsoft's token with its key set, and its published claims, signed here.
@EnabledIf(value = Vectors.PRESENT, disabledReason = Vectors.ABSENT)
class MaaVectorsTest {
  private static final String ISSUER = "https://sharedeus.eus.attest.azure.net";
  private static final Instant ISSUED = Instant.parse("2023-09-26T14:15:47Z");
  private static final Instant EXPIRES = Instant.parse("2023-09-26T22:15:47Z");
  private static final Instant CLOCK = Instant.parse("2023-09-26T14:20:00Z");

  /// Read by a test below.
  private static final List<String> READ =
      List.of(
          "cvm-guest/sampleAttestationToken.json",
          "sgx-sample/get.certs.response.body.json",
          "sgx-sample/post.attest.response.jwt.body.json",
          "teaclave/jwks.json",
          "teaclave/sgx-token.jwt");

  /// What Microsoft's sample sends to the service (quotes in an envelope of its own), and the
  /// certificates of instances that signed nothing in the collection.
  private static final List<String> INPUTS =
      List.of(
          "README.md",
          "sgx-sample/eus2.signing.cert.cer",
          "sgx-sample/intel-enclave.info.debug.json",
          "sgx-sample/intel-enclave.info.prodid.json",
          "sgx-sample/intel-enclave.info.release.json",
          "sgx-sample/intel-enclave.info.securityversion.json",
          "sgx-sample/oe-enclave.info.debug.json",
          "sgx-sample/oe-enclave.info.prodid.json",
          "sgx-sample/oe-enclave.info.release.json",
          "sgx-sample/oe-enclave.info.securityversion.json",
          "sgx-sample/post.attest.body.json",
          "sgx-sample/sample.signing.cert.cer",
          "sgx-sample/uksouth.signing.cert.cer");

  @Test
  void everyFileOfTheFolderIsInATableHere() {
    var named = new TreeSet<>(INPUTS);
    named.addAll(READ);
    assertThat(
            Vectors.files("azure-maa").stream()
                .map(file -> Vectors.root().resolve("azure-maa").relativize(file).toString()))
        .containsExactlyInAnyOrderElementsOf(named);
  }

  @Test
  void microsoftsTokenIsVerifiedByItsKeySetAtItsClock() throws Exception {
    VerifiedReport report = Report.parse(token()).verify(keys(), Anchors.pinned(), CLOCK);
    assertThat(report.claims().measurement())
        .hasToString("sha256:f56735aa42563627a832e0c7ba9911382eb68afed75830b3f97266f3e67bdc99");
    assertThat(report.claims().debug()).isEqualTo(Claims.Debug.OFF);
    assertThat(report.claims().boundTo(Binding.of("cloister/session/v1"))).isFalse();
    assertThat(report.claims().identifiers().get(Identifier.REPORT_DATA))
        .isEqualTo(
            Bytes.hex(
                "94ba44f399b9c4adc830d78c67f4914cbbc3a3838f796d2e7666594754c067d9"
                    + "00".repeat(32)));
    String policy =
        """
        {"tee": "azure-maa", "issuers": ["%s"],
         "signing-keys": ["%s"], "attestation-types": ["sgx"], "isolation-types": ["sgx"],
         "measurements":
           ["sha256:f56735aa42563627a832e0c7ba9911382eb68afed75830b3f97266f3e67bdc99"],
         "host-data": "any", "compliance-statuses": "any", "tcb-statuses": "any",
         "minimum-svn": 1, "policy-hashes": ["OwEvpSVEWA5eisCEncBt8NSZFLYDRKoLaoONPrZgoeY"],
         "maximum-age-seconds": 300}
        """
            .formatted(ISSUER, ((MaaClaims) report.claims()).key());
    assertThat(TestPolicies.failures(policy, report, CLOCK)).isEmpty();
  }

  @Test
  void theClockIsHeldAtEachBoundaryAndTheKeySetIsNeeded() throws Exception {
    assertThat(at(ISSUED.minus(Jws.CLOCK_SKEW))).isEmpty();
    assertThat(at(ISSUED.minus(Jws.CLOCK_SKEW).minusSeconds(1)))
        .containsExactly("maa.issued-at", "maa.not-before");
    assertThat(at(EXPIRES.minusSeconds(1))).isEmpty();
    assertThat(at(EXPIRES)).containsExactly("maa.expires");
    assertThat(at(Instant.parse("2051-01-01T00:00:00Z")))
        .as("the key's certificate has expired")
        .containsExactly("maa.keys");
    assertThat(TestPolicies.refusal(token(), Collateral.none(), Anchors.pinned(), CLOCK))
        .containsExactly("maa.keys");
    assertThat(
            TestPolicies.refusal(
                token(),
                keySet("https://shareduks.uks.attest.azure.net/certs"),
                Anchors.pinned(),
                CLOCK))
        .containsExactly("maa.keys");
  }

  @Test
  void noAlteredCharacterAndNoOtherLengthIsAccepted() throws Exception {
    byte[] token = token().report().toArray();
    var random = new Random(7515);
    for (int i = 0; i < token.length; i++) {
      byte[] altered = token.clone();
      altered[i] ^= (byte) (1 << random.nextInt(8));
      assertThat(refusal(Bytes.of(altered))).as("character %d", i).isNotEmpty();
    }
    for (int length = 0; length < token.length; length += 3) {
      assertThat(refusal(Bytes.of(Arrays.copyOf(token, length)))).isNotEmpty();
    }
    for (String appended : new String[] {"\n", "=", "A", "."}) {
      assertThat(refusal(Bytes.concat(Bytes.of(token), Bytes.utf8(appended)))).isNotEmpty();
    }
  }

  /// No signature of it is public.
  @Test
  void theClaimsOfAVirtualMachineAreRead() throws Exception {
    var key = TestAuthority.root(Kind.RSA, "Instance");
    var evidence =
        new Evidence(
            Tee.AZURE_MAA,
            TestTokens.signed(
                key,
                Algorithm.RS256,
                "{\"alg\":\"RS256\",\"kid\":\"one\"}",
                Vectors.text("azure-maa/cvm-guest/sampleAttestationToken.json")));
    Collateral keys =
        Collateral.of(
            List.of(
                TestTokens.keySet(
                    "https://sharedeus.eus.test.attest.azure.net/certs", "one", key)));
    Instant at = Instant.parse("2022-05-19T21:00:00Z");
    VerifiedReport report = Report.parse(evidence).verify(keys, Anchors.pinned(), at);
    assertThat(report.claims().measurement())
        .hasToString(
            "sha384:fe353d3026450365d599293bf0ed9b97defc3976602750dff3e087d88b9bbde05031b356f8d9296b8b138ae6000d0370");
    assertThat(report.claims().debug()).isEqualTo(Claims.Debug.OFF);
    assertThat(report.claims().claims())
        .contains(
            new Claim("attestation-type", "azurevm"),
            new Claim("isolation-type", "sevsnpvm"),
            new Claim("compliance-status", "azure-compliant-cvm"));
  }

  /// Claims of the service's preview, which had other names.
  @Test
  void theClaimsOfThePreviewAreRefused() {
    String both = Vectors.text("azure-maa/sgx-sample/post.attest.response.jwt.body.json");
    String claims = both.substring(both.indexOf('{', 1));
    var key = TestAuthority.root(Kind.RSA, "Instance");
    Bytes signed =
        TestTokens.signed(key, Algorithm.RS256, "{\"alg\":\"RS256\",\"kid\":\"one\"}", claims);
    assertThatThrownBy(() -> Report.parse(new Evidence(Tee.AZURE_MAA, signed)))
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining("x-ms-attestation-type is missing");
  }

  /// The preview's instances had keys of 1024 bits.
  @Test
  void keySetsOfMicrosoftAreReadAndShortKeysVerifyNothing() throws Exception {
    KeySet current = KeySet.parse("a test", Vectors.read("azure-maa/teaclave/jwks.json"));
    assertThat(current.keys()).hasSize(3);
    KeySet preview =
        KeySet.parse("a test", Vectors.read("azure-maa/sgx-sample/get.certs.response.body.json"));
    assertThat(preview.keys()).isNotEmpty();
    for (KeySet.Key key : preview.keys()) {
      if (((RSAPublicKey) key.key()).getModulus().bitLength() < 2048) {
        assertThat(
                Signatures.verify(
                    Algorithm.RS256, key.key(), Bytes.utf8("signed"), Bytes.of(new byte[128])))
            .isFalse();
      }
    }
  }

  private static Evidence token() {
    return new Evidence(Tee.AZURE_MAA, Vectors.read("azure-maa/teaclave/sgx-token.jwt"));
  }

  private static Collateral keys() throws EvidenceException {
    return keySet(ISSUER + "/certs");
  }

  private static Collateral keySet(String source) throws EvidenceException {
    return Collateral.of(
        List.of(TestTokens.keySet(source, Vectors.text("azure-maa/teaclave/jwks.json"), CLOCK)));
  }

  private static List<String> at(Instant at) throws EvidenceException {
    return TestPolicies.refusal(token(), keys(), Anchors.pinned(), at);
  }

  private static List<String> refusal(Bytes token) throws EvidenceException {
    return TestPolicies.refusal(
        new Evidence(Tee.AZURE_MAA, token), keys(), Anchors.pinned(), CLOCK);
  }
}
