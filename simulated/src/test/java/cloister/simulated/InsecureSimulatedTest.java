package cloister.simulated;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Anchors;
import cloister.attestation.Appraisal;
import cloister.attestation.Binding;
import cloister.attestation.Claims;
import cloister.attestation.Collateral;
import cloister.attestation.Measurement;
import cloister.attestation.Report;
import cloister.attestation.Requirements;
import cloister.attestation.SimulatedEvidence;
import cloister.attestation.Tee;
import cloister.attestation.Trust;
import cloister.crypto.Bytes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class InsecureSimulatedTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00.5Z");
  private static final Measurement CODE = new Measurement("sha384", Bytes.of(new byte[48]));
  private static final Binding BINDING = Binding.of("cloister/test/v1", Bytes.utf8("nonce"));

  @TempDir Path folder;

  /// The verifier has the public key alone, and this signs with the private one.
  @Test
  void whatItSignsIsVerifiedAndAcceptedWhereThatIsSaid() throws Exception {
    var evidence = InsecureSimulatedTee.running(CODE).evidence(BINDING, NOW);
    var report = Report.parse(evidence);
    assertThat(report.measured()).isEqualTo(CODE);
    var verified = report.verify(Collateral.none(), Anchors.pinned(), NOW);
    assertThat(verified.claims().boundTo(BINDING)).isTrue();
    var trust =
        new Trust(Requirements.simulated(Set.of(CODE)), List.of(), SimulatedEvidence.ACCEPT);
    assertThat(trust.appraise(List.of(verified), BINDING, NOW))
        .isInstanceOf(Appraisal.Accepted.class);
    var debugging = InsecureSimulatedTee.debugging(CODE).evidence(BINDING, NOW);
    assertThat(
            Report.parse(debugging)
                .verify(Collateral.none(), Anchors.pinned(), NOW)
                .claims()
                .debug())
        .isEqualTo(Claims.Debug.ON);
  }

  @Test
  void theRootIsMadeWhenItIsFirstAskedForAndStaysTheSame() throws Exception {
    var platform = new InsecureSimulatedPlatform(folder, () -> NOW);
    assertThat(platform.tee()).isEqualTo(Tee.SIMULATED);
    assertThat(folder).isEmptyDirectory();
    try (var root = platform.sealingRoot();
        var again = new InsecureSimulatedPlatform(folder, () -> NOW).sealingRoot()) {
      assertThat(again).isEqualTo(root);
      assertThat(root.size()).isEqualTo(32);
    }
    Path file = folder.resolve("sealing-root.INSECURE-SIMULATED");
    assertThat(Files.getPosixFilePermissions(file))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    assertThat(platform.measurement()).isEqualTo(InsecureSimulatedPlatform.measureClassPath());
  }
}
