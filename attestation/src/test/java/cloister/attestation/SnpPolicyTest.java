package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Bytes;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SnpPolicyTest {
  private static final SnpTestPlatform MILAN = SnpTestPlatform.of(SnpProduct.MILAN);
  private static final String MEASUREMENT = "22".repeat(48);
  private static final String HOST_DATA = "33".repeat(32);
  private static final String TCB = "{\"bootloader\":4,\"tee\":1,\"snp\":23,\"microcode\":213}";
  private static final String GUEST =
      "{\"smt\":\"any\",\"single-socket\":\"any\",\"minimum-abi\":\"1.55\",\"require\":\"any\"}";

  /// What the platform's good report meets exactly.
  private static Map<String, String> exact() {
    var keys = new LinkedHashMap<String, String>();
    keys.put("tee", "\"sev-snp\"");
    keys.put("products", "[\"milan\"]");
    keys.put("signing-keys", "[\"vcek\"]");
    keys.put("chip-ids", "[\"" + MILAN.chipId().hex() + "\"]");
    keys.put("minimum-tcb", "{\"milan\":" + TCB + "}");
    keys.put("guest-policy", GUEST);
    keys.put("platform-info", "{\"require\":[\"alias-check\",\"ecc\"]}");
    keys.put("mitigations", "\"any\"");
    keys.put("vmpl", "0");
    keys.put("measurement", "[\"sha384:" + MEASUREMENT + "\"]");
    keys.put("host-data", "[\"" + HOST_DATA + "\"]");
    keys.put("minimum-guest-svn", "2");
    return keys;
  }

  /// What accepts most Milan guests that are not debuggable.
  static Map<String, String> lenient() {
    var keys = exact();
    keys.put("signing-keys", "[\"vcek\",\"vlek\"]");
    keys.put("csp-ids", "\"any\"");
    keys.put("chip-ids", "\"any\"");
    keys.put("minimum-tcb", "{\"milan\":{\"bootloader\":2,\"tee\":0,\"snp\":5,\"microcode\":68}}");
    keys.put(
        "guest-policy",
        "{\"smt\":\"any\",\"single-socket\":\"any\",\"minimum-abi\":\"0.0\",\"require\":\"any\"}");
    keys.put("platform-info", "{\"require\":\"any\"}");
    keys.put("measurement", "\"any\"");
    keys.put("host-data", "\"any\"");
    keys.put("minimum-guest-svn", "0");
    return keys;
  }

  @Test
  void whatMeetsEveryDemandIsAccepted() throws Exception {
    assertThat(failures(exact(), claims())).isEmpty();
  }

  @Test
  void everyUnmetDemandFailsUnderItsOwnName() throws Exception {
    check(report -> report.put(0x90, (byte) 1), "snp.measurement");
    check(report -> report.put(0xc0, (byte) 1), "snp.host-data");
    check(report -> report.put(0xe0, (byte) 1), "snp.id-key-digests");
    check(report -> report.putInt(0x48, 1).put(0x110, (byte) 1), "snp.author-key-digests");
    check(report -> report.putInt(4, 1), "snp.minimum-guest-svn");
    check(report -> report.putInt(0x30, 1), "snp.vmpl");
    check(report -> report.putLong(0x40, 0x21), "snp.platform-info.require");
    check(report -> report.putLong(0x40, 0x05), "snp.platform-info.require");
    check(report -> report.putLong(8, 0xb0137), "snp.guest-policy.debug");
    check(report -> report.putLong(8, 0x70137), "snp.guest-policy.migration");
    check(report -> report.putLong(8, 0x230137), "snp.guest-policy.cxl");
    check(report -> report.putLong(8, 0x30136), "snp.guest-policy.minimum-abi");
    check(report -> report.putLong(8, 0x300ff), "snp.guest-policy.minimum-abi");
    check(report -> report.putLong(8, 1L << 26 | 0x30137), "snp.guest-policy.unknown-bits");
    check(report -> report.putLong(8, 1L << 63 | 0x30137), "snp.guest-policy.unknown-bits");
    check(report -> report.put(0x3f, (byte) 214), "snp.provisional-firmware");
    check(report -> report.put(0x1e8, (byte) 0x1e), "snp.provisional-firmware");
    check(report -> report.put(0x1f7, (byte) 212), "snp.minimum-launch-tcb");
  }

  /// A sum, the number and the order of bytes all say that some of these are at least the minimum.
  /// A minimum of the microcode is what CVE-2024-56161 (AMD-SB-3019) needs.
  @Test
  void everyComponentOfTheTcbCounts() throws Exception {
    for (String minimum :
        List.of(
            TCB.replace(":4", ":5"),
            TCB.replace(":1", ":2"),
            TCB.replace(":23", ":24"),
            TCB.replace(":213", ":214"),
            "{\"bootloader\":0,\"tee\":2,\"snp\":0,\"microcode\":0}",
            "{\"bootloader\":5,\"tee\":0,\"snp\":0,\"microcode\":0}")) {
      var policy = exact();
      policy.put("minimum-tcb", "{\"milan\":" + minimum + "}");
      assertThat(failures(policy, claims()))
          .as(minimum)
          .containsExactly("snp.minimum-launch-tcb", "snp.minimum-tcb");
      policy.put("minimum-launch-tcb", "{\"milan\":" + TCB + "}");
      assertThat(failures(policy, claims())).containsExactly("snp.minimum-tcb");
    }
  }

  @Test
  void aMinimumHoldsForTheFirmwareThatCanBeRolledBackTo() throws Exception {
    var policy = exact();
    policy.put("provisional-firmware", "\"accepted\"");
    assertThat(failures(policy, claims(report -> report.put(0x3f, (byte) 214)))).isEmpty();
    assertThat(failures(policy, claims(report -> report.put(0x1e7, (byte) 212))))
        .containsExactly("snp.minimum-tcb");
  }

  @Test
  void whatAGuestAllowsOrDemandsCanBeDemanded() throws Exception {
    checkGuest(GUEST.replace("\"smt\":\"any\"", "\"smt\":\"forbidden\""), "smt");
    checkGuest(
        GUEST.replace("\"single-socket\":\"any\"", "\"single-socket\":\"required\""),
        "single-socket");
    for (String flag :
        List.of("aes-256-xts", "rapl-disabled", "ciphertext-hiding", "page-swap-disabled")) {
      checkGuest(GUEST.replace("\"require\":\"any\"", "\"require\":[\"" + flag + "\"]"), flag);
    }
    var policy = exact();
    policy.put(
        "guest-policy",
        GUEST
            .replace("\"smt\":\"any\"", "\"smt\":\"forbidden\"")
            .replace("\"single-socket\":\"any\"", "\"single-socket\":\"required\"")
            .replace("\"require\":\"any\"", "\"require\":[\"aes-256-xts\",\"rapl-disabled\"]"));
    assertThat(failures(policy, claims(report -> report.putLong(8, 0xd20137)))).isEmpty();
    policy.put(
        "guest-policy",
        GUEST.replace(
            "}", ",\"migration\":\"any\",\"cxl\":\"any\",\"unknown-bits\":[\"26\",\"63\"]}"));
    long bits = 1L << 63 | 1 << 26 | 0x270137;
    assertThat(failures(policy, claims(report -> report.putLong(8, bits)))).isEmpty();
    assertThat(failures(policy, claims(report -> report.putLong(8, bits | 1L << 27))))
        .containsExactly("snp.guest-policy.unknown-bits");
  }

  /// AMD-SB-3015 (CVE-2024-21944, BadRAM) needs `alias-check`. Unknown informational bits refuse no
  /// genuine report, as they once did in go-sev-guest.
  @Test
  void whatThePlatformIsCanBeDemanded() throws Exception {
    for (String condition : List.of("smt-disabled", "tsme", "rapl-disabled", "ciphertext-hiding")) {
      var policy = exact();
      policy.put("platform-info", "{\"require\":[\"" + condition + "\"]}");
      assertThat(failures(policy, claims()))
          .as(condition)
          .containsExactly("snp.platform-info.require");
      assertThat(failures(policy, claims(report -> report.putLong(0x40, 0x3e)))).isEmpty();
    }
    var policy = exact();
    policy.put("platform-info", "{\"require\":[\"tio-disabled\"]}");
    assertThat(failures(policy, claims(report -> report.putLong(0x40, 0xa5))))
        .containsExactly("snp.platform-info.require");
    assertThat(failures(policy, claims(report -> report.putLong(0x40, 0x65))))
        .as("an unknown informational bit")
        .isEmpty();
  }

  @Test
  void mitigationsAreDemandedBitByBit() throws Exception {
    Consumer<ByteBuffer> mitigated =
        report -> report.putInt(0, 5).putLong(0x1f8, 0b101).putLong(0x200, 0b111);
    assertThat(mitigations("0000000000000005", "0000000000000006", mitigated)).isEmpty();
    assertThat(mitigations("0000000000000000", "0000000000000000", mitigated)).isEmpty();
    assertThat(mitigations("0000000000000002", "0000000000000000", mitigated))
        .containsExactly("snp.mitigations");
    assertThat(mitigations("0000000000000000", "8000000000000001", mitigated))
        .containsExactly("snp.mitigations");
    assertThat(mitigations("0000000000000000", "0000000000000000", report -> {}))
        .as("a report of version 3 names none")
        .containsExactly("snp.mitigations");
  }

  @Test
  void productsKeysProvidersAndChipsAreListed() throws Exception {
    var loaded = MILAN.loadedReport();
    SnpClaims claims = claims(MILAN.loadedEvidence(loaded), MILAN);
    assertThat(failures(exact(), claims)).containsExactly("snp.chip-ids", "snp.signing-keys");
    var policy = exact();
    policy.put("signing-keys", "[\"vlek\"]");
    policy.put("chip-ids", "\"any\"");
    policy.put("csp-ids", "[\"" + SnpTestPlatform.PROVIDER + "\"]");
    assertThat(failures(policy, claims)).isEmpty();
    policy.put("csp-ids", "[\"CN=cc-us-east-1.amazonaws.com\"]");
    assertThat(failures(policy, claims)).containsExactly("snp.csp-ids");
    assertThat(failures(policy, claims())).containsExactly("snp.signing-keys");
    var turin = SnpTestPlatform.of(SnpProduct.TURIN);
    SnpClaims other = claims(turin.evidence(turin.report()), turin);
    assertThat(failures(exact(), other))
        .containsExactly(
            "snp.chip-ids", "snp.minimum-launch-tcb", "snp.minimum-tcb", "snp.products");
    policy = exact();
    policy.put("products", "[\"milan\",\"turin\"]");
    policy.put("chip-ids", "[\"" + turin.chipId().slice(0, 8).hex() + "\"]");
    policy.put(
        "minimum-tcb",
        "{\"milan\":%s,\"turin\":{\"fmc\":1,%s}}"
            .formatted(TCB, "\"bootloader\":3,\"tee\":2,\"snp\":5,\"microcode\":72"));
    assertThat(failures(policy, other)).isEmpty();
    policy.compute("minimum-tcb", (_, tcb) -> tcb.replace("\"fmc\":1", "\"fmc\":2"));
    assertThat(failures(policy, other))
        .containsExactly("snp.minimum-launch-tcb", "snp.minimum-tcb");
  }

  @Test
  void anyIsSaidAndShown() throws Exception {
    var policy = read(lenient());
    List<Check> noted =
        policy.compare(claims(), SnpTestPlatform.NOW).stream()
            .filter(check -> check.outcome() == Check.Outcome.NOTED)
            .toList();
    assertThat(noted)
        .extracting(Check::name)
        .contains(
            "snp.measurement",
            "snp.host-data",
            "snp.chip-ids",
            "snp.platform-info.require",
            "snp.guest-policy.smt",
            "snp.guest-policy.single-socket",
            "snp.mitigations");
  }

  @Test
  void everyKeyIsNeededAndNoOtherIsKnown() {
    for (String key : exact().keySet()) {
      var policy = exact();
      policy.remove(key);
      assertThatThrownBy(() -> read(policy)).as(key).hasMessageContaining(key + " is missing");
    }
    for (String key : List.of("smt", "single-socket", "minimum-abi", "require")) {
      var policy = exact();
      policy.put("guest-policy", GUEST.replace("\"" + key + "\"", "\"other\""));
      assertThatThrownBy(() -> read(policy)).as(key).hasMessageContaining(key + " is missing");
    }
    refused("other", "1", "other is an unknown key");
    refused("csp-ids", "\"any\"", "csp-ids is an unknown key");
    refused("guest-policy", GUEST.replace("}", ",\"debug\":\"any\"}"), "debug is an unknown key");
    refused("platform-info", "{\"require\":\"any\",\"a\":1}", "a is an unknown key");
    refused("mitigations", "{\"launch\":\"" + "00".repeat(8) + "\"}", "current is missing");
    refused(
        "minimum-tcb", "{\"milan\":" + TCB + ",\"genoa\":" + TCB + "}", "genoa is an unknown key");
    refused("minimum-tcb", "{\"genoa\":" + TCB + "}", "milan is missing");
    refused("minimum-tcb", "{\"milan\":" + TCB.replace("}", ",\"fmc\":0}") + "}", "fmc");
    refused("minimum-tcb", "{\"milan\":{\"bootloader\":1}}", "is missing");
    var policy = exact();
    policy.put("signing-keys", "[\"vlek\"]");
    assertThatThrownBy(() -> read(policy)).hasMessageContaining("csp-ids is missing");
  }

  @Test
  void emptyAndMalformedValuesAreRefused() {
    for (String key : List.of("products", "signing-keys", "chip-ids", "measurement", "host-data")) {
      refused(key, "[]", "is empty");
      refused(key, "[\"\"]", "malformed");
      refused(key, "[1]", "not a string");
    }
    refused("products", "\"any\"", "is not a list");
    refused("signing-keys", "\"any\"", "is not a list");
    refused("products", "[\"rome\"]", "malformed");
    refused("measurement", "\"all\"", "the word any");
    refused("measurement", "[\"sha256:" + "00".repeat(32) + "\"]", "sha384");
    refused("chip-ids", "[\"0011\"]", "64 bytes");
    refused("host-data", "[\"0011\"]", "not 32");
    refused("id-key-digests", "[\"0011\"]", "not 48");
    refused("id-key-digests", "[]", "is empty");
    refused("vmpl", "4", "between 0 and 3");
    refused("vmpl", "\"any\"", "not a number");
    refused("minimum-guest-svn", "-1", "between");
    refused("minimum-tcb", "{\"milan\":" + TCB.replace("213", "256") + "}", "between 0 and 255");
    refused("provisional-firmware", "\"any\"", "neither refused nor accepted");
    refused("platform-info", "{\"require\":[]}", "is empty");
    refused("platform-info", "{\"require\":[\"smt-enabled\"]}", "malformed");
    refused("guest-policy", GUEST.replace("1.55", "1"), "not a version");
    refused("guest-policy", GUEST.replace("1.55", "256.0"), "0 to 255");
    refused("guest-policy", GUEST.replaceFirst("any", "allowed"), "neither forbidden nor any");
    for (String flag : List.of("debug", "smt", "other")) {
      refused(
          "guest-policy",
          GUEST.replace("\"require\":\"any\"", "\"require\":[\"" + flag + "\"]"),
          "malformed");
    }
    for (String bit : List.of("19", "17", "0", "25", "64", "-1", "x")) {
      refused(
          "guest-policy", GUEST.replace("}", ",\"unknown-bits\":[\"" + bit + "\"]}"), "malformed");
    }
    refused("mitigations", "\"none\"", "the word any");
    refused("mitigations", "{\"launch\":\"00\",\"current\":\"00\"}", "has 1 bytes, not 8");
  }

  /// The whole way: a collaboration's policy document, and a verifier that trusts it.
  @Test
  void aReportIsAppraisedUnderAPolicyDocument() throws Exception {
    Policy policy = TestPolicies.parse(document(exact(), ""));
    Binding binding = Binding.of("cloister/session/v1", Bytes.utf8("nonce"));
    var bound = claimsOf(report -> report.put(0x50, binding.reportData().toArray()));
    var trust = trust(policy);
    assertThat(trust.appraise(List.of(bound), binding, SnpTestPlatform.NOW))
        .isInstanceOfSatisfying(
            Appraisal.Accepted.class,
            accepted -> assertThat(accepted.tee()).isEqualTo(Tee.SEV_SNP));
    Binding other = Binding.of("cloister/session/v1", Bytes.utf8("another nonce"));
    assertThat(
            SnpTestPlatform.names(
                trust.appraise(List.of(bound), other, SnpTestPlatform.NOW).checks()))
        .containsExactly("binding");
    var debuggable =
        claimsOf(report -> report.putLong(8, 0xb0137).put(0x50, binding.reportData().toArray()));
    assertThat(
            SnpTestPlatform.names(
                trust.appraise(List.of(debuggable), binding, SnpTestPlatform.NOW).checks()))
        .containsExactly("debug", "snp.guest-policy.debug");
  }

  /// docs/forgotten-checks.md no. 2: report data compared by a prefix.
  @Test
  void everyByteOfTheReportDataIsBound() throws Exception {
    Binding binding = Binding.of("cloister/session/v1", Bytes.utf8("nonce"));
    for (int at = 0; at < 64; at++) {
      byte[] data = SnpEvidenceTest.flipped(binding.reportData(), at, at % 8).toArray();
      assertThat(claims(report -> report.put(0x50, data)).boundTo(binding)).isFalse();
    }
  }

  @Test
  void aDeniedChipIsRefused() throws Exception {
    Policy policy =
        TestPolicies.parse(
            document(exact(), ",\"deny\":{\"chip-id\":[\"" + MILAN.chipId().hex() + "\"]}"));
    assertThat(SnpTestPlatform.names(policy.compare(claimsOf(_ -> {}), SnpTestPlatform.NOW)))
        .containsExactly("policy.deny");
  }

  /// As a Turin's chip id, which has eight bytes and zeros behind them.
  @Test
  void whatIsDeniedIsDeniedWithOrWithoutItsPadding() throws Exception {
    String eight = "0102030405060708";
    for (String denied : List.of(eight, eight + "00".repeat(24), eight + "00")) {
      assertThat(denies(denied, eight + "00".repeat(24))).as(denied).isTrue();
    }
    assertThat(denies(eight, eight + "00".repeat(23) + "01")).isFalse();
    assertThat(denies("0102030405060709", eight + "00".repeat(24))).isFalse();
    assertThat(denies(eight + "00".repeat(25), eight + "00".repeat(24))).isFalse();
    for (String tooShortOrLong : List.of("", "01", "00".repeat(65))) {
      assertThatThrownBy(() -> denies(tooShortOrLong, eight + "00".repeat(24)))
          .hasMessageContaining("an identifier has 8 to 64 bytes");
    }
  }

  private static boolean denies(String denied, String hostData) throws Exception {
    Policy policy =
        TestPolicies.parse(document(exact(), ",\"deny\":{\"host-data\":[\"" + denied + "\"]}"));
    var compared =
        policy.compare(
            claimsOf(report -> report.put(0xc0, Bytes.hex(hostData).toArray())),
            SnpTestPlatform.NOW);
    return SnpTestPlatform.names(compared).contains("policy.deny");
  }

  /// The policy of Azure's clean room samples, whose keys lie beside them: no document has to name
  /// it.
  @Test
  void evidenceWhoseKeysArePublishedIsRefusedUnderEveryPolicy() throws Exception {
    byte[] hostData =
        Bytes.hex("73973b78d70cc68353426de188db5dfc57e5b766e399935fb73a61127ea26d20").toArray();
    Policy policy = TestPolicies.parse(document(lenient(), ""));
    assertThat(SnpTestPlatform.names(policy.compare(claimsOf(_ -> {}), SnpTestPlatform.NOW)))
        .isEmpty();
    assertThat(
            SnpTestPlatform.names(
                policy.compare(
                    claimsOf(report -> report.put(0xc0, hostData)), SnpTestPlatform.NOW)))
        .containsExactly("policy.deny");
  }

  /// A list that can match nothing says so: somebody relies on it.
  @Test
  void whatEvidenceDoesNotHaveIsNotDeniedInSilence() throws Exception {
    Policy policy =
        TestPolicies.parse(
            document(
                exact(), ",\"deny\":{\"platform-instance-id\":[\"" + "00".repeat(16) + "\"]}"));
    assertThat(policy.compare(claimsOf(_ -> {}), SnpTestPlatform.NOW))
        .extracting(Check::detail)
        .contains("evidence of sev-snp has no platform-instance-id to deny");
  }

  private static Trust trust(Policy policy) {
    var requirements =
        new Requirements(
            Set.of(Tee.SEV_SNP),
            Set.of(Measurement.parse("sha384:" + MEASUREMENT)),
            java.util.Optional.of(policy.digest()));
    return new Trust(requirements, List.of(policy), SimulatedEvidence.REFUSE);
  }

  private static Bytes document(Map<String, String> entry, String more) {
    return Bytes.utf8(
        ("{\"policy\":\"test\",\"valid\":{\"from\":\"2026-01-01T00:00:00Z\","
                + "\"until\":\"2027-01-01T00:00:00Z\"},\"families\":1,\"accept\":[%s]%s}")
            .formatted(json(entry), more));
  }

  private static void check(Consumer<ByteBuffer> edits, String failure) throws EvidenceException {
    assertThat(failures(exact(), claims(edits))).containsExactly(failure);
  }

  /// A guest policy that the good report does not meet, by this flag.
  private static void checkGuest(String guestPolicy, String flag) throws EvidenceException {
    var policy = exact();
    policy.put("guest-policy", guestPolicy);
    assertThat(failures(policy, claims())).containsExactly("snp.guest-policy." + flag);
  }

  private static Set<String> mitigations(String launch, String current, Consumer<ByteBuffer> edits)
      throws EvidenceException {
    var policy = exact();
    policy.put("mitigations", "{\"launch\":\"%s\",\"current\":\"%s\"}".formatted(launch, current));
    return failures(policy, claims(edits));
  }

  private static void refused(String key, String value, String problem) {
    var policy = exact();
    policy.put(key, value);
    assertThatThrownBy(() -> read(policy))
        .as("%s %s", key, value)
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining(problem);
  }

  static Set<String> failures(Map<String, String> policy, Claims claims) throws EvidenceException {
    return SnpTestPlatform.names(read(policy).compare(claims, SnpTestPlatform.NOW));
  }

  private static Policy.Entry read(Map<String, String> keys) throws EvidenceException {
    Fields fields = Json.parse("policy", Bytes.utf8(json(keys)), 1 << 16);
    assertThatTeeIsRead(fields);
    SnpPolicy policy = SnpPolicy.read(fields);
    fields.noOther();
    return policy;
  }

  private static void assertThatTeeIsRead(Fields fields) throws EvidenceException {
    assertThat(fields.string("tee")).isEqualTo("sev-snp");
  }

  private static String json(Map<String, String> keys) {
    return new TreeMap<>(keys)
        .entrySet().stream()
            .map(entry -> "\"%s\":%s".formatted(entry.getKey(), entry.getValue()))
            .collect(Collectors.joining(",", "{", "}"));
  }

  private static SnpClaims claims() throws EvidenceException {
    return claims(_ -> {});
  }

  private static SnpClaims claims(Consumer<ByteBuffer> edits) throws EvidenceException {
    return (SnpClaims) claimsOf(edits).claims();
  }

  private static VerifiedReport claimsOf(Consumer<ByteBuffer> edits) throws EvidenceException {
    return Report.parse(MILAN.evidence(MILAN.report(edits)))
        .verify(MILAN.collateral(), MILAN.anchors(), SnpTestPlatform.NOW);
  }

  private static SnpClaims claims(Evidence evidence, SnpTestPlatform platform)
      throws EvidenceException {
    return (SnpClaims)
        Report.parse(evidence)
            .verify(platform.collateral(), platform.anchors(), SnpTestPlatform.NOW)
            .claims();
  }
}
