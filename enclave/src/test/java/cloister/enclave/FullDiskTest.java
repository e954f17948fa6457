package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.crypto.Bytes;
import cloister.crypto.SealedHeader;
import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.ErrorCode;
import cloister.protocol.Reply;
import cloister.testkit.TinyDisk;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The server's state on a file system of four megabytes that is full: one clear error, nothing
/// lost, nothing charged twice, and it goes on without a restart when there is space again.
final class FullDiskTest {
  /// Enough for all that a run records; each test goes from none to so many.
  private static final int BLOCKS = 8;

  private static final String METERED =
      """
      dataset: metered
      unit: email
      columns:
        email: {type: string, semantic: email, use: [join]}
        zip: {type: string, use: [filter]}
      terms:
        - rule: counting
          analysts: [research]
          analyses: [/research/analysis/*]
          purposes: [ResearchAndDevelopment]
          recipients: [research]
          obligations:
            minimum-units: 1
            differential-privacy: {epsilon: 1, delta: 1e-6}
            budget: {epsilon: 100, delta: 1e-3}
      """;

  private static final String ROWS = "email,zip\na@example.org,Z1\nb@example.org,Z2\n";

  @TempDir static Path folder;
  private static TinyDisk disk;
  private static TestRoom room;
  private static TestParticipant airline;

  @BeforeAll
  static void start() throws Exception {
    disk = TinyDisk.mount(Files.createDirectory(folder.resolve("state")), 4 << 20);
    room = TestRoom.active(folder, InstantSource.system());
    airline = room.airline;
    room.share(airline, METERED, ROWS);
  }

  @AfterAll
  static void stop() throws Exception {
    if (room != null) {
      room.close();
    }
    if (disk != null) {
      disk.close();
    }
  }

  private static TestParticipant.SealedUpload sealed(byte[] part) throws Exception {
    return airline.sealUpload(
        TestRoom.dataset(airline, METERED),
        TestRoom.schema(airline, METERED),
        List.of(Bytes.of(part)));
  }

  private static byte[] threeChunks(int seed) {
    byte[] plain = new byte[2 * SealedHeader.DEFAULT_CHUNK_BYTES + 1000];
    new SplittableRandom(seed).nextBytes(plain);
    return plain;
  }

  @Test
  void anUploadGoesOnWhereItWas() throws Exception {
    var upload = sealed(threeChunks(1));
    airline.open(upload, 0);
    Bytes part = upload.parts().getFirst();
    int first = SealedHeader.BYTES + SealedHeader.DEFAULT_CHUNK_BYTES + 16;
    byte[] rest = Arrays.copyOfRange(part.toArray(), first, part.size());
    assertThat(airline.put(upload.id(), 0, 0, Arrays.copyOf(part.toArray(), first))).isEqualTo(200);
    var another = sealed(threeChunks(2));
    disk.fill();
    for (int attempt = 0; attempt < 3; attempt++) {
      var refused = airline.putForReply(upload.id(), 0, first, rest);
      assertThat(refused.statusCode()).isEqualTo(507);
      assertThat(new String(refused.body(), StandardCharsets.UTF_8))
          .isEqualTo("{\"error\":{\"code\":\"storage-full\"}}");
      assertThat(airline.open(upload, 0).offsets()).containsExactly((long) first);
      assertThat(TestRoom.refusal(() -> airline.open(another, 0)).code())
          .isEqualTo(ErrorCode.STORAGE_FULL);
    }
    disk.free();
    assertThat(airline.put(upload.id(), 0, first, rest)).isEqualTo(200);
    assertThat(airline.open(another, 0).offsets()).containsExactly(0L);
    // Whole, and found to be what it is.
    assertThat(TestRoom.refusal(() -> airline.ask(new Command.CommitUpload(upload.id()))).code())
        .isEqualTo(ErrorCode.DATA_MALFORMED);
  }

