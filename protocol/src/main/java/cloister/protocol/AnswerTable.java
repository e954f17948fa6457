package cloister.protocol;

import cloister.crypto.Bytes;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// An answer as its recipients open it: canonical JSON, sealed by HPKE with [#INFO] and the run's
/// id as additional data. The receipt's subject is the digest of these bytes.
///
/// @param salt random bytes: without them, whoever holds a receipt could try answers until one has
///   the digest
public record AnswerTable(Bytes salt, List<Column> columns, List<List<Cell>> rows) {
  public static final Bytes INFO = Bytes.utf8("cloister/answer/v1");
  public static final int SALT_BYTES = 32;
  private static final int MAX_COLUMNS = 1024;
  private static final int MAX_CELL_CHARACTERS = 65_536;

  public AnswerTable {
    if (salt.size() != SALT_BYTES) {
      throw new IllegalArgumentException("an answer's salt has " + SALT_BYTES + " bytes");
    }
    columns = List.copyOf(columns);
    rows = rows.stream().map(List::copyOf).toList();
    for (List<Cell> row : rows) {
      if (row.size() != columns.size()) {
        throw new IllegalArgumentException("a row has as many cells as there are columns");
      }
    }
  }

  public record Column(String name, Content content) {}

  /// Whether a column holds a text, such as which group it is, or a number about the group.
  public enum Content {
    KEY("key"),
    MEASURE("measure");

    private final String label;

    Content(String label) {
      this.label = label;
    }

    public String label() {
      return label;
    }

    static Optional<Content> byLabel(String label) {
      return Arrays.stream(values()).filter(one -> one.label.equals(label)).findFirst();
    }
  }

  /// @param value absent for SQL's NULL, and for a number below a threshold
  /// @param error with 95 % probability the noise moved the value by at most this; absent for
  ///   texts, and for a number that it may have moved anywhere
  public record Cell(Optional<String> value, Optional<BigDecimal> error) {}

  public Bytes encode() {
    var names =
        columns.stream()
            .map(column ->
                Json.object()
                    .put("name", column.name())
                    .put("content", column.content().label())
                    .build())
            .toList();
    List<Json> lines = new ArrayList<>();
    for (List<Cell> row : rows) {
      lines.add(Json.array(row.stream().map(AnswerTable::encode).toList()));
    }
    return Bytes.of(
        Json.object()
            .put("columns", Json.array(names))
            .put("rows", Json.array(lines))
            .put("salt", salt)
            .canonical());
  }

  private static Json encode(Cell cell) {
    return Json.object()
        .putIfPresent("value", cell.value(), Json::of)
        .putIfPresent("error", cell.error(), error -> Json.of(error.toPlainString()))
        .build();
  }

  public static AnswerTable decode(Bytes canonical) {
    var json = Json.parseFields(canonical.toArray(), Limits.MESSAGE_BYTES, "answer");
    List<Column> columns = new ArrayList<>();
    for (Json.Fields column : json.objects("columns", MAX_COLUMNS)) {
      columns.add(
          new Column(column.string("name", 256), column.oneOf("content", Content::byLabel)));
      column.noOther();
    }
    List<List<Cell>> rows = new ArrayList<>();
    for (Json line : json.array("rows", Limits.GROUPS)) {
      if (!(line instanceof Json.Arr(var cells)) || cells.size() != columns.size()) {
        throw json.bad("rows", "has a row of another width");
      }
      rows.add(cells.stream().map(cell -> cell(json, cell)).toList());
    }
    Bytes salt = json.bytes("salt", SALT_BYTES);
    json.noOther();
    if (salt.size() != SALT_BYTES) {
      throw json.bad("salt", "has another length than " + SALT_BYTES + " bytes");
    }
    return new AnswerTable(salt, columns, rows);
  }

  private static Cell cell(Json.Fields table, Json json) {
    if (!(json instanceof Json.Obj object)) {
      throw table.bad("rows", "has a cell that is no object");
    }
    var fields = object.fields("answer.rows");
    var cell =
        new Cell(
            fields.optional("value", (in, name) -> in.string(name, MAX_CELL_CHARACTERS)),
            fields.optional("error", (in, name) -> in.parsed(name, 128, BigDecimal::new)));
    fields.noOther();
    return cell;
  }
}
