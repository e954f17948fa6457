package cloister.migration;

import cloister.protocol.Tree;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;

/// A place in a list of tokens, and the ways to go on from there.
final class Cursor {
  private static final int MAX_DEPTH = 32;

  private final List<Token> tokens;
  private final IntFunction<Tree.Position> place;
  private int at;

  Cursor(List<Token> tokens, IntFunction<Tree.Position> place) {
    this.tokens = tokens;
    this.place = place;
  }

  /// A name that may have others before it, with dots; only the last one counts.
  record Path(String last, String whole, Tree.Position at) {}

  /// What reads one statement, up to its semicolon.
  interface Statement {
    void read();
  }

  /// Reads statement by statement; one that makes no sense is a mistake, and the next is read.
  void statements(Notes notes, Statement statement) {
    while (!isEnd()) {
      if (accept(";")) {
        continue;
      }
      int before = at;
      try {
        statement.read();
        if (!isEnd() && !peek(";")) {
          throw unexpected("the end of the statement");
        }
      } catch (Tokens.Unreadable e) {
        notes.mistake(e.at(), e.problem());
        at = Math.max(at, before);
        while (!isEnd() && !peek(";")) {
          at++;
        }
      }
    }
  }

  Token token() {
    return tokens.get(at);
  }

  Tree.Position place() {
    return place.apply(token().start());
  }

  IntFunction<Tree.Position> placesIn(Token string) {
    return index -> place.apply(string.offsets().of(index));
  }

  boolean isEnd() {
    return token().kind() == Token.Kind.END;
  }

  Token next() {
    Token token = token();
    if (!isEnd()) {
      at++;
    }
    return token;
  }

  boolean peek(String word) {
    return token().is(word);
  }

  /// Whether these words follow one another from here.
  boolean peekAll(String... words) {
    for (int i = 0; i < words.length; i++) {
      if (at + i >= tokens.size() || !tokens.get(at + i).is(words[i])) {
        return false;
      }
    }
    return true;
  }

  boolean accept(String... words) {
    if (!peekAll(words)) {
      return false;
    }
    at += words.length;
    return true;
  }

  /// The first of the words that is there.
  Optional<String> acceptOneOf(String... words) {
    return Arrays.stream(words).filter(this::accept).findFirst();
  }

  void expect(String... words) {
    for (String word : words) {
      if (!accept(word)) {
        throw unexpected(word);
      }
    }
  }

  void expectEither(String one, String other) {
    if (acceptOneOf(one, other).isEmpty()) {
      throw unexpected(one + " or " + other);
    }
  }

  Fields.Placed name() {
    if (!token().isName()) {
      throw unexpected("a name");
    }
    Tree.Position where = place();
    return new Fields.Placed(next().text(), where);
  }

  /// `a`, `a.b.c`, `` `a.b.c` ``, and BigQuery's `a-project.b.c`.
  Path path() {
    Tree.Position where = place();
    String last = part();
    var whole = new StringBuilder(last);
    while (accept(".")) {
      last = part();
      whole.append('.').append(last);
    }
    return new Path(
        last.substring(last.lastIndexOf('.') + 1),
        whole.toString().toLowerCase(Locale.ROOT),
        where);
  }

  private String part() {
    boolean dashes = token().kind() == Token.Kind.WORD;
    var part = new StringBuilder(name().text());
    while (dashes && accept("-")) {
      part.append('-').append(next().text());
    }
    return part.toString();
  }

  /// Names in parentheses.
  List<Fields.Placed> names() {
    expect("(");
    var names = new ArrayList<Fields.Placed>();
    do {
      names.add(name());
    } while (accept(","));
    expect(")");
    return names;
  }

  Token string() {
    if (token().kind() != Token.Kind.STRING) {
      throw unexpected("a string");
    }
    return next();
  }

  Optional<BigDecimal> number() {
    if (token().kind() != Token.Kind.NUMBER) {
      return Optional.empty();
    }
    String text = token().text();
    if (!text.matches("[0-9]{1,20}(\\.[0-9]{1,20})?")) {
      throw new Tokens.Unreadable(place(), "a number of at most 20 digits is expected here");
    }
    next();
    return Optional.of(new BigDecimal(text));
  }

  /// Everything up to one of the words that stands outside of all parentheses, as text.
  String upTo(Set<String> words) {
    var skipped = new StringBuilder();
    int depth = 0;
    while (!isEnd() && !peek(";") && !(depth == 0 && words.stream().anyMatch(this::peek))) {
      if (peek("(")) {
        depth++;
      } else if (peek(")")) {
        depth--;
      }
      if (depth < 0 || depth > MAX_DEPTH) {
        throw new Tokens.Unreadable(
            place(),
            depth < 0 ? "a parenthesis too many" : "nested deeper than " + MAX_DEPTH + " levels");
      }
      skipped.append(skipped.isEmpty() ? "" : " ").append(next().text());
    }
    if (depth > 0) {
      throw unexpected(")");
    }
    return skipped.toString();
  }

  Tokens.Unreadable unexpected(String wanted) {
    Token found = token();
    return new Tokens.Unreadable(
        place(),
        wanted
            + " is expected here"
            + (isEnd() ? ", and the file ends" : ", not " + Fields.quoted(found.text())));
  }
}
