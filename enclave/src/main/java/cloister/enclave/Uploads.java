package cloister.enclave;

import cloister.crypto.Aead;
import cloister.crypto.Bytes;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.SealedChunks;
import cloister.crypto.SealedHeader;
import cloister.crypto.SealedReader;
import cloister.crypto.Secret;
import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.protocol.Limits;
import cloister.protocol.SealedData;
import cloister.room.Address;
import cloister.room.Name;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/// Data on its way in: the owner's sealed parts, as far as they have come. What is on the disk is
/// what the owner sealed; only the record of an upload, with its data key, is sealed by the
/// enclave. An upload outlives sessions and restarts, until it is committed or its owner begins too
/// many others.
final class Uploads {
  /// Uploads that one owner may have under way in one collaboration.
  private static final int MAX_PER_OWNER = 4;

  static final int KEY_BYTES = 32;
  private static final System.Logger LOG = System.getLogger("cloister.enclave");
  private static final String DAMAGED = "the record of upload {0} is damaged: it is discarded";
  private static final String RECORD = "record";

  private final Path folder;
  private final Aead recordKey;
  private final Metrics metrics;

  /// Oldest first.
  private final Map<String, Upload> uploads = new LinkedHashMap<>();

  Uploads(Path folder, Secret root, Metrics metrics) {
    this.folder = folder;
    this.metrics = metrics;
    try (Secret key = root.derive("cloister/uploads/v1", Bytes.of(new byte[0]), 32)) {
      this.recordKey = Aead.of(key);
    }
    for (Path upload : Disk.list(folder)) {
      if (Files.exists(upload.resolve(RECORD))) {
        read(upload)
            .ifPresentOrElse(
                read -> uploads.put(read.id(), read),
                () -> {
                  // Its owner begins anew; whoever else is here is not kept waiting.
                  LOG.log(System.Logger.Level.WARNING, DAMAGED, upload.getFileName());
                  Disk.delete(upload);
                });
      } else {
        // Its beginning was cut off: nobody was told of it.
        Disk.delete(upload);
      }
    }
  }

  /// An upload under way. Its monitor guards its files.
  record Upload(
      Digest collaboration, Name owner, Command.OpenUpload opened, Bytes dataKey, Path folder) {
    String id() {
      return opened.upload();
    }

    Path part(int part) {
      return folder.resolve("part-" + part);
    }

    Bytes context(int part) {
      return SealedData.partContext(
          collaboration,
          opened.dataset(),
          opened.document(),
          opened.schema(),
          id(),
          part,
          opened.parts().size());
    }
  }

  /// Begins or resumes an upload: from which byte of each part to send.
  List<Long> open(Digest collaboration, Name owner, Command.OpenUpload opened, Bytes dataKey) {
    Upload upload;
    synchronized (this) {
      Upload known = uploads.get(opened.upload());
      if (known == null) {
        known =
            begin(
                new Upload(collaboration, owner, opened, dataKey, folder.resolve(opened.upload())));
      } else if (!known.collaboration().equals(collaboration)
          || !known.owner().equals(owner)
          || !same(known.opened(), opened)
          || !known.dataKey().equals(dataKey)) {
        throw new CloisterException(
            ErrorCode.UPLOAD_UNKNOWN, "an upload of this id is under way, and it is another one");
      }
      upload = known;
    }
    List<Long> offsets = new ArrayList<>();
    for (int part = 0; part < opened.parts().size(); part++) {
      offsets.add(Disk.size(upload.part(part)));
    }
    return offsets;
  }

  /// The wrapped key differs each time that it is sealed anew; all else has to be the same.
  private static boolean same(Command.OpenUpload one, Command.OpenUpload other) {
    return one.dataset().equals(other.dataset())
        && one.document().equals(other.document())
        && one.schema().equals(other.schema())
        && one.parts().equals(other.parts())
        && one.badRows() == other.badRows();
  }

