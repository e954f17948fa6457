package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Signatures.Algorithm;
import cloister.attestation.TestAuthority.Contents;
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
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// Confidential Space under a test's own authority; SpaceVectorsTest has Google's.
class SpaceTest {
  private static final Instant NOW = TestAuthority.NOW;
  private static final Binding BINDING = Binding.of("cloister/session/v1", Bytes.utf8("nonce"));
  private static final String NONCE = Base64Url.encode(BINDING.sha256());
  private static final String IMAGE = "sha256:" + "1f".repeat(32);

  private static final String CLAIMS =
      """
      {"aud": "cloister", "iss": "https://confidentialcomputing.googleapis.com",
       "iat": %1$d, "nbf": %1$d, "exp": %2$d, "eat_nonce": "%3$s", "secboot": true,
       "oemid": 11129, "hwmodel": "GCP_INTEL_TDX", "swname": "CONFIDENTIAL_SPACE",
       "swversion": ["250800"], "dbgstat": "disabled-since-boot",
       "submods": {
         "confidential_space": {"support_attributes": ["LATEST", "STABLE", "USABLE"]},
         "container": {"image_reference": "a.example/enclave:latest", "image_digest": "%4$s",
           "env": {"HOSTNAME": "one", "PATH": "/bin"}, "args": ["/enclave", "--serve"]},
         "gce": {"project_id": "clean-room"}},
       "tdx": {"gcp_attester_tcb_status": "UpToDate"},
       "google_service_accounts": ["enclave@clean-room.example"]}
      """
          .formatted(NOW.getEpochSecond(), NOW.getEpochSecond() + 3600, NONCE, IMAGE);

  private static final TestAuthority ROOT =
      TestAuthority.root(Kind.RSA, "Confidential Space Root CA");
  private static final TestAuthority MIDDLE = ROOT.authority(Kind.RSA, Contents.of("Intermediate"));
  private static final TestAuthority LEAF =
      MIDDLE.leaf(
          Kind.RSA,
          Contents.of("Leaf")
              .numbered(7)
              .between(NOW.minus(Duration.ofMinutes(10)), NOW.plus(Duration.ofDays(60))));
  private static final TestAuthority KEY = TestAuthority.root(Kind.RSA, "OIDC key");
  private static final Anchors ANCHORS =
      Anchors.insecureForTests(Map.of(Anchors.Root.GOOGLE_SPACE, ROOT.certificate()));

  /// Google's own; vectors/attestation/confidential-space/README.md says whence.
  @Test
  void aRealTokenIsVerifiedUnderThePinnedRootAtItsClock() throws Exception {
    VerifiedReport report =
        Report.parse(token(Repository.read("confidential-space/sample.jwt")))
            .verify(Collateral.none(), Anchors.pinned(), Instant.parse("2025-09-05T08:18:30Z"));
    assertThat(report.claims().measurement().toString()).startsWith("sha256:e2e5e3672f416ac9");
    assertThat(report.claims().debug()).isEqualTo(Claims.Debug.OFF);
  }

  @Test
  void aPkiTokenIsVerifiedAndItsImageIsTheMeasurement() throws Exception {
    VerifiedReport report = verified(pki(CLAIMS));
    assertThat(report.claims().measurement()).hasToString(IMAGE);
    assertThat(report.claims().debug()).isEqualTo(Claims.Debug.OFF);
    assertThat(report.claims().boundTo(BINDING)).isTrue();
    assertThat(failures(report, UnaryOperator.identity())).isEmpty();
    assertThat(appraised(report)).isEmpty();
  }

