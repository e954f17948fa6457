package cloister.cli;

import static cloister.cli.Trio.AIRLINE;
import static cloister.cli.Trio.LARGE;
import static cloister.cli.Trio.RESEARCH;
import static cloister.cli.Trio.VISITS;
import static cloister.cli.Trio.refused;
import static org.assertj.core.api.Assertions.assertThat;

import cloister.client.Participant;
import cloister.client.Progress;
import cloister.client.Upload;
import cloister.duckdb.Transcoding;
import cloister.enclave.EnclaveServer;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.testkit.Relay;
import cloister.testkit.Relay.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An upload that is interrupted goes on where it was, and what becomes the dataset's data is one
/// file as it was at one time, whatever happens to the connection, the client and the file.
final class InterruptedUploadTest {
  @TempDir static Path folder;
  private static EnclaveServer server;
  private static Trio trio;
  private static String large = "";

  @TempDir private Path files;

  @BeforeAll
  static void start() throws Exception {
    server = Trio.serve(folder.resolve("state"));
    trio = Trio.at(folder, Trio.uri(server));
    trio.join();
    trio.applyWith(1);
    try (var research = trio.enter(RESEARCH)) {
      research.budget(); // enrols: who receives must have a certificate
    }
    large = Trio.large();
  }

  @AfterAll
  static void stop() {
    trio.close();
    server.close();
  }

  @BeforeEach
  void carryHonestly() {
    trio.relay.carryHonestly();
  }

  private Path largeFile() throws IOException {
    return Files.writeString(files.resolve("visits.csv"), large);
  }

  /// What has become of pieces from here on.
  private static final class Pieces {
    private final int before = trio.relay.pieces().size();

    private List<Relay.Carried> carried() {
      var all = trio.relay.pieces();
      return all.subList(before, all.size());
    }

    /// Bytes that the enclave took.
    long taken() {
      return carried().stream()
          .filter(piece -> piece.response().status() == 200)
          .mapToLong(piece -> piece.request().body().size())
          .sum();
    }

    long refused() {
      return carried().stream().filter(piece -> piece.response().status() != 200).count();
    }
  }

  /// Sealed bytes that wait in the airline's home.
  private static long waiting() throws IOException {
    try (var walk = Files.walk(trio.homeOf(AIRLINE).resolve("uploads"))) {
      return walk.filter(file -> file.getFileName().toString().endsWith(".sealed"))
          .mapToLong(file -> file.toFile().length())
          .sum();
    }
  }

  /// After so many pieces the connection is gone, for whatever is sent.
  private static void lineBreaksAfter(int pieces) {
    var sent = new AtomicInteger();
    trio.relay.attack((request, onward) -> {
      if (request.isPiece()) {
        sent.incrementAndGet();
      }
      return sent.get() > pieces ? Response.LOST : onward.send(request);
    });
  }

  private static void interrupted(Path file, int pieces) {
    lineBreaksAfter(pieces);
    refused(ErrorCode.SERVER_UNREACHABLE, () -> trio.publish(VISITS, file));
    trio.relay.carryHonestly();
  }

  @Test
  void anInterruptedUploadGoesOnInAnotherProcessAndSendsNothingTwice() throws Exception {
    Path file = largeFile();
    var pieces = new Pieces();
    interrupted(file, 1);
    long all = waiting();
    assertThat(pieces.taken()).isPositive().isLessThan(all);
    trio.publish(VISITS, file);
    assertThat(pieces.taken()).isEqualTo(all);
    assertThat(pieces.refused()).isZero();
    assertThat(waiting()).as("nothing of it stays").isZero();
    assertThat(trio.visitors()).isEqualTo(LARGE);
  }

  @Test
  void lostPiecesLostAcknowledgementsAndCutPiecesAreMadeUpForInOneGo() throws Exception {
    Path file = largeFile();
    var pieces = new Pieces();
    var sent = new AtomicInteger();
    trio.relay.attack((request, onward) -> {
      if (!request.isPiece()) {
        return onward.send(request);
      }
      return switch (sent.getAndIncrement()) {
        case 0 -> Response.LOST;
        case 1 -> {
          onward.send(request);
          yield Response.LOST;
        }
        case 2 -> {
          onward.send(request.with(request.body().first(request.body().size() / 2 + 1)));
          yield Response.LOST;
        }
        case 3 -> onward.send(request.with(request.body().flipped(request.body().size() / 2)));
        case 5 -> new Response(200, Relay.Body.utf8("{\"offset\":1}"));
        default -> onward.send(request);
      };
    });
    assertThat(trio.publish(VISITS, file).report().kept()).isEqualTo(LARGE);
    assertThat(pieces.taken()).isGreaterThan(9_000_000);
    assertThat(pieces.refused()).as("the cut and the changed one").isEqualTo(2);
    assertThat(trio.visitors()).isEqualTo(LARGE);
  }

