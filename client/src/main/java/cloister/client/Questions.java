package cloister.client;

import cloister.crypto.Bytes;
import cloister.protocol.CloisterException;
import cloister.protocol.Command.RunRequest;
import cloister.protocol.Command.Subject;
import cloister.protocol.Document;
import cloister.protocol.Documents;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.room.Address;
import cloister.room.Kind;
import cloister.room.Name;
import cloister.room.Purpose;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Requests for runs, from what a person writes.
public final class Questions {
  private static final int MAX_SQL_BYTES = 64 * 1024;

  private Questions() {}

  /// @param analysis a name of the asker's own, or an address
  public static RunRequest named(
      Name asker, String analysis, Optional<Purpose> purpose, Optional<Set<Name>> recipients) {
    Address address;
    try {
      address =
          analysis.contains("/")
              ? Address.parse(analysis, asker)
              : new Address(asker, Kind.ANALYSIS, new Name(analysis));
    } catch (IllegalArgumentException e) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID,
          "“" + analysis + "” is no analysis: write overlap, or /research/analysis/overlap",
          e);
    }
    return new RunRequest(new Subject.Named(address), purpose, recipients);
  }

  /// SQL that is part of the request and is stored nowhere else.
  ///
  /// @param recipients the asker alone when absent
  public static RunRequest adHoc(
      Name asker, Path sql, Optional<Purpose> purpose, Optional<Set<Name>> recipients) {
    String text;
    try {
      if (Files.size(sql) > MAX_SQL_BYTES) {
        throw new CloisterException(ErrorCode.TOO_LARGE, sql + " is larger than 64 KiB");
      }
      text = Documents.utf8(sql.toString(), Files.readAllBytes(sql));
    } catch (IOException e) {
      throw new CloisterException(ErrorCode.FILE_UNREADABLE, sql + " cannot be read", e);
    }
    if (text.isBlank()) {
      throw new CloisterException(ErrorCode.PARAMETER_INVALID, sql + " holds no SQL");
    }
    Purpose stated =
        purpose.orElseThrow(() ->
            new CloisterException(
                ErrorCode.PARAMETER_INVALID, "say what the SQL is for, with --for PURPOSE"));
    // A JSON object is a YAML document too, so the reader of documents checks this one as well.
    String document =
        Json.object()
            .put("analysis", "ad-hoc")
            .put("purpose", stated.term())
            .put("recipients", new TreeSet<>(recipients.orElse(Set.of(asker))))
            .put("sql", text)
            .build()
            .pretty();
    Document analysis = Documents.parse(sql.toString(), document, asker).getFirst();
    Bytes canonical = analysis.canonical();
    return new RunRequest(new Subject.AdHoc(canonical), Optional.empty(), Optional.empty());
  }
}
