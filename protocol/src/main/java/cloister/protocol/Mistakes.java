package cloister.protocol;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Collects the mistakes of one file.
public final class Mistakes {
  private final String file;
  private final List<Mistake> found = new ArrayList<>();
  private final Set<Tree.Position> unreadable = new HashSet<>();
  private int noted;

  /// @param file for the errors only
  public Mistakes(String file) {
    this.file = file;
  }

  public void add(Tree.Position at, String message) {
    noted++;
    if (!unreadable.contains(at)) {
      found.add(new Mistake(file, at.line(), at.column(), message));
    }
  }

  /// A value that could not be read at all; what its reader says of it later is no second mistake.
  void addUnreadable(Tree.Position at, String message) {
    add(at, message);
    unreadable.add(at);
  }

  /// Rises with every mistake, whether it is shown or not.
  public int count() {
    return noted;
  }

  /// Throws when there are any.
  public void report() {
    if (!found.isEmpty()) {
      found.sort(Comparator.comparingInt(Mistake::line).thenComparingInt(Mistake::column));
      throw new InvalidDocument(found);
    }
  }
}
