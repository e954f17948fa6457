package cloister.attestation;

import cloister.attestation.Evidence.Part;
import cloister.crypto.Bytes;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Evidence in the JSON of other programs, known by its members and made into parts. What those
/// programs say about it themselves is not looked at.
final class OtherTools {
  /// Where a quote or report stands alone: dstack, Microsoft's samples of Azure Attestation.
  private static final List<String> ALONE = List.of("quote", "Quote", "QuoteHex");

  private OtherTools() {}

  /// @return absent if it is the JSON of none of them
  /// @throws EvidenceException if it is no JSON, or is that of one of them and malformed
  static Optional<Evidence> read(Bytes json) throws EvidenceException {
    if (json.toArray()[0] == '[') {
      List<Json> elements = Json.parseArray("evidence", json, Evidence.MAXIMUM_BYTES);
      return elements.size() == 1 && elements.getFirst() instanceof Json.Obj device
          ? nvidia(new Fields("evidence[0]", device, json))
          : Optional.empty();
    }
    Fields fields = Json.parse("evidence", json, Evidence.MAXIMUM_BYTES);
    if (fields.has("hcl_report") || (fields.has("report") && fields.has("quote"))) {
      return Optional.of(trustee(fields));
    }
    if (fields.has("evidence") && fields.has("platformCertificates")) {
      return Optional.of(cleanRoom(fields));
    }
    if (fields.has("outblob") && fields.has("provider")) {
      return kernel(fields);
    }
    for (String name : ALONE) {
      if (fields.has(name) && fields.isString(name)) {
        Bytes quote = bytes(fields, name);
        return Recognition.kind(quote).map(tee -> new Evidence(tee, quote));
      }
    }
    return Optional.empty();
  }

  /// NVIDIA's `nvattest collect-evidence`: a list of devices, of which each is evidence of its own.
  private static Optional<Evidence> nvidia(Fields device) throws EvidenceException {
    if (!device.has("evidence") || !device.has("certificate")) {
      return Optional.empty();
    }
    return Optional.of(
        new Evidence(
            Tee.NVIDIA,
            Map.of(
                Part.REPORT, bytes(device, "evidence"),
                Part.CERTIFICATES, bytes(device, "certificate"))));
  }

  /// confidential-containers/trustee, of `az-snp-vtpm` and `az-tdx-vtpm`, versions 0 to 2.
  private static Evidence trustee(Fields fields) throws EvidenceException {
    var parts = new EnumMap<Part, Bytes>(Part.class);
    parts.put(Part.REPORT, bytes(fields, fields.has("hcl_report") ? "hcl_report" : "report"));
    if (fields.has("vcek")) {
      parts.put(Part.CERTIFICATES, certificates(fields, "vcek"));
    }
    if (fields.has("td_quote")) {
      parts.put(Part.HARDWARE_QUOTE, bytes(fields, "td_quote"));
    }
    Fields quote = fields.object(fields.has("tpm_quote") ? "tpm_quote" : "quote");
    parts.put(Part.TPM_QUOTE, rsassa(bytes(quote, "message"), bytes(quote, "signature")));
    var registers = new TreeMap<Integer, Bytes>();
    for (Json value : array(quote, "pcrs")) {
      registers.put(registers.size(), bytes(quote, "pcrs", value));
    }
    parts.put(Part.TPM_REGISTERS, encoded(quote, registers));
    return evidence(Tee.AZURE_CVM, parts);
  }

  /// Microsoft's clean room (Azure/azure-cleanroom), of a confidential VM.
  private static Evidence cleanRoom(Fields fields) throws EvidenceException {
    Fields said = fields.object("evidence");
    var parts = new EnumMap<Part, Bytes>(Part.class);
    parts.put(Part.REPORT, bytes(said, "hclReport"));
    parts.put(Part.CERTIFICATES, certificates(fields, "platformCertificates"));
    parts.put(Part.TPM_QUOTE, bytes(said, "tpmQuote"));
    Fields pcrs = said.object("pcrs");
    var registers = new TreeMap<Integer, Bytes>();
    for (String index : pcrs.names()) {
      if (!index.matches("[0-9]{1,2}")) {
        throw pcrs.bad(index, "is no register");
      }
      registers.put(Integer.valueOf(index), bytes(pcrs, index));
    }
    parts.put(Part.TPM_REGISTERS, encoded(pcrs, registers));
    return evidence(Tee.AZURE_CVM, parts);
  }

