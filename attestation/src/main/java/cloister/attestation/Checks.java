package cloister.attestation;

import java.util.ArrayList;
import java.util.List;

/// The checks of one step, collected: all run, so that one answer names everything that is wrong.
/// What cannot go on without an earlier check throws [#refused].
final class Checks {
  private final List<Check> checks = new ArrayList<>();

  /// @return whether it holds
  boolean require(String name, boolean condition, String holds, String fails) {
    checks.add(condition ? Check.holds(name, holds) : Check.fails(name, fails));
    return condition;
  }

  void holds(String name, String detail) {
    checks.add(Check.holds(name, detail));
  }

  void fails(String name, String detail) {
    checks.add(Check.fails(name, detail));
  }

  void noted(String name, String detail) {
    checks.add(Check.noted(name, detail));
  }

  void add(Check check) {
    checks.add(check);
  }

  void addAll(List<Check> others) {
    checks.addAll(others);
  }

  boolean failed() {
    return checks.stream().anyMatch(Check::failed);
  }

  List<Check> list() {
    return List.copyOf(checks);
  }

  /// What to throw where nothing further can be checked.
  EvidenceException refused(String name, String detail) {
    fails(name, detail);
    return new EvidenceException(checks);
  }

  /// The only way to a [VerifiedReport].
  ///
  /// @throws EvidenceException naming every check that failed
  VerifiedReport verified(Claims claims) throws EvidenceException {
    if (checks.isEmpty()) {
      throw new IllegalStateException("nothing was checked");
    }
    if (failed()) {
      throw new EvidenceException(checks);
    }
    return new VerifiedReport(claims, checks);
  }
}
