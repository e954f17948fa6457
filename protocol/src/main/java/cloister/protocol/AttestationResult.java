package cloister.protocol;

import cloister.attestation.Check;
import cloister.attestation.Claim;
import cloister.attestation.Tee;
import cloister.crypto.Digest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

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

  /// @param measurement absent where the evidence did not verify
  public static Json.Obj write(
      Tee tee,
      Verdict verdict,
      List<Check> checks,
      List<Claim> claims,
      Optional<String> measurement,
      Digest policy,
      Instant at) {
    boolean failed = checks.stream().anyMatch(Check::failed);
    boolean noted = checks.stream().anyMatch(check -> check.outcome() == Check.Outcome.NOTED);
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
            .putIfPresent("cloister.measurement", measurement, Json::of)
            .put("cloister.claims", claims(claims))
            .build();
    return Json.object()
        .put("eat_profile", PROFILE)
        .put("iat", at.getEpochSecond())
        .put("ear.verifier-id", Json.object().put("developer", "Cloister").build())
        .put("submods", Json.object().put(tee.label(), appraisal).build())
        .build();
  }

  /// Each field by its name, in order; one that is there several times is a list.
  public static Json.Obj claims(List<Claim> claims) {
    var byName = new LinkedHashMap<String, List<Json>>();
    for (Claim claim : claims) {
      byName.computeIfAbsent(claim.name(), _ -> new ArrayList<>()).add(json(claim.value()));
    }
    var said = Json.object();
    byName.forEach((name, values) ->
        said.put(name, values.size() == 1 ? values.getFirst() : Json.array(values)));
    return said.build();
  }

  private static Json json(Claim.Value value) {
    return switch (value) {
      case Claim.Text(String text) -> Json.of(text);
      case Claim.Flag(boolean on) -> Json.of(on);
      case Claim.Texts(List<String> texts) -> Json.strings(texts);
    };
  }
}
