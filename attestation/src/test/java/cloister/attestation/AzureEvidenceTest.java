package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.attestation.Evidence.Part;
import cloister.crypto.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The real evidence in this repository, `vectors/attestation/azure`: each to its verdict, and
/// nothing about it can be changed.
class AzureEvidenceTest {
  private static final Path FOLDER = Path.of("..", "vectors", "attestation", "azure");
  private static final Instant CLOCK = Instant.parse("2025-09-01T00:00:00Z");
  private static final Collateral COLLATERAL =
      SnpTestPlatform.collateral(
          List.of(
              new Item(Kind.CERTIFICATES, "AMD", SnpEvidenceTest.own("ask-milan.der")),
              new Item(Kind.REVOCATION_LIST, "AMD", SnpEvidenceTest.own("ark-milan.crl"))));

  private static final Map<Part, Bytes> GROUP = group();

  @Test
  void theMachineVerifies() throws Exception {
    Map<Part, Bytes> parts = AzureEvidence.trustee(own("cvm-evidence.json"));
    VerifiedReport verified =
        Report.parse(new Evidence(Tee.AZURE_CVM, parts))
            .verify(COLLATERAL, Anchors.pinned(), CLOCK);
    var claims = (AzureCvmClaims) verified.claims();
    assertThat(claims.debug()).isEqualTo(Claims.Debug.OFF);
    assertThat(claims.paravisor().isOn(HclClaims.Setting.SECURE_BOOT)).isTrue();
    assertThat(claims.paravisor().isOn(HclClaims.Setting.CONSOLE)).isTrue();
    assertThat(claims.paravisor().userData().orElseThrow().slice(0, 48))
        .isEqualTo(claims.quote().nonce());
    assertThat(claims.hardware().paravisor().toString()).startsWith("sha384:");
    assertThat(claims.boundTo(AzureTestMachine.BINDING)).isFalse();
    assertThat(Report.parse(new Evidence(Tee.AZURE_CVM, parts)).sources())
        .extracting(Collateral.Source::url)
        .contains("https://kdsintf.amd.com/vcek/v1/Milan/crl");
  }

  @Test
  void ofTheGroupEverythingHoldsButWhatWasNotRecorded() throws Exception {
    assertThat(failures(Tee.AZURE_ACI, GROUP)).containsExactly("azure-aci.uvm.revocation");
    Report report = Report.parse(new Evidence(Tee.AZURE_ACI, GROUP));
    assertThat(report.claims()).contains(new Claim("uvm-svn", "22"));
    assertThat(report.sources())
        .extracting(Collateral.Source::url)
        .contains("http://www.microsoft.com/pkiops/crl/Microsoft%20SCD%20Products%20RSA%20CA.crl");
  }

  /// It holds from its signing on, also after the signer's certificate has expired.
  @Test
  void theNewerFormOfAnEndorsementHolds() throws Exception {
    UvmEndorsement endorsement = UvmEndorsement.parse(own("endorsement-2026.cose"));
    assertThat(endorsement.svn()).isEqualTo(104);
    assertThat(endorsement.signedAt()).isEqualTo(Instant.parse("2026-03-26T17:03:27Z"));
    assertThat(endorsement.measurement().hex()).startsWith("dc3f5a934489232a");
    assertThat(endorsement.feed()).isEqualTo("ContainerPlat-AMD-UVM");
    Instant expired = Instant.parse("2026-05-15T18:57:04Z");
    assertThat(failures(endorsement, endorsement.signedAt())).containsExactly("uvm.revocation");
    assertThat(failures(endorsement, expired)).containsExactly("uvm.revocation");
    assertThat(endorsement.isSignerValid(expired.minusSeconds(1))).isTrue();
    assertThat(endorsement.isSignerValid(expired)).isFalse();
    assertThat(failures(endorsement, endorsement.signedAt().minusSeconds(1)))
        .containsExactly("uvm.revocation", "uvm.signing-time");
    assertThat(failures(Tee.AZURE_ACI, with(Part.ENDORSEMENT, own("endorsement-2026.cose"))))
        .as("another VM's, and signed later")
        .containsExactly(
            "azure-aci.uvm.measurement", "azure-aci.uvm.revocation", "azure-aci.uvm.signing-time");
  }

