package cloister.attestation;

import java.security.GeneralSecurityException;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Evidence, collateral or a policy was refused before anything was compared with it: malformed,
/// not signed by what it claims, not current, or of a kind that this version cannot verify.
public final class EvidenceException extends GeneralSecurityException {
  private final transient List<Check> checks;
  private final String path;

  public EvidenceException(String message) {
    super(message);
    this.checks = List.of();
    this.path = "";
  }

  private EvidenceException(String path, String problem, @Nullable Throwable cause) {
    super(path + " " + problem, cause);
    this.checks = List.of();
    this.path = path;
  }

  /// A member of a document is wrong.
  ///
  /// @param path from the document's name down, as in `policy.accept[0].measurement`
  static EvidenceException at(String path, String problem) {
    return new EvidenceException(path, problem, null);
  }

  static EvidenceException at(String path, String problem, Throwable cause) {
    return new EvidenceException(path, problem, cause);
  }

  public EvidenceException(String message, Throwable cause) {
    super(message, cause);
    this.checks = List.of();
    this.path = "";
  }

  /// @param checks everything that was looked at; at least one failed
  EvidenceException(List<Check> checks) {
    super(
        checks.stream()
            .filter(Check::failed)
            .map(check -> check.name() + ": " + check.detail())
            .collect(Collectors.joining("; ")));
    this.checks = List.copyOf(checks);
    this.path = "";
  }

  /// Which member of a document is wrong; empty when it is not about one.
  public String path() {
    return path;
  }

  /// Everything that was looked at, in order; empty when parsing ended it.
  public List<Check> checks() {
    return checks;
  }
}
