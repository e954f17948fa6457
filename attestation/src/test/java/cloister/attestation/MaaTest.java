package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Signatures.Algorithm;
import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// Azure Attestation with a key of the test's own; MaaVectorsTest has Microsoft's.
class MaaTest {
  private static final Instant NOW = TestAuthority.NOW;
  private static final String ISSUER = "https://room.eus.attest.azure.net";
  private static final Binding BINDING = Binding.of("cloister/session/v1", Bytes.utf8("nonce"));
  private static final String REPORT_DATA = BINDING.reportData().hex();
  private static final String NONCE = Base64Url.encode(BINDING.sha256());
  private static final String LAUNCH = "ab".repeat(48);
  private static final String HOST_DATA = "cd".repeat(32);
  private static final TestAuthority KEY = TestAuthority.root(Kind.RSA, "Instance");
  private static final String FINGERPRINT =
      Digest.of(Bytes.of(KEY.keys().getPublic().getEncoded())).toString();

  private static final String COMMON =
      """
      "iss": "%s", "iat": %2$d, "nbf": %2$d, "exp": %3$d, "x-ms-ver": "1.0",
      "x-ms-policy-hash": "wm9mHlvTU82e8UqoOy1Yj1FBRSNkfe99-69IYDq9eWs"
      """
          .formatted(ISSUER, NOW.getEpochSecond(), NOW.getEpochSecond() + 28_800);

  /// Containers in a utility VM.
  private static final String SNP =
      """
      "x-ms-attestation-type": "sevsnpvm", "x-ms-compliance-status": "azure-compliant-uvm",
      "x-ms-sevsnpvm-launchmeasurement": "%s", "x-ms-sevsnpvm-hostdata": "%s",
      "x-ms-sevsnpvm-reportdata": "%s", "x-ms-sevsnpvm-is-debuggable": false,
      "x-ms-sevsnpvm-guestsvn": 2, "x-ms-sevsnpvm-vmpl": 0,
      "x-ms-sevsnpvm-migration-allowed": false
      """
          .formatted(LAUNCH, HOST_DATA, REPORT_DATA);

  private static final String SGX =
      """
      "x-ms-attestation-type": "sgx", "x-ms-sgx-mrenclave": "%s", "x-ms-sgx-is-debuggable": false,
      "x-ms-sgx-svn": 2, "x-ms-sgx-report-data": "%s"
      """
          .formatted("ef".repeat(32), REPORT_DATA);

  private static final String TDX =
      """
      "x-ms-attestation-type": "tdxvm", "tdx_mrtd": "%s", "tdx_rtmr0": "%s", "tdx_rtmr1": "%s",
      "tdx_rtmr2": "%s", "tdx_rtmr3": "%s", "tdx_td_attributes": "0000001000000000",
      "tdx_td_attributes_debug": false,
      "tdx_report_data": "%s", "tdx_mrconfigid": "%s", "attester_tcb_status": "UpToDate",
      "x-ms-compliance-status": "azure-compliant-cvm"
      """
          .formatted(
              LAUNCH,
              "10".repeat(48),
              "11".repeat(48),
              "12".repeat(48),
              "13".repeat(48),
              REPORT_DATA,
              "00".repeat(48));

  /// SHA-384 over MRTD, the four registers and MRCONFIGID.
  private static final Measurement DOMAIN =
      Measurement.parse(
          "sha384:18bfdb46da8491133d6a01719eb3e3a438b4795908f33219"
              + "4d5dd42d5fa330a9879a63b1868d41ad54242a95b71de937");

  /// As Microsoft says of a machine that is good, and no claim of it says what it runs.
  private static final String BOOTED =
      """
      "secureboot": true, "x-ms-azurevm-bootdebug-enabled": false,
      "x-ms-azurevm-kerneldebug-enabled": false, "x-ms-azurevm-hypervisordebug-enabled": false,
      "x-ms-azurevm-debuggersdisabled": true, "x-ms-azurevm-signingdisabled": true,
      "x-ms-azurevm-testsigning-enabled": false, "x-ms-azurevm-flightsigning-enabled": false,
      "x-ms-azurevm-default-securebootkeysvalidated": true, "x-ms-azurevm-dbvalidated": true,
      "x-ms-azurevm-dbxvalidated": true
      """;

