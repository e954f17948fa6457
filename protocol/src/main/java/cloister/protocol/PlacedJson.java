package cloister.protocol;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/// JSON that somebody else's product wrote, with the place of every value: what is wrong in it is
/// said where it is. Strict (RFC 8259); a key that is there twice is a mistake.
public final class PlacedJson {
  public static final int MAX_CHARACTERS = Yaml.MAX_CHARACTERS;

  private final Mistakes mistakes;
  private final IntFunction<Tree.Position> place;
  private int nodes;

  private PlacedJson(Mistakes mistakes, IntFunction<Tree.Position> place) {
    this.mistakes = mistakes;
    this.place = place;
  }

  /// @param place where the character of an index in `text` is in the file that the text is from
  /// @return empty, with a mistake, when it is no JSON or exceeds a limit
  public static Optional<Tree> parse(
      String text, IntFunction<Tree.Position> place, Mistakes mistakes) {
    if (text.length() > MAX_CHARACTERS) {
      mistakes.add(place.apply(0), "the JSON is longer than " + MAX_CHARACTERS + " characters");
      return Optional.empty();
    }
    int end = 0;
    try (JsonParser parser = JsonText.JSON.createParser(ObjectReadContext.empty(), text)) {
      var reader = new PlacedJson(mistakes, place);
      try {
        if (parser.nextToken() == null) {
          mistakes.add(place.apply(0), "there is nothing in it");
          return Optional.empty();
        }
        Tree tree = reader.value(parser);
        if (parser.nextToken() != null) {
          mistakes.add(reader.at(parser), "the JSON has something after its end");
          return Optional.empty();
        }
        return Optional.of(tree);
      } catch (JacksonException _) {
        end = Math.toIntExact(parser.currentLocation().getCharOffset());
      } catch (Unreadable e) {
        mistakes.add(e.at, e.problem);
        return Optional.empty();
      }
    }
    mistakes.add(
        place.apply(Math.clamp(end - 1L, 0, text.length())),
        "this is no JSON, or nested deeper than " + Json.MAX_DEPTH + " levels");
    return Optional.empty();
  }

  /// Line and column, from 1, of every character of a text by itself.
  public static IntFunction<Tree.Position> places(String text) {
    int[] starts =
        IntStream.concat(
                IntStream.of(0),
                IntStream.range(0, text.length())
                    .filter(index -> text.charAt(index) == '\n')
                    .map(index -> index + 1))
            .toArray();
    return index -> {
      int end = Math.clamp(index, 0, text.length());
      int found = Arrays.binarySearch(starts, end);
      int line = found >= 0 ? found : -found - 2;
      return new Tree.Position(line + 1, text.codePointCount(starts[line], end) + 1);
    };
  }

  private Tree value(JsonParser parser) {
    Tree.Position at = at(parser);
    if (++nodes > Yaml.MAX_NODES) {
      throw new Unreadable(at, "the JSON has more than " + Yaml.MAX_NODES + " values");
    }
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(at, parser);
      case START_ARRAY -> array(at, parser);
      case VALUE_STRING -> new Tree.Scalar(at, scalar(at, () -> Json.of(parser.getString())));
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT ->
          new Tree.Scalar(at, scalar(at, () -> Json.of(new BigDecimal(parser.getString()))));
      case VALUE_TRUE -> new Tree.Scalar(at, Json.of(true));
      case VALUE_FALSE -> new Tree.Scalar(at, Json.of(false));
      case VALUE_NULL -> new Tree.Scalar(at, Json.Null.NULL);
      case NOT_AVAILABLE, END_OBJECT, END_ARRAY, PROPERTY_NAME, VALUE_EMBEDDED_OBJECT ->
          throw new IllegalStateException("no value starts with " + parser.currentToken());
    };
  }

  private Tree object(Tree.Position at, JsonParser parser) {
    List<Tree.Entry> entries = new ArrayList<>();
    Set<String> keys = new HashSet<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      Tree.Position keyAt = at(parser);
      parser.nextToken();
      Tree value = value(parser);
      if (keys.add(key)) {
        entries.add(new Tree.Entry(key, keyAt, value));
      } else {
        mistakes.add(keyAt, "the key " + Yaml.quoted(key) + " is there already");
      }
    }
    return new Tree.Mapping(at, entries);
  }

  private Tree array(Tree.Position at, JsonParser parser) {
    List<Tree> elements = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      elements.add(value(parser));
    }
    return new Tree.Sequence(at, elements);
  }

  private Json scalar(Tree.Position at, Supplier<Json> make) {
    try {
      return make.get();
    } catch (IllegalArgumentException e) {
      mistakes.addUnreadable(at, String.valueOf(e.getMessage()));
      return Json.Null.NULL;
    }
  }

  private Tree.Position at(JsonParser parser) {
    return place.apply(Math.toIntExact(parser.currentTokenLocation().getCharOffset()));
  }

  /// Reading on makes no sense.
  private static final class Unreadable extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final transient Tree.Position at;
    private final String problem;

    Unreadable(Tree.Position at, String problem) {
      super(problem, null, false, false);
      this.at = at;
      this.problem = problem;
    }
  }
}
