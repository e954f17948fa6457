package cloister.enclave;

import cloister.crypto.Bytes;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.SealedReader;
import cloister.crypto.SealedWriter;
import cloister.crypto.Secret;
import cloister.duckdb.Ingestion;
import cloister.duckdb.IngestionException;
import cloister.duckdb.IngestionReport;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.protocol.Reply;
import cloister.query.Engine;
import cloister.room.Dataset;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Data that was checked against its schema and is ready for engines: sealed on the host's disk
/// under a key of its own per version, in the clear only in memory-backed storage, and there only
/// while versions are current.
final class PreparedData {
  private static final Bytes PLACE = Bytes.utf8("cloister/prepared/v1\0");

  private final Path folder;
  private final Path memory;
  private final Ingestion ingestion;
  private final Engine.Limits limits;
  private final Map<Digest, List<Path>> open = new HashMap<>();

  /// @param folder on the host's disk
  /// @param memory an existing folder of memory-backed storage, this process's own
  PreparedData(Path folder, Path memory, Ingestion ingestion, Engine.Limits limits) {
    this.folder = folder;
    this.memory = memory;
    this.ingestion = ingestion;
    this.limits = limits;
  }

  /// What became of an upload: an event to record, unless the data was refused.
  record Prepared(Optional<Event.Published> published, Reply.Report report) {}

