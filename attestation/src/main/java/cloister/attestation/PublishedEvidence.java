package cloister.attestation;

import cloister.crypto.Bytes;
import java.util.Map;
import java.util.Set;

/// Identifiers of evidence whose private keys somebody published: it verifies, and anybody can use
/// it. Refused under every policy.
final class PublishedEvidence {
  /// Microsoft's samples for the "insecure-virtual" mode of Azure/azure-cleanroom (commit
  /// a2d263e00d28): the keys lie beside them in that repository.
  private static final Map<String, Set<Bytes>> PUBLISHED =
      Map.of(
          "host-data",
          Set.of(Bytes.hex("73973b78d70cc68353426de188db5dfc57e5b766e399935fb73a61127ea26d20")));

  private PublishedEvidence() {}

  static boolean isPublished(String identifier, Bytes value) {
    return PUBLISHED.getOrDefault(identifier, Set.of()).contains(value);
  }
}
