package cloister.attestation;

import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Demands of a platform's patch level, by Intel's word; the member `tcb` of a policy for SGX or
/// TDX:
///
/// ```
/// statuses                   [UpToDate, …]; Revoked cannot be said
/// accepted-advisories        [INTEL-SA-00615, …]: what the code itself mitigates; absent: none
/// minimum-evaluation-number  of Intel's judgement: an older one forgives more
/// out-of-date-grace-days     with a status that is out of date: how long after the level's date
/// ```
///
/// @param grace absent where nothing out of date is accepted
record DcapTcbPolicy(
    Set<TcbStatus> statuses,
    Set<String> acceptedAdvisories,
    int minimumEvaluation,
    Optional<Duration> grace) {
  DcapTcbPolicy {
    statuses = Set.copyOf(statuses);
    acceptedAdvisories = Set.copyOf(acceptedAdvisories);
  }

  static DcapTcbPolicy read(Fields policy) throws EvidenceException {
    Fields tcb = policy.object("tcb");
    var statuses = EnumSet.copyOf(tcb.list("statuses", DcapTcbPolicy::status));
    boolean outOfDate = statuses.stream().anyMatch(TcbStatus::isOutOfDate);
    var read =
        new DcapTcbPolicy(
            statuses,
            tcb.has("accepted-advisories")
                ? Set.copyOf(tcb.list("accepted-advisories", DcapTcbPolicy::advisory))
                : Set.of(),
            (int) tcb.integer("minimum-evaluation-number", 0, 1_000_000),
            outOfDate
                ? Optional.of(Duration.ofDays(tcb.integer("out-of-date-grace-days", 1, 3650)))
                : Optional.empty());
    tcb.noOther();
    return read;
  }

  private static TcbStatus status(String label) {
    return TcbStatus.byLabel(label)
        .filter(status -> status != TcbStatus.REVOKED)
        .orElseThrow(() -> new IllegalArgumentException(label + " cannot be accepted"));
  }

  private static String advisory(String id) {
    if (!id.matches("[A-Z]+-[A-Z]+-[0-9]+")) {
      throw new IllegalArgumentException("an advisory is named as INTEL-SA-00615");
    }
    return id;
  }

  void compare(Checks checks, String prefix, DcapPlatform platform, Instant at) {
    checks.require(
        prefix + ".tcb.status",
        statuses.contains(platform.status()),
        "the platform is " + platform.status(),
        "the platform is %s, and the policy accepts %s: update its firmware"
            .formatted(platform.status(), new TreeSet<>(statuses)));
    advisories(checks, prefix + ".tcb.advisories", platform);
    checks.require(
        prefix + ".tcb.evaluation-number",
        platform.evaluation() >= minimumEvaluation,
        "Intel's judgement is number " + platform.evaluation(),
        "Intel's judgement is number %d, and the policy wants at least %d: fetch collateral"
            .formatted(platform.evaluation(), minimumEvaluation));
    if (platform.status().isOutOfDate() && grace.isPresent()) {
      Instant until = platform.date().plus(grace.get());
      checks.require(
          prefix + ".tcb.grace",
          at.isBefore(until),
          "the platform is out of date, as is accepted until " + until,
          "the platform is out of date, which was accepted until " + until);
    }
  }

  /// `INTEL-DOC-…` informs, and what is up to date needs nothing of the code.
  private void advisories(Checks checks, String name, DcapPlatform platform) {
    var open = new TreeSet<>(platform.advisories());
    open.removeIf(id -> id.startsWith("INTEL-DOC-"));
    open.removeAll(acceptedAdvisories);
    if (platform.status() == TcbStatus.UP_TO_DATE || open.isEmpty()) {
      checks.holds(name, "no advisory is open");
    } else {
      checks.fails(
          name,
          "open are %s: the policy lists those that the code mitigates"
              .formatted(String.join(" ", open)));
    }
  }
}
