package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.DcapTestPlatform.Enclave;
import cloister.attestation.DcapTestPlatform.Judgement;
import cloister.attestation.DcapTestPlatform.Level;
import cloister.crypto.Bytes;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a policy for enclaves can demand, on a real one of June 2025, and what no real one shows on
/// a test's platform.
class SgxPolicyTest {
  private static final Instant AT = Instant.parse("2025-06-20T00:00:00Z");

  private final VerifiedReport report = real();
  private final SgxReport enclave = ((SgxClaims) report.claims()).enclave();

  private Map<String, String> demands() {
    var demands = new LinkedHashMap<String, String>();
    demands.put("tee", "\"sgx\"");
    demands.put(
        "tcb",
        """
        {"statuses": ["ConfigurationAndSWHardeningNeeded"], "minimum-evaluation-number": 17,
         "accepted-advisories": ["INTEL-SA-00289", "INTEL-SA-00615"]}
        """);
    demands.put("mrenclave", list(enclave.mrEnclave()));
    demands.put("mrsigner", list(enclave.mrSigner()));
    demands.put("isvprodid", "[\"0\"]");
    demands.put("minimum-isvsvn", "0");
    demands.put("platforms", "\"any\"");
    demands.put("xfrm", "\"e700000000000000\"");
    return demands;
  }

  private static String list(Bytes value) {
    return "[\"" + value.hex() + "\"]";
  }

