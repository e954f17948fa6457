package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.crypto.Bytes;
import cloister.crypto.SealedHeader;
import cloister.protocol.Command;
import cloister.protocol.ErrorCode;
import cloister.protocol.Reply;
import cloister.room.Dataset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Data on its way in, by a host and a network that cut, reorder, splice and lose it, and by owners
/// whose files are not what they say.
final class UploadTest {
  private static final int CHUNK = SealedHeader.DEFAULT_CHUNK_BYTES + 16;

  private static final String PEOPLE =
      """
      dataset: people
      unit: email
      columns:
        email: {type: string, semantic: email, use: [join]}
        age: {type: integer, use: [filter]}
      terms: []
      """;

  @TempDir static Path folder;
  private static TestRoom room;
  private static TestParticipant airline;
  private static Dataset people;

  @BeforeAll
  static void start() throws Exception {
    room = TestRoom.active(folder, InstantSource.system());
    airline = room.airline;
    airline.ask(new Command.Apply(List.of(airline.signed(PEOPLE))));
    people = TestRoom.dataset(airline, PEOPLE);
  }

  @AfterAll
  static void stop() {
    room.close();
  }

  private static TestParticipant.SealedUpload sealed(byte[]... parts) throws Exception {
    return airline.sealUpload(
        people, TestRoom.schema(airline, PEOPLE), Arrays.stream(parts).map(Bytes::of).toList());
  }

  private static TestParticipant.SealedUpload sealedCsv(String name, String csv) throws Exception {
    return airline.sealUpload(
        people, TestRoom.schema(airline, PEOPLE), room.csv(name, csv), room.work(name));
  }

  /// Three chunks of nothing in particular.
  private static byte[] threeChunks(int seed) {
    byte[] plain = new byte[2 * SealedHeader.DEFAULT_CHUNK_BYTES + 1000];
    new java.util.SplittableRandom(seed).nextBytes(plain);
    return plain;
  }

  private static void refused(
      ErrorCode code, TestParticipant.SealedUpload upload, int part, long offset, byte[] piece)
      throws Exception {
    var response = airline.putForReply(upload.id(), part, offset, piece);
    assertThat(new String(response.body(), StandardCharsets.UTF_8))
        .isEqualTo("{\"error\":{\"code\":\"" + code.label() + "\"}}");
  }

  private static byte[] piece(Bytes part, int from, int to) {
    return Arrays.copyOfRange(part.toArray(), from, to);
  }

  // Pieces.

  @Test
  void aPieceThatWasCutFlippedOrReorderedIsRefusedOnArrival() throws Exception {
    var upload = sealed(threeChunks(1));
    airline.open(upload, 0);
    Bytes part = upload.parts().getFirst();
    int first = SealedHeader.BYTES + CHUNK;
    for (int place : new TreeSet<>(List.of(0, 8, 40, 79, 80, 1000, first - 16, first - 1))) {
      byte[] flipped = piece(part, 0, first);
      flipped[place] ^= 1;
      refused(ErrorCode.SEALED_DATA_CORRUPT, upload, 0, 0, flipped);
    }
    refused(ErrorCode.UPLOAD_OUT_OF_ORDER, upload, 0, 0, piece(part, 0, first - 1));
    refused(ErrorCode.UPLOAD_OUT_OF_ORDER, upload, 0, first, piece(part, first, first + CHUNK));
    refused(ErrorCode.UPLOAD_OUT_OF_ORDER, upload, 1, 0, piece(part, 0, first));
    assertThat(airline.put(upload.id(), 0, 0, piece(part, 0, first))).isEqualTo(200);
    // Not the next chunk, not the same again, not the last one early.
    refused(ErrorCode.UPLOAD_OUT_OF_ORDER, upload, 0, 0, piece(part, 0, first));
    refused(
        ErrorCode.UPLOAD_OUT_OF_ORDER,
        upload,
        0,
        first + CHUNK,
        piece(part, first + CHUNK, part.size()));
    refused(
        ErrorCode.SEALED_DATA_CORRUPT, upload, 0, first, piece(part, SealedHeader.BYTES, first));
    assertThat(TestRoom.refusal(() -> airline.ask(new Command.CommitUpload(upload.id()))).code())
        .isEqualTo(ErrorCode.UPLOAD_OUT_OF_ORDER);
    assertThat(airline.open(upload, 0).offsets()).containsExactly((long) first);
    assertThat(airline.put(upload.id(), 0, first, piece(part, first, part.size()))).isEqualTo(200);
    refused(ErrorCode.UPLOAD_OUT_OF_ORDER, upload, 0, part.size(), new byte[1]);
  }

