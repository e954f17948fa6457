package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.attestation.Evidence.Part;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/// Real evidence of Azure: confidential VMs from Trustee and azure-cvm-tooling, container groups
/// from confidential-sidecar-containers, and both of Microsoft's clean room. AMD's revocation lists
/// are those in this repository's `vectors/attestation/snp`. Microsoft's over utility VMs were not
/// published anywhere, so of the container groups everything holds but that.
@EnabledIf(value = Vectors.PRESENT, disabledReason = Vectors.ABSENT)
class AzureVectorsTest {
  private static final Instant CLOCK = Instant.parse("2025-09-01T00:00:00Z");
  private static final String MILAN = "snp/roots/ask_ark_milan_vcek.pem";
  private static final String GENOA = "snp/roots/ask_ark_genoa_vcek.pem";
  private static final String TRUSTEE = "azure-cvm/trustee/az-snp-vtpm/";
  private static final String TDX = "azure-cvm/trustee/az-tdx-vtpm/";
  private static final String TOOLING = "azure-cvm/az-cvm-vtpm/";
  private static final String ROOM = "azure-cleanroom/";
  private static final String GROUP = "snp/azure-aci/";
  private static final String NO_LIST = "azure-aci.uvm.revocation";

  /// @param files that it is made of, the first names it
  /// @param failures the checks that fail; empty where it verifies
  private record Vector(
      List<String> files, Tee tee, Map<Part, Bytes> parts, Instant at, Set<String> failures) {
    Set<String> found() {
      return found(parts, at);
    }

    Set<String> found(Map<Part, Bytes> changed, Instant instant) {
      return SnpTestPlatform.failures(
          new Evidence(tee, changed), collateral(), Anchors.pinned(), instant);
    }

    VerifiedReport verified() throws EvidenceException {
      return Report.parse(new Evidence(tee, parts)).verify(collateral(), Anchors.pinned(), at);
    }

    @Override
    public String toString() {
      return files.getFirst();
    }
  }

  private static List<Vector> machines() throws EvidenceException {
    var vectors = new ArrayList<Vector>();
    for (String file :
        List.of(
            "evidence-v0.json", "evidence-v1.json", "evidence-v2.json", "evidence-genoa.json")) {
      vectors.add(
          machine(List.of(TRUSTEE + file), AzureEvidence.trustee(Vectors.read(TRUSTEE + file))));
    }
    for (AzureEvidence.Quote quote :
        List.of(
            AzureEvidence.bincode(Vectors.read(TRUSTEE + "quote.bin")),
            AzureEvidence.trusteeQuote(Vectors.read(TRUSTEE + "tpm-quote-v1.json")))) {
      vectors.add(
          machine(
              List.of(
                  TRUSTEE + "hcl-report.bin",
                  TRUSTEE + "quote.bin",
                  TRUSTEE + "tpm-quote-v1.json",
                  TRUSTEE + "vcek.pem"),
              parts(TRUSTEE + "hcl-report.bin", TRUSTEE + "vcek.pem", quote)));
    }
    for (String folder : List.of("encryption", "signing")) {
      String path = ROOM + "cvm/" + folder + "/";
      vectors.add(
          machine(
              List.of(
                  path + "hcl_report.bin",
                  path + "snp_report.bin",
                  path + "platform_certificates.pem",
                  path + "aik_cert.der",
                  path + "tpm_quote.bin",
                  path + "snp_cvm.json"),
              cleanRoom(path)));
    }
    return vectors;
  }

  private static List<Vector> groups() {
    var vectors = new ArrayList<Vector>();
    vectors.add(
        new Vector(
            List.of(
                GROUP + "snp_report.bin",
                GROUP + "uvm_host_amd_certificate.pem",
                GROUP + "uvm_security_policy.base64",
                GROUP + "body.uvm_reference_info.bin"),
            Tee.AZURE_ACI,
            group(
                GROUP + "snp_report.bin",
                GROUP + "uvm_host_amd_certificate.pem",
                base64(Vectors.text(GROUP + "uvm_security_policy.base64")),
                GROUP + "body.uvm_reference_info.bin"),
            CLOCK,
            Set.of(NO_LIST)));
    Bytes policy = base64(value("ccepolicy"));
    for (String folder : List.of("encryption", "signing")) {
      String path = ROOM + "caci/" + folder + "/";
      vectors.add(
          new Vector(
              List.of(
                  path + "report.bin",
                  path + "platform_certificates.pem",
                  path + "uvm_endorsements.cose",
                  ROOM + "caci/values.txt"),
              Tee.AZURE_ACI,
              group(
                  path + "report.bin",
                  path + "platform_certificates.pem",
                  policy,
                  path + "uvm_endorsements.cose"),
              Instant.parse("2026-01-01T00:00:00Z"),
              Set.of(NO_LIST)));
    }
    return vectors;
  }

