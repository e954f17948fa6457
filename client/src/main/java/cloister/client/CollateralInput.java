package cloister.client;

import cloister.attestation.Collateral;
import cloister.attestation.EvidenceException;
import cloister.attestation.VendorFile;
import cloister.crypto.Bytes;
import cloister.protocol.CloisterException;
import cloister.protocol.CollateralFile;
import cloister.protocol.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/// Collateral in a file: a bundle of ours, or what a vendor publishes.
public final class CollateralInput {
  private CollateralInput() {}

  /// @param source where a vendor published it; a key set needs it, a bundle says it itself
  /// @throws CloisterException COLLATERAL_INVALID, naming the file
  public static Collateral read(Path file, Optional<String> source) {
    byte[] bytes = InputFile.read(file, CollateralFile.MAX_BYTES);
    try {
      if (isBundle(bytes)) {
        return CollateralFile.read(bytes);
      }
      String name = String.valueOf(file.getFileName());
      Collateral read = Collateral.of(VendorFile.read(name, source, Bytes.of(bytes)));
      for (Collateral.Item item : read.items()) {
        Collateral.dates(item);
      }
      return read;
    } catch (CloisterException e) {
      throw e.code() == ErrorCode.MESSAGE_MALFORMED || e.code() == ErrorCode.COLLATERAL_INVALID
          ? new CloisterException(
              ErrorCode.COLLATERAL_INVALID, file + " is no bundle: " + e.getMessage(), e)
          : e;
    } catch (EvidenceException e) {
      throw new CloisterException(ErrorCode.COLLATERAL_INVALID, file + ": " + e.getMessage(), e);
    }
  }

  /// By the format's name near its beginning: canonical JSON has it first.
  private static boolean isBundle(byte[] bytes) {
    return new String(bytes, 0, Math.min(bytes.length, 4096), StandardCharsets.ISO_8859_1)
        .contains("\"cloister/collateral/");
  }
}
