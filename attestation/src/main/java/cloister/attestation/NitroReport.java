package cloister.attestation;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// An attestation document of AWS Nitro: a COSE_Sign1 by ES384 around a [NitroDocument], for an
/// enclave or for an instance with a NitroTPM. Verification follows AWS's `attestation_process.md`
/// §3.2, with every certificate valid at the given instant: the document's own lives three hours.
///
/// Revocation: AWS documents that lists are not to be checked, and publishes none for the two
/// certificates next to the document; so [Revocation] of those that are published is for the policy
/// to demand.
record NitroReport(Cose message, NitroDocument document) implements Report {
  private static final int MAX_BYTES = 32 * 1024;
  private static final int NOT_AN_AUTHORITY = -1;
  private static final Pattern LISTS =
      Pattern.compile(
          "http://(crl-[a-z0-9-]+-)?aws-nitro-enclaves(-crl)?\\.s3\\.([a-z0-9-]+\\.)?amazonaws\\.com"
              + "/crl/[0-9a-f-]{36}\\.crl");

  /// How far the hypervisor's clock may be ahead of the verifier's.
  private static final Duration CLOCK_SKEW = Duration.ofSeconds(60);

  /// {1: -35}, and nothing else.
  private static final Map<Cbor, Cbor> HEADER = Map.of(new Cbor.Int(1), new Cbor.Int(-35));

  static NitroReport parse(Evidence evidence) throws EvidenceException {
    evidence.onlyWith();
    if (evidence.report().size() > MAX_BYTES) {
      throw new EvidenceException(
          "a Nitro document has at most %d bytes, not %d"
              .formatted(MAX_BYTES, evidence.report().size()));
    }
    Cose message = Cose.parse("Nitro document", evidence.report());
    return new NitroReport(message, NitroDocument.parse(message.payload()));
  }

  @Override
  public Tee tee() {
    return Tee.NITRO;
  }

  @Override
  public Measurement measured() {
    return document.measurement();
  }

  @Override
  public List<Claim> claims() {
    return document.claims();
  }

  /// The lists of AWS that the certificates name.
  @Override
  public List<Collateral.Source> sources() {
    return Revocation.sources(document.bundle(), LISTS);
  }

  @Override
  public VerifiedReport verify(Collateral collateral, Anchors anchors, Instant at)
      throws EvidenceException {
    var checks = new Checks();
    // 1. What the algorithm is, and nothing beside it.
    checks.require(
        "nitro.header",
        message.protectedHeader().entries().equals(HEADER)
            && message.unprotectedHeader().entries().isEmpty(),
        "names ES384 and nothing else",
        "the document's headers have more than the algorithm, which is not what AWS writes");
    for (String field : document.unknown()) {
      checks.noted("nitro.field", "has a field that this version does not know: " + field);
    }
    // 2. The chain: the bundle is root first, and its first is the root that is pinned.
    List<X509Certificate> path = path();
    X509Certificate root = anchors.root(Anchors.Root.AWS_NITRO);
    checks.require(
        "nitro.root",
        document.bundle().getFirst().equals(root),
        "the bundle begins with the pinned root",
        "the bundle does not begin with AWS's root G1: the document is of no Nitro hypervisor");
    Chain.require(checks, "nitro.chain", path, root, at);
    checks.require(
        "nitro.certificate",
        document.certificate().getBasicConstraints() == NOT_AN_AUTHORITY,
        "the document's certificate is no authority's",
        "the document is signed by an authority itself, not by a hypervisor's key for it");
    Revocation revocation = Revocation.check(checks, "nitro.revocation", path, collateral, at);
    // 3. The signature.
    message.requireSigned(
        checks,
        "nitro.signature",
        Signatures.Algorithm.ES384,
        document.certificate().getPublicKey());
    // 4. The time: how old it may be is for the policy.
    checks.require(
        "nitro.timestamp",
        !document.timestamp().isAfter(at.plus(CLOCK_SKEW)),
        "made at " + document.timestamp(),
        "the document was made in the future, at %s: set the clock"
            .formatted(document.timestamp()));
    return checks.verified(new NitroClaims(document, revocation));
  }

  /// Leaf first, the root last.
  private List<X509Certificate> path() {
    var path = new ArrayList<X509Certificate>();
    path.add(document.certificate());
    path.addAll(document.bundle().reversed());
    return path;
  }
}
