package cloister.protocol;

import cloister.crypto.Bytes;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.SigningKey;
import cloister.crypto.VerifyingKey;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// An in-toto statement under one Ed25519 signature: DSSE v1.0 (secure-systems-lab/dsse).
///
/// @param payload the statement's canonical JSON
/// @param keyId the thumbprint of the signing key: a hint, believed only when it is the verifier's
public record DsseEnvelope(Bytes payload, Digest keyId, Bytes signature) {
  static final String PAYLOAD_TYPE = "application/vnd.in-toto+json";
  static final int MAX_PAYLOAD_BYTES = 512 * 1024;
  private static final int SIGNATURE_BYTES = 64;

  public static DsseEnvelope sign(Bytes payload, SigningKey key) {
    return new DsseEnvelope(
        payload, key.verifyingKey().thumbprint(), key.sign(preAuthenticationEncoding(payload)));
  }

  /// Returns the payload, now known to be signed by `key`.
  Bytes verify(VerifyingKey key) throws CryptoException {
    if (!keyId.equals(key.thumbprint())) {
      throw new CryptoException("the envelope names another key");
    }
    key.verify(preAuthenticationEncoding(payload), signature);
    return payload;
  }

  /// PAE(type, body) = "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body, lengths in decimal.
  static Bytes preAuthenticationEncoding(Bytes payload) {
    return preAuthenticationEncoding(PAYLOAD_TYPE, payload);
  }

  static Bytes preAuthenticationEncoding(String type, Bytes body) {
    byte[] typeBytes = type.getBytes(StandardCharsets.UTF_8);
    var out = new ByteArrayOutputStream();
    out.writeBytes(("DSSEv1 " + typeBytes.length + " ").getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(typeBytes);
    out.writeBytes((" " + body.size() + " ").getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(body.toArray());
    return Bytes.of(out.toByteArray());
  }

  public Json.Obj toJson() {
    return Json.object()
        .put("payload", payload)
        .put("payloadType", PAYLOAD_TYPE)
        .put(
            "signatures",
            Json.array(List.of(Json.object().put("keyid", keyId).put("sig", signature).build())))
        .build();
  }

  public static DsseEnvelope read(Json.Fields in) {
    Bytes payload = in.bytes("payload", MAX_PAYLOAD_BYTES);
    if (!in.string("payloadType", 64).equals(PAYLOAD_TYPE)) {
      throw in.bad("payloadType", "is not " + PAYLOAD_TYPE);
    }
    var signatures = in.objects("signatures", 1);
    if (signatures.size() != 1) {
      throw in.bad("signatures", "has not exactly one signature");
    }
    in.noOther();
    Json.Fields signature = signatures.getFirst();
    var envelope =
        new DsseEnvelope(
            payload, signature.digest("keyid"), signature.bytesOfSize("sig", SIGNATURE_BYTES));
    signature.noOther();
    return envelope;
  }
}
