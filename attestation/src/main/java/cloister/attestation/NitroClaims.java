package cloister.attestation;

import cloister.crypto.Bytes;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// What the Nitro hypervisor said.
///
/// The measurement of an enclave is register 0: kernel, command line and all of the file system.
/// Registers 1 and 2 are parts of the same; 3 (the instance's role), 4 (the instance) and 8 (who
/// signed the image) say who runs it, and are for the policy. An instance with a NitroTPM has no
/// such register, and its measurement is SHA-384 of the registers 4, 7 and 12, one after the other:
/// boot manager, secure boot, and a command line in place of the measured one.
///
/// Evidence is bound by `user_data`, which has to be the 64 bytes of the binding. The nonce is a
/// different field that a verifier of another protocol may use; nothing here depends on it.
record NitroClaims(NitroDocument document, Revocation revocation) implements Claims {
  @Override
  public Tee tee() {
    return Tee.NITRO;
  }

  @Override
  public Measurement measurement() {
    return document.measurement();
  }

  @Override
  public Debug debug() {
    return document.debug();
  }

  @Override
  public boolean boundTo(Binding expected) {
    return document.userData().filter(expected::isReportData).isPresent();
  }

  @Override
  public Map<Identifier, Bytes> identifiers() {
    var identifiers = new EnumMap<Identifier, Bytes>(Identifier.class);
    identifiers.put(Identifier.MEASUREMENT, measurement().digest());
    document.userData().ifPresent(value -> identifiers.put(Identifier.REPORT_DATA, value));
    return identifiers;
  }

  @Override
  public List<Claim> claims() {
    var claims = new ArrayList<>(document.claims());
    claims.add(new Claim("revocation", revocation.toString()));
    return claims;
  }
}
