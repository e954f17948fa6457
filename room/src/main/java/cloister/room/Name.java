package cloister.room;

import java.util.regex.Pattern;

/// A participant's, dataset's, analysis's or collaboration's name: 1 to 63 lower-case letters,
/// digits, `-` and `_`, starting with a letter.
public record Name(String value) implements Comparable<Name> {
  private static final Pattern SHAPE = Pattern.compile("[a-z][a-z0-9_-]{0,62}");

  public Name {
    if (!SHAPE.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "a name has 1 to 63 lower-case letters, digits, - and _, and starts with a letter");
    }
  }

  @Override
  public int compareTo(Name other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
