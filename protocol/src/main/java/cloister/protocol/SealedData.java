package cloister.protocol;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.room.Address;

/// What a sealed upload is bound to (docs/protocol.md §6 and §7): put in another's place, it does
/// not open.
public final class SealedData {
  /// HPKE's `info` for the data key.
  public static final Bytes KEY_INFO = Bytes.utf8("cloister/data-key/v1");

  private SealedData() {}

  /// What data is checked against: a dataset's document without what may change under published
  /// data, its terms and its retention.
  public static Digest schema(Bytes canonicalDocument) {
    if (!(Json.parse(canonicalDocument.toArray()) instanceof Json.Obj document)
        || !(document.members().get("content") instanceof Json.Obj content)) {
      throw new CloisterException(ErrorCode.DOCUMENT_INVALID, "a document has a content");
    }
    var members = new java.util.HashMap<>(content.members());
    members.remove("terms");
    members.remove("retention");
    var schema = new java.util.HashMap<>(document.members());
    schema.put("content", new Json.Obj(members));
    return new Json.Obj(schema).digest();
  }

  /// The additional data of the wrapped data key.
  ///
  /// @param collaboration the digest of the collaboration's first version
  /// @param document the digest of the dataset's signed document, and with it of its terms
  public static Bytes context(
      Digest collaboration, Address dataset, Digest document, Digest schema, String upload) {
    return Bytes.of(fields(collaboration, dataset, document, schema, upload).canonical());
  }

  /// The context of one part's sealed file.
  ///
  /// @param part from 0
  public static Bytes partContext(
      Digest collaboration,
      Address dataset,
      Digest document,
      Digest schema,
      String upload,
      int part,
      int parts) {
    return Bytes.of(
        fields(collaboration, dataset, document, schema, upload)
            .put("part", part)
            .put("parts", parts)
            .canonical());
  }

  private static Json.Builder fields(
      Digest collaboration, Address dataset, Digest document, Digest schema, String upload) {
    return Json.object()
        .put("collaboration", collaboration)
        .put("dataset", dataset.toString())
        .put("document", document)
        .put("schema", schema)
        .put("upload", upload);
  }
}