  /// Nobody kept the collateral of the paravisor's quote: every signature holds, and what is
  /// missing is named.
  private static List<Vector> domains() throws EvidenceException {
    Bytes quote = Vectors.read(TDX + "td-quote.bin");
    Set<String> missing =
        Set.of(
            "azure-cvm.tdx.pck-revocation",
            "azure-cvm.tdx.pck-authority-revocation",
            "azure-cvm.tdx.tcb-info");
    var vectors = new ArrayList<Vector>();
    for (String file : List.of("evidence-v0.json", "evidence-v1.json")) {
      vectors.add(
          new Vector(
              List.of(TDX + file),
              Tee.AZURE_CVM,
              AzureEvidence.trustee(Vectors.read(TDX + file)),
              CLOCK,
              missing));
    }
    for (AzureEvidence.Quote one :
        List.of(
            AzureEvidence.bincode(Vectors.read(TDX + "quote.bin")),
            AzureEvidence.trusteeQuote(Vectors.read(TDX + "tpm-quote-v1.json")))) {
      var parts = new EnumMap<Part, Bytes>(Part.class);
      parts.put(Part.REPORT, Vectors.read(TDX + "hcl-report.bin"));
      parts.put(Part.HARDWARE_QUOTE, quote);
      parts.put(Part.TPM_QUOTE, one.quote());
      parts.put(Part.TPM_REGISTERS, one.registers().encoded());
      vectors.add(
          new Vector(
              List.of(
                  TDX + "hcl-report.bin",
                  TDX + "quote.bin",
                  TDX + "td-quote.bin",
                  TDX + "tpm-quote-v1.json"),
              Tee.AZURE_CVM,
              parts,
              CLOCK,
              missing));
    }
    return vectors;
  }

  /// Refused, and why.
  private static List<Vector> refused() throws EvidenceException {
    var mismatched =
        parts(
            TOOLING + "hcl-report-snp.bin",
            TOOLING + "certs.pem",
            AzureEvidence.bincode(Vectors.read(TOOLING + "quote.bin")));
    var narrow =
        AzureTestMachine.with(
            parts(
                TRUSTEE + "hcl-report.bin",
                TRUSTEE + "vcek.pem",
                AzureEvidence.bincode(Vectors.read(TRUSTEE + "quote.bin"))),
            Part.TPM_QUOTE,
            AzureEvidence.rsassa(
                Vectors.read(TRUSTEE + "tpm-quote.msg"), Vectors.read(TRUSTEE + "tpm-quote.sig")));
    var withoutAuthority =
        AzureTestMachine.with(
            AzureEvidence.trustee(Vectors.read(TRUSTEE + "evidence-v0.json")),
            Part.CERTIFICATES,
            Vectors.read(TRUSTEE + "vcek-genoa.pem"));
    return List.of(
        new Vector(
            List.of(TOOLING + "hcl-report-snp.bin", TOOLING + "certs.pem", TOOLING + "quote.bin"),
            Tee.AZURE_CVM,
            mismatched,
            CLOCK,
            Set.of("azure-cvm.snp.signature", "azure-cvm.snp.chip-id", "azure-cvm.tpm.signature")),
        new Vector(
            List.of(TRUSTEE + "tpm-quote.msg", TRUSTEE + "tpm-quote.sig"),
            Tee.AZURE_CVM,
            narrow,
            CLOCK,
            Set.of(
                "azure-cvm.tpm.signature",
                "azure-cvm.tpm.selection",
                "azure-cvm.tpm.registers",
                "azure-cvm.tpm.measured")),
        new Vector(
            List.of(TRUSTEE + "vcek-genoa.pem"),
            Tee.AZURE_CVM,
            withoutAuthority,
            CLOCK,
            Set.of(
                "azure-cvm.snp.signature",
                "azure-cvm.snp.product",
                "azure-cvm.snp.chip-id",
                "azure-cvm.snp.reported-tcb")));
  }

