package cloister.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Digest;
import java.util.List;
import org.junit.jupiter.api.Test;

class PolicyDocumentTest {
  private static final String POLICY =
      """
      policy: release-1
      valid: {from: "2026-01-01T00:00:00Z", until: "2027-01-01T00:00:00Z"}
      families: 1
      accept:
        - tee: simulated
          measurement: any
      """;

  @Test
  void theDigestIsOfTheCanonicalJsonWhateverTheSpelling() {
    var policy = PolicyDocument.parse("p.yaml", POLICY);
    String canonical =
        "{\"accept\":[{\"measurement\":\"any\",\"tee\":\"simulated\"}],\"families\":1,"
            + "\"policy\":\"release-1\",\"valid\":{\"from\":\"2026-01-01T00:00:00Z\","
            + "\"until\":\"2027-01-01T00:00:00Z\"}}";
    assertThat(policy.digest()).isEqualTo(Digest.ofUtf8(canonical));
    assertThat(PolicyDocument.parse("p.json", canonical)).isEqualTo(policy);
    assertThat(PolicyDocument.fromCanonical(policy.canonical())).isEqualTo(policy);
    assertThatThrownBy(
            () -> PolicyDocument.fromCanonical(cloister.crypto.Bytes.utf8(canonical + " ")))
        .isInstanceOf(CloisterException.class);
  }

  @Test
  void aMistakeIsNamedWithItsPlace() {
    mistake(POLICY.replace("measurement: any", "mesurement: any"), "p.yaml:5:5", "mesurement");
    mistake(POLICY.replace("measurement: any", "measurement: []"), "p.yaml:6:5", "empty");
    mistake(POLICY.replace("measurement: any", "measurement: all"), "p.yaml:6:5", "any");
    mistake(
        POLICY.replace("measurement: any", "measurement: [sha384:ab]"), "p.yaml:6:19", "48 bytes");
    mistake(POLICY.replace("tee: simulated", "tee: sgx2"), "p.yaml:5:5", "not one of");
    mistake(POLICY.replace("families: 1", "families: 2"), "p.yaml:3:1", "more than accept names");
    mistake(POLICY.replace("families: 1\n", ""), "p.yaml:1:1", "families is missing");
    mistake(POLICY + "denied: {}\n", "p.yaml:7:1", "unknown key");
    mistake(POLICY + "deny: {chip: [\"00\"]}\n", "p.yaml:7:8", "no identifier");
    mistake(POLICY.replace("2027-", "2025-"), "p.yaml:2:39", "not after");
    mistake(
        POLICY.substring(0, POLICY.indexOf("accept")) + "accept: []\n", "p.yaml:4:1", "is empty");
    mistake(POLICY + "---\n" + POLICY, "p.yaml:1:1", "holds one policy");
    mistake(POLICY + "families: 1\n", "p.yaml:7:1", "");
  }

  @Test
  void allMistakesAreNamedAtOnceWithTheNearestKey() {
    String policy =
        """
        policy: release-1
        valid: {from: "2026-01-01T00:00:00Z", util: "2027-01-01T00:00:00Z"}
        familes: 1
        accept:
          - tee: simulated
            mesurement: any
          - tee: nitro
            document: enclave
            pcr:
              "0": [sha384:ab]
              "1": any
              "2": []
            maximum-age-seconds: 0
            revokation: any
          - tee: sgx2
        deny: {chip: ["0011223344556677"]}
        """;
    assertThat(mistakes(policy))
        .containsExactly(
            "p.yaml:1:1: policy.families is missing; there are accept, deny, familes",
            "p.yaml:2:1: policy.valid.until is missing; there are util",
            "p.yaml:3:1: policy.familes is an unknown key; did you mean \"families\"?",
            "p.yaml:5:5: policy.accept[0].measurement is missing; there are mesurement",
            "p.yaml:6:5: policy.accept[0].mesurement is an unknown key; did you mean \"measurement\"?",
            "p.yaml:7:5: policy.accept[1].revocation is missing; there are revokation",
            "p.yaml:10:13: policy.accept[1].pcr.0[0] is malformed: a sha384 measurement has 48 bytes, not 1",
            "p.yaml:12:7: policy.accept[1].pcr.2 is empty: name what is accepted, or say any",
            "p.yaml:13:5: policy.accept[1].maximum-age-seconds is not between 1 and 86400",
            "p.yaml:14:5: policy.accept[1].revokation is an unknown key; did you mean \"revocation\"?",
            "p.yaml:15:5: policy.accept[2].tee is malformed: not one of simulated, sev-snp, tdx, sgx,"
                + " nitro, confidential-space, azure-cvm, azure-aci, azure-maa, nvidia",
            "p.yaml:16:8: policy.deny.chip is no identifier that evidence has");
  }

  private static List<String> mistakes(String text) {
    try {
      PolicyDocument.parse("p.yaml", text);
      return List.of();
    } catch (InvalidDocument e) {
      return e.mistakes().stream().map(Mistake::toString).toList();
    }
  }

  private static void mistake(String text, String place, String about) {
    assertThatThrownBy(() -> PolicyDocument.parse("p.yaml", text))
        .isInstanceOf(InvalidDocument.class)
        .hasMessageStartingWith(place + ": ")
        .hasMessageContaining(about);
  }
}