  private static final String RUNTIME =
      "\"x-ms-runtime\": {\"client-payload\": {\"nonce\": \"%s\"}, \"keys\": []}";

  /// Microsoft's own; vectors/attestation/azure-maa/README.md says whence.
  @Test
  void aRealTokenIsVerifiedByItsKeySetAtItsClock() throws Exception {
    var keys =
        new Collateral.Item(
            Collateral.Kind.KEY_SET,
            "https://sharedeus.eus.attest.azure.net/certs",
            Repository.read("azure-maa/jwks.json"),
            Optional.of(Instant.parse("2023-09-26T14:00:00Z")));
    VerifiedReport report =
        Report.parse(new Evidence(Tee.AZURE_MAA, Repository.read("azure-maa/sgx-token.jwt")))
            .verify(
                Collateral.of(List.of(keys)),
                Anchors.pinned(),
                Instant.parse("2023-09-26T14:20:00Z"));
    assertThat(report.claims().measurement().toString()).startsWith("sha256:f56735aa42563627");
    assertThat(report.claims().debug()).isEqualTo(Claims.Debug.OFF);
  }

  @Test
  void eachKindOfHardwareIsVerifiedAndItsMeasurementIsTheMeasurement() throws Exception {
    Map<String, String> measurements = new LinkedHashMap<>();
    measurements.put(token(SNP), "sha384:" + LAUNCH);
    measurements.put(token(SGX), "sha256:" + "ef".repeat(32));
    measurements.put(token(TDX), DOMAIN.toString());
    measurements.put(machine(SNP, NONCE), "sha384:" + LAUNCH);
    measurements.put(machine(TDX, NONCE), DOMAIN.toString());
    for (var one : measurements.entrySet()) {
      VerifiedReport report = verified(one.getKey());
      assertThat(report.claims().measurement()).as(one.getKey()).hasToString(one.getValue());
      assertThat(report.claims().debug()).isEqualTo(Claims.Debug.OFF);
      assertThat(report.claims().boundTo(BINDING)).as(one.getKey()).isTrue();
      assertThat(report.claims().boundTo(Binding.of("another"))).isFalse();
    }
    VerifiedReport report = verified(token(SNP));
    assertThat(TestPolicies.failures(entry(policy()), report, NOW)).isEmpty();
    assertThat(appraised(report)).isEmpty();
  }

  /// A key set is anybody's word, so a policy names the keys; and an instance is its owner's, so it
  /// names the instance.
  @Test
  void theInstanceAndItsKeyAreThoseOfThePolicy() throws Exception {
    VerifiedReport report = verified(token(SNP));
    assertThat(failures(report, "signing-keys", "[\"" + Digest.ofUtf8("another") + "\"]"))
        .containsExactly("maa.signing-key");
    assertThat(failures(report, "signing-keys", "\"any\"")).isEmpty();
    assertThat(failures(report, "issuers", "[\"https://another.eus.attest.azure.net\"]"))
        .containsExactly("maa.issuer");
    refusedPolicy("issuers", "\"any\"");
    refusedPolicy("issuers", "[\"https://attest.azure.net.example\"]");
    for (String issuer :
        new String[] {
          "http://room.eus.attest.azure.net",
          "https://room.eus.attest.azure.net/",
          "https://room.eus.attest.azure.net.example",
          "https://example/.attest.azure.net",
          "https://attest.azure.net",
          "https://user@room.attest.azure.net",
          ""
        }) {
      String claims = token(SNP).replace(ISSUER, issuer);
      assertThat(refusal(claims)).as(issuer).containsExactly("maa.issuer");
      assertThat(Report.parse(evidence(KEY, claims)).sources()).isEmpty();
    }
    assertThat(Report.parse(evidence(KEY, token(SNP))).sources())
        .extracting(Collateral.Source::url)
        .containsExactly(ISSUER + "/certs");
  }

