package cloister.platform;

import cloister.crypto.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A root that nobody keeps: what is sealed under it ends with the process. It was asked for by
/// name.
final class EphemeralRoot implements SealingSource {
  private final Secret root = Secret.random(ROOT_BYTES);

  /// @param state must hold nothing of an earlier start, since nothing could open it
  EphemeralRoot(Path state) throws PlatformException {
    if (!Files.isDirectory(state)) {
      return;
    }
    try (var entries = Files.list(state)) {
      // The lock is the server's, and is there before and after.
      if (entries.anyMatch(entry -> !entry.endsWith("lock"))) {
        throw new PlatformException(
            state
                + " holds state of an earlier start, which an ephemeral one cannot open: choose an empty --state");
      }
    } catch (IOException e) {
      throw new PlatformException(state + " cannot be read", e);
    }
  }

  @Override
  public Secret root() {
    return root.copy();
  }
}
