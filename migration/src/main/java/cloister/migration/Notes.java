package cloister.migration;

import cloister.protocol.Mistakes;
import cloister.protocol.Tree;
import java.util.List;

/// Collects what is found out about one file: its mistakes, and how its rules fared.
final class Notes {
  private final String file;
  private final Mistakes mistakes;
  private final List<Finding> findings;

  /// @param findings shared by all files of one import
  Notes(String file, List<Finding> findings) {
    this.file = file;
    this.mistakes = new Mistakes(file);
    this.findings = findings;
  }

  Mistakes mistakes() {
    return mistakes;
  }

  void mistake(Tree.Position at, String message) {
    mistakes.add(at, message);
  }

  void kept(Tree.Position at, String rule, String outcome) {
    add(Finding.Kind.KEPT, at, rule, outcome);
  }

  void stricter(Tree.Position at, String rule, String outcome) {
    add(Finding.Kind.STRICTER, at, rule, outcome);
  }

  void lost(Tree.Position at, String rule, String outcome) {
    add(Finding.Kind.LOST, at, rule, outcome);
  }

  private void add(Finding.Kind kind, Tree.Position at, String rule, String outcome) {
    findings.add(new Finding(kind, file, at.line(), at.column(), rule, outcome));
  }
}
