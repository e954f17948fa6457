package cloister.attestation;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What an NVIDIA GPU or NVSwitch is and runs. It says nothing about the CPU that it is attached to
/// and the code there: only beside a CPU's report does it mean anything.
///
/// @param driver absent for a switch
/// @param nonce that the device was asked with: [Binding#gpuNonce]
/// @param device SHA-256 of the key in the device's boot ROM; from [Nras], the UEID, which is the
///   signing certificate's serial number and changes with the firmware
/// @param measurement from [Local] evidence, SHA-384 over the digests of all blocks in the order of
///   their index; from [Nras], SHA-384 over `cloister/nras/v1` and the texts of chip, driver and
///   VBIOS version with a zero byte after each, for which NVIDIA found the golden measurements
/// @param verifier who compared the measurements
record NvidiaClaims(
    NvidiaArchitecture architecture,
    Optional<NvidiaVersion> driver,
    NvidiaVersion vbios,
    NvidiaMode mode,
    Bytes nonce,
    Bytes device,
    Measurement measurement,
    Debug debug,
    Verifier verifier,
    List<Claim> claims)
    implements Claims {
  NvidiaClaims {
    claims = List.copyOf(claims);
  }

  /// Who held the measurements against NVIDIA's manifests.
  sealed interface Verifier {}

  /// This library.
  ///
  /// @param revocation what current lists say about every certificate that names one
  record Local(List<Check> revocation) implements Verifier {
    Local {
      revocation = List.copyOf(revocation);
    }
  }

  /// NVIDIA's Remote Attestation Service, which also asked OCSP.
  ///
  /// @param key SHA-256 of the key that signed its verdict
  /// @param keysFetched when its keys were
  /// @param expires the first of its two tokens to
  record Nras(Digest key, Instant keysFetched, Instant expires) implements Verifier {}

  static Measurement measurement(Collection<Bytes> digests) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-384");
      digests.forEach(digest -> sha.update(digest.toArray()));
      return new Measurement("sha384", Bytes.of(sha.digest()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-384", e);
    }
  }

  @Override
  public Tee tee() {
    return Tee.NVIDIA;
  }

  @Override
  public Instant expires() {
    return switch (verifier) {
      case Local _ -> Instant.MAX;
      case Nras nras -> nras.expires();
    };
  }

  @Override
  public boolean boundTo(Binding expected) {
    return expected.isGpuNonce(nonce);
  }

  @Override
  public Map<Identifier, Bytes> identifiers() {
    return Map.of(Identifier.REPORT_DATA, nonce, Identifier.CHIP_ID, device);
  }
}
