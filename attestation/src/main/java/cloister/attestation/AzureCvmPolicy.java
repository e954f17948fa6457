package cloister.attestation;

import cloister.crypto.Bytes;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Demands of a confidential VM of Azure:
///
/// ```
/// sev-snp      {…}: those of SnpPlatformPolicy; or
/// tdx          {…}: those of TdxPolicy, of the trust domain that is the paravisor
/// paravisor    [sha384:…] or any: with sev-snp, its measurement of Microsoft's paravisor
/// pcrs         {"4": [32 bytes] or any, …}: each that is part of the measurement, 7, and whatever
///              others matter; what is named has to be quoted
/// secure-boot  required or any
/// console      forbidden or any: a serial console for the machine's operator
/// tpm-persisted  required, forbidden or any
/// user-data    required or any: the binding in the hardware's report, not in the TPM's alone
/// vm-ids       [vmUniqueId] or any
/// ```
record AzureCvmPolicy(
    Hardware hardware,
    Map<Integer, Allowed<Bytes>> registers,
    Map<HclClaims.Setting, Demand> settings,
    Demand userData,
    Allowed<String> vmIds)
    implements Policy.Entry {
  private static final String PREFIX = "azure-cvm.";

  /// Demands of the hardware and of the paravisor that it measures.
  sealed interface Hardware {
    record Snp(SnpPlatformPolicy platform, Allowed<Measurement> paravisor) implements Hardware {}

    record Td(TdxPolicy domain) implements Hardware {}
  }

  /// What is said of something that is on or off.
  enum Demand {
    REQUIRED("required"),
    FORBIDDEN("forbidden"),
    ANY("any");

    private final String label;

    Demand(String label) {
      this.label = label;
    }
  }

  AzureCvmPolicy {
    registers = Map.copyOf(registers);
    settings = Map.copyOf(settings);
    if (!registers.keySet().containsAll(AzureRegisters.NAMED)) {
      throw new IllegalArgumentException("each register that matters is named");
    }
  }

  static AzureCvmPolicy read(Fields fields) throws EvidenceException {
    return new AzureCvmPolicy(
        hardware(fields),
        registers(fields.object("pcrs")),
        Map.of(
            HclClaims.Setting.SECURE_BOOT,
            demand(fields, "secure-boot", Demand.REQUIRED, Demand.ANY),
            HclClaims.Setting.CONSOLE,
            demand(fields, "console", Demand.FORBIDDEN, Demand.ANY),
            HclClaims.Setting.TPM_PERSISTED,
            demand(fields, "tpm-persisted", Demand.REQUIRED, Demand.FORBIDDEN, Demand.ANY)),
        demand(fields, "user-data", Demand.REQUIRED, Demand.ANY),
        fields.allowed("vm-ids", text -> text));
  }

  private static Hardware hardware(Fields fields) throws EvidenceException {
    if (fields.has("tdx")) {
      Fields demands = fields.object("tdx");
      var domain = new Hardware.Td(TdxPolicy.read(demands));
      demands.noOther();
      return domain;
    }
    Fields demands = fields.object("sev-snp");
    SnpPlatformPolicy platform = SnpPlatformPolicy.read(demands);
    demands.noOther();
    return new Hardware.Snp(platform, fields.allowed("paravisor", AzureCvmPolicy::paravisor));
  }

  private static Measurement paravisor(String text) {
    Measurement measurement = Measurement.parse(text);
    if (!measurement.algorithm().equals("sha384")) {
      throw new IllegalArgumentException("a paravisor is measured with sha384");
    }
    return measurement;
  }

  private static Map<Integer, Allowed<Bytes>> registers(Fields pcrs) throws EvidenceException {
    var registers = new TreeMap<Integer, Allowed<Bytes>>();
    for (int index = 0; index < TpmRegisters.COUNT; index++) {
      String name = Integer.toString(index);
      if (pcrs.has(name) || AzureRegisters.NAMED.contains(index)) {
        registers.put(index, pcrs.allowed(name, AzureCvmPolicy::register));
      }
    }
    pcrs.noOther();
    return registers;
  }

  private static Bytes register(String hex) {
    Bytes value = Fields.hexadecimal(hex);
    if (value.size() != TpmRegisters.DIGEST_BYTES) {
      throw new IllegalArgumentException("a register has 32 bytes, not " + value.size());
    }
    return value;
  }

  private static Demand demand(Fields fields, String name, Demand... possible)
      throws EvidenceException {
    String word = fields.string(name);
    for (Demand one : possible) {
      if (one.label.equals(word)) {
        return one;
      }
    }
    throw fields.bad(
        name,
        "is none of "
            + Arrays.stream(possible).map(one -> one.label).collect(Collectors.joining(", ")));
  }

  @Override
  public Tee tee() {
    return Tee.AZURE_CVM;
  }

  @Override
  public List<Check> compare(Claims claims, Instant at) {
    if (!(claims instanceof AzureCvmClaims cvm)) {
      throw new IllegalArgumentException("not claims of a confidential VM");
    }
    var checks = new Checks();
    hardware(checks, cvm.hardware(), at);
    new TreeMap<>(registers)
        .forEach((index, allowed) -> register(checks, index, allowed, cvm.registers()));
    setting(checks, "secure-boot", HclClaims.Setting.SECURE_BOOT, cvm.paravisor());
    setting(checks, "console", HclClaims.Setting.CONSOLE, cvm.paravisor());
    setting(checks, "tpm-persisted", HclClaims.Setting.TPM_PERSISTED, cvm.paravisor());
    boolean hasUserData = cvm.paravisor().userData().isPresent();
    if (userData == Demand.REQUIRED) {
      checks.require(
          PREFIX + "user-data",
          hasUserData,
          "the guest wrote user data, which the hardware's report covers",
          "the guest wrote no user data, and the policy requires them: write the binding to NV index"
              + " 0x01400002 before the report is read");
    } else {
      checks.noted(
          PREFIX + "user-data",
          "user data are %s, and the policy accepts any"
              .formatted(hasUserData ? "there" : "not there"));
    }
    checks.add(vmIds.check(PREFIX + "vm-ids", cvm.paravisor().vmId()));
    return checks.list();
  }

  private void hardware(Checks checks, AzureCvmHardware found, Instant at) {
    switch (hardware) {
      case Hardware.Snp(var platform, var paravisor)
          when found instanceof AzureCvmHardware.Snp(SnpClaims snp) -> {
        platform.compare(checks, PREFIX + "snp", snp);
        checks.add(paravisor.check(PREFIX + "paravisor", found.paravisor()));
      }
      case Hardware.Td(var domain) when found instanceof AzureCvmHardware.Td(TdxClaims tdx) ->
          checks.addAll(
              domain.compare(tdx, at).stream()
                  .map(check -> new Check(PREFIX + check.name(), check.outcome(), check.detail()))
                  .toList());
      case Hardware.Snp _, Hardware.Td _ ->
          checks.fails(
              PREFIX + "hardware",
              "is %s, which is not what this entry of the policy is for".formatted(found.kind()));
    }
  }

  private static void register(
      Checks checks, int index, Allowed<Bytes> allowed, TpmRegisters registers) {
    String name = PREFIX + "pcrs." + index;
    Optional<Bytes> found = registers.value(index);
    if (found.isEmpty()) {
      checks.fails(
          name, "register %d is not quoted, and the policy names it: quote it".formatted(index));
    } else {
      checks.add(allowed.check(name, found.get()));
    }
  }

  /// What the paravisor does not say is neither on nor off, and meets no demand.
  private void setting(Checks checks, String key, HclClaims.Setting setting, HclClaims paravisor) {
    String name = PREFIX + key;
    String found =
        !paravisor.stated().contains(setting) ? "not said" : paravisor.isOn(setting) ? "on" : "off";
    switch (settings.getOrDefault(setting, Demand.REQUIRED)) {
      case REQUIRED ->
          checks.require(
              name,
              found.equals("on"),
              key + " is on",
              "%s is %s, and the policy requires it: create the VM so".formatted(key, found));
      case FORBIDDEN ->
          checks.require(
              name,
              found.equals("off"),
              key + " is off",
              "%s is %s, and the policy forbids it: create the VM without".formatted(key, found));
      case ANY -> checks.noted(name, "%s is %s, and the policy accepts any".formatted(key, found));
    }
  }
}
