package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.AuthorityCertificate;
import cloister.crypto.IssuingAlgorithm;
import cloister.crypto.Secret;
import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.ErrorCode;
import cloister.protocol.Reply;
import cloister.testkit.SoftHsm;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/// The whole line with the collaboration's authority in an HSM.
@EnabledIf(
    value = "cloister.testkit.SoftHsm#isInstalled",
    disabledReason = "SoftHSM2 is not installed: apt-get install softhsm2")
final class HsmTest {
  @TempDir Path folder;

  @Test
  void aRoomIsServedAndServedAgainWithItsAuthorityInTheHsm() throws Exception {
    assertThat(SoftHsm.create(folder).run(Served.class, folder.toString())).isEqualTo("served");
  }

  /// Arguments are the library, the slot and a folder.
  static final class Served {
    private Served() {}

    private static EnclaveServer start(String[] arguments, Secret pin) {
      var hsm = new EnclaveServer.Hsm(Path.of(arguments[0]), Long.parseLong(arguments[1]), pin);
      return InsecureServer.start(
          new EnclaveServer.Settings(
              Path.of(arguments[2], "state"),
              "127.0.0.1",
              0,
              4,
              512L << 20,
              Duration.ofSeconds(60),
              Optional.of(hsm),
              Optional.empty()),
          InstantSource.system());
    }

    public static void main(String[] arguments) throws Exception {
      Path folder = Path.of(arguments[2]);
      var wrong = Secret.utf8("wrong pin");
      assertThatThrownBy(() -> start(arguments, wrong).close())
          .isInstanceOfSatisfying(
              CloisterException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.PARAMETER_INVALID));
      assertIsClosed(wrong);

      var pin = Secret.utf8(SoftHsm.PIN);
      try (var room = new TestRoom(folder, start(arguments, pin), InstantSource.system())) {
        // No later use of the token needs it: the authority is made now.
        assertIsClosed(pin);
        room.activate();
        room.enrol();
        room.apply();
        room.publish();
        var answer = room.byKey(room.research, room.overlap());
        var authority = authority(room);
        assertThat(authority.algorithm()).isEqualTo(IssuingAlgorithm.ECDSA_P384_SHA384);

        room.server.close();
        room.server = start(arguments, Secret.utf8(SoftHsm.PIN));
        room.reconnect();
        assertThat(authority(room)).isEqualTo(authority);
        room.media.enrol();
        Reply.Ran again = room.overlap();
        assertThat(again.repeated()).isTrue();
        assertThat(room.byKey(room.research, again)).isEqualTo(answer);
      }
      System.out.println("served");
    }

    private static AuthorityCertificate authority(TestRoom room) throws Exception {
      Reply.Status status = room.airline.ask(new Command.Status());
      return AuthorityCertificate.parse(status.certificateAuthority());
    }

    private static void assertIsClosed(Secret pin) {
      assertThatThrownBy(pin::expose).isInstanceOf(IllegalStateException.class);
    }
  }
}
