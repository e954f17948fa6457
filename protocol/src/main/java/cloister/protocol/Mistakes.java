package cloister.protocol;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Collects the mistakes of one file.
final class Mistakes {
  private final String file;
  private final List<Mistake> found = new ArrayList<>();

  Mistakes(String file) {
    this.file = file;
  }

  void add(Tree.Position at, String message) {
    found.add(new Mistake(file, at.line(), at.column(), message));
  }

  int count() {
    return found.size();
  }

  /// Throws when there are any.
  void report() {
    if (!found.isEmpty()) {
      found.sort(Comparator.comparingInt(Mistake::line).thenComparingInt(Mistake::column));
      throw new InvalidDocument(found);
    }
  }
}
