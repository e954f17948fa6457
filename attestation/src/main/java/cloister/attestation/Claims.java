package cloister.attestation;

import cloister.crypto.Bytes;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What a TEE said about itself and its code, once its signature was verified. Each kind of TEE has
/// a record of its own fields; these are what all have in common.
public sealed interface Claims
    permits AzureAciClaims,
        AzureCvmClaims,
        MaaClaims,
        NitroClaims,
        NvidiaClaims,
        SgxClaims,
        SimulatedClaims,
        SnpClaims,
        SpaceClaims,
        TdxClaims {
  Tee tee();

  /// Whose hardware, firmware or word it rests on: it is worth nothing once one of them has fallen.
  default Set<Tee.Family> restsOn() {
    return Set.of(tee().family());
  }

  /// Whether they say which code the enclave runs.
  default boolean attestsCode() {
    return tee().attestsCode();
  }

  /// The one digest that stands for all code and configuration that decide what the enclave does;
  /// docs/evidence.md says for each TEE what goes into it.
  Measurement measurement();

  /// Whether the TEE lets its operator look inside.
  Debug debug();

  /// Whether the evidence was made for exactly this use. Compares every byte there is, in constant
  /// time.
  boolean boundTo(Binding expected);

  /// When its issuer ends it; the far future where none does.
  default Instant expires() {
    return Instant.MAX;
  }

  /// What a policy's deny-list may name beside [#measurement], where this TEE has it.
  Map<Identifier, Bytes> identifiers();

  /// Every field, for people, in the order of the vendor's document.
  List<Claim> claims();

  /// A debuggable TEE keeps nothing secret from its operator.
  enum Debug {
    OFF,
    ON
  }
}
