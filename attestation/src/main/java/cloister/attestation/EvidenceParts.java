package cloister.attestation;

import cloister.attestation.Evidence.Part;
import cloister.crypto.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// Evidence in the parts in which a platform gives it to a guest, each a file of its own, for
/// people who have them. Like [Recognition] it decides nothing.
public final class EvidenceParts {
  private EvidenceParts() {}

  /// The evidence with what came in other files. An SNP report with a container policy or an
  /// endorsement is of a container group.
  ///
  /// @param files binary, or the same as hexadecimal or base64 text; certificates as PEM too, and
  ///   as Azure's container groups have them (`host-amd-cert-base64`)
  /// @throws EvidenceException if a part is there already, or all are too large
  public static Evidence with(Evidence primary, Map<Part, Bytes> files) throws EvidenceException {
    var parts = new EnumMap<Part, Bytes>(Part.class);
    parts.putAll(primary.parts());
    for (Map.Entry<Part, Bytes> file : files.entrySet()) {
      Part part = file.getKey();
      if (parts.put(part, read(part, file.getValue())) != null) {
        throw new EvidenceException("the evidence has a part " + part.label() + " already");
      }
    }
    boolean isGroup = files.containsKey(Part.POLICY) || files.containsKey(Part.ENDORSEMENT);
    Tee tee = primary.tee() == Tee.SEV_SNP && isGroup ? Tee.AZURE_ACI : primary.tee();
    try {
      return new Evidence(tee, parts);
    } catch (IllegalArgumentException e) {
      throw new EvidenceException(String.valueOf(e.getMessage()), e);
    }
  }

  /// Which parts it lacks that its kind needs to be verified.
  ///
  /// @throws EvidenceException if its report is malformed
  public static List<Part> missing(Evidence evidence) throws EvidenceException {
    List<Part> needed =
        switch (evidence.tee()) {
          case AZURE_CVM ->
              switch (HclReport.parse(evidence.report()).hardware()) {
                case SEV_SNP -> List.of(Part.TPM_QUOTE, Part.TPM_REGISTERS);
                case TDX -> List.of(Part.HARDWARE_QUOTE, Part.TPM_QUOTE, Part.TPM_REGISTERS);
              };
          case AZURE_ACI -> List.of(Part.POLICY, Part.ENDORSEMENT);
          case NVIDIA ->
              NvidiaReport.isToken(evidence.report()) ? List.of() : List.of(Part.CERTIFICATES);
          case SIMULATED, SEV_SNP, TDX, SGX, NITRO, CONFIDENTIAL_SPACE, AZURE_MAA -> List.of();
        };
    return needed.stream().filter(part -> evidence.part(part).isEmpty()).toList();
  }

  /// Every field as it arrived: of evidence that lacks parts, those of its report.
  ///
  /// @throws EvidenceException if a part is malformed
  public static List<Claim> claims(Evidence evidence) throws EvidenceException {
    if (missing(evidence).isEmpty() || evidence.tee() == Tee.NVIDIA) {
      return Report.parse(evidence).claims();
    }
    if (evidence.tee() == Tee.AZURE_ACI) {
      return SnpReport.parse(evidence.report()).claims();
    }
    HclReport hcl = HclReport.parse(evidence.report());
    var claims = new ArrayList<Claim>();
    claims.add(new Claim("hardware", hcl.hardware().toString()));
    switch (hcl.hardware()) {
      case SEV_SNP -> claims.addAll(SnpReport.parse(hcl.hardwareReport()).claims());
      case TDX -> claims.add(new Claim("report-data", hcl.tdReportData().hex()));
    }
    claims.addAll(hcl.claims().claims());
    return List.copyOf(claims);
  }

  private static Bytes read(Part part, Bytes file) throws EvidenceException {
    if (part == Part.CERTIFICATES) {
      return isText(file)
          ? Recognition.decoded(file).map(EvidenceParts::certificates).orElse(file)
          : file;
    }
    return isText(file) ? Recognition.decoded(file).orElse(file) : file;
  }

  private static boolean isText(Bytes file) {
    for (byte one : file.toArray()) {
      if (one < 0x20 && one != '\n' && one != '\r' && one != '\t') {
        return false;
      }
    }
    return true;
  }

  /// Azure's container groups have JSON with PEM in it, whose line ends are written `\n`.
  private static Bytes certificates(Bytes decoded) {
    String text = new String(decoded.toArray(), StandardCharsets.ISO_8859_1);
    return text.startsWith("{") ? Bytes.utf8(text.replace("\\n", "\n")) : decoded;
  }
}