  @Test
  void piecesThatARelayRepeatsAndMixesUpChangeNothing() throws Exception {
    Path file = largeFile();
    trio.relay.attack((request, onward) -> {
      var response = onward.send(request);
      if (request.isPiece()) {
        for (var earlier : trio.relay.pieces().stream().limit(2).toList()) {
          onward.send(earlier.request());
          onward.send(request.with(earlier.request().body()));
          onward.send(request.to(request.path().replace("/parts/0", "/parts/1")));
        }
      }
      return response;
    });
    trio.publish(VISITS, file);
    assertThat(trio.visitors()).isEqualTo(LARGE);
  }

  @Test
  void acknowledgementsOfPiecesThatNeverArriveEndInAFailureAndPublishNothing() throws Exception {
    trio.publish(VISITS, trio.csv("before.csv", 40, ""));
    Path file = largeFile();
    trio.relay.attack((request, onward) ->
        request.isPiece()
            ? new Response(200, Relay.Body.utf8("{\"offset\":1}"))
            : onward.send(request));
    refused(ErrorCode.SERVER_UNREACHABLE, () -> trio.publish(VISITS, file));
    assertThat(trio.visitors()).isEqualTo(40);
    trio.relay.carryHonestly();
    trio.publish(VISITS, file);
    assertThat(trio.visitors()).isEqualTo(LARGE);
  }

  @Test
  void aFileThatWasReplacedInTheMeantimeIsAnotherUpload() throws Exception {
    Path file = largeFile();
    var modified = Files.getLastModifiedTime(file);
    interrupted(file, 1);
    // As long, and as old by the time that anybody can set.
    String other = large.replace("person", "nobody");
    Path replacement = Files.writeString(files.resolve("replacement.csv"), other);
    Files.setLastModifiedTime(replacement, modified);
    Files.move(replacement, file, StandardCopyOption.REPLACE_EXISTING);
    assertThat(Files.size(file)).isEqualTo(large.length());
    assertNew(file);

    interrupted(largeFile(), 1);
    var modifiedAgain = Files.getLastModifiedTime(file);
    Files.writeString(file, other);
    Files.setLastModifiedTime(file, modifiedAgain);
    assertNew(file);

    interrupted(largeFile(), 1);
    Files.writeString(file, Trio.rows(20, "short"));
    assertThat(trio.publish(VISITS, file).report().rows()).isEqualTo(20);
    assertThat(trio.visitors()).isEqualTo(20);
  }

  private static void assertNew(Path file) throws Exception {
    try (var airline = trio.enter(AIRLINE)) {
      assertThat(airline.unfinishedUpload(airline.ownDataset(VISITS), Upload.Source.of(file), 0))
          .isEmpty();
    }
    var pieces = new Pieces();
    trio.publish(VISITS, file);
    assertThat(pieces.taken()).as("all of it").isGreaterThan(9_000_000);
    assertThat(trio.visitors()).isEqualTo(LARGE);
  }

  @Test
  void aFileThatChangesWhileItIsReadIsNotSealed() throws Exception {
    Path file = Files.writeString(files.resolve("visits.csv"), Trio.rows(30, ""));
    try (var airline = trio.enter(AIRLINE)) {
      var document = airline.ownDataset(VISITS);
      var source = Upload.Source.of(file);
      List<Path> parts = Transcoding.transcode(document.dataset(), file, files, _ -> {});
      Files.writeString(file, Trio.rows(31, ""));
      refused(
          ErrorCode.DATA_REPLACED,
          () -> airline.seal(document, source, 0, parts, Progress.unseen()));
    }
  }

