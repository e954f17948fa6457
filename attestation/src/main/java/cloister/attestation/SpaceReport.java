package cloister.attestation;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// A token of Google Cloud Attestation about a container in Confidential Space, of one of two
/// types: PKI, whose three certificates lead to Google's pinned root, and OIDC, whose key is in a
/// key set that somebody fetched from Google.
///
/// The hardware's own report is not in it: the verifier is Google, and so is the word believed.
record SpaceReport(Jws jws, SpaceToken token, Type type, List<X509Certificate> certificates)
    implements Report {
  static final String ISSUER = "https://confidentialcomputing.googleapis.com";

  /// The `jwks_uri` of the issuer's `.well-known/openid-configuration`.
  static final String KEYS =
      "https://www.googleapis.com/service_accounts/v1/metadata/jwk/"
          + "signer@confidentialspace-sign.iam.gserviceaccount.com";

  /// Google's tokens live one hour.
  private static final Duration LONGEST = Duration.ofHours(1);

  private static final int CERTIFICATES = 3;
  private static final int MOST_CERTIFICATES = 8;
  private static final int NOT_AN_AUTHORITY = -1;

  private static final Pattern LISTS =
      Pattern.compile(
          "http://privateca-content-[0-9a-f-]{36}\\.storage\\.googleapis\\.com/[0-9a-f]+/crl\\.crl");

  SpaceReport {
    certificates = List.copyOf(certificates);
  }

  enum Type {
    PKI,
    OIDC;

    static Type parse(String label) {
      return Arrays.stream(values())
          .filter(type -> type.name().equals(label))
          .findFirst()
          .orElseThrow(() -> new IllegalArgumentException("neither PKI nor OIDC"));
    }
  }

  static SpaceReport parse(Evidence evidence) throws EvidenceException {
    evidence.onlyWith();
    Jws jws = Jws.parse("Confidential Space token", evidence.report());
    Type type = jws.header().has("x5c") ? Type.PKI : Type.OIDC;
    return new SpaceReport(
        jws,
        SpaceToken.read(jws.claims()),
        type,
        type == Type.PKI ? jws.certificates(MOST_CERTIFICATES) : List.of());
  }

  @Override
  public Tee tee() {
    return Tee.CONFIDENTIAL_SPACE;
  }

  @Override
  public Measurement measured() {
    return token.imageDigest();
  }

  @Override
  public List<Claim> claims() {
    var claims = new ArrayList<>(token.claims());
    claims.addAll(token.values());
    claims.add(new Claim("token-type", type.name()));
    time(claims, "issued-at", "iat");
    time(claims, "expires-at", "exp");
    return List.copyOf(claims);
  }

  private void time(List<Claim> claims, String name, String claim) {
    try {
      claims.add(new Claim(name, jws.time(claim).toString()));
    } catch (EvidenceException _) {
      claims.add(new Claim(name, "not said"));
    }
  }

  @Override
  public List<Collateral.Source> sources() {
    return switch (type) {
      case PKI -> Revocation.sources(certificates, LISTS);
      case OIDC -> List.of(Collateral.Source.of(Collateral.Kind.KEY_SET, KEYS));
    };
  }

  @Override
  public VerifiedReport verify(Collateral collateral, Anchors anchors, Instant at)
      throws EvidenceException {
    var checks = new Checks();
    // 1 and 2. The algorithm is RS256, and the key Google's.
    SpaceClaims claims =
        switch (type) {
          case PKI -> pki(checks, collateral, anchors, at);
          case OIDC -> {
            KeySet.Key key =
                jws.requireSignedByIssuer(
                    checks, "space", Signatures.Algorithm.RS256, collateral, KEYS, at);
            yield new SpaceClaims(
                token, type, issuedAt(), Optional.of(key.fingerprint()), Revocation.CHECKED);
          }
        };
    // 3. Who issued it, and for when. For whom is the policy's to say.
    checks.require(
        "space.issuer",
        token.issuer().equals(ISSUER),
        "is Google Cloud Attestation",
        "the token's issuer is not " + ISSUER);
    jws.requireCurrent(checks, "space", LONGEST, at);
    // 5. What no policy can leave out.
    checks.require(
        "space.software-name",
        token.softwareName().equals("CONFIDENTIAL_SPACE"),
        "is Confidential Space",
        "the token is not about Confidential Space: about any other machine it names no container");
    checks.require(
        "space.hardware",
        !token.hardwareModel().equals("GCP_SHIELDED_VM"),
        "is " + token.hardwareModel(),
        "a shielded VM encrypts no memory: start a confidential one");
    checks.require(
        "space.secure-boot",
        token.secureBoot(),
        "is on",
        "secure boot is off: what was measured need not be what runs");
    return checks.verified(claims);
  }

  private SpaceClaims pki(Checks checks, Collateral collateral, Anchors anchors, Instant at)
      throws EvidenceException {
    if (certificates.size() != CERTIFICATES) {
      throw checks.refused(
          "space.certificates",
          "the token has %d certificates, and Google's have %d"
              .formatted(certificates.size(), CERTIFICATES));
    }
    X509Certificate leaf = certificates.getFirst();
    X509Certificate root = anchors.root(Anchors.Root.GOOGLE_SPACE);
    checks.require(
        "space.root",
        certificates.getLast().equals(root),
        "the chain ends in the pinned root",
        "the chain does not end in Google's root: the token is of somebody else");
    Chain.require(checks, "space.chain", certificates, root, at);
    checks.require(
        "space.certificates",
        leaf.getBasicConstraints() == NOT_AN_AUTHORITY,
        "the signer's certificate is no authority's",
        "the token is signed by an authority itself, not by a signer of tokens");
    Revocation revocation =
        Revocation.check(checks, "space.revocation", certificates, collateral, at);
    jws.requireSigned(checks, "space.signature", Signatures.Algorithm.RS256, leaf.getPublicKey());
    return new SpaceClaims(token, type, issuedAt(), Optional.empty(), revocation);
  }

  private Instant issuedAt() throws EvidenceException {
    return jws.time("iat");
  }
}
