package cloister.attestation;

import static java.util.Comparator.naturalOrder;

import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What one verifier accepts: the collaboration's requirements, the policy they name, stricter
/// policies of the verifier's own, all of which have to hold, and whether simulated evidence is
/// taken at all.
public record Trust(Requirements requirements, List<Policy> policies, SimulatedEvidence simulated) {
  public Trust {
    policies = List.copyOf(policies);
  }

  /// Compares reports of one enclave with everything that is required. All checks run, so that one
  /// answer names everything that is wrong.
  ///
  /// @param reports one, or several where a policy wants vendors that vouch for each other; the
  ///   first is the enclave's own
  /// @param expected what the evidence has to be tied to, computed by the verifier from its own
  ///   nonce
  public Appraisal appraise(List<VerifiedReport> reports, Binding expected, Instant at) {
    if (reports.isEmpty()) {
      throw new IllegalArgumentException("nothing to appraise");
    }
    var checks = new Checks();
    for (VerifiedReport report : reports) {
      checks.addAll(report.checks());
      common(checks, report, expected);
      for (Policy policy : policies) {
        checks.addAll(policy.compare(report, at));
      }
    }
    checks.addAll(together(reports, policies));
    collaboration(checks, reports);
    if (checks.failed()) {
      return new Appraisal.Refused(checks.list());
    }
    Claims first = reports.getFirst().claims();
    return new Appraisal.Accepted(
        first.tee(), first.measurement(), protection(reports), checks.list());
  }

  /// Until when reports that are accepted at that instant stay so, as far as time goes: their
  /// expiry, and the age that policies bound.
  public Instant acceptsUntil(List<VerifiedReport> reports, Instant at) {
    return reports.stream()
        .flatMap(report ->
            Stream.concat(
                Stream.of(report.claims().expires()),
                policies.stream().map(policy -> policy.acceptsUntil(report, at))))
        .min(naturalOrder())
        .orElse(at);
  }

  /// What no policy can leave out.
  private void common(Checks checks, VerifiedReport report, Binding expected) {
    Claims claims = report.claims();
    if (report.tee() == Tee.SIMULATED) {
      if (simulated == SimulatedEvidence.REFUSE) {
        checks.fails(
            "simulated",
            "the evidence is simulated and proves nothing: run the enclave in a real TEE, or, for"
                + " development only, accept simulated evidence explicitly");
      } else {
        checks.noted("simulated", "the evidence is simulated and proves nothing, as was accepted");
      }
    }
    checks.add(debug(report));
    checks.require(
        "binding",
        claims.boundTo(expected),
        "the evidence was made for this nonce and these keys",
        "the evidence was not made for this nonce and these keys: ask the enclave for fresh"
            + " evidence; if that fails too, something between you and it replaces messages");
  }

  /// What every verifier looks at, with or without a collaboration.
  public static Check debug(VerifiedReport report) {
    return report.claims().debug() == Claims.Debug.OFF
        ? Check.holds("debug", "debugging is off")
        : Check.fails(
            "debug",
            "the TEE runs in debug mode, in which its operator can read its memory: start it"
                + " without debugging");
  }

  /// What the reports of one enclave have to be together, with or without a collaboration: the
  /// first says which code runs, and as many as the policies want share no vendor.
  ///
  /// @param reports the enclave's own first
  public static List<Check> together(List<VerifiedReport> reports, List<Policy> policies) {
    if (reports.isEmpty()) {
      throw new IllegalArgumentException("nothing to compare");
    }
    var checks = new Checks();
    VerifiedReport first = reports.getFirst();
    if (!first.claims().attestsCode()) {
      checks.fails(
          "tee.first",
          "the first report is of %s, and says nothing about the enclave's code: send the"
                  .formatted(first.tee())
              + " enclave's own first");
    }
    int found =
        independent(
            reports.stream()
                .filter(report -> report.tee() != Tee.SIMULATED && report.claims().attestsCode())
                .map(report -> report.claims().restsOn())
                .toList());
    for (Policy policy : policies) {
      if (policy.families() > 1) {
        checks.require(
            "policy.families",
            found >= policy.families(),
            "%d vouch for it that share no vendor, as %s wants".formatted(found, policy.name()),
            "%d vouch for it that share no vendor, and %s wants %d"
                .formatted(found, policy.name(), policy.families()));
      }
    }
    return checks.list();
  }

  /// Whatever says which code runs has to say what was agreed on, not the first alone.
  private void collaboration(Checks checks, List<VerifiedReport> reports) {
    reports.stream()
        .filter(report -> report == reports.getFirst() || report.claims().attestsCode())
        .forEach(report -> agreed(checks, report));
    requirements
        .policy()
        .ifPresent(digest ->
            checks.require(
                "policy",
                policies.stream().anyMatch(policy -> policy.digest().equals(digest)),
                "the collaboration's policy " + digest.brief() + " was applied",
                "the collaboration demands the policy %s, which is not at hand: get it from whoever"
                        .formatted(digest)
                    + " proposed the collaboration, and apply it"));
  }

  private void agreed(Checks checks, VerifiedReport report) {
    checks.require(
        "tee",
        requirements.accept().contains(report.tee()),
        "the TEE is " + report.tee() + ", as the collaboration accepts",
        "the TEE is %s, and the collaboration accepts %s: run the enclave there, or have all"
                .formatted(report.tee(), listed(requirements.accept()))
            + " participants sign a collaboration that accepts it");
    Measurement measurement = report.claims().measurement();
    checks.require(
        "measurement",
        requirements.measurements().contains(measurement),
        "the enclave measures " + measurement + ", as the collaboration requires",
        "the enclave measures %s, and the collaboration requires %s: run the release that was"
                .formatted(measurement, listed(requirements.measurements()))
            + " agreed on, or have all participants sign the new measurement");
  }

  /// The most reports of which no two rest on the same vendor: where one vendor falls, all others
  /// still stand.
  static int independent(List<Set<Tee.Family>> reports) {
    if (reports.isEmpty()) {
      return 0;
    }
    Set<Tee.Family> first = reports.getFirst();
    List<Set<Tee.Family>> others = reports.subList(1, reports.size());
    int without = independent(others);
    int with =
        1 + independent(others.stream().filter(one -> Collections.disjoint(one, first)).toList());
    return Math.max(without, with);
  }

  private static Appraisal.Protection protection(List<VerifiedReport> reports) {
    return reports.stream().anyMatch(report -> report.tee() == Tee.SIMULATED)
        ? Appraisal.Protection.NONE_SIMULATED
        : Appraisal.Protection.HARDWARE;
  }

  private static String listed(Set<?> values) {
    return values.stream().map(Object::toString).sorted().collect(Collectors.joining(" or "));
  }
}