  private static List<Vector> all() throws EvidenceException {
    return Stream.of(machines(), groups(), domains(), refused()).flatMap(List::stream).toList();
  }

  @Test
  void everyRealEvidenceHasItsVerdict() throws Exception {
    for (Vector vector : all()) {
      assertThat(vector.found()).as(vector.toString()).isEqualTo(vector.failures);
    }
  }

  /// Files of the folders that are compared with what evidence says, further down.
  private static final Set<String> COMPARED =
      Set.of(
          "azure-cvm/README.md",
          "azure-cleanroom/README.md",
          TOOLING + "akpub.pem",
          TOOLING + "var-data.bin",
          TOOLING + "hcl-report-tdx.bin",
          GROUP + "uvm_host_amd_certificate.json",
          ROOM + "caci/encryption/maa-request.json",
          ROOM + "caci/encryption/public-key-jwks",
          ROOM + "caci/encryption/public_key.pem",
          ROOM + "caci/signing/public_key.pem",
          ROOM + "caci/signing/certificate.pem",
          ROOM + "cvm/encryption/public_key.pem",
          ROOM + "cvm/signing/public_key.pem",
          ROOM + "cvm/signing/certificate.pem");

  @Test
  void noFileOfTheFoldersIsForgotten() throws Exception {
    var known = new TreeSet<>(COMPARED);
    all().forEach(vector -> known.addAll(vector.files));
    Set<String> found =
        Stream.of("azure-cvm", "azure-cleanroom", "snp/azure-aci")
            .flatMap(folder -> Vectors.files(folder).stream())
            .map(file -> Vectors.root().relativize(file).toString().replace('\\', '/'))
            .collect(Collectors.toSet());
    assertThat(found).hasSameElementsAs(known);
  }

  /// Only the same processor can check the MAC of a TDREPORT.
  @Test
  void aReportOfTdxWithoutAQuoteIsWorthNothing() throws Exception {
    for (String file : List.of(TOOLING + "hcl-report-tdx.bin", TDX + "hcl-report.bin")) {
      HclReport report = HclReport.parse(Vectors.read(file));
      assertThat(report.hardware()).isEqualTo(HclReport.Hardware.TDX);
      assertThat(report.isVouchedFor(report.tdReportData())).as(file).isTrue();
      var parts = new EnumMap<Part, Bytes>(Part.class);
      parts.put(Part.REPORT, Vectors.read(file));
      var quote = AzureEvidence.bincode(Vectors.read(TDX + "quote.bin"));
      parts.put(Part.TPM_QUOTE, quote.quote());
      parts.put(Part.TPM_REGISTERS, quote.registers().encoded());
      assertThat(
              SnpTestPlatform.failures(
                  new Evidence(Tee.AZURE_CVM, parts), collateral(), Anchors.pinned(), CLOCK))
          .as(file)
          .containsExactly("parse");
    }
    // In a quote of version 4, the TD's report begins at 48, and REPORTDATA there at 520.
    Bytes quoted = Vectors.read(TDX + "td-quote.bin").slice(48 + 520, 48 + 584);
    HclReport report = HclReport.parse(Vectors.read(TDX + "hcl-report.bin"));
    assertThat(quoted).isEqualTo(report.tdReportData());
    assertThat(report.isVouchedFor(quoted)).isTrue();
  }