  /// Reads every part against the schema, and seals what is to be kept.
  Prepared prepare(Uploads.Upload upload, Dataset dataset) {
    Digest version = Uploads.version(upload);
    Path work = memory.resolve("upload-" + upload.id());
    Disk.delete(work);
    Path received = work.resolve("received");
    Path ready = work.resolve("ready");
    Disk.createFolder(received);
    Disk.createFolder(ready);
    try {
      List<Path> parts = new ArrayList<>();
      for (int part = 0; part < upload.opened().parts().size(); part++) {
        Path plain = received.resolve("part-" + part + ".parquet");
        Uploads.decrypt(upload, part, plain);
        parts.add(plain);
      }
      var prepared = ingestion.prepare(dataset, parts, ready, limits);
      var report = report(prepared.report());
      long bad =
          prepared.report().read() - prepared.report().kept() - prepared.report().withoutUnit();
      if (bad > upload.opened().badRows()) {
        return new Prepared(Optional.empty(), report);
      }
      Bytes key = seal(version, prepared.files());
      var published =
          new Event.Published(
              dataset.address(), version, upload.opened().schema(), prepared.files().size(), key);
      return new Prepared(Optional.of(published), report);
    } catch (IngestionException e) {
      throw refused(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CloisterException(ErrorCode.STOPPING, "the enclave is stopping", e);
    } finally {
      Disk.delete(work);
    }
  }

  private static CloisterException refused(IngestionException e) {
    return switch (e.problem()) {
      case IngestionException.Problem.Malformed(int part) ->
          new CloisterException(
              ErrorCode.DATA_MALFORMED, "part " + part + " of the upload is no Parquet file");
      case IngestionException.Problem.TooManyRows(int part) ->
          new CloisterException(
              ErrorCode.TOO_LARGE,
              "part " + part + " has more than " + Ingestion.PART_ROWS + " rows");
      case IngestionException.Problem.MissingColumns(int part, var columns) ->
          new CloisterException(
              ErrorCode.DATA_SCHEMA_MISMATCH, "part " + part + " lacks the columns " + columns);
      case IngestionException.Problem.UnsuitableType(int part, var column) ->
          new CloisterException(
              ErrorCode.DATA_SCHEMA_MISMATCH,
              "column "
                  + column
                  + " in part "
                  + part
                  + " has a type that cannot be read as declared");
      case IngestionException.Problem.Unfinished(var reason) ->
          new CloisterException(
              switch (reason) {
                case TIME -> ErrorCode.TIME_LIMIT;
                case MEMORY -> ErrorCode.MEMORY_LIMIT;
                case GROUPS, FAILED -> ErrorCode.DATA_MALFORMED;
              },
              "the data could not be read within the limits");
    };
  }

  private static Reply.Report report(IngestionReport report) {
    return new Reply.Report(
        report.read(),
        report.kept(),
        report.withoutUnit(),
        report.faults().stream()
            .map(fault ->
                new Reply.BadRows(
                    fault.column().value(),
                    fault.reason().name().toLowerCase(java.util.Locale.ROOT).replace('_', '-'),
                    fault.rows(),
                    fault.firstRows()))
            .toList());
  }

  /// @return the fresh key of what was sealed
  private Bytes seal(Digest version, List<Path> files) {
    try (Secret key = Secret.random(Uploads.KEY_BYTES)) {
      Bytes dataKey = Bytes.of(key.expose());
      seal(version, key, files, sealed(dataKey));
      return dataKey;
    }
  }

  private static void seal(Digest version, Secret key, List<Path> files, Path target) {
    Disk.createFolder(target);
    try {
      for (int part = 0; part < files.size(); part++) {
        try (var in = Files.newInputStream(files.get(part));
            var file =
                FileChannel.open(
                    target.resolve("part-" + part),
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE);
            var out =
                SealedWriter.to(
                    Channels.newOutputStream(file), key, context(version, part, files.size()))) {
          in.transferTo(out);
          out.finish();
          // Before the version is recorded: a recorded version is on the disk.
          file.force(true);
        }
      }
    } catch (IOException e) {
      Disk.delete(target);
      throw Disk.failed(e);
    }
  }

  /// The plaintext files of a version, opened once.
  synchronized List<Path> open(Event.Published version) {
    return open.computeIfAbsent(version.version(), _ -> unseal(version));
  }

  private List<Path> unseal(Event.Published version) {
    Path target = memory.resolve("data-" + version.version().brief());
    Disk.delete(target);
    Disk.createFolder(target);
    List<Path> files = new ArrayList<>();
    try (Secret key = Secret.of(version.dataKey().toArray())) {
      for (int part = 0; part < version.parts(); part++) {
        Path plain = target.resolve("part-" + part + ".parquet");
        Path sealed = sealed(version.dataKey()).resolve("part-" + part);
        try (var file = FileChannel.open(sealed, StandardOpenOption.READ);
            var in =
                SealedReader.open(file, key, context(version.version(), part, version.parts()));
            var out =
                FileChannel.open(plain, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
          for (long chunk = 0; chunk < in.chunks().count(); chunk++) {
            var content = java.nio.ByteBuffer.wrap(in.readChunk(chunk));
            while (content.hasRemaining()) {
              out.write(content);
            }
          }
        }
        files.add(plain);
      }
      return List.copyOf(files);
    } catch (CryptoException | IOException e) {
      Disk.delete(target);
      throw new CloisterException(
          ErrorCode.SEALED_DATA_CORRUPT, "the stored data of a dataset is not what was stored", e);
    }
  }

  /// Takes the plaintext of every version that is not among the current ones out of memory.
  synchronized void keepOnly(java.util.Set<Digest> current) {
    var gone = new java.util.HashSet<>(open.keySet());
    gone.removeAll(current);
    for (Digest version : gone) {
      open.remove(version);
      Disk.delete(memory.resolve("data-" + version.brief()));
    }
  }

  /// Each time that data is prepared has a key and so a place of its own: preparing the same upload
  /// again, after a crash, never touches what is recorded.
  private Path sealed(Bytes dataKey) {
    Digest place = Digest.of(Bytes.concat(PLACE, dataKey));
    return folder.resolve(place.toString().substring("sha256:".length()));
  }

  private static Bytes context(Digest version, int part, int parts) {
    return Bytes.of(
        Json.object().put("part", part).put("parts", parts).put("version", version).canonical());
  }
}
