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
import cloister.room.Address;
import cloister.room.Dataset;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

/// Data that was checked against its schema and is ready for engines: sealed on the host's disk
/// under a key of its own per version, in the clear only in memory-backed storage, and there only
/// while versions are current.
final class PreparedData {
  private static final Bytes PLACE = Bytes.utf8("cloister/prepared/v1\0");
  private static final String UNFINISHED =
      "the data could not be prepared within the limits; nothing was charged";
  private static final long PREPARED_PER_RECEIVED = 4;

  /// A worker shares this process's user: the mode keeps it from writing what it reads.
  private static final FileAttribute<?> READ_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r--------"));

  private final Path folder;
  private final Path memory;
  private final Plaintext plaintext;
  private final Ingestion ingestion;
  private final Engine.Limits limits;

  /// Of sealed versions: those on the disk, and of these the ones that are being made, are read,
  /// and are current.
  private final Set<Path> stored;

  private final Set<Path> preparing = new HashSet<>();
  private final Map<Path, Integer> readers = new HashMap<>();
  private Map<Path, Event.Published> current = Map.of();

  /// @param folder on the host's disk
  /// @param memory an existing folder of memory-backed storage, this process's own
  /// @param plaintext of all rooms
  PreparedData(
      Path folder, Path memory, Plaintext plaintext, Ingestion ingestion, Engine.Limits limits) {
    this.folder = folder;
    this.memory = memory;
    this.plaintext = plaintext;
    this.ingestion = ingestion;
    this.limits = limits;
    this.stored = new HashSet<>(Disk.list(folder));
  }

  /// What became of an upload: an event to record, unless the data was refused. What was prepared
  /// is kept until this is closed; then it has to be among the versions that are retained.
  interface Prepared extends AutoCloseable {
    Optional<Event.Published> published();

    Reply.Report report();

    @Override
    void close();
  }

  private record Kept(Optional<Event.Published> published, Reply.Report report, Runnable end)
      implements Prepared {
    @Override
    public void close() {
      end.run();
    }
  }