  @Test
  void theQuotesOfTdxMachinesHoldUnderTheKeysOfTheirClaims() throws Exception {
    PublicKey key = HclReport.parse(Vectors.read(TDX + "hcl-report.bin")).claims().attestationKey();
    for (AzureEvidence.Quote quote :
        List.of(
            AzureEvidence.bincode(Vectors.read(TDX + "quote.bin")),
            AzureEvidence.trusteeQuote(Vectors.read(TDX + "tpm-quote-v1.json")))) {
      assertThat(holds(quote, key)).isTrue();
    }
    for (String file : List.of("evidence-v0.json", "evidence-v1.json")) {
      Map<Part, Bytes> parts = AzureEvidence.trustee(Vectors.read(TDX + file));
      assertThat(parts.get(Part.REPORT)).isEqualTo(Vectors.read(TDX + "hcl-report.bin"));
      assertThat(parts.get(Part.HARDWARE_QUOTE)).isEqualTo(Vectors.read(TDX + "td-quote.bin"));
    }
  }

  @Test
  void theToolingsQuoteHoldsUnderTheKeyBesideItAndNoOther() throws Exception {
    var quote = AzureEvidence.bincode(Vectors.read(TOOLING + "quote.bin"));
    assertThat(holds(quote, publicKey(TOOLING + "akpub.pem"))).isTrue();
    HclClaims others = HclClaims.parse(Vectors.read(TOOLING + "var-data.bin"));
    assertThat(holds(quote, others.attestationKey())).isFalse();
    assertThat(others.isOn(HclClaims.Setting.SECURE_BOOT)).isTrue();
    assertThat(others.vmId()).isEqualTo("3404EF27-32A2-4A07-A4C7-1A1171624C5D");
  }

  @Test
  void theClaimsAreWhatTheReadmesSay() throws Exception {
    AzureCvmClaims first = claims(TRUSTEE + "evidence-v0.json");
    assertThat(first.quote().nonce()).isEqualTo(Bytes.utf8("challenge"));
    assertThat(first.registers().value(0).map(Bytes::hex).orElse("")).startsWith("e15c4479");
    assertThat(first.paravisor().userData()).isEmpty();
    AzureCvmClaims second = claims(TRUSTEE + "evidence-v2.json");
    Bytes userData = second.paravisor().userData().orElseThrow();
    assertThat(userData).isEqualTo(Bytes.concat(second.quote().nonce(), Bytes.of(new byte[16])));
    assertThat(userData.hex()).startsWith("982f5c6e");
    AzureCvmClaims genoa = claims(TRUSTEE + "evidence-genoa.json");
    assertThat(genoa.quote().nonce().hex()).startsWith("0218488b");
    assertThat(((AzureCvmHardware.Snp) genoa.hardware()).snp().product())
        .isEqualTo(SnpProduct.GENOA);
    assertThat(genoa.paravisor().isOn(HclClaims.Setting.TPM_PERSISTED)).isTrue();
    for (String folder : List.of("encryption", "signing")) {
      String path = ROOM + "cvm/" + folder + "/";
      AzureCvmClaims room = claims(path + "hcl_report.bin");
      assertThat(room.paravisor().userData().orElseThrow().slice(0, 32))
          .isEqualTo(digest(Vectors.read(path + "public_key.pem")));
      assertThat(HclReport.parse(Vectors.read(path + "hcl_report.bin")).hardwareReport())
          .isEqualTo(Vectors.read(path + "snp_report.bin"));
      assertThat(room.quote().nonce().hex()).startsWith("0a61737b");
    }
  }

  @Test
  void theEndorsementsSayWhatTheReadmesSay() throws Exception {
    Map<String, Long> svns = Map.of(GROUP, 22L, ROOM, 103L);
    for (Vector vector : groups()) {
      UvmEndorsement endorsement = UvmEndorsement.parse(part(vector, Part.ENDORSEMENT));
      assertThat(endorsement.feed()).isEqualTo("ContainerPlat-AMD-UVM");
      assertThat(endorsement.issuer().text())
          .isEqualTo(
              "did:x509:0:sha256:I__iuL25oXEVFdTP_aBLx_eT1RPHbCQ_ECBQfYZpt9s"
                  + "::eku:1.3.6.1.4.1.311.76.59.1.2");
      String folder = vector.toString().startsWith(GROUP) ? GROUP : ROOM;
      assertThat(endorsement.svn()).isEqualTo(svns.get(folder));
      SnpReport report = SnpReport.parse(part(vector, Part.REPORT));
      assertThat(endorsement.measurement()).isEqualTo(report.measurement());
      if (folder.equals(ROOM)) {
        String path = vector.toString().replace("report.bin", "public_key.pem");
        assertThat(report.reportData().slice(0, 32)).isEqualTo(digest(Vectors.read(path)));
        assertThat(report.hostData().hex()).isEqualTo(value("hostdata"));
      }
    }
  }

