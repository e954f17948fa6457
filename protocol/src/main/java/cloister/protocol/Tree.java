package cloister.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// A document's structure with positions, whether it came as YAML or as JSON.
public sealed interface Tree {
  Position at();

  /// Line and column from 1; both 0 in canonical JSON.
  record Position(int line, int column) {
    public static final Position NONE = new Position(0, 0);
  }

  /// Keys are distinct.
  record Mapping(Position at, List<Entry> entries) implements Tree {}

  /// A key and its value.
  record Entry(String key, Position at, Tree value) {}

  /// A list.
  record Sequence(Position at, List<Tree> elements) implements Tree {}

  /// A string, number, boolean or null.
  record Scalar(Position at, Json value) implements Tree {}

  /// The same without positions.
  default Json json() {
    return switch (this) {
      case Mapping(_, List<Entry> entries) -> {
        var object = Json.object();
        entries.forEach(entry -> object.put(entry.key(), entry.value().json()));
        yield object.build();
      }
      case Sequence(_, List<Tree> elements) ->
          Json.array(elements.stream().map(Tree::json).toList());
      case Scalar(_, Json value) -> value;
    };
  }

  static Tree of(Json json) {
    return switch (json) {
      case Json.Obj(Map<String, Json> members) -> {
        List<Entry> entries = new ArrayList<>();
        members.forEach((key, value) -> entries.add(new Entry(key, Position.NONE, of(value))));
        yield new Mapping(Position.NONE, entries);
      }
      case Json.Arr(List<Json> elements) ->
          new Sequence(Position.NONE, elements.stream().map(Tree::of).toList());
      case Json scalar -> new Scalar(Position.NONE, scalar);
    };
  }
}
