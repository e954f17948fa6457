package cloister.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Binding;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class SevGuestTest {
  private static final Binding BINDING = Binding.of("cloister/test/v1", Bytes.utf8("nonce"));

  /// Linux's sev-guest driver with a security processor behind it: structs as linux/sev-guest.h has
  /// them, reserved bytes that have to be zero, and a key that depends on what is selected.
  private static final class FakeProcessor implements KernelDevice {
    int status;
    int reportBytes = 1184;
    byte measurement = 7;

    @Override
    @SuppressWarnings("restricted") // reads through pointers, as the kernel does
    public void call(long code, MemorySegment ioctl) throws IOException {
      if (ioctl.byteSize() != 32 || ioctl.get(ValueLayout.JAVA_BYTE, 0) != 1) {
        throw new IOException("errno 22");
      }
      long request = ioctl.get(ValueLayout.JAVA_LONG, 8);
      long response = ioctl.get(ValueLayout.JAVA_LONG, 16);
      if (code == 0xc020_5300L) {
        var asked = MemorySegment.ofAddress(request).reinterpret(96);
        assertThat(asked.asSlice(64, 32).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(new byte[32]);
        var given = MemorySegment.ofAddress(response).reinterpret(4000);
        given.set(ValueLayout.JAVA_INT, 0, status);
        given.set(ValueLayout.JAVA_INT, 4, reportBytes);
        MemorySegment.copy(asked, 0, given, 32 + 0x50, 64);
      } else if (code == 0xc020_5301L) {
        var asked = MemorySegment.ofAddress(request).reinterpret(32);
        // The chip's key, level 0, no version of anything; policy (bit 0) and measurement (bit 3).
        assertThat(asked.get(ValueLayout.JAVA_LONG, 0)).isZero();
        assertThat(asked.get(ValueLayout.JAVA_LONG, 8)).isEqualTo(0b1001);
        assertThat(asked.asSlice(16).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(new byte[16]);
        var given = MemorySegment.ofAddress(response).reinterpret(64);
        given.set(ValueLayout.JAVA_INT, 0, status);
        given.asSlice(32, 32).fill(measurement);
      } else {
        throw new IOException("errno 25");
      }
    }
  }

  private final FakeProcessor processor = new FakeProcessor();
  private final SevGuest guest = new SevGuest(processor, new Attempts(2, Duration.ZERO));

  @Test
  void aReportHasTheBindingInItsReportData() throws Exception {
    var evidence = guest.evidence(BINDING);
    assertThat(evidence.tee()).isEqualTo(Tee.SEV_SNP);
    assertThat(evidence.report().size()).isEqualTo(1184);
    assertThat(evidence.report().slice(0x50, 0x90)).isEqualTo(BINDING.reportData());
  }

  @Test
  void theRootIsTheSameForTheSameMeasurementAndIsNotTheKeyItself() throws Exception {
    try (var first = guest.root();
        var again = guest.root()) {
      assertThat(again).isEqualTo(first);
      assertThat(first.size()).isEqualTo(32);
      assertThat(Bytes.of(first.expose()).hex()).doesNotContain("0707");
      processor.measurement = 8;
      try (var other = guest.root()) {
        assertThat(other).isNotEqualTo(first);
      }
    }
  }

  @Test
  void aRefusalAKeyOfZerosAndAReportOfAnotherSizeAreRefused() {
    processor.status = 0x16;
    assertThatThrownBy(() -> guest.evidence(BINDING)).isInstanceOf(PlatformException.class);
    assertThatThrownBy(guest::root)
        .isInstanceOf(PlatformException.class)
        .hasRootCauseMessage("the security processor answered with status 22");
    processor.status = 0;
    processor.measurement = 0;
    assertThatThrownBy(guest::root)
        .isInstanceOf(PlatformException.class)
        .hasRootCauseMessage("a key of zeros");
    processor.reportBytes = 4001;
    assertThatThrownBy(() -> guest.evidence(BINDING)).isInstanceOf(PlatformException.class);
  }
}
