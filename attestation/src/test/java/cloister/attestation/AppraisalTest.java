package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Appraisal.Accepted;
import cloister.attestation.Appraisal.Protection;
import cloister.attestation.Appraisal.Refused;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.crypto.SigningKey;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AppraisalTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  private static final Measurement RELEASE = measurement("11");
  private static final Measurement OTHER = measurement("22");
  private static final Bytes NONCE = Bytes.utf8("nonce");
  private static final Bytes SESSION_KEY = Bytes.utf8("session key");
  private static final Binding BINDING = Binding.of("cloister/session/v1", NONCE, SESSION_KEY);
  private static final Requirements SIMULATED = Requirements.simulated(Set.of(RELEASE));
  private static final Digest POLICY = Digest.ofUtf8("a policy");

  private final InsecureSimulatedTee tee = InsecureSimulatedTee.running(RELEASE);
  private final Evidence evidence = tee.evidence(BINDING, NOW);

  @Test
  void simulatedEvidenceIsAcceptedWhenAskedForAndTheResultShowsIt() throws Exception {
    assertThat(appraise(evidence, SIMULATED, BINDING, SimulatedEvidence.ACCEPT))
        .isInstanceOfSatisfying(
            Accepted.class,
            accepted -> {
              assertThat(accepted.tee()).isEqualTo(Tee.SIMULATED);
              assertThat(accepted.measurement()).isEqualTo(RELEASE);
              assertThat(accepted.protection()).isEqualTo(Protection.NONE_SIMULATED);
              assertThat(accepted.checks())
                  .filteredOn(check -> check.outcome() == Check.Outcome.NOTED)
                  .extracting(Check::name)
                  .containsExactly("simulated");
            });
  }

  @Test
  void simulatedEvidenceIsRefusedUnlessAskedForByName() throws Exception {
    assertThat(reasons(evidence, SIMULATED, BINDING, SimulatedEvidence.REFUSE))
        .contains("simulated and proves nothing");
    var hardware =
        new Requirements(Set.of(Tee.SEV_SNP, Tee.TDX), Set.of(RELEASE), Optional.of(POLICY));
    var result = appraise(evidence, hardware, BINDING, SimulatedEvidence.ACCEPT);
    assertThat(((Refused) result).reasons())
        .anyMatch(reason ->
            reason.contains("the TEE is simulated, and the collaboration accepts sev-snp or tdx"))
        .anyMatch(reason -> reason.contains("demands the policy " + POLICY));
  }

  @Test
  void anotherMeasurementIsRefusedAndBothAreNamed() throws Exception {
    var requirements = Requirements.simulated(Set.of(OTHER));
    assertThat(reasons(evidence, requirements, BINDING, SimulatedEvidence.ACCEPT))
        .contains("measures " + RELEASE)
        .contains("requires " + OTHER);
  }

  @Test
  void aDebuggableTeeIsRefused() throws Exception {
    Evidence debuggable = InsecureSimulatedTee.debugging(RELEASE).evidence(BINDING, NOW);
    assertThat(reasons(debuggable, SIMULATED, BINDING, SimulatedEvidence.ACCEPT))
        .contains("debug mode");
  }

  @Test
  void evidenceForAnotherNonceKeyOrPurposeIsRefused() throws Exception {
    for (Binding other :
        new Binding[] {
          Binding.of("cloister/session/v1", Bytes.utf8("other nonce"), SESSION_KEY),
          Binding.of("cloister/session/v1", NONCE, Bytes.utf8("other key")),
          Binding.of("cloister/session/v1", NONCE),
          Binding.of("cloister/session/v1", SESSION_KEY, NONCE),
          Binding.of("cloister/session/v1", Bytes.utf8("noncesession key")),
          Binding.of("cloister/session/v1", Bytes.utf8("nonces"), Bytes.utf8("ession key")),
          Binding.of("cloister/session/v1", NONCE, SESSION_KEY, Bytes.of(new byte[0])),
          Binding.of("cloister/receipt/v1", NONCE, SESSION_KEY)
        }) {
      assertThat(reasons(evidence, SIMULATED, other, SimulatedEvidence.ACCEPT))
          .contains("not made for this nonce");
    }
  }

  @Test
  void oneAnswerNamesEverythingThatIsWrong() throws Exception {
    Evidence bad = InsecureSimulatedTee.debugging(OTHER).evidence(BINDING, NOW);
    var requirements = new Requirements(Set.of(Tee.TDX), Set.of(RELEASE), Optional.of(POLICY));
    var result =
        appraise(
            bad,
            requirements,
            Binding.of("cloister/session/v1", SESSION_KEY),
            SimulatedEvidence.REFUSE);
    assertThat(((Refused) result).reasons()).hasSize(6);
  }

  @Test
  void anyFlippedBitOfTheEvidenceIsRefused() {
    byte[] document = evidence.report().toArray();
    for (int bit = 0; bit < document.length * 8; bit++) {
      byte[] altered = document.clone();
      altered[bit / 8] ^= (byte) (1 << (bit % 8));
      refused(Bytes.of(altered));
    }
  }

  @Test
  void evidenceCutShortOrExtendedIsRefused() {
    byte[] document = evidence.report().toArray();
    for (int length = 0; length <= document.length + 2; length++) {
      if (length != document.length) {
        refused(Bytes.of(Arrays.copyOf(document, length)));
      }
    }
    assertThatThrownBy(
            () -> new Evidence(Tee.SIMULATED, Bytes.of(new byte[Evidence.MAXIMUM_BYTES + 1])))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void evidenceSignedByAnotherKeyIsRefused() {
    byte[] document = evidence.report().toArray();
    Bytes signed =
        Bytes.concat(
            Bytes.utf8("cloister/simulated-tee/v1\0"), Bytes.of(Arrays.copyOf(document, 135)));
    Bytes signature = SigningKey.generate().sign(signed);
    System.arraycopy(signature.toArray(), 0, document, 135, 64);
    refused(Bytes.of(document));
  }

  @Test
  void evidenceFromTheFutureIsRefused() throws Exception {
    Report.parse(tee.evidence(BINDING, NOW.plusSeconds(300)))
        .verify(Collateral.none(), Anchors.pinned(), NOW);
    Evidence future = tee.evidence(BINDING, NOW.plusSeconds(301));
    assertThatThrownBy(() -> Report.parse(future).verify(Collateral.none(), Anchors.pinned(), NOW))
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining("future");
    byte[] overflowing = evidence.report().toArray();
    ByteBuffer.wrap(overflowing).putLong(123, Long.MAX_VALUE);
    refused(Bytes.of(overflowing));
  }

  @Test
  void simulatedEvidenceIsNoneOfAnyOtherTee() {
    for (Tee other : Tee.values()) {
      if (other != Tee.SIMULATED) {
        assertThatThrownBy(() -> Report.parse(new Evidence(other, evidence.report())))
            .as(other.label())
            .isInstanceOf(EvidenceException.class);
      }
    }
  }

  @Test
  void theReportSaysWhatTheTeeSaid() throws Exception {
    Report report = Report.parse(evidence);
    assertThat(report.tee()).isEqualTo(Tee.SIMULATED);
    VerifiedReport verified = report.verify(Collateral.none(), Anchors.pinned(), NOW);
    assertThat(verified.claims().measurement()).isEqualTo(RELEASE);
    assertThat(verified.claims().boundTo(BINDING)).isTrue();
    assertThat(verified.claims().debug()).isEqualTo(Claims.Debug.OFF);
  }

  @Test
  void theBindingIsSha512OverLabelledLengthPrefixedFields() {
    // printf '\0\1a\0\0\0\2bc\0\0\0\0' | sha512sum
    assertThat(Binding.of("a", Bytes.utf8("bc"), Bytes.of(new byte[0])).reportData().hex())
        .isEqualTo(
            "85b5a4e4fd61eb5caa5761ddb8ed324a8a2534ff27b34f48f2bc61a59981affae3080d0e862e5a42e3f626965d6c6bb07c5b2aa70805764a8bdb4a7bce3611b2");
    assertThatThrownBy(() -> Binding.of("")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void requirementsAndRefusalsAreNeverEmpty() {
    var policy = Optional.of(POLICY);
    assertThatThrownBy(() -> new Requirements(Set.of(), Set.of(RELEASE), policy))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Requirements(Set.of(Tee.TDX), Set.of(), policy))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Requirements(Set.of(Tee.TDX), Set.of(RELEASE), Optional.empty()))
        .as("hardware without a policy")
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Refused(List.of())).isInstanceOf(IllegalArgumentException.class);
  }

  private static void refused(Bytes document) {
    assertThatThrownBy(() ->
            Report.parse(new Evidence(Tee.SIMULATED, document))
                .verify(Collateral.none(), Anchors.pinned(), NOW))
        .isInstanceOf(EvidenceException.class);
  }

  private static Appraisal appraise(
      Evidence evidence, Requirements requirements, Binding binding, SimulatedEvidence simulated)
      throws EvidenceException {
    var report = Report.parse(evidence).verify(Collateral.none(), Anchors.pinned(), NOW);
    return new Trust(requirements, List.of(), simulated).appraise(List.of(report), binding, NOW);
  }

  private static String reasons(
      Evidence evidence, Requirements requirements, Binding binding, SimulatedEvidence simulated)
      throws EvidenceException {
    var result = appraise(evidence, requirements, binding, simulated);
    assertThat(result).isInstanceOf(Refused.class);
    assertThat(((Refused) result).reasons()).hasSize(1);
    return ((Refused) result).reasons().getFirst();
  }

  private static Measurement measurement(String octet) {
    return Measurement.parse("sha384:" + octet.repeat(48));
  }

  /// An Azure VM on AMD's hardware falls with AMD: it does not stand beside evidence of SNP.
  /// Without a collaboration too: `evidence verify` has none.
  @Test
  void oneReportIsNotTheTwoThatAPolicyWants() throws Exception {
    VerifiedReport nitro =
        Report.parse(new Evidence(Tee.NITRO, Repository.read("nitro/app.cose")))
            .verify(
                Collateral.none(),
                Anchors.pinned(),
                java.time.Instant.parse("2025-12-25T16:04:19.346Z"));
    Policy two = policy(2);
    assertThat(TestPolicies.failed(Trust.together(List.of(nitro), List.of(two))))
        .containsExactly("policy.families");
    assertThat(TestPolicies.failed(Trust.together(List.of(nitro, nitro), List.of(policy(1), two))))
        .as("twice the same vendor")
        .containsExactly("policy.families");
    assertThat(Trust.together(List.of(nitro), List.of(policy(1)))).isEmpty();
    assertThatThrownBy(() -> Trust.together(List.of(), List.of(two)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static Policy policy(int families) throws EvidenceException {
    return TestPolicies.parse(
        Bytes.utf8(
            """
            {"accept":[{"document":"enclave","maximum-age-seconds":300,"pcr":{"0":"any","1":"any","2":"any"},"revocation":"any","tee":"nitro"},{"measurement":"any","tee":"simulated"}],"families":%d,"policy":"p","valid":{"from":"2020-01-01T00:00:00Z","until":"2030-01-01T00:00:00Z"}}\
            """
                .formatted(families)));
  }

  /// The digest is of the bytes: with two spellings a policy would have two.
  @Test
  void aPolicyHasOneSpelling() throws Exception {
    String good =
        """
        {"accept":[{"maximum-age-seconds":1,"measurement":"any","tee":"simulated"}],"families":1,\
        "policy":"p","valid":{"from":"2020-01-01T00:00:00Z","until":"2030-01-01T00:00:00Z"}}\
        """;
    assertThat(Policy.parse(Bytes.utf8(good)).name()).isEqualTo("p");
    for (String other :
        List.of(
            good + " ",
            good.replace(":1,", ": 1,"),
            good.replace("\"p\"", "\"\\u0070\""),
            good.replace("\"families\":1,\"policy\":\"p\"", "\"policy\":\"p\",\"families\":1"))) {
      assertThatThrownBy(() -> Policy.parse(Bytes.utf8(other)))
          .as(other)
          .isInstanceOf(EvidenceException.class)
          .hasMessageContaining("canonical form");
    }
    String zero =
        """
        {"accept":[{"keys":["launch-key"],"minimum-isvsvn":-0,"mrenclave":["%s"],\
        "mrsigner":"any","isvprodid":"any","platforms":"any","tcb":{"minimum-evaluation-number":1,\
        "statuses":["UpToDate"]},"tee":"sgx","xfrm":"any"}],"families":1,"policy":"p",\
        "valid":{"from":"2020-01-01T00:00:00Z","until":"2030-01-01T00:00:00Z"}}\
        """
            .formatted("11".repeat(32));
    assertThatThrownBy(() -> Policy.parse(Bytes.utf8(zero)))
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining("one form");
  }

  @Test
  void evidenceThatSharesAVendorIsNotIndependent() {
    var amd = Set.of(Tee.Family.AMD);
    var intel = Set.of(Tee.Family.INTEL);
    var azureOnAmd = Set.of(Tee.Family.MICROSOFT, Tee.Family.AMD);
    var azureOnIntel = Set.of(Tee.Family.MICROSOFT, Tee.Family.INTEL);
    var google = Set.of(Tee.Family.GOOGLE, Tee.Family.INTEL);
    var aws = Set.of(Tee.Family.AWS);
    assertThat(Trust.independent(List.of())).isZero();
    assertThat(Trust.independent(List.of(amd, amd))).isEqualTo(1);
    assertThat(Trust.independent(List.of(amd, azureOnAmd))).isEqualTo(1);
    assertThat(Trust.independent(List.of(azureOnAmd, azureOnIntel))).isEqualTo(1);
    assertThat(Trust.independent(List.of(azureOnAmd, amd, intel))).isEqualTo(2);
    assertThat(Trust.independent(List.of(google, azureOnAmd))).isEqualTo(2);
    assertThat(Trust.independent(List.of(azureOnAmd, google, aws, amd))).isEqualTo(3);
  }
}
