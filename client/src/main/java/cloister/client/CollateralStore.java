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
/// something older: all is kept until 90 days after its end, and the newest that is authentic
/// counts.
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
    } catch (CloisterException e) {
      throw e.code() == ErrorCode.MESSAGE_MALFORMED
          ? new CloisterException(
              ErrorCode.COLLATERAL_INVALID, bundle + " is no bundle: " + e.getMessage(), e)
          : e;
    } catch (IOException e) {
      throw new CloisterException(ErrorCode.FILE_UNREADABLE, bundle + " cannot be read", e);
    }
  }

  /// What came of adding items.
  ///
  /// @param fresh how many were not there before
  /// @param ended how many were left out because they ended too long ago
  public record Added(int fresh, int ended) {}

  public Added add(Collateral found, Instant now) {
    try {
      Instant oldest = now.minus(KEPT);
      Collateral before = read().endingAfter(oldest);
      Collateral current = found.endingAfter(oldest);
      Collateral after = before.and(current);
      PrivateFiles.write(file, CollateralFile.write(after).canonical());
      return new Added(
          after.items().size() - before.items().size(),
          found.items().size() - current.items().size());
    } catch (EvidenceException e) {
      throw new CloisterException(ErrorCode.COLLATERAL_INVALID, String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new CloisterException(
          ErrorCode.HOME_INVALID, "the home's collateral cannot be written", e);
    }
  }
}
