package cloister.matching;

import java.util.Optional;
import java.util.regex.Pattern;

/// A rule that maps the ways in which people write one identifier to one text. The rules are
/// published, with examples and as SQL, in docs/normalization.md. A published rule never changes:
/// another rule is another constant.
public enum Normalization {
  /// `email-v1`: strip, then 1 to 64 characters, one `@`, 1 to 255 characters, none of them white
  /// space or a control character of ASCII; then the ASCII letters to lower case. Dots and `+tags`
  /// stay: what they mean is each provider's own affair, and guessing wrong joins two people.
  EMAIL("email-v1") {
    @Override
    String rewrite(String stripped) {
      return lowerAscii(stripped);
    }

    @Override
    boolean accepts(String rewritten) {
      return ADDRESS.matcher(rewritten).matches();
    }
  },

  /// `phone-v1`: strip, drop the separators, a leading `00` becomes `+`, then `+` and 7 to 15
  /// digits of which the first is not 0 (ITU-T E.164). A number without its country code has no
  /// normal form.
  PHONE("phone-v1") {
    @Override
    String rewrite(String stripped) {
      String joined = SEPARATORS.matcher(stripped).replaceAll("");
      return joined.startsWith("00") ? "+" + joined.substring(2) : joined;
    }

    @Override
    boolean accepts(String rewritten) {
      return E164.matcher(rewritten).matches();
    }
  },

  /// `id-v1`: strip; whatever is left, if anything. Case stays, because customer numbers of
  /// different case can be different customers.
  ID("id-v1") {
    @Override
    String rewrite(String stripped) {
      return stripped;
    }

    @Override
    boolean accepts(String rewritten) {
      return !rewritten.isEmpty();
    }
  };

  private static final Pattern ADDRESS =
      Pattern.compile("[^@\\x00-\\x20\\x7f]{1,64}@[^@\\x00-\\x20\\x7f]{1,255}");
  private static final Pattern SEPARATORS = Pattern.compile("[ ().\\-/]");
  private static final Pattern E164 = Pattern.compile("\\+[1-9][0-9]{6,14}");

  private final String rule;

  Normalization(String rule) {
    this.rule = rule;
  }

  /// The rule's name and version.
  public String rule() {
    return rule;
  }

  /// The normal form; empty when the text is no identifier of this kind, or no Unicode text.
  public Optional<String> normalize(String text) {
    if (hasLoneSurrogate(text)) {
      return Optional.empty();
    }
    return Optional.of(rewrite(strip(text))).filter(this::accepts);
  }

  abstract String rewrite(String stripped);

  abstract boolean accepts(String rewritten);

  /// Without the white space of ASCII at either end, and no other: [String#strip] follows a Unicode
  /// table, and `trim` takes every control character.
  private static String strip(String text) {
    int from = 0;
    int to = text.length();
    while (from < to && isSpace(text.charAt(from))) {
      from++;
    }
    while (from < to && isSpace(text.charAt(to - 1))) {
      to--;
    }
    return text.substring(from, to);
  }

  private static boolean isSpace(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
  }

  /// [String#toLowerCase] folds all of Unicode, by a table and with exceptions: the Kelvin sign
  /// would become an ASCII k, and so one person another.
  private static String lowerAscii(String text) {
    char[] characters = text.toCharArray();
    for (int i = 0; i < characters.length; i++) {
      if (characters[i] >= 'A' && characters[i] <= 'Z') {
        characters[i] = (char) (characters[i] - 'A' + 'a');
      }
    }
    return new String(characters);
  }

  /// UTF-8 cannot carry one, so no other implementation could agree about it.
  private static boolean hasLoneSurrogate(String text) {
    return text.codePoints()
        .anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
  }
}
