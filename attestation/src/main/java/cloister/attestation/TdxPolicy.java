package cloister.attestation;

import cloister.crypto.Bytes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Demands of a trust domain:
///
/// ```
/// tcb               see [DcapTcbPolicy]
/// mrtd              [48 bytes] or any
/// rtmr0 … rtmr3     [48 bytes] or any, each
/// mr-config-id      [48 bytes] or any
/// mr-seam           [48 bytes] or any: the TDX module itself, beside what Intel says of it
/// xfam              8 bytes as quoted: the extended features that may be on; or any
/// require-attributes [sept-ve-disable, …] that have to be on; or any, where none has to
/// allow-attributes   […] that may be on; absent: no others
/// platforms         [PPID or platform instance id, 16 bytes] or any
/// mr-owner, mr-owner-config  [48 bytes] or any; absent: zero
/// mr-service-td     [48 bytes] or any; absent: zero, where the quote says it
/// ```
///
/// @param xfam the mask, all bits for any
/// @param serviceTd what manages the domain from outside, for migration say. TD reports 1.0 do not
///   have it: a list cannot be met by one, and where nothing is demanded every result shows that
record TdxPolicy(
    DcapTcbPolicy tcb,
    Map<String, Allowed<Bytes>> registers,
    Optional<Allowed<Bytes>> serviceTd,
    Allowed<Bytes> xfam,
    Set<Attribute> required,
    Set<Attribute> allowed,
    Allowed<Bytes> platforms)
    implements Policy.Entry {
  private static final int REGISTER = 48;
  private static final String SERVICE_TD = "mr-service-td";
  private static final List<String> OPTIONAL = List.of("mr-owner", "mr-owner-config");

  /// The bits of TDATTRIBUTES that have a name. DEBUG is none of them: nobody can allow it.
  enum Attribute {
    SEPT_VE_DISABLE("sept-ve-disable", TdxClaims.SEPT_VE_DISABLE),
    MIGRATABLE("migratable", TdxClaims.MIGRATABLE),
    PROTECTION_KEYS("protection-keys", TdxClaims.PROTECTION_KEYS),
    KEY_LOCKER("key-locker", TdxClaims.KEY_LOCKER),
    PERFMON("perfmon", TdxClaims.PERFMON);

    private final String label;
    private final int bit;

    Attribute(String label, int bit) {
      this.label = label;
      this.bit = bit;
    }

    static Attribute byLabel(String label) {
      for (Attribute attribute : values()) {
        if (attribute.label.equals(label)) {
          return attribute;
        }
      }
      throw new IllegalArgumentException("no attribute of a trust domain: " + label);
    }

    /// What is on, by name where there is one.
    static List<String> named(long attributes) {
      var names = new ArrayList<String>();
      long left = attributes;
      for (Attribute attribute : values()) {
        if ((left >>> attribute.bit & 1) == 1) {
          names.add(attribute.label);
          left &= ~(1L << attribute.bit);
        }
      }
      for (int bit = 0; bit < Long.SIZE; bit++) {
        if ((left >>> bit & 1) == 1) {
          names.add(bit == TdxClaims.DEBUG ? "debug" : "bit-" + bit);
        }
      }
      return names;
    }

    @Override
    public String toString() {
      return label;
    }
  }

  TdxPolicy {
    registers = Collections.unmodifiableMap(new LinkedHashMap<>(registers));
    required = Set.copyOf(required);
    allowed = Set.copyOf(allowed);
  }

  static TdxPolicy read(Fields fields) throws EvidenceException {
    var registers = new LinkedHashMap<String, Allowed<Bytes>>();
    for (String name :
        List.of("mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "mr-config-id", "mr-seam")) {
      registers.put(name, fields.allowed(name, hex -> sized(hex, REGISTER)));
    }
    for (String name : OPTIONAL) {
      registers.put(name, orZero(fields, name, REGISTER));
    }
    return new TdxPolicy(
        DcapTcbPolicy.read(fields),
        registers,
        fields.has(SERVICE_TD)
            ? Optional.of(fields.allowed(SERVICE_TD, hex -> sized(hex, REGISTER)))
            : Optional.empty(),
        mask(fields, "xfam", 8),
        required(fields.allowed("require-attributes", Attribute::byLabel)),
        fields.has("allow-attributes")
            ? Set.copyOf(fields.list("allow-attributes", Attribute::byLabel))
            : Set.of(),
        fields.allowed("platforms", hex -> sized(hex, 16)));
  }

  private static Set<Attribute> required(Allowed<Attribute> attributes) {
    return switch (attributes) {
      case Allowed.OneOf<Attribute>(var named) -> named;
      case Allowed.Any<Attribute>() -> Set.of();
    };
  }

  /// Bits that may be on, or any.
  static Allowed<Bytes> mask(Fields fields, String name, int bytes) throws EvidenceException {
    return fields.saysAny(name)
        ? new Allowed.Any<>()
        : new Allowed.OneOf<>(Set.of(fields.<Bytes>parsed(name, hex -> sized(hex, bytes))));
  }

  static Allowed<Bytes> orZero(Fields fields, String name, int bytes) throws EvidenceException {
    return fields.has(name)
        ? fields.allowed(name, hex -> sized(hex, bytes))
        : new Allowed.OneOf<>(Set.of(Bytes.of(new byte[bytes])));
  }

  static Bytes sized(String hex, int bytes) {
    Bytes value = Fields.hexadecimal(hex);
    if (value.size() != bytes) {
      throw new IllegalArgumentException("%d bytes, not %d".formatted(value.size(), bytes));
    }
    return value;
  }

  @Override
  public Tee tee() {
    return Tee.TDX;
  }

  @Override
  public List<Check> compare(Claims claims, Instant at) {
    if (!(claims instanceof TdxClaims tdx)) {
      throw new IllegalArgumentException("not claims of TDX");
    }
    var checks = new Checks();
    TdReport domain = tdx.domain();
    tcb.compare(checks, "tdx", tdx.platform(), at);
    Map<String, Bytes> found = registers(domain);
    registers.forEach((name, demand) -> {
      Bytes value = found.getOrDefault(name, Bytes.of(new byte[REGISTER]));
      checks.add(
          OPTIONAL.contains(name)
              ? demand.checkOrZero("tdx." + name, value)
              : demand.check("tdx." + name, value));
    });
    serviceTd(checks, domain);
    compareMask(checks, "tdx.xfam", xfam, domain.xfam());
    attributes(checks, domain);
    checks.require(
        "tdx.seam-attributes",
        domain.seamAttributes().equals(Bytes.of(new byte[8])),
        "the TDX module is a production one",
        "the TDX module has attributes " + domain.seamAttributes().hex());
    checks.add(tdx.platform().check("tdx.platforms", platforms));
    return checks.list();
  }

  private static Map<String, Bytes> registers(TdReport domain) {
    var found = new LinkedHashMap<String, Bytes>();
    found.put("mrtd", domain.mrTd());
    for (int i = 0; i < domain.rtmrs().size(); i++) {
      found.put("rtmr" + i, domain.rtmrs().get(i));
    }
    found.put("mr-config-id", domain.mrConfigId());
    found.put("mr-seam", domain.mrSeam());
    found.put("mr-owner", domain.mrOwner());
    found.put("mr-owner-config", domain.mrOwnerConfig());
    return found;
  }

  private void serviceTd(Checks checks, TdReport domain) {
    String name = "tdx." + SERVICE_TD;
    if (domain.mrServiceTd().isPresent()) {
      Allowed<Bytes> demand =
          serviceTd.orElse(new Allowed.OneOf<>(Set.of(Bytes.of(new byte[REGISTER]))));
      checks.add(demand.checkOrZero(name, domain.mrServiceTd().get()));
    } else if (serviceTd.filter(demand -> demand instanceof Allowed.OneOf<Bytes>).isPresent()) {
      checks.fails(
          name,
          "the quote has a TD report 1.0, which does not say it: have the platform quote a TD"
              + " report 1.5, or accept any");
    } else {
      checks.noted(name, "the quote has a TD report 1.0, which does not say it");
    }
  }

  static void compareMask(Checks checks, String name, Allowed<Bytes> demand, Bytes found) {
    switch (demand) {
      case Allowed.Any<Bytes>() ->
          checks.noted(name, "is %s, and the policy accepts any".formatted(found.hex()));
      case Allowed.OneOf<Bytes>(var masks) -> {
        Bytes mask = masks.iterator().next();
        checks.require(
            name,
            TcbInfo.masked(found, mask).equals(found),
            "is %s, within %s".formatted(found.hex(), mask.hex()),
            "is %s, and the policy accepts the bits of %s".formatted(found.hex(), mask.hex()));
      }
    }
  }

  /// A bit without a name here may weaken what the others promise: it is refused.
  private void attributes(Checks checks, TdReport domain) {
    long left = domain.attributes();
    if (required.isEmpty()) {
      checks.noted("tdx.require-attributes", "the policy requires no attribute to be on");
    }
    for (Attribute attribute : Attribute.values()) {
      boolean on = (left >>> attribute.bit & 1) == 1;
      left &= ~(1L << attribute.bit);
      if (required.contains(attribute)) {
        checks.require(
            "tdx." + attribute, on, "is on", attribute + " is off, and the policy wants it on");
      } else {
        checks.require(
            "tdx." + attribute,
            !on || allowed.contains(attribute),
            on ? "is on, as accepted" : "is off",
            attribute + " is on, which the policy does not list");
      }
    }
    checks.require(
        "tdx.td-attributes",
        left == 0,
        "no other attribute is on",
        "attributes %016x are on that have no name here".formatted(left));
  }
}
