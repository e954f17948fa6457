package cloister.protocol;

import cloister.room.Collaboration;
import cloister.room.Name;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Reads documents: from YAML, as people write it, and from the canonical JSON that is signed.
public final class Documents {
  /// The largest canonical document, in bytes.
  public static final int MAX_CANONICAL_BYTES = 256 * 1024;

  private Documents() {}

  /// The documents of a YAML file in a participant's package.
  ///
  /// @param fileName for the errors only
  /// @param party the owner of the package: documents live at `/party/kind/name`, and addresses
  ///   without a leading slash are the party's own
  /// @throws InvalidDocument with every mistake of the file
  public static List<Document> parse(String fileName, String text, Name party) {
    return parse(fileName, text, party, Optional.empty());
  }

  /// The same, and names of participants and purposes must be the collaboration's.
  public static List<Document> parse(
      String fileName, String text, Name party, Collaboration collaboration) {
    return parse(fileName, text, party, Optional.of(collaboration));
  }

  /// A file's bytes as text, without the byte order mark that Windows' editors put first.
  ///
  /// @throws InvalidDocument when they are not valid UTF-8
  public static String utf8(String fileName, byte[] bytes) {
    ByteBuffer input = ByteBuffer.wrap(bytes);
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(input).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException _) {
      int good = input.position();
      var before = new String(bytes, 0, good, StandardCharsets.UTF_8);
      int line = Math.toIntExact(before.chars().filter(c -> c == '\n').count()) + 1;
      int column = before.codePointCount(before.lastIndexOf('\n') + 1, before.length()) + 1;
      throw new InvalidDocument(
          List.of(new Mistake(fileName, line, column, "the file is not valid UTF-8")));
    }
  }

  /// The document whose [Document#canonical] these bytes are. One document has one canonical form,
  /// so bytes that mean a document but are written otherwise are refused.
  public static Document fromCanonical(byte[] bytes) {
    var mistakes = new Mistakes("document");
    Json json = Json.parseCanonical(bytes, MAX_CANONICAL_BYTES);
    Optional<Document> document = DocumentReader.canonical(Tree.of(json), mistakes);
    mistakes.report();
    return document
        .filter(read -> Arrays.equals(read.canonical().toArray(), bytes))
        .orElseThrow(() ->
            new CloisterException(
                ErrorCode.DOCUMENT_INVALID,
                "the document leaves a default out or lists something in another order than"
                    + " the canonical one"));
  }

  /// Where in its YAML file a place in an analysis's SQL is; the beginning of the SQL where YAML
  /// has folded its lines.
  ///
  /// @param line of the SQL, from 1, as is `column`
  /// @return absent when the file holds no SQL of that analysis
  public static Optional<Mistake> inSql(
      String fileName, String text, Name analysis, int line, int column, String message) {
    return Yaml.parse(text, new Mistakes(fileName)).stream()
        .flatMap(tree -> sqlOf(tree, analysis).stream())
        .findFirst()
        .map(sql -> Yaml.inScalar(text, sql, line, column))
        .map(at -> new Mistake(fileName, at.line(), at.column(), message));
  }

  private static Optional<Tree.Position> sqlOf(Tree document, Name analysis) {
    if (!(document instanceof Tree.Mapping(_, List<Tree.Entry> entries))) {
      return Optional.empty();
    }
    boolean named =
        entries.stream()
            .anyMatch(entry ->
                entry.key().equals("analysis")
                    && entry.value() instanceof Tree.Scalar(_, Json.Str(String name))
                    && name.equals(analysis.value()));
    return entries.stream()
        .filter(entry -> named && entry.key().equals("sql"))
        .map(entry -> entry.value().at())
        .findFirst();
  }

  private static List<Document> parse(
      String fileName, String text, Name party, Optional<Collaboration> collaboration) {
    var mistakes = new Mistakes(fileName);
    List<Document> documents = new ArrayList<>();
    List<Tree> trees = Yaml.parse(text, mistakes);
    for (Tree tree : trees) {
      DocumentReader.yaml(tree, party, collaboration, mistakes).ifPresent(documents::add);
    }
    if (trees.isEmpty() && mistakes.count() == 0) {
      mistakes.add(new Tree.Position(1, 1), "the file holds no document");
    }
    mistakes.report();
    return List.copyOf(documents);
  }
}
