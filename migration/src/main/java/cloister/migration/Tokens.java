package cloister.migration;

import cloister.protocol.Tree;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/// Splits SQL into tokens as its product does: a quote or a comment that is read in another way
/// would hide the statements after it.
final class Tokens {
  static final int MAX_CHARACTERS = 256 * 1024;
  private static final int MAX_TOKENS = 50_000;
  private static final int MAX_WORD_CHARACTERS = 1024;

  private final String text;
  private final Source dialect;
  private final IntFunction<Tree.Position> place;
  private final List<Token> tokens = new ArrayList<>();
  private int at;

  private Tokens(String text, Source dialect, IntFunction<Tree.Position> place) {
    this.text = text;
    this.dialect = dialect;
    this.place = place;
  }

  /// All tokens, the last one [Token.Kind#END].
  ///
  /// @throws Unreadable when a quote or comment does not end, or a character means nothing
  static List<Token> of(String text, Source dialect, IntFunction<Tree.Position> place) {
    var reader = new Tokens(text, dialect, place);
    reader.read();
    return List.copyOf(reader.tokens);
  }

  /// The tokens before the first place that makes no sense.
  static List<Token> before(String text, Source dialect) {
    var reader = new Tokens(text, dialect, _ -> Tree.Position.NONE);
    try {
      reader.read();
    } catch (Unreadable _) {
      // Whoever reads the file says so.
    }
    return List.copyOf(reader.tokens);
  }

  /// Why a statement makes no sense, and where.
  static final class Unreadable extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final transient Tree.Position at;

    Unreadable(Tree.Position at, String problem) {
      super(problem, null, false, false);
      this.at = at;
    }

    Tree.Position at() {
      return at;
    }