  @Test
  void nothingIsSplicedFromOnePlaceIntoAnother() throws Exception {
    var upload = sealed(threeChunks(1), threeChunks(2));
    var other = sealed(threeChunks(1), threeChunks(2));
    airline.open(upload, 0);
    airline.open(other, 0);
    // Another upload's part, and the upload's own other part.
    refused(ErrorCode.SEALED_DATA_CORRUPT, upload, 0, 0, other.parts().getFirst().toArray());
    refused(ErrorCode.SEALED_DATA_CORRUPT, upload, 0, 0, upload.parts().getLast().toArray());
    // A part that begins as it should and goes on as another.
    int first = SealedHeader.BYTES + CHUNK;
    assertThat(airline.put(upload.id(), 0, 0, piece(upload.parts().getFirst(), 0, first)))
        .isEqualTo(200);
    for (Bytes from : List.of(upload.parts().getLast(), other.parts().getFirst())) {
      refused(ErrorCode.SEALED_DATA_CORRUPT, upload, 0, first, piece(from, first, first + CHUNK));
    }
  }

  @Test
  void dataThatWasSealedForOtherTermsAnotherSchemaOrAnotherRoomIsRefused() throws Exception {
    var schema = TestRoom.schema(airline, PEOPLE);
    String otherTerms = PEOPLE.replace("use: [filter]", "use: []");
    String otherSchema = PEOPLE.replace("use: [filter]", "use: [filter], required: true");
    var otherDocument = TestRoom.dataset(airline, otherTerms);
    byte[] plain = threeChunks(3);
    for (var upload :
        List.of(
            airline.sealUpload(otherDocument, schema, List.of(Bytes.of(plain))),
            airline.sealUpload(
                people, TestRoom.schema(airline, otherSchema), List.of(Bytes.of(plain))))) {
      assertThat(TestRoom.refusal(() -> airline.open(upload, 0)).code())
          .isEqualTo(ErrorCode.SEALED_FOR_ANOTHER);
    }
    var home = airline.collaboration;
    var elsewhere = new TestRoom(folder, room.server, InstantSource.system());
    elsewhere.activate();
    airline.collaboration = elsewhere.airline.collaboration;
    var forElsewhere = airline.sealUpload(people, schema, List.of(Bytes.of(plain)));
    airline.collaboration = home;
    // Opened here with the right key for here, its parts are still another room's.
    airline.open(forElsewhere, 0);
    refused(
        ErrorCode.SEALED_DATA_CORRUPT,
        forElsewhere,
        0,
        0,
        forElsewhere.parts().getFirst().toArray());
  }

  @Test
  void nobodyOpensContinuesOrCommitsWhatIsAnothers() throws Exception {
    var upload = sealed(threeChunks(4));
    airline.open(upload, 0);
    airline.send(upload);
    assertThat(TestRoom.refusal(() -> room.media.ask(new Command.CommitUpload(upload.id()))).code())
        .isEqualTo(ErrorCode.UPLOAD_UNKNOWN);
    assertThat(TestRoom.refusal(() -> room.media.open(upload, 0)).code())
        .isEqualTo(ErrorCode.NOT_THE_OWNER);
    assertThat(TestRoom.refusal(() -> airline.open(upload, 7)).code())
        .as("the same id for another upload")
        .isEqualTo(ErrorCode.UPLOAD_UNKNOWN);
    assertThat(airline.open(upload, 0).offsets())
        .containsExactly((long) upload.parts().getFirst().size());
  }

  @Test
  void aDataKeyThatWasSealedToAnotherSessionIsRefused() throws Exception {
    var upload = sealed(threeChunks(5));
    var old = airline.wire;
    airline.reconnect();
    var fresh = airline.wire;
    airline.wire = new TestParticipant.Wire(fresh.channel(), fresh.messages(), old.enclaveKey());
    assertThat(TestRoom.refusal(() -> airline.open(upload, 0)).code())
        .isEqualTo(ErrorCode.SEALED_FOR_ANOTHER);
    airline.wire = fresh;
  }

  // Limits.

