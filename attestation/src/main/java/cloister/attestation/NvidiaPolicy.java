package cloister.attestation;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Demands of an NVIDIA GPU or NVSwitch.
///
/// ```
/// tee: nvidia
/// architectures: [hopper]            or blackwell, ls10
/// verifiers: [local]                 who compares measurements: local, nras
/// nras-keys: [sha256:…]              with nras only: of its signing keys, or any
/// manifests: required                the only word: unknown firmware is never accepted
/// minimum-driver: "580.95.05"        or any
/// minimum-vbios: "96.00.9F.00.01"    or any; versions of one architecture only have an order
/// modes: [multi-pass-through]        or any
/// chip-ids: [<hex digits>]           or any
/// revocation: authorities            or unchecked
/// ```
///
/// `revocation: authorities` demands current revocation lists for every certificate that names one.
/// The two certificates of the device itself name none, nor do the manifests' signers: for those,
/// only NVIDIA's OCSP service knows, and this library does not ask it. Every result says so.
record NvidiaPolicy(
    Set<NvidiaArchitecture> architectures,
    Set<Verifier> verifiers,
    Optional<Allowed<Digest>> nrasKeys,
    Optional<NvidiaVersion> minimumDriver,
    Optional<NvidiaVersion> minimumVbios,
    Allowed<NvidiaMode> modes,
    Allowed<Bytes> chipIds,
    Revocation revocation)
    implements Policy.Entry {
  enum Verifier {
    LOCAL,
    NRAS
  }

  enum Revocation {
    AUTHORITIES,
    UNCHECKED
  }

  NvidiaPolicy {
    architectures = Set.copyOf(architectures);
    verifiers = Set.copyOf(verifiers);
  }

  static NvidiaPolicy read(Fields fields) throws EvidenceException {
    var architectures = Set.copyOf(fields.list("architectures", NvidiaArchitecture::byLabel));
    var verifiers = Set.copyOf(fields.list("verifiers", NvidiaPolicy::verifier));
    fields.parsed("manifests", word -> only("required", word));
    Optional<NvidiaVersion> driver = minimum(fields, "minimum-driver", NvidiaVersion::driver);
    if (driver.isPresent() && !architectures.stream().allMatch(NvidiaArchitecture::hasDriver)) {
      throw fields.bad(
          "minimum-driver", "is of a driver, and ls10 has none: give it its own entry");
    }
    Optional<NvidiaVersion> vbios = minimum(fields, "minimum-vbios", NvidiaVersion::vbios);
    if (vbios.isPresent() && architectures.size() > 1) {
      throw fields.bad("minimum-vbios", "is of one architecture: give each its own entry");
    }
    return new NvidiaPolicy(
        architectures,
        verifiers,
        verifiers.contains(Verifier.NRAS)
            ? Optional.of(fields.allowed("nras-keys", Digest::parse))
            : Optional.empty(),
        driver,
        vbios,
        fields.allowed("modes", NvidiaMode::byLabel),
        fields.allowed("chip-ids", Fields::hexadecimal),
        fields.parsed("revocation", NvidiaPolicy::revocation));
  }

  @Override
  public Tee tee() {
    return Tee.NVIDIA;
  }

  @Override
  public List<Check> compare(Claims claims, Instant at) {
    if (!(claims instanceof NvidiaClaims found)) {
      throw new IllegalArgumentException("claims of another TEE: " + claims.tee());
    }
    var checks = new Checks();
    checks.addAll(
        List.of(
            new Allowed.OneOf<>(architectures).check("nvidia.architecture", found.architecture()),
            atLeast("nvidia.driver", minimumDriver, found.driver()),
            atLeast("nvidia.vbios", minimumVbios, Optional.of(found.vbios())),
            modes.check("nvidia.mode", found.mode()),
            chipIds instanceof Allowed.Any<Bytes>
                ? Check.noted("nvidia.chip-id", "the policy accepts any device")
                : chipIds.check("nvidia.chip-id", found.device())));
    switch (found.verifier()) {
      case NvidiaClaims.Local local -> local(checks, local);
      case NvidiaClaims.Nras nras -> nras(checks, nras);
    }
    return checks.list();
  }

  private void local(Checks checks, NvidiaClaims.Local local) {
    checks.require(
        "nvidia.verifier",
        verifiers.contains(Verifier.LOCAL),
        "measurements were compared here",
        "the policy accepts NVIDIA's own verdict only: send a token of nras");
    switch (revocation) {
      case UNCHECKED ->
          checks.noted(
              "nvidia.revocation",
              "not checked, as the policy says: no list and no OCSP was asked");
      case AUTHORITIES -> {
        checks.addAll(local.revocation());
        checks.noted(
            "nvidia.ocsp",
            "not checked for the device's own certificates and the manifests' signers, which only"
                + " NVIDIA's OCSP service knows");
      }
    }
  }

  private void nras(Checks checks, NvidiaClaims.Nras nras) {
    boolean accepted =
        checks.require(
            "nvidia.verifier",
            verifiers.contains(Verifier.NRAS),
            "NVIDIA's service compared the measurements",
            "the policy does not accept a verdict of NVIDIA's service: send the device's report");
    if (accepted) {
      nrasKeys.ifPresent(keys -> checks.add(keys.check("nvidia.nras-key", nras.key())));
      checks.noted("nvidia.ocsp", "NVIDIA's service asked OCSP, says its token");
    }
  }

  private static Check atLeast(
      String name, Optional<NvidiaVersion> minimum, Optional<NvidiaVersion> found) {
    String shown = found.map(NvidiaVersion::text).orElse("none");
    if (minimum.isEmpty()) {
      return Check.noted(name, "is " + shown + ", and the policy accepts any");
    }
    return found.isPresent()
            && found.get().scheme() == minimum.get().scheme()
            && found.get().compareTo(minimum.get()) >= 0
        ? Check.holds(name, "is %s, at least %s".formatted(shown, minimum.get()))
        : Check.fails(
            name,
            "is %s, and the policy wants at least %s: update it".formatted(shown, minimum.get()));
  }

  private static Optional<NvidiaVersion> minimum(
      Fields fields, String name, Fields.Parser<NvidiaVersion> parser) throws EvidenceException {
    return fields.string(name).equals("any")
        ? Optional.empty()
        : Optional.of(fields.parsed(name, parser));
  }

  private static Verifier verifier(String word) {
    return switch (word) {
      case "local" -> Verifier.LOCAL;
      case "nras" -> Verifier.NRAS;
      default -> throw new IllegalArgumentException("not one of local, nras");
    };
  }

  private static Revocation revocation(String word) {
    return switch (word) {
      case "authorities" -> Revocation.AUTHORITIES;
      case "unchecked" -> Revocation.UNCHECKED;
      default -> throw new IllegalArgumentException("not one of authorities, unchecked");
    };
  }

  private static String only(String expected, String word) {
    if (!word.equals(expected)) {
      throw new IllegalArgumentException("not the word " + expected);
    }
    return word;
  }
}
