package cloister.attestation;

import cloister.crypto.Bytes;
import java.security.MessageDigest;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Evidence of a confidential VM of Azure: hardware measures Microsoft's paravisor, the paravisor
/// vouches for the key of the virtual TPM that it runs, and that TPM quotes what the guest was
/// started with. Its parts:
///
/// - `report`: an [HclReport], as read from NV index 0x01400001,
/// - `certificates`: on SNP those of the chip's key; that of the attestation key may be among them,
/// - `hardware-quote`: on TDX a quote of the paravisor's trust domain, as Azure's metadata service
///   makes it of the TDREPORT, which has a MAC that only the same processor can check,
/// - `tpm-quote`: a [TpmQuote] by the key 0x81000003,
/// - `tpm-registers`: the [TpmRegisters] quoted, at least those of [AzureRegisters#MEASURED],
/// - `event-log`: firmware's log of what it extended, for whoever wants to know what is in the
///   registers. It may be absent.
///
/// A guest ties evidence to its use by the quote's nonce, which is the SHA-256 of the [Binding]. It
/// can tie the hardware's report too, by writing the binding's 64 bytes to NV index 0x01400002
/// before it asks for the report. Where that was written, both are compared.
record AzureCvmReport(
    HclReport hcl,
    Signed hardware,
    List<X509Certificate> certificates,
    TpmQuote quote,
    TpmRegisters registers,
    Optional<EventLog> eventLog)
    implements Report {
  /// What the hardware signed.
  sealed interface Signed {
    /// It is in the HCL report itself.
    record Snp(SnpReport report) implements Signed {}

    /// It came beside the HCL report.
    record Td(DcapQuote quote, TdReport domain) implements Signed {}
  }

  private static final String PREFIX = "azure-cvm.";

  /// tcg-kp-AIKCertificate.
  private static final String ATTESTATION_KEY_PURPOSE = "2.23.133.8.3";

  /// Registers that are complete when firmware hands over to the kernel, so that its log explains
  /// them: others are extended later, by whoever keeps a log of their own.
  private static final Set<Integer> LOGGED_BY_FIRMWARE = Set.of(4, 7, 8, 9, 14);

  AzureCvmReport {
    certificates = List.copyOf(certificates);
  }

  static AzureCvmReport parse(Evidence evidence) throws EvidenceException {
    evidence.onlyWith(
        Evidence.Part.CERTIFICATES,
        Evidence.Part.HARDWARE_QUOTE,
        Evidence.Part.TPM_QUOTE,
        Evidence.Part.TPM_REGISTERS,
        Evidence.Part.EVENT_LOG);
    HclReport hcl = HclReport.parse(evidence.report());
    Optional<Bytes> certificates = evidence.part(Evidence.Part.CERTIFICATES);
    Optional<Bytes> log = evidence.part(Evidence.Part.EVENT_LOG);
    return new AzureCvmReport(
        hcl,
        signed(hcl, evidence),
        certificates.isPresent() ? SnpCertificates.read(certificates.get()) : List.of(),
        TpmQuote.parse(evidence.required(Evidence.Part.TPM_QUOTE)),
        TpmRegisters.parse(evidence.required(Evidence.Part.TPM_REGISTERS)),
        log.isPresent()
            ? Optional.of(EventLog.parse(log.get(), EventLog.Algorithm.SHA256))
            : Optional.empty());
  }

  private static Signed signed(HclReport hcl, Evidence evidence) throws EvidenceException {
    return switch (hcl.hardware()) {
      case SEV_SNP -> {
        if (evidence.part(Evidence.Part.HARDWARE_QUOTE).isPresent()) {
          throw new EvidenceException("a report of SNP is signed, and needs no hardware-quote");
        }
        yield new Signed.Snp(SnpReport.parse(hcl.hardwareReport()));
      }
      case TDX -> {
        DcapQuote quote = DcapQuote.parse(evidence.required(Evidence.Part.HARDWARE_QUOTE));
        if (!(quote.body() instanceof TdReport domain)) {
          throw new EvidenceException("the hardware-quote is of SGX, not of TDX");
        }
        yield new Signed.Td(quote, domain);
      }
    };
  }

  @Override
  public Tee tee() {
    return Tee.AZURE_CVM;
  }

  @Override
  public List<Collateral.Source> sources() {
    return switch (hardware) {
      case Signed.Snp(SnpReport report) -> SnpKeyDistribution.sources(report, certificates);
      case Signed.Td(DcapQuote signed, TdReport _) -> signed.sources();
    };
  }

  @Override
  public VerifiedReport verify(Collateral collateral, Anchors anchors, Instant at)
      throws EvidenceException {
    var checks = new Checks();
    AzureCvmHardware verified = verified(checks, collateral, anchors, at);
    checks.require(
        PREFIX + "runtime-claims",
        hcl.isVouchedFor(verified.reportData()),
        "the hardware's report holds the digest of the paravisor's claims",
        "the hardware's report does not hold the digest of the paravisor's claims (%s): they were"
                .formatted(hcl.digest().hex())
            + " altered, or are of another report");
    attestationKeyCertificate(checks);
    quote.require(checks, PREFIX + "tpm", hcl.claims().attestationKey(), registers);
    checks.require(
        PREFIX + "tpm.measured",
        quote.selection().containsAll(AzureRegisters.MEASURED),
        "the registers that identify what was started are quoted",
        "the registers %s are quoted, and those that identify what was started are %s: quote them"
            .formatted(quote.selection(), AzureRegisters.MEASURED));
    eventLog.ifPresent(log -> requireLog(checks, log));
    return checks.verified(new AzureCvmClaims(verified, hcl.claims(), quote, registers));
  }

  private AzureCvmHardware verified(
      Checks checks, Collateral collateral, Anchors anchors, Instant at) throws EvidenceException {
    return switch (hardware) {
      case Signed.Snp(SnpReport report) -> {
        SnpClaims claims =
            new SnpVerification(checks, PREFIX + "snp", anchors, at)
                .verify(report, certificates, collateral);
        checks.require(
            PREFIX + "snp.vmpl",
            report.vmpl() == 0,
            "the report is of privilege level 0, where the paravisor runs",
            "the report is of privilege level %d: the guest asked for it, and not the paravisor,"
                    .formatted(report.vmpl())
                + " whose level is 0");
        yield new AzureCvmHardware.Snp(claims);
      }
      case Signed.Td(DcapQuote signed, TdReport domain) -> {
        DcapPlatform platform =
            new DcapVerification(checks, PREFIX + "tdx", collateral, anchors, at).verify(signed);
        checks.require(
            PREFIX + "tdx.report",
            MessageDigest.isEqual(domain.reportData().toArray(), hcl.tdReportData().toArray()),
            "the quote is of the TDREPORT in the HCL report",
            "the quote is of another TDREPORT than that in the HCL report: quote that one");
        yield new AzureCvmHardware.Td(new TdxClaims(domain, platform));
      }
    };
  }

  /// A log explains registers, and nothing is taken from it: their values are compared as they are.
  private void requireLog(Checks checks, EventLog log) {
    String name = PREFIX + "event-log";
    var mentioned = new TreeSet<Integer>();
    log.events().forEach(event -> mentioned.add(event.register()));
    mentioned.retainAll(quote.selection());
    for (int index : mentioned) {
      boolean replays = registers.value(index).equals(Optional.of(log.replay(index)));
      if (replays) {
        checks.holds(name, "the log replays to register " + index);
      } else if (LOGGED_BY_FIRMWARE.contains(index)) {
        checks.fails(
            name,
            "the log replays to another register %d than the quoted: send the log of this start"
                .formatted(index));
      } else {
        checks.noted(name, "register %d was extended beside the log".formatted(index));
      }
    }
  }

  /// Nothing rests on that certificate: the paravisor's claims, which the hardware vouches for,
  /// have the key. One for another key shows that parts of two machines were mixed.
  private void attestationKeyCertificate(Checks checks) {
    String name = PREFIX + "attestation-key";
    List<X509Certificate> found =
        certificates.stream().filter(AzureCvmReport::isOfAttestationKey).toList();
    if (found.isEmpty()) {
      checks.holds(name, "of the paravisor's claims; no certificate of it came with the evidence");
    } else {
      checks.require(
          name,
          found.stream().allMatch(one -> one.getPublicKey().equals(hcl.claims().attestationKey())),
          "of the paravisor's claims, and the certificate that came along is of the same key",
          "of the paravisor's claims, and the certificate that came along is of another key: the"
              + " evidence is of two machines");
    }
  }

  private static boolean isOfAttestationKey(X509Certificate certificate) {
    try {
      return Optional.ofNullable(certificate.getExtendedKeyUsage())
          .orElse(List.of())
          .contains(ATTESTATION_KEY_PURPOSE);
    } catch (CertificateParsingException _) {
      return false;
    }
  }

  @Override
  public Measurement measured() throws EvidenceException {
    if (!registers.values().keySet().containsAll(AzureRegisters.MEASURED)) {
      throw new EvidenceException(
          "the registers that identify what was started are %s, and there are %s"
              .formatted(AzureRegisters.MEASURED, registers.values().keySet()));
    }
    return registers.measurement(AzureRegisters.MEASURED);
  }

  @Override
  public List<Claim> claims() {
    var claims = new ArrayList<Claim>();
    claims.add(new Claim("hardware", hcl.hardware().toString()));
    claims.addAll(
        switch (hardware) {
          case Signed.Snp(SnpReport report) -> report.claims();
          case Signed.Td(DcapQuote signed, TdReport _) -> signed.claims();
        });
    claims.addAll(hcl.claims().claims());
    claims.addAll(quote.claims());
    claims.addAll(registers.claims());
    return List.copyOf(claims);
  }
}
