package cloister.attestation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What Google says about a container in Confidential Space: the claims of its token, by
/// "Attestation token claims" of Google's reference. Claims that decide nothing are not read.
///
/// @param nonces `eat_nonce`, one or several
/// @param softwareVersion of the Confidential Space image: year, month, release
/// @param imageDigest of the container's image; the reference beside it is whatever the operator
///   wrote, and names no content
/// @param arguments all of the command line
/// @param commandOverride what of it the operator replaced
/// @param environmentOverride what of the environment the operator set
/// @param tcbStatus of TDX, by Intel's levels
/// @param serviceAccounts who the container may act as; it says nothing about its code
record SpaceToken(
    String issuer,
    List<String> audience,
    List<String> nonces,
    boolean secureBoot,
    String hardwareModel,
    String softwareName,
    long softwareVersion,
    String debugStatus,
    Set<String> supportAttributes,
    String imageReference,
    Measurement imageDigest,
    List<String> arguments,
    Map<String, String> environment,
    List<String> commandOverride,
    Map<String, String> environmentOverride,
    Optional<String> tcbStatus,
    String projectId,
    Set<String> serviceAccounts) {
  private static final int MOST_NONCES = 6;
  private static final int MOST_ARGUMENTS = 1000;
  private static final int MOST_NAMES = 100;

  SpaceToken {
    audience = List.copyOf(audience);
    nonces = List.copyOf(nonces);
    supportAttributes = Set.copyOf(supportAttributes);
    arguments = List.copyOf(arguments);
    environment = Map.copyOf(environment);
    commandOverride = List.copyOf(commandOverride);
    environmentOverride = Map.copyOf(environmentOverride);
    serviceAccounts = Set.copyOf(serviceAccounts);
  }

  static SpaceToken read(Fields claims) throws EvidenceException {
    Fields submodules = claims.object("submods");
    Fields container = submodules.object("container");
    Optional<Fields> space = submodules.optionalObject("confidential_space");
    Optional<Fields> tdx = claims.optionalObject("tdx");
    return new SpaceToken(
        claims.string("iss"),
        claims.stringOrStrings("aud", MOST_NAMES),
        claims.has("eat_nonce") ? claims.stringOrStrings("eat_nonce", MOST_NONCES) : List.of(),
        claims.flag("secboot"),
        claims.string("hwmodel"),
        claims.string("swname"),
        version(claims),
        claims.string("dbgstat"),
        space.isPresent() ? set(space.get(), "support_attributes") : Set.of(),
        container.optionalString("image_reference").orElse(""),
        container.parsed("image_digest", SpaceToken::sha256),
        list(container, "args"),
        texts(container, "env"),
        list(container, "cmd_override"),
        texts(container, "env_override"),
        tdx.isPresent() ? tdx.get().optionalString("gcp_attester_tcb_status") : Optional.empty(),
        submodules.object("gce").string("project_id"),
        set(claims, "google_service_accounts"));
  }

  private static long version(Fields claims) throws EvidenceException {
    List<String> versions = claims.stringOrStrings("swversion", MOST_NAMES);
    if (versions.size() != 1 || !versions.getFirst().matches("[0-9]{1,9}")) {
      throw claims.bad("swversion", "is not one number");
    }
    return Long.parseLong(versions.getFirst());
  }

  static Measurement sha256(String text) {
    Measurement digest = Measurement.parse(text);
    if (!digest.algorithm().equals("sha256")) {
      throw new IllegalArgumentException("images have digests of the form sha256:<hex digits>");
    }
    return digest;
  }

  private static List<String> list(Fields fields, String name) throws EvidenceException {
    return fields.has(name) ? fields.strings(name, MOST_ARGUMENTS) : List.of();
  }

  private static Set<String> set(Fields fields, String name) throws EvidenceException {
    return fields.has(name) ? Set.copyOf(fields.strings(name, MOST_NAMES)) : Set.of();
  }

  private static Map<String, String> texts(Fields fields, String name) throws EvidenceException {
    return fields.has(name) ? fields.texts(name) : Map.of();
  }

  List<Claim> claims() {
    var claims = new ArrayList<Claim>();
    claims.add(new Claim("issuer", issuer));
    claims.add(Claim.list("audience", audience));
    claims.add(Claim.list("nonces", nonces));
    claims.add(Claim.flag("secure-boot", secureBoot));
    claims.add(new Claim("hardware-model", hardwareModel));
    claims.add(new Claim("software-name", softwareName));
    claims.add(new Claim("software-version", Long.toString(softwareVersion)));
    claims.add(new Claim("debug-status", debugStatus));
    claims.add(Claim.list("support-attributes", sorted(supportAttributes)));
    claims.add(new Claim("image-reference", imageReference));
    claims.add(new Claim("image-digest", imageDigest.toString()));
    claims.add(Claim.list("arguments", arguments));
    claims.add(Claim.list("environment", sorted(environment.keySet())));
    claims.add(Claim.list("command-override", commandOverride));
    claims.add(Claim.list("environment-override", sorted(environmentOverride.keySet())));
    tcbStatus.ifPresent(status -> claims.add(new Claim("tcb-status", status)));
    claims.add(new Claim("project-id", projectId));
    claims.add(Claim.list("service-accounts", sorted(serviceAccounts)));
    return claims;
  }

  /// Names alone go into results, which are kept: values may be the operator's secrets.
  List<Claim> values() {
    var values = new ArrayList<Claim>();
    values.add(Claim.list("environment-values", assignments(environment)));
    values.add(Claim.list("environment-override-values", assignments(environmentOverride)));
    return values;
  }

  private static List<String> assignments(Map<String, String> variables) {
    return variables.entrySet().stream()
        .map(variable -> variable.getKey() + "=" + variable.getValue())
        .sorted()
        .toList();
  }

  private static List<String> sorted(Set<String> names) {
    return names.stream().sorted().toList();
  }
}
