package cloister.client;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.crypto.SealedWriter;
import cloister.crypto.Secret;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.protocol.Limits;
import cloister.protocol.SealedData;
import cloister.room.Address;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// A dataset's new version, sealed part by part on the owner's disk, from where it can be sent and,
/// after an interruption, be sent on. It keeps the data key until the upload is committed: the
/// folder is as private as the keys beside it.
public final class Upload {
  private static final String STATE = "upload.json";
  private static final int MAX_STATE_BYTES = 64 * 1024;
  private static final int KEY_BYTES = 32;
  private static final int ID_BYTES = 16;

  private final Path folder;
  private final String id;
  private final Subject subject;
  private final Source source;
  private final Secret key;
  private final List<Long> parts;

  private Upload(
      Path folder, String id, Subject subject, Source source, Secret key, List<Long> parts) {
    this.folder = folder;
    this.id = id;
    this.subject = subject;
    this.source = source;
    this.key = key;
    this.parts = List.copyOf(parts);
  }

  /// What the data is sealed as: it opens as nothing else.
  ///
  /// @param maxBadRows what the enclave was told to leave out at most; it holds an upload to that
  record Subject(
      Digest collaboration, Address dataset, Digest document, Digest schema, long maxBadRows) {
    /// What each sealed part is bound to.
    Bytes partContext(String upload, int part, int parts) {
      return SealedData.partContext(collaboration, dataset, document, schema, upload, part, parts);
    }

    /// What the wrapped data key is bound to.
    Bytes keyContext(String upload) {
      return SealedData.context(collaboration, dataset, document, schema, upload);
    }
  }

  /// The file the data came from, as it was then: a changed file is another upload.
  ///
  /// @param inode which file has that name
  /// @param changedMicros when its content, size or any other thing about it last changed, which,
  ///   unlike the time of modification, nobody sets
  public record Source(String path, long bytes, long inode, long changedMicros) {
    /// @throws CloisterException FILE_UNREADABLE
    public static Source of(Path file) {
      try {
        Path real = file.toRealPath();
        return new Source(
            real.toString(),
            Files.size(real),
            (Long) Files.getAttribute(real, "unix:ino"),
            ((FileTime) Files.getAttribute(real, "unix:ctime")).to(TimeUnit.MICROSECONDS));
      } catch (IOException e) {
        throw new CloisterException(
            ErrorCode.FILE_UNREADABLE,
            e instanceof NoSuchFileException
                ? "there is no file " + file
                : file + " cannot be read",
            e);
      }
    }

    void requireUnchanged() {
      if (!of(Path.of(path)).equals(this)) {
        throw new CloisterException(
            ErrorCode.DATA_REPLACED, path + " changed while it was read; nothing was sealed");
      }
    }
  }

  /// Seals plaintext parts under a fresh key.
  static Upload seal(
      Path folder, Subject subject, Source source, List<Path> plain, Progress progress)
      throws IOException {
    if (plain.isEmpty() || plain.size() > Limits.UPLOAD_PARTS) {
      throw new CloisterException(
          ErrorCode.TOO_LARGE,
          "an upload has 1 to " + Limits.UPLOAD_PARTS + " parts, not " + plain.size());
    }
    delete(folder);
    PrivateFiles.createFolder(folder);
    String id = randomId();
    Secret key = Secret.random(KEY_BYTES);
    long total = 0;
    for (Path part : plain) {
      total += Files.size(part);
    }
    long done = 0;
    var sizes = new ArrayList<Long>();
    for (int part = 0; part < plain.size(); part++) {
      Path sealed = part(folder, part);
      try (InputStream in = Files.newInputStream(plain.get(part));
          var out =
              SealedWriter.to(
                  new BufferedOutputStream(Files.newOutputStream(sealed), 1 << 18),
                  key,
                  subject.partContext(id, part, plain.size()))) {
        byte[] buffer = new byte[1 << 20];
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          out.write(buffer, 0, read);
          done += read;
          progress.at(done, total);
        }
        Arrays.fill(buffer, (byte) 0);
        out.finish();
      }
      // Before the state that names it: an upload that can be found is whole.
      try (var file = FileChannel.open(sealed, StandardOpenOption.WRITE)) {
        file.force(true);
      }
      sizes.add(Files.size(sealed));
    }
    var upload = new Upload(folder, id, subject, source, key, sizes);
    // Last: without it the folder is no upload, and is emptied by the next one.
    upload.write();
    return upload;
  }

  private static String randomId() {
    byte[] bytes = Secret.random(ID_BYTES).expose();
    return Bytes.of(bytes).hex();
  }

  private void write() throws IOException {
    byte[] exposed = key.expose();
    try {
      PrivateFiles.write(
          folder.resolve(STATE),
          Json.object()
              .put("upload", id)
              .put("collaboration", subject.collaboration())
              .put("dataset", subject.dataset().toString())
              .put("document", subject.document())
              .put("schema", subject.schema())
              .put("maxBadRows", subject.maxBadRows())
              .put("source", source.path())
              .put("sourceBytes", source.bytes())
              .put("sourceInode", Long.toString(source.inode()))
              .put("sourceChanged", source.changedMicros())
              .put("key", Bytes.of(exposed))
              .put("parts", Json.array(parts.stream().map(Json::of).toList()))
              .canonical());
    } finally {
      Arrays.fill(exposed, (byte) 0);
    }
  }

  /// The upload in that folder, if there is one of just this subject and source.
  static Optional<Upload> find(Path folder, Subject subject, Source source) throws IOException {
    Path state = folder.resolve(STATE);
    if (!Files.exists(state)) {
      return Optional.empty();
    }
    Upload upload = read(folder, PrivateFiles.read(state, MAX_STATE_BYTES));
    boolean same = upload.subject.equals(subject) && upload.source.equals(source);
    return same ? Optional.of(upload) : Optional.empty();
  }

  private static Upload read(Path folder, byte[] state) {
    Json.Fields in = Json.parseFields(state, MAX_STATE_BYTES, STATE);
    var subject =
        new Subject(
            in.digest("collaboration"),
            in.parsed("dataset", 256, Address::parse),
            in.digest("document"),
            in.digest("schema"),
            in.integer("maxBadRows", 0, 1L << 53));
    var source =
        new Source(
            in.string("source", 4096),
            in.integer("sourceBytes", 0, 1L << 53),
            in.parsed("sourceInode", 20, Long::parseLong),
            in.integer("sourceChanged", 0, 1L << 53));
    var sizes = new ArrayList<Long>();
    for (Json size : in.array("parts", Limits.UPLOAD_PARTS)) {
      if (!(size instanceof Json.Num(var bytes))) {
        throw in.bad("parts", "has an element that is no number");
      }
      sizes.add(bytes.longValueExact());
    }
    Secret key = Secret.of(in.bytesOfSize("key", KEY_BYTES).toArray());
    return new Upload(folder, in.string("upload", 2 * ID_BYTES), subject, source, key, sizes);
  }

  String id() {
    return id;
  }

  Subject subject() {
    return subject;
  }

  Secret key() {
    return key;
  }

  /// Sealed bytes of each part.
  List<Long> parts() {
    return parts;
  }

  Path part(int number) {
    return part(folder, number);
  }

  private static Path part(Path folder, int number) {
    return folder.resolve("part-" + number + ".sealed");
  }

  /// Forgets the upload: it is committed, or will never be.
  void discard() {
    try {
      key.close();
      delete(folder);
    } catch (IOException e) {
      throw new CloisterException(
          ErrorCode.HOME_INVALID, "the finished upload in " + folder + " cannot be deleted", e);
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
