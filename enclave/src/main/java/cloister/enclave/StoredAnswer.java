package cloister.enclave;

import cloister.crypto.Bytes;
import cloister.privacy.Answer;
import cloister.protocol.Json;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A released answer as the ledger keeps it, apart from how one analysis names and orders its
/// columns: so that the same question in other words has the same answer.
final class StoredAnswer {
  private static final int MAX_BYTES = 12 << 20;
  private static final int MAX_ELEMENTS = 1_000_000;

  private StoredAnswer() {}

  static Bytes encode(Answer answer) {
    var rows =
        answer.rows().stream()
            .map(row ->
                Json.object()
                    .put("keys", Json.array(row.keys().stream().map(StoredAnswer::text).toList()))
                    .put(
                        "values",
                        Json.array(row.values().stream().map(StoredAnswer::number).toList()))
                    .build())
            .toList();
    return Bytes.of(Json.object().put("rows", Json.array(rows)).canonical());
  }

  private static Json text(Optional<String> key) {
    return key.<Json>map(Json::of).orElse(Json.Null.NULL);
  }

  private static Json number(Optional<Answer.Value> value) {
    return value
        .<Json>map(one ->
            Json.object()
                .put("number", one.number().toPlainString())
                .put("error", one.error().toPlainString())
                .put("joint-error", one.jointError().toPlainString())
                .build())
        .orElse(Json.Null.NULL);
  }

  static Answer decode(Bytes bytes) {
    var json = Json.parseFields(bytes.toArray(), MAX_BYTES, "answer");
    List<Answer.Row> rows = new ArrayList<>();
    for (Json.Fields row : json.objects("rows", MAX_ELEMENTS)) {
      List<Optional<String>> keys = new ArrayList<>();
      for (Json key : row.array("keys", 1024)) {
        keys.add(key instanceof Json.Str(var text) ? Optional.of(text) : Optional.empty());
      }
      List<Optional<Answer.Value>> values = new ArrayList<>();
      for (Json value : row.array("values", 1024)) {
        values.add(
            value instanceof Json.Obj object ? Optional.of(value(object)) : Optional.empty());
      }
      row.noOther();
      rows.add(new Answer.Row(keys, values));
    }
    json.noOther();
    return new Answer(rows);
  }

  private static Answer.Value value(Json.Obj object) {
    var fields = object.fields("answer.values");
    var value =
        new Answer.Value(
            fields.parsed("number", 256, BigDecimal::new),
            fields.parsed("error", 256, BigDecimal::new),
            fields.parsed("joint-error", 256, BigDecimal::new));
    fields.noOther();
    return value;
  }
}