  /// A confidential VM's log of another cloud: what it replays to, a quote could hold.
  @Test
  void theLogOfARealMachineReplays() throws Exception {
    Bytes file = Vectors.read("eventlog/go-tpm-tools/ubuntu-2404-amd-sevsnp.bin");
    EventLog log = EventLog.parse(file, EventLog.Algorithm.SHA256);
    var values = new TreeMap<Integer, Bytes>();
    for (int index = 0; index < TpmRegisters.COUNT; index++) {
      values.put(index, log.replay(index));
    }
    var registers = new TpmRegisters(values);
    Map<Part, Bytes> parts = AzureTestMachine.virtualMachine();
    parts.put(
        Part.TPM_QUOTE,
        AzureTestMachine.quote(
            AzureTestMachine.attest(AzureTestMachine.BINDING.sha256(), registers)));
    parts.put(Part.TPM_REGISTERS, registers.encoded());
    parts.put(Part.EVENT_LOG, file);
    assertThat(AzureTestMachine.failures(Tee.AZURE_CVM, parts)).isEmpty();
    values.put(4, Bytes.of(new byte[32]));
    var other = new TpmRegisters(values);
    parts.put(
        Part.TPM_QUOTE,
        AzureTestMachine.quote(AzureTestMachine.attest(AzureTestMachine.BINDING.sha256(), other)));
    parts.put(Part.TPM_REGISTERS, other.encoded());
    assertThat(AzureTestMachine.failures(Tee.AZURE_CVM, parts))
        .containsExactly("azure-cvm.event-log");
  }

  /// What is beside the evidence is about the same keys: whoever has that repository has them.
  @Test
  void theCleanRoomsOtherFilesAreOfTheSameKeys() throws Exception {
    for (String folder : List.of("caci/signing", "cvm/signing")) {
      String path = ROOM + folder + "/";
      X509Certificate certificate =
          Certificates.read("a certificate", Vectors.read(path + "certificate.pem"), 1).getFirst();
      assertThat(certificate.getPublicKey()).isEqualTo(ecKey(path + "public_key.pem"));
    }
    assertThat(Vectors.text(ROOM + "caci/encryption/public-key-jwks")).contains("\"96478d5f\"");
    assertThat(Vectors.text(ROOM + "caci/encryption/maa-request.json")).contains("\"report\"");
    assertThat(Vectors.text(GROUP + "uvm_host_amd_certificate.json")).contains("\"vcekCert\"");
  }

  /// Its keys lie in a public repository: it verifies, and anybody can use it.
  @Test
  void publishedEvidenceIsRefusedUnderEveryPolicy() throws Exception {
    for (Vector vector : machines()) {
      boolean published = vector.toString().startsWith(ROOM);
      Set<String> failures =
          AzurePolicyTest.appraise(vector.verified(), AzureTestMachine.BINDING, "");
      assertThat(failures.contains("policy.deny")).as(vector.toString()).isEqualTo(published);
      assertThat(failures).as("nothing here is bound to us").contains("binding");
    }
    for (Vector vector : groups()) {
      var evidence =
          new Evidence(
              Tee.SEV_SNP,
              Map.of(
                  Part.REPORT,
                  part(vector, Part.REPORT),
                  Part.CERTIFICATES,
                  part(vector, Part.CERTIFICATES)));
      SnpClaims snp =
          (SnpClaims) Report.parse(evidence).verify(collateral(), Anchors.pinned(), CLOCK).claims();
      var checks = new Checks();
      checks.holds("a.test", "what is to be appraised counts as verified here");
      VerifiedReport verified =
          checks.verified(
              new AzureAciClaims(snp, UvmEndorsement.parse(part(vector, Part.ENDORSEMENT))));
      assertThat(
              AzurePolicyTest.appraise(verified, AzureTestMachine.BINDING, "")
                  .contains("policy.deny"))
          .as(vector.toString())
          .isEqualTo(vector.toString().startsWith(ROOM));
    }
  }