  /// docs/forgotten-checks.md no. 16: jku trusted.
  @Test
  void aKeyOfAnybodyElseIsRefused() throws Exception {
    var attacker = TestAuthority.root(Kind.RSA, "Attacker");
    Evidence forged = evidence(attacker, token(SNP));
    assertThat(TestPolicies.refusal(forged, keys(), Anchors.pinned(), NOW))
        .containsExactly("maa.signature");
    assertThat(TestPolicies.refusal(forged, Collateral.none(), Anchors.pinned(), NOW))
        .containsExactly("maa.keys");
    Collateral elsewhere =
        Collateral.of(
            List.of(
                TestTokens.keySet("https://attacker.attest.azure.net/certs", "one", attacker),
                TestTokens.keySet(ISSUER, "one", attacker)));
    assertThat(TestPolicies.refusal(forged, elsewhere, Anchors.pinned(), NOW))
        .containsExactly("maa.keys");
    String header = "{\"alg\":\"HS256\",\"kid\":\"one\"}";
    assertThat(
            TestPolicies.refusal(
                new Evidence(
                    Tee.AZURE_MAA, TestTokens.signed(KEY, Algorithm.RS256, header, token(SNP))),
                keys(),
                Anchors.pinned(),
                NOW))
        .containsExactly("maa.signature");
  }

  @Test
  void theClockIsHeldAtEachBoundary() throws Exception {
    Evidence evidence = evidence(KEY, token(SNP));
    assertThat(at(evidence, NOW.minusSeconds(60))).isEmpty();
    assertThat(at(evidence, NOW.minusSeconds(61)))
        .containsExactly("maa.issued-at", "maa.not-before");
    assertThat(at(evidence, NOW.plusSeconds(28_799))).isEmpty();
    assertThat(at(evidence, NOW.plusSeconds(28_800))).containsExactly("maa.expires");
    String end = Long.toString(NOW.getEpochSecond() + 28_800);
    String later = Long.toString(NOW.getEpochSecond() + 28_801);
    assertThat(refusal(token(SNP).replace(end, later))).containsExactly("maa.lifetime");
    VerifiedReport report = verified(token(SNP));
    assertThat(TestPolicies.failures(entry(policy()), report, NOW.plusSeconds(300))).isEmpty();
    assertThat(TestPolicies.failures(entry(policy()), report, NOW.plusSeconds(301)))
        .containsExactly("maa.age");
  }

  /// A key that leaked is withdrawn by a set without it: one that is old may have it still.
  @Test
  void aKeySetIsAsOldAsThePolicySays() throws Exception {
    Duration day = Duration.ofDays(1);
    assertThat(keysOf(NOW.minus(day), policy())).isEmpty();
    assertThat(keysOf(NOW.minus(day).minusSeconds(1), policy())).containsExactly("maa.keys-age");
    assertThat(keysOf(NOW.plus(day), policy())).as("fetched since").isEmpty();
    Map<String, String> hour = policy();
    hour.put("maximum-keys-age-seconds", "3600");
    assertThat(keysOf(NOW.minusSeconds(3600), hour)).isEmpty();
    assertThat(keysOf(NOW.minusSeconds(3601), hour)).containsExactly("maa.keys-age");
    var undated =
        new Collateral.Item(
            Collateral.Kind.KEY_SET,
            ISSUER + "/certs",
            TestTokens.keySet(ISSUER + "/certs", "one", KEY).bytes());
    hour.put("maximum-keys-age-seconds", "2678400");
    assertThat(
            TestPolicies.failures(
                entry(hour),
                Report.parse(evidence(KEY, token(SNP)))
                    .verify(Collateral.of(List.of(undated)), Anchors.pinned(), NOW),
                NOW))
        .as("one that does not say when")
        .containsExactly("maa.keys-age");
    refusedPolicy("maximum-keys-age-seconds", "2678401");
    refusedPolicy("maximum-keys-age-seconds", "0");
  }

  private static List<String> keysOf(Instant fetched, Map<String, String> policy)
      throws EvidenceException {
    var keys =
        TestTokens.keySet(
            ISSUER + "/certs", "{\"keys\":[" + TestTokens.key("one", KEY) + "]}", fetched);
    VerifiedReport report =
        Report.parse(evidence(KEY, token(SNP)))
            .verify(Collateral.of(List.of(keys)), Anchors.pinned(), NOW);
    return TestPolicies.failures(entry(policy), report, NOW);
  }

