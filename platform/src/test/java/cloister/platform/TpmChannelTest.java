package cloister.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What a device does that swtpm does not: it answers in pieces, asks for patience, and may be
/// broken.
final class TpmChannelTest {
  private static final Bytes SUCCESS = Bytes.hex("80010000000a00000000");

  /// Has one answer for each command, and gives it in pieces.
  private static final class Device implements ByteChannel {
    private final List<Bytes> answers;
    private final int pieceBytes;
    private final ByteBuffer pending = ByteBuffer.allocate(100_000).flip();
    private int commands;

    Device(int pieceBytes, Bytes... answers) {
      this.answers = List.of(answers);
      this.pieceBytes = pieceBytes;
    }

    @Override
    public int write(ByteBuffer command) {
      int size = command.remaining();
      assertThat(command.getInt(2)).isEqualTo(size);
      pending.clear();
      pending.put(answers.get(Math.min(commands++, answers.size() - 1)).toArray()).flip();
      command.position(command.limit());
      return size;
    }

    @Override
    public int read(ByteBuffer into) {
      if (!pending.hasRemaining()) {
        return -1;
      }
      int count = Math.min(pieceBytes, Math.min(pending.remaining(), into.remaining()));
      for (int i = 0; i < count; i++) {
        into.put(pending.get());
      }
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  private static Tpm tpm(Device device) {
    return new Tpm(device, new Attempts(3, Duration.ZERO));
  }

  private static Bytes failure(int code) {
    return Bytes.concat(Bytes.hex("80010000000a"), Tpm.u32(code));
  }

  @Test
  void anAnswerInPiecesIsPutTogether() throws Exception {
    for (int piece : new int[] {1, 3, 9, 10, 11, 100}) {
      tpm(new Device(piece, SUCCESS)).flush(1);
    }
  }

  @Test
  void whatIsToBeRepeatedIsRepeatedAFewTimes() throws Exception {
    for (int code : new int[] {0x908, 0x90a, 0x920, 0x922}) {
      var device = new Device(100, failure(code), failure(code), SUCCESS);
      tpm(device).flush(1);
      assertThat(device.commands).isEqualTo(3);
      var never = new Device(100, failure(code));
      assertThatThrownBy(() -> tpm(never).flush(1)).isInstanceOf(TpmRefusal.class);
      assertThat(never.commands).isEqualTo(3);
    }
    var refused = new Device(100, failure(0x18b));
    assertThat(tpm(refused).has(0x8100_0003)).isFalse();
    assertThat(refused.commands).isEqualTo(1);
  }

  @Test
  void anAnswerThatIsCutTooLongOrLiesAboutItsSizeIsRefused() {
    for (Bytes bad :
        new Bytes[] {
          Bytes.of(new byte[0]),
          SUCCESS.slice(0, 9),
          Bytes.hex("80010000000c00000000"),
          Bytes.hex("80010000000900000000"),
          Bytes.hex("80017fffffff00000000"),
          Bytes.hex("8001ffffffff00000000"),
          // With sessions, whose parameters are longer than what is there.
          Bytes.hex("80020000000e000000007fffffff"),
          Bytes.hex("80020000000e00000000ffffffff"),
        }) {
      for (int piece : new int[] {1, 100}) {
        assertThatThrownBy(() -> tpm(new Device(piece, bad)).flush(1))
            .as(bad.hex())
            .isInstanceOf(IOException.class);
      }
    }
  }

  /// What is read with the answer and does not belong to it would be taken for the next one.
  @Test
  void moreThanOneAnswerIsRefused() {
    var device = new Device(100, Bytes.concat(SUCCESS, SUCCESS));
    assertThatThrownBy(() -> tpm(device).flush(1)).isInstanceOf(IOException.class);
  }

  @Test
  void anIndexOrRegistersThatTheTpmDoesNotHaveEndTheReading() {
    // A selection of nothing, and of another bank.
    for (String answer :
        new String[] {"00000001000b0300000000000000", "0000000100040300000000000000"}) {
      Bytes parameters = Bytes.concat(Tpm.u32(5), Bytes.hex(answer));
      Bytes whole =
          Bytes.concat(Bytes.hex("8001"), Tpm.u32(10 + parameters.size()), Tpm.u32(0), parameters);
      assertThatThrownBy(() -> tpm(new Device(100, whole)).registers(List.of(4)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("SHA-256 bank");
    }
  }
}
