package cloister.client;

import cloister.attestation.Anchors;
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
import java.util.HashSet;

/// The collateral that a home has fetched or imported, in one bundle. Nothing is ever replaced by
/// something older: all is kept until 90 days after its end, and the newest that is authentic
/// counts. Of the key sets of one source the newest alone is kept.
public final class CollateralStore {
  /// How long what has ended stays: receipts carry what they need themselves.
  private static final Duration KEPT = Duration.ofDays(90);

  /// How far the clock of whoever made a bundle may be ahead.
  private static final Duration CLOCK_SKEW = Duration.ofMinutes(1);

  private final Path file;
  private final Anchors anchors = Anchors.pinned();

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
  /// @param unproven how many were left out because no pinned key leads to them
  public record Added(int fresh, int ended, int unproven) {}

  public Added add(Collateral found, Instant now) {
    found.items().forEach(item -> requirePast(item, now));
    try {
      Instant oldest = now.minus(KEPT);
      Collateral before = read().endingAfter(oldest);
      Collateral current = found.endingAfter(oldest);
      Collateral proven = current.admissible(before, anchors);
      Collateral after = before.and(proven);
      write(after);
      var known = new HashSet<>(before.items());
      return new Added(
          (int) after.items().stream().filter(item -> !known.contains(item)).count(),
          found.items().size() - current.items().size(),
          current.items().size() - proven.items().size());
    } catch (EvidenceException e) {
      throw new CloisterException(ErrorCode.COLLATERAL_INVALID, String.valueOf(e.getMessage()), e);
    }
  }

  /// Takes out what is from that place.
  ///
  /// @return how many items
  public int drop(String source) {
    Collateral before = read();
    try {
      Collateral after = before.without(source);
      write(after);
      return before.items().size() - after.items().size();
    } catch (EvidenceException e) {
      throw new CloisterException(ErrorCode.COLLATERAL_INVALID, String.valueOf(e.getMessage()), e);
    }
  }

  /// A key set of the future would take the place of every other until then.
  private static void requirePast(Collateral.Item item, Instant now) {
    if (item.fetched().filter(at -> at.isAfter(now.plus(CLOCK_SKEW))).isPresent()) {
      throw new CloisterException(
          ErrorCode.COLLATERAL_INVALID,
          "the key set of %s says that it was fetched at %s, and it is %s: set the clock"
              .formatted(item.source(), item.fetched().orElseThrow(), now));
    }
  }

  /// What could not be read again is not written, so that no bundle locks a home.
  private void write(Collateral collateral) {
    byte[] bundle = CollateralFile.write(collateral).canonical();
    if (bundle.length > CollateralFile.MAX_BYTES) {
      throw new CloisterException(
          ErrorCode.TOO_LARGE,
          "the home's collateral would have %d bytes, and may have %d: drop some of it first"
              .formatted(bundle.length, CollateralFile.MAX_BYTES));
    }
    try {
      PrivateFiles.write(file, bundle);
    } catch (IOException e) {
      throw new CloisterException(
          ErrorCode.HOME_INVALID, "the home's collateral cannot be written", e);
    }
  }
}
