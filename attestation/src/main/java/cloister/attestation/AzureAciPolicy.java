package cloister.attestation;

import cloister.crypto.Bytes;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/// Demands of a confidential container group of Azure:
///
/// ```
/// sev-snp        {…}: those of SnpPlatformPolicy
/// cce-policies   [32 bytes, the SHA-256 of a CCE policy] or any
/// uvm            {did: [did:x509:0:sha256:…::eku:…], feed: [ContainerPlat-AMD-UVM],
///                 minimum-svn: 103, signer: valid-now or valid-when-signed}
/// ```
///
/// @param issuers whose word about utility VMs is taken; there is no `any`
/// @param signer when the certificate of whoever signed the endorsement has to be valid
record AzureAciPolicy(
    SnpPlatformPolicy platform,
    Allowed<Bytes> policies,
    Set<String> issuers,
    Set<String> feeds,
    long minimumSvn,
    Signer signer)
    implements Policy.Entry {
  private static final String PREFIX = "azure-aci.";
  private static final int DIGEST_BYTES = 32;

  /// See [UvmEndorsement].
  enum Signer {
    VALID_NOW,
    VALID_WHEN_SIGNED
  }

  AzureAciPolicy {
    issuers = Set.copyOf(issuers);
    feeds = Set.copyOf(feeds);
    if (issuers.isEmpty() || feeds.isEmpty()) {
      throw new IllegalArgumentException("some issuer and some feed is accepted");
    }
  }

  static AzureAciPolicy read(Fields fields) throws EvidenceException {
    Fields snp = fields.object("sev-snp");
    SnpPlatformPolicy platform = SnpPlatformPolicy.read(snp);
    snp.noOther();
    Allowed<Bytes> policies = fields.allowed("cce-policies", AzureAciPolicy::digest);
    Fields uvm = fields.object("uvm");
    var read =
        new AzureAciPolicy(
            platform,
            policies,
            Set.copyOf(uvm.list("did", text -> DidX509.parse(text).text())),
            Set.copyOf(uvm.list("feed", text -> text)),
            uvm.integer("minimum-svn", 0, Integer.MAX_VALUE),
            signer(uvm));
    uvm.noOther();
    return read;
  }

  private static Bytes digest(String hex) {
    Bytes digest = Fields.hexadecimal(hex);
    if (digest.size() != DIGEST_BYTES) {
      throw new IllegalArgumentException("a policy's digest has 32 bytes, not " + digest.size());
    }
    return digest;
  }

  private static Signer signer(Fields uvm) throws EvidenceException {
    return switch (uvm.string("signer")) {
      case "valid-now" -> Signer.VALID_NOW;
      case "valid-when-signed" -> Signer.VALID_WHEN_SIGNED;
      default -> throw uvm.bad("signer", "is neither valid-now nor valid-when-signed");
    };
  }

  @Override
  public Tee tee() {
    return Tee.AZURE_ACI;
  }

  @Override
  public List<Check> compare(Claims claims, Instant at) {
    if (!(claims instanceof AzureAciClaims(SnpClaims snp, UvmEndorsement endorsement))) {
      throw new IllegalArgumentException("not claims of a container group");
    }
    var checks = new Checks();
    platform.compare(checks, PREFIX + "snp", snp);
    checks.addAll(
        List.of(
            policies.check(PREFIX + "cce-policies", snp.report().hostData()),
            new Allowed.OneOf<>(issuers).check(PREFIX + "uvm.did", endorsement.issuer().text()),
            new Allowed.OneOf<>(feeds).check(PREFIX + "uvm.feed", endorsement.feed())));
    checks.require(
        PREFIX + "uvm.minimum-svn",
        endorsement.svn() >= minimumSvn,
        "the utility VM has security version " + endorsement.svn(),
        "the utility VM has security version %d, and the policy wants at least %d: start the group"
                .formatted(endorsement.svn(), minimumSvn)
            + " again, so that Azure runs it in a newer one");
    signer(checks, endorsement, at);
    return checks.list();
  }

  private void signer(Checks checks, UvmEndorsement endorsement, Instant at) {
    String name = PREFIX + "uvm.signer";
    if (endorsement.isSignerValid(at)) {
      checks.holds(name, "the endorsement's signer is valid at " + at);
      return;
    }
    switch (signer) {
      case VALID_NOW ->
          checks.fails(
              name,
              "the endorsement's signer is not valid at %s any more, and the policy demands it:"
                      .formatted(at)
                  + " start the group again, or accept signers that were valid when they signed");
      case VALID_WHEN_SIGNED ->
          checks.noted(
              name,
              "the endorsement's signer was valid when it signed, at %s, as the policy accepts"
                  .formatted(endorsement.signedAt()));
    }
  }
}