  /// docs/forgotten-checks.md no. 1, 14 and 16.
  @Test
  void whatNoPolicyCanLeaveOutIsRefusedWithEveryPolicy() throws Exception {
    assertThat(refusal(token(SNP).replace("vmpl\": 0", "vmpl\": 1"))).containsExactly("maa.vmpl");
    assertThat(
            refusal(token(SNP).replace("migration-allowed\": false", "migration-allowed\": true")))
        .containsExactly("maa.migration");
    assertThat(refusal(token(SNP).replace("\"1.0\"", "\"2.0\""))).containsExactly("maa.version");
    assertThat(refusal(machine(SNP, NONCE).replace("secureboot\": true", "secureboot\": false")))
        .containsExactly("maa.secure-boot");
    for (String debuggable :
        new String[] {
          token(SNP).replace("is-debuggable\": false", "is-debuggable\": true"),
          token(SGX).replace("is-debuggable\": false", "is-debuggable\": true"),
          token(TDX).replace("attributes_debug\": false", "attributes_debug\": true"),
          machine(SNP, NONCE).replace("is-debuggable\": false", "is-debuggable\": true"),
          machine(SNP, NONCE)
              .replace("kerneldebug-enabled\": false", "kerneldebug-enabled\": true"),
          machine(TDX, NONCE).replace("bootdebug-enabled\": false", "bootdebug-enabled\": true"),
          machine(TDX, NONCE)
              .replace("hypervisordebug-enabled\": false", "hypervisordebug-enabled\": true"),
          machine(SNP, NONCE).replace("debuggersdisabled\": true", "debuggersdisabled\": false"),
          token(TDX).replace("0000001000000000", "0100001000000000")
        }) {
      assertThat(verified(debuggable).claims().debug()).isEqualTo(Claims.Debug.ON);
    }
    assertThat(
            appraised(
                verified(token(SNP).replace("is-debuggable\": false", "is-debuggable\": true"))))
        .containsExactly("debug");
  }

  /// One that is signed for tests, or boots under keys of its owner's, and so whatever he likes.
  @Test
  void aVirtualMachineThatBootsAnythingIsRefused() {
    Map<String, String> flaws = new LinkedHashMap<>();
    flaws.put("testsigning-enabled\": false", "maa.signing");
    flaws.put("flightsigning-enabled\": false", "maa.signing");
    flaws.put("signingdisabled\": true", "maa.signing");
    flaws.put("default-securebootkeysvalidated\": true", "maa.secure-boot-keys");
    flaws.put("dbvalidated\": true", "maa.secure-boot-keys");
    flaws.put("dbxvalidated\": true", "maa.secure-boot-keys");
    flaws.forEach((claim, check) -> {
      String turned =
          claim.endsWith("true") ? claim.replace("true", "false") : claim.replace("false", "true");
      for (String hardware : new String[] {SNP, TDX}) {
        assertThat(refusal(machine(hardware, NONCE).replace(claim, turned)))
            .as(claim)
            .containsExactly(check);
      }
    });
    assertThat(refusal(token(TDX).replace("0000001000000000", "0000003000000000")))
        .as("a migratable trust domain")
        .containsExactly("maa.migration");
  }

  /// Nothing of it says which system was started, so it vouches for no code: not as the first, and
  /// not as one more vendor.
  @Test
  void aVirtualMachineSaysNothingOfItsCode() throws Exception {
    VerifiedReport report = verified(machine(SNP, NONCE));
    Map<String, String> members = policy();
    members.put("attestation-types", "[\"azurevm\", \"sevsnpvm\"]");
    members.put("compliance-statuses", "\"any\"");
    Policy policy = TestPolicies.accepting(entry(members));
    assertThat(TestPolicies.failed(policy.compare(report, NOW))).isEmpty();
    assertThat(TestPolicies.failed(Trust.together(List.of(report), List.of(policy))))
        .containsExactly("tee.first");
    assertThat(appraised(report)).contains("tee.first");
    refusedPolicy("attestation-types", "[\"azurevm\"]", "accept");
  }

