package cloister.platform;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/// Documents of the AWS Nitro Security Module (linux/nsm.h): one ioctl with a pair of buffers, a
/// request and room for the response. The binding is the document's `user_data`.
final class NitroModule implements EvidenceSource {
  static final Path DEVICE = Path.of("/dev/nsm");

  /// NSM_IOCTL_RAW, `_IOWR(0x0A, 0, struct nsm_raw)`.
  static final long RAW = 0xc020_0a00L;

  /// struct nsm_raw { struct { u64 addr; u64 len; } request, response; }
  static final int STRUCT_BYTES = 32;

  /// NSM_RESPONSE_MAX_SIZE.
  static final int MOST_RESPONSE_BYTES = 0x3000;

  private final KernelDevice device;
  private final Attempts attempts;

  NitroModule(KernelDevice device, Attempts attempts) {
    this.device = device;
    this.attempts = attempts;
  }

  @Override
  public Evidence evidence(Binding binding) throws PlatformException {
    Bytes request = NsmMessages.attestation(binding.reportData());
    return attempts.until(
        "a document from " + DEVICE,
        () -> new Evidence(Tee.NITRO, NsmMessages.document(exchange(request))));
  }

  private Bytes exchange(Bytes request) throws IOException {
    try (var arena = Arena.ofConfined()) {
      var sent = arena.allocateFrom(ValueLayout.JAVA_BYTE, request.toArray());
      var received = arena.allocate(MOST_RESPONSE_BYTES);
      var raw = arena.allocate(STRUCT_BYTES, 8);
      raw.set(ValueLayout.JAVA_LONG, 0, sent.address());
      raw.set(ValueLayout.JAVA_LONG, 8, request.size());
      raw.set(ValueLayout.JAVA_LONG, 16, received.address());
      raw.set(ValueLayout.JAVA_LONG, 24, MOST_RESPONSE_BYTES);
      device.call(RAW, raw);
      return Bytes.of(received.asSlice(0, length(raw)).toArray(ValueLayout.JAVA_BYTE));
    }
  }

  /// What the driver says that it wrote.
  private static long length(MemorySegment raw) throws IOException {
    long length = raw.get(ValueLayout.JAVA_LONG, 24);
    if (length < 1 || length > MOST_RESPONSE_BYTES) {
      throw new IOException(
          "a response of 1 to %d bytes, not %d".formatted(MOST_RESPONSE_BYTES, length));
    }
    return length;
  }
}