  @Test
  void partsBeyondTheLimitsAreRefused() throws Exception {
    var good = sealed(threeChunks(6));
    Bytes key = Bytes.of(new byte[1200]);
    for (List<Long> parts :
        List.of(
            java.util.Collections.nCopies(4097, 100L),
            List.of((256L << 20) + 1),
            List.of(0L),
            List.of(-1L))) {
      var command =
          new Command.OpenUpload(
              good.id(), people.address(), people.document(), good.schema(), parts, key, 0);
      assertThat(TestRoom.refusal(() -> airline.ask(command)).code())
          .isEqualTo(ErrorCode.MESSAGE_MALFORMED);
    }
  }

  // Data.

  private static final String WITH_BAD_ROWS =
      "email,age\na@example.org,1\nb@example.org,canary-value\nc@example.org,3\n,4\nd@example.org,5.5\n";

  @Test
  void badRowsAreReportedToTheOwnerByCountAndRowNumberAlone() throws Exception {
    var over = sealedCsv("over", WITH_BAD_ROWS);
    airline.open(over, 1);
    airline.send(over);
    Reply.Published refused = airline.ask(new Command.CommitUpload(over.id()));
    assertThat(refused.version()).isEmpty();
    assertThat(refused.report().rows()).isEqualTo(5);
    assertThat(refused.report().withoutUnit()).isEqualTo(1);
    assertThat(refused.report().bad())
        .singleElement()
        .satisfies(bad -> {
          assertThat(bad.column()).isEqualTo("age");
          assertThat(bad.count()).isEqualTo(2);
          assertThat(bad.firstRows()).containsExactly(2L, 5L);
        });
    assertThat(refused.toString()).doesNotContain("canary").doesNotContain("example.org");

    var under = sealedCsv("under", WITH_BAD_ROWS);
    airline.open(under, 2);
    airline.send(under);
    Reply.Published taken = airline.ask(new Command.CommitUpload(under.id()));
    assertThat(taken.version()).isPresent();
    assertThat(taken.report().kept()).isEqualTo(2);
    // What was published is not published twice.
    assertThat(airline.<Reply.Published>ask(new Command.CommitUpload(under.id()))).isEqualTo(taken);
    assertThat(folder.resolve("state/uploads").resolve(over.id())).doesNotExist();
    assertThat(TestRoom.refusal(() -> airline.ask(new Command.CommitUpload(over.id()))).code())
        .isEqualTo(ErrorCode.UPLOAD_UNKNOWN);
  }

  @Test
  void aCrashBetweenPublishingAndForgettingPublishesOnce() throws Exception {
    var upload = sealedCsv("once", "email,age\na@example.org,1\n");
    airline.open(upload, 0);
    airline.send(upload);
    Path uploads = folder.resolve("state/uploads");
    var before = Snapshot.of(uploads.resolve(upload.id()));
    Reply.Published published = airline.ask(new Command.CommitUpload(upload.id()));
    // As the crash would leave it, the server still up: the owner has heard nothing and asks again.
    before.restore();
    assertThat(airline.open(upload, 0).offsets())
        .containsExactlyElementsOf(
            upload.parts().stream().map(part -> (long) part.size()).toList());
    assertThat(airline.<Reply.Published>ask(new Command.CommitUpload(upload.id())))
        .isEqualTo(published);
    // And after a start.
    room.restart();
    assertThat(uploads.resolve(upload.id())).doesNotExist();
    assertThat(airline.<Reply.Published>ask(new Command.CommitUpload(upload.id())))
        .isEqualTo(published);
    Reply.Status status = airline.ask(new Command.Status());
    assertThat(status.versions().get(people.address()))
        .isEqualTo(published.version().orElseThrow());
    assertThat(TestRoom.refusal(() -> room.media.ask(new Command.CommitUpload(upload.id()))).code())
        .isEqualTo(ErrorCode.UPLOAD_UNKNOWN);
  }

  @Test
  void aSupersededVersionLeavesTheDiskAlsoWhenACrashCameFirst() throws Exception {
    publish("first");
    Path data = TestRoom.place(folder, airline).resolve("data");
    var former = Snapshot.of(Disk.list(data).getFirst());
    publish("second");
    var current = Disk.list(data);
    assertThat(current).hasSize(1).doesNotContain(former.place());
    // As a crash before the deletion would leave it.
    former.restore();
    Files.createDirectories(data.resolve("f".repeat(64)));
    room.restart();
    assertThat(Disk.list(data)).isEqualTo(current);
  }

  private static void publish(String name) throws Exception {
    var upload = sealedCsv(name, "email,age\n" + name + "@example.org,1\n");
    airline.open(upload, 0);
    airline.send(upload);
    Reply.Published published = airline.ask(new Command.CommitUpload(upload.id()));
    assertThat(published.version()).isPresent();
  }

