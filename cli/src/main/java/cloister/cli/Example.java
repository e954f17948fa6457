package cloister.cli;

import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.room.Name;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

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
    try (var files = Files.list(folder)) {
      return new Example(
          folder,
          files
              .filter(Files::isDirectory)
              .map(file -> Options.name(file.getFileName().toString()))
              .sorted()
              .toList());
    } catch (IOException e) {
      throw new CloisterException(ErrorCode.FILE_UNREADABLE, folder + " cannot be read", e);
    }
  }

  Path packageOf(Name participant) {
    return folder.resolve(participant.value());
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
