package cloister.attestation;

import static cloister.attestation.AzureTestMachine.BINDING;
import static cloister.attestation.AzureTestMachine.CHIP;
import static cloister.attestation.AzureTestMachine.DOMAIN;
import static cloister.attestation.AzureTestMachine.INTEL;
import static cloister.attestation.AzureTestMachine.NOW;
import static cloister.attestation.AzureTestMachine.TPM;
import static cloister.attestation.AzureTestMachine.attest;
import static cloister.attestation.AzureTestMachine.domainMachine;
import static cloister.attestation.AzureTestMachine.hcl;
import static cloister.attestation.AzureTestMachine.key;
import static cloister.attestation.AzureTestMachine.quote;
import static cloister.attestation.AzureTestMachine.registers;
import static cloister.attestation.AzureTestMachine.runtimeClaims;
import static cloister.attestation.AzureTestMachine.snpReport;
import static cloister.attestation.AzureTestMachine.verified;
import static cloister.attestation.AzureTestMachine.virtualMachine;
import static cloister.attestation.AzureTestMachine.with;
import static cloister.attestation.AzureTestMachine.without;
import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Evidence.Part;
import cloister.attestation.TestAuthority.Contents;
import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class AzureCvmReportTest {
  private static final Map<Part, Bytes> GOOD = virtualMachine();
  private static final Bytes ZERO = Bytes.of(new byte[64]);

  @Test
  void aGoodMachineIsVerifiedAndSaysWhatItWasStartedWith() throws Exception {
    assertThat(failures(GOOD)).isEmpty();
    var claims = (AzureCvmClaims) verified(Tee.AZURE_CVM, GOOD).claims();
    assertThat(claims.tee()).isEqualTo(Tee.AZURE_CVM);
    assertThat(claims.debug()).isEqualTo(Claims.Debug.OFF);
    assertThat(claims.boundTo(BINDING)).isTrue();
    assertThat(claims.hardware().paravisor().digest()).isEqualTo(AzureTestMachine.utilityMachine());
    assertThat(claims.paravisor().isOn(HclClaims.Setting.SECURE_BOOT)).isTrue();
    assertThat(claims.paravisor().isOn(HclClaims.Setting.CONSOLE)).isFalse();
    assertThat(claims.claims())
        .contains(new Claim("vm-unique-id", "A VM"), new Claim("hardware", "sev-snp"));
    assertThat(Report.parse(new Evidence(Tee.AZURE_CVM, GOOD)).claims())
        .contains(Claim.flag("secure-boot", true));
  }

  /// SHA-256 over their values in ascending order.
  @Test
  void theMeasurementIsOfTheRegistersThatSayWhatWasStarted() throws Exception {
    Measurement measured = verified(Tee.AZURE_CVM, GOOD).claims().measurement();
    byte[][] values =
        List.of(4, 8, 9, 11, 12, 13, 14).stream()
            .map(index -> Digest.ofUtf8("register " + index).toArray())
            .toArray(byte[][]::new);
    assertThat(measured.toString()).isEqualTo(Digest.of(values).toString());
    for (int index = 0; index < TpmRegisters.COUNT; index++) {
      var changed = new TreeMap<>(registers().values());
      changed.put(index, Bytes.of(new byte[32]));
      Measurement other =
          verified(Tee.AZURE_CVM, quoting(new TpmRegisters(changed))).claims().measurement();
      assertThat(other.equals(measured))
          .as("register %d", index)
          .isEqualTo(!AzureRegisters.MEASURED.contains(index));
    }
  }

  /// The advisory on register 12 of nitro-tpm-pcr-compute: one that is not quoted cannot be
  /// compared, so none may be left out.
  @Test
  void everyMeasuredRegisterIsQuoted() {
    for (int index : AzureRegisters.MEASURED) {
      var fewer = new TreeMap<>(registers().values());
      fewer.remove(index);
      assertThat(failures(quoting(new TpmRegisters(fewer))))
          .as("register %d", index)
          .containsExactly("azure-cvm.tpm.measured");
    }
    var measured = new TreeMap<>(registers().values());
    measured.keySet().retainAll(AzureRegisters.MEASURED);
    assertThat(failures(quoting(new TpmRegisters(measured)))).isEmpty();
  }

  @Test
  void theBindingIsInTheQuoteAndWhereUserDataWereWrittenInTheHardwaresReportToo() throws Exception {
    Bytes nonce = BINDING.sha256();
    Bytes userData = BINDING.reportData();
    assertThat(isBound(nonce, userData)).isTrue();
    assertThat(isBound(nonce, ZERO)).as("no user data").isTrue();
    assertThat(isBound(nonce, Bytes.concat(nonce, nonce))).isFalse();
    assertThat(isBound(nonce, Bytes.concat(userData.slice(0, 63), Bytes.hex("00")))).isFalse();
    assertThat(isBound(userData, userData)).as("another nonce").isFalse();
    assertThat(isBound(nonce.slice(0, 31), userData)).as("a prefix").isFalse();
    assertThat(isBound(Bytes.of(new byte[0]), userData)).as("no nonce").isFalse();
    assertThat(isBound(Bytes.concat(nonce, Bytes.hex("00")), userData)).isFalse();
  }

  @Test
  void userDataThatAreAbsentAreNone() throws Exception {
    String claims = runtimeClaims(key(TPM), ZERO).replaceAll(",\"user-data\":\"0*\"", "");
    var report = verified(Tee.AZURE_CVM, with(GOOD, Part.REPORT, hcl(claims)));
    assertThat(((AzureCvmClaims) report.claims()).paravisor().userData()).isEmpty();
    assertThat(report.claims().boundTo(BINDING)).isTrue();
  }

  /// docs/forgotten-checks.md no. 13: a key that no hardware vouches for quotes anything.
  @Test
  void theQuoteIsByTheKeyInTheClaimsThatTheHardwareVouchesFor() {
    TestAuthority stranger = TestAuthority.root(Kind.RSA, "TPM");
    Bytes attest = attest(BINDING.sha256(), registers());
    assertThat(failures(with(GOOD, Part.TPM_QUOTE, quote(stranger, attest))))
        .containsExactly("azure-cvm.tpm.signature");
    String others = runtimeClaims(key(stranger), BINDING.reportData());
    Bytes swapped = hcl(snpReport(runtimeClaims(), report -> {}), 2, others);
    assertThat(
            failures(
                with(with(GOOD, Part.TPM_QUOTE, quote(stranger, attest)), Part.REPORT, swapped)))
        .containsExactly("azure-cvm.runtime-claims");
  }

  @Test
  void theHardwaresReportDataAreTheDigestAndZeros() {
    for (int at : new int[] {0, 31, 32, 63}) {
      String claims = runtimeClaims();
      Bytes report =
          snpReport(claims, fields -> fields.put(0x50 + at, (byte) (fields.get(0x50 + at) ^ 0x40)));
      assertThat(failures(with(GOOD, Part.REPORT, hcl(report, 2, claims))))
          .as("byte %d", at)
          .containsExactly("azure-cvm.runtime-claims");
    }
  }

  /// docs/forgotten-checks.md no. 14: at another level the guest itself asked.
  @Test
  void theReportIsTheParavisors() {
    String claims = runtimeClaims();
    for (int level = 1; level <= 3; level++) {
      int vmpl = level;
      Bytes report = snpReport(claims, fields -> fields.putInt(0x30, vmpl));
      assertThat(failures(with(GOOD, Part.REPORT, hcl(report, 2, claims))))
          .containsExactly("azure-cvm.snp.vmpl");
    }
  }

  @Test
  void aDebuggableMachineShows() throws Exception {
    String claims = runtimeClaims();
    Bytes report = snpReport(claims, fields -> fields.putLong(8, 0xb0137));
    assertThat(
            verified(Tee.AZURE_CVM, with(GOOD, Part.REPORT, hcl(report, 2, claims)))
                .claims()
                .debug())
        .isEqualTo(Claims.Debug.ON);
  }

  @Test
  void nothingIsLeftOut() {
    for (Part part : List.of(Part.TPM_QUOTE, Part.TPM_REGISTERS)) {
      assertThat(failures(without(GOOD, part))).as(part.label()).containsExactly("parse");
    }
    assertThat(failures(without(GOOD, Part.CERTIFICATES)))
        .containsExactly("azure-cvm.snp.certificate");
    for (Part part :
        List.of(Part.POLICY, Part.ENDORSEMENT, Part.RUNTIME_DATA, Part.HARDWARE_QUOTE)) {
      assertThat(failures(with(GOOD, part, Bytes.hex("00")))).containsExactly("parse");
    }
    assertThat(AzureTestMachine.failures(Tee.AZURE_CVM, GOOD, Collateral.none(), NOW))
        .containsExactly("azure-cvm.snp.revocation");
  }

  @Test
  void theClockAndRevocationDecideAboutTheChipsKey() {
    var revoked = SnpTestPlatform.revocationLists(CHIP.root.revocationList(7));
    assertThat(AzureTestMachine.failures(Tee.AZURE_CVM, GOOD, revoked, NOW))
        .containsExactly("azure-cvm.snp.revocation");
    var later = CHIP.chipKey.certificate().getNotAfter().toInstant().plusSeconds(1);
    assertThat(AzureTestMachine.failures(Tee.AZURE_CVM, GOOD, AzureTestMachine.collateral(), later))
        .contains("azure-cvm.snp.chain");
  }

  /// Of the header and the claims every bit, without the hardware, whose report is the matter of
  /// [SnpReportTest]; then, seeded, bytes of the whole.
  @Test
  void nothingOfTheReportCanBeChanged() {
    Bytes report = GOOD.getOrDefault(Part.REPORT, ZERO);
    Bytes reportData = report.slice(32 + 0x50, 32 + 0x90);
    for (int at = 0; at < report.size(); at++) {
      for (int bit = 0; bit < 8 && (at < 32 || at >= 1216); bit++) {
        assertThat(isVouchedFor(flipped(report, at, bit), reportData))
            .as("byte %d, bit %d", at, bit)
            .isFalse();
      }
    }
    var random = new Random(5);
    for (int at = random.nextInt(16); at < report.size(); at += 1 + random.nextInt(32)) {
      Bytes flipped = flipped(report, at, random.nextInt(8));
      assertThat(failures(with(GOOD, Part.REPORT, flipped))).as("byte %d", at).isNotEmpty();
    }
  }

  private static boolean isVouchedFor(Bytes report, Bytes reportData) {
    try {
      return HclReport.parse(report).isVouchedFor(reportData);
    } catch (EvidenceException _) {
      return false;
    }
  }

  @Test
  void nothingOfTheRegistersCanBeChanged() {
    var random = new Random(5);
    Bytes registers = registers().encoded();
    for (int at = 0; at < registers.size(); at++) {
      Bytes flipped = flipped(registers, at, random.nextInt(8));
      assertThat(failures(with(GOOD, Part.TPM_REGISTERS, flipped)))
          .as("byte %d", at)
          .containsAnyOf("parse", "azure-cvm.tpm.registers");
    }
  }

  @Test
  void aReportCutShortOrExtendedIsNone() {
    byte[] report = GOOD.getOrDefault(Part.REPORT, ZERO).toArray();
    int end = 1236 + runtimeClaims().length();
    for (int length = 0; length < end; length++) {
      Bytes cut = Bytes.of(Arrays.copyOf(report, length));
      assertThat(failures(with(GOOD, Part.REPORT, cut))).as("%d", length).containsExactly("parse");
    }
    byte[] extended = Arrays.copyOf(report, report.length + 1);
    assertThat(failures(with(GOOD, Part.REPORT, Bytes.of(extended)))).as("zeros").isEmpty();
    extended[report.length] = 1;
    assertThat(failures(with(GOOD, Part.REPORT, Bytes.of(extended)))).containsExactly("parse");
    Bytes large = Bytes.of(Arrays.copyOf(report, 9000));
    assertThat(failures(with(GOOD, Part.REPORT, large))).containsExactly("parse");
  }

  @Test
  void theHeadersFieldsAreWhatTheyHaveToBe() {
    for (int at : new int[] {0, 4, 8, 12, 16, 20, 31, 1216, 1220, 1224, 1228, 1232}) {
      Bytes flipped = flipped(GOOD.getOrDefault(Part.REPORT, ZERO), at, 3);
      assertThat(failures(with(GOOD, Part.REPORT, flipped)))
          .as("offset %d", at)
          .containsExactly("parse");
    }
  }

  @Test
  void aMachineOnTdxIsVerifiedByTheQuoteOfItsParavisor() throws Exception {
    Map<Part, Bytes> machine = domainMachine(DOMAIN);
    assertThat(failures(machine)).isEmpty();
    var claims = (AzureCvmClaims) verified(Tee.AZURE_CVM, machine).claims();
    assertThat(claims.hardware().kind()).isEqualTo(HclReport.Hardware.TDX);
    assertThat(claims.measurement())
        .as("of the registers, whatever the hardware")
        .isEqualTo(verified(Tee.AZURE_CVM, GOOD).claims().measurement());
    assertThat(claims.boundTo(BINDING)).isTrue();
    assertThat(claims.debug()).isEqualTo(Claims.Debug.OFF);
    assertThat(claims.identifiers())
        .containsKeys(Identifier.REPORT_DATA, Identifier.CHIP_ID, Identifier.MEASUREMENT);
    assertThat(claims.claims()).contains(new Claim("hardware", "tdx"));
    Report report = Report.parse(new Evidence(Tee.AZURE_CVM, machine));
    assertThat(report.claims()).contains(new Claim("hardware", "tdx"));
    assertThat(report.sources()).hasSize(4);
    assertThat(verified(Tee.AZURE_CVM, domainMachine(DOMAIN.withAttributes(1))).claims().debug())
        .isEqualTo(Claims.Debug.ON);
  }

  /// A quote of another domain on the same platform, as anybody can have it.
  @Test
  void theQuoteIsOfThisParavisor() {
    Map<Part, Bytes> machine = domainMachine(DOMAIN);
    String others = runtimeClaims(key(TPM), ZERO);
    Bytes quote =
        INTEL.quote(
            new DcapTestPlatform.Domain(
                DOMAIN.svn(), DOMAIN.svn2(), 0, AzureTestMachine.reportData(others)));
    assertThat(failures(with(machine, Part.HARDWARE_QUOTE, quote)))
        .containsExactly("azure-cvm.runtime-claims", "azure-cvm.tdx.report");
    Bytes swapped =
        hcl(AzureTestMachine.tdReport(AzureTestMachine.reportData(runtimeClaims())), 4, others);
    assertThat(failures(with(machine, Part.REPORT, swapped)))
        .containsExactly("azure-cvm.runtime-claims");
    Bytes forged = hcl(AzureTestMachine.tdReport(AzureTestMachine.reportData(others)), 4, others);
    assertThat(failures(with(machine, Part.REPORT, forged)))
        .as("a TDREPORT has no signature, so that anybody can write one")
        .containsExactly("azure-cvm.runtime-claims", "azure-cvm.tdx.report");
    Bytes enclave = INTEL.quote(Bytes.of(new byte[32]), 5, DcapTestPlatform.Enclave.INTELS);
    assertThat(failures(with(machine, Part.HARDWARE_QUOTE, enclave))).containsExactly("parse");
    var random = new Random(11);
    Bytes good = machine.getOrDefault(Part.HARDWARE_QUOTE, ZERO);
    for (int at = 48; at < 48 + 6 + 648; at++) {
      Bytes flipped = flipped(good, at, random.nextInt(8));
      assertThat(failures(with(machine, Part.HARDWARE_QUOTE, flipped)))
          .as("byte %d", at)
          .isNotEmpty();
    }
  }

  @Test
  void theQuotesCollateralIsNeeded() {
    assertThat(
            AzureTestMachine.failures(Tee.AZURE_CVM, domainMachine(DOMAIN), Collateral.none(), NOW))
        .contains("azure-cvm.tdx.pck-revocation", "azure-cvm.tdx.tcb-info");
  }

  /// docs/forgotten-checks.md no. 15: a log explains registers; nothing is taken from it.
  @Test
  void anEventLogReplaysToTheQuotedRegisters() {
    Bytes log = log(4, 7, 11);
    var values = new TreeMap<>(registers().values());
    for (int index : List.of(4, 7, 11)) {
      values.put(index, extended(index));
    }
    Map<Part, Bytes> machine = with(quoting(new TpmRegisters(values)), Part.EVENT_LOG, log);
    assertThat(failures(machine)).isEmpty();
    assertThat(failures(with(GOOD, Part.EVENT_LOG, log))).containsExactly("azure-cvm.event-log");
    values.put(11, Bytes.of(new byte[32]));
    assertThat(failures(with(quoting(new TpmRegisters(values)), Part.EVENT_LOG, log)))
        .as("extended after firmware")
        .isEmpty();
    values.put(7, Bytes.of(new byte[32]));
    assertThat(failures(with(quoting(new TpmRegisters(values)), Part.EVENT_LOG, log)))
        .containsExactly("azure-cvm.event-log");
    assertThat(failures(with(GOOD, Part.EVENT_LOG, Bytes.hex("00")))).containsExactly("parse");
  }

  private static Bytes extended(int index) {
    return Bytes.of(Digest.of(new byte[32], Digest.ofUtf8("event " + index).toArray()).toArray());
  }

  /// A crypto-agile log with one event for each of these registers.
  private static Bytes log(int... indices) {
    var log = ByteBuffer.allocate(1000).order(ByteOrder.LITTLE_ENDIAN);
    log.putInt(0).putInt(3).put(new byte[20]).putInt(33);
    log.put(Bytes.utf8("Spec ID Event03\0").toArray()).putLong(0).putInt(1);
    log.putShort((short) 0xb).putShort((short) 32).put((byte) 0);
    for (int index : indices) {
      log.putInt(index).putInt(13).putInt(1).putShort((short) 0xb);
      log.put(Digest.ofUtf8("event " + index).toArray()).putInt(0);
    }
    return Bytes.of(Arrays.copyOf(log.array(), log.position()));
  }

  /// Only the same processor can check the MAC of a TDREPORT.
  @Test
  void aReportOfTdxNeedsAQuote() {
    String claims = runtimeClaims();
    Bytes report = hcl(Bytes.of(new byte[1024]), 4, claims);
    assertThat(failures(with(GOOD, Part.REPORT, report))).containsExactly("parse");
    assertThat(
            failures(with(with(GOOD, Part.REPORT, report), Part.HARDWARE_QUOTE, Bytes.hex("00"))))
        .as("which no quote is")
        .containsExactly("parse");
    Bytes padded = hcl(Bytes.of(SnpTestPlatform.bytes(1025, 1)), 4, claims);
    assertThat(failures(with(GOOD, Part.REPORT, padded))).containsExactly("parse");
  }

  /// What the paravisor would not write, signed all the same.
  @Test
  void theClaimsAreReadStrictly() {
    String good = runtimeClaims();
    String ak = key(TPM);
    for (String bad :
        List.of(
            good.replace("HCLAkPub", "HCLEkPub"),
            good.replace(ak, ak + "," + ak),
            good.replace("\"RSA\"", "\"EC\""),
            good.replace("\"AQAB\"", "\"AQAB=\""),
            good.replace("\"secure-boot\":true", "\"secure-boot\":1"),
            good.replace("{\"keys\"", "{\"keys\":[],\"keys\""),
            good.replace("\"user-data\":\"", "\"user-data\":\"00"),
            good.replace("vm-configuration", "configuration"),
            good + " x",
            "[]",
            "")) {
      assertThat(failures(with(GOOD, Part.REPORT, hcl(bad)))).as(bad).containsExactly("parse");
    }
  }

  @Test
  void aCertificateOfTheAttestationKeyHasItsKey() {
    TestAuthority issuer = TestAuthority.root(Kind.RSA, "Global Virtual TPM CA - 03");
    Contents contents =
        Contents.of("a.ConfidentialVM.Azure.windows.net")
            .with("2.5.29.37", Bytes.hex("300706056781050803"));
    TestAuthority other = issuer.leaf(Kind.RSA, contents);
    Bytes certificates =
        Bytes.concat(
            AzureTestMachine.chipCertificates(), TestAuthority.pem(List.of(other.certificate())));
    assertThat(failures(with(GOOD, Part.CERTIFICATES, certificates)))
        .containsExactly("azure-cvm.attestation-key");
    String claims = runtimeClaims(key(other), BINDING.reportData());
    Map<Part, Bytes> same =
        with(
            with(with(GOOD, Part.CERTIFICATES, certificates), Part.REPORT, hcl(claims)),
            Part.TPM_QUOTE,
            quote(other, attest(BINDING.sha256(), registers())));
    assertThat(failures(same)).isEmpty();
  }

  static Bytes flipped(Bytes bytes, int at, int bit) {
    byte[] flipped = bytes.toArray();
    flipped[at] ^= (byte) (1 << bit);
    return Bytes.of(flipped);
  }

  private static Map<Part, Bytes> quoting(TpmRegisters registers) {
    return with(
        with(GOOD, Part.TPM_QUOTE, quote(attest(BINDING.sha256(), registers))),
        Part.TPM_REGISTERS,
        registers.encoded());
  }

  private static boolean isBound(Bytes nonce, Bytes userData) throws EvidenceException {
    Map<Part, Bytes> parts =
        with(
            with(GOOD, Part.REPORT, hcl(runtimeClaims(key(TPM), userData))),
            Part.TPM_QUOTE,
            quote(attest(nonce, registers())));
    return verified(Tee.AZURE_CVM, parts).claims().boundTo(BINDING);
  }

  private static Set<String> failures(Map<Part, Bytes> parts) {
    return AzureTestMachine.failures(Tee.AZURE_CVM, parts);
  }
}
