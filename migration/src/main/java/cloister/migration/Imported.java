package cloister.migration;

import java.util.List;

/// A dataset's document that was made from a policy of another product, and how each of its rules
/// fared.
///
/// @param document in YAML; it passes once [#open] is empty
/// @param open what the owner has to fill in, with hints; each stands in the document as [#FILL_IN]
public record Imported(Source source, String document, List<Finding> findings, List<String> open) {
  /// What stands where the source says nothing. It is no name, type, number or list, so nothing
  /// that holds it is a document.
  public static final String FILL_IN = "FILL IN";

  public Imported {
    findings = List.copyOf(findings);
    open = List.copyOf(open);
  }

  public boolean hasLost() {
    return findings.stream().anyMatch(finding -> finding.kind() == Finding.Kind.LOST);
  }
}
