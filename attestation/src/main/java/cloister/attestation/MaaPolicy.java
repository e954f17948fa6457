package cloister.attestation;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Demands of Microsoft Azure Attestation:
///
/// - `issuers`: instances, as `https://sharedeus.eus.attest.azure.net`. Never `any`: an instance is
///   its owner's;
/// - `signing-keys`: fingerprints of their keys, `sha256:…` of the SubjectPublicKeyInfo, or `any`,
///   which leaves it to whoever fetched them;
/// - `attestation-types` of `sgx`, `sevsnpvm`, `tdxvm` and `azurevm`; `isolation-types` of the
///   first three: what isolates a virtual machine, and the same again for the others;
/// - `measurements`: MRENCLAVE, the launch measurement or MRTD;
/// - `host-data`: hexadecimal, of SNP (32 bytes) or MRCONFIGID of TDX (48): the digest of a
///   container group's policy. SGX has none;
/// - `compliance-statuses`: as `azure-compliant-cvm` or `azure-compliant-uvm`. SGX has none;
/// - `tcb-statuses`: of TDX, as `UpToDate`; `minimum-svn`: of an enclave or SNP guest;
/// - `policy-hashes`: of the instance's own policy, as the token has it;
/// - `maximum-age-seconds`: of the token, 1 to 28800.
record MaaPolicy(
    Set<String> issuers,
    Allowed<Digest> signingKeys,
    Allowed<MaaToken.Type> attestationTypes,
    Allowed<MaaToken.Type> isolationTypes,
    Allowed<Measurement> measurements,
    Allowed<String> hostData,
    Allowed<String> complianceStatuses,
    Allowed<String> tcbStatuses,
    long minimumSvn,
    Allowed<String> policyHashes,
    Duration maximumAge)
    implements Policy.Entry {
  private static final long EIGHT_HOURS = 28_800;

  MaaPolicy {
    issuers = Set.copyOf(issuers);
  }

  static MaaPolicy read(Fields fields) throws EvidenceException {
    return new MaaPolicy(
        Set.copyOf(fields.list("issuers", MaaPolicy::instance)),
        fields.allowed("signing-keys", Digest::parse),
        fields.allowed("attestation-types", MaaToken.Type::parse),
        fields.allowed("isolation-types", MaaPolicy::isolation),
        fields.allowed("measurements", Measurement::parse),
        fields.allowed("host-data", text -> Fields.hexadecimal(text).hex()),
        fields.allowed("compliance-statuses", text -> text),
        fields.allowed("tcb-statuses", text -> text),
        fields.integer("minimum-svn", 0, 0xffff_ffffL),
        fields.allowed("policy-hashes", text -> text),
        Duration.ofSeconds(fields.integer("maximum-age-seconds", 1, EIGHT_HOURS)));
  }

  private static String instance(String text) {
    if (!MaaReport.INSTANCE.matcher(text).matches()) {
      throw new IllegalArgumentException("no instance as in https://a.eus.attest.azure.net");
    }
    return text;
  }

  private static MaaToken.Type isolation(String text) {
    MaaToken.Type type = MaaToken.Type.parse(text);
    if (type == MaaToken.Type.AZUREVM) {
      throw new IllegalArgumentException("azurevm isolates nothing: sgx, sevsnpvm or tdxvm");
    }
    return type;
  }

  @Override
  public Tee tee() {
    return Tee.AZURE_MAA;
  }

  @Override
  public List<Check> compare(Claims claims, Instant at) {
    if (!(claims instanceof MaaClaims maa)) {
      throw new IllegalArgumentException("compared with claims of " + claims.tee());
    }
    MaaToken token = maa.token();
    boolean isTdx = token.isolation() == MaaToken.Type.TDXVM;
    boolean isSgx = token.isolation() == MaaToken.Type.SGX;
    var checks = new Checks();
    checks.addAll(
        List.of(
            new Allowed.OneOf<>(issuers).check("maa.issuer", token.issuer()),
            signingKeys.check("maa.signing-key", maa.key()),
            attestationTypes.check("maa.attestation-type", token.type()),
            isolationTypes.check("maa.isolation-type", token.isolation()),
            measurements.check("maa.measurement", token.measurement()),
            isSgx
                ? Check.noted("maa.host-data", "SGX has none")
                : hostData.check(
                    "maa.host-data", token.hostData().map(Bytes::hex).orElse("absent")),
            isSgx && token.complianceStatus().isEmpty()
                ? Check.noted("maa.compliance-status", "of SGX Microsoft says none")
                : complianceStatuses.check(
                    "maa.compliance-status", token.complianceStatus().orElse("absent")),
            isTdx
                ? tcbStatuses.check("maa.tcb-status", token.tcbStatus().orElse("absent"))
                : Check.noted("maa.tcb-status", "only of TDX does Microsoft say one"),
            svn(token.svn()),
            policyHashes.check("maa.policy-hash", token.policyHash())));
    long age = Duration.between(maa.issuedAt(), at).toSeconds();
    checks.require(
        "maa.age",
        age <= maximumAge.toSeconds(),
        "is %d s old, and the policy accepts %d s".formatted(age, maximumAge.toSeconds()),
        "is %d s old, and the policy accepts %d s: ask the enclave for fresh evidence"
            .formatted(age, maximumAge.toSeconds()));
    return checks.list();
  }

  private Check svn(Optional<Long> found) {
    if (found.isEmpty()) {
      return Check.noted("maa.svn", "TDX guests have none");
    }
    return found.get() >= minimumSvn
        ? Check.holds("maa.svn", "is %d, at least %d".formatted(found.get(), minimumSvn))
        : Check.fails(
            "maa.svn",
            "is %d, and the policy accepts %d and later".formatted(found.get(), minimumSvn));
  }
}