  @Test
  void reportDataUserDataOrTheNonceOfTheMachineBindInFull() throws Exception {
    String other = "00".repeat(64);
    String unbound = token(SNP).replace(REPORT_DATA, other);
    assertThat(verified(unbound).claims().boundTo(BINDING)).isFalse();
    // As Microsoft's guest library writes the nonce that it is given.
    String encoded = Bytes.utf8(NONCE).base64();
    for (String nonce : new String[] {NONCE, encoded}) {
      assertThat(bound(machine(SNP, nonce))).isTrue();
      assertThat(bound(unbound.replace("{", "{" + RUNTIME.formatted(nonce) + ", "))).isTrue();
    }
    for (String nonce :
        new String[] {
          NONCE.substring(1), NONCE + "=", BINDING.sha256().base64(), BINDING.sha256().hex(), ""
        }) {
      assertThat(bound(machine(SNP, nonce))).as(nonce).isFalse();
    }
    assertThat(bound(machine(SNP, "another")))
        .as("the report data of a virtual machine are its firmware's")
        .isFalse();
    String user = "\"x-ms-runtime\": {\"user-data\": \"%s\"}, \"x-ms-sevsnpvm-vmpl\"";
    String upper = REPORT_DATA.toUpperCase(java.util.Locale.ROOT);
    for (String data : new String[] {REPORT_DATA, upper}) {
      assertThat(
              bound(
                  machine(SNP.replace("\"x-ms-sevsnpvm-vmpl\"", user.formatted(data)), "another")))
          .isTrue();
    }
    assertThat(
            bound(machine(SNP.replace("\"x-ms-sevsnpvm-vmpl\"", user.formatted(other)), "another")))
        .isFalse();
    String asked = unbound.replace("{", "{\"nonce\": \"" + NONCE + "\", ");
    assertThat(bound(asked)).as("the nonce of whoever asked for the token").isFalse();
    assertThat(appraised(verified(unbound))).containsExactly("binding");
  }

  @Test
  void everyDemandOfThePolicyHasItsCheck() throws Exception {
    VerifiedReport report = verified(token(SNP));
    Map<String, Map<String, String>> demands = new LinkedHashMap<>();
    demands.put("maa.attestation-type", Map.of("attestation-types", "[\"azurevm\", \"sgx\"]"));
    demands.put("maa.isolation-type", Map.of("isolation-types", "[\"tdxvm\", \"sgx\"]"));
    demands.put("maa.measurement", Map.of("measurements", "[\"sha384:" + "ac".repeat(48) + "\"]"));
    demands.put("maa.host-data", Map.of("host-data", "[\"" + "ce".repeat(32) + "\"]"));
    demands.put(
        "maa.compliance-status", Map.of("compliance-statuses", "[\"azure-compliant-cvm\"]"));
    demands.put("maa.policy-hash", Map.of("policy-hashes", "[\"another\"]"));
    for (var demand : demands.entrySet()) {
      var member = demand.getValue().entrySet().iterator().next();
      assertThat(failures(report, member.getKey(), member.getValue()))
          .containsExactly(demand.getKey());
      assertThat(failures(report, member.getKey(), "\"any\"")).isEmpty();
    }
    assertThat(failures(report, "minimum-svn", "3")).containsExactly("maa.svn");
    assertThat(
            failures(
                report, "host-data", "[\"" + HOST_DATA.toUpperCase(java.util.Locale.ROOT) + "\"]"))
        .as("bytes, however they are written")
        .isEmpty();
    String silent = token(SNP).replace("x-ms-compliance-status", "x-ms-compliance");
    assertThat(failures(verified(silent), "minimum-svn", "0"))
        .containsExactly("maa.compliance-status");

    Map<String, String> tdx = policy();
    tdx.put("attestation-types", "[\"tdxvm\"]");
    tdx.put("isolation-types", "[\"tdxvm\"]");
    tdx.put("compliance-statuses", "[\"azure-compliant-cvm\"]");
    tdx.put("host-data", "[\"" + "00".repeat(48) + "\"]");
    tdx.put("measurements", "[\"" + DOMAIN + "\"]");
    assertThat(TestPolicies.failures(entry(tdx), verified(token(TDX)), NOW)).isEmpty();
    assertThat(
            TestPolicies.failures(
                entry(tdx), verified(token(TDX).replace("UpToDate", "OutOfDate")), NOW))
        .containsExactly("maa.tcb-status");
    VerifiedReport loose = verified(token(TDX).replace("0000001000000000", "0000004000000000"));
    assertThat(TestPolicies.failures(entry(tdx), loose, NOW))
        .containsExactly("maa.sept-ve-disable", "maa.protection-keys");
    tdx.put("require-attributes", "\"any\"");
    tdx.put("allow-attributes", "[\"protection-keys\"]");
    assertThat(TestPolicies.failures(entry(tdx), loose, NOW)).isEmpty();
    VerifiedReport unknown = verified(token(TDX).replace("0000001000000000", "0001000000000000"));
    assertThat(TestPolicies.failures(entry(tdx), unknown, NOW))
        .containsExactly("maa.td-attributes");

    Map<String, String> sgx = policy();
    sgx.put("attestation-types", "[\"sgx\"]");
    sgx.put("isolation-types", "[\"sgx\"]");
    sgx.put("measurements", "[\"sha256:" + "ef".repeat(32) + "\"]");
    assertThat(TestPolicies.failures(entry(sgx), verified(token(SGX)), NOW)).isEmpty();
  }

