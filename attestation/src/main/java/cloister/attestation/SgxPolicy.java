package cloister.attestation;

import cloister.crypto.Bytes;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/// Demands of an SGX enclave:
///
/// ```
/// tcb             see [DcapTcbPolicy]
/// mrenclave       [32 bytes] or any
/// mrsigner        [32 bytes] or any; one of the two is a list
/// isvprodid       [number] or any
/// minimum-isvsvn  number
/// platforms       [PPID, 16 bytes] or any
/// configid        [64 bytes] or any; absent: zero
/// keys            [provision-key, launch-key] that the enclave may have; absent: neither
/// ```
record SgxPolicy(
    DcapTcbPolicy tcb,
    Allowed<Bytes> mrEnclave,
    Allowed<Bytes> mrSigner,
    Allowed<Long> isvProductId,
    long minimumIsvSvn,
    Allowed<Bytes> platforms,
    Allowed<Bytes> configId,
    Set<String> keys)
    implements Policy.Entry {
  private static final String PROVISION = "provision-key";
  private static final String LAUNCH = "launch-key";

  SgxPolicy {
    keys = Set.copyOf(keys);
  }

  static SgxPolicy read(Fields fields) throws EvidenceException {
    var policy =
        new SgxPolicy(
            DcapTcbPolicy.read(fields),
            fields.allowed("mrenclave", hex -> TdxPolicy.sized(hex, 32)),
            fields.allowed("mrsigner", hex -> TdxPolicy.sized(hex, 32)),
            fields.allowed("isvprodid", Long::parseUnsignedLong),
            fields.integer("minimum-isvsvn", 0, 65535),
            fields.allowed("platforms", hex -> TdxPolicy.sized(hex, 16)),
            TdxPolicy.orZero(fields, "configid", 64),
            fields.has("keys") ? Set.copyOf(fields.list("keys", SgxPolicy::key)) : Set.of());
    if (policy.mrEnclave instanceof Allowed.Any<Bytes>
        && policy.mrSigner instanceof Allowed.Any<Bytes>) {
      throw fields.bad("mrenclave", "and mrsigner are both any: whose enclave is accepted?");
    }
    return policy;
  }

  private static String key(String name) {
    if (!name.equals(PROVISION) && !name.equals(LAUNCH)) {
      throw new IllegalArgumentException("neither provision-key nor launch-key");
    }
    return name;
  }

  @Override
  public Tee tee() {
    return Tee.SGX;
  }

  @Override
  public List<Check> compare(Claims claims, Instant at) {
    if (!(claims instanceof SgxClaims(SgxReport enclave, DcapPlatform platform))) {
      throw new IllegalArgumentException("not claims of SGX");
    }
    var checks = new Checks();
    tcb.compare(checks, "sgx", platform, at);
    checks.addAll(
        List.of(
            mrEnclave.check("sgx.mrenclave", enclave.mrEnclave()),
            mrSigner.check("sgx.mrsigner", enclave.mrSigner()),
            isvProductId.check("sgx.isvprodid", (long) enclave.isvProductId()),
            platforms.check("sgx.platforms", platform.certificate().ppid()),
            configId.check("sgx.configid", enclave.configId())));
    checks.require(
        "sgx.minimum-isvsvn",
        enclave.isvSvn() >= minimumIsvSvn,
        "the enclave's version is " + enclave.isvSvn(),
        "the enclave's version is %d, and the policy wants at least %d"
            .formatted(enclave.isvSvn(), minimumIsvSvn));
    checks.require(
        "sgx.mode64",
        enclave.isMode64(),
        "the enclave is a 64-bit one",
        "the enclave is not a 64-bit one");
    key(checks, PROVISION, enclave.hasProvisionKey());
    key(checks, LAUNCH, enclave.hasLaunchKey());
    return checks.list();
  }

  private void key(Checks checks, String name, boolean has) {
    checks.require(
        "sgx." + name,
        !has || keys.contains(name),
        has ? "the enclave has the " + name + ", as accepted" : "the enclave has no " + name,
        "the enclave has the %s, which the policy does not list".formatted(name));
  }
}