  private Upload begin(Upload upload) {
    var others =
        uploads.values().stream()
            .filter(other ->
                other.owner().equals(upload.owner())
                    && other.collaboration().equals(upload.collaboration()))
            .toList();
    if (others.size() >= MAX_PER_OWNER) {
      discard(others.getFirst());
    }
    Disk.createFolder(upload.folder());
    Bytes sealed = recordKey.seal(Bytes.utf8(upload.id()), encode(upload));
    Disk.writeDurably(upload.folder().resolve(RECORD), sealed);
    uploads.put(upload.id(), upload);
    return upload;
  }

  /// The upload, if it has such a part: before anything of a piece is read.
  Upload expect(String id, int part) {
    Upload upload = find(id);
    if (part < 0 || part >= upload.opened().parts().size()) {
      throw new CloisterException(ErrorCode.UPLOAD_OUT_OF_ORDER, "the upload has no such part");
    }
    return upload;
  }

  /// Adds a piece to a part, if it is the next and each of its chunks is the owner's.
  ///
  /// @return from where the next piece starts
  long receive(String id, int part, long offset, Bytes piece) {
    Upload upload = expect(id, part);
    synchronized (upload) {
      long reached = Disk.size(upload.part(part));
      if (offset != reached) {
        throw new CloisterException(
            ErrorCode.UPLOAD_OUT_OF_ORDER, "the part goes on from byte " + reached);
      }
      verify(upload, part, offset, piece.toArray());
      Disk.append(upload.part(part), piece);
      metrics.uploaded(piece.size());
      return offset + piece.size();
    }
  }

  /// A piece has whole chunks only, behind the header in the first.
  private static void verify(Upload upload, int part, long offset, byte[] piece) {
    long size = upload.opened().parts().get(part);
    try (Secret key = Secret.of(upload.dataKey().toArray())) {
      int at = 0;
      SealedHeader header;
      if (offset == 0) {
        if (piece.length < SealedHeader.BYTES) {
          throw corrupt(null);
        }
        header = SealedHeader.parse(Bytes.of(Arrays.copyOf(piece, SealedHeader.BYTES)));
        at = SealedHeader.BYTES;
      } else {
        header = SealedHeader.parse(Disk.head(upload.part(part), SealedHeader.BYTES));
      }
      var chunks = SealedChunks.of(header, size, key, upload.context(part));
      long index = offset == 0 ? 0 : chunkAt(chunks, offset);
      while (at < piece.length) {
        if (index >= chunks.count() || at + chunks.sealedBytes(index) > piece.length) {
          throw new CloisterException(
              ErrorCode.UPLOAD_OUT_OF_ORDER, "a piece of an upload has whole chunks only");
        }
        byte[] chunk = Arrays.copyOfRange(piece, at, at + chunks.sealedBytes(index));
        chunks.verify(index, chunk);
        at += chunk.length;
        index++;
      }
    } catch (CryptoException e) {
      throw corrupt(e);
    }
  }

