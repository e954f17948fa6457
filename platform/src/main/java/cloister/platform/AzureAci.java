package cloister.platform;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.EnumMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Evidence of a confidential container group of Azure: the SNP report of the VM under it, and what
/// that VM puts into `UVM_SECURITY_CONTEXT_DIR`. The files are hints: what they say is worth what
/// the report's host data and measurement make of it.
final class AzureAci implements EvidenceSource {
  static final String VARIABLE = "UVM_SECURITY_CONTEXT_DIR";

  private static final int MOST_FILE_BYTES = 768 * 1024;

  private static final Pattern CERTIFICATE =
      Pattern.compile("-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\\s]+-----END CERTIFICATE-----");

  private final EvidenceSource reports;
  private final KernelFiles files;
  private final Path folder;
  private final Attempts attempts;

  /// @param reports of SNP, from whichever interface the VM's kernel has
  AzureAci(EvidenceSource reports, KernelFiles files, Path folder, Attempts attempts) {
    this.reports = reports;
    this.files = files;
    this.folder = folder;
    this.attempts = attempts;
  }

  @Override
  public Evidence evidence(Binding binding) throws PlatformException {
    Map<Evidence.Part, Bytes> parts = new EnumMap<>(Evidence.Part.class);
    parts.put(Evidence.Part.REPORT, reports.evidence(binding).report());
    parts.put(Evidence.Part.POLICY, decoded("security-policy-base64"));
    parts.put(Evidence.Part.ENDORSEMENT, decoded("reference-info-base64"));
    parts.put(Evidence.Part.CERTIFICATES, certificates(decoded("host-amd-cert-base64")));
    return new Evidence(Tee.AZURE_ACI, parts);
  }

  private Bytes decoded(String file) throws PlatformException {
    Path path = folder.resolve(file);
    Bytes text = attempts.until("the security context", () -> files.read(path, MOST_FILE_BYTES));
    try {
      return Bytes.of(
          Base64.getMimeDecoder()
              .decode(new String(text.toArray(), StandardCharsets.US_ASCII).strip()));
    } catch (IllegalArgumentException e) {
      throw new PlatformException(path + " is not base64", e);
    }
  }

  /// PEM blocks, which are members of a JSON object there, with their line ends escaped.
  private Bytes certificates(Bytes json) throws PlatformException {
    String text =
        new String(json.toArray(), StandardCharsets.ISO_8859_1)
            .replace("\\r", "")
            .replace("\\n", "\n");
    String pem =
        CERTIFICATE
            .matcher(text)
            .results()
            .map(block -> block.group() + "\n")
            .collect(Collectors.joining());
    if (pem.isEmpty()) {
      throw new PlatformException(folder + "/host-amd-cert-base64 has no certificate");
    }
    return Bytes.utf8(pem);
  }
}
