package cloister.protocol;

import cloister.attestation.Evidence;
import cloister.attestation.Evidence.Part;
import cloister.attestation.EvidenceException;
import cloister.attestation.Recognition;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import java.util.EnumMap;
import java.util.List;

/// Evidence as JSON, in messages and receipts: `{"parts": {"report": base64, …}, "tee": text}`.
public final class EvidenceFormat {
  private static final int MAX_EVIDENCE = 4;
  private static final int MAX_FILE_BYTES = 2 * Evidence.MAXIMUM_BYTES;

  private EvidenceFormat() {}

  /// Evidence in a file: this format, or what a vendor's tools write.
  ///
  /// @throws EvidenceException if the file is like nothing known
  public static Evidence file(byte[] file) throws EvidenceException {
    if (file.length > MAX_FILE_BYTES) {
      throw new EvidenceException("the file is larger than any evidence");
    }
    if (file.length > 0 && file[0] == '{') {
      Json.Fields in = Json.parseFields(file, MAX_FILE_BYTES, "evidence");
      if (in.has("parts") || in.has("tee")) {
        return read(in);
      }
    }
    return Recognition.recognise(Bytes.of(file));
  }

  public static Json.Obj write(Evidence evidence) {
    var parts = Json.object();
    evidence.parts().forEach((part, bytes) -> parts.put(part.label(), bytes));
    return Json.object().put("parts", parts.build()).put("tee", evidence.tee().label()).build();
  }

  /// @throws CloisterException for anything that [#write] does not write
  public static Json.Arr write(List<Evidence> evidence) {
    return Json.array(evidence.stream().map(EvidenceFormat::write).toList());
  }

  /// Between one and [#MAX_EVIDENCE].
  public static List<Evidence> read(Json.Fields in, String name) {
    List<Evidence> evidence =
        in.objects(name, MAX_EVIDENCE).stream().map(EvidenceFormat::read).toList();
    if (evidence.isEmpty()) {
      throw in.bad(name, "is empty");
    }
    return evidence;
  }

  private static Evidence read(Json.Fields in) {
    Tee tee = in.oneOf("tee", Tee::byLabel);
    Json.Fields said = in.object("parts");
    var parts = new EnumMap<Part, Bytes>(Part.class);
    int left = Evidence.MAXIMUM_BYTES;
    for (Part part : Part.values()) {
      if (said.has(part.label())) {
        Bytes bytes = said.bytes(part.label(), left);
        left -= bytes.size();
        parts.put(part, bytes);
      }
    }
    if (!parts.containsKey(Part.REPORT)) {
      throw said.bad(Part.REPORT.label(), "is missing");
    }
    said.noOther();
    in.noOther();
    return new Evidence(tee, parts);
  }
}
