package cloister.protocol;

import cloister.attestation.Check;
import cloister.attestation.Claim;
import cloister.attestation.Tee;
import cloister.crypto.Digest;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// What an appraisal concluded, for programs: in the words of EAR (draft-ietf-rats-ear) over those
/// of EAT (RFC 9711). It is not signed: whoever needs to believe it verifies the evidence again.
public final class AttestationResult {
  private static final String PROFILE = "tag:cloister,2026:ear";

  /// AR4SI (draft-ietf-rats-ar4si): affirming, warning, contraindicated.
  private static final int AFFIRMING = 2;

  private static final int WARNING = 32;
  private static final int CONTRAINDICATED = 96;

  /// What becomes of the evidence.
  public enum Verdict {
    /// It is genuine, and meets every demand.
    ACCEPTED("accepted"),
    /// It is genuine, and does not meet what was demanded.
    REFUSED("refused"),
    /// Nothing shows that it is what the TEE said.
    NOT_BELIEVED("not believed");

    private final String label;

    Verdict(String label) {
      this.label = label;
    }

    @Override
    public String toString() {
      return label;
    }
  }

  private AttestationResult() {}

  public static Json.Obj write(
      Tee tee, Verdict verdict, List<Check> checks, List<Claim> claims, Digest policy, Instant at) {
    boolean failed = checks.stream().anyMatch(Check::failed);
    boolean noted = checks.stream().anyMatch(check -> check.outcome() == Check.Outcome.NOTED);
    var said = Json.object();
    claims.stream()
        .collect(
            Collectors.groupingBy(
                Claim::name,
                LinkedHashMap::new,
                Collectors.mapping(Claim::value, Collectors.joining(", "))))
        .forEach(said::put);
    var appraisal =
        Json.object()
            .put("ear.status", failed ? CONTRAINDICATED : noted ? WARNING : AFFIRMING)
            .put("ear.appraisal-policy-id", policy)
            .put("cloister.verdict", verdict.label)
            .put(
                "cloister.checks",
                Json.array(
                    checks.stream()
                        .map(check ->
                            Json.object()
                                .put("name", check.name())
                                .put("outcome", check.outcome().name().toLowerCase(Locale.ROOT))
                                .put("detail", check.detail())
                                .build())
                        .toList()))
            .put("cloister.claims", said.build())
            .build();
    return Json.object()
        .put("eat_profile", PROFILE)
        .put("iat", at.getEpochSecond())
        .put("ear.verifier-id", Json.object().put("developer", "Cloister").build())
        .put("submods", Json.object().put(tee.label(), appraisal).build())
        .build();
  }
}
