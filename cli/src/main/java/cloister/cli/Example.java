package cloister.cli;

import cloister.attestation.Measurement;
import cloister.client.DocumentPackage;
import cloister.crypto.Digest;
import cloister.protocol.CloisterException;
import cloister.protocol.Document;
import cloister.protocol.Documents;
import cloister.protocol.ErrorCode;
import cloister.protocol.Spelling;
import cloister.room.Address;
import cloister.room.Collaboration;
import cloister.room.Kind;
import cloister.room.Name;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// A folder that holds all packages of a collaboration: `collaboration.yaml`, and a folder for each
/// participant with its documents and, beside `NAME.yaml`, a dataset's data in `NAME.csv`,
/// `NAME.parquet` or `NAME.json`.
///
/// Its collaboration has `${NAME.key}` and `${enclave.measurement}` where what is made on the spot
/// belongs.
record Example(Path folder, List<Name> participants) {
  static final String COLLABORATION = "collaboration.yaml";
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([a-z0-9_.-]{1,80})}");

  /// Of attestation, which `cloister sign` keeps.
  private static final String POLICIES = "policies";

  private static final Measurement STAND_IN = Measurement.parse("sha384:" + "0".repeat(96));
  private static final List<String> FORMATS = List.of(".csv", ".parquet", ".json", ".ndjson");

  Example {
    participants = List.copyOf(participants);
  }

  static Example in(Path folder) {
    if (!Files.isRegularFile(folder.resolve(COLLABORATION))) {
      throw new CloisterException(
          ErrorCode.FILE_UNREADABLE, "there is no " + COLLABORATION + " in " + folder);
    }
    var example = new Example(folder, participants(folder.resolve(COLLABORATION)));
    example.requireParticipants();
    return example;
  }

  /// Those that the collaboration names. What the placeholders will stand for does not matter yet,
  /// but they must be there: nobody has the keys of others, nor the measurement of a build to come.
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
                    ? standIn(found.group(1)).toString()
                    : STAND_IN.toString());
    // A collaboration has no party; this name only stands for one while the file is read.
    Collaboration collaboration =
        Documents.parse(file.toString(), filled, new Name("nobody")).stream()
            .filter(Document.CollaborationDocument.class::isInstance)
            .map(document -> ((Document.CollaborationDocument) document).collaboration())
            .findFirst()
            .orElseThrow(() ->
                new CloisterException(
                    ErrorCode.DOCUMENT_INVALID, file + " holds no collaboration"));
    collaboration
        .participants()
        .forEach((name, key) -> {
          if (!key.equals(standIn(name + ".key"))) {
            throw misses(file, name + ".key", "the key of " + name);
          }
        });
    Set<Measurement> measurements = collaboration.enclave().measurements();
    if (!measurements.contains(STAND_IN)
        && !measurements.contains(EnclaveMeasurement.ofThisBuild())) {
      throw misses(file, "enclave.measurement", "a measurement");
    }
    return collaboration.participants().keySet().stream().sorted().toList();
  }

  private static Digest standIn(String placeholder) {
    return Digest.of(placeholder.getBytes(StandardCharsets.UTF_8));
  }

  private static CloisterException misses(Path file, String placeholder, String as) {
    return new CloisterException(
        ErrorCode.DOCUMENT_INVALID,
        file
            + ": write \"${"
            + placeholder
            + "}\" as "
            + as
            + ": a rehearsal makes keys and the enclave on the spot");
  }

  /// Documents in a folder whose name is misspelt would be nobody's.
  private void requireParticipants() {
    List<String> known = participants.stream().map(Name::value).toList();
    try (var files = Files.list(folder)) {
      files
          .filter(Files::isDirectory)
          .map(file -> file.getFileName().toString())
          .filter(name -> !known.contains(name) && !name.startsWith(".") && !name.equals(POLICIES))
          .sorted()
          .findFirst()
          .ifPresent(name -> {
            throw new CloisterException(
                ErrorCode.PARAMETER_INVALID,
                "the folder "
                    + name
                    + " is no participant of "
                    + COLLABORATION
                    + Spelling.suggestion(name, known));
          });
    } catch (IOException e) {
      throw new CloisterException(ErrorCode.FILE_UNREADABLE, folder + " cannot be read", e);
    }
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

  /// A participant's datasets and analyses.
  List<Document> documents(Name participant) {
    return hasPackage(participant)
        ? DocumentPackage.read(packageOf(participant), participant).own()
        : List.of();
  }

  /// The data that lies beside a participant's documents, by dataset.
  Map<Name, Path> data(Name participant) {
    List<String> files = dataFiles(participant);
    var data = new TreeMap<Name, Path>();
    for (Name dataset : datasets(participant)) {
      for (String format : FORMATS) {
        String file = dataset + format;
        if (files.contains(file)
            && data.put(dataset, packageOf(participant).resolve(file)) != null) {
          throw new CloisterException(
              ErrorCode.PARAMETER_INVALID,
              packageOf(participant) + " holds data of " + dataset + " in several files");
        }
      }
    }
    return data;
  }

  /// Which datasets have no data beside them, and what may be meant to be it.
  SortedMap<Address, String> withoutData() {
    var without = new TreeMap<Address, String>();
    for (Name participant : participants) {
      Map<Name, Path> data = data(participant);
      List<String> strays =
          dataFiles(participant).stream()
              .filter(file -> !data.containsValue(packageOf(participant).resolve(file)))
              .toList();
      for (Name dataset : datasets(participant)) {
        if (!data.containsKey(dataset)) {
          var address = new Address(participant, Kind.DATASET, dataset);
          without.put(
              address,
              address
                  + " has no data: there is no "
                  + dataset
                  + ".csv, .parquet, .json or .ndjson beside it"
                  + Spelling.nearest(dataset + ".csv", strays)
                      .map(file -> "; did you mean \"" + file + "\"?")
                      .orElse(""));
        }
      }
    }
    return without;
  }

  private List<Name> datasets(Name participant) {
    return documents(participant).stream()
        .filter(Document.DatasetDocument.class::isInstance)
        .map(document -> ((Document.DatasetDocument) document).dataset().address().name())
        .toList();
  }

  /// The names of files that may hold data.
  private List<String> dataFiles(Name participant) {
    if (!hasPackage(participant)) {
      return List.of();
    }
    try (var files = Files.list(packageOf(participant))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> FORMATS.stream().anyMatch(name::endsWith))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new CloisterException(
          ErrorCode.FILE_UNREADABLE, packageOf(participant) + " cannot be read", e);
    }
  }
}
