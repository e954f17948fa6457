package cloister.attestation;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// An attestation document of AWS Nitro: a COSE_Sign1 by ES384 around a [NitroDocument], for an
/// enclave or for an instance with a NitroTPM. Verification follows AWS's `attestation_process.md`
/// §3.2, with every certificate valid at the given instant: the document's own lives three hours.
///
/// Revocation: AWS documents that lists are not to be checked, and publishes none for the two
/// certificates next to the document. Where lists of an issuer are at hand they are checked (by
/// issuer and serial number, so that a re-encoded certificate is no other one), and a policy may
/// demand it of every certificate that names a list.
record NitroReport(Cose message, NitroDocument document) implements Report {
  private static final int MAX_BYTES = 32 * 1024;
  private static final int NOT_AN_AUTHORITY = -1;
  private static final String LIST_IS_PUBLISHED = "2.5.29.31";

  /// How far the hypervisor's clock may be ahead of the verifier's.
  private static final Duration CLOCK_SKEW = Duration.ofSeconds(60);

  /// {1: -35}, and nothing else.
  private static final Map<Cbor, Cbor> HEADER = Map.of(new Cbor.Int(1), new Cbor.Int(-35));

  /// Whether all certificates whose issuer publishes lists were found on none.
  enum Revocation {
    CHECKED,
    UNCHECKED;

    static Revocation parse(String label) {
      if (label.equals("checked")) {
        return CHECKED;
      }
      throw new IllegalArgumentException("not checked");
    }

    @Override
    public String toString() {
      return this == CHECKED ? "checked" : "unchecked";
    }
  }

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
  public List<Claim> claims() {
    return document.claims();
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
    Revocation revocation = revocation(checks, path, collateral, at);
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

  private static Revocation revocation(
      Checks checks, List<X509Certificate> path, Collateral collateral, Instant at) {
    Revocation revocation = Revocation.CHECKED;
    for (int i = 0; i < path.size() - 1; i++) {
      X509Certificate certificate = path.get(i);
      X509Certificate issuer = path.get(i + 1);
      boolean atHand =
          collateral.revocationLists().stream()
              .anyMatch(
                  list -> list.getIssuerX500Principal().equals(issuer.getSubjectX500Principal()));
      if (atHand) {
        Chain.requireNotRevoked(checks, "nitro.revocation", certificate, issuer, collateral, at);
      } else if (certificate.getExtensionValue(LIST_IS_PUBLISHED) == null) {
        checks.noted("nitro.revocation", "AWS publishes no list for " + Chain.of(certificate));
      } else {
        checks.noted(
            "nitro.revocation",
            "%s was not looked for on a list: none of %s is at hand"
                .formatted(Chain.of(certificate), Chain.of(issuer)));
        revocation = Revocation.UNCHECKED;
      }
    }
    return revocation;
  }
}
