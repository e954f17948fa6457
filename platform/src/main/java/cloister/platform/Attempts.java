package cloister.platform;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;

/// How often something is tried that a kernel or a device may refuse for a moment (EBUSY, EAGAIN,
/// another writer), and how long to wait between. The JDK hides the error number of most file
/// operations behind a text, so every failure is tried again but those that cannot pass.
record Attempts(int most, Duration pause) {
  /// A quote of TDX goes through the host and takes seconds when many ask.
  static final Attempts USUAL = new Attempts(6, Duration.ofMillis(250));

  Attempts {
    if (most < 1 || most > 100 || pause.isNegative()) {
      throw new IllegalArgumentException("1 to 100 attempts, not " + most);
    }
  }

  /// @param <T> what comes of it
  interface Attempt<T> {
    T run() throws IOException, PlatformException;
  }

  /// @param what was wanted, for the message
  /// @throws PlatformException at once if the attempt throws one, else after the last
  <T> T until(String what, Attempt<T> attempt) throws PlatformException {
    for (int i = 1; ; i++) {
      try {
        return attempt.run();
      } catch (NoSuchFileException | AccessDeniedException e) {
        throw new PlatformException(
            "%s: %s is missing, or this user may not use it".formatted(what, e.getFile()), e);
      } catch (IOException e) {
        if (i >= most) {
          throw new PlatformException("%s failed %d times".formatted(what, most), e);
        }
      }
      rest(what);
    }
  }

  void rest(String what) throws PlatformException {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PlatformException(what + " was interrupted", e);
    }
  }
}
