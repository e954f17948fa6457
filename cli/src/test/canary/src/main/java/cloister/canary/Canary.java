package cloister.canary;

import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/// One flaw for each check that must be on.
@NullMarked
final class Canary {
  private Canary() {}

  static int nullAway(@Nullable String text) {
    return text.length();
  }

  static void errorProne() {
    new IllegalStateException("never thrown");
  }

  static int lint(List raw) {
    return raw.size();
  }
}
