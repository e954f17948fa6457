package cloister.canary;

import java.util.List;
import org.jspecify.annotations.NullMarked;

/// A flaw for `-Xlint` with `-Werror`; on its own, since javac stops at it before the others run.
@NullMarked
final class Canary {
  private Canary() {}

  static int lint(List raw) {
    return raw.size();
  }
}