  @Test
  void anOidcTokenIsVerifiedByTheKeySetOfGoogleAndThePolicyNamesItsKey() throws Exception {
    String fingerprint = Digest.of(Bytes.of(KEY.keys().getPublic().getEncoded())).toString();
    VerifiedReport report = Report.parse(oidc(CLAIMS)).verify(keys(), ANCHORS, NOW);
    Map<String, String> accepted = policy();
    accepted.put("token-types", "[\"OIDC\", \"PKI\"]");
    accepted.put("signing-keys", "[\"" + fingerprint + "\"]");
    assertThat(TestPolicies.failures(entry(accepted), report, NOW)).isEmpty();
    assertThat(TestPolicies.failures(entry(accepted), verified(pki(CLAIMS)), NOW)).isEmpty();
    accepted.put("signing-keys", "[\"" + Digest.ofUtf8("another") + "\"]");
    assertThat(TestPolicies.failures(entry(accepted), report, NOW))
        .containsExactly("space.signing-key");
    accepted.put("signing-keys", "\"any\"");
    assertThat(TestPolicies.failures(entry(accepted), report, NOW)).isEmpty();
    accepted.put("revocation", "[\"checked\"]");
    assertThat(TestPolicies.failures(entry(accepted), report, NOW))
        .as("a key of a set is on no list")
        .containsExactly("space.revocation");
    accepted.put("revocation", "\"any\"");
    var old = NOW.minusSeconds(86_401);
    var aged =
        TestTokens.keySet(SpaceReport.KEYS, "{\"keys\":[" + TestTokens.key("one", KEY) + "]}", old);
    VerifiedReport stale =
        Report.parse(oidc(CLAIMS)).verify(Collateral.of(List.of(aged)), ANCHORS, NOW);
    assertThat(TestPolicies.failures(entry(accepted), stale, NOW))
        .containsExactly("space.keys-age");
    accepted.put("token-types", "[\"OIDC\"]");
    assertThat(TestPolicies.failures(entry(accepted), verified(pki(CLAIMS)), NOW))
        .containsExactly("space.token-type");

    assertThat(TestPolicies.refusal(oidc(CLAIMS), Collateral.none(), ANCHORS, NOW))
        .containsExactly("space.keys");
    assertThat(
            TestPolicies.refusal(
                oidc(CLAIMS),
                Collateral.of(List.of(TestTokens.keySet("https://a.example", "one", KEY))),
                ANCHORS,
                NOW))
        .containsExactly("space.keys");
    assertThat(
            TestPolicies.refusal(
                oidc(CLAIMS),
                Collateral.of(List.of(TestTokens.keySet(SpaceReport.KEYS, "one", LEAF))),
                ANCHORS,
                NOW))
        .containsExactly("space.signature");
    assertThat(Report.parse(oidc(CLAIMS)).sources())
        .extracting(Collateral.Source::url)
        .containsExactly(SpaceReport.KEYS);
  }

  /// docs/forgotten-checks.md no. 16: x5c trusted as it comes; longer, shorter, reordered.
  @Test
  void theThreeCertificatesLeadToThePinnedRoot() {
    var stranger = TestAuthority.root(Kind.RSA, "Confidential Space Root CA");
    var below = stranger.authority(Kind.RSA, Contents.of("Intermediate"));
    var forged = below.leaf(Kind.RSA, Contents.of("Leaf"));
    assertThat(refusal(pki(forged, List.of(forged, below, stranger), CLAIMS)))
        .containsExactly("space.root", "space.chain");
    assertThat(refusal(pki(forged, List.of(forged, below, ROOT), CLAIMS)))
        .containsExactly("space.chain");
    assertThat(refusal(pki(forged, List.of(LEAF, MIDDLE, ROOT), CLAIMS)))
        .containsExactly("space.signature");
    assertThat(refusal(pki(LEAF, List.of(LEAF, MIDDLE), CLAIMS)))
        .containsExactly("space.certificates");
    assertThat(refusal(pki(LEAF, List.of(LEAF, MIDDLE, ROOT, ROOT), CLAIMS)))
        .containsExactly("space.certificates");
    assertThat(refusal(pki(LEAF, List.of(LEAF, ROOT, MIDDLE), CLAIMS))).contains("space.root");
    assertThat(refusal(pki(LEAF, List.of(MIDDLE, LEAF, ROOT), CLAIMS)))
        .contains("space.chain", "space.signature");
    assertThat(refusal(pki(LEAF, List.of(LEAF, LEAF, ROOT), CLAIMS))).contains("space.chain");
    assertThat(refusal(pki(MIDDLE, List.of(MIDDLE, ROOT, ROOT), CLAIMS)))
        .containsExactly("space.certificates");
    assertThat(refusal(pki(LEAF, List.of(), CLAIMS))).containsExactly("space.certificates");
  }

