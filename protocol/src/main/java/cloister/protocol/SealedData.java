package cloister.protocol;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.room.Address;
import cloister.room.Column;
import cloister.room.Dataset;

/// What a sealed upload is bound to (docs/protocol.md §6 and §7): put in another's place, it does
/// not open.
public final class SealedData {
  /// HPKE's `info` for the data key.
  public static final Bytes KEY_INFO = Bytes.utf8("cloister/data-key/v1");

  private SealedData() {}

  /// What data is checked against: the unit, and each column's type, meaning and values. What may
  /// be done with a column, its bounds, the terms and the retention may change under published
  /// data.
  ///
  /// @param canonicalDocument of the dataset
  public static Digest schema(Bytes canonicalDocument) {
    if (!(Documents.fromCanonical(canonicalDocument.toArray())
        instanceof Document.DatasetDocument(Dataset dataset, _))) {
      throw new CloisterException(ErrorCode.DOCUMENT_INVALID, "only a dataset has a schema");
    }
    var columns = Json.object();
    for (Column column : dataset.columns()) {
      columns.put(
          column.name().value(),
          Json.object()
              .put("type", column.type().toString())
              .put("required", column.required())
              .putIfPresent("semantic", column.semantic(), semantic -> Json.of(semantic.label()))
              .putIfPresent("domain", column.domain(), Json::strings)
              .build());
    }
    return Json.object()
        .put("dataset", dataset.address().toString())
        .putIfPresent("unit", dataset.unit(), unit -> Json.of(unit.value()))
        .put("columns", columns.build())
        .build()
        .digest();
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
