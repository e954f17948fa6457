package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.crypto.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Several mistakes of a policy are found in one reading, and nothing that only follows from one.
class PolicyMistakesTest {
  private static final Path KEPT =
      Path.of("src/test/resources/cloister/attestation/ParserFuzzTestInputs/policy");

  /// Fuzzing begins at these, and gets nowhere from what is refused at once.
  @Test
  void theKeptPoliciesHaveNone() throws IOException {
    for (Tee tee : Tee.values()) {
      // A GPU alone says nothing of the code.
      assertThat(mistakes(kept(tee.label())))
          .as(tee.label())
          .isEqualTo(tee == Tee.NVIDIA ? List.of("policy.accept") : List.of());
    }
  }

  @Test
  void everyPartAndEveryEntryIsRead() throws IOException {
    assertThat(
            mistakes(
                kept("nitro")
                    .replace("\"families\":1", "\"families\":5")
                    .replace("\"1\":\"any\"", "\"1\":[],\"32\":\"any\"")
                    .replace("2015-01-01T00:00:00Z", "2015")
                    .replace("\"report-data\"", "\"serial\"")))
        .containsExactlyInAnyOrder(
            "policy.families",
            "policy.accept[0].pcr.1",
            "policy.accept[0].pcr.32",
            "policy.valid.from",
            "policy.deny.serial");
  }

  @Test
  void whatStandsInIsNotTheReasonOfAnother() throws IOException {
    // `any` of both is refused, and neither was said.
    for (String wrong : List.of("mrenclave", "mrsigner")) {
      String other = wrong.equals("mrsigner") ? "mrenclave" : "mrsigner";
      assertThat(
              mistakes(
                  kept("sgx")
                      .replaceAll("\"" + wrong + "\":(\"any\"|\\[[^]]*])", "\"" + wrong + "\":[]")
                      .replaceAll(
                          "\"" + other + "\":(\"any\"|\\[[^]]*])", "\"" + other + "\":\"any\"")))
          .containsExactly("policy.accept[0]." + wrong);
    }
    // `any` of register 4 is refused.
    assertThat(
            mistakes(
                kept("nitro")
                    .replace("\"enclave\"", "\"nitro-tpm\"")
                    .replaceAll("\"pcr\":\\{.*?}", "\"pcr\":{\"4\":[],\"7\":\"any\",\"12\":[]}")))
        .containsExactly("policy.accept[0].pcr.4", "policy.accept[0].pcr.12");
    // Types that are not PKI need keys.
    assertThat(mistakes(kept("confidential-space").replace("[\"PKI\"]", "[\"PKX\"]")))
        .containsExactly("policy.accept[0].token-types[0]");
    // Of two families, one entry is left; and a list of nothing accepts nothing.
    assertThat(
            mistakes(
                kept("tdx")
                    .replace("\"families\":1", "\"families\":2")
                    .replaceAll("\"mrtd\":(\"any\"|\\[[^]]*])", "\"mrtd\":1")))
        .containsExactly("policy.accept[0].mrtd");
    assertThat(mistakes(kept("tdx").replace("\"tee\":\"tdx\"", "\"tee\":\"tdx2\"")))
        .containsExactly("policy.accept[0].tee");
  }

  private static List<String> mistakes(String policy) {
    try {
      Policy.parse(Bytes.utf8(policy));
      return List.of();
    } catch (EvidenceException e) {
      return e.mistakes().stream().map(EvidenceException.Mistake::path).toList();
    }
  }

  private static String kept(String tee) throws IOException {
    return Files.readString(KEPT.resolve(tee + ".json"), StandardCharsets.UTF_8);
  }
}
