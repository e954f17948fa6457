package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class NvidiaPolicyTest {
  private static final Instant NOW = TestAuthority.NOW;
  private static final Bytes DEVICE = Bytes.of(new byte[32]);
  private static final Digest KEY = Digest.ofUtf8("a key of NVIDIA's service");
  private static final Check REVOCATION = Check.holds("nvidia.revocation", "a list was current");

  @Test
  void anEntryWhoseEveryFieldHoldsIsAccepted() throws Exception {
    assertThat(compare(entry(), claims()))
        .noneMatch(Check::failed)
        .extracting(Check::name)
        .containsExactly(
            "nvidia.architecture",
            "nvidia.driver",
            "nvidia.vbios",
            "nvidia.mode",
            "nvidia.chip-id",
            "nvidia.verifier",
            "nvidia.revocation",
            "nvidia.ocsp");
  }

  @Test
  void eachFieldThatDiffersFailsByItsName() throws Exception {
    assertFails("architectures", "[\"blackwell\"]", "nvidia.architecture");
    assertFails("minimum-driver", "\"580.160\"", "nvidia.driver");
    assertFails("minimum-driver", "\"580.159.03.1\"", "nvidia.driver");
    assertFails("minimum-vbios", "\"96.00.9F.00.02\"", "nvidia.vbios");
    assertFails("minimum-vbios", "\"97.00.00.00.00\"", "nvidia.vbios");
    assertFails("modes", "[\"single-pass-through\",\"protected-pcie\"]", "nvidia.mode");
    assertFails("chip-ids", "[\"" + "11".repeat(32) + "\"]", "nvidia.chip-id");
    assertFails("verifiers", "[\"nras\"]", "nvidia.verifier");
  }

  @Test
  void versionsAreComparedNumberByNumber() throws Exception {
    for (String lower : List.of("580.95.05", "580.159.03", "580.159.3", "580", "99.999.99")) {
      var entry = with("minimum-driver", "\"" + lower + "\"");
      if (lower.equals("580")) {
        assertThatThrownBy(() -> read(entry)).hasMessageContaining("minimum-driver is malformed");
      } else {
        assertThat(compare(entry, claims())).as(lower).noneMatch(Check::failed);
      }
    }
    for (String lower : List.of("96.00.9E.FF.FF", "96.00.9f.00.01", "0F.00.00.00.00")) {
      assertThat(compare(with("minimum-vbios", "\"" + lower + "\""), claims()))
          .as(lower)
          .noneMatch(Check::failed);
    }
    assertThatThrownBy(() -> NvidiaVersion.driver("1.2").compareTo(claims().vbios()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anyIsNotedInTheResult() throws Exception {
    for (String key : List.of("minimum-driver", "minimum-vbios", "modes", "chip-ids")) {
      List<Check> checks = compare(with(key, "\"any\""), claims());
      assertThat(checks).noneMatch(Check::failed);
      assertThat(checks)
          .as(key)
          .anyMatch(check ->
              check.outcome() == Check.Outcome.NOTED && check.detail().contains("accepts any"));
    }
  }

  @Test
  void revocationIsSaidAndEveryResultShowsWhatWasNotChecked() throws Exception {
    var unchecked = compare(with("revocation", "\"unchecked\""), claims());
    assertThat(unchecked)
        .filteredOn(check -> check.name().equals("nvidia.revocation"))
        .singleElement()
        .satisfies(check -> {
          assertThat(check.outcome()).isEqualTo(Check.Outcome.NOTED);
          assertThat(check.detail()).contains("not checked, as the policy says");
        });
    assertThat(compare(entry(), claims()))
        .contains(REVOCATION)
        .anyMatch(check ->
            check.name().equals("nvidia.ocsp")
                && check.detail().contains("only NVIDIA's OCSP service knows"));
    var stale = Check.fails("nvidia.revocation", "no list");
    assertThat(compare(entry(), claims(new NvidiaClaims.Local(List.of(stale))))).contains(stale);
    assertThat(
            compare(
                with("revocation", "\"unchecked\""),
                claims(new NvidiaClaims.Local(List.of(stale)))))
        .noneMatch(Check::failed);
  }

  /// With lists of a vendor of the test's own, from report to policy.
  @Test
  void revocationListsAreNeededCurrentAndOfTheRightIssuer() throws Exception {
    var vendor = new NvidiaVendor();
    var lists = vendor.revocationLists();
    assertThat(revocation(vendor, lists)).isEmpty();
    for (int missing = 0; missing < 3; missing++) {
      var fewer = new java.util.ArrayList<>(lists);
      fewer.remove(missing);
      assertThat(revocation(vendor, fewer))
          .isNotEmpty()
          .allMatch(why -> why.contains("no revocation list"));
      fewer.add(new NvidiaVendor().revocationLists().get(missing));
      assertThat(revocation(vendor, fewer)).as("of a namesake").isNotEmpty();
    }
    var old = new java.util.ArrayList<>(lists.subList(1, 3));
    old.add(
        NvidiaVendor.list(
            vendor.deviceRoot.revocationList(NOW.minusSeconds(20), NOW.minusSeconds(10))));
    assertThat(revocation(vendor, old)).singleElement().asString().contains("fetch collateral");
  }

  private static List<String> revocation(NvidiaVendor vendor, List<Collateral.Item> lists)
      throws EvidenceException {
    var items = new java.util.ArrayList<>(vendor.manifests());
    items.addAll(lists);
    VerifiedReport report =
        Report.parse(vendor.evidence(DEVICE)).verify(Collateral.of(items), vendor.anchors(), NOW);
    return compare(with("chip-ids", "\"any\""), report.claims()).stream()
        .filter(Check::failed)
        .filter(check -> check.name().equals("nvidia.revocation"))
        .map(Check::detail)
        .toList();
  }

  @Test
  void aVerdictOfNvidiasServiceIsAcceptedByItsKey() throws Exception {
    var verdict = claims(new NvidiaClaims.Nras(KEY, NOW, NOW));
    assertThat(compare(entry(), verdict))
        .filteredOn(Check::failed)
        .extracting(Check::name)
        .containsExactly("nvidia.verifier");
    var either = with("verifiers", "[\"local\",\"nras\"]");
    assertThatThrownBy(() -> read(either)).hasMessageContaining("nras-keys is missing");
    either.put("nras-keys", "[\"" + KEY + "\"]");
    assertThat(compare(either, verdict)).noneMatch(Check::failed);
    assertThat(compare(either, claims())).noneMatch(Check::failed);
    assertThat(compare(either, claims(new NvidiaClaims.Nras(KEY, NOW.minusSeconds(86_401), NOW))))
        .filteredOn(Check::failed)
        .extracting(Check::name)
        .containsExactly("nvidia.nras-keys-age");
    either.put("nras-keys", "[\"" + Digest.ofUtf8("another") + "\"]");
    assertThat(compare(either, verdict))
        .filteredOn(Check::failed)
        .extracting(Check::name)
        .containsExactly("nvidia.nras-key");
    either.put("nras-keys", "\"any\"");
    assertThat(compare(either, verdict))
        .noneMatch(Check::failed)
        .anyMatch(check -> check.name().equals("nvidia.nras-key"));
  }

  @Test
  void everyKeyIsRequiredAndNoOtherIsKnown() {
    for (String key : entry().keySet()) {
      var fewer = entry();
      fewer.remove(key);
      assertThatThrownBy(() -> read(fewer)).hasMessageContaining(key + " is missing");
    }
    assertThatThrownBy(() -> read(with("surprise", "1"))).hasMessageContaining("unknown key");
    assertThatThrownBy(() -> read(with("nras-keys", "\"any\"")))
        .as("of a verifier that is not accepted")
        .hasMessageContaining("unknown key");
  }

  @Test
  void emptyListsAndUnknownWordsAreRefused() {
    for (String key : List.of("architectures", "verifiers", "modes", "chip-ids")) {
      assertThatThrownBy(() -> read(with(key, "[]"))).hasMessageContaining(key + " is empty");
    }
    for (String key : List.of("architectures", "verifiers", "modes")) {
      assertThatThrownBy(() -> read(with(key, "[\"x\"]"))).hasMessageContaining("not one of");
    }
    for (String key : List.of("architectures", "verifiers")) {
      assertThatThrownBy(() -> read(with(key, "\"any\""))).isInstanceOf(EvidenceException.class);
    }
    for (String word : List.of("unchecked", "any", "optional")) {
      assertThatThrownBy(() -> read(with("manifests", "\"" + word + "\"")))
          .hasMessageContaining("not the word required");
    }
    assertThatThrownBy(() -> read(with("revocation", "\"any\"")))
        .hasMessageContaining("not one of");
    assertThatThrownBy(() -> read(with("minimum-vbios", "\"96.0\"")))
        .hasMessageContaining("not a VBIOS version");
  }

  @Test
  void versionsThatHaveNoOrderAreNotComparedInOneEntry() {
    assertThatThrownBy(() -> read(with("architectures", "[\"hopper\",\"blackwell\"]")))
        .hasMessageContaining("minimum-vbios is of one architecture");
    assertThatThrownBy(() -> read(with("architectures", "[\"ls10\"]")))
        .hasMessageContaining("minimum-driver is of a driver, and ls10 has none");
  }

  /// A GPU's report says nothing about the CPU's code.
  @Test
  void aPolicyThatAcceptsNothingButGpusIsRefused() {
    assertThatThrownBy(() -> policy(1, entry(), "{\"tee\":\"nvidia\"}"))
        .isInstanceOf(EvidenceException.class);
    assertThatThrownBy(() -> policy(1, entry(), json(entry())))
        .hasMessageContaining("names no TEE that says which code runs");
    String simulated = "{\"tee\":\"simulated\",\"measurement\":\"any\"}";
    assertThatThrownBy(() -> policy(2, entry(), simulated))
        .as("a GPU is no second vendor")
        .hasMessageContaining("families is more than accept names");
  }

  @Test
  void aPolicyComparesAGpuByItsEntryAndDenyList() throws Exception {
    String simulated = "{\"tee\":\"simulated\",\"measurement\":\"any\"}";
    var report = new Checks();
    report.holds("nvidia.signature", "a test's");
    VerifiedReport verified = report.verified(claims());
    assertThat(policy(1, entry(), simulated).compare(verified, NOW)).noneMatch(Check::failed);
    Policy denying =
        parse(1, entry(), simulated, ",\"deny\":{\"chip-id\":[\"" + DEVICE.hex() + "\"]}");
    assertThat(denying.compare(verified, NOW))
        .filteredOn(Check::failed)
        .extracting(Check::name)
        .containsExactly("policy.deny");
  }

  private static void assertFails(String key, String value, String check) throws Exception {
    assertThat(compare(with(key, value), claims()))
        .filteredOn(Check::failed)
        .as("%s: %s", key, value)
        .extracting(Check::name)
        .containsExactly(check);
  }

  private static List<Check> compare(Map<String, String> entry, Claims claims)
      throws EvidenceException {
    var complete = new LinkedHashMap<>(entry);
    if (complete.getOrDefault("verifiers", "").contains("nras")) {
      complete.putIfAbsent("nras-keys", "\"any\"");
    }
    return read(complete).compare(claims, NOW);
  }

  private static NvidiaPolicy read(Map<String, String> entry) throws EvidenceException {
    Fields fields = Json.parse("entry", Bytes.utf8(json(entry)), 10_000);
    fields.string("tee");
    NvidiaPolicy read = NvidiaPolicy.read(fields);
    fields.noOther();
    return read;
  }

  private static String json(Map<String, String> entry) {
    return entry.entrySet().stream()
        .map(member -> "\"" + member.getKey() + "\":" + member.getValue())
        .collect(Collectors.joining(",", "{", "}"));
  }

  private static Policy policy(int families, Map<String, String> entry, String other)
      throws EvidenceException {
    return parse(families, entry, other, "");
  }

  private static Policy parse(int families, Map<String, String> entry, String other, String more)
      throws EvidenceException {
    return TestPolicies.parse(
        Bytes.utf8(
            "{\"policy\":\"a test\",\"valid\":{\"from\":\"2026-01-01T00:00:00Z\","
                + "\"until\":\"2027-01-01T00:00:00Z\"},\"families\":%d,\"accept\":[%s,%s]%s}"
                    .formatted(families, json(entry), other, more)));
  }

  private static Map<String, String> entry() {
    var entry = new LinkedHashMap<String, String>();
    entry.put("tee", "\"nvidia\"");
    entry.put("architectures", "[\"hopper\"]");
    entry.put("verifiers", "[\"local\"]");
    entry.put("manifests", "\"required\"");
    entry.put("minimum-driver", "\"580.95.05\"");
    entry.put("minimum-vbios", "\"96.00.9F.00.01\"");
    entry.put("modes", "[\"multi-pass-through\"]");
    entry.put("chip-ids", "[\"" + DEVICE.hex() + "\"]");
    entry.put("revocation", "\"authorities\"");
    return entry;
  }

  private static Map<String, String> with(String key, String value) {
    var entry = entry();
    entry.put(key, value);
    return entry;
  }

  private static NvidiaClaims claims() {
    return claims(new NvidiaClaims.Local(List.of(REVOCATION)));
  }

  private static NvidiaClaims claims(NvidiaClaims.Verifier verifier) {
    return new NvidiaClaims(
        NvidiaArchitecture.HOPPER,
        Optional.of(NvidiaVersion.driver("580.159.03")),
        NvidiaVersion.vbios("96.00.9F.00.01"),
        NvidiaMode.MULTI_PASS_THROUGH,
        DEVICE,
        DEVICE,
        Measurement.parse("sha384:" + "11".repeat(48)),
        Claims.Debug.OFF,
        verifier,
        List.of());
  }
}
