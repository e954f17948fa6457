package cloister.attestation;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What Microsoft said. The measurement is the hardware's; see [MaaToken] for how little it says
/// about a virtual machine.
///
/// Evidence is bound if any of these is the binding in full:
///
/// - the report data of the hardware, 64 bytes (`x-ms-sgx-report-data`, `x-ms-sevsnpvm-reportdata`,
///   `tdx_report_data`);
/// - of a virtual machine, the user data of 64 bytes that its hardware report vouches for
///   (`x-ms-isolation-tee`, `x-ms-runtime`, `user-data`);
/// - the nonce in the runtime data (`x-ms-runtime`, `client-payload`, `nonce`): base64url of
///   SHA-256 of the binding, 43 characters, or the base64 of these characters, which is how
///   Microsoft's guest library writes what it is given.
///
/// @param key that signed, as its fingerprint
/// @param keysFetched when the instance's keys were
record MaaClaims(MaaToken token, Instant issuedAt, Instant expires, Digest key, Instant keysFetched)
    implements Claims {
  @Override
  public Tee tee() {
    return Tee.AZURE_MAA;
  }

  @Override
  public Set<Tee.Family> restsOn() {
    return EnumSet.of(Tee.Family.MICROSOFT, token.isolation().family());
  }

  @Override
  public boolean attestsCode() {
    return token.type().attestsCode();
  }

  @Override
  public Measurement measurement() {
    return token.measurement();
  }

  @Override
  public Debug debug() {
    return token.debuggable() ? Debug.ON : Debug.OFF;
  }

  @Override
  public boolean boundTo(Binding expected) {
    boolean byReport =
        (token.type() != MaaToken.Type.AZUREVM && expected.isReportData(token.reportData()))
            || token.userData().filter(expected::isReportData).isPresent();
    Bytes nonce = Bytes.utf8(Base64Url.encode(expected.sha256()));
    boolean byNonce =
        token
            .payloadNonce()
            .map(found -> found.getBytes(StandardCharsets.UTF_8))
            .filter(found ->
                MessageDigest.isEqual(nonce.toArray(), found)
                    || MessageDigest.isEqual(
                        nonce.base64().getBytes(StandardCharsets.US_ASCII), found))
            .isPresent();
    return byReport || byNonce;
  }

  @Override
  public Map<Identifier, Bytes> identifiers() {
    var identifiers = new EnumMap<Identifier, Bytes>(Identifier.class);
    identifiers.put(Identifier.MEASUREMENT, token.measurement().digest());
    identifiers.put(Identifier.REPORT_DATA, token.reportData());
    token.hostData().ifPresent(value -> identifiers.put(Identifier.HOST_DATA, value));
    return identifiers;
  }

  @Override
  public List<Claim> claims() {
    var claims = new ArrayList<>(token.claims());
    claims.add(new Claim("issued-at", issuedAt.toString()));
    claims.add(new Claim("signing-key", key.toString()));
    return claims;
  }
}
