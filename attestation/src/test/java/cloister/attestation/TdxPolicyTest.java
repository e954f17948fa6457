package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.DcapTestPlatform.Domain;
import cloister.attestation.DcapTestPlatform.Judgement;
import cloister.attestation.DcapTestPlatform.Level;
import cloister.crypto.Bytes;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a policy for trust domains can demand, on a real one of June 2025, and what no real one
/// shows on a test's platform.
class TdxPolicyTest {
  private static final Instant AT = Instant.parse("2025-06-20T00:00:00Z");
  private static final String ZERO = "00".repeat(48);

  private final VerifiedReport report =
      real("tdx/quote.bin", DcapRealQuotesTest.published("tdx"), AT);
  private final TdReport domain = ((TdxClaims) report.claims()).domain();

  /// The demands that the real domain meets, as narrow as they can be.
  private Map<String, String> demands() {
    return demands(domain);
  }

  private static Map<String, String> demands(TdReport domain) {
    var demands = new LinkedHashMap<String, String>();
    demands.put("tee", "\"tdx\"");
    demands.put("tcb", "{\"statuses\": [\"UpToDate\"], \"minimum-evaluation-number\": 17}");
    demands.put("mrtd", list(domain.mrTd()));
    for (int i = 0; i < 4; i++) {
      demands.put("rtmr" + i, list(domain.rtmrs().get(i)));
    }
    demands.put("mr-config-id", list(domain.mrConfigId()));
    demands.put("mr-seam", list(domain.mrSeam()));
    demands.put("xfam", "\"e702060000000000\"");
    demands.put("require-attributes", "[\"sept-ve-disable\"]");
    demands.put("platforms", "\"any\"");
    return demands;
  }

  private static String list(Bytes value) {
    return "[\"" + value.hex() + "\"]";
  }

  @Test
  void theRealDomainMeetsItsOwnRegisters() throws Exception {
    assertThat(failures(demands())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tcb",
        "mrtd",
        "rtmr0",
        "rtmr1",
        "rtmr2",
        "rtmr3",
        "mr-config-id",
        "mr-seam",
        "xfam",
        "require-attributes",
        "platforms"
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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mrtd",
        "rtmr0",
        "rtmr1",
        "rtmr2",
        "rtmr3",
        "mr-config-id",
        "mr-seam",
        "mr-owner",
        "mr-owner-config"
      })
  void eachRegisterIsCompared(String register) throws Exception {
    assertThat(failures(with(register, "[\"" + "ab".repeat(48) + "\"]")))
        .containsExactly("tdx." + register);
    assertThat(outcome(with(register, "\"any\""), "tdx." + register))
        .isEqualTo(Check.Outcome.NOTED);
    assertThatThrownBy(() -> failures(with(register, "[\"" + "ab".repeat(32) + "\"]")))
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining("48");
  }

  @Test
  void featuresAreWithinTheMask() throws Exception {
    assertThat(failures(with("xfam", "\"ffffffffffffffff\""))).isEmpty();
    assertThat(failures(with("xfam", "\"e700060000000000\""))).containsExactly("tdx.xfam");
    assertThat(outcome(with("xfam", "\"any\""), "tdx.xfam")).isEqualTo(Check.Outcome.NOTED);
  }

  @Test
  void aPlatformIsNamedByEitherOfItsIdentifiers() throws Exception {
    PckCertificate pck = ((TdxClaims) report.claims()).platform().certificate();
    assertThat(failures(with("platforms", list(pck.ppid())))).isEmpty();
    assertThat(failures(with("platforms", list(pck.instance().orElseThrow())))).isEmpty();
    assertThat(failures(with("platforms", "[\"" + "ab".repeat(16) + "\"]")))
        .containsExactly("tdx.platforms");
  }

