package cloister.platform;

import cloister.attestation.AzureRegisters;
import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.regex.Pattern;

/// Evidence of a confidential VM of Azure, from the virtual TPM that Microsoft's paravisor runs in
/// it: the paravisor's HCL report, a quote by the key that it vouches for, and the registers
/// quoted.
///
/// The hardware's certificates are not fetched here: a verifier gets them from AMD.
final class AzureCvm implements EvidenceSource {
  static final int REPORT_INDEX = 0x0140_0001;
  static final int USER_DATA_INDEX = 0x0140_0002;
  static final int ATTESTATION_KEY = 0x8100_0003;

  /// Where the HCL report says of what hardware it is, and that of TDX.
  private static final int HARDWARE_OFFSET = 1224;

  private static final int TDX = 4;

  private static final Pattern USER_DATA =
      Pattern.compile("\"user-data\"\\s*:\\s*\"([0-9A-Fa-f]*)\"");

  private final Connector tpm;

  /// The paravisor takes seconds to make a report of the user data that it was given.
  private final Attempts attempts;

  /// Opens the TPM; each use has it for itself.
  interface Connector {
    Tpm open() throws IOException;
  }

  AzureCvm(Connector tpm, Attempts attempts) {
    this.tpm = tpm;
    this.attempts = attempts;
  }

  @Override
  public Evidence evidence(Binding binding) throws PlatformException {
    return attempts.until(
        "evidence of the virtual TPM",
        () -> {
          try (Tpm opened = tpm.open()) {
            return evidence(opened, binding);
          }
        });
  }

  private Evidence evidence(Tpm opened, Binding binding) throws IOException, PlatformException {
    if (!opened.has(ATTESTATION_KEY)) {
      throw new PlatformException(
          "the TPM has no key 0x%08x: this machine is no confidential VM of Azure"
              .formatted(ATTESTATION_KEY));
    }
    opened.nvWrite(USER_DATA_INDEX, binding.reportData());
    Bytes report = report(opened, binding);
    // Registers only grow: the same before and after are those of the quote.
    SortedMap<Integer, Bytes> registers = opened.registers(AzureRegisters.NAMED);
    Bytes quote = opened.quote(ATTESTATION_KEY, binding.sha256(), AzureRegisters.NAMED);
    if (!opened.registers(AzureRegisters.NAMED).equals(registers)) {
      throw new IOException("a register was extended meanwhile");
    }
    Map<Evidence.Part, Bytes> parts = new EnumMap<>(Evidence.Part.class);
    parts.put(Evidence.Part.REPORT, report);
    parts.put(Evidence.Part.TPM_QUOTE, quote);
    parts.put(Evidence.Part.TPM_REGISTERS, encoded(registers));
    return new Evidence(Tee.AZURE_CVM, parts);
  }

  /// Made of the user data that were just written. A paravisor that tells of none binds by the
  /// quote alone.
  private Bytes report(Tpm opened, Binding binding) throws IOException, PlatformException {
    for (int attempt = 1; ; attempt++) {
      Bytes report = opened.nvRead(REPORT_INDEX);
      if (report.size() < HARDWARE_OFFSET + 4 || !report.slice(0, 4).equals(Bytes.utf8("HCLA"))) {
        throw new PlatformException(
            "NV index 0x%08x holds no HCL report: this machine is no confidential VM of Azure"
                .formatted(REPORT_INDEX));
      }
      if (report.slice(HARDWARE_OFFSET, HARDWARE_OFFSET + 1).toArray()[0] == TDX) {
        throw new PlatformException(
            "this version obtains no evidence of Azure's confidential VMs on TDX: the quote for it is made by the metadata service; use one on SEV-SNP");
      }
      var said = USER_DATA.matcher(new String(report.toArray(), StandardCharsets.ISO_8859_1));
      if (!said.find() || said.group(1).equalsIgnoreCase(binding.reportData().hex())) {
        return report;
      }
      if (attempt == attempts.most()) {
        throw new IOException("the paravisor made no report of the user data");
      }
      attempts.rest("the paravisor");
    }
  }

  /// As `attestation` reads them: the bank, then each register's index and value.
  static Bytes encoded(SortedMap<Integer, Bytes> registers) {
    var parts = new ArrayList<Bytes>();
    parts.add(Tpm.u16(Tpm.SHA256));
    registers.forEach((index, value) -> {
      parts.add(Bytes.of(new byte[] {index.byteValue()}));
      parts.add(value);
    });
    return Bytes.concat(parts.toArray(Bytes[]::new));
  }
}
