package cloister.attestation;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Whether AMD's hardware made an SNP report: from the pinned root of the product over its signing
/// authority and the chip's or the provider's key to the report's bytes, and from the report's
/// patch level back to the certificate (AMD 56860, ATTESTATION_REPORT; AMD 57230).
///
/// Its checks are collected under a prefix, as evidence of other kinds has an SNP report inside.
final class SnpVerification {
  /// AMD gives each provider a key for each of its regions, all of one patch level. A signature
  /// takes two milliseconds to check.
  private static final int MOST_TRIED = 256;

  private final Checks checks;
  private final String prefix;
  private final Anchors anchors;
  private final Instant at;

  /// @param prefix of the checks' names: `snp`
  SnpVerification(Checks checks, String prefix, Anchors anchors, Instant at) {
    this.checks = checks;
    this.prefix = prefix + ".";
    this.anchors = anchors;
    this.at = at;
  }

  /// Collects every check there is.
  ///
  /// @param certificates that came with the report, in any order; those of the collateral are used
  ///   too
  /// @return what the report says, to be believed if none of the checks failed
  /// @throws EvidenceException where nothing further can be checked
  SnpClaims verify(SnpReport report, List<X509Certificate> certificates, Collateral collateral)
      throws EvidenceException {
    SnpSigningKey key = signingKey(report);
    var candidates = new ArrayList<>(certificates);
    candidates.addAll(collateral.certificates());
    SnpEndorsement endorsement = endorsement(report, key, certificates, candidates);
    product(report, endorsement);
    chain(endorsement, candidates, collateral);
    checks.require(
        prefix + "signature",
        isSignedBy(report, endorsement),
        "the report is signed by the %s".formatted(key),
        "the report is not signed by the key of the %s certificate: it was altered, or the"
                .formatted(key)
            + " certificate is another chip's or patch level's");
    SnpClaims claims = tcb(report, endorsement);
    owner(report, endorsement);
    bits(report);
    return claims;
  }

  // AMD 56860: KEY_INFO
  private SnpSigningKey signingKey(SnpReport report) throws EvidenceException {
    SnpSigningKey key =
        report
            .signingKey()
            .orElseThrow(() ->
                checks.refused(
                    prefix + "signing-key",
                    "the report names key %d, which signs nothing: let the platform sign with a"
                            .formatted(report.keyInfo().code())
                        + " VCEK or VLEK"));
    checks.holds(prefix + "signing-key", "the report names a " + key);
    checks.require(
        prefix + "mask-chip-key",
        key == SnpSigningKey.VLEK || !report.keyInfo().isChipKeyMasked(),
        report.keyInfo().isChipKeyMasked() ? "the chip's key is masked" : "no key is masked",
        "the platform masks the chip's key (MASK_CHIP_KEY), and a VCEK is named as the signer");
    return key;
  }

  private SnpEndorsement endorsement(
      SnpReport report,
      SnpSigningKey key,
      List<X509Certificate> sent,
      List<X509Certificate> candidates)
      throws EvidenceException {
    String name = prefix + "certificate";
    var ofThatKind = new ArrayList<SnpEndorsement>();
    Optional<String> malformed = Optional.empty();
    for (X509Certificate candidate : candidates) {
      if (SnpEndorsement.isOne(candidate)) {
        try {
          SnpEndorsement one = SnpEndorsement.read(candidate);
          if (one.key() == key) {
            ofThatKind.add(one);
          }
        } catch (EvidenceException e) {
          malformed = Optional.of(String.valueOf(e.getMessage()));
        }
      }
    }
    if (ofThatKind.isEmpty()) {
      throw checks.refused(
          name,
          malformed.orElse(
              "no certificate of a %s is at hand: send it with the evidence%s"
                  .formatted(key, fetched(report))));
    }
    SnpEndorsement chosen = chosen(report, key, ofThatKind, sent, candidates);
    checks.holds(name, "of a %s for %s".formatted(key, chosen.product().vendorName()));
    return chosen;
  }

  /// Collateral has the certificates of many chips and patch levels. Of those for this one, the one
  /// whose key signed; where there is none, one of its chip, or one that came with the report, for
  /// its checks to say what is wrong. Of what is at hand of other chips nothing is said.
  private SnpEndorsement chosen(
      SnpReport report,
      SnpSigningKey key,
      List<SnpEndorsement> ofThatKind,
      List<X509Certificate> sent,
      List<X509Certificate> candidates)
      throws EvidenceException {
    // A chip that hides its identifier has no certificate that is known to be its own.
    boolean hides = key == SnpSigningKey.VLEK || SnpReport.isZero(report.chipId());
    List<SnpEndorsement> own =
        ofThatKind.stream().filter(one -> hides || one.isOfChip(report.chipId())).toList();
    List<SnpEndorsement> ofChip =
        own.isEmpty()
            ? ofThatKind.stream().filter(one -> sent.contains(one.certificate())).toList()
            : own;
    if (ofChip.isEmpty()) {
      throw checks.refused(
          prefix + "certificate",
          "no VCEK of this chip is at hand, only of others: send it with the evidence"
              + fetched(report));
    }
    if (ofChip.size() == 1) {
      return ofChip.getFirst();
    }
    List<SnpEndorsement> about = ofChip.stream().filter(one -> one.isAbout(report)).toList();
    List<SnpEndorsement> tried = about.isEmpty() ? ofChip : about;
    return tried.stream()
        .filter(one -> leads(one, candidates))
        .limit(MOST_TRIED)
        .filter(one -> isSignedBy(report, one))
        .findFirst()
        .orElse(tried.getFirst());
  }

