package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.crypto.Bytes;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/// Real reports of real chips. AMD's revocation lists of 2024 and 2025 are in this repository's own
/// `vectors/attestation/snp`, and were current at [#CLOCK].
@EnabledIf(value = Vectors.PRESENT, disabledReason = Vectors.ABSENT)
class SnpVectorsTest {
  private static final Instant CLOCK = Instant.parse("2025-09-01T00:00:00Z");
  private static final String MILAN = "snp/roots/ask_ark_milan_vcek.pem";
  private static final String MILAN_VLEK = "snp/roots/milan_ask_ark_asvk.pem";
  private static final String GENOA = "snp/roots/ask_ark_genoa_vcek.pem";
  private static final String TURIN = "snp/roots/ask_ark_turin_vcek.pem";

  /// @param certificates that come with the report
  /// @param authorities as collateral
  /// @param failures the checks that fail; empty where it verifies
  private record Vector(
      String report,
      String certificates,
      String authorities,
      Instant at,
      Set<String> failures,
      Claims.Debug debug,
      String reportData) {
    Vector refused(String withCertificates, String... checks) {
      return new Vector(report, withCertificates, authorities, at, Set.of(checks), debug, "");
    }

    Evidence evidence() {
      return SnpTestPlatform.evidence(bytes(report), bytes(certificates));
    }

    Collateral collateral() {
      return SnpVectorsTest.collateral(authorities);
    }

    Set<String> found() {
      return SnpTestPlatform.failures(evidence(), collateral(), Anchors.pinned(), at);
    }
  }

  private static final Vector DEBUGGABLE =
      milan("snp/go-sev-guest/milan-v2-report.bin", "snp/go-sev-guest/milan-vcek.der", "01020304");
  private static final Vector VIRTEE =
      milan("snp/virtee-sev/milan-report.bin", "snp/virtee-sev/vcek_milan.der", "d447b55d");
  private static final Vector TRUSTEE =
      milan("snp/trustee/test-report.bin", "snp/trustee/test-vcek.der", "");
  private static final Vector LOADED =
      new Vector(
          "snp/trustee/test-vlek-report.bin",
          "snp/trustee/test-vlek.der",
          MILAN_VLEK,
          CLOCK,
          Set.of(),
          Claims.Debug.OFF,
          "");
  private static final Vector CONTAINER =
      milan("snp/azure-aci/snp_report.bin", "snp/azure-aci/uvm_host_amd_certificate.pem", "");

  /// Its key was certified after the last revocation list that there is to test with expired.
  private static final Vector DSTACK =
      new Vector(
          "snp/dstack/milan-report.bin",
          "snp/dstack/sev_snp_vcek.pem",
          MILAN,
          Instant.parse("2026-07-01T00:00:00Z"),
          Set.of("snp.revocation"),
          Claims.Debug.OFF,
          Bytes.utf8("attest-test-fixture-2026").hex());

  private static final List<Vector> ACCEPTED =
      List.of(
          DEBUGGABLE,
          VIRTEE,
          TRUSTEE,
          LOADED,
          CONTAINER,
          cleanRoom("caci/encryption/report.bin"),
          cleanRoom("caci/signing/report.bin"),
          cleanRoom("cvm/encryption/snp_report.bin"),
          cleanRoom("cvm/signing/snp_report.bin"),
          paravisor("evidence-v0.json", "Milan"),
          paravisor("evidence-v1.json", "Milan"),
          paravisor("evidence-v2.json", "Milan"),
          paravisor("evidence-genoa.json", "Genoa"),
          milan(
              "azure-cvm/trustee/az-snp-vtpm/hcl-report.bin",
              "azure-cvm/trustee/az-snp-vtpm/vcek.pem",
              ""),
          new Vector(
              "rats/veraison-services/sevsnp_test_evidence_sevsnp-tsm-report.json",
              "rats/veraison-services/sevsnp_test_evidence_sevsnp-tsm-report.json#auxblob",
              GENOA,
              CLOCK,
              Set.of(),
              Claims.Debug.OFF,
              ""));

