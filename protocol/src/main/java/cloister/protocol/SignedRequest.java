package cloister.protocol;

import cloister.crypto.Bytes;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.SigningKey;
import cloister.crypto.VerifyingKey;
import cloister.ledger.SignedCheckpoint;
import java.time.Instant;
import java.util.Optional;

/// A command with what makes it this one and no other: collaboration, session, sequence and expiry,
/// under the participant's signature. The ledger keeps those of runs, as proof of who asked.
///
/// @param request the canonical JSON that is signed
public record SignedRequest(VerifyingKey key, Bytes signature, Bytes request) {
  private static final Bytes LABEL = Bytes.utf8("cloister/request/v1\0");

  /// What is signed, decoded.
  ///
  /// @param collaboration the digest of the collaboration's first version
  /// @param seen the largest checkpoint that the client has verified; nothing about it is believed
  ///   before [SignedCheckpoint#verify]
  public record Content(
      Digest collaboration,
      String session,
      long sequence,
      Instant expires,
      Optional<SignedCheckpoint> seen,
      Command command) {
    Bytes encode() {
      return Bytes.of(
          Json.object()
              .put("collaboration", collaboration)
              .put("command", Commands.encode(command))
              .put("expires", expires.toEpochMilli())
              .putIfPresent("seen", seen, note -> Json.of(note.format()))
              .put("sequence", sequence)
              .put("session", session)
              .put("version", 1)
              .canonical());
    }

    static Content decode(Bytes request) {
      var json = Json.parseFields(request.toArray(), Limits.MESSAGE_BYTES, "request");
      json.integer("version", 1, 1);
      var content =
          new Content(
              json.digest("collaboration"),
              json.string("session", 32),
              json.integer("sequence", 0, Long.MAX_VALUE),
              Instant.ofEpochMilli(json.integer("expires", 0, 1L << 48)),
              json.optional("seen", Checkpoints::read),
              Commands.decode(json.object("command")));
      json.noOther();
      return content;
    }
  }

  public static SignedRequest sign(Content content, SigningKey key) {
    Bytes request = content.encode();
    return new SignedRequest(key.verifyingKey(), key.sign(Frames.concat(LABEL, request)), request);
  }

  /// The content, if the signature holds under the key that the message itself names: whose key
  /// that is, is the caller's question.
  public Content verified() {
    try {
      key.verify(Frames.concat(LABEL, request), signature);
    } catch (CryptoException e) {
      throw new CloisterException(
          ErrorCode.SIGNATURE_INVALID, "the request's signature does not hold", e);
    }
    return Content.decode(request);
  }

  public Bytes encode() {
    return Frames.fields(key.spki(), signature, request);
  }

  public static SignedRequest decode(Bytes framed) {
    Bytes[] fields = Frames.split(framed, 3);
    try {
      return new SignedRequest(VerifyingKey.of(fields[0]), fields[1], fields[2]);
    } catch (CryptoException e) {
      throw new CloisterException(
          ErrorCode.SIGNATURE_INVALID, "the request's key is not an Ed25519 key", e);
    }
  }
}