  /// Whether AMD's root leads to it: others, which anybody makes, are not tried, so that none of
  /// them takes a genuine one's turn.
  private boolean leads(SnpEndorsement endorsement, List<X509Certificate> candidates) {
    List<X509Certificate> path = Chain.path(endorsement.certificate(), candidates);
    return path.size() > 1
        && Chain.isSignedBy(path.get(0), path.get(1))
        && Chain.isSignedBy(path.get(1), anchors.root(endorsement.product().root()));
  }

  private static String fetched(SnpReport report) {
    List<String> urls = SnpKeyDistribution.chipKeys(report);
    return urls.isEmpty() ? "" : ", or fetch " + String.join(" or ", urls);
  }

  // The processor, its key's certificate and the root have to be of one product.
  private void product(SnpReport report, SnpEndorsement endorsement) {
    String certified = endorsement.product().vendorName();
    if (report.cpuid().isEmpty()) {
      checks.noted(
          prefix + "product",
          "%s, says the certificate; a report of version %d says nothing"
              .formatted(certified, report.version()));
      return;
    }
    SnpReport.Cpuid cpuid = report.cpuid().get();
    Optional<SnpProduct> found = SnpProduct.byCpuid(cpuid.family(), cpuid.model());
    checks.require(
        prefix + "product",
        found.equals(Optional.of(endorsement.product())),
        "%s, say processor (%s) and certificate".formatted(certified, cpuid),
        "the processor is %s (%s), and the certificate is for %s"
            .formatted(
                found.map(SnpProduct::vendorName).orElse("of no known product"), cpuid, certified));
  }

  private void chain(
      SnpEndorsement endorsement, List<X509Certificate> candidates, Collateral collateral) {
    X509Certificate root = anchors.root(endorsement.product().root());
    String issuer = endorsement.key().issuer(endorsement.product());
    List<X509Certificate> path = Chain.path(endorsement.certificate(), candidates);
    if (path.size() < 2 || !Chain.of(path.get(1)).equals(issuer)) {
      checks.fails(
          prefix + "chain",
          "the %s certificate is not signed by a certificate of %s that is at hand: fetch %s"
              .formatted(
                  endorsement.key(),
                  issuer,
                  SnpKeyDistribution.authorities(endorsement.key(), endorsement.product())));
      checks.fails(
          prefix + "revocation", "without the certificate of %s not known".formatted(issuer));
      return;
    }
    X509Certificate authority = path.get(1);
    Chain.require(checks, prefix + "chain", path.subList(0, 2), root, at);
    // A VEK has the serial number 0, so that AMD lists authorities only.
    Chain.requireNotRevoked(checks, prefix + "revocation", authority, root, collateral, at);
  }

  private static boolean isSignedBy(SnpReport report, SnpEndorsement endorsement) {
    return Signatures.verify(
        Signatures.Algorithm.ES384,
        endorsement.certificate().getPublicKey(),
        report.signed(),
        report.signature());
  }

  // What makes the patch level authentic: the key exists only at the TCB that its certificate
  // names.
  private SnpClaims tcb(SnpReport report, SnpEndorsement endorsement) throws EvidenceException {
    SnpClaims claims;
    try {
      claims = SnpClaims.of(report, endorsement);
    } catch (EvidenceException e) {
      throw checks.refused(prefix + "tcb", String.valueOf(e.getMessage()));
    }
    SnpTcb reported = claims.reportedTcb();
    checks.require(
        prefix + "reported-tcb",
        reported.equals(endorsement.tcb()),
        "the certificate is for the reported TCB: " + reported,
        "the report is for %s, and the certificate for %s: fetch that of the reported TCB"
            .formatted(reported, endorsement.tcb()));
    List<String> above = claims.currentTcb().below(reported);
    List<String> uncommitted = claims.currentTcb().below(claims.committedTcb());
    checks.require(
        prefix + "tcb-order",
        above.isEmpty()
            && uncommitted.isEmpty()
            && report.committedFirmware().isAtMost(report.currentFirmware()),
        "what runs is at least what is reported and committed: " + claims.currentTcb(),
        "what runs (%s, firmware %s) is below what is reported (%s) or committed (%s, firmware %s)"
            .formatted(
                claims.currentTcb(),
                report.currentFirmware(),
                reported,
                claims.committedTcb(),
                report.committedFirmware()));
    return claims;
  }

  private void owner(SnpReport report, SnpEndorsement endorsement) {
    switch (endorsement.key()) {
      case VCEK ->
          checks.require(
              prefix + "chip-id",
              endorsement.isOfChip(report.chipId()),
              "the certificate is of the report's chip",
              SnpReport.isZero(report.chipId())
                  ? "the platform hides the chip's identifier (MASK_CHIP_ID), so that it cannot be"
                      + " compared with the certificate's: turn that off"
                  : "the certificate is of another chip than the report's");
      case VLEK ->
          checks.noted(
              prefix + "chip-id",
              "a VLEK is of a provider (%s), not of a chip"
                  .formatted(endorsement.provider().orElse("")));
    }
  }

  private void bits(SnpReport report) {
    checks.require(
        prefix + "policy",
        report.policy().hasReservedOne(),
        "the guest's policy is " + report.policy(),
        "bit 17 of the guest's policy %s is zero, which no firmware accepts"
            .formatted(report.policy()));
    checks.require(
        prefix + "author-key",
        report.keyInfo().hasAuthorKey() || SnpReport.isZero(report.authorKeyDigest()),
        report.keyInfo().hasAuthorKey() ? "an author key is named" : "no author key is named",
        "the report has the digest of an author key, and says that there is none");
    List<Integer> unknown = report.platformInfo().unknown();
    if (!unknown.isEmpty()) {
      checks.noted(
          prefix + "platform-info",
          "%s, of which this version does not know the bits %s"
              .formatted(report.platformInfo(), unknown));
    }
  }
}
