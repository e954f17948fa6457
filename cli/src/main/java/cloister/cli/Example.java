package cloister.cli;

import cloister.crypto.Digest;
import cloister.protocol.CloisterException;
import cloister.protocol.Document;
import cloister.protocol.Documents;
import cloister.protocol.ErrorCode;
import cloister.room.Name;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A folder that holds all packages of a collaboration: `collaboration.yaml`, and a folder for each
/// participant with its documents and, beside `NAME.yaml`, a dataset's data in `NAME.csv`,
/// `NAME.parquet` or `NAME.json`.
///
/// Its collaboration may have `${NAME.key}` and `${enclave.measurement}` where what is made on the
/// spot belongs.
record Example(Path folder, List<Name> participants) {
  static final String COLLABORATION = "collaboration.yaml";
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([a-z0-9_.-]{1,80})}");
  private static final List<String> FORMATS = List.of(".csv", ".parquet", ".json", ".ndjson");

  Example {
    participants = List.copyOf(participants);
  }

  static Example in(Path folder) {
    if (!Files.isRegularFile(folder.resolve(COLLABORATION))) {
      throw new CloisterException(
          ErrorCode.FILE_UNREADABLE, "there is no " + COLLABORATION + " in " + folder);
    }
    return new Example(folder, participants(folder.resolve(COLLABORATION)));
  }

  /// Those that the collaboration names; other folders beside it are nobody. What the placeholders
  /// will stand for does not matter yet.
  private static List<Name> participants(Path file) {
    String template;
    try {
      template = Documents.utf8(file.toString(), Files.readAllBytes(file));
    } catch (IOException e) {
      throw new CloisterException(ErrorCode.FILE_UNREADABLE, file + " cannot be read", e);
    }
    String filled =
        PLACEHOLDER
            .matcher(template)
            .replaceAll(found ->
                found.group(1).endsWith(".key")
                    ? Digest.of(found.group(1).getBytes(StandardCharsets.UTF_8)).toString()
                    : "sha384:" + "0".repeat(96));
    // A collaboration has no party; this name only stands for one while the file is read.
    return Documents.parse(file.toString(), filled, new Name("nobody")).stream()
        .flatMap(document ->
            document instanceof Document.CollaborationDocument agreement
                ? agreement.collaboration().participants().keySet().stream()
                : Stream.empty())
        .sorted()
        .toList();
  }

  Path packageOf(Name participant) {
    return folder.resolve(participant.value());
  }

  /// Whoever only receives answers may have no documents.
  boolean hasPackage(Name participant) {
    return Files.isDirectory(packageOf(participant));
  }

  /// Writes the collaboration with the placeholders filled in.
  Path fill(Map<String, String> values, Path target) throws IOException {
    String template = Files.readString(folder.resolve(COLLABORATION));
    String filled =
        PLACEHOLDER
            .matcher(template)
            .replaceAll(found -> {
              String value = values.get(found.group(1));
              if (value == null) {
                throw new CloisterException(
                    ErrorCode.DOCUMENT_INVALID,
                    folder.resolve(COLLABORATION)
                        + ": nothing is called ${"
                        + found.group(1)
                        + "}; there are "
                        + values.keySet().stream().sorted().collect(Collectors.joining(", ")));
              }
              return Matcher.quoteReplacement(value);
            });
    return Files.writeString(target, filled);
  }

  /// The data that lies beside a participant's documents, by dataset.
  Map<Name, Path> data(Name participant) {
    var data = new TreeMap<Name, Path>();
    if (!hasPackage(participant)) {
      return data;
    }
    try (var files = Files.list(packageOf(participant))) {
      files.forEach(file ->
          dataset(file)
              .filter(name -> Files.exists(packageOf(participant).resolve(name + ".yaml")))
              .ifPresent(name -> data.put(name, file)));
    } catch (IOException e) {
      throw new CloisterException(
          ErrorCode.FILE_UNREADABLE, packageOf(participant) + " cannot be read", e);
    }
    return data;
  }

  private static Optional<Name> dataset(Path file) {
    String name = file.getFileName().toString();
    return FORMATS.stream()
        .filter(name::endsWith)
        .findFirst()
        .map(format -> Options.name(name.substring(0, name.length() - format.length())));
  }
}