  @Test
  void listsAtHandAreCheckedAndThePolicyMayDemandThem() throws Exception {
    Map<String, String> demanding = policy();
    demanding.put("revocation", "[\"checked\"]");
    VerifiedReport clean =
        Report.parse(pki(CLAIMS))
            .verify(lists(MIDDLE.revocationList(), ROOT.revocationList()), ANCHORS, NOW);
    assertThat(TestPolicies.failures(entry(demanding), clean, NOW)).isEmpty();
    for (Bytes list :
        List.of(
            MIDDLE.revocationList(7),
            MIDDLE.revocationList(NOW.minusSeconds(9), NOW.minusSeconds(1)))) {
      assertThat(TestPolicies.refusal(pki(CLAIMS), lists(list), ANCHORS, NOW))
          .containsExactly("space.revocation");
    }
    var listed =
        MIDDLE.leaf(
            Kind.RSA,
            Contents.of("Leaf")
                .with(
                    "2.5.29.31",
                    Bytes.hex("301a3018a016a0148612687474703a2f2f612e6578616d706c652f6c")));
    Evidence evidence = pki(listed, List.of(listed, MIDDLE, ROOT), CLAIMS);
    assertThat(TestPolicies.failures(entry(demanding), verified(evidence), NOW))
        .containsExactly("space.revocation");
    assertThat(Report.parse(evidence).sources())
        .as("an address that is none of Google's is not asked")
        .isEmpty();
  }

  @Test
  void theClockIsHeldAtEachBoundary() throws Exception {
    Evidence evidence = pki(CLAIMS);
    assertThat(at(evidence, NOW.minusSeconds(60))).isEmpty();
    assertThat(at(evidence, NOW.minusSeconds(61)))
        .containsExactly("space.issued-at", "space.not-before");
    assertThat(at(evidence, NOW.plusSeconds(3599))).isEmpty();
    assertThat(at(evidence, NOW.plusSeconds(3600))).containsExactly("space.expires");
    assertThat(at(evidence, NOW.minusSeconds(601))).contains("space.chain");
    assertThat(at(evidence, NOW.plus(Duration.ofDays(61)))).contains("space.chain");
    String longer = CLAIMS.replace(second(3600), second(3601));
    assertThat(refusal(pki(longer))).containsExactly("space.lifetime");
    VerifiedReport report = verified(evidence);
    assertThat(TestPolicies.failures(entry(policy()), report, NOW.plusSeconds(300))).isEmpty();
    assertThat(TestPolicies.failures(entry(policy()), report, NOW.plusSeconds(301)))
        .containsExactly("space.age");
  }

  @Test
  void whatNoPolicyCanLeaveOutIsRefusedWithEveryPolicy() throws Exception {
    assertThat(refusal(pki(CLAIMS.replace("https://conf", "http://conf"))))
        .containsExactly("space.issuer");
    assertThat(refusal(pki(CLAIMS.replace("googleapis.com\"", "googleapis.com/\""))))
        .containsExactly("space.issuer");
    assertThat(refusal(pki(CLAIMS.replace("CONFIDENTIAL_SPACE", "GCE"))))
        .containsExactly("space.software-name");
    assertThat(refusal(pki(CLAIMS.replace("GCP_INTEL_TDX", "GCP_SHIELDED_VM"))))
        .containsExactly("space.hardware");
    assertThat(refusal(pki(CLAIMS.replace("\"secboot\": true", "\"secboot\": false"))))
        .containsExactly("space.secure-boot");
    for (String debugging : new String[] {"enabled", "disabled", "Disabled-since-boot", ""}) {
      VerifiedReport report = verified(pki(CLAIMS.replace("disabled-since-boot", debugging)));
      assertThat(report.claims().debug()).isEqualTo(Claims.Debug.ON);
      assertThat(appraised(report)).containsExactly("debug");
    }
  }

  /// docs/forgotten-checks.md no. 2: a prefix of the nonce; and an array of them.
  @Test
  void oneElementOfTheNoncesIsTheBindingInFull() throws Exception {
    String nonce = "\"" + NONCE + "\"";
    for (String bound :
        new String[] {"[" + nonce + "]", "[\"another-nonce\", " + nonce + "]", nonce}) {
      assertThat(verified(pki(CLAIMS.replace(nonce, bound))).claims().boundTo(BINDING)).isTrue();
    }
    for (String other :
        new String[] {
          "\"" + NONCE.substring(0, 42) + "\"",
          "\"" + NONCE + "=\"",
          "\"" + NONCE + " \"",
          "\"" + NONCE.toLowerCase(java.util.Locale.ROOT) + "\"",
          "\"" + BINDING.sha256().hex() + "\"",
          "\"" + BINDING.sha256().base64() + "\"",
          "\"" + Base64Url.encode(BINDING.reportData()) + "\"",
          "[\"" + NONCE.substring(0, 20) + "\", \"" + NONCE.substring(20) + "\"]",
          "[]",
          "\"\""
        }) {
      assertThat(appraised(verified(pki(CLAIMS.replace(nonce, other)))))
          .as(other)
          .containsExactly("binding");
    }
    String without = CLAIMS.replace("\"eat_nonce\": " + nonce + ",", "");
    assertThat(appraised(verified(pki(without)))).containsExactly("binding");
  }

