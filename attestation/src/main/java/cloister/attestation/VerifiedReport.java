package cloister.attestation;

import java.util.List;

/// A report whose signature has been checked with everything it rests on, and made nowhere else:
/// its claims are what the TEE said. Whether that is good enough is for [Trust#appraise].
public final class VerifiedReport {
  private final Claims claims;
  private final List<Check> checks;

  /// For [Checks#verified] alone.
  VerifiedReport(Claims claims, List<Check> checks) {
    this.claims = claims;
    this.checks = List.copyOf(checks);
  }

  public Tee tee() {
    return claims.tee();
  }

  public Claims claims() {
    return claims;
  }

  /// What was checked on the way here; none failed.
  public List<Check> checks() {
    return checks;
  }
}
