package cloister.migration;

import java.util.Locale;

/// A piece of a SQL statement.
///
/// @param text of a string what it means, of an identifier its name
/// @param start the index of its first character in the file
/// @param offsets of a string where each of its characters is in the file; empty for all others
record Token(Kind kind, String text, int start, Offsets offsets) {
  enum Kind {
    WORD,
    QUOTED_NAME,
    STRING,
    NUMBER,
    SYMBOL,
    END
  }

  boolean is(String word) {
    return (kind == Kind.WORD && text.toUpperCase(Locale.ROOT).equals(word))
        || (kind == Kind.SYMBOL && text.equals(word));
  }

  boolean isName() {
    return kind == Kind.WORD || kind == Kind.QUOTED_NAME;
  }

  /// Where the characters of a string stand in the file.
  static final class Offsets {
    static final Offsets NONE = new Offsets(new int[0]);
    private final int[] values;

    Offsets(int[] values) {
      this.values = values.clone();
    }

    int of(int index) {
      return values.length == 0 ? 0 : values[Math.clamp(index, 0, values.length - 1)];
    }
  }
}
