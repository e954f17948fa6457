package cloister.platform;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import cloister.crypto.Secret;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;

/// What an SNP guest asks the security processor for, through Linux's driver (linux/sev-guest.h;
/// AMD 56860, §7): a report where configfs is not there, and a key for this measurement on this
/// chip. Driver and processor speak encrypted to each other; the host carries it.
final class SevGuest implements EvidenceSource, SealingSource {
  static final Path DEVICE = Path.of("/dev/sev-guest");

  /// `_IOWR('S', 0, struct snp_guest_request_ioctl)`.
  static final long GET_REPORT = 0xc020_5300L;

  /// `_IOWR('S', 1, struct snp_guest_request_ioctl)`.
  static final long GET_DERIVED_KEY = 0xc020_5301L;

  /// struct snp_guest_request_ioctl { u8 msg_version; u64 req_data, resp_data, exitinfo2; }
  static final int STRUCT_BYTES = 32;

  static final int REPORT_REQUEST_BYTES = 96;
  static final int REPORT_RESPONSE_BYTES = 4000;
  static final int REPORT_BYTES = 1184;
  static final int KEY_REQUEST_BYTES = 32;
  static final int KEY_RESPONSE_BYTES = 64;

  /// Behind status, size and reserved bytes, in both responses.
  private static final int PAYLOAD_OFFSET = 32;

  /// What goes into the key beside the chip's secret (AMD 56860, MSG_KEY_REQ, GUEST_FIELD_SELECT):
  /// the guest's policy, with which a debuggable guest gets another key, and the measurement. Not
  /// the patch level: an update of the firmware must not lose the state, and which levels are good
  /// enough is for those who appraise.
  static final long POLICY_AND_MEASUREMENT = 1L | 1L << 3;

  private final KernelDevice device;
  private final Attempts attempts;

  SevGuest(KernelDevice device, Attempts attempts) {
    this.device = device;
    this.attempts = attempts;
  }

  @Override
  public Evidence evidence(Binding binding) throws PlatformException {
    return attempts.until(
        "a report from " + DEVICE,
        () -> {
          try (var arena = Arena.ofConfined()) {
            // struct snp_report_req { u8 user_data[64]; u32 vmpl; u8 rsvd[28]; }, level 0
            var request = arena.allocate(REPORT_REQUEST_BYTES, 8);
            MemorySegment.copy(
                binding.reportData().toArray(), 0, request, ValueLayout.JAVA_BYTE, 0, 64);
            var response = arena.allocate(REPORT_RESPONSE_BYTES, 8);
            call(arena, GET_REPORT, request, response);
            int size = response.get(ValueLayout.JAVA_INT, 4);
            if (size != REPORT_BYTES) {
              throw new IOException("a report of %d bytes, not %d".formatted(REPORT_BYTES, size));
            }
            return new Evidence(
                Tee.SEV_SNP,
                Bytes.of(response.asSlice(PAYLOAD_OFFSET, size).toArray(ValueLayout.JAVA_BYTE)));
          }
        });
  }

  /// Derived, so nothing of it lies on the host's disk, to be replaced. It is as good as the
  /// measurement is: where that covers the firmware alone and not kernel, file system and command
  /// line, any system that is started on that firmware gets the same.
  @Override
  public Secret root() throws PlatformException {
    return attempts.until(
        "a key from " + DEVICE,
        () -> {
          try (var arena = Arena.ofConfined()) {
            // struct snp_derived_key_req { u32 root_key_select; u32 rsvd; u64 guest_field_select;
            // u32 vmpl; u32 guest_svn; u64 tcb_version; }: the chip's key, at level 0
            var request = arena.allocate(KEY_REQUEST_BYTES, 8);
            request.set(ValueLayout.JAVA_LONG, 8, POLICY_AND_MEASUREMENT);
            var response = arena.allocate(KEY_RESPONSE_BYTES, 8);
            byte[] key = new byte[ROOT_BYTES];
            try {
              call(arena, GET_DERIVED_KEY, request, response);
              MemorySegment.copy(
                  response, ValueLayout.JAVA_BYTE, PAYLOAD_OFFSET, key, 0, ROOT_BYTES);
              if (Arrays.equals(key, new byte[ROOT_BYTES])) {
                throw new IOException("a key of zeros");
              }
              try (Secret derived = Secret.of(key)) {
                return derived.derive("cloister/sealing/sev-snp/v1", Bytes.utf8(""), ROOT_BYTES);
              }
            } finally {
              response.fill((byte) 0);
              Arrays.fill(key, (byte) 0);
            }
          }
        });
  }

  private void call(Arena arena, long code, MemorySegment request, MemorySegment response)
      throws IOException {
    var ioctl = arena.allocate(STRUCT_BYTES, 8);
    ioctl.set(ValueLayout.JAVA_BYTE, 0, (byte) 1); // msg_version
    ioctl.set(ValueLayout.JAVA_LONG, 8, request.address());
    ioctl.set(ValueLayout.JAVA_LONG, 16, response.address());
    device.call(code, ioctl);
    int status = response.get(ValueLayout.JAVA_INT, 0);
    if (status != 0) {
      throw new IOException("the security processor answered with status " + status);
    }
  }
}
