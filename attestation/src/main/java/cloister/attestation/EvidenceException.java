package cloister.attestation;

import java.security.GeneralSecurityException;
import java.util.List;
import java.util.stream.Collectors;

/// Evidence, collateral or a policy was refused before anything was compared with it: malformed,
/// not signed by what it claims, not current, or of a kind that this version cannot verify.
public final class EvidenceException extends GeneralSecurityException {
  private final transient List<Check> checks;

  public EvidenceException(String message) {
    super(message);
    this.checks = List.of();
  }

  public EvidenceException(String message, Throwable cause) {
    super(message, cause);
    this.checks = List.of();
  }

  /// @param checks everything that was looked at; at least one failed
  EvidenceException(List<Check> checks) {
    super(
        checks.stream()
            .filter(Check::failed)
            .map(check -> check.name() + ": " + check.detail())
            .collect(Collectors.joining("; ")));
    this.checks = List.copyOf(checks);
  }

  /// Everything that was looked at, in order; empty when parsing ended it.
  public List<Check> checks() {
    return checks;
  }
}
