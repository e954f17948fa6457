package cloister.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Appraisal;
import cloister.attestation.Collateral;
import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.attestation.EvidenceException;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import cloister.protocol.CollateralFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The example of `docs/how-to/verify-evidence-in-java.md` is the class beside this one, and does
/// what the page says.
final class VerifyEvidenceInJavaTest {
  private static final Path SNP = Path.of("..", "vectors", "attestation", "snp");
  private static final Path REPORT = SNP.resolve("genoa-v5-report.bin");
  private static final Instant AT = Instant.parse("2025-09-01T00:00:00Z");

  @TempDir private Path folder;
  private Path policy;
  private Path bundle;
  private Bytes report;

  @BeforeEach
  void prepare() throws Exception {
    String snp =
        new String(
            EvidenceDocsTest.policies().stream()
                .filter(one -> one.policy().name().equals("snp"))
                .findFirst()
                .orElseThrow()
                .canonical()
                .toArray(),
            UTF_8);
    policy = Files.writeString(folder.resolve("policy.yaml"), snp);
    Collateral collateral =
        Collateral.of(
            List.of(
                item(Kind.CERTIFICATES, "genoa-v5-vcek.der"),
                item(Kind.CERTIFICATES, "ask-genoa.der"),
                item(Kind.REVOCATION_LIST, "ark-genoa.crl")));
    bundle =
        Files.write(folder.resolve("bundle.json"), CollateralFile.write(collateral).canonical());
    report = Bytes.of(Files.readAllBytes(REPORT));
  }

  @Test
  void thePageShowsTheClassThatIsTestedHere() throws Exception {
    String source =
        Files.readString(Path.of("src/test/java/cloister/cli/VerifyEvidenceInJava.java"));
    assertThat(Files.readString(Path.of("../docs/how-to/verify-evidence-in-java.md")))
        .contains("```java\n" + source.substring(source.indexOf("import ")) + "```\n");
  }

  @Test
  void publishedEvidenceIsAccepted() throws Exception {
    assertThat(appraise(measurement(), report.slice(0x50, 0x90)))
        .isInstanceOfSatisfying(
            Appraisal.Accepted.class,
            accepted -> assertThat(accepted.tee()).isEqualTo(Tee.SEV_SNP));
  }

  @Test
  void otherCodeAndAnotherNonceAreRefused() throws Exception {
    assertThat(appraise("sha384:" + "00".repeat(48), report.slice(0x50, 0x90)))
        .isInstanceOf(Appraisal.Refused.class);
    assertThat(appraise(measurement(), Bytes.of(new byte[64])))
        .isInstanceOfSatisfying(
            Appraisal.Refused.class, refused -> assertThat(refused.reasons()).hasSize(1));
  }

  @Test
  void whatIsNotGenuineIsNotAppraised() throws Exception {
    bundle =
        Files.write(
            folder.resolve("none.json"), CollateralFile.write(Collateral.none()).canonical());
    assertThatThrownBy(() -> appraise(measurement(), report.slice(0x50, 0x90)))
        .isInstanceOfSatisfying(
            EvidenceException.class, refused -> assertThat(refused.checks()).isNotEmpty());
  }

  private Appraisal appraise(String measurement, Bytes reportData) throws Exception {
    return VerifyEvidenceInJava.appraise(REPORT, bundle, policy, measurement, reportData, AT);
  }

  /// AMD 56860, ATTESTATION_REPORT: 48 bytes at 0x90.
  private String measurement() {
    return "sha384:" + report.slice(0x90, 0xc0).hex();
  }

  private static Item item(Kind kind, String file) throws Exception {
    return new Item(kind, file, Bytes.of(Files.readAllBytes(SNP.resolve(file))));
  }
}