  /// Reads every part against the schema, and seals what is to be kept. Of parts that follow one
  /// another, one is in the clear at a time: as received, and as prepared.
  Prepared prepare(Uploads.Upload upload, Dataset dataset) {
    Digest version = Uploads.version(upload);
    Bytes dataKey = freshKey();
    Path target = sealed(dataKey);
    synchronized (this) {
      stored.add(target);
      preparing.add(target);
    }
    int parts = upload.opened().parts().size();
    boolean kept = false;
    try (Secret key = Secret.of(dataKey.toArray())) {
      Disk.createFolder(target);
      var ingested = ingestion.begin(dataset, limits);
      for (int part = 0; part < parts; part++) {
        prepare(upload, part, ingested, key, target, context(version, part, parts));
      }
      var found = ingested.report();
      var report = report(found);
      if (found.read() - found.kept() - found.withoutUnit() > upload.opened().badRows()) {
        return new Kept(Optional.empty(), report, () -> {});
      }
      kept = true;
      var published =
          new Event.Published(
              dataset.address(),
              version,
              upload.opened().schema(),
              parts,
              dataKey,
              Optional.of(new Event.Source(upload.id(), report)));
      return new Kept(Optional.of(published), report, () -> prepared(target));
    } catch (IngestionException e) {
      throw refused(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CloisterException(ErrorCode.STOPPING, "the enclave is stopping", e);
    } finally {
      if (!kept) {
        prepared(target);
        delete(target);
      }
    }
  }

  private synchronized void prepared(Path place) {
    preparing.remove(place);
  }

  private void prepare(
      Uploads.Upload upload,
      int part,
      Ingestion.Upload ingested,
      Secret key,
      Path target,
      Bytes context)
      throws IngestionException, InterruptedException {
    Path received = memory.resolve("upload-" + upload.id() + "-received-" + part);
    Path ready = memory.resolve("upload-" + upload.id() + "-ready-" + part);
    // What is prepared is about as large as what was received; it is compressed less, and units not
    // at all.
    long bytes =
        PREPARED_PER_RECEIVED * upload.opened().parts().get(part)
            + (long) Ingestion.UNIT_BYTES * Ingestion.PART_ROWS;
    plaintext.reserve(bytes);
    try {
      Uploads.decrypt(upload, part, received);
      ingested.add(received, ready);
      Disk.deleteFile(received);
      seal(ready, target.resolve("part-" + part), key, context);
    } finally {
      Disk.deleteFile(received);
      Disk.deleteFile(ready);
      plaintext.free(bytes);
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
          switch (reason) {
            case TIME -> new CloisterException(ErrorCode.TIME_LIMIT, UNFINISHED);
            case MEMORY -> new CloisterException(ErrorCode.MEMORY_LIMIT, UNFINISHED);
            case GROUPS ->
                new CloisterException(
                    ErrorCode.TOO_LARGE, "a part of the upload has too many columns");
            case FAILED ->
                new CloisterException(
                    ErrorCode.DATA_UNPREPARED, "the engine ended before the data was prepared");
          };
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
                    fault.reason().name().toLowerCase(Locale.ROOT).replace('_', '-'),
                    fault.rows(),
                    fault.firstRows()))
            .toList());
  }

  private static void seal(Path plain, Path target, Secret key, Bytes context) {
    try (var in = Files.newInputStream(plain);
        var file =
            FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        var out = SealedWriter.to(Channels.newOutputStream(file), key, context)) {
      in.transferTo(out);
      out.finish();
      // Before the version is recorded: a recorded version is on the disk.
      file.force(true);
    } catch (IOException e) {
      throw Disk.failed(e);
    }
  }

  /// Room for these versions in the clear, until it is closed. Fails with MEMORY_LIMIT when they do
  /// not fit beside what others are reading; nothing is decrypted yet.
  Leases acquire(Map<Address, Event.Published> versions) {
    var leases = new Leases(new HashMap<>());
    boolean succeeded = false;
    try {
      versions.forEach((dataset, version) -> leases.byDataset.put(dataset, acquire(version)));
      succeeded = true;
      return leases;
    } finally {
      if (!succeeded) {
        leases.close();
      }
    }
  }

  /// What one run reads.
  record Leases(Map<Address, Plaintext.Lease> byDataset) implements AutoCloseable {
    Map<Address, List<Path>> files() {
      return byDataset.entrySet().stream()
          .collect(Collectors.toMap(Map.Entry::getKey, lease -> lease.getValue().files()));
    }

    @Override
    public void close() {
      byDataset.values().forEach(Plaintext.Lease::close);
    }
  }

  /// Has a version in the clear before anybody asks, so that the first run need not wait; but takes
  /// no room from others, and leaves it to that run to fail.
  void unsealAhead(Event.Published version) {
    try {
      if (isCurrent(version) && plaintext.hasRoom(size(version))) {
        try (var lease = acquire(version)) {
          lease.files();
        }
      }
    } catch (CloisterException _) {
      // The run will say why, to whom it concerns.
    } finally {
      // Another may have followed before there was anything in the clear to take away.
      if (!isCurrent(version)) {
        plaintext.supersede(version.version());
      }
    }
  }

  private synchronized boolean isCurrent(Event.Published version) {
    return current.containsKey(sealed(version.dataKey()));
  }

  private Plaintext.Lease acquire(Event.Published version) {
    Path place = sealed(version.dataKey());
    if (!Files.isDirectory(place)) {
      throw new CloisterException(
          ErrorCode.DATA_MISSING, "the stored data of a dataset is not there any more");
    }
    long size = size(version);
    read(place);
    boolean succeeded = false;
    try {
      var lease =
          plaintext.acquire(version.version(), memory, size, target -> unseal(version, target));
      succeeded = true;
      return new Reading(lease, () -> readBy(place));
    } finally {
      if (!succeeded) {
        readBy(place);
      }
    }
  }

  /// In the clear; sealing adds a little.
  private long size(Event.Published version) {
    long size = 0;
    for (int part = 0; part < version.parts(); part++) {
      size += Disk.size(sealed(version.dataKey()).resolve("part-" + part));
    }
    return size;
  }

  /// A lease that keeps the sealed files too.
  private static final class Reading implements Plaintext.Lease {
    private final Plaintext.Lease lease;
    private final Runnable end;
    private final AtomicBoolean closed = new AtomicBoolean();

    Reading(Plaintext.Lease lease, Runnable end) {
      this.lease = lease;
      this.end = end;
    }

    @Override
    public List<Path> files() {
      return lease.files();
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        lease.close();
        end.run();
      }
    }
  }

  private synchronized void read(Path place) {
    readers.merge(place, 1, Integer::sum);
  }

  private synchronized void readBy(Path place) {
    readers.computeIfPresent(place, (_, count) -> count == 1 ? null : count - 1);
    deleteUnlessNeeded(place);
  }

  /// From now on these are the current versions. Others go, from the disk and from memory, as soon
  /// as no run reads them; so does what a crash has left.
  synchronized void retain(Collection<Event.Published> versions) {
    var former = current;
    current =
        versions.stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    version -> sealed(version.dataKey()), version -> version));
    former.forEach((place, version) -> {
      if (!current.containsKey(place)) {
        plaintext.supersede(version.version());
      }
    });
    List.copyOf(stored).forEach(this::deleteUnlessNeeded);
  }

  private void deleteUnlessNeeded(Path place) {
    if (!current.containsKey(place) && !preparing.contains(place) && !readers.containsKey(place)) {
      delete(place);
    }
  }

  private synchronized void delete(Path place) {
    try {
      Disk.delete(place);
      stored.remove(place);
    } catch (CloisterException _) {
      // It stays among those stored, and the next look at them tries again.
    }
  }

  private List<Path> unseal(Event.Published version, Path target) {
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
                FileChannel.open(
                    plain,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    READ_ONLY)) {
          for (long chunk = 0; chunk < in.chunks().count(); chunk++) {
            var content = ByteBuffer.wrap(in.readChunk(chunk));
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

  private static Bytes freshKey() {
    try (Secret key = Secret.random(Uploads.KEY_BYTES)) {
      return Bytes.of(key.expose());
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
