package cloister.client;

import cloister.attestation.Collateral;
import cloister.attestation.EvidenceException;
import cloister.protocol.CloisterException;
import cloister.protocol.CollateralFile;
import cloister.protocol.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/// The collateral that a home has fetched or imported, in one bundle. Nothing is ever replaced by
/// something older: all is kept, and the newest that is authentic counts.
public final class CollateralStore {
  /// How long what has ended stays: receipts carry what they need themselves.
  private static final Duration KEPT = Duration.ofDays(90);

  private final Path file;

  CollateralStore(Path home) {
    this.file = home.resolve("collateral.json");
  }

  public Collateral read() {
    return Files.exists(file) ? read(file) : Collateral.none();
  }

  /// A bundle from wherever it comes.
  public static Collateral read(Path bundle) {
    try {
      if (Files.size(bundle) > CollateralFile.MAX_BYTES) {
        throw new CloisterException(ErrorCode.TOO_LARGE, bundle + " is too large for a bundle");
      }
      return CollateralFile.read(Files.readAllBytes(bundle));
    } catch (IOException e) {
      throw new CloisterException(ErrorCode.FILE_UNREADABLE, bundle + " cannot be read", e);
    }
  }

  /// @return how many items are new
  public int add(Collateral found, Instant now) {
    try {
      Collateral before = read();
      Collateral after = before.and(found).endingAfter(now.minus(KEPT));
      PrivateFiles.write(file, CollateralFile.write(after).canonical());
      return Math.max(0, after.items().size() - before.items().size());
    } catch (EvidenceException e) {
      throw new CloisterException(ErrorCode.COLLATERAL_INVALID, String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new CloisterException(
          ErrorCode.HOME_INVALID, "the home's collateral cannot be written", e);
    }
  }
}
