package cloister.attestation;

import cloister.attestation.Evidence.Part;
import cloister.crypto.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Evidence of Azure as other projects write it, made into parts: Trustee's JSON
/// (confidential-containers/trustee), the quotes of azure-cvm-tooling (Rust's bincode), and the
/// JSON of Microsoft's clean room.
final class AzureEvidence {
  private AzureEvidence() {}

  /// A quote with its registers, in our encoding.
  record Quote(Bytes quote, TpmRegisters registers) {}

  /// Versions 0, 1 and 2.
  static Map<Part, Bytes> trustee(Bytes json) throws EvidenceException {
    Fields fields = Json.parse("evidence", json, 1 << 20);
    var parts = new EnumMap<Part, Bytes>(Part.class);
    parts.put(
        Part.REPORT,
        fields.has("hcl_report") ? bytes(fields, "hcl_report") : bytes(fields, "report"));
    if (fields.has("vcek")) {
      String vcek = fields.string("vcek");
      parts.put(Part.CERTIFICATES, vcek.startsWith("-----") ? Bytes.utf8(vcek) : base64(vcek));
    }
    if (fields.has("td_quote")) {
      parts.put(Part.HARDWARE_QUOTE, bytes(fields, "td_quote"));
    }
    Quote quote =
        trusteeQuote(fields.has("tpm_quote") ? fields.object("tpm_quote") : fields.object("quote"));
    parts.put(Part.TPM_QUOTE, quote.quote());
    parts.put(Part.TPM_REGISTERS, quote.registers().encoded());
    return parts;
  }

  static Quote trusteeQuote(Bytes json) throws EvidenceException {
    return trusteeQuote(Json.parse("quote", json, 1 << 20));
  }

  private static Quote trusteeQuote(Fields fields) throws EvidenceException {
    var values = new TreeMap<Integer, Bytes>();
    for (Bytes value : list(fields.raw("pcrs"))) {
      values.put(values.size(), value);
    }
    return new Quote(
        rsassa(bytes(fields, "message"), bytes(fields, "signature")), new TpmRegisters(values));
  }

  /// Lengths are u64, little-endian: signature, message, then a list of registers.
  static Quote bincode(Bytes file) {
    ByteBuffer at = ByteBuffer.wrap(file.toArray()).order(ByteOrder.LITTLE_ENDIAN);
    Bytes signature = next(at, (int) at.getLong());
    Bytes message = next(at, (int) at.getLong());
    var values = new TreeMap<Integer, Bytes>();
    long count = at.getLong();
    for (int index = 0; index < count; index++) {
      values.put(index, next(at, 32));
    }
    if (at.hasRemaining()) {
      throw new IllegalArgumentException("bytes follow the registers");
    }
    return new Quote(rsassa(message, signature), new TpmRegisters(values));
  }

  /// `{"evidence":{"pcrs":{"0":base64,…}}}`.
  static TpmRegisters cleanRoomRegisters(Bytes json) throws EvidenceException {
    Fields pcrs = Json.parse("clean room", json, 1 << 20).object("evidence").object("pcrs");
    var values = new TreeMap<Integer, Bytes>();
    for (String index : pcrs.names()) {
      values.put(Integer.valueOf(index), base64(pcrs.string(index)));
    }
    return new TpmRegisters(values);
  }

  /// TPM2B_ATTEST and TPMT_SIGNATURE of a message and a signature that came without their headers.
  static Bytes rsassa(Bytes message, Bytes signature) {
    return Bytes.concat(
        AzureTestMachine.sized(message), Bytes.hex("0014000b"), AzureTestMachine.sized(signature));
  }

  private static Bytes next(ByteBuffer at, int size) {
    byte[] bytes = new byte[size];
    at.get(bytes);
    return Bytes.of(bytes);
  }

  /// A list of numbers, hexadecimal digits, or base64 of either alphabet.
  private static Bytes bytes(Fields fields, String name) throws EvidenceException {
    String raw = new String(fields.raw(name).toArray(), StandardCharsets.UTF_8);
    if (raw.startsWith("[")) {
      return octets(raw);
    }
    String text = fields.string(name);
    return text.matches("(?:[0-9a-f]{2})+") ? Bytes.hex(text) : base64(text);
  }

  private static Bytes base64(String text) {
    return Bytes.of(Base64.getMimeDecoder().decode(text.replace('-', '+').replace('_', '/')));
  }

  private static Bytes octets(String list) {
    String[] numbers = list.replaceAll("[\\[\\]\\s]", "").split(",", -1);
    byte[] octets = new byte[numbers.length];
    for (int i = 0; i < octets.length; i++) {
      octets[i] = (byte) Integer.parseInt(numbers[i]);
    }
    return Bytes.of(octets);
  }

  /// Of lists of numbers, or of hexadecimal strings.
  private static List<Bytes> list(Bytes raw) {
    String text = new String(raw.toArray(), StandardCharsets.UTF_8).replaceAll("[\\s\"]", "");
    var values = new ArrayList<Bytes>();
    boolean nested = text.startsWith("[[");
    for (String one : text.substring(1, text.length() - 1).split(nested ? "],\\[" : ",", -1)) {
      values.add(nested ? octets(one) : Bytes.hex(one));
    }
    return values;
  }
}