  /// docs/forgotten-checks.md no. 13: parts of two machines are no evidence of either.
  @Test
  void noPartOfOneMachineVerifiesWithThoseOfAnother() throws Exception {
    List<Vector> machines = machines();
    for (Vector one : machines) {
      for (Vector other : machines) {
        for (Part part : List.of(Part.REPORT, Part.CERTIFICATES, Part.TPM_QUOTE)) {
          Bytes swapped = part(other, part);
          boolean sameKey = attestationKey(one).equals(attestationKey(other));
          boolean sameChip = chip(one).equals(chip(other));
          if (part == Part.CERTIFICATES ? sameChip : sameKey) {
            continue;
          }
          assertThat(one.found(AzureTestMachine.with(one.parts, part, swapped), CLOCK))
              .as("%s with the %s of %s", one, part.label(), other)
              .isNotEmpty();
        }
      }
    }
  }

  @Test
  void theClockEndsRealEvidence() throws Exception {
    for (Vector vector :
        Stream.of(machines(), groups(), refused()).flatMap(List::stream).toList()) {
      Instant tooEarly = Instant.parse("2020-01-01T00:00:00Z");
      Instant tooLate = Instant.parse("2050-01-01T00:00:00Z");
      String prefix = vector.tee == Tee.AZURE_CVM ? "azure-cvm" : "azure-aci";
      assertThat(vector.found(vector.parts, tooEarly))
          .as(vector.toString())
          .contains(prefix + ".snp.chain", prefix + ".snp.revocation");
      assertThat(vector.found(vector.parts, tooLate))
          .as(vector.toString())
          .contains(prefix + ".snp.chain", prefix + ".snp.revocation");
    }
    for (Vector group : groups()) {
      Instant signed = UvmEndorsement.parse(part(group, Part.ENDORSEMENT)).signedAt();
      assertThat(group.found(group.parts, signed.minusSeconds(1)))
          .contains("azure-aci.uvm.signing-time");
      assertThat(group.found(group.parts, signed)).doesNotContain("azure-aci.uvm.signing-time");
    }
  }

  /// Bytes at random, seeded, of every part but the certificates; [AzureEvidenceTest] tries those
  /// in this repository one by one.
  @Test
  void nothingOfRealEvidenceCanBeChanged() throws Exception {
    var random = new Random(8);
    for (Vector vector : Stream.concat(machines().stream(), groups().stream()).toList()) {
      for (var part : vector.parts.entrySet()) {
        for (int i = 0; i < 12 && part.getKey() != Part.CERTIFICATES; i++) {
          int end = end(part.getKey(), part.getValue());
          Bytes flipped =
              AzureCvmReportTest.flipped(part.getValue(), random.nextInt(end), random.nextInt(8));
          assertThat(
                  vector.found(
                      AzureTestMachine.with(vector.parts, part.getKey(), flipped), vector.at))
              .as("%s, %s", vector, part.getKey().label())
              .isNotEqualTo(vector.failures);
          Bytes cut = Bytes.of(Arrays.copyOf(part.getValue().toArray(), random.nextInt(end)));
          assertThat(
                  vector.found(AzureTestMachine.with(vector.parts, part.getKey(), cut), vector.at))
              .as("%s, %s of %d bytes", vector, part.getKey().label(), cut.size())
              .isNotEqualTo(vector.failures);
        }
      }
    }
  }

  /// Where what is signed ends: after it, an HCL report has zeros, of which some may be missing,
  /// and an endorsement the sender's time stamp.
  private static int end(Part part, Bytes bytes) throws EvidenceException {
    if (part == Part.ENDORSEMENT) {
      return Cose.parse("an endorsement", bytes).protectedBytes().size();
    }
    if (part == Part.REPORT && bytes.size() > SnpReport.BYTES) {
      return 1236 + HclReport.parse(bytes).json().size();
    }
    return bytes.size();
  }

  private static Vector machine(List<String> files, Map<Part, Bytes> parts) {
    return new Vector(files, Tee.AZURE_CVM, parts, CLOCK, Set.of());
  }