  private static final List<Vector> REFUSED =
      List.of(
          DSTACK,
          TRUSTEE.refused(
              "snp/trustee/test-vcek-invalid-legacy.der",
              "snp.chain",
              "snp.chip-id",
              "snp.reported-tcb",
              "snp.signature"),
          TRUSTEE.refused(
              "snp/trustee/test-vcek-invalid-new.der",
              "snp.chain",
              "snp.chip-id",
              "snp.reported-tcb",
              "snp.signature"),
          new Vector(
              VIRTEE.report,
              "snp/virtee-sev/vcek_turin.der",
              TURIN,
              CLOCK,
              Set.of("snp.revocation", "snp.signature", "snp.tcb"),
              Claims.Debug.OFF,
              ""),
          new Vector(
              "azure-cvm/az-cvm-vtpm/hcl-report-snp.bin",
              "azure-cvm/az-cvm-vtpm/certs.pem",
              MILAN,
              CLOCK,
              Set.of("snp.chip-id", "snp.signature"),
              Claims.Debug.OFF,
              ""));

  /// What is in the folder beside reports, certificates and authorities: documents, inputs of the
  /// Azure container's own checks, and the envelope that the dstack files were taken from.
  private static final Set<String> OTHER =
      Set.of(
          "snp/README.md",
          "snp/azure-aci/body.uvm_reference_info.bin",
          "snp/azure-aci/uvm_host_amd_certificate.json",
          "snp/azure-aci/uvm_security_policy.base64",
          "snp/dstack/sev_snp_attestation.bin",
          // Of a virtual TPM, below Google's own root.
          "snp/x509-chains/gcp_snp_tpm_cert.json",
          "snp/x509-chains/gcp_tdx_tpm_cert.json");

  private static final Set<String> ROOTS =
      Set.of(
          MILAN,
          MILAN_VLEK,
          GENOA,
          TURIN,
          "snp/dstack/sev_snp_ask.pem",
          "snp/roots/ask_ark_genoa_vlek.pem",
          "snp/roots/ask_ark_milan_vlek.pem",
          "snp/roots/ask_ark_turin_vlek.pem",
          "snp/roots/genoa_ask_ark_asvk.pem",
          "snp/roots/turin_ask_ark_asvk.pem",
          "snp/roots/virtee_ark_genoa.pem",
          "snp/roots/virtee_ark_milan.pem",
          "snp/roots/virtee_ark_turin.pem",
          "snp/roots/virtee_ask_genoa.pem",
          "snp/roots/virtee_ask_milan.pem",
          "snp/roots/virtee_ask_turin.pem",
          "snp/virtee-sev/cert_chain_milan.pem",
          "snp/virtee-sev/cert_chain_turin.pem");

  /// Whether it leads to the pinned root.
  private static final Map<String, Boolean> CHAINS =
      Map.of(
          "snp/x509-chains/azure_snp_vek_cert.json", true,
          "snp/x509-chains/gcp_snp_vek_cert.json", true,
          "snp/x509-chains/gcp_snp_vek_cert_broken.json", false);

  @Test
  void everyRealReportHasItsVerdict() throws Exception {
    for (Vector vector : Stream.concat(ACCEPTED.stream(), REFUSED.stream()).toList()) {
      assertThat(vector.found()).as(vector.report).isEqualTo(vector.failures);
      SnpReport report = SnpReport.parse(bytes(vector.report));
      assertThat(report.reportData().hex()).as(vector.report).startsWith(vector.reportData);
      assertThat(report.policy().has(SnpGuestPolicy.Flag.DEBUG))
          .as(vector.report)
          .isEqualTo(vector.debug == Claims.Debug.ON);
    }
  }

  @Test
  void noFileOfTheFolderIsForgotten() {
    var known = new TreeSet<>(OTHER);
    known.addAll(ROOTS);
    known.addAll(CHAINS.keySet());
    for (Vector vector : Stream.concat(ACCEPTED.stream(), REFUSED.stream()).toList()) {
      known.addAll(List.of(vector.report, vector.certificates, vector.authorities));
    }
    Set<String> found =
        Vectors.files("snp").stream()
            .map(file -> Vectors.root().relativize(file).toString().replace('\\', '/'))
            .collect(Collectors.toSet());
    known.removeIf(file -> !file.startsWith("snp/"));
    assertThat(found).hasSameElementsAs(known);
  }

  @Test
  void everyAuthorityLeadsToThePinnedRoot() throws Exception {
    for (String file : ROOTS) {
      List<X509Certificate> all = Certificates.read(file, Vectors.read(file), 3);
      for (X509Certificate one : all) {
        String product = Chain.of(one).replaceAll(".*-", "");
        X509Certificate root = Anchors.pinned().root(product(product).root());
        if (Chain.of(one).startsWith("ARK-")) {
          assertThat(one).as(file).isEqualTo(root);
        } else {
          var checks = new Checks();
          Chain.require(checks, "chain", List.of(one), root, CLOCK);
          assertThat(checks.failed()).as(file).isFalse();
        }
      }
    }
  }

