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
/// platforms       [PPID or platform instance id, 16 bytes] or any
/// configid        [64 bytes] or any; absent: zero
/// keys            [provision-key, launch-key] that the enclave may have; absent: neither
/// xfrm            8 bytes as reported: the extended features that may be on; or any
/// miscselect      4 bytes as reported: what may be saved on an exit; or any; absent: zero
/// ```
///
/// DEBUG cannot be accepted, INIT and MODE64 are demanded, and an attribute that has no name here
/// is refused.
record SgxPolicy(
    DcapTcbPolicy tcb,
    Allowed<Bytes> mrEnclave,
    Allowed<Bytes> mrSigner,
    Allowed<Long> isvProductId,
    long minimumIsvSvn,
    Allowed<Bytes> platforms,
    Allowed<Bytes> configId,
    Set<String> keys,
    Allowed<Bytes> xfrm,
    Allowed<Bytes> miscSelect)
    implements Policy.Entry {
  private static final String PROVISION = "provision-key";
  private static final String LAUNCH = "launch-key";
  private static final long INIT = 1;

  /// INIT, DEBUG, MODE64, the two keys, CET, KSS and AEX-Notify (Intel SDM vol. 3D, ATTRIBUTES).
  /// The first five have checks of their own, and the last three weaken nothing.
  private static final long NAMED =
      INIT | 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 10;

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
            fields.has("keys") ? Set.copyOf(fields.list("keys", SgxPolicy::key)) : Set.of(),
            TdxPolicy.mask(fields, "xfrm", 8),
            fields.has("miscselect")
                ? TdxPolicy.mask(fields, "miscselect", 4)
                : new Allowed.OneOf<>(Set.of(Bytes.of(new byte[4]))));
    if (!fields.isWrong("mrenclave")
        && !fields.isWrong("mrsigner")
        && policy.mrEnclave instanceof Allowed.Any<Bytes>
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
            platform.check("sgx.platforms", platforms),
            configId.checkOrZero("sgx.configid", enclave.configId())));
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
    checks.require(
        "sgx.attributes",
        (enclave.flags() & INIT) != 0 && (enclave.flags() & ~NAMED) == 0,
        "the enclave is initialised, and has no attribute without a name here",
        "the enclave's attributes are %016x".formatted(enclave.flags()));
    TdxPolicy.compareMask(checks, "sgx.xfrm", xfrm, enclave.xfrm());
    TdxPolicy.compareMask(checks, "sgx.miscselect", miscSelect, enclave.miscSelect());
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
