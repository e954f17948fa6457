package cloister.protocol;

import cloister.crypto.Bytes;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.SigningKey;
import cloister.crypto.VerifyingKey;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// A document with one participant's signature, as it travels and is stored. Having one proves
/// nothing yet.
///
/// @param canonical the document's canonical JSON, byte for byte what was signed
/// @param signer the thumbprint of the key that is said to have signed
/// @param signature Ed25519 over [#message]
public record SignedDocument(Bytes canonical, Digest signer, Bytes signature) {
  private static final String LABEL = "cloister/document/v1";
  private static final int SIGNATURE_BYTES = 64;

  public SignedDocument {
    if (signature.size() != SIGNATURE_BYTES) {
      throw new IllegalArgumentException(
          "an Ed25519 signature has 64 bytes, not " + signature.size());
    }
  }

  /// The digest that is signed.
  public Digest digest() {
    return Digest.of(canonical);
  }

  /// What a signature of the document of that digest is over: the label, a zero byte, the digest.
  public static Bytes message(Digest document) {
    var out = new ByteArrayOutputStream();
    out.writeBytes(LABEL.getBytes(StandardCharsets.US_ASCII));
    out.write(0);
    out.writeBytes(document.toArray());
    return Bytes.of(out.toByteArray());
  }

  public static SignedDocument sign(Document document, SigningKey key) {
    return new SignedDocument(
        document.canonical(),
        key.verifyingKey().thumbprint(),
        key.sign(message(document.digest())));
  }

  /// Returns the document, now known to be signed by `key`. Whether that key may sign this document
  /// is the caller's question.
  public Document verify(VerifyingKey key) throws CryptoException {
    if (!signer.equals(key.thumbprint())) {
      throw new CryptoException("the document names another key as its signer");
    }
    key.verify(message(digest()), signature);
    return Documents.fromCanonical(canonical.toArray());
  }

  public Json.Obj toJson() {
    return Json.object()
        .put("document", canonical)
        .put("signature", signature)
        .put("signer", signer)
        .build();
  }

  public static SignedDocument read(Json.Fields in) {
    var signed =
        new SignedDocument(
            in.bytes("document", Documents.MAX_CANONICAL_BYTES),
            in.digest("signer"),
            in.bytesOfSize("signature", SIGNATURE_BYTES));
    in.noOther();
    return signed;
  }
}
