package cloister.attestation;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;

/// A token of Microsoft Azure Attestation about an SGX enclave, a confidential virtual machine or
/// what isolates one: RS256 under a key that the instance publishes. Instances are anybody's, and
/// each has its owner's policy; which one is believed is for our policy to say.
///
/// The key leads to no pinned root: instances sign their own certificates. What some of these hold,
/// an SGX quote of the service itself, is not looked at.
record MaaReport(Jws jws, MaaToken token) implements Report {
  /// Public, Government and China clouds.
  static final Pattern INSTANCE =
      Pattern.compile(
          "https://[a-z0-9]([a-z0-9.-]{0,100}[a-z0-9])?\\.attest\\.azure\\.(net|us|cn)");

  /// Microsoft's tokens live eight hours.
  private static final Duration LONGEST = Duration.ofHours(8);

  static MaaReport parse(Evidence evidence) throws EvidenceException {
    evidence.onlyWith();
    Jws jws = Jws.parse("Azure Attestation token", evidence.report());
    return new MaaReport(jws, MaaToken.read(jws.claims()));
  }

  @Override
  public Tee tee() {
    return Tee.AZURE_MAA;
  }

  @Override
  public Measurement measured() {
    return token.measurement();
  }

  @Override
  public List<Claim> claims() {
    return token.claims();
  }

  @Override
  public List<Collateral.Source> sources() {
    return INSTANCE.matcher(token.issuer()).matches()
        ? List.of(Collateral.Source.of(Collateral.Kind.KEY_SET, keys()))
        : List.of();
  }

  private String keys() {
    return token.issuer() + "/certs";
  }

  @Override
  public VerifiedReport verify(Collateral collateral, Anchors anchors, Instant at)
      throws EvidenceException {
    var checks = new Checks();
    if (!checks.require(
        "maa.issuer",
        INSTANCE.matcher(token.issuer()).matches(),
        "is the instance " + token.issuer(),
        "the token's issuer is no instance of Azure Attestation")) {
      throw new EvidenceException(checks.list());
    }
    KeySet.Signer signer =
        jws.requireSignedByIssuer(
            checks, "maa", Signatures.Algorithm.RS256, collateral, keys(), at);
    jws.requireCurrent(checks, "maa", LONGEST, at);
    checks.require(
        "maa.version",
        token.version().equals("1.0"),
        "is 1.0",
        "the token's version is not 1.0, whose claims are known here");
    checks.require(
        "maa.vmpl",
        token.vmpl().filter(level -> level != 0).isEmpty(),
        "is the most privileged, or the hardware has no levels",
        "the report is of a less privileged level of the guest, which others can look into");
    checks.require(
        "maa.migration",
        !token.migratable(),
        "is not allowed",
        "the guest may be moved to another machine with the help of an agent nobody attested");
    token.machine().ifPresent(machine -> booted(checks, machine));
    return checks.verified(
        new MaaClaims(token, jws.time("iat"), jws.time("exp"), signer.key(), signer.fetched()));
  }

  private static void booted(Checks checks, MaaToken.Machine machine) {
    checks.require(
        "maa.secure-boot",
        machine.secureBoot(),
        "is on",
        "secure boot is off: the token says nothing of the operating system");
    checks.require(
        "maa.secure-boot-keys",
        machine.defaultKeys(),
        "the keys of secure boot are Microsoft's",
        "the keys of secure boot, or what they allow and forbid, are not Microsoft's: the machine"
            + " boots what their owner signed");
    checks.require(
        "maa.signing",
        !machine.testSigned(),
        "no code is accepted that is signed for tests",
        "the machine accepts code that is signed for tests or previews");
  }
}