  @Test
  void aVirtualMachineWithoutHardwareBehindItIsRefused() {
    for (String isolation :
        new String[] {
          "\"x-ms-isolation\": {" + SNP + "}",
          "\"x-ms-isolation-tee\": {}",
          "\"x-ms-isolation-tee\": null",
          "\"x-ms-isolation-tee\": {" + SGX + "}",
          "\"x-ms-isolation-tee\": {" + SNP.replace("\"sevsnpvm\"", "\"azurevm\"") + "}"
        }) {
      assertThat(
              refusal(
                  "{%s, \"x-ms-attestation-type\": \"azurevm\", \"secureboot\": true, %s}"
                      .formatted(COMMON, isolation)))
          .as(isolation)
          .isNotEmpty()
          .noneMatch(name -> name.startsWith("maa."));
    }
  }

  @Test
  void claimsThatAreMissingOrMalformedAreRefused() {
    for (String whole : List.of(token(SNP), token(SGX), token(TDX), machine(SNP, NONCE))) {
      var names = java.util.regex.Pattern.compile("\"([a-z][a-z_-]+)\":").matcher(whole);
      while (names.find()) {
        String name = names.group(1);
        if (!Set.of(
                "nbf", "x-ms-runtime", "client-payload", "nonce", "keys", "x-ms-compliance-status")
            .contains(name)) {
          assertThat(refusal(whole.replace("\"" + name + "\"", "\"no-" + name + "\"")))
              .as("%s of %s", name, whole)
              .isNotEmpty()
              .noneMatch(check -> check.startsWith("maa."));
        }
      }
    }
    Map<String, String> flaws = new LinkedHashMap<>();
    flaws.put("\"sevsnpvm\"", "\"SevSnpVm\"");
    flaws.put(LAUNCH, LAUNCH.substring(2));
    flaws.put(HOST_DATA, "no hexadecimal");
    flaws.put(REPORT_DATA, REPORT_DATA + "00");
    flaws.put("debuggable\": false", "debuggable\": \"false\"");
    flaws.put("vmpl\": 0", "vmpl\": 4");
    flaws.put("\"x-ms-ver\"", "\"x-ms-attestation-type\": \"sgx\", \"x-ms-ver\"");
    flaws.forEach((found, replacement) ->
        assertThat(refusal(token(SNP).replace(found, replacement)))
            .as(found)
            .isNotEmpty()
            .noneMatch(check -> check.startsWith("maa.")));
  }

  @Test
  void aPolicyThatSaysLessIsNone() {
    for (String key : policy().keySet()) {
      Map<String, String> shorter = policy();
      shorter.remove(key);
      assertThatThrownBy(() -> TestPolicies.accepting(entry(shorter)))
          .isInstanceOf(EvidenceException.class)
          .hasMessageContaining(key + " is missing");
      for (String wrong : new String[] {"[]", "1.5", "null", "\"all\"", "{}"}) {
        refusedPolicy(key, wrong);
      }
    }
    refusedPolicy("extra", "1");
    refusedPolicy("attestation-types", "[\"sev-snp\"]");
    refusedPolicy("isolation-types", "[\"azurevm\"]");
    refusedPolicy("host-data", "[\"no hexadecimal\"]");
    refusedPolicy("minimum-svn", "-1");
    refusedPolicy("maximum-age-seconds", "28801");
  }