  @Test
  void whatIsUploadedIsCommittedOnceWhenThereIsSpace() throws Exception {
    Path csv = room.csv("again", ROWS);
    var upload =
        airline.sealUpload(
            TestRoom.dataset(airline, METERED),
            TestRoom.schema(airline, METERED),
            csv,
            room.work("again"));
    airline.open(upload, 0);
    airline.send(upload);
    Path data = TestRoom.place(folder, airline).resolve("data");
    for (int blocks = 0; blocks < BLOCKS; blocks++) {
      Reply.Status before = airline.ask(new Command.Status());
      disk.fillBut(blocks);
      var outcome = outcome(() -> airline.ask(new Command.CommitUpload(upload.id())));
      Reply.Status after = airline.ask(new Command.Status());
      disk.free();
      if (outcome.isEmpty()) {
        assertThat(after.versions()).isNotEqualTo(before.versions());
        break;
      }
      assertThat(outcome).containsExactly(ErrorCode.STORAGE_FULL);
      assertThat(after.versions()).isEqualTo(before.versions());
      assertThat(Disk.list(data)).hasSize(1);
    }
    Reply.Published first = airline.ask(new Command.CommitUpload(upload.id()));
    assertThat(airline.<Reply.Published>ask(new Command.CommitUpload(upload.id())))
        .isEqualTo(first);
    Reply.Status status = airline.ask(new Command.Status());
    assertThat(status.versions()).containsValue(first.version().orElseThrow());
    assertThat(Disk.list(data)).hasSize(1);
  }

  @Test
  void aLedgerThatTookNoMoreGoesOnWithAllThatItAcknowledged() throws Exception {
    boolean suspended = false;
    boolean refused = false;
    disk.fill();
    // The file's last block has room for a few entries.
    for (int attempt = 0; attempt < 100 && !refused; attempt++) {
      Command next = suspended ? new Command.Resume() : new Command.Suspend();
      var outcome = outcome(() -> room.media.ask(next));
      refused = !outcome.isEmpty();
      if (refused) {
        assertThat(outcome).containsExactly(ErrorCode.STORAGE_FULL);
      } else {
        suspended = !suspended;
      }
    }
    assertThat(refused).isTrue();
    // Reading goes on, on a disk that is still full.
    Reply.Status status = airline.ask(new Command.Status());
    assertThat(status.suspendedBy().contains(room.media.name)).isEqualTo(suspended);
    disk.free();
    room.media.ask(new Command.Suspend());
    room.media.ask(new Command.Resume());
    room.restart();
    Reply.Status again = airline.ask(new Command.Status());
    assertThat(again.suspendedBy()).isEmpty();
  }

  @Test
  void aRunIsChargedOnceHoweverFarItsRecordsGot() throws Exception {
    var spent = room.spent("metered");
    var codes = new ArrayList<ErrorCode>();
    for (int blocks = 0; blocks < BLOCKS; blocks++) {
      var question =
          room.adHoc(
              "SELECT COUNT(DISTINCT email) FROM airline.metered WHERE zip = 'Z" + blocks + "'");
      disk.fillBut(blocks);
      codes.addAll(outcome(() -> room.research.ask(question)));
      assertThat(room.spent("metered").subtract(spent)).isLessThanOrEqualTo(BigDecimal.ONE);
      disk.free();
      Reply.Ran answered = room.research.ask(question);
      assertThat(room.research.open(answered).rows()).hasSize(1);
      spent = spent.add(BigDecimal.ONE);
      assertThat(room.spent("metered")).isEqualByComparingTo(spent);
    }
    assertThat(codes).isNotEmpty().containsOnly(ErrorCode.STORAGE_FULL);
  }

  private interface Call {
    Object run() throws Exception;
  }

  /// The code of the refusal; nothing when there was none.
  private static List<ErrorCode> outcome(Call call) throws Exception {
    try {
      assertThat(call.run()).isNotNull();
      return List.of();
    } catch (CloisterException e) {
      return List.of(e.code());
    }
  }
}