  @Test
  void everyDemandOfThePolicyHasItsCheck() throws Exception {
    VerifiedReport report = verified(pki(CLAIMS));
    Map<String, Map<String, String>> demands = new LinkedHashMap<>();
    demands.put("space.audience", Map.of("audience", "[\"another\", \"cloister/\"]"));
    demands.put("space.hardware-model", Map.of("hardware-models", "[\"GCP_AMD_SEV\"]"));
    demands.put("space.tcb-status", Map.of("tcb-statuses", "[\"SWHardeningNeeded\"]"));
    demands.put("space.software-version", Map.of("minimum-software-version", "250801"));
    demands.put(
        "space.support-attributes", Map.of("support-attributes", "[\"STABLE\", \"NOVEL\"]"));
    demands.put(
        "space.image-digest", Map.of("image-digests", "[\"sha256:" + "2f".repeat(32) + "\"]"));
    demands.put("space.arguments", Map.of("arguments", "[\"/enclave\"]"));
    demands.put("space.environment", Map.of("environment", "{\"PATH\": [\"/bin\"]}"));
    demands.put("space.project-id", Map.of("project-ids", "[\"another\"]"));
    demands.put("space.service-account", Map.of("service-accounts", "[\"another\"]"));
    for (var demand : demands.entrySet()) {
      assertThat(failures(report, changed(demand.getValue())))
          .as(demand.getKey())
          .containsExactly(demand.getKey());
      String name = demand.getValue().keySet().iterator().next();
      if (!name.equals("minimum-software-version")) {
        assertThat(failures(report, changed(Map.of(name, "\"any\"")))).isEmpty();
      }
    }
    for (String arguments : new String[] {"[]", "[\"--serve\", \"/enclave\"]"}) {
      assertThat(failures(report, changed(Map.of("arguments", arguments))))
          .containsExactly("space.arguments");
    }
    for (String environment :
        new String[] {
          "{}",
          "{\"HOSTNAME\": \"any\", \"PATH\": [\"/usr/bin\"]}",
          "{\"HOSTNAME\": \"any\", \"PATH\": [\"/bin\"], \"HOME\": \"any\"}"
        }) {
      assertThat(failures(report, changed(Map.of("environment", environment))))
          .containsExactly("space.environment");
    }
  }

  /// docs/forgotten-checks.md no. 12 and 16: what the operator replaced, ignored.
  @Test
  void whatTheOperatorReplacedIsCompared() throws Exception {
    String command = CLAIMS.replace("\"args\"", "\"cmd_override\": [\"--debug\"], \"args\"");
    assertThat(failures(verified(pki(command)), UnaryOperator.identity()))
        .containsExactly("space.command-override");
    assertThat(
            failures(
                verified(pki(command)),
                changed(Map.of("overrides", "{\"command\": [\"--debug\"], \"environment\": {}}"))))
        .isEmpty();
    String environment =
        CLAIMS.replace(
            "\"args\"", "\"env_override\": {\"JAVA_TOOL_OPTIONS\": \"-agent\"}, \"args\"");
    assertThat(failures(verified(pki(environment)), UnaryOperator.identity()))
        .containsExactly("space.environment-override");
    assertThat(
            failures(
                verified(pki(environment)),
                changed(Map.of("overrides", "{\"command\": \"any\", \"environment\": \"any\"}"))))
        .isEmpty();
  }

  @Test
  void theReferenceOfTheImageDecidesNothing() throws Exception {
    String other =
        CLAIMS
            .replace("enclave:latest", "enclave@" + IMAGE)
            .replace(
                "\"image_digest\": \"" + IMAGE, "\"image_digest\": \"sha256:" + "00".repeat(32));
    assertThat(failures(verified(pki(other)), UnaryOperator.identity()))
        .containsExactly("space.image-digest");
  }

  @Test
  void amdHasNoLevelsAndTdxWithoutOneIsRefused() throws Exception {
    String without = CLAIMS.replace("gcp_attester_tcb_status", "gcp_attester_tcb");
    assertThat(failures(verified(pki(without)), UnaryOperator.identity()))
        .containsExactly("space.tcb-status");
    String amd = without.replace("GCP_INTEL_TDX", "GCP_AMD_SEV");
    assertThat(
            failures(verified(pki(amd)), changed(Map.of("hardware-models", "[\"GCP_AMD_SEV\"]"))))
        .isEmpty();
  }

