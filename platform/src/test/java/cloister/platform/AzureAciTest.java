package cloister.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AzureAciTest {
  private static final Binding BINDING = Binding.of("cloister/test/v1", Bytes.utf8("nonce"));
  private static final String PEM =
      "-----BEGIN CERTIFICATE-----\nQUJD\nREVG\n-----END CERTIFICATE-----\n";

  @TempDir Path folder;

  @BeforeEach
  void context() throws Exception {
    write("security-policy-base64", "package policy");
    write("reference-info-base64", "an endorsement");
    String escaped = PEM.replace("\n", "\\n");
    write(
        "host-amd-cert-base64",
        "{\"vcekCert\":\"%s\",\"tcbm\":\"DB18\",\"certificateChain\":\"%s%s\"}"
            .formatted(escaped, escaped, escaped));
  }

  private void write(String file, String content) throws Exception {
    Files.writeString(
        folder.resolve(file),
        Base64.getEncoder().encodeToString(Bytes.utf8(content).toArray()) + "\n");
  }

  private Evidence evidence() throws PlatformException {
    return new AzureAci(
            binding -> new Evidence(Tee.SEV_SNP, binding.reportData()),
            KernelFiles.ofMachine(),
            folder,
            new Attempts(1, Duration.ZERO))
        .evidence(BINDING);
  }

  @Test
  void theReportComesWithTheDecodedFiles() throws Exception {
    var evidence = evidence();
    assertThat(evidence.tee()).isEqualTo(Tee.AZURE_ACI);
    assertThat(evidence.report()).isEqualTo(BINDING.reportData());
    assertThat(evidence.part(Evidence.Part.POLICY)).contains(Bytes.utf8("package policy"));
    assertThat(evidence.part(Evidence.Part.ENDORSEMENT)).contains(Bytes.utf8("an endorsement"));
    assertThat(evidence.part(Evidence.Part.CERTIFICATES)).contains(Bytes.utf8(PEM + PEM + PEM));
  }

  @Test
  void aFileThatIsMissingMalformedOrWithoutCertificatesIsNamed() throws Exception {
    write("host-amd-cert-base64", "{}");
    assertThatThrownBy(this::evidence)
        .isInstanceOf(PlatformException.class)
        .hasMessageContaining("host-amd-cert-base64 has no certificate");
    Files.writeString(folder.resolve("security-policy-base64"), "x");
    assertThatThrownBy(this::evidence)
        .isInstanceOf(PlatformException.class)
        .hasMessageContaining("security-policy-base64 is not base64");
    Files.delete(folder.resolve("reference-info-base64"));
    Files.delete(folder.resolve("security-policy-base64"));
    assertThatThrownBy(this::evidence)
        .isInstanceOf(PlatformException.class)
        .hasMessageContaining("security-policy-base64 is missing");
  }
}