  @Test
  void aDamagedRecordOfAnUploadStopsNobodyElse() throws Exception {
    var upload = sealed(threeChunks(11));
    airline.open(upload, 0);
    Path record = folder.resolve("state/uploads").resolve(upload.id()).resolve("record");
    byte[] bytes = Files.readAllBytes(record);
    bytes[bytes.length / 2] ^= 1;
    Files.write(record, bytes);
    room.restart();
    assertThat(record).doesNotExist();
    assertThat(airline.open(upload, 0).offsets()).containsExactly(0L);
  }

  @Test
  void whatIsNoParquetIsMalformedWhateverItIs() throws Exception {
    byte[] magic = "PAR1garbage in the middlePAR1".getBytes(StandardCharsets.UTF_8);
    for (byte[] garbage : List.of(threeChunks(7), magic, new byte[0])) {
      var upload = sealed(garbage);
      airline.open(upload, 0);
      airline.send(upload);
      var refusal = TestRoom.refusal(() -> airline.ask(new Command.CommitUpload(upload.id())));
      assertThat(refusal.code()).isEqualTo(ErrorCode.DATA_MALFORMED);
      assertThat(refusal).hasMessageNotContaining("/").hasMessageNotContaining("garbage");
      assertThat(folder.resolve("state/uploads").resolve(upload.id())).doesNotExist();
    }
  }

  // Interruption.

  @Test
  void anUploadGoesOnAfterARestart() throws Exception {
    var upload = sealed(threeChunks(8));
    airline.open(upload, 0);
    Bytes part = upload.parts().getFirst();
    int first = SealedHeader.BYTES + CHUNK;
    assertThat(airline.put(upload.id(), 0, 0, piece(part, 0, first))).isEqualTo(200);
    room.restart();
    assertThat(airline.open(upload, 0).offsets()).containsExactly((long) first);
    assertThat(airline.put(upload.id(), 0, first, piece(part, first, part.size()))).isEqualTo(200);
    // Whole, and found to be what it is.
    assertThat(TestRoom.refusal(() -> airline.ask(new Command.CommitUpload(upload.id()))).code())
        .isEqualTo(ErrorCode.DATA_MALFORMED);
  }

  @Test
  void anUploadWhoseBeginningACrashCutOffIsForgotten() throws Exception {
    Path cut = folder.resolve("state/uploads").resolve("c".repeat(32));
    Files.createDirectories(cut);
    Files.writeString(cut.resolve("record.new"), "half");
    room.restart();
    assertThat(cut).doesNotExist();
  }

  @Test
  void aRoomWhoseOpeningACrashCutOffIsForgottenAndCanBeOpened() throws Exception {
    var other = new TestRoom(folder, room.server, InstantSource.system());
    var proposal = other.airline.signed(other.collaborationYaml(1));
    Path cut =
        folder
            .resolve("state/rooms")
            .resolve(proposal.digest().toString().substring("sha256:".length()));
    Files.createDirectories(cut);
    Files.createFile(cut.resolve("ledger"));
    room.restart();
    other.server = room.server;
    other.reconnect();
    other.activate();
    Reply.Status status = other.media.ask(new Command.Status());
    assertThat(status.active()).isPresent();
  }

  @Test
  void aDiskThatTakesNoMoreIsOneErrorAndLosesNothing() throws Exception {
    var upload = sealed(threeChunks(9));
    airline.open(upload, 0);
    Bytes part = upload.parts().getFirst();
    int first = SealedHeader.BYTES + CHUNK;
    assertThat(airline.put(upload.id(), 0, 0, piece(part, 0, first))).isEqualTo(200);
    // A folder where the next part's file would be, and a file where the next upload's folder would
    // be.
    var another = sealed(threeChunks(10));
    Path inTheWay = folder.resolve("state/uploads").resolve(another.id());
    Files.writeString(inTheWay, "");
    var refusal = TestRoom.refusal(() -> airline.open(another, 0));
    assertThat(refusal.code()).isEqualTo(ErrorCode.STORAGE_FULL);
    assertThat(refusal).hasMessageNotContaining(folder.toString());
    Files.delete(inTheWay);
    airline.open(another, 0);
    assertThat(airline.open(upload, 0).offsets()).containsExactly((long) first);
    assertThat(airline.put(upload.id(), 0, first, piece(part, first, part.size()))).isEqualTo(200);
  }
}