  /// The last differs from the one before it in the authority: it is the one for loaded keys.
  @Test
  void everyPublishedChainHasItsVerdict() throws Exception {
    for (var chain : CHAINS.entrySet()) {
      List<X509Certificate> certificates = certificates(chain.getKey());
      SnpEndorsement endorsement = SnpEndorsement.read(certificates.getFirst());
      assertThat(endorsement.product()).isEqualTo(SnpProduct.MILAN);
      var checks = new Checks();
      Chain.require(
          checks,
          "chain",
          certificates,
          Anchors.pinned().root(endorsement.product().root()),
          CLOCK);
      assertThat(checks.failed()).as(chain.getKey()).isEqualTo(!chain.getValue());
    }
  }

  @Test
  void turinsKeyIsReadWithItsOwnComponents() throws Exception {
    Bytes key = Vectors.read("snp/virtee-sev/vcek_turin.der");
    SnpEndorsement turin = SnpEndorsement.read(Certificates.read("key", key, 1).getFirst());
    assertThat(turin.product()).isEqualTo(SnpProduct.TURIN);
    assertThat(turin.tcb()).isEqualTo(new SnpTcb(Optional.of(0), 0, 0, 0, 9));
    assertThat(turin.hardwareId()).contains(Bytes.hex("1e550a8ee5cf9f4d"));
  }

  @Test
  void theWrappedIdentifierOfAChipIsTheSameAsTheBareOne() throws Exception {
    for (String file : List.of("legacy", "new")) {
      Bytes key = Vectors.read("snp/trustee/test-vcek-invalid-" + file + ".der");
      SnpEndorsement read = SnpEndorsement.read(Certificates.read("key", key, 1).getFirst());
      assertThat(read.hardwareId().map(Bytes::size)).as(file).contains(64);
    }
  }

  @Test
  void noRealReportVerifiesWithTheKeyOfAnother() {
    for (Vector one : ACCEPTED) {
      for (Vector other : ACCEPTED) {
        if (!bytes(one.certificates).equals(bytes(other.certificates)) && !isSameKey(one, other)) {
          assertThat(one.refused(other.certificates).found())
              .as("%s with %s", one.report, other.certificates)
              .containsAnyOf("snp.signature", "snp.certificate");
        }
      }
    }
  }

  /// All bytes of the reports in this repository are tried by [SnpEvidenceTest].
  @Test
  void noBitOfARealReportCanBeFlipped() {
    var random = new Random(4);
    for (Vector vector : ACCEPTED) {
      for (int i = 0; i < 60; i++) {
        Bytes report = bytes(vector.report);
        int at = random.nextInt(report.size());
        Bytes flipped = SnpEvidenceTest.flipped(report, at, random.nextInt(8));
        Evidence evidence = SnpTestPlatform.evidence(flipped, bytes(vector.certificates));
        assertThat(
                SnpTestPlatform.failures(
                    evidence, vector.collateral(), Anchors.pinned(), vector.at))
            .as("%s, byte %d", vector.report, at)
            .containsAnyOf("parse", "snp.signature", "snp.signing-key", "snp.certificate");
      }
    }
  }

  @Test
  void theDebuggableGuestIsRefusedWhateverThePolicy() throws Exception {
    VerifiedReport verified =
        Report.parse(DEBUGGABLE.evidence())
            .verify(DEBUGGABLE.collateral(), Anchors.pinned(), DEBUGGABLE.at);
    assertThat(verified.claims().debug()).isEqualTo(Claims.Debug.ON);
    assertThat(SnpPolicyTest.failures(SnpPolicyTest.lenient(), verified.claims()))
        .containsExactly("snp.guest-policy.debug");
  }

  @Test
  void thePolicyTellsTheRealReportsApart() throws Exception {
    assertThat(outcome(VIRTEE)).isEmpty();
    assertThat(outcome(TRUSTEE))
        .containsExactlyInAnyOrder("snp.provisional-firmware", "snp.id-key-digests");
    assertThat(outcome(LOADED)).containsExactlyInAnyOrder("snp.provisional-firmware", "snp.vmpl");
  }