  @Test
  void theRealEnclaveMeetsItsOwnIdentity() throws Exception {
    assertThat(failures(demands())).isEmpty();
    assertThat(report.claims().measurement()).hasToString("sha256:" + enclave.mrEnclave().hex());
    assertThat(enclave.mrEnclave().hex()).startsWith("33d8736d");
    assertThat(enclave.reportData().slice(0, 13)).isEqualTo(Bytes.utf8("Hello, world!"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tcb",
        "mrenclave",
        "mrsigner",
        "isvprodid",
        "minimum-isvsvn",
        "platforms",
        "xfrm"
      })
  void whatDecidesHasToBeSaid(String key) {
    Map<String, String> without = demands();
    without.remove(key);
    assertThatThrownBy(() -> failures(without))
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining(key + " is missing");
    Map<String, String> empty = demands();
    empty.put(key, "[]");
    assertThatThrownBy(() -> failures(empty)).isInstanceOf(EvidenceException.class);
    Map<String, String> malformed = demands();
    malformed.put(key, "[\"zz\"]");
    assertThatThrownBy(() -> failures(malformed)).isInstanceOf(EvidenceException.class);
    Map<String, String> unknown = demands();
    unknown.put(key + "s", "\"any\"");
    assertThatThrownBy(() -> failures(unknown))
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining("unknown key");
  }

  @Test
  void anEnclaveIsKnownByItsMeasurementOrItsSigner() throws Exception {
    assertThat(failures(with("mrenclave", "[\"" + "ab".repeat(32) + "\"]")))
        .containsExactly("sgx.mrenclave");
    assertThat(failures(with("mrsigner", "[\"" + "ab".repeat(32) + "\"]")))
        .containsExactly("sgx.mrsigner");
    assertThat(failures(with("mrenclave", "\"any\""))).isEmpty();
    assertThat(failures(with("mrsigner", "\"any\""))).isEmpty();
    Map<String, String> anybodys = with("mrenclave", "\"any\"");
    anybodys.put("mrsigner", "\"any\"");
    assertThatThrownBy(() -> failures(anybodys))
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining("whose enclave");
  }

  @Test
  void eachFieldIsCompared() throws Exception {
    assertThat(failures(with("isvprodid", "[\"1\"]"))).containsExactly("sgx.isvprodid");
    assertThat(failures(with("isvprodid", "\"any\""))).isEmpty();
    assertThat(failures(with("minimum-isvsvn", "1"))).containsExactly("sgx.minimum-isvsvn");
    assertThat(failures(with("configid", "[\"" + "ab".repeat(64) + "\"]")))
        .containsExactly("sgx.configid");
    assertThat(failures(with("minimum-configsvn", "1"))).containsExactly("sgx.minimum-configsvn");
    for (String key : new String[] {"isvextprodid", "isvfamilyid"}) {
      assertThat(failures(with(key, "[\"" + "ab".repeat(16) + "\"]")))
          .containsExactly("sgx." + key);
      assertThat(failures(with(key, "\"any\""))).isEmpty();
    }
    assertThat(failures(with("platforms", "[\"" + "ab".repeat(16) + "\"]")))
        .containsExactly("sgx.platforms");
    Bytes ppid = ((SgxClaims) report.claims()).platform().certificate().ppid();
    assertThat(failures(with("platforms", list(ppid)))).isEmpty();
    assertThat(failures(with("xfrm", "\"0300000000000000\""))).containsExactly("sgx.xfrm");
    assertThat(failures(with("xfrm", "\"any\""))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"16, provision-key", "32, launch-key"})
  void anEnclaveHasOnlyTheKeysThatAreListed(int attribute, String key) throws Exception {
    VerifiedReport privileged = on(5 | attribute);
    Map<String, String> demands = demandsOf(privileged);
    assertThat(failures(demands, privileged)).containsExactly("sgx." + key);
    demands.put("keys", "[\"%s\"]".formatted(key));
    assertThat(failures(demands, privileged)).isEmpty();
    demands.put("keys", "[\"debug\"]");
    assertThatThrownBy(() -> failures(demands, privileged)).isInstanceOf(EvidenceException.class);
  }

  @Test
  void attributesAreThoseOfAProductionEnclave() throws Exception {
    assertThat(failures(demandsOf(on(5)), on(5))).isEmpty();
    assertThat(failures(demandsOf(on(1)), on(1))).containsExactly("sgx.mode64");
    assertThat(failures(demandsOf(on(4)), on(4))).containsExactly("sgx.attributes");
    assertThat(failures(demandsOf(on(5 | 8)), on(5 | 8))).containsExactly("sgx.attributes");
    // KSS and CET weaken nothing.
    assertThat(failures(demandsOf(on(5 | 128 | 64)), on(5 | 128 | 64))).isEmpty();
  }

  @Test
  void aDebuggableEnclaveIsNoProductionOne() throws Exception {
    assertThat(on(7).claims().debug()).isEqualTo(Claims.Debug.ON);
    assertThat(on(5).claims().debug()).isEqualTo(Claims.Debug.OFF);
  }

  private Map<String, String> with(String key, String value) {
    Map<String, String> changed = demands();
    changed.put(key, value);
    return changed;
  }

  private Map<String, String> demandsOf(VerifiedReport other) {
    SgxReport found = ((SgxClaims) other.claims()).enclave();
    Map<String, String> demands = demands();
    demands.put("tcb", "{\"statuses\": [\"UpToDate\"], \"minimum-evaluation-number\": 17}");
    demands.put("mrenclave", list(found.mrEnclave()));
    demands.put("mrsigner", list(found.mrSigner()));
    return demands;
  }

  private static VerifiedReport on(int attributes) throws EvidenceException {
    var platform = DcapTestPlatform.of(5, 10);
    Bytes quote = platform.quote(Bytes.hex("77".repeat(32)), attributes, Enclave.INTELS);
    return Report.parse(new Evidence(Tee.SGX, quote))
        .verify(
            platform.collateral(
                platform.info(Judgement.of("SGX", Level.of(5, "UpToDate"))),
                platform.identity("QE", 4, "UpToDate")),
            platform.anchors(),
            DcapTestPlatform.NOW);
  }

  private static VerifiedReport real() {
    try {
      return Report.parse(new Evidence(Tee.SGX, Repository.read("sgx/quote.bin")))
          .verify(
              DcapCollateral.ofRepository(
                  DcapRealQuotesTest.published("sgx").toArray(String[]::new)),
              Anchors.pinned(),
              AT);
    } catch (EvidenceException e) {
      throw new AssertionError(e);
    }
  }

  private List<String> failures(Map<String, String> demands) throws EvidenceException {
    return failures(demands, report);
  }

  private static List<String> failures(Map<String, String> demands, VerifiedReport report)
      throws EvidenceException {
    String entry =
        demands.entrySet().stream()
            .map(demand -> "\"%s\": %s".formatted(demand.getKey(), demand.getValue()))
            .collect(Collectors.joining(", ", "{", "}"));
    return TestPolicies.failures(entry, report, AT);
  }
}