  /// What Linux gives under `configfs/tsm/report`, as ratsd writes it.
  private static Optional<Evidence> kernel(Fields fields) throws EvidenceException {
    Bytes report = bytes(fields, "outblob");
    Optional<Tee> tee = Recognition.kind(report);
    if (tee.isEmpty()) {
      return Optional.empty();
    }
    var parts = new EnumMap<Part, Bytes>(Part.class);
    parts.put(Part.REPORT, report);
    if (tee.get() == Tee.SEV_SNP && fields.has("auxblob")) {
      parts.put(Part.CERTIFICATES, bytes(fields, "auxblob"));
    }
    return Optional.of(evidence(tee.get(), parts));
  }

  private static Evidence evidence(Tee tee, Map<Part, Bytes> parts) throws EvidenceException {
    try {
      return new Evidence(tee, parts);
    } catch (IllegalArgumentException e) {
      throw new EvidenceException(String.valueOf(e.getMessage()), e);
    }
  }

  private static Bytes encoded(Fields where, Map<Integer, Bytes> registers)
      throws EvidenceException {
    try {
      return new TpmRegisters(new TreeMap<>(registers)).encoded();
    } catch (IllegalArgumentException e) {
      throw EvidenceException.at(where.path(), "are no registers: " + e.getMessage(), e);
    }
  }

  /// TPM2B_ATTEST and TPMT_SIGNATURE of a message and a signature that came without their headers.
  private static Bytes rsassa(Bytes message, Bytes signature) throws EvidenceException {
    return Bytes.concat(sized(message), Bytes.hex("0014000b"), sized(signature));
  }

  private static Bytes sized(Bytes content) throws EvidenceException {
    if (content.size() > 0xffff) {
      throw new EvidenceException("a TPM's quote has at most 65535 bytes");
    }
    return Bytes.concat(Bytes.hex("%04x".formatted(content.size())), content);
  }

  private static Bytes certificates(Fields fields, String name) throws EvidenceException {
    String text = fields.string(name);
    return text.startsWith("-----") ? Bytes.utf8(text) : bytes(fields, name);
  }

  private static Bytes bytes(Fields fields, String name) throws EvidenceException {
    if (fields.isString(name)) {
      return text(fields, name, fields.string(name));
    }
    return octets(fields, name, array(fields, name));
  }

  private static List<Json> array(Fields fields, String name) throws EvidenceException {
    Bytes raw = fields.raw(name);
    return Json.parseArray(fields.path() + "." + name, raw, raw.size());
  }

  private static Bytes bytes(Fields fields, String name, Json value) throws EvidenceException {
    return switch (value) {
      case Json.Str(String text, _, _) -> text(fields, name, text);
      case Json.Arr(List<Json> numbers, _, _) -> octets(fields, name, numbers);
      case Json _ -> throw fields.bad(name, "has what are no bytes");
    };
  }

  private static Bytes text(Fields fields, String name, String text) throws EvidenceException {
    return Recognition.decoded(Bytes.utf8(text))
        .orElseThrow(() -> fields.bad(name, "is neither hexadecimal nor base64"));
  }

  /// As Rust writes bytes: a list of numbers.
  private static Bytes octets(Fields fields, String name, List<Json> numbers)
      throws EvidenceException {
    byte[] octets = new byte[numbers.size()];
    for (int i = 0; i < octets.length; i++) {
      if (!(numbers.get(i) instanceof Json.Num(String text, _, _))
          || !text.matches("[0-9]{1,3}")
          || Integer.parseInt(text) > 0xff) {
        throw fields.bad(name, "is no list of bytes");
      }
      octets[i] = (byte) Integer.parseInt(text);
    }
    return Bytes.of(octets);
  }
}
