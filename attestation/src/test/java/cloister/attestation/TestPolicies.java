package cloister.attestation;

import cloister.crypto.Bytes;
import java.time.Instant;
import java.util.List;

/// Policies of one entry, from its JSON.
final class TestPolicies {
  private TestPolicies() {}

  static Policy accepting(String entry) throws EvidenceException {
    return parse(
        Bytes.utf8(
            """
            {"policy": "a test's", "families": 1, "accept": [%s],
             "valid": {"from": "2015-01-01T00:00:00Z", "until": "2035-01-01T00:00:00Z"}}
            """
                .formatted(entry)));
  }

  /// One whose numbers are whole is brought into canonical form; whatever else is wrong stays.
  static Policy parse(Bytes json) throws EvidenceException {
    Bytes canonical;
    try {
      canonical = Json.canonical("policy", json, 1 << 20);
    } catch (EvidenceException _) {
      canonical = json;
    }
    return Policy.parse(canonical);
  }

  /// The names of the checks that fail.
  static List<String> failures(String entry, VerifiedReport report, Instant at)
      throws EvidenceException {
    return failed(accepting(entry).compare(report, at));
  }

  static List<String> failed(List<Check> checks) {
    return checks.stream().filter(Check::failed).map(Check::name).toList();
  }

  /// What refused the evidence: the names of the checks that failed, or, where parsing ended it,
  /// the message. Empty if it is verified.
  static List<String> refusal(
      Evidence evidence, Collateral collateral, Anchors anchors, Instant at) {
    try {
      Report.parse(evidence).verify(collateral, anchors, at);
      return List.of();
    } catch (EvidenceException e) {
      return e.checks().isEmpty() ? List.of(String.valueOf(e.getMessage())) : failed(e.checks());
    }
  }
}
