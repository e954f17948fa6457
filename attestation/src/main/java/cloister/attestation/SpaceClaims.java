package cloister.attestation;

import cloister.crypto.Bytes;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What Google said about a container in Confidential Space.
///
/// The measurement is the digest of the container's image. What the operator may add to it, command
/// line and environment, is in the token and for the policy; an image that says so in its labels
/// allows no overrides.
///
/// Evidence is bound by `eat_nonce`, one element of which has to be base64url of SHA-256 of the
/// binding: 43 characters, of the 10 to 74 that a nonce may have.
///
/// @param signer of an OIDC token; a PKI token's leads to the pinned root
record SpaceClaims(
    SpaceToken token,
    SpaceReport.Type type,
    Instant issuedAt,
    Instant expires,
    Optional<KeySet.Signer> signer,
    Revocation revocation)
    implements Claims {
  /// Of a production image. A debug image says `enabled`.
  private static final String NO_DEBUGGING = "disabled-since-boot";

  @Override
  public Tee tee() {
    return Tee.CONFIDENTIAL_SPACE;
  }

  /// Of a model of hardware that is not known, on whatever there is.
  @Override
  public Set<Tee.Family> restsOn() {
    return switch (token.hardwareModel()) {
      case "GCP_AMD_SEV", "GCP_AMD_SEV_ES", "GCP_AMD_SEV_SNP" ->
          Set.of(Tee.Family.GOOGLE, Tee.Family.AMD);
      case "GCP_INTEL_TDX" -> Set.of(Tee.Family.GOOGLE, Tee.Family.INTEL);
      default -> Set.of(Tee.Family.GOOGLE, Tee.Family.AMD, Tee.Family.INTEL);
    };
  }

  @Override
  public Measurement measurement() {
    return token.imageDigest();
  }

  @Override
  public Debug debug() {
    return token.debugStatus().equals(NO_DEBUGGING) ? Debug.OFF : Debug.ON;
  }

  @Override
  public boolean boundTo(Binding expected) {
    byte[] nonce = Base64Url.encode(expected.sha256()).getBytes(StandardCharsets.US_ASCII);
    return token.nonces().stream()
        .anyMatch(found -> MessageDigest.isEqual(nonce, found.getBytes(StandardCharsets.UTF_8)));
  }

  @Override
  public Map<Identifier, Bytes> identifiers() {
    return Map.of(Identifier.MEASUREMENT, measurement().digest());
  }

  @Override
  public List<Claim> claims() {
    var claims = new ArrayList<>(token.claims());
    claims.add(new Claim("token-type", type.name()));
    claims.add(new Claim("issued-at", issuedAt.toString()));
    signer.ifPresent(one -> claims.add(new Claim("signing-key", one.key().toString())));
    claims.add(new Claim("revocation", revocation.toString()));
    return claims;
  }
}
