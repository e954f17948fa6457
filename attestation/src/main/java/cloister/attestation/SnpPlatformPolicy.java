package cloister.attestation;

import cloister.crypto.Bytes;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Demands of the AMD platform under a guest, whoever's guest it is:
///
/// ```
/// products          [milan | genoa | turin]
/// signing-keys      [vcek | vlek]
/// csp-ids           [provider] or any; exactly where vlek is accepted
/// chip-ids          [64 bytes; 8 will do for Turin] or any
/// minimum-tcb       {product: {fmc (turin), bootloader, tee, snp, microcode}}, for each product
/// minimum-launch-tcb  the same, of the firmware that launched the guest; absent: minimum-tcb
/// provisional-firmware  refused or accepted; absent: refused
/// guest-policy      {smt: forbidden or any, single-socket: required or any, minimum-abi: 1.55,
///                   require: [aes-256-xts, …] or any, migration, cxl: forbidden or any; absent:
///                   forbidden, unknown-bits: [26, …]; absent: none}
/// platform-info     {require: [alias-check, …] or any}
/// mitigations       {launch, current: 8 bytes whose ones are needed} or any
/// ```
///
/// @param providers empty where no VLEK is accepted
/// @param minimumTcb for each of the products, as is the launch's
/// @param mitigations empty for any
record SnpPlatformPolicy(
    Set<SnpProduct> products,
    Set<SnpSigningKey> signingKeys,
    Optional<Allowed<String>> providers,
    Allowed<Bytes> chipIds,
    Map<SnpProduct, SnpTcb> minimumTcb,
    Map<SnpProduct, SnpTcb> minimumLaunchTcb,
    Provisional provisional,
    GuestPolicy guestPolicy,
    Allowed<SnpPlatformInfo.Condition> platformInfo,
    Optional<SnpReport.Mitigations> mitigations) {

  /// What is said of firmware that runs and can still be rolled back.
  enum Provisional {
    REFUSED,
    ACCEPTED
  }

  /// @param forbidden what the guest's owner must not have allowed
  /// @param required what the guest's owner must have demanded
  /// @param unknownBits those that are accepted although this version does not know them
  record GuestPolicy(
      Set<SnpGuestPolicy.Flag> forbidden,
      Set<SnpGuestPolicy.Flag> required,
      SnpAbi minimumAbi,
      Set<Integer> unknownBits) {
    GuestPolicy {
      forbidden = Set.copyOf(forbidden);
      required = Set.copyOf(required);
      unknownBits = Set.copyOf(unknownBits);
    }
  }

  SnpPlatformPolicy {
    products = Set.copyOf(products);
    signingKeys = Set.copyOf(signingKeys);
    minimumTcb = Map.copyOf(minimumTcb);
    minimumLaunchTcb = Map.copyOf(minimumLaunchTcb);
    if (products.isEmpty() || signingKeys.isEmpty()) {
      throw new IllegalArgumentException("some product and some key is accepted");
    }
    if (!minimumTcb.keySet().equals(products) || !minimumLaunchTcb.keySet().equals(products)) {
      throw new IllegalArgumentException("each product has a minimum, and no other has");
    }
    if (signingKeys.contains(SnpSigningKey.VLEK) != providers.isPresent()) {
      throw new IllegalArgumentException("a VLEK, and only that, is of an accepted provider");
    }
  }

  static SnpPlatformPolicy read(Fields fields) throws EvidenceException {
    Set<SnpProduct> products =
        Set.copyOf(
            fields.list(
                "products", label -> known(SnpProduct.byLabel(label), SnpProduct.values())));
    Set<SnpSigningKey> keys =
        Set.copyOf(
            fields.list(
                "signing-keys",
                label -> known(SnpSigningKey.byLabel(label), SnpSigningKey.values())));
    Optional<Allowed<String>> providers =
        keys.contains(SnpSigningKey.VLEK)
            ? Optional.of(fields.allowed("csp-ids", text -> text))
            : Optional.empty();
    Map<SnpProduct, SnpTcb> minimum = tcbs(fields, "minimum-tcb", products);
    return new SnpPlatformPolicy(
        products,
        keys,
        providers,
        fields.allowed("chip-ids", SnpPlatformPolicy::chipId),
        minimum,
        fields.has("minimum-launch-tcb") ? tcbs(fields, "minimum-launch-tcb", products) : minimum,
        provisional(fields),
        guestPolicy(fields.object("guest-policy")),
        platformInfo(fields.object("platform-info")),
        mitigations(fields));
  }

  /// @param prefix of the checks' names, which go on with the key that demands: `snp`
  void compare(Checks checks, String prefix, SnpClaims claims) {
    new Comparison(checks, prefix + ".", claims).all();
  }

  private static Map<SnpProduct, SnpTcb> tcbs(Fields fields, String name, Set<SnpProduct> products)
      throws EvidenceException {
    Fields all = fields.object(name);
    var tcbs = new EnumMap<SnpProduct, SnpTcb>(SnpProduct.class);
    for (SnpProduct product : products) {
      Fields tcb = all.object(product.toString());
      tcbs.put(
          product,
          new SnpTcb(
              product.layout() == SnpProduct.Layout.TURIN
                  ? Optional.of(component(tcb, "fmc"))
                  : Optional.empty(),
              component(tcb, "bootloader"),
              component(tcb, "tee"),
              component(tcb, "snp"),
              component(tcb, "microcode")));
      tcb.noOther();
    }
    all.noOther();
    return tcbs;
  }

  private static int component(Fields tcb, String name) throws EvidenceException {
    return (int) tcb.integer(name, 0, 255);
  }

  private static Bytes chipId(String hex) {
    Bytes id = Fields.hexadecimal(hex);
    if (id.size() != 64 && id.size() != SnpProduct.TURIN.chipIdBytes()) {
      throw new IllegalArgumentException("a chip's identifier has 64 bytes, on Turin 8");
    }
    return Bytes.of(Arrays.copyOf(id.toArray(), 64));
  }

  private static Provisional provisional(Fields fields) throws EvidenceException {
    String name = "provisional-firmware";
    if (!fields.has(name)) {
      return Provisional.REFUSED;
    }
    return switch (fields.string(name)) {
      case "refused" -> Provisional.REFUSED;
      case "accepted" -> Provisional.ACCEPTED;
      default -> throw fields.bad(name, "is neither refused nor accepted");
    };
  }

  private static GuestPolicy guestPolicy(Fields fields) throws EvidenceException {
    var forbidden = EnumSet.noneOf(SnpGuestPolicy.Flag.class);
    var required = EnumSet.noneOf(SnpGuestPolicy.Flag.class);
    if (demands(fields, "smt", "forbidden")) {
      forbidden.add(SnpGuestPolicy.Flag.SMT);
    }
    if (demands(fields, "single-socket", "required")) {
      required.add(SnpGuestPolicy.Flag.SINGLE_SOCKET);
    }
    if (!fields.has("migration") || demands(fields, "migration", "forbidden")) {
      forbidden.add(SnpGuestPolicy.Flag.MIGRATION_AGENT);
    }
    if (!fields.has("cxl") || demands(fields, "cxl", "forbidden")) {
      forbidden.add(SnpGuestPolicy.Flag.CXL);
    }
    switch (fields.allowed("require", SnpPlatformPolicy::demand)) {
      case Allowed.OneOf<SnpGuestPolicy.Flag>(var flags) -> required.addAll(flags);
      case Allowed.Any<SnpGuestPolicy.Flag>() -> {}
    }
    var unknown = new HashSet<Integer>();
    if (fields.has("unknown-bits")) {
      unknown.addAll(fields.list("unknown-bits", SnpPlatformPolicy::unknownBit));
    }
    SnpAbi minimumAbi = fields.parsed("minimum-abi", SnpAbi::parse);
    fields.noOther();
    return new GuestPolicy(forbidden, required, minimumAbi, unknown);
  }

  private static boolean demands(Fields fields, String name, String demand)
      throws EvidenceException {
    String word = fields.string(name);
    if (!word.equals(demand) && !word.equals("any")) {
      throw fields.bad(name, "is neither " + demand + " nor any");
    }
    return word.equals(demand);
  }

  /// What a guest's owner can demand of the platform by name.
  private static SnpGuestPolicy.Flag demand(String label) {
    SnpGuestPolicy.Flag flag =
        known(SnpGuestPolicy.Flag.byLabel(label), SnpGuestPolicy.Flag.values());
    return switch (flag) {
      case AES_256_XTS, RAPL_DISABLED, CIPHERTEXT_HIDING, PAGE_SWAP_DISABLED -> flag;
      case SMT, MIGRATION_AGENT, DEBUG, SINGLE_SOCKET, CXL ->
          throw new IllegalArgumentException(label + " is nothing that a guest demands there");
    };
  }

  private static int unknownBit(String text) {
    int bit = text.matches("[0-9]{1,2}") ? Integer.parseInt(text) : -1;
    if (bit < 0 || !new SnpGuestPolicy(bit > 63 ? 0 : 1L << bit).unknown().contains(bit)) {
      throw new IllegalArgumentException("not the position of a bit that this version lacks");
    }
    return bit;
  }

  private static Allowed<SnpPlatformInfo.Condition> platformInfo(Fields fields)
      throws EvidenceException {
    Allowed<SnpPlatformInfo.Condition> required =
        fields.allowed(
            "require",
            label ->
                known(
                    SnpPlatformInfo.Condition.byLabel(label), SnpPlatformInfo.Condition.values()));
    fields.noOther();
    return required;
  }

  private static Optional<SnpReport.Mitigations> mitigations(Fields fields)
      throws EvidenceException {
    if (fields.isString("mitigations")) {
      fields.parsed("mitigations", SnpPlatformPolicy::any);
      return Optional.empty();
    }
    Fields vectors = fields.object("mitigations");
    long launch = bits(vectors.hex("launch", 8));
    long current = bits(vectors.hex("current", 8));
    vectors.noOther();
    return Optional.of(new SnpReport.Mitigations(launch, current));
  }

  private static String any(String word) {
    if (!word.equals("any")) {
      throw new IllegalArgumentException("an object, or the word any");
    }
    return word;
  }

  private static long bits(Bytes bigEndian) {
    return ByteBuffer.wrap(bigEndian.toArray()).getLong();
  }

  private static <T> T known(Optional<T> found, T[] all) {
    return found.orElseThrow(() ->
        new IllegalArgumentException(
            "not one of "
                + Arrays.stream(all).map(Object::toString).collect(Collectors.joining(", "))));
  }

  /// One comparison of all demands, in the order of their keys above.
  private final class Comparison {
    private final Checks checks;
    private final String prefix;
    private final SnpClaims claims;

    Comparison(Checks checks, String prefix, SnpClaims claims) {
      this.checks = checks;
      this.prefix = prefix;
      this.claims = claims;
    }

    void all() {
      list(new Allowed.OneOf<>(products).check(prefix + "products", claims.product()));
      list(new Allowed.OneOf<>(signingKeys).check(prefix + "signing-keys", claims.signingKey()));
      if (providers.isPresent() && claims.signingKey() == SnpSigningKey.VLEK) {
        list(providers.get().check(prefix + "csp-ids", claims.provider().orElse("")));
      }
      list(chipIds.check(prefix + "chip-ids", claims.report().chipId()));
      atLeast("minimum-tcb", minimumTcb, "reported", claims.reportedTcb());
      atLeast("minimum-tcb", minimumTcb, "committed", claims.committedTcb());
      atLeast("minimum-launch-tcb", minimumLaunchTcb, "launch", claims.launchTcb());
      provisionalFirmware();
      guestPolicy();
      platformInfo();
      mitigations();
    }

    private void list(Check check) {
      checks.add(check);
    }

    private void atLeast(String key, Map<SnpProduct, SnpTcb> minimums, String which, SnpTcb found) {
      SnpTcb least = minimums.get(claims.product());
      if (least == null) {
        checks.fails(prefix + key, "the policy has no minimum for " + claims.product());
        return;
      }
      checks.require(
          prefix + key,
          found.isAtLeast(least),
          "the %s TCB is at least the minimum: %s".formatted(which, found),
          "the %s TCB is %s, and the policy wants at least %s: %s is too old, update the firmware"
              .formatted(which, found, least, String.join(" and ", found.below(least))));
    }

    private void provisionalFirmware() {
      String name = prefix + "provisional-firmware";
      if (!claims.isProvisional()) {
        checks.holds(name, "the firmware that runs is committed");
      } else if (provisional == Provisional.ACCEPTED) {
        checks.noted(name, "the firmware that runs can be rolled back, and the policy accepts it");
      } else {
        checks.fails(
            name,
            "the firmware that runs (%s) is not the committed (%s), so that it can be rolled back:"
                    .formatted(claims.currentTcb(), claims.committedTcb())
                + " commit it, or accept provisional firmware");
      }
    }

    private void guestPolicy() {
      SnpGuestPolicy found = claims.report().policy();
      for (SnpGuestPolicy.Flag flag : SnpGuestPolicy.Flag.values()) {
        String name = prefix + "guest-policy." + flag;
        boolean has = found.has(flag);
        if (guestPolicy.forbidden().contains(flag)) {
          checks.require(
              name,
              !has,
              "the guest does not allow " + flag,
              "the guest allows %s, and the policy forbids it: launch it without".formatted(flag));
        } else if (guestPolicy.required().contains(flag)) {
          checks.require(
              name,
              has,
              "the guest demands " + flag,
              "the guest does not demand %s, and the policy does: launch it so".formatted(flag));
        } else if (flag != SnpGuestPolicy.Flag.DEBUG) {
          checks.noted(
              name,
              "%s is %s, and the policy accepts any".formatted(flag, has ? "set" : "not set"));
        }
      }
      checks.require(
          prefix + "guest-policy.debug",
          claims.debug() == Claims.Debug.OFF,
          "the guest does not allow debugging",
          "the guest allows its operator to debug it, which no policy accepts: launch it without");
      checks.require(
          prefix + "guest-policy.minimum-abi",
          found.minimumAbi().compareTo(guestPolicy.minimumAbi()) >= 0,
          "the guest demands firmware interface " + found.minimumAbi(),
          "the guest demands firmware interface %s, and the policy at least %s: launch it so"
              .formatted(found.minimumAbi(), guestPolicy.minimumAbi()));
      List<Integer> unknown =
          found.unknown().stream().filter(bit -> !guestPolicy.unknownBits().contains(bit)).toList();
      checks.require(
          prefix + "guest-policy.unknown-bits",
          unknown.isEmpty(),
          "no bits that are neither known nor accepted",
          "the guest's policy has the bits %s, which may allow anything: accept them by name, or"
                  .formatted(unknown)
              + " launch it without");
    }

    private void platformInfo() {
      String name = prefix + "platform-info.require";
      SnpPlatformInfo found = claims.report().platformInfo();
      switch (platformInfo) {
        case Allowed.OneOf<SnpPlatformInfo.Condition>(var required) -> {
          String missing =
              required.stream()
                  .filter(condition -> !found.meets(condition))
                  .map(Object::toString)
                  .sorted()
                  .collect(Collectors.joining(", "));
          checks.require(
              name,
              missing.isEmpty(),
              "the platform is " + found,
              "the platform is %s, and the policy requires %s too".formatted(found, missing));
        }
        case Allowed.Any<SnpPlatformInfo.Condition>() ->
            checks.noted(name, "the platform is %s, and the policy accepts any".formatted(found));
      }
    }

    private void mitigations() {
      String name = prefix + "mitigations";
      if (mitigations.isEmpty()) {
        checks.noted(name, "the policy demands no mitigation");
        return;
      }
      SnpReport.Mitigations least = mitigations.get();
      Optional<SnpReport.Mitigations> found = claims.report().mitigations();
      checks.require(
          name,
          found.isPresent()
              && (least.launch() & ~found.get().launch()) == 0
              && (least.current() & ~found.get().current()) == 0,
          "the mitigations that the policy demands are on",
          found.isPresent()
              ? "of the mitigations that the policy demands, missing at launch %s, now %s"
                  .formatted(
                      SnpPlatformInfo.positions(least.launch() & ~found.get().launch()),
                      SnpPlatformInfo.positions(least.current() & ~found.get().current()))
              : "a report of version %d names no mitigations, and the policy demands some: update"
                      .formatted(claims.report().version())
                  + " the firmware");
    }
  }
}