    String problem() {
      return String.valueOf(getMessage());
    }
  }

  private void read() {
    if (text.length() > MAX_CHARACTERS) {
      throw new Unreadable(
          new Tree.Position(1, 1), "the file is longer than " + MAX_CHARACTERS + " characters");
    }
    while (at < text.length()) {
      if (!skipSpace() && !skipComment()) {
        token();
      }
      if (tokens.size() > MAX_TOKENS) {
        throw unreadable(at, "the file has more than " + MAX_TOKENS + " words and signs");
      }
    }
    tokens.add(new Token(Token.Kind.END, "", text.length(), Token.Offsets.NONE));
  }

  private boolean skipSpace() {
    int before = at;
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at > before;
  }

  private boolean skipComment() {
    if (text.startsWith("/*", at)) {
      if (dialect == Source.SCQL && (text.startsWith("/*!", at) || text.startsWith("/*+", at))) {
        throw unreadable(at, "a comment that MySQL executes; write it as a statement");
      }
      int end = text.indexOf("*/", at + 2);
      if (end < 0) {
        throw unreadable(at, "the comment does not end");
      }
      at = end + 2;
      return true;
    }
    if (isLineComment()) {
      int end = text.indexOf('\n', at);
      at = end < 0 ? text.length() : end;
      return true;
    }
    return false;
  }

  private boolean isLineComment() {
    if (text.startsWith("--", at)) {
      // To MySQL a third character decides: 5--3 is 8.
      boolean certain =
          dialect != Source.SCQL
              || at + 2 == text.length()
              || Character.isWhitespace(text.charAt(at + 2));
      if (!certain) {
        throw unreadable(at, "put a space after --");
      }
      return true;
    }
    return (text.charAt(at) == '#' && dialect != Source.SNOWFLAKE)
        || (text.startsWith("//", at) && dialect == Source.SNOWFLAKE);
  }

  private void token() {
    char first = text.charAt(at);
    if (first == '\'') {
      string(isTriple() ? "'''" : "'", Escapes.BACKSLASH);
    } else if (first == '"' && dialect == Source.SNOWFLAKE) {
      quotedName('"');
    } else if (first == '"') {
      string(isTriple() ? "\"\"\"" : "\"", Escapes.BACKSLASH);
    } else if (first == '`' && dialect != Source.SNOWFLAKE) {
      quotedName('`');
    } else if (dialect == Source.SNOWFLAKE && text.startsWith("$$", at)) {
      string("$$", Escapes.NONE);
    } else if (isRawPrefix()) {
      at++;
      string(isTriple() ? text.substring(at, at + 3) : text.substring(at, at + 1), Escapes.NONE);
    } else if (Character.isLetter(first) || first == '_') {
      run(Token.Kind.WORD);
    } else if (first >= '0' && first <= '9') {
      run(Token.Kind.NUMBER);
    } else {
      symbol(first);
    }
  }

  private enum Escapes {
    BACKSLASH,
    NONE
  }

  private boolean isTriple() {
    return dialect == Source.BIGQUERY
        && (text.startsWith("'''", at) || text.startsWith("\"\"\"", at));
  }

  private boolean isRawPrefix() {
    return dialect == Source.BIGQUERY
        && (text.charAt(at) == 'r' || text.charAt(at) == 'R')
        && at + 1 < text.length()
        && (text.charAt(at + 1) == '\'' || text.charAt(at + 1) == '"');
  }

  private void string(String quote, Escapes escapes) {
    int start = at;
    at += quote.length();
    var value = new StringBuilder();
    var offsets = IntStream.builder();
    while (!isEnd(quote)) {
      if (at >= text.length()) {
        throw unreadable(start, "the string does not end");
      }
      int from = at;
      char c = text.charAt(at++);
      if (c == '\\' && at < text.length() && escapes == Escapes.BACKSLASH) {
        c = escaped(from, text.charAt(at++));
      } else if (c == '\\' && at < text.length() && dialect == Source.BIGQUERY) {
        // In a raw string a backslash stands for itself and still hides a quote.
        offsets.add(from);
        value.append(c);
        from = at;
        c = text.charAt(at++);
      } else if (text.startsWith(quote, from)) {
        at++;
      }
      offsets.add(from);
      value.append(c);
    }
    at += quote.length();
    tokens.add(
        new Token(
            Token.Kind.STRING,
            value.toString(),
            start,
            new Token.Offsets(offsets.build().toArray())));
  }

  /// A quote ends the string, unless it is there twice where that means one.
  private boolean isEnd(String quote) {
    boolean doubles = quote.length() == 1 && dialect != Source.BIGQUERY;
    return text.startsWith(quote, at) && !(doubles && text.startsWith(quote + quote, at));
  }

  private char escaped(int from, char c) {
    return switch (c) {
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'r' -> '\r';
      case '\\', '\'', '"', '`', '?', '/' -> c;
      default -> throw unreadable(from, "an escape that is not read here; write the character");
    };
  }

  private void quotedName(char quote) {
    int start = at;
    int end = text.indexOf(quote, at + 1);
    if (end < 0 || end - start > MAX_WORD_CHARACTERS) {
      throw unreadable(start, "the quoted name does not end");
    }
    if (end + 1 < text.length() && text.charAt(end + 1) == quote) {
      throw unreadable(start, "a name with a quote in it is not read here");
    }
    at = end + 1;
    tokens.add(
        new Token(
            Token.Kind.QUOTED_NAME, text.substring(start + 1, end), start, Token.Offsets.NONE));
  }

  private void run(Token.Kind kind) {
    int start = at;
    while (at < text.length() && belongs(kind, text.charAt(at))) {
      at++;
    }
    if (at - start > MAX_WORD_CHARACTERS) {
      throw unreadable(start, "a word of more than " + MAX_WORD_CHARACTERS + " characters");
    }
    tokens.add(new Token(kind, text.substring(start, at), start, Token.Offsets.NONE));
  }

  private static boolean belongs(Token.Kind kind, char c) {
    return kind == Token.Kind.NUMBER
        ? (c >= '0' && c <= '9') || c == '.'
        : Character.isLetterOrDigit(c) || c == '_' || c == '$';
  }

  private void symbol(char first) {
    if ("(),;.=<>-+*/%|!@:{}[]&~?^$".indexOf(first) < 0) {
      throw unreadable(at, "a character that means nothing here");
    }
    int length = text.startsWith("=>", at) || text.startsWith("->", at) ? 2 : 1;
    tokens.add(
        new Token(Token.Kind.SYMBOL, text.substring(at, at + length), at, Token.Offsets.NONE));
    at += length;
  }

  private Unreadable unreadable(int index, String problem) {
    return new Unreadable(place.apply(index), problem);
  }
}
