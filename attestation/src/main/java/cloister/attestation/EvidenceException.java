package cloister.attestation;

import java.security.GeneralSecurityException;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Evidence, collateral or a policy was refused before anything was compared with it: malformed,
/// not signed by what it claims, not current, or of a kind that this version cannot verify.
public final class EvidenceException extends GeneralSecurityException {
  private final transient List<Check> checks;
  private final transient List<Mistake> mistakes;

  /// What is wrong with one member of a document.
  ///
  /// @param path from the document's name down, as in `policy.accept[0].measurement`
  /// @param problem goes on after the path: `is missing`
  /// @param known where its last step is an unknown key: the keys that are known there
  public record Mistake(String path, String problem, List<String> known) {
    public Mistake {
      known = List.copyOf(known);
    }

    @Override
    public String toString() {
      return path
          + " "
          + problem
          + (known.isEmpty() ? "" : "; known here: " + String.join(", ", known));
    }
  }

  public EvidenceException(String message) {
    super(message);
    this.checks = List.of();
    this.mistakes = List.of();
  }

  private EvidenceException(List<Mistake> mistakes, @Nullable Throwable cause) {
    super(mistakes.stream().map(Mistake::toString).collect(Collectors.joining("; ")), cause);
    this.checks = List.of();
    this.mistakes = List.copyOf(mistakes);
  }

  /// A member of a document is wrong.
  ///
  /// @param path from the document's name down, as in `policy.accept[0].measurement`
  static EvidenceException at(String path, String problem) {
    return new EvidenceException(List.of(new Mistake(path, problem, List.of())), null);
  }

  static EvidenceException at(String path, String problem, Throwable cause) {
    return new EvidenceException(List.of(new Mistake(path, problem, List.of())), cause);
  }

  static EvidenceException unknownKey(String path, List<String> known) {
    return new EvidenceException(List.of(new Mistake(path, "is an unknown key", known)), null);
  }

  /// Several of one document.
  static EvidenceException of(List<EvidenceException> several) {
    return new EvidenceException(
        several.stream().flatMap(one -> one.mistakes.stream()).toList(), several.getFirst());
  }

  public EvidenceException(String message, Throwable cause) {
    super(message, cause);
    this.checks = List.of();
    this.mistakes = List.of();
  }

  /// @param checks everything that was looked at; at least one failed
  EvidenceException(List<Check> checks) {
    super(
        checks.stream()
            .filter(Check::failed)
            .map(check -> check.name() + ": " + check.detail())
            .collect(Collectors.joining("; ")));
    this.checks = List.copyOf(checks);
    this.mistakes = List.of();
  }

  /// Which members of a document are wrong; empty when it is not about any.
  public List<Mistake> mistakes() {
    return mistakes;
  }

  /// Everything that was looked at, in order; empty when parsing ended it.
  public List<Check> checks() {
    return checks;
  }
}
