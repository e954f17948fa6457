package cloister.room;

import java.util.Locale;
import java.util.regex.Pattern;

/// A column's name: 1 to 63 letters, digits and `_`, starting with a letter. Case matters nowhere:
/// it is kept in lower case.
public record ColumnName(String value) implements Comparable<ColumnName> {
  private static final Pattern SHAPE = Pattern.compile("[a-z][a-z0-9_]{0,62}");

  public ColumnName {
    value = value.toLowerCase(Locale.ROOT);
    if (!SHAPE.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "a column name has 1 to 63 letters, digits and _, and starts with a letter");
    }
  }

  @Override
  public int compareTo(ColumnName other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
