package cloister.attestation;

import cloister.crypto.Bytes;
import java.util.Map;
import java.util.Set;

/// Identifiers of evidence whose private keys somebody published: it verifies, and anybody can use
/// it. Refused under every policy.
final class PublishedEvidence {
  /// Microsoft's samples for the "insecure-virtual" mode of Azure/azure-cleanroom (commit
  /// a2d263e00d28): the keys lie beside them in that repository. The report data are those of its
  /// four pieces of evidence; the host data are those of the policy that two of them run under,
  /// which allows every container and every command, so that evidence under it says nothing.
  private static final Map<Identifier, Set<Bytes>> PUBLISHED =
      Map.of(
          Identifier.HOST_DATA,
          Set.of(Bytes.hex("73973b78d70cc68353426de188db5dfc57e5b766e399935fb73a61127ea26d20")),
          Identifier.REPORT_DATA,
          Set.of(
              padded("2097b3fdd5aba9a1812c0c3adf575d4ff385ea5e08efb002a75b5c3f5bd2b787"),
              padded("33e5dcd4b0ed8556b2420998a7e0832dfcc0343f6691229bae5e54ae5e234f87"),
              padded("838ecdd665dd7fe3e885996ac9cb0f5fa8441a6d67a0e97aca77bd601d0d98e2"),
              padded("200f7db6631c57496179bd304dc3406386cb1c6422436754fa40c75f9581664d")));

  private PublishedEvidence() {}

  /// Report data of 64 bytes that are a digest and zeros.
  private static Bytes padded(String digest) {
    return Bytes.concat(Bytes.hex(digest), Bytes.of(new byte[32]));
  }

  static boolean isPublished(Identifier identifier, Bytes value) {
    return PUBLISHED.getOrDefault(identifier, Set.of()).contains(value);
  }
}
