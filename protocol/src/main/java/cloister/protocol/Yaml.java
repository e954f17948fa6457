package cloister.protocol;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.DocumentStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.events.SequenceStartEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/// The part of YAML 1.2 that documents use: mappings, lists and the scalars of the core schema
/// (YAML 1.2.2 §10.3). Anchors, aliases, tags, directives, merge keys and repeated keys are
/// mistakes: each makes a text mean something else than it shows.
final class Yaml {
  static final int MAX_CHARACTERS = 256 * 1024;
  static final int MAX_DEPTH = 32;
  static final int MAX_NODES = 50_000;

  private static final Pattern NUMBER =
      Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?");
  private static final Pattern OTHER_NUMBER =
      Pattern.compile("0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN)");
  private static final int MAX_NUMBER_CHARACTERS = 40;

  /// RFC 8785 §3.2.2.3: beyond it not every integer is a JSON number.
  private static final BigDecimal LARGEST_INTEGER = BigDecimal.valueOf(1L << 53);

  private static final String ALIASES =
      "anchors and aliases (& and *) are not used here; write the value out";

  private final Mistakes mistakes;
  private final Iterator<Event> events;
  private int nodes;

  private Yaml(String text, Mistakes mistakes) {
    this.mistakes = mistakes;
    var settings =
        LoadSettings.builder().setCodePointLimit(MAX_CHARACTERS).setUseMarks(true).build();
    this.events = new Parse(settings).parseString(text).iterator();
  }

  /// The documents of a file up to the first place where it is no YAML at all.
  static List<Tree> parse(String text, Mistakes mistakes) {
    if (text.length() > MAX_CHARACTERS) {
      mistakes.add(
          new Tree.Position(1, 1), "the file is longer than " + MAX_CHARACTERS + " characters");
      return List.of();
    }
    List<Tree> documents = new ArrayList<>();
    try {
      new Yaml(text, mistakes).documents(documents);
    } catch (Unreadable e) {
      mistakes.add(e.at, e.problem);
    } catch (MarkedYamlEngineException e) {
      mistakes.add(
          e.getProblemMark().map(Yaml::position).orElse(new Tree.Position(1, 1)),
          "this is no YAML: " + e.getProblem());
    } catch (ReaderException e) {
      mistakes.add(positionOf(text, e.getPosition()), "a character that YAML does not allow");
    } catch (YamlEngineException _) {
      mistakes.add(new Tree.Position(1, 1), "this is no YAML");
    }
    return documents;
  }

  private void documents(List<Tree> documents) {
    while (events.hasNext()) {
      Event event = events.next();
      if (event instanceof DocumentStartEvent start) {
        if (start.getSpecVersion().isPresent() || !start.getTags().isEmpty()) {
          mistakes.add(position(start), "directives (%YAML, %TAG) are not used here");
        }
        Tree tree = tree(events.next(), 1);
        // What an empty file, or nothing between two `---`, is to YAML.
        if (!(tree instanceof Tree.Scalar(_, Json.Null _))) {
          documents.add(tree);
        }
      }
    }
  }

  private Tree tree(Event event, int depth) {
    Tree.Position at = position(event);
    if (++nodes > MAX_NODES) {
      throw new Unreadable(at, "the file has more than " + MAX_NODES + " values");
    }
    if (depth > MAX_DEPTH) {
      throw new Unreadable(at, "nested deeper than " + MAX_DEPTH + " levels");
    }
    if (event instanceof NodeEvent node
        && !(event instanceof AliasEvent)
        && node.getAnchor().isPresent()) {
      mistakes.add(at, ALIASES);
    }
    Optional<String> tag =
        switch (event) {
          case ScalarEvent scalar -> scalar.getTag();
          case CollectionStartEvent collection -> collection.getTag();
          default -> Optional.empty();
        };
    if (tag.isPresent()) {
      mistakes.add(at, "tags (!) are not used here");
    }
    return switch (event) {
      case MappingStartEvent _ -> mapping(at, depth);
      case SequenceStartEvent _ -> sequence(at, depth);
      case ScalarEvent scalar -> new Tree.Scalar(at, value(scalar, at));
      default -> {
        mistakes.addUnreadable(at, ALIASES);
        yield new Tree.Scalar(at, Json.Null.NULL);
      }
    };
  }

