package cloister.room;

import java.util.Comparator;

/// Where a dataset or an analysis is: `/party/kind/name`. Parsed once; never matched as text.
public record Address(Name party, Kind kind, Name name) implements Comparable<Address> {
  private static final Comparator<Address> ORDER =
      Comparator.comparing(Address::party)
          .thenComparing(Address::kind)
          .thenComparing(Address::name);

  /// Parses an absolute address.
  public static Address parse(String text) {
    String[] parts = text.split("/", -1);
    if (parts.length != 4 || !parts[0].isEmpty()) {
      throw new IllegalArgumentException("an address has the form /party/kind/name");
    }
    for (Kind kind : Kind.values()) {
      if (kind.label().equals(parts[2])) {
        return new Address(new Name(parts[1]), kind, new Name(parts[3]));
      }
    }
    throw new IllegalArgumentException("the kind in an address is dataset or analysis");
  }

  /// Parses an absolute address or one relative to a party's package: `analysis/overlap`.
  public static Address parse(String text, Name relativeTo) {
    return parse(text.startsWith("/") ? text : "/" + relativeTo + "/" + text);
  }

  @Override
  public int compareTo(Address other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return "/" + party + "/" + kind.label() + "/" + name;
  }
}
