package cloister.attestation;

import java.util.Collection;
import java.util.List;

/// One field of a report or of what was concluded from it, for showing.
///
/// @param name as the vendor's document calls it, in lower case with hyphens
public record Claim(String name, Value value) {
  /// A text: hexadecimal for bytes.
  public Claim(String name, String text) {
    this(name, new Text(text));
  }

  static Claim flag(String name, boolean on) {
    return new Claim(name, new Flag(on));
  }

  /// In this order.
  static Claim list(String name, Collection<String> texts) {
    return new Claim(name, new Texts(List.copyOf(texts)));
  }

  /// What a field holds. Its text is for people.
  public sealed interface Value {}

  public record Text(String text) implements Value {
    @Override
    public String toString() {
      return text;
    }
  }

  public record Flag(boolean on) implements Value {
    @Override
    public String toString() {
      return on ? "yes" : "no";
    }
  }

  public record Texts(List<String> texts) implements Value {
    public Texts {
      texts = List.copyOf(texts);
    }

    @Override
    public String toString() {
      return texts.isEmpty() ? "none" : String.join(" ", texts);
    }
  }
}