  private static Map<Part, Bytes> parts(
      String report, String certificates, AzureEvidence.Quote quote) {
    var parts = new EnumMap<Part, Bytes>(Part.class);
    parts.put(Part.REPORT, Vectors.read(report));
    parts.put(Part.CERTIFICATES, Vectors.read(certificates));
    parts.put(Part.TPM_QUOTE, quote.quote());
    parts.put(Part.TPM_REGISTERS, quote.registers().encoded());
    return parts;
  }

  private static Map<Part, Bytes> cleanRoom(String path) throws EvidenceException {
    var quote =
        new AzureEvidence.Quote(
            Vectors.read(path + "tpm_quote.bin"),
            AzureEvidence.cleanRoomRegisters(Vectors.read(path + "snp_cvm.json")));
    var parts = parts(path + "hcl_report.bin", path + "platform_certificates.pem", quote);
    List<X509Certificate> attestationKey =
        Certificates.read("an AIK", Vectors.read(path + "aik_cert.der"), 1);
    parts.put(
        Part.CERTIFICATES,
        Bytes.concat(
            Vectors.read(path + "platform_certificates.pem"), TestAuthority.pem(attestationKey)));
    return parts;
  }

  private static Map<Part, Bytes> group(
      String report, String certificates, Bytes policy, String endorsement) {
    var parts = new EnumMap<Part, Bytes>(Part.class);
    parts.put(Part.REPORT, Vectors.read(report));
    parts.put(Part.CERTIFICATES, Vectors.read(certificates));
    parts.put(Part.POLICY, policy);
    parts.put(Part.ENDORSEMENT, Vectors.read(endorsement));
    return parts;
  }

  private static Bytes part(Vector vector, Part part) {
    return Optional.ofNullable(vector.parts.get(part)).orElseThrow();
  }

  private static PublicKey attestationKey(Vector vector) throws EvidenceException {
    return HclReport.parse(part(vector, Part.REPORT)).claims().attestationKey();
  }

  private static Bytes chip(Vector vector) throws EvidenceException {
    SnpReport report = SnpReport.parse(HclReport.parse(part(vector, Part.REPORT)).hardwareReport());
    return Bytes.concat(report.chipId(), report.reportedTcb());
  }

  private static AzureCvmClaims claims(String file) throws EvidenceException {
    for (Vector vector : machines()) {
      if (vector.toString().equals(file)) {
        return (AzureCvmClaims) vector.verified().claims();
      }
    }
    throw new IllegalArgumentException("no vector " + file);
  }

  private static boolean holds(AzureEvidence.Quote quote, PublicKey key) throws EvidenceException {
    var checks = new Checks();
    TpmQuote.parse(quote.quote()).require(checks, "tpm", key, quote.registers());
    return !checks.failed();
  }

  static Collateral collateral() {
    return SnpTestPlatform.collateral(
        List.of(
            new Item(Kind.CERTIFICATES, MILAN, Vectors.read(MILAN)),
            new Item(Kind.CERTIFICATES, GENOA, Vectors.read(GENOA)),
            new Item(Kind.REVOCATION_LIST, "Milan", SnpEvidenceTest.own("ark-milan.crl")),
            new Item(Kind.REVOCATION_LIST, "Genoa", SnpEvidenceTest.own("ark-genoa.crl"))));
  }

  private static PublicKey publicKey(String file) throws Exception {
    return KeyFactory.getInstance("RSA").generatePublic(spec(file));
  }

  private static PublicKey ecKey(String file) throws Exception {
    return KeyFactory.getInstance("EC").generatePublic(spec(file));
  }

  private static X509EncodedKeySpec spec(String file) {
    return new X509EncodedKeySpec(
        base64(Vectors.text(file).replaceAll("-----[A-Z ]*-----", "")).toArray());
  }

  private static Bytes base64(String text) {
    return Bytes.of(Base64.getMimeDecoder().decode(text));
  }

  /// Of `name: value` in the clean room's file of values.
  private static String value(String name) {
    return Vectors.text(ROOM + "caci/values.txt")
        .lines()
        .filter(line -> line.startsWith(name + ": "))
        .findFirst()
        .orElseThrow()
        .substring(name.length() + 2)
        .strip();
  }

  private static Bytes digest(Bytes content) {
    return Bytes.of(Digest.of(content).toArray());
  }
}
