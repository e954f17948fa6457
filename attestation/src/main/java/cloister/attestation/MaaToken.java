package cloister.attestation;

import cloister.crypto.Bytes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What Microsoft Azure Attestation says, by its "Claim sets" and its EAT profile for TDX. A token
/// about a virtual machine (`azurevm`) holds the claims about its hardware in `x-ms-isolation-tee`;
/// every other is about hardware itself.
///
/// @param type of the attestation
/// @param isolation the hardware: the type again, or what isolates the virtual machine
/// @param measurement of what the hardware started: MRENCLAVE, SNP's launch measurement, or what
///   [TdxClaims#measurement] says of a trust domain. Under a virtual machine (`azurevm`) this is
///   Microsoft's firmware, and no claim says which operating system it started
/// @param debuggable whether anybody may look inside: by the hardware, or by a debugger of a
///   virtual machine
/// @param reportData of the hardware's report, 64 bytes
/// @param userData that a virtual machine's own report vouches for
/// @param payloadNonce that the virtual machine or enclave put into its runtime data
/// @param svn of the enclave or guest, where the hardware has one
/// @param vmpl of SNP: who in the guest asked for the report
record MaaToken(
    String issuer,
    Type type,
    Type isolation,
    Measurement measurement,
    boolean debuggable,
    Bytes reportData,
    Optional<Bytes> userData,
    Optional<String> payloadNonce,
    Optional<Bytes> hostData,
    Optional<String> complianceStatus,
    Optional<String> tcbStatus,
    Optional<Long> svn,
    Optional<Long> vmpl,
    boolean migratable,
    Optional<Long> tdAttributes,
    Optional<Machine> machine,
    String policyHash,
    String version) {
  private static final int REPORT_DATA_BYTES = 64;
  private static final int REGISTER = 48;
  private static final long LARGEST = 0xffff_ffffL;
  private static final String TYPE = "x-ms-attestation-type";

  /// What a virtual machine booted with. Each claim has to be there: one that is absent says
  /// nothing, least of all what is good.
  ///
  /// @param secureBoot whether it was on
  /// @param defaultKeys whether the keys, and what they allow and forbid, are Microsoft's: with
  ///   others secure boot means what their owner wants
  /// @param debuggers whether boot loader, kernel or hypervisor let one in
  /// @param testSigned whether code runs that is signed for tests or previews
  record Machine(boolean secureBoot, boolean defaultKeys, boolean debuggers, boolean testSigned) {
    private static final String PREFIX = "x-ms-azurevm-";

    static Machine read(Fields claims) throws EvidenceException {
      boolean defaultKeys =
          each(claims, true, "default-securebootkeysvalidated", "dbvalidated", "dbxvalidated");
      boolean noDebuggers = each(claims, true, "debuggersdisabled");
      boolean noneEnabled =
          each(
              claims, false, "bootdebug-enabled", "hypervisordebug-enabled", "kerneldebug-enabled");
      boolean noSigning = each(claims, true, "signingdisabled");
      boolean noTests = each(claims, false, "testsigning-enabled", "flightsigning-enabled");
      return new Machine(
          claims.flag("secureboot"),
          defaultKeys,
          !(noDebuggers && noneEnabled),
          !(noSigning && noTests));
    }

    /// Whether all are there and say that. None is left unread.
    private static boolean each(Fields claims, boolean expected, String... names)
        throws EvidenceException {
      boolean all = true;
      for (String name : names) {
        all &= claims.flag(PREFIX + name) == expected;
      }
      return all;
    }
  }

  /// As the claim says it.
  enum Type {
    SGX(Tee.Family.INTEL),
    SEVSNPVM(Tee.Family.AMD),
    TDXVM(Tee.Family.INTEL),
    AZUREVM(Tee.Family.MICROSOFT);

    private final Tee.Family family;

    Type(Tee.Family family) {
      this.family = family;
    }

    /// Of a virtual machine everything is Microsoft's word that something booted securely:
    /// Microsoft's firmware is measured, and which system it started, or what that runs, no claim
    /// says.
    boolean attestsCode() {
      return this != AZUREVM;
    }

    /// Whose hardware it is.
    Tee.Family family() {
      return family;
    }

    static Type parse(String label) {
      return Arrays.stream(values())
          .filter(type -> type.toString().equals(label))
          .findFirst()
          .orElseThrow(
              () -> new IllegalArgumentException("not one of sgx, sevsnpvm, tdxvm, azurevm"));
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static MaaToken read(Fields claims) throws EvidenceException {
    Type type = claims.parsed(TYPE, Type::parse);
    Fields hardware = type == Type.AZUREVM ? claims.object("x-ms-isolation-tee") : claims;
    Type isolation = hardware.parsed(TYPE, Type::parse);
    if (type == Type.AZUREVM && isolation == Type.SGX) {
      throw hardware.bad(TYPE, "is sgx, which isolates no virtual machine");
    }
    return switch (isolation) {
      case SGX -> sgx(claims, hardware, type);
      case SEVSNPVM -> snp(claims, hardware, type);
      case TDXVM -> tdx(claims, hardware, type);
      case AZUREVM ->
          throw hardware.bad(TYPE, "is azurevm again, where the hardware is to be named");
    };
  }

  private static MaaToken sgx(Fields claims, Fields hardware, Type type) throws EvidenceException {
    return new MaaToken(
        claims.string("iss"),
        type,
        Type.SGX,
        new Measurement("sha256", hardware.hex("x-ms-sgx-mrenclave", 32)),
        hardware.flag("x-ms-sgx-is-debuggable"),
        hardware.hex("x-ms-sgx-report-data", REPORT_DATA_BYTES),
        Optional.empty(),
        payloadNonce(claims),
        Optional.empty(),
        hardware.optionalString("x-ms-compliance-status"),
        Optional.empty(),
        Optional.of(hardware.integer("x-ms-sgx-svn", 0, 0xffff)),
        Optional.empty(),
        false,
        Optional.empty(),
        Optional.empty(),
        claims.string("x-ms-policy-hash"),
        claims.string("x-ms-ver"));
  }

  private static MaaToken snp(Fields claims, Fields hardware, Type type) throws EvidenceException {
    Optional<Machine> machine = machine(claims, type);
    return new MaaToken(
        claims.string("iss"),
        type,
        Type.SEVSNPVM,
        new Measurement("sha384", hardware.hex("x-ms-sevsnpvm-launchmeasurement", 48)),
        hardware.flag("x-ms-sevsnpvm-is-debuggable")
            || machine.map(Machine::debuggers).orElse(false),
        hardware.hex("x-ms-sevsnpvm-reportdata", REPORT_DATA_BYTES),
        userData(hardware, type),
        payloadNonce(claims),
        Optional.of(hardware.hex("x-ms-sevsnpvm-hostdata", 32)),
        hardware.optionalString("x-ms-compliance-status"),
        Optional.empty(),
        Optional.of(hardware.integer("x-ms-sevsnpvm-guestsvn", 0, LARGEST)),
        Optional.of(hardware.integer("x-ms-sevsnpvm-vmpl", 0, 3)),
        hardware.flag("x-ms-sevsnpvm-migration-allowed"),
        Optional.empty(),
        machine,
        claims.string("x-ms-policy-hash"),
        claims.string("x-ms-ver"));
  }

  private static MaaToken tdx(Fields claims, Fields hardware, Type type) throws EvidenceException {
    Optional<Machine> machine = machine(claims, type);
    long attributes = attributes(hardware);
    return new MaaToken(
        claims.string("iss"),
        type,
        Type.TDXVM,
        TdxClaims.measurement(
            hardware.hex("tdx_mrtd", REGISTER),
            List.of(
                hardware.hex("tdx_rtmr0", REGISTER),
                hardware.hex("tdx_rtmr1", REGISTER),
                hardware.hex("tdx_rtmr2", REGISTER),
                hardware.hex("tdx_rtmr3", REGISTER)),
            hardware.hex("tdx_mrconfigid", REGISTER)),
        hardware.flag("tdx_td_attributes_debug")
            || TdxClaims.isDebuggable(attributes)
            || machine.map(Machine::debuggers).orElse(false),
        hardware.hex("tdx_report_data", REPORT_DATA_BYTES),
        userData(hardware, type),
        payloadNonce(claims),
        Optional.of(hardware.hex("tdx_mrconfigid", REGISTER)),
        hardware.optionalString("x-ms-compliance-status"),
        Optional.of(hardware.string("attester_tcb_status")),
        Optional.empty(),
        Optional.empty(),
        TdxClaims.has(attributes, TdxClaims.MIGRATABLE),
        Optional.of(attributes),
        machine,
        claims.string("x-ms-policy-hash"),
        claims.string("x-ms-ver"));
  }

  /// TDATTRIBUTES as the quote has them, lowest byte first.
  private static long attributes(Fields hardware) throws EvidenceException {
    String name = "tdx_td_attributes";
    return Cursor.littleEndian(name, hardware.hex(name, Long.BYTES)).u64(name);
  }

  /// Hardware has nothing to boot.
  private static Optional<Machine> machine(Fields claims, Type type) throws EvidenceException {
    return type == Type.AZUREVM ? Optional.of(Machine.read(claims)) : Optional.empty();
  }

  /// Of a virtual machine: what it wrote before its hardware report was made, whose hash is in it.
  private static Optional<Bytes> userData(Fields hardware, Type type) throws EvidenceException {
    if (type != Type.AZUREVM) {
      return Optional.empty();
    }
    Optional<Fields> runtime = hardware.optionalObject("x-ms-runtime");
    return runtime.isPresent() && runtime.get().has("user-data")
        ? Optional.of(runtime.get().hex("user-data", REPORT_DATA_BYTES))
        : Optional.empty();
  }

  /// From the attested machine itself. The claim `nonce` beside it is of whoever asked Microsoft
  /// for the token, which can be anybody, and is never read.
  private static Optional<String> payloadNonce(Fields claims) throws EvidenceException {
    Optional<Fields> runtime = claims.optionalObject("x-ms-runtime");
    if (runtime.isEmpty()) {
      return Optional.empty();
    }
    Optional<Fields> payload = runtime.get().optionalObject("client-payload");
    return payload.isEmpty() ? Optional.empty() : payload.get().optionalString("nonce");
  }

  List<Claim> claims() {
    var claims = new ArrayList<Claim>();
    claims.add(new Claim("issuer", issuer));
    claims.add(new Claim("attestation-type", type.toString()));
    claims.add(new Claim("isolation-type", isolation.toString()));
    claims.add(new Claim("measurement", measurement.toString()));
    claims.add(new Claim("is-debuggable", Boolean.toString(debuggable)));
    claims.add(new Claim("report-data", reportData.hex()));
    userData.ifPresent(value -> claims.add(new Claim("user-data", value.hex())));
    payloadNonce.ifPresent(value -> claims.add(new Claim("client-payload-nonce", value)));
    hostData.ifPresent(value -> claims.add(new Claim("host-data", value.hex())));
    complianceStatus.ifPresent(value -> claims.add(new Claim("compliance-status", value)));
    tcbStatus.ifPresent(value -> claims.add(new Claim("tcb-status", value)));
    svn.ifPresent(value -> claims.add(new Claim("svn", value.toString())));
    vmpl.ifPresent(value -> claims.add(new Claim("vmpl", value.toString())));
    claims.add(new Claim("migration-allowed", Boolean.toString(migratable)));
    tdAttributes.ifPresent(bits -> claims.add(new Claim("td-attributes", "%016x".formatted(bits))));
    machine.ifPresent(booted -> {
      claims.add(new Claim("secure-boot", Boolean.toString(booted.secureBoot())));
      claims.add(new Claim("default-secure-boot-keys", Boolean.toString(booted.defaultKeys())));
      claims.add(new Claim("test-signing", Boolean.toString(booted.testSigned())));
    });
    claims.add(new Claim("policy-hash", policyHash));
    return claims;
  }
}
