package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.crypto.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Genuine evidence that is in this repository.
class NvidiaEvidenceTest {
  private static final Path VECTORS = Path.of("../vectors/attestation/nvidia");
  private static final String MANIFEST = "NV_SWITCH_BIOS_5612_0002_890_9610550001.xml";
  private static final Instant CLOCK = Instant.parse("2026-11-28T12:00:00Z");

  @Test
  void aSwitchIsVerifiedWithItsManifest() throws Exception {
    Report report = Report.parse(evidence("switch"));
    assertThat(report.sources())
        .extracting(Collateral.Source::url)
        .contains("https://rim.attestation.nvidia.com/v1/rim/" + MANIFEST.replace(".xml", ""));
    VerifiedReport verified = report.verify(manifest(), Anchors.pinned(), CLOCK);
    var claims = (NvidiaClaims) verified.claims();
    assertThat(claims.architecture()).isEqualTo(NvidiaArchitecture.LS10);
    assertThat(claims.vbios()).isEqualTo(NvidiaVersion.vbios("96.10.55.00.01"));
    assertThat(verified.checks())
        .anyMatch(check ->
            check.name().equals("nvidia.manifest.vbios.measurements")
                && check.detail().contains("all 31"));
  }

  @Test
  void aManifestSaysWhatItIsAndHowLongItHolds() throws Exception {
    Collateral.Dates dates = Collateral.dates(manifest().items().getFirst());
    assertThat(dates.about()).isEqualTo("manifest of LS10 96.10.55.00.01");
    assertThat(dates.from()).contains(Instant.parse("2026-05-20T22:02:51Z"));
    assertThat(dates.until()).contains(Instant.parse("2027-11-02T23:59:59Z"));
  }

  @Test
  void aGpuWantsItsManifestsAndNothingElse() throws Exception {
    Report report = Report.parse(evidence("hopper"));
    try {
      report.verify(manifest(), Anchors.pinned(), CLOCK);
      throw new AssertionError("verified without manifests");
    } catch (EvidenceException e) {
      assertThat(e.checks())
          .filteredOn(Check::failed)
          .extracting(Check::detail)
          .containsExactly(
              "the manifest NV_GPU_DRIVER_GH100_580.159.03 is not at hand: fetch collateral",
              "the manifest NV_GPU_VBIOS_1010_0205_862_9600740020 is not at hand: fetch"
                  + " collateral");
    }
  }

  private static Collateral manifest() throws EvidenceException, IOException {
    return Collateral.of(
        List.of(
            new Collateral.Item(
                Collateral.Kind.REFERENCE_MANIFEST,
                MANIFEST,
                Bytes.of(Files.readAllBytes(VECTORS.resolve(MANIFEST))))));
  }

  private static Evidence evidence(String device) throws IOException {
    String hex =
        Files.readString(VECTORS.resolve(device + "-report.txt"), StandardCharsets.US_ASCII);
    return new Evidence(
        Tee.NVIDIA,
        Map.of(
            Evidence.Part.REPORT, Bytes.hex(hex.strip()),
            Evidence.Part.CERTIFICATES,
                Bytes.of(Files.readAllBytes(VECTORS.resolve(device + "-chain.txt")))));
  }
}