  /// Of a TD report 1.0, and of real ones 1.5 with and without one.
  @Test
  void aServiceDomainIsSeenWhereTheQuoteSaysIt() throws Exception {
    String name = "tdx.mr-service-td";
    assertThat(outcome(demands(), name)).isEqualTo(Check.Outcome.NOTED);
    assertThat(failures(with("mr-service-td", "[\"" + ZERO + "\"]"))).containsExactly(name);
    assertThat(outcome(with("mr-service-td", "\"any\""), name)).isEqualTo(Check.Outcome.NOTED);

    Instant later = Instant.parse("2026-02-20T00:00:00Z");
    var served = real("tdx/v5-quote-service-td.bin", List.of("tdx/2026-02.json"), later);
    TdReport found = ((TdxClaims) served.claims()).domain();
    Map<String, String> demands = demands(found);
    demands.put("xfam", "\"any\"");
    demands.put(
        "tcb",
        """
        {"statuses": ["OutOfDate"], "minimum-evaluation-number": 18, "out-of-date-grace-days": 1000,
         "accepted-advisories": ["INTEL-SA-01036", "INTEL-SA-01079", "INTEL-SA-01099",
           "INTEL-SA-01103", "INTEL-SA-01111"]}
        """);
    assertThat(failures(demands, served, later)).containsExactly(name);
    demands.put("mr-service-td", list(found.mrServiceTd().orElseThrow()));
    assertThat(failures(demands, served, later)).isEmpty();

    var alone = real("tdx/v5-quote.bin", List.of("tdx/2026-02.json"), later);
    assertThat(failures(demands(((TdxClaims) alone.claims()).domain()), alone, later)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "28, sept-ve-disable",
    "29, migratable",
    "30, protection-keys",
    "31, key-locker",
    "63, perfmon"
  })
  void attributesAreRequiredOrAllowedByName(int bit, String attribute) throws Exception {
    long septVeDisable = 1L << 28;
    VerifiedReport on = on(Domain.of(5, 1, 5).withAttributes(septVeDisable | 1L << bit));
    VerifiedReport off = on(Domain.of(5, 1, 5).withAttributes(0));
    Map<String, String> demands = permissive(on);
    demands.put("require-attributes", "\"any\"");
    demands.put("allow-attributes", "[\"sept-ve-disable\"]");
    assertThat(failures(demands, on, DcapTestPlatform.NOW))
        .isEqualTo(bit == 28 ? List.of() : List.of("tdx." + attribute));
    demands.put("allow-attributes", "[\"sept-ve-disable\", \"%s\"]".formatted(attribute));
    assertThat(failures(demands, on, DcapTestPlatform.NOW)).isEmpty();
    demands.put("require-attributes", "[\"%s\"]".formatted(attribute));
    assertThat(failures(demands, on, DcapTestPlatform.NOW)).isEmpty();
    assertThat(failures(demands, off, DcapTestPlatform.NOW)).containsExactly("tdx." + attribute);
  }

  @Test
  void anAttributeWithoutANameIsRefused() throws Exception {
    for (int bit : List.of(0, 1, 4, 7, 8, 16, 27, 32, 61, 62)) {
      VerifiedReport odd = on(Domain.of(5, 1, 5).withAttributes(1L << 28 | 1L << bit));
      assertThat(failures(permissive(odd), odd, DcapTestPlatform.NOW))
          .as("bit %d", bit)
          .containsExactly("tdx.td-attributes");
    }
    assertThatThrownBy(() -> failures(with("allow-attributes", "[\"debug\"]")))
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining("debug");
  }

  /// docs/forgotten-checks.md no. 1: whatever the policy says.
  @Test
  void aDebuggableDomainIsRefused() throws Exception {
    VerifiedReport debuggable = on(Domain.of(5, 1, 5).withAttributes(1L << 28 | 1));
    Policy policy = TestPolicies.accepting(json(permissive(debuggable)));
    var requirements =
        new Requirements(
            Set.of(Tee.TDX),
            Set.of(debuggable.claims().measurement()),
            Optional.of(policy.digest()));
    var appraisal =
        new Trust(requirements, List.of(policy), SimulatedEvidence.REFUSE)
            .appraise(List.of(debuggable), Binding.of("cloister/session/v1"), DcapTestPlatform.NOW);
    assertThat(TestPolicies.failed(appraisal.checks())).contains("debug", "binding");
  }

  @Test
  void thePatchLevelIsWhatThePolicyAccepts() throws Exception {
    assertThat(failures(with("tcb", tcb("[\"SWHardeningNeeded\"]", 17, ""))))
        .containsExactly("tdx.tcb.status");
    assertThat(failures(with("tcb", tcb("[\"UpToDate\"]", 18, ""))))
        .as("collateral that was rolled back")
        .containsExactly("tdx.tcb.evaluation-number");
    for (String bad :
        List.of(
            tcb("[\"Revoked\"]", 17, ""),
            tcb("[]", 17, ""),
            tcb("\"any\"", 17, ""),
            tcb("[\"Fine\"]", 17, ""),
            tcb("[\"OutOfDate\"]", 17, ""),
            tcb("[\"UpToDate\"]", -1, ""),
            tcb("[\"UpToDate\"]", 17, ", \"accepted-advisories\": []"),
            tcb("[\"UpToDate\"]", 17, ", \"accepted-advisories\": [\"all\"]"),
            tcb("[\"UpToDate\"]", 17, ", \"surprise\": 1"),
            "{\"statuses\": [\"UpToDate\"]}")) {
      assertThatThrownBy(() -> failures(with("tcb", bad)))
          .as(bad)
          .isInstanceOf(EvidenceException.class);
    }
  }