  @Test
  void aTokenForSeveralIsForNobody() throws Exception {
    String several = CLAIMS.replace("\"cloister\"", "[\"cloister\", \"another\"]");
    assertThat(failures(verified(pki(several)), UnaryOperator.identity()))
        .containsExactly("space.audience");
    String one = CLAIMS.replace("\"cloister\"", "[\"cloister\"]");
    assertThat(failures(verified(pki(one)), UnaryOperator.identity())).isEmpty();
  }

  @Test
  void claimsThatAreMissingOrMalformedAreRefused() {
    Map<String, String> flaws = new LinkedHashMap<>();
    flaws.put("\"aud\": \"cloister\",", "");
    flaws.put("\"iss\"", "\"issuer\"");
    flaws.put("\"secboot\": true,", "");
    flaws.put("\"secboot\": true", "\"secboot\": \"true\"");
    flaws.put("\"hwmodel\"", "\"model\"");
    flaws.put("[\"250800\"]", "[\"250800\", \"250900\"]");
    flaws.put("\"250800\"", "\"25.08\"");
    flaws.put("\"dbgstat\"", "\"debug\"");
    flaws.put("\"image_digest\"", "\"image_id\"");
    flaws.put(IMAGE, "sha256:1f");
    flaws.put("sha256:", "sha512:");
    flaws.put("\"container\"", "\"pod\"");
    flaws.put("\"submods\"", "\"modules\"");
    flaws.put("\"--serve\"", "1");
    flaws.put("\"/bin\"", "null");
    flaws.put("\"" + NONCE + "\"", "[1]");
    flaws.put("\"" + NONCE + "\",", "[" + "\"n\",".repeat(6) + "\"n\"],");
    flaws.put("\"iat\"", "\"at\"");
    flaws.put("\"exp\"", "\"until\"");
    flaws.put("\"oemid\": 11129", "\"aud\": \"cloister\"");
    flaws.forEach((found, replacement) ->
        assertThat(refusal(pki(CLAIMS.replace(found, replacement))))
            .as(found)
            .isNotEmpty()
            .noneMatch(name -> name.startsWith("space.")));
    assertThat(refusal(new Evidence(Tee.CONFIDENTIAL_SPACE, Bytes.utf8("a.b.c")))).isNotEmpty();
  }

  /// docs/forgotten-checks.md no. 16.
  @Test
  void anotherAlgorithmIsRefused() {
    for (String algorithm : new String[] {"none", "HS256", "PS256", "ES256"}) {
      String header = header(List.of(LEAF, MIDDLE, ROOT)).replace("RS256", algorithm);
      assertThat(refusal(token(TestTokens.signed(LEAF, Algorithm.RS256, header, CLAIMS))))
          .containsExactly("space.signature");
    }
  }

  @Test
  void aPolicyThatSaysLessIsNone() {
    for (String key : policy().keySet()) {
      Map<String, String> shorter = policy();
      shorter.remove(key);
      refusedPolicy(shorter, key);
      for (String wrong : new String[] {"1.5", "null", "\"all\"", "true"}) {
        Map<String, String> other = policy();
        other.put(key, wrong);
        refusedPolicy(other, key);
      }
      if (!Set.of("arguments", "environment", "overrides").contains(key)) {
        Map<String, String> empty = policy();
        empty.put(key, "[]");
        refusedPolicy(empty, key);
      }
    }
    refusedPolicy(with("extra", "1"), "unknown key");
    refusedPolicy(with("signing-keys", "\"any\""), "unknown key");
    refusedPolicy(with("token-types", "[\"OIDC\"]"), "signing-keys is missing");
    refusedPolicy(with("token-types", "\"any\""), "signing-keys is missing");
    refusedPolicy(with("image-digests", "[\"" + "1f".repeat(32) + "\"]"), "image-digests");
    refusedPolicy(with("maximum-age-seconds", "3601"), "maximum-age-seconds");
    refusedPolicy(with("overrides", "{\"command\": []}"), "environment is missing");
    refusedPolicy(with("overrides", "{\"environment\": {}}"), "command is missing");
    refusedPolicy(
        with("overrides", "{\"command\": [], \"environment\": {}, \"user\": []}"), "unknown key");
    refusedPolicy(with("environment", "{\"PATH\": []}"), "PATH is empty");
  }