  @Test
  void aFileThatChangesWhileItIsSentIsPublishedAsItWas() throws Exception {
    Path file = largeFile();
    try (var airline = trio.enter(AIRLINE)) {
      Upload upload = seal(airline, file, List.of(file));
      airline.publish(
          upload,
          (_, _) -> {
            try {
              Files.writeString(file, Trio.rows(10, "later"));
            } catch (IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
          });
    }
    assertThat(trio.visitors()).isEqualTo(LARGE);
    trio.publish(VISITS, file);
    assertThat(trio.visitors()).isEqualTo(10);
  }

  private Upload seal(Participant airline, Path source, List<Path> partFiles) throws Exception {
    var document = airline.ownDataset(VISITS);
    var was = Upload.Source.of(source);
    var parts = new ArrayList<Path>();
    for (Path file : partFiles) {
      parts.addAll(Transcoding.transcode(document.dataset(), file, files, _ -> {}));
    }
    return airline.seal(document, was, 0, parts, Progress.unseen());
  }

  /// The people from `first` on, as each format has them.
  private List<Path> formats() throws Exception {
    Path csv = Files.writeString(files.resolve("one.csv"), Trio.rows(100, "a"));
    var json = new StringBuilder();
    for (int i = 100; i < 250; i++) {
      json.append(
              new String(
                  Json.object()
                      .put("notes", "b")
                      .put("age", i % 90)
                      .put("email", "person" + i + "@example.org")
                      .put("zip", "Z" + i % 4)
                      .canonical(),
                  java.nio.charset.StandardCharsets.UTF_8))
          .append('\n');
    }
    Path lines = Files.writeString(files.resolve("two.json"), json);
    try (var airline = trio.enter(AIRLINE)) {
      // One part of its own: the first 25 rows again, in other words the same people.
      Path again = Files.writeString(files.resolve("three.csv"), Trio.rows(25, "c"));
      List<Path> made =
          Transcoding.transcode(airline.ownDataset(VISITS).dataset(), again, files, _ -> {});
      Path parquet = Files.move(made.getFirst(), files.resolve("three.parquet"));
      return List.of(csv, lines, parquet);
    }
  }

  @Test
  void severalFilesOfSeveralFormatsAreOneVersionInWhateverOrder() throws Exception {
    List<Path> sources = formats();
    var orders = new ArrayList<List<Path>>();
    orders.add(sources);
    var reversed = new ArrayList<>(sources);
    Collections.reverse(reversed);
    orders.add(reversed);
    for (List<Path> order : orders) {
      try (var airline = trio.enter(AIRLINE)) {
        Upload upload = seal(airline, order.getFirst(), order);
        var pieces = new Pieces();
        // The second part's piece is lost on the way, and one of the first comes in its place.
        var sent = new AtomicInteger();
        trio.relay.attack((request, onward) -> {
          if (request.isPiece() && sent.getAndIncrement() == 1) {
            onward.send(request.with(trio.relay.pieces().getLast().request().body()));
            return Response.LOST;
          }
          return onward.send(request);
        });
        var published = airline.publish(upload, Progress.unseen());
        assertThat(published.report().rows()).isEqualTo(100 + 150 + 25);
        assertThat(pieces.refused()).isEqualTo(1);
      }
      trio.relay.carryHonestly();
      assertThat(trio.visitors()).isEqualTo(250);
    }
  }

  @Test
  void partsThatARelayPutsInEachOthersPlaceAreRefused() throws Exception {
    List<Path> sources = formats();
    try (var airline = trio.enter(AIRLINE)) {
      Upload upload = seal(airline, sources.getFirst(), sources);
      trio.relay.attack((request, onward) ->
          onward.send(
              request.path().contains("/parts/0")
                  ? request.to(request.path().replace("/parts/0", "/parts/1"))
                  : request));
      refused(ErrorCode.SERVER_UNREACHABLE, () -> airline.publish(upload, Progress.unseen()));
      trio.relay.carryHonestly();
      assertThat(airline.publish(upload, Progress.unseen()).version()).isPresent();
    }
    assertThat(trio.visitors()).isEqualTo(250);
  }

  @Test
  void moreBadRowsMayBeLeftOutAfterAnInterruption() throws Exception {
    Path file =
        Files.writeString(files.resolve("visits.csv"), Trio.rows(30, "") + "x@x.org,Z9,,\n");
    interrupted(file, 0);
    assertThat(trio.publish(VISITS, file, 5).version()).isPresent();
    assertThat(trio.visitors()).isEqualTo(30);
  }

  @Test
  void aSealedPartThatWasCutIsNotTriedForEver() throws Exception {
    Path file = largeFile();
    interrupted(file, 1);
    try (var walk = Files.walk(trio.homeOf(AIRLINE).resolve("uploads"))) {
      Path part =
          walk.filter(each -> each.toString().endsWith("part-0.sealed")).findAny().orElseThrow();
      Files.write(part, java.util.Arrays.copyOf(Files.readAllBytes(part), 5 << 20));
    }
    refused(ErrorCode.DATA_REPLACED, () -> trio.publish(VISITS, file));
    trio.publish(VISITS, file);
    assertThat(trio.visitors()).isEqualTo(LARGE);
  }
}
