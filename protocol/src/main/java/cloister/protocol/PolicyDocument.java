package cloister.protocol;

import cloister.attestation.EvidenceException;
import cloister.attestation.Policy;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.util.List;
import java.util.Optional;

/// Demands of evidence as people write them, in YAML or JSON, and as their digest knows them: the
/// SHA-256 of the same as canonical JSON (RFC 8785), without any envelope, so that one command of
/// any JCS implementation computes it.
///
/// @param canonical what the digest is of
public record PolicyDocument(Policy policy, Bytes canonical) {
  public Digest digest() {
    return policy.digest();
  }

  /// @param fileName for the errors only
  /// @throws InvalidDocument naming the place of everything wrong that one reading finds
  public static PolicyDocument parse(String fileName, String text) {
    var mistakes = new Mistakes(fileName);
    List<Tree> trees = Yaml.parse(text, mistakes);
    mistakes.report();
    if (trees.size() != 1) {
      mistakes.add(
          new Tree.Position(1, 1), "a file holds one policy, and this one holds " + trees.size());
      mistakes.report();
    }
    Tree tree = trees.getFirst();
    Bytes canonical = Bytes.of(tree.json().canonical());
    try {
      return new PolicyDocument(Policy.parse(canonical), canonical);
    } catch (EvidenceException e) {
      for (EvidenceException.Mistake mistake : e.mistakes()) {
        mistakes.add(find(tree, mistake.path()), message(mistake));
      }
      if (e.mistakes().isEmpty()) {
        mistakes.add(tree.at(), String.valueOf(e.getMessage()));
      }
      mistakes.report();
      throw new IllegalStateException("a mistake was noted", e);
    }
  }

  private static String message(EvidenceException.Mistake mistake) {
    String key = mistake.path().substring(mistake.path().lastIndexOf('.') + 1);
    return mistake.path() + " " + mistake.problem() + Spelling.suggestion(key, mistake.known());
  }

  /// What [#canonical] gives, read back.
  public static PolicyDocument fromCanonical(Bytes canonical) {
    Json.parseCanonical(canonical.toArray(), Documents.MAX_CANONICAL_BYTES);
    try {
      return new PolicyDocument(Policy.parse(canonical), canonical);
    } catch (EvidenceException e) {
      throw new CloisterException(ErrorCode.DOCUMENT_INVALID, String.valueOf(e.getMessage()), e);
    }
  }

  /// The content as JSON, for showing and comparing.
  public Json.Obj json() {
    return (Json.Obj) Json.parseCanonical(canonical.toArray(), Documents.MAX_CANONICAL_BYTES);
  }

  /// The place of a path as in `policy.accept[0].measurement`; of what is missing, the place of
  /// what should hold it.
  private static Tree.Position find(Tree root, String path) {
    Tree at = root;
    Tree.Position place = root.at();
    // The first step is the document's name.
    for (String step : path.replaceFirst("^[^.\\[]*", "").split("\\.|(?=\\[)", -1)) {
      Optional<Tree.Entry> entry =
          at instanceof Tree.Mapping(_, List<Tree.Entry> entries)
              ? entries.stream().filter(one -> one.key().equals(step)).findFirst()
              : Optional.empty();
      if (entry.isPresent()) {
        at = entry.get().value();
        place = entry.get().at();
      } else if (at instanceof Tree.Sequence(_, List<Tree> elements)
          && step.matches("\\[[0-9]{1,4}]")
          && Integer.parseInt(step.substring(1, step.length() - 1)) < elements.size()) {
        at = elements.get(Integer.parseInt(step.substring(1, step.length() - 1)));
        place = at.at();
      }
    }
    return place;
  }
}
