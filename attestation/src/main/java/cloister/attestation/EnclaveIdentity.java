package cloister.attestation;

import cloister.crypto.Bytes;
import java.time.Instant;
import java.util.List;

/// What Intel says its quoting enclave is (Intel PCS API v4, enclave identity of version 2), before
/// anything of it is believed.
///
/// @param id QE for SGX, TD_QE for TDX
record EnclaveIdentity(
    String id,
    Instant issued,
    Instant nextUpdate,
    int evaluation,
    Bytes miscSelect,
    Bytes miscSelectMask,
    Bytes attributes,
    Bytes attributesMask,
    Bytes mrSigner,
    int isvProductId,
    List<IsvLevel> levels,
    Bytes signed,
    Bytes signature)
    implements IntelSigned {
  private static final int MAX_BYTES = 1 << 20;

  EnclaveIdentity {
    levels = List.copyOf(levels);
  }

  static EnclaveIdentity parse(Bytes json) throws EvidenceException {
    Fields outer = Json.parse("enclave identity", json, MAX_BYTES);
    Fields identity = outer.object("enclaveIdentity");
    identity.integer("version", 2, 2);
    return new EnclaveIdentity(
        identity.string("id"),
        identity.instant("issueDate"),
        identity.instant("nextUpdate"),
        (int) identity.integer("tcbEvaluationDataNumber", 0, 1_000_000),
        identity.hex("miscselect", 4),
        identity.hex("miscselectMask", 4),
        identity.hex("attributes", 16),
        identity.hex("attributesMask", 16),
        identity.hex("mrsigner", 32),
        (int) identity.integer("isvprodid", 0, 65535),
        IsvLevel.read(identity),
        outer.raw("enclaveIdentity"),
        outer.hex("signature", 64));
  }

  /// In the report's order of bytes, as Intel's library reads it (`vectorToUint32`).
  boolean miscSelectMatches(SgxReport report) {
    return TcbInfo.masked(report.miscSelect(), miscSelectMask).equals(miscSelect);
  }

  boolean attributesMatch(SgxReport report) {
    return TcbInfo.masked(report.attributes(), attributesMask).equals(attributes);
  }
}