  private static void refusedPolicy(Map<String, String> members, String reason) {
    assertThatThrownBy(() -> TestPolicies.accepting(entry(members)))
        .as("%s", members)
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining(reason.startsWith("unknown") ? "unknown key" : reason);
  }

  private static Map<String, String> with(String key, String value) {
    Map<String, String> members = policy();
    members.put(key, value);
    return members;
  }

  /// What accepts [#CLAIMS], with nothing left open but revocation.
  private static Map<String, String> policy() {
    var members = new LinkedHashMap<String, String>();
    members.put("token-types", "[\"PKI\"]");
    members.put("audience", "[\"cloister\"]");
    members.put("hardware-models", "[\"GCP_INTEL_TDX\"]");
    members.put("tcb-statuses", "[\"UpToDate\"]");
    members.put("minimum-software-version", "250800");
    members.put("support-attributes", "[\"STABLE\"]");
    members.put("image-digests", "[\"" + IMAGE + "\"]");
    members.put("arguments", "[\"/enclave\", \"--serve\"]");
    members.put("environment", "{\"HOSTNAME\": \"any\", \"PATH\": [\"/bin\"]}");
    members.put("overrides", "{\"command\": [], \"environment\": {}}");
    members.put("project-ids", "[\"clean-room\"]");
    members.put("service-accounts", "[\"enclave@clean-room.example\"]");
    members.put("maximum-age-seconds", "300");
    members.put("revocation", "\"any\"");
    return members;
  }

  static String entry(Map<String, String> members) {
    return members.entrySet().stream()
        .map(member -> "\"%s\": %s".formatted(member.getKey(), member.getValue()))
        .collect(Collectors.joining(", ", "{\"tee\": \"confidential-space\", ", "}"));
  }

  private static UnaryOperator<Map<String, String>> changed(Map<String, String> members) {
    return all -> {
      all.putAll(members);
      return all;
    };
  }

  private static List<String> failures(
      VerifiedReport report, UnaryOperator<Map<String, String>> change) throws EvidenceException {
    return TestPolicies.failures(entry(change.apply(policy())), report, NOW);
  }

  private static String second(long later) {
    return Long.toString(NOW.getEpochSecond() + later);
  }

  private Evidence pki(String claims) {
    return pki(LEAF, List.of(LEAF, MIDDLE, ROOT), claims);
  }

  private static Evidence pki(TestAuthority by, List<TestAuthority> chain, String claims) {
    return token(TestTokens.signed(by, Algorithm.RS256, header(chain), claims));
  }

  private static String header(List<TestAuthority> chain) {
    return "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"x5c\":"
        + TestTokens.certificates(chain.stream().map(TestAuthority::certificate).toList())
        + "}";
  }

  private Evidence oidc(String claims) {
    return token(
        TestTokens.signed(KEY, Algorithm.RS256, "{\"alg\":\"RS256\",\"kid\":\"one\"}", claims));
  }

  private static Evidence token(Bytes token) {
    return new Evidence(Tee.CONFIDENTIAL_SPACE, token);
  }

  private Collateral keys() throws EvidenceException {
    return Collateral.of(List.of(TestTokens.keySet(SpaceReport.KEYS, "one", KEY)));
  }

  private static Collateral lists(Bytes... lists) throws EvidenceException {
    return Collateral.of(
        java.util.Arrays.stream(lists)
            .map(list -> new Collateral.Item(Collateral.Kind.REVOCATION_LIST, "a test", list))
            .toList());
  }

  private VerifiedReport verified(Evidence evidence) throws EvidenceException {
    return Report.parse(evidence).verify(Collateral.none(), ANCHORS, NOW);
  }

  private List<String> refusal(Evidence evidence) {
    return at(evidence, NOW);
  }

  private List<String> at(Evidence evidence, Instant at) {
    return TestPolicies.refusal(evidence, Collateral.none(), ANCHORS, at);
  }

  private static List<String> appraised(VerifiedReport report) throws EvidenceException {
    Policy policy = TestPolicies.accepting(entry(policy()));
    var requirements =
        new Requirements(
            Set.of(Tee.CONFIDENTIAL_SPACE),
            Set.of(Measurement.parse(IMAGE)),
            Optional.of(policy.digest()));
    return TestPolicies.failed(
        new Trust(requirements, List.of(policy), SimulatedEvidence.REFUSE)
            .appraise(List.of(report), BINDING, NOW)
            .checks());
  }
}
