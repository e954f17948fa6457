package cloister.canary;

import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/// A flaw for NullAway, and one for Error Prone.
@NullMarked
final class Canary {
  private Canary() {}

  static int nullAway(@Nullable String text) {
    return text.length();
  }

  static void errorProne() {
    new IllegalStateException("never thrown");
  }
}
