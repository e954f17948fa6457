package cloister.cli;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Policy;
import cloister.attestation.Tee;
import cloister.protocol.PolicyDocument;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// The policies that `docs/evidence.md` shows are policies, and there is one for each kind of TEE
/// that this version verifies.
final class EvidenceDocsTest {
  private static final Path PAGE = Path.of("..", "docs", "evidence.md");
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```yaml$\\n(policy:.*?)^```$");

  @Test
  void everyPolicyOfThePageIsOne() throws Exception {
    var shown = EnumSet.noneOf(Tee.class);
    for (PolicyDocument document : policies()) {
      document.policy().accept().stream().map(Policy.Entry::tee).forEach(shown::add);
    }
    assertThat(shown).isEqualTo(EnumSet.complementOf(EnumSet.of(Tee.SIMULATED)));
  }

  @Test
  void everyBlockOfYamlThatThePageShowsIsAWholePolicy() throws Exception {
    assertThat(Files.readString(PAGE).split("(?m)^```yaml$", -1)).hasSize(policies().size() + 1);
  }

  /// In the order of the page.
  static List<PolicyDocument> policies() throws IOException {
    return BLOCK
        .matcher(Files.readString(PAGE))
        .results()
        .map(block -> PolicyDocument.parse("docs/evidence.md", block.group(1)))
        .toList();
  }
}
