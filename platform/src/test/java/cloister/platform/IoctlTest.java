package cloister.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// The real call, on devices that every Linux has.
@EnabledOnOs(OS.LINUX)
final class IoctlTest {
  /// RNDGETENTCNT, `_IOR('R', 0, int)`.
  private static final long ENTROPY = 0x8004_5200L;

  @Test
  void anIoctlWritesToItsArgument() throws Exception {
    try (var arena = Arena.ofConfined()) {
      var bits = arena.allocate(ValueLayout.JAVA_INT);
      bits.set(ValueLayout.JAVA_INT, 0, -1);
      Ioctl.of(Path.of("/dev/urandom")).call(ENTROPY, bits);
      assertThat(bits.get(ValueLayout.JAVA_INT, 0)).isBetween(0, 4096);
    }
  }

  @Test
  void errorsHaveTheirNumber() {
    try (var arena = Arena.ofConfined()) {
      var argument = arena.allocate(32);
      assertThatThrownBy(() -> Ioctl.of(Path.of("/dev/null")).call(NitroModule.RAW, argument))
          .isInstanceOf(IOException.class)
          .hasMessage("ioctl 0xc0200a00 of /dev/null: errno 25"); // ENOTTY
      assertThatThrownBy(() -> Ioctl.of(Path.of("/dev/none")).call(NitroModule.RAW, argument))
          .isInstanceOf(IOException.class)
          .hasMessage("open of /dev/none: errno 2"); // ENOENT
    }
  }
}