  @Test
  void noFileIsForgotten() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "README.md",
              "cvm-evidence.json",
              "aci-report.bin",
              "aci-certificates.pem",
              "aci-policy.base64",
              "aci-endorsement.cose",
              "endorsement-2026.cose");
    }
  }

  @Test
  void noByteOfTheMachinesEvidenceCanBeChanged() throws Exception {
    Map<Part, Bytes> parts = AzureEvidence.trustee(own("cvm-evidence.json"));
    var random = new Random(9);
    HclReport hcl = HclReport.parse(parts.getOrDefault(Part.REPORT, Bytes.of(new byte[0])));
    Bytes reportData = SnpReport.parse(hcl.hardwareReport()).reportData();
    for (int at = 0; at < hcl.json().size(); at++) {
      Bytes json = AzureCvmReportTest.flipped(hcl.json(), at, random.nextInt(8));
      assertThat(
              new HclReport(hcl.hardware(), hcl.hardwareReport(), json, hcl.claims())
                  .isVouchedFor(reportData))
          .isFalse();
    }
    for (Part part : List.of(Part.REPORT, Part.TPM_QUOTE, Part.TPM_REGISTERS)) {
      Bytes good = parts.getOrDefault(part, Bytes.of(new byte[0]));
      for (int at = random.nextInt(8); at < good.size(); at += 1 + random.nextInt(16)) {
        var changed = new EnumMap<>(parts);
        changed.put(part, AzureCvmReportTest.flipped(good, at, random.nextInt(8)));
        assertThat(failures(Tee.AZURE_CVM, changed))
            .as("%s, byte %d", part.label(), at)
            .isNotEmpty();
      }
    }
  }

  @Test
  void noByteOfAnEndorsementCanBeChanged() throws Exception {
    var random = new Random(10);
    for (String file : List.of("aci-endorsement.cose", "endorsement-2026.cose")) {
      Bytes good = own(file);
      Cose message = Cose.parse(file, good);
      for (int at = 0; at < good.size(); at++) {
        // The unprotected header is after the protected one, and before payload and signature.
        int unprotected = 5 + message.protectedBytes().size();
        int payload = good.size() - message.payload().size() - message.signature().size() - 6;
        if (at < unprotected || at > payload) {
          assertThat(isSigned(AzureCvmReportTest.flipped(good, at, random.nextInt(8))))
              .as("%s, byte %d", file, at)
              .isFalse();
        }
      }
      for (int length = 0; length < good.size(); length += 11) {
        assertThat(isSigned(Bytes.of(Arrays.copyOf(good.toArray(), length)))).isFalse();
      }
    }
  }

  private static boolean isSigned(Bytes bytes) {
    var checks = new Checks();
    try {
      UvmEndorsement one = UvmEndorsement.parse(bytes);
      return one.message()
          .requireSigned(
              checks,
              "signature",
              Signatures.Algorithm.PS384,
              one.certificates().getFirst().getPublicKey());
    } catch (EvidenceException _) {
      return false;
    }
  }

  private static Set<String> failures(UvmEndorsement endorsement, Instant at) {
    var checks = new Checks();
    endorsement.require(checks, "uvm", COLLATERAL, Anchors.pinned(), at);
    return SnpTestPlatform.names(checks.list());
  }

  private static Set<String> failures(Tee tee, Map<Part, Bytes> parts) {
    return SnpTestPlatform.failures(new Evidence(tee, parts), COLLATERAL, Anchors.pinned(), CLOCK);
  }

  private static Map<Part, Bytes> with(Part part, Bytes other) {
    return AzureTestMachine.with(GROUP, part, other);
  }

  private static Map<Part, Bytes> group() {
    var parts = new EnumMap<Part, Bytes>(Part.class);
    parts.put(Part.REPORT, own("aci-report.bin"));
    parts.put(Part.CERTIFICATES, own("aci-certificates.pem"));
    parts.put(
        Part.POLICY,
        Bytes.of(
            Base64.getMimeDecoder()
                .decode(
                    new String(own("aci-policy.base64").toArray(), StandardCharsets.US_ASCII))));
    parts.put(Part.ENDORSEMENT, own("aci-endorsement.cose"));
    return parts;
  }

  private static Bytes own(String file) {
    return Repository.read("azure/" + file);
  }
}
