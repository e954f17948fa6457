package cloister.client;

import cloister.attestation.Collateral;
import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.attestation.EvidenceException;
import cloister.attestation.VendorFile;
import cloister.crypto.Bytes;
import cloister.protocol.CloisterException;
import cloister.protocol.CollateralFile;
import cloister.protocol.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Collateral in a file: a bundle of ours, or what a vendor publishes.
public final class CollateralInput {
  private CollateralInput() {}

  /// Several files, of which each may need what another holds.
  ///
  /// @param fetched when a vendor's file was; a key set needs it, a bundle says it itself
  public static Collateral read(
      List<Path> files, Optional<String> source, Optional<Instant> fetched) {
    var items = new ArrayList<Item>();
    for (Path file : files) {
      for (Item item : read(file, source).items()) {
        items.add(
            item.kind() == Kind.KEY_SET && item.fetched().isEmpty()
                ? dated(file, item, fetched)
                : item);
      }
    }
    try {
      return Collateral.of(items);
    } catch (EvidenceException e) {
      throw new CloisterException(ErrorCode.COLLATERAL_INVALID, String.valueOf(e.getMessage()), e);
    }
  }

  /// A file's own time says when it was copied.
  private static Item dated(Path file, Item keySet, Optional<Instant> fetched) {
    if (fetched.isEmpty()) {
      throw new CloisterException(
          ErrorCode.COLLATERAL_INVALID,
          file + ": a key set, which has no date of its own: say with --fetched TIME when it was");
    }
    return new Item(keySet.kind(), keySet.source(), keySet.bytes(), fetched);
  }

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
      for (Item item : read.items()) {
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
