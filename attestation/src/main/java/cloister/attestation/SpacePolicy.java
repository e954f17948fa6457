package cloister.attestation;

import cloister.crypto.Digest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Demands of Google Confidential Space:
///
/// - `token-types`: of `PKI` and `OIDC`; where OIDC is accepted, `signing-keys` are the
///   fingerprints of Google's keys, `sha256:…` of the SubjectPublicKeyInfo, or `any`, which leaves
///   it to whoever fetched them, and `maximum-keys-age-seconds` is how old their set may be, to 31
///   days; absent: one day;
/// - `audience`: the token is for one of these and nobody else;
/// - `hardware-models`: as `GCP_INTEL_TDX`. `GCP_AMD_SEV` protects no integrity of memory;
/// - `tcb-statuses`: of TDX, as `UpToDate`;
/// - `minimum-software-version`: of the Confidential Space image, as 250800;
/// - `support-attributes`: all of these, as `STABLE`, which debug images lack;
/// - `image-digests`: `sha256:…` of the container. There is no key for its reference, which names
///   no content;
/// - `arguments`: the whole command line, in order; `environment`: see [SpaceEnvironment];
///   `overrides`: `command` and `environment`, what of both the operator replaced;
/// - `project-ids` and `service-accounts`: who runs it, which says nothing of its code. Of several
///   accounts all have to be accepted;
/// - `maximum-age-seconds`: of the token, 1 to 3600; `revocation`: see [Revocation]. The keys of
///   OIDC tokens are on no list, so `checked` refuses them.
record SpacePolicy(
    Allowed<SpaceReport.Type> types,
    Allowed<Digest> signingKeys,
    Allowed<String> audience,
    Allowed<String> hardwareModels,
    Allowed<String> tcbStatuses,
    long minimumSoftwareVersion,
    Allowed<String> supportAttributes,
    Allowed<Measurement> imageDigests,
    Allowed<List<String>> arguments,
    SpaceEnvironment environment,
    Allowed<List<String>> commandOverride,
    SpaceEnvironment environmentOverride,
    Allowed<String> projectIds,
    Allowed<String> serviceAccounts,
    Duration maximumAge,
    Duration maximumKeysAge,
    Allowed<Revocation> revocation)
    implements Policy.Entry {
  private static final int MOST_ARGUMENTS = 1000;
  private static final String TDX = "GCP_INTEL_TDX";

  static SpacePolicy read(Fields fields) throws EvidenceException {
    Allowed<SpaceReport.Type> types = fields.allowed("token-types", SpaceReport.Type::parse);
    boolean onlyPki = types.equals(new Allowed.OneOf<>(Set.of(SpaceReport.Type.PKI)));
    boolean needsNoKeys = onlyPki || (fields.isWrong("token-types") && !fields.has("signing-keys"));
    Fields overrides = fields.object("overrides");
    var policy =
        new SpacePolicy(
            types,
            needsNoKeys ? new Allowed.Any<>() : fields.allowed("signing-keys", Digest::parse),
            fields.allowed("audience", text -> text),
            fields.allowed("hardware-models", text -> text),
            fields.allowed("tcb-statuses", text -> text),
            fields.integer("minimum-software-version", 0, 999_999_999),
            fields.allowed("support-attributes", text -> text),
            fields.allowed("image-digests", SpaceToken::sha256),
            exactly(fields, "arguments"),
            SpaceEnvironment.read(fields, "environment"),
            exactly(overrides, "command"),
            SpaceEnvironment.read(overrides, "environment"),
            fields.allowed("project-ids", text -> text),
            fields.allowed("service-accounts", text -> text),
            Duration.ofSeconds(fields.integer("maximum-age-seconds", 1, 3600)),
            onlyPki ? Duration.ZERO : KeySet.maximumAge(fields),
            fields.allowed("revocation", Revocation::parse));
    overrides.noOther();
    return policy;
  }

  /// A list that is equal as a whole, and may be empty; or `any`.
  private static Allowed<List<String>> exactly(Fields fields, String name)
      throws EvidenceException {
    return fields.saysAny(name)
        ? new Allowed.Any<>()
        : new Allowed.OneOf<>(Set.of(List.copyOf(fields.strings(name, MOST_ARGUMENTS))));
  }

  @Override
  public Tee tee() {
    return Tee.CONFIDENTIAL_SPACE;
  }

  @Override
  public Instant acceptsUntil(Claims claims) {
    if (!(claims instanceof SpaceClaims space)) {
      return Instant.MAX;
    }
    Instant token = space.issuedAt().plus(maximumAge);
    return space
        .signer()
        .map(signer -> signer.fetched().plus(maximumKeysAge))
        .filter(keys -> keys.isBefore(token))
        .orElse(token);
  }

  @Override
  public List<Check> compare(Claims claims, Instant at) {
    if (!(claims instanceof SpaceClaims space)) {
      throw new IllegalArgumentException("compared with claims of " + claims.tee());
    }
    SpaceToken token = space.token();
    var checks = new Checks();
    checks.addAll(
        List.of(
            types.check("space.token-type", space.type()),
            space
                .signer()
                .map(signer -> signingKeys.check("space.signing-key", signer.key()))
                .orElseGet(() -> Check.holds("space.signing-key", "leads to Google's pinned root")),
            token.audience().size() == 1
                ? audience.check("space.audience", token.audience().getFirst())
                : Check.fails(
                    "space.audience", "the token is for several: ask for one of your own"),
            hardwareModels.check("space.hardware-model", token.hardwareModel()),
            tcbStatus(token),
            required("space.support-attributes", supportAttributes, token.supportAttributes()),
            imageDigests.check("space.image-digest", token.imageDigest()),
            arguments.check("space.arguments", token.arguments()),
            environment.check("space.environment", token.environment()),
            commandOverride.check("space.command-override", token.commandOverride()),
            environmentOverride.check("space.environment-override", token.environmentOverride()),
            projectIds.check("space.project-id", token.projectId()),
            accounts(token.serviceAccounts()),
            revocation.check("space.revocation", space.revocation())));
    checks.require(
        "space.software-version",
        token.softwareVersion() >= minimumSoftwareVersion,
        "is %d, at least %d".formatted(token.softwareVersion(), minimumSoftwareVersion),
        "is %d, and the policy accepts %d and later: start the newest image"
            .formatted(token.softwareVersion(), minimumSoftwareVersion));
    space
        .signer()
        .ifPresent(signer ->
            checks.add(KeySet.age("space.keys-age", signer.fetched(), maximumKeysAge, at)));
    long age = Duration.between(space.issuedAt(), at).toSeconds();
    checks.require(
        "space.age",
        age <= maximumAge.toSeconds(),
        "is %d s old, and the policy accepts %d s".formatted(age, maximumAge.toSeconds()),
        "is %d s old, and the policy accepts %d s: ask the enclave for fresh evidence"
            .formatted(age, maximumAge.toSeconds()));
    return checks.list();
  }

  /// Only of TDX does Google say one.
  private Check tcbStatus(SpaceToken token) {
    if (token.tcbStatus().isEmpty() && !token.hardwareModel().equals(TDX)) {
      return Check.noted("space.tcb-status", "of " + token.hardwareModel() + " Google says none");
    }
    return tcbStatuses.check("space.tcb-status", token.tcbStatus().orElse("absent"));
  }

  private Check accounts(Set<String> found) {
    return switch (serviceAccounts) {
      case Allowed.OneOf<String>(var accepted) when found.isEmpty() ->
          Check.fails(
              "space.service-account",
              "the container acts as nobody, and the policy accepts " + new TreeSet<>(accepted));
      case Allowed.OneOf<String>(var accepted) when accepted.containsAll(found) ->
          Check.holds("space.service-account", "acts as " + new TreeSet<>(found));
      case Allowed.OneOf<String>(var accepted) ->
          Check.fails(
              "space.service-account",
              "acts as %s, and the policy accepts %s"
                  .formatted(new TreeSet<>(found), new TreeSet<>(accepted)));
      case Allowed.Any<String>() ->
          Check.noted(
              "space.service-account",
              "acts as %s, and the policy accepts any".formatted(new TreeSet<>(found)));
    };
  }

  private static Check required(String name, Allowed<String> demanded, Set<String> found) {
    return switch (demanded) {
      case Allowed.OneOf<String>(var all) when found.containsAll(all) ->
          Check.holds(name, "are " + new TreeSet<>(found));
      case Allowed.OneOf<String>(var all) ->
          Check.fails(
              name,
              "are %s, and the policy demands %s: start the image of the series STABLE"
                  .formatted(new TreeSet<>(found), new TreeSet<>(all)));
      case Allowed.Any<String>() ->
          Check.noted(name, "are %s, and the policy accepts any".formatted(new TreeSet<>(found)));
    };
  }
}
