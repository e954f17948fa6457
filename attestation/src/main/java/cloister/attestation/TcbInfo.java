package cloister.attestation;

import cloister.crypto.Bytes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Intel's list of patch levels for one family of platforms (Intel PCS API v4, TCB info of version
/// 2 or 3), before anything of it is believed.
///
/// @param isTdx whether the levels are for TDX
/// @param module what a TDX module of 1.0 has to be
/// @param modules the same for later ones, with levels
/// @param levels highest first
/// @param signed the exact bytes of the member that Intel signed
record TcbInfo(
    boolean isTdx,
    Instant issued,
    Instant nextUpdate,
    Bytes family,
    Bytes pceId,
    int evaluation,
    Optional<Module> module,
    List<ModuleIdentity> modules,
    List<TcbLevel> levels,
    Bytes signed,
    Bytes signature)
    implements IntelSigned {
  private static final int MAX_BYTES = 1 << 20;
  private static final int MAX_LEVELS = 200;

  /// What a TDX module has to be: signer and attributes, compared under a mask. Whatever the mask
  /// leaves out, a production module has no attribute at all.
  record Module(Bytes mrSigner, Bytes attributes, Bytes mask) {
    boolean matches(TdReport report) {
      return report.mrSignerSeam().equals(mrSigner)
          && masked(report.seamAttributes(), mask).equals(attributes)
          && report.seamAttributes().equals(Bytes.of(new byte[8]));
    }
  }

  /// @param id `TDX_` and the module's major version in two hexadecimal digits
  record ModuleIdentity(String id, Module module, List<IsvLevel> levels) {
    ModuleIdentity {
      levels = List.copyOf(levels);
    }
  }

  TcbInfo {
    modules = List.copyOf(modules);
    levels = List.copyOf(levels);
  }

  /// Of the TDX module with that major version.
  Optional<ModuleIdentity> module(int major) {
    String id = String.format(Locale.ROOT, "TDX_%02X", major);
    return modules.stream().filter(one -> one.id().toUpperCase(Locale.ROOT).equals(id)).findFirst();
  }

  static TcbInfo parse(Bytes json) throws EvidenceException {
    Fields outer = Json.parse("TCB info", json, MAX_BYTES);
    Fields info = outer.object("tcbInfo");
    long version = info.integer("version", 2, 3);
    boolean tdx =
        version == 3
            && info.parsed(
                "id",
                id ->
                    switch (id) {
                      case "TDX" -> true;
                      case "SGX" -> false;
                      default -> throw new IllegalArgumentException("neither SGX nor TDX");
                    });
    // Of version 2 there is SGX alone, and no other comparison than the one below is defined.
    info.integer("tcbType", 0, 0);
    var modules = new ArrayList<ModuleIdentity>();
    if (info.has("tdxModuleIdentities")) {
      for (Fields module : info.objects("tdxModuleIdentities", MAX_LEVELS)) {
        modules.add(new ModuleIdentity(module.string("id"), module(module), IsvLevel.read(module)));
      }
    }
    Optional<Fields> module = info.optionalObject("tdxModule");
    return new TcbInfo(
        tdx,
        info.instant("issueDate"),
        info.instant("nextUpdate"),
        info.hex("fmspc", 6),
        info.hex("pceId", 2),
        (int) info.integer("tcbEvaluationDataNumber", 0, 1_000_000),
        module.isPresent() ? Optional.of(module(module.get())) : Optional.empty(),
        modules,
        levels(info, version, tdx),
        outer.raw("tcbInfo"),
        outer.hex("signature", 64));
  }

  private static Module module(Fields module) throws EvidenceException {
    return new Module(
        module.hex("mrsigner", 48), module.hex("attributes", 8), module.hex("attributesMask", 8));
  }

  private static List<TcbLevel> levels(Fields info, long version, boolean tdx)
      throws EvidenceException {
    var levels = new ArrayList<TcbLevel>();
    for (Fields level : info.objects("tcbLevels", MAX_LEVELS)) {
      Fields tcb = level.object("tcb");
      levels.add(
          new TcbLevel(
              version == 3 ? components(tcb, "sgxtcbcomponents") : numbered(tcb),
              (int) tcb.integer("pcesvn", 0, 65535),
              tdx ? components(tcb, "tdxtcbcomponents") : List.of(),
              IsvLevel.status(level),
              level.instant("tcbDate"),
              IsvLevel.advisories(level)));
    }
    // Intel's library does not rely on the order in which they were sent (`TcbLevel::operator>`).
    levels.sort(TcbLevel.HIGHEST_FIRST);
    return levels;
  }

  private static List<Integer> components(Fields tcb, String name) throws EvidenceException {
    var components = new ArrayList<Integer>();
    for (Fields component : tcb.objects(name, 16)) {
      components.add((int) component.integer("svn", 0, 255));
    }
    if (components.size() != 16) {
      throw tcb.bad(name, "has " + components.size() + " components, not 16");
    }
    return components;
  }

  private static List<Integer> numbered(Fields tcb) throws EvidenceException {
    var components = new ArrayList<Integer>();
    for (int i = 1; i <= 16; i++) {
      components.add((int) tcb.integer(String.format(Locale.ROOT, "sgxtcbcomp%02dsvn", i), 0, 255));
    }
    return components;
  }

  static Bytes masked(Bytes value, Bytes mask) {
    byte[] masked = value.toArray();
    byte[] bits = mask.toArray();
    for (int i = 0; i < masked.length; i++) {
      masked[i] &= bits[i];
    }
    return Bytes.of(masked);
  }
}