  @Test
  void anAdvisoryIsOpenUntilThePolicySaysThatTheCodeMitigatesIt() throws Exception {
    var hardened =
        on(
            Domain.of(5, 1, 5),
            Judgement.of("TDX", new Level(5, 10, 5, "SWHardeningNeeded", "INTEL-SA-00615")));
    Map<String, String> demands = permissive(hardened);
    demands.put("tcb", tcb("[\"SWHardeningNeeded\"]", 17, ""));
    assertThat(failures(demands, hardened, DcapTestPlatform.NOW))
        .containsExactly("tdx.tcb.advisories");
    demands.put(
        "tcb",
        tcb("[\"SWHardeningNeeded\"]", 17, ", \"accepted-advisories\": [\"INTEL-SA-00615\"]"));
    assertThat(failures(demands, hardened, DcapTestPlatform.NOW)).isEmpty();
    var documented =
        on(
            Domain.of(5, 1, 5),
            Judgement.of("TDX", new Level(5, 10, 5, "SWHardeningNeeded", "INTEL-DOC-00001")));
    demands.put("tcb", tcb("[\"SWHardeningNeeded\"]", 17, ""));
    assertThat(failures(demands, documented, DcapTestPlatform.NOW)).isEmpty();
  }

  /// From the date of the oldest part that is out of date: the platform's level is of 2025, its
  /// module's of 2024-03-13.
  @Test
  void whatIsOutOfDateIsAcceptedForAWhile() throws Exception {
    var old = on(Domain.of(2, 1, 5));
    Map<String, String> demands = permissive(old);
    Instant date = Instant.parse("2024-03-13T00:00:00Z");
    long days = Duration.between(date, DcapTestPlatform.NOW).toDays();
    assertThat(((TdxClaims) old.claims()).platform().date()).isEqualTo(date);
    for (long grace : List.of(days, days + 1)) {
      demands.put(
          "tcb",
          tcb(
              "[\"OutOfDate\"]",
              17,
              ", \"accepted-advisories\": [\"INTEL-SA-05\"], \"out-of-date-grace-days\": "
                  + grace));
      assertThat(failures(demands, old, DcapTestPlatform.NOW))
          .isEqualTo(grace == days ? List.of("tdx.tcb.grace") : List.of());
    }
  }

  @Test
  void aDeniedPlatformOrMeasurementIsRefusedWhateverElseHolds() throws Exception {
    for (Map.Entry<Identifier, Bytes> identifier : report.claims().identifiers().entrySet()) {
      Policy policy =
          TestPolicies.parse(
              Bytes.utf8(
                  """
                  {"policy": "a test's", "families": 1, "accept": [%s], "deny": {"%s": ["%s"]},
                   "valid": {"from": "2015-01-01T00:00:00Z", "until": "2035-01-01T00:00:00Z"}}
                  """
                      .formatted(
                          json(demands()), identifier.getKey(), identifier.getValue().hex())));
      assertThat(TestPolicies.failed(policy.compare(report, AT)))
          .as(identifier.getKey().label())
          .containsExactly("policy.deny");
    }
  }

  private static String tcb(String statuses, int number, String more) {
    return "{\"statuses\": %s, \"minimum-evaluation-number\": %d%s}"
        .formatted(statuses, number, more);
  }

  private Map<String, String> with(String key, String value) {
    Map<String, String> changed = demands();
    changed.put(key, value);
    return changed;
  }

  /// Of the platform of a test.
  private static Map<String, String> permissive(VerifiedReport report) {
    Map<String, String> demands = demands(((TdxClaims) report.claims()).domain());
    demands.put("xfam", "\"any\"");
    return demands;
  }

  private static VerifiedReport on(Domain domain) throws EvidenceException {
    return on(domain, Judgement.of("TDX", Level.of(5, "UpToDate")));
  }

  private static VerifiedReport on(Domain domain, Judgement judgement) throws EvidenceException {
    var platform = DcapTestPlatform.of(5, 10);
    return Report.parse(new Evidence(Tee.TDX, platform.quote(domain)))
        .verify(
            platform.collateral(
                platform.info(judgement), platform.identity("TD_QE", 4, "UpToDate")),
            platform.anchors(),
            DcapTestPlatform.NOW);
  }

  private static VerifiedReport real(String quote, List<String> collateral, Instant at) {
    try {
      return Report.parse(new Evidence(Tee.TDX, Repository.read(quote)))
          .verify(
              DcapCollateral.ofRepository(collateral.toArray(String[]::new)), Anchors.pinned(), at);
    } catch (EvidenceException e) {
      throw new AssertionError(e);
    }
  }

  private static String json(Map<String, String> demands) {
    return demands.entrySet().stream()
        .map(demand -> "\"%s\": %s".formatted(demand.getKey(), demand.getValue()))
        .collect(Collectors.joining(", ", "{", "}"));
  }

  private List<String> failures(Map<String, String> demands) throws EvidenceException {
    return failures(demands, report, AT);
  }

  private static List<String> failures(
      Map<String, String> demands, VerifiedReport report, Instant at) throws EvidenceException {
    return TestPolicies.failures(json(demands), report, at);
  }

  private Check.Outcome outcome(Map<String, String> demands, String name) throws EvidenceException {
    return TestPolicies.accepting(json(demands)).compare(report, AT).stream()
        .filter(check -> check.name().equals(name))
        .findFirst()
        .orElseThrow()
        .outcome();
  }
}