  private static long chunkAt(SealedChunks chunks, long offset) {
    long low = 0;
    long high = chunks.count();
    while (low < high) {
      long middle = (low + high) >>> 1;
      if (chunks.offset(middle) < offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static CloisterException corrupt(
      @org.jspecify.annotations.Nullable CryptoException cause) {
    String message = "the piece is not what the owner sealed for this place";
    return cause == null
        ? new CloisterException(ErrorCode.SEALED_DATA_CORRUPT, message)
        : new CloisterException(ErrorCode.SEALED_DATA_CORRUPT, message, cause);
  }

  /// The upload, if it is this owner's and every part is whole.
  Upload complete(Digest collaboration, Name owner, String id) {
    Upload upload = find(id);
    if (!upload.owner().equals(owner) || !upload.collaboration().equals(collaboration)) {
      throw new CloisterException(ErrorCode.UPLOAD_UNKNOWN, "there is no such upload");
    }
    for (int part = 0; part < upload.opened().parts().size(); part++) {
      if (Disk.size(upload.part(part)) != upload.opened().parts().get(part)) {
        throw new CloisterException(
            ErrorCode.UPLOAD_OUT_OF_ORDER, "part " + part + " of the upload is not whole yet");
      }
    }
    return upload;
  }

  /// Names what the owner sealed: the digest of the parts, byte for byte.
  static Digest version(Upload upload) {
    var parts = Json.object();
    for (int part = 0; part < upload.opened().parts().size(); part++) {
      parts.put("part-" + part, Disk.digest(upload.part(part)));
    }
    return parts.put("upload", upload.id()).build().digest();
  }

  /// The plaintext of a part, written to a file in memory-backed storage.
  static void decrypt(Upload upload, int part, Path target) {
    try (Secret key = Secret.of(upload.dataKey().toArray());
        var file = FileChannel.open(upload.part(part), StandardOpenOption.READ);
        var sealed = SealedReader.open(file, key, upload.context(part));
        var out =
            FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      var buffer = ByteBuffer.allocate(sealed.chunks().header().chunkBytes());
      while (sealed.read(buffer) >= 0) {
        buffer.flip();
        while (buffer.hasRemaining()) {
          out.write(buffer);
        }
        buffer.clear();
      }
    } catch (CryptoException e) {
      throw corrupt(e);
    } catch (IOException e) {
      throw Disk.failed(e);
    }
  }

  /// Forgets what a collaboration has taken: a crash may have come between the two.
  void discardIf(Digest collaboration, Predicate<String> committed) {
    List<Upload> left;
    synchronized (this) {
      left = List.copyOf(uploads.values());
    }
    left.stream()
        .filter(
            upload -> upload.collaboration().equals(collaboration) && committed.test(upload.id()))
        .forEach(this::discard);
  }

  void discard(Upload upload) {
    synchronized (this) {
      uploads.remove(upload.id());
    }
    Disk.delete(upload.folder());
  }

  private synchronized Upload find(String id) {
    return Optional.ofNullable(uploads.get(id))
        .orElseThrow(
            () -> new CloisterException(ErrorCode.UPLOAD_UNKNOWN, "there is no such upload"));
  }

  private static byte[] encode(Upload upload) {
    var opened = upload.opened();
    return Json.object()
        .put("collaboration", upload.collaboration())
        .put("owner", upload.owner().toString())
        .put("upload", opened.upload())
        .put("dataset", opened.dataset().toString())
        .put("document", opened.document())
        .put("schema", opened.schema())
        .put("parts", Json.array(opened.parts().stream().map(Json::of).toList()))
        .put("bad-rows", opened.badRows())
        .put("key", upload.dataKey())
        .canonical();
  }

  /// Nothing when the record is not what this enclave wrote.
  private Optional<Upload> read(Path folder) {
    try {
      byte[] plain =
          recordKey.open(
              Bytes.utf8(folder.getFileName().toString()), Disk.read(folder.resolve(RECORD)));
      var json = Json.parseFields(plain, Limits.MESSAGE_BYTES, "upload");
      List<Long> parts = new ArrayList<>();
      for (Json part : json.array("parts", Limits.UPLOAD_PARTS)) {
        parts.add(((Json.Num) part).value().longValueExact());
      }
      var opened =
          new Command.OpenUpload(
              json.string("upload", 32),
              json.parsed("dataset", 256, Address::parse),
              json.digest("document"),
              json.digest("schema"),
              parts,
              Bytes.of(new byte[0]),
              json.integer("bad-rows", 0, 1L << 40));
      return Optional.of(
          new Upload(
              json.digest("collaboration"),
              json.parsed("owner", 64, Name::new),
              opened,
              json.bytesOfSize("key", 32),
              folder));
    } catch (CryptoException _) {
      return Optional.empty();
    }
  }
}
