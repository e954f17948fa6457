package cloister.protocol;

import cloister.attestation.Evidence;
import cloister.attestation.Evidence.Part;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import java.util.EnumMap;

/// Evidence as JSON, in messages and receipts: `{"parts": {"report": base64, …}, "tee": text}`.
final class EvidenceFormat {
  private EvidenceFormat() {}

  static Json.Obj write(Evidence evidence) {
    var parts = Json.object();
    evidence.parts().forEach((part, bytes) -> parts.put(part.label(), bytes));
    return Json.object().put("parts", parts.build()).put("tee", evidence.tee().label()).build();
  }

  /// @throws CloisterException for anything that [#write] does not write
  static Evidence read(Json.Fields in) {
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
