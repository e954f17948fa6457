package cloister.enclave;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.crypto.SealedWriter;
import cloister.crypto.Secret;
import cloister.duckdb.Ingestion;
import cloister.duckdb.Transcoding;
import cloister.duckdb.Workers;
import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.ErrorCode;
import cloister.query.Engine;
import cloister.room.Address;
import cloister.room.Column;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import cloister.room.Dataset;
import cloister.room.Name;
import cloister.testkit.TinyDisk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PreparedDataTest {
  private static final int PARTS = 4;
  private static final Address CUSTOMERS = Address.parse("/airline/dataset/customers");
  private static final Engine.Limits LIMITS =
      new Engine.Limits(Duration.ofMinutes(1), 512L << 20, 2, 1);

  @TempDir Path folder;
  private Path memory;
  private Workers workers;

  @BeforeEach
  void start() throws Exception {
    memory = Files.createDirectory(folder.resolve("memory"));
    workers = Workers.of(new Workers.Settings(folder, 1, 1));
  }

  @AfterEach
  void stop() {
    workers.close();
  }

  private static Dataset dataset() {
    var column =
        new Column(
            new ColumnName("email"),
            ColumnType.parse("string"),
            Optional.empty(),
            Set.of(),
            false,
            Optional.empty(),
            Optional.empty());
    return new Dataset(
        CUSTOMERS,
        Digest.ofUtf8("document"),
        Optional.of(column.name()),
        List.of(column),
        Optional.empty(),
        List.of());
  }

  /// Sealed as an owner seals; `broken` parts hold no Parquet.
  private Uploads.Upload upload(Set<Integer> broken) throws Exception {
    Path sealed = Files.createDirectory(folder.resolve("upload"));
    var csv = new StringBuilder("email\n");
    for (int row = 0; row < 1_000; row++) {
      csv.append("user").append(row).append("@example.com\n");
    }
    Path file = Files.writeString(folder.resolve("customers.csv"), csv);
    Path good = Transcoding.transcode(dataset(), file, folder, _ -> {}).getFirst();
    Path bad = Files.writeString(folder.resolve("bad"), "email");
    var sizes = new ArrayList<Long>();
    for (int part = 0; part < PARTS; part++) {
      sizes.add(0L);
    }
    try (Secret key = Secret.random(Uploads.KEY_BYTES)) {
      var unsized = upload(sealed, sizes, key);
      for (int part = 0; part < PARTS; part++) {
        try (var out =
            SealedWriter.to(
                Files.newOutputStream(unsized.part(part)), key, unsized.context(part))) {
          Files.copy(broken.contains(part) ? bad : good, out);
          out.finish();
        }
        sizes.set(part, Files.size(unsized.part(part)));
      }
      return upload(sealed, sizes, key);
    }
  }

  private static Uploads.Upload upload(Path sealed, List<Long> sizes, Secret key) {
    var opened =
        new Command.OpenUpload(
            "00112233445566778899aabbccddeeff",
            CUSTOMERS,
            Digest.ofUtf8("document"),
            Digest.ofUtf8("schema"),
            sizes,
            Bytes.of(new byte[0]),
            0);
    return new Uploads.Upload(
        Digest.ofUtf8("collaboration"),
        new Name("airline"),
        opened,
        Bytes.of(key.expose()),
        sealed);
  }

  private PreparedData data(Plaintext plaintext) {
    return new PreparedData(
        folder.resolve("sealed"), memory, plaintext, new Ingestion(workers), LIMITS);
  }

  private Event.Published prepared(PreparedData data) throws Exception {
    try (var prepared = data.prepare(upload(Set.of()), dataset())) {
      return prepared.published().orElseThrow();
    }
  }

  /// The folder's own history tells, not a look at some moment.
  @Test
  void neverMoreThanOnePartIsInTheClear() throws Exception {
    var upload = upload(Set.of());
    var plaintext = new Plaintext(1 << 30, _ -> {});
    try (var watch = memory.getFileSystem().newWatchService()) {
      var key =
          memory.register(
              watch, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_DELETE);
      try (var prepared = data(plaintext).prepare(upload, dataset())) {
        assertThat(prepared.report().kept()).isEqualTo(1_000L * PARTS);
      }
      // Comes after all others.
      Files.createFile(memory.resolve("end"));
      var present = new HashSet<String>();
      var seen = new HashSet<String>();
      while (!present.contains("end")) {
        assertThat(watch.take()).isSameAs(key);
        for (var event : key.pollEvents()) {
          assertThat(event.kind()).isNotEqualTo(StandardWatchEventKinds.OVERFLOW);
          String name = String.valueOf(event.context());
          if (event.kind().equals(StandardWatchEventKinds.ENTRY_CREATE)) {
            present.add(name);
            seen.add(name);
          } else {
            present.remove(name);
          }
          assertThat(present).as("as received and as prepared").hasSizeLessThanOrEqualTo(2);
        }
        key.reset();
      }
      assertThat(seen).hasSize(2 * PARTS + 1);
      assertThat(present).containsExactly("end");
    }
    assertThat(plaintext.bytes()).isZero();
  }

  @Test
  void whatWasPreparedIsReadBackAsOneVersion() throws Exception {
    var plaintext = new Plaintext(1 << 30, _ -> {});
    var data = data(plaintext);
    var published = prepared(data);
    assertThat(published.parts()).isEqualTo(PARTS);
    data.retain(List.of(published));
    try (var leases = data.acquire(Map.of(CUSTOMERS, published))) {
      assertThat(memory).isEmptyDirectory();
      var files = requireNonNull(leases.files().get(CUSTOMERS));
      assertThat(files).hasSize(PARTS);
      for (Path file : files) {
        assertThat(Files.getPosixFilePermissions(file)).hasSize(1);
      }
      data.retain(List.of());
      assertThat(files.getFirst()).exists();
      assertThat(folder.resolve("sealed")).isNotEmptyDirectory();
    }
    assertThat(memory).isEmptyDirectory();
    assertThat(folder.resolve("sealed")).isEmptyDirectory();
    assertThat(plaintext.bytes()).isZero();
  }

  @Test
  void aBadLastPartLeavesNothingOfTheOthers() throws Exception {
    var upload = upload(Set.of(PARTS - 1));
    assertThatThrownBy(() -> data(new Plaintext(1 << 30, _ -> {})).prepare(upload, dataset()))
        .isInstanceOfSatisfying(
            CloisterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DATA_MALFORMED));
    assertThat(memory).isEmptyDirectory();
    assertThat(folder.resolve("sealed")).isEmptyDirectory();
  }

  @Test
  void sealedFilesStayWhileSomebodyNeedsThemAndNoLonger() throws Exception {
    Path sealed = folder.resolve("sealed");
    var data = data(new Plaintext(1 << 30, _ -> {}));
    try (var prepared = data.prepare(upload(Set.of()), dataset())) {
      // A sweep while the version is on its way into the ledger.
      data.retain(List.of());
      assertThat(sealed.toFile().list()).hasSize(1);
      var published = prepared.published().orElseThrow();
      data.retain(List.of(published));
      try (var second = data.acquire(Map.of(CUSTOMERS, published))) {
        try (var first = data.acquire(Map.of(CUSTOMERS, published))) {
          data.retain(List.of());
          assertThat(first.files()).hasSize(1);
        }
        assertThat(second.files()).hasSize(1);
        assertThat(sealed.toFile().list()).hasSize(1);
      }
    }
    data.retain(List.of());
    assertThat(sealed).isEmptyDirectory();
    Files.createDirectory(sealed.resolve("left-by-a-crash"));
    data(new Plaintext(1 << 30, _ -> {})).retain(List.of());
    assertThat(sealed).isEmptyDirectory();
  }

  @Test
  void memoryThatIsFullIsNoFaultOfTheData() throws Exception {
    var upload = upload(Set.of());
    var plaintext = new Plaintext(1 << 30, _ -> {});
    // What was received fits once; what becomes of it does not fit beside.
    try (var disk = TinyDisk.mount(memory, 64 << 10)) {
      disk.fill();
      assertThatThrownBy(() -> data(plaintext).prepare(upload, dataset()))
          .isInstanceOfSatisfying(
              CloisterException.class,
              e -> assertThat(e.code()).isIn(ErrorCode.STORAGE_FULL, ErrorCode.DATA_UNPREPARED));
      assertThat(memory.toFile().list()).containsExactly("filling");
      assertThat(folder.resolve("sealed")).isEmptyDirectory();
      assertThat(plaintext.bytes()).isZero();
      disk.free();
    }
    try (var prepared = data(plaintext).prepare(upload, dataset())) {
      assertThat(prepared.report().kept()).isEqualTo(1_000L * PARTS);
    }
  }

  @Test
  void inputsThatDoNotFitAreRefusedBeforeTheyAreDecrypted() throws Exception {
    var published = prepared(data(new Plaintext(1 << 30, _ -> {})));
    assertThatThrownBy(
            () -> data(new Plaintext(1_000, _ -> {})).acquire(Map.of(CUSTOMERS, published)))
        .isInstanceOfSatisfying(
            CloisterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.MEMORY_LIMIT));
    assertThat(memory).isEmptyDirectory();
  }

  @Test
  void aVersionIsUnsealedAheadWhereThereIsRoom() throws Exception {
    var plaintext = new Plaintext(1 << 30, _ -> {});
    var data = data(plaintext);
    var published = prepared(data);
    var full = new Plaintext(1_000, _ -> {});
    data(full).unsealAhead(published);
    assertThat(memory).isEmptyDirectory();
    assertThat(full.bytes()).isZero();
    data.retain(List.of(published));
    data.unsealAhead(published);
    assertThat(memory).isNotEmptyDirectory();
    long ahead = plaintext.bytes();
    try (var leases = data.acquire(Map.of(CUSTOMERS, published))) {
      assertThat(requireNonNull(leases.files().get(CUSTOMERS))).hasSize(PARTS);
      assertThat(plaintext.bytes()).isEqualTo(ahead);
      assertThat(memory.toFile().list()).hasSize(1);
    }
    data.retain(List.of());
    assertThat(memory).isEmptyDirectory();
    assertThat(plaintext.bytes()).isZero();
  }
}