  private static void refusedPolicy(String key, String value) {
    refusedPolicy(key, value, key);
  }

  private static void refusedPolicy(String key, String value, String named) {
    Map<String, String> members = policy();
    members.put(key, value);
    assertThatThrownBy(() -> TestPolicies.accepting(entry(members)))
        .as("%s: %s", key, value)
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining(named);
  }

  private static Map<String, String> policy() {
    var members = new LinkedHashMap<String, String>();
    members.put("issuers", "[\"" + ISSUER + "\"]");
    members.put("signing-keys", "[\"" + FINGERPRINT + "\"]");
    members.put("attestation-types", "[\"sevsnpvm\"]");
    members.put("isolation-types", "[\"sevsnpvm\"]");
    members.put("measurements", "[\"sha384:" + LAUNCH + "\"]");
    members.put("host-data", "[\"" + HOST_DATA + "\"]");
    members.put("compliance-statuses", "[\"azure-compliant-uvm\"]");
    members.put("tcb-statuses", "[\"UpToDate\"]");
    members.put("minimum-svn", "2");
    members.put("policy-hashes", "[\"wm9mHlvTU82e8UqoOy1Yj1FBRSNkfe99-69IYDq9eWs\"]");
    members.put("maximum-age-seconds", "300");
    return members;
  }

  private static String entry(Map<String, String> members) {
    return members.entrySet().stream()
        .map(member -> "\"%s\": %s".formatted(member.getKey(), member.getValue()))
        .collect(Collectors.joining(", ", "{\"tee\": \"azure-maa\", ", "}"));
  }

  private static List<String> failures(VerifiedReport report, String key, String value)
      throws EvidenceException {
    Map<String, String> members = policy();
    members.put(key, value);
    return TestPolicies.failures(entry(members), report, NOW);
  }

  private static String token(String hardware) {
    return "{" + COMMON + ", " + hardware + "}";
  }

  private static String machine(String hardware, String nonce) {
    return """
    {%s, "x-ms-attestation-type": "azurevm", %s, %s, "x-ms-isolation-tee": {%s}}
    """
        .formatted(COMMON, BOOTED, RUNTIME.formatted(nonce), hardware);
  }

  private static Evidence evidence(TestAuthority by, String claims) {
    String header =
        "{\"alg\":\"RS256\",\"jku\":\"https://attacker.example/certs\",\"kid\":\"one\"}";
    return new Evidence(Tee.AZURE_MAA, TestTokens.signed(by, Algorithm.RS256, header, claims));
  }

  private static Collateral keys() throws EvidenceException {
    return Collateral.of(List.of(TestTokens.keySet(ISSUER + "/certs", "one", KEY)));
  }

  private static VerifiedReport verified(String claims) throws EvidenceException {
    return Report.parse(evidence(KEY, claims)).verify(keys(), Anchors.pinned(), NOW);
  }

  private static boolean bound(String claims) throws EvidenceException {
    return verified(claims).claims().boundTo(BINDING);
  }

  private static List<String> refusal(String claims) {
    return at(evidence(KEY, claims), NOW);
  }

  private static List<String> at(Evidence evidence, Instant at) {
    try {
      return TestPolicies.refusal(evidence, keys(), Anchors.pinned(), at);
    } catch (EvidenceException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> appraised(VerifiedReport report) throws EvidenceException {
    Policy policy = TestPolicies.accepting(entry(policy()));
    var requirements =
        new Requirements(
            Set.of(Tee.AZURE_MAA),
            Set.of(Measurement.parse("sha384:" + LAUNCH)),
            Optional.of(policy.digest()));
    return TestPolicies.failed(
        new Trust(requirements, List.of(policy), SimulatedEvidence.REFUSE)
            .appraise(List.of(report), BINDING, NOW)
            .checks());
  }
}