  private Tree mapping(Tree.Position at, int depth) {
    List<Tree.Entry> entries = new ArrayList<>();
    Set<String> keys = new HashSet<>();
    for (Event event = events.next();
        event.getEventId() != Event.ID.MappingEnd;
        event = events.next()) {
      Tree key = tree(event, depth + 1);
      Tree value = tree(events.next(), depth + 1);
      if (!(key instanceof Tree.Scalar(_, Json.Str(String name)))) {
        mistakes.add(key.at(), "a key must be text; put it in quotes");
      } else if (name.equals("<<")) {
        mistakes.add(key.at(), "merge keys (<<) are not used here; write the keys out");
      } else if (!keys.add(name)) {
        mistakes.add(key.at(), "the key " + quoted(name) + " is there already");
      } else {
        entries.add(new Tree.Entry(name, key.at(), value));
      }
    }
    return new Tree.Mapping(at, entries);
  }

  private Tree sequence(Tree.Position at, int depth) {
    List<Tree> elements = new ArrayList<>();
    for (Event event = events.next();
        event.getEventId() != Event.ID.SequenceEnd;
        event = events.next()) {
      elements.add(tree(event, depth + 1));
    }
    return new Tree.Sequence(at, elements);
  }

  private Json value(ScalarEvent scalar, Tree.Position at) {
    String text = scalar.getValue();
    try {
      return scalar.getScalarStyle() == ScalarStyle.PLAIN ? plain(text) : Json.of(text);
    } catch (IllegalArgumentException e) {
      mistakes.addUnreadable(at, String.valueOf(e.getMessage()));
      return Json.Null.NULL;
    }
  }

  /// YAML 1.2.2 §10.3.2, without its octal, hexadecimal, infinite and undefined numbers.
  private static Json plain(String text) {
    return switch (text) {
      case "", "~", "null", "Null", "NULL" -> Json.Null.NULL;
      case "true", "True", "TRUE" -> Json.of(true);
      case "false", "False", "FALSE" -> Json.of(false);
      default -> NUMBER.matcher(text).matches() ? number(text) : unquoted(text);
    };
  }

  private static Json number(String text) {
    if (text.length() > MAX_NUMBER_CHARACTERS) {
      throw new IllegalArgumentException("a number has too many digits");
    }
    var number = new BigDecimal(text);
    if (number.stripTrailingZeros().scale() <= 0 && number.abs().compareTo(LARGEST_INTEGER) > 0) {
      throw new IllegalArgumentException(
          "a whole number is at most 9007199254740992 (2^53) here; as a bound write that: values"
              + " beyond it are counted as the bound where there is noise");
    }
    return Json.of(number);
  }

  private static Json unquoted(String text) {
    if (OTHER_NUMBER.matcher(text).matches()) {
      throw new IllegalArgumentException("write a finite number in decimal digits");
    }
    return Json.of(text);
  }

  /// Where a place in a scalar's own lines, stripped of blank space around them, is in the file.
  ///
  /// @param scalar where the scalar begins
  static Tree.Position inScalar(String text, Tree.Position scalar, int line, int column) {
    List<String> lines = text.lines().toList();
    char first = lines.get(scalar.line() - 1).charAt(scalar.column() - 1);
    boolean block = first == '|' || first == '>';
    if (!block) {
      int quote = first == '"' || first == '\'' ? 1 : 0;
      return line == 1
          ? new Tree.Position(scalar.line(), scalar.column() + quote + column - 1)
          : scalar;
    }
    int top = scalar.line();
    while (top < lines.size() && lines.get(top).isBlank()) {
      top++;
    }
    if (top + line > lines.size()) {
      return scalar;
    }
    int indentation = lines.get(top).length() - lines.get(top).stripLeading().length();
    return first == '|'
        ? new Tree.Position(top + line, indentation + column)
        : new Tree.Position(top + 1, indentation + 1);
  }

  static String quoted(String text) {
    String shown = text.length() <= 80 ? text : text.substring(0, 80) + "…";
    return '"' + shown.replaceAll("\\p{Cntrl}", "?") + '"';
  }

  private static Tree.Position position(Event event) {
    return event.getStartMark().map(Yaml::position).orElse(Tree.Position.NONE);
  }

  private static Tree.Position position(Mark mark) {
    return new Tree.Position(mark.getLine() + 1, mark.getColumn() + 1);
  }

  private static Tree.Position positionOf(String text, int index) {
    String before = text.substring(0, Math.clamp(index, 0, text.length()));
    int line = Math.toIntExact(before.chars().filter(c -> c == '\n').count());
    return new Tree.Position(line + 1, before.length() - before.lastIndexOf('\n'));
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