  private static Set<String> outcome(Vector vector) throws EvidenceException {
    VerifiedReport verified =
        Report.parse(vector.evidence()).verify(vector.collateral(), Anchors.pinned(), vector.at);
    return SnpPolicyTest.failures(SnpPolicyTest.lenient(), verified.claims());
  }

  /// Two reports of one chip at one patch level have one key, in files of different forms.
  private static boolean isSameKey(Vector one, Vector other) {
    try {
      return key(one).equals(key(other));
    } catch (EvidenceException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static Bytes key(Vector vector) throws EvidenceException {
    for (X509Certificate one : SnpCertificates.read(bytes(vector.certificates))) {
      if (SnpEndorsement.isOne(one)) {
        return Certificates.key(one);
      }
    }
    throw new IllegalArgumentException("no key in " + vector.certificates);
  }

  private static SnpProduct product(String vendorName) {
    return SnpProduct.byCertificate(vendorName).orElseThrow();
  }

  /// A JSON list of certificates, hexadecimal.
  private static List<X509Certificate> certificates(String file) throws EvidenceException {
    var certificates = new ArrayList<X509Certificate>();
    for (String part : Vectors.text(file).replaceAll("[\\[\\]\\s\"]", "").split(",", -1)) {
      byte[] der = Bytes.hex(part.replaceFirst("^0x", "")).toArray();
      certificates.add(Certificates.certificate(file, der));
    }
    return certificates;
  }

  private static Vector milan(String report, String certificates, String reportData) {
    return new Vector(
        report,
        certificates,
        MILAN,
        CLOCK,
        Set.of(),
        report.contains("go-sev-guest") ? Claims.Debug.ON : Claims.Debug.OFF,
        reportData);
  }

  private static Vector cleanRoom(String report) {
    String folder = "azure-cleanroom/" + report.substring(0, report.lastIndexOf('/') + 1);
    return milan("azure-cleanroom/" + report, folder + "platform_certificates.pem", "");
  }

  private static Vector paravisor(String file, String product) {
    String path = "azure-cvm/trustee/az-snp-vtpm/" + file;
    return new Vector(
        path,
        path + "#vcek",
        product.equals("Milan") ? MILAN : GENOA,
        CLOCK,
        Set.of(),
        Claims.Debug.OFF,
        "");
  }

  private static Collateral collateral(String authorities) {
    return SnpTestPlatform.collateral(
        List.of(
            new Item(Kind.CERTIFICATES, authorities, bytes(authorities)),
            new Item(Kind.REVOCATION_LIST, "Milan", SnpEvidenceTest.own("ark-milan.crl")),
            new Item(Kind.REVOCATION_LIST, "Genoa", SnpEvidenceTest.own("ark-genoa.crl"))));
  }

  /// A file's bytes, or those of the report or the member in it.
  private static Bytes bytes(String file) {
    int member = file.indexOf('#');
    try {
      if (member >= 0) {
        String text = json(file.substring(0, member)).string(file.substring(member + 1));
        return text.startsWith("-----") ? Bytes.utf8(text) : base64(text);
      }
      if (file.contains("tsm-report")) {
        return base64(json(file).string("outblob"));
      }
      if (file.endsWith("hcl-report.bin") || file.endsWith("hcl-report-snp.bin")) {
        return paravised(Vectors.read(file));
      }
      if (file.contains("az-snp-vtpm/evidence")) {
        Fields fields = json(file);
        return paravised(
            fields.has("report")
                ? octets(fields.raw("report"))
                : base64(fields.string("hcl_report")));
      }
      return Vectors.read(file);
    } catch (EvidenceException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /// A paravisor's report has the hardware's after a header of 32 bytes.
  private static Bytes paravised(Bytes report) {
    return report.slice(32, 32 + SnpReport.BYTES);
  }

  private static Bytes base64(String text) {
    return Bytes.of(Base64.getMimeDecoder().decode(text.replace('-', '+').replace('_', '/')));
  }

  private static Fields json(String file) throws EvidenceException {
    return Json.parse(file, Vectors.read(file), 1 << 20);
  }

  /// A JSON list of numbers 0 to 255.
  private static Bytes octets(Bytes list) {
    String[] numbers =
        new String(list.toArray(), java.nio.charset.StandardCharsets.UTF_8)
            .replaceAll("[\\[\\]\\s]", "")
            .split(",", -1);
    byte[] octets = new byte[numbers.length];
    for (int i = 0; i < octets.length; i++) {
      octets[i] = (byte) Integer.parseInt(numbers[i]);
    }
    return Bytes.of(octets);
  }
}
