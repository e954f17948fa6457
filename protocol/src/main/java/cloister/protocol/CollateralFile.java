package cloister.protocol;

import cloister.attestation.Collateral;
import cloister.attestation.EvidenceException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Collateral in one file of JSON, for machines without a network and for receipts: `{"format":
/// "cloister/collateral/v1", "items": [{"bytes": base64, "kind": text, "source": text}, …]}`, and
/// of a key set `"fetched": time` too: one without counts as the oldest there is. Whoever made it
/// is trusted with nothing but key sets: every other item leads to a pinned key or counts for
/// nothing.
public final class CollateralFile {
  /// The largest file, in bytes.
  public static final int MAX_BYTES = 64 << 20;

  private static final String FORMAT = "cloister/collateral/v1";
  private static final int MAX_ITEM_BYTES = 4 << 20;
  private static final int MAX_SOURCE = 2000;

  private CollateralFile() {}

  public static Json.Obj write(Collateral collateral) {
    return Json.object()
        .put("format", FORMAT)
        .put(
            "items",
            Json.array(
                collateral.items().stream()
                    .map(item ->
                        Json.object()
                            .put("bytes", item.bytes())
                            .putIfPresent("fetched", item.fetched(), at -> Json.of(at.toString()))
                            .put("kind", item.kind().label())
                            .put("source", item.source())
                            .build())
                    .toList()))
        .build();
  }

  /// @throws CloisterException if the file is malformed, naming the item that is
  public static Collateral read(byte[] file) {
    return read(Json.parseFields(file, MAX_BYTES, "collateral"));
  }

  static Collateral read(Json.Fields in) {
    if (!in.string("format", 64).equals(FORMAT)) {
      throw in.bad("format", "is not " + FORMAT);
    }
    List<Collateral.Item> items = new ArrayList<>();
    for (Json.Fields item : in.objects("items", Collateral.MAXIMUM_ITEMS)) {
      Collateral.Kind kind = item.oneOf("kind", Collateral.Kind::byLabel);
      items.add(
          new Collateral.Item(
              kind,
              item.string("source", MAX_SOURCE),
              item.bytes("bytes", MAX_ITEM_BYTES),
              // Of another kind it is an unknown key.
              kind == Collateral.Kind.KEY_SET && item.has("fetched")
                  ? Optional.of(item.instant("fetched"))
                  : Optional.empty()));
      item.noOther();
    }
    in.noOther();
    try {
      return Collateral.of(items);
    } catch (EvidenceException e) {
      throw new CloisterException(ErrorCode.COLLATERAL_INVALID, String.valueOf(e.getMessage()), e);
    }
  }
}
