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
/// @param measurement of what the hardware started. Of a virtual machine this is Microsoft's
///   firmware, and its operating system is only in the token's word that it booted securely
/// @param debuggable whether anybody may look inside: by the hardware, or by a debugger in the boot
///   loader, kernel or hypervisor of a virtual machine
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
    boolean secureBoot,
    String policyHash,
    String version) {
  private static final int REPORT_DATA_BYTES = 64;
  private static final long LARGEST = 0xffff_ffffL;
  private static final String TYPE = "x-ms-attestation-type";

  /// Of a virtual machine: each true one opens it to whoever holds its console.
  private static final List<String> DEBUGGERS =
      List.of(
          "x-ms-azurevm-bootdebug-enabled",
          "x-ms-azurevm-hypervisordebug-enabled",
          "x-ms-azurevm-kerneldebug-enabled");

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
        secureBoot(claims, type),
        claims.string("x-ms-policy-hash"),
        claims.string("x-ms-ver"));
  }

  private static MaaToken snp(Fields claims, Fields hardware, Type type) throws EvidenceException {
    return new MaaToken(
        claims.string("iss"),
        type,
        Type.SEVSNPVM,
        new Measurement("sha384", hardware.hex("x-ms-sevsnpvm-launchmeasurement", 48)),
        hardware.flag("x-ms-sevsnpvm-is-debuggable") || hasDebugger(claims),
        hardware.hex("x-ms-sevsnpvm-reportdata", REPORT_DATA_BYTES),
        userData(hardware, type),
        payloadNonce(claims),
        Optional.of(hardware.hex("x-ms-sevsnpvm-hostdata", 32)),
        hardware.optionalString("x-ms-compliance-status"),
        Optional.empty(),
        Optional.of(hardware.integer("x-ms-sevsnpvm-guestsvn", 0, LARGEST)),
        Optional.of(hardware.integer("x-ms-sevsnpvm-vmpl", 0, 3)),
        hardware.flag("x-ms-sevsnpvm-migration-allowed"),
        secureBoot(claims, type),
        claims.string("x-ms-policy-hash"),
        claims.string("x-ms-ver"));
  }

  private static MaaToken tdx(Fields claims, Fields hardware, Type type) throws EvidenceException {
    return new MaaToken(
        claims.string("iss"),
        type,
        Type.TDXVM,
        new Measurement("sha384", hardware.hex("tdx_mrtd", 48)),
        hardware.flag("tdx_td_attributes_debug") || hasDebugger(claims),
        hardware.hex("tdx_report_data", REPORT_DATA_BYTES),
        userData(hardware, type),
        payloadNonce(claims),
        Optional.of(hardware.hex("tdx_mrconfigid", 48)),
        hardware.optionalString("x-ms-compliance-status"),
        Optional.of(hardware.string("attester_tcb_status")),
        Optional.empty(),
        Optional.empty(),
        false,
        secureBoot(claims, type),
        claims.string("x-ms-policy-hash"),
        claims.string("x-ms-ver"));
  }

  /// Only a virtual machine says so; hardware has nothing to boot.
  private static boolean secureBoot(Fields claims, Type type) throws EvidenceException {
    return type != Type.AZUREVM || claims.flag("secureboot");
  }

  private static boolean hasDebugger(Fields claims) throws EvidenceException {
    for (String debugger : DEBUGGERS) {
      if (claims.has(debugger) && claims.flag(debugger)) {
        return true;
      }
    }
    return false;
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
    if (type == Type.AZUREVM) {
      claims.add(new Claim("secure-boot", Boolean.toString(secureBoot)));
    }
    claims.add(new Claim("policy-hash", policyHash));
    return claims;
  }
}
