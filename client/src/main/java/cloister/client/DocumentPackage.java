package cloister.client;

import cloister.crypto.Digest;
import cloister.protocol.CloisterException;
import cloister.protocol.Document;
import cloister.protocol.Document.AnalysisDocument;
import cloister.protocol.Document.CollaborationDocument;
import cloister.protocol.Document.DatasetDocument;
import cloister.protocol.Documents;
import cloister.protocol.ErrorCode;
import cloister.protocol.InvalidDocument;
import cloister.protocol.Mistake;
import cloister.room.Address;
import cloister.room.Collaboration;
import cloister.room.Name;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// The documents that a participant keeps as YAML, in a file or a folder.
///
/// @param collaboration at most one
/// @param own datasets and analyses, each at another address
public record DocumentPackage(Optional<CollaborationDocument> collaboration, List<Document> own) {
  private static final int MAX_FILES = 256;
  private static final int MAX_FILE_BYTES = 1 << 20;

  public DocumentPackage {
    own = List.copyOf(own);
  }

  /// Reads a file, or every `.yaml` and `.yml` file directly in a folder.
  ///
  /// @throws InvalidDocument with the mistakes of all files
  public static DocumentPackage read(Path path, Name party) {
    return read(path, (name, text) -> Documents.parse(name, text, party));
  }

  /// The same, and names of participants and purposes must be the collaboration's.
  public static DocumentPackage read(Path path, Name party, Collaboration collaboration) {
    return read(path, (name, text) -> Documents.parse(name, text, party, collaboration));
  }

  private interface Parser {
    List<Document> parse(String fileName, String text);
  }

  private static DocumentPackage read(Path path, Parser parser) {
    var documents = new ArrayList<Document>();
    var mistakes = new ArrayList<Mistake>();
    for (Path file : files(path)) {
      try {
        documents.addAll(parse(file, parser));
      } catch (InvalidDocument e) {
        mistakes.addAll(e.mistakes());
      }
    }
    if (!mistakes.isEmpty()) {
      throw new InvalidDocument(mistakes);
    }
    var own = new TreeMap<Address, Document>();
    Optional<CollaborationDocument> collaboration = Optional.empty();
    for (Document document : documents) {
      if (document instanceof CollaborationDocument agreement) {
        if (collaboration.isPresent()) {
          throw new CloisterException(
              ErrorCode.DOCUMENT_INVALID, path + ": there are two collaborations; apply one");
        }
        collaboration = Optional.of(agreement);
      } else if (own.put(address(document), document) != null) {
        throw new CloisterException(
            ErrorCode.DOCUMENT_INVALID, path + ": there are two documents " + address(document));
      }
    }
    return new DocumentPackage(collaboration, List.copyOf(own.values()));
  }

  /// The one collaboration in a file.
  public static CollaborationDocument collaboration(Path file) {
    // A collaboration has no party; this name only stands for one while the file is read.
    DocumentPackage documents = read(file, new Name("nobody"));
    return documents
        .collaboration()
        .filter(_ -> documents.own().isEmpty())
        .orElseThrow(() ->
            new CloisterException(
                ErrorCode.DOCUMENT_INVALID, file + ": not a collaboration and nothing else"));
  }

  /// A mistake in an analysis's SQL, where it is in the files that [#read] read.
  public static Mistake inSql(Path path, Address analysis, int line, int column, String message) {
    return files(path).stream()
        .flatMap(file ->
            Documents.inSql(file.toString(), text(file), analysis.name(), line, column, message)
                .stream())
        .findFirst()
        .orElse(new Mistake(path.toString(), 0, 0, analysis + ": " + message));
  }

  private static List<Document> parse(Path file, Parser parser) {
    return parser.parse(file.toString(), text(file));
  }

  public static String text(Path file) {
    String name = file.toString();
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new CloisterException(ErrorCode.TOO_LARGE, name + " is larger than 1 MiB");
      }
      return Documents.utf8(name, Files.readAllBytes(file));
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  static List<Path> files(Path path) {
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    try (var files = Files.list(path)) {
      List<Path> found =
          files
              .filter(file -> file.toString().endsWith(".yaml") || file.toString().endsWith(".yml"))
              .sorted()
              .limit(MAX_FILES + 1)
              .toList();
      if (found.isEmpty() || found.size() > MAX_FILES) {
        throw new CloisterException(
            ErrorCode.FILE_UNREADABLE,
            path + (found.isEmpty() ? " holds no .yaml file" : " holds too many files"));
      }
      return found;
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private static CloisterException unreadable(Path path, IOException e) {
    return InputFile.unreadable(path, e);
  }

  /// The digests of [#own] by address.
  public SortedMap<Address, Digest> addressed() {
    var digests = new TreeMap<Address, Digest>();
    own.forEach(document -> digests.put(address(document), document.digest()));
    return digests;
  }

  /// The datasets among [#own], by address.
  public Map<Address, DatasetDocument> datasets() {
    var datasets = new TreeMap<Address, DatasetDocument>();
    for (Document document : own) {
      if (document instanceof DatasetDocument dataset) {
        datasets.put(dataset.dataset().address(), dataset);
      }
    }
    return datasets;
  }

  private static Address address(Document document) {
    return switch (document) {
      case DatasetDocument dataset -> dataset.dataset().address();
      case AnalysisDocument analysis -> analysis.address();
      case CollaborationDocument _ ->
          throw new IllegalArgumentException("a collaboration has no address");
    };
  }
}
