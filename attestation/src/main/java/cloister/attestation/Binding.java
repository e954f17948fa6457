package cloister.attestation;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Objects;

/// The 64 bytes of report data that tie evidence to one use of it: a session's nonce and keys, say.
/// SHA-512 over `u16(label bytes) | label | u32(field bytes) | field | …`, so that evidence for one
/// label is none for another, and no byte can move from one field to the next.
public final class Binding {
  static final int BYTES = 64;
  private static final Bytes GPU_LABEL = Bytes.utf8("cloister/gpu/v1");

  private final Bytes reportData;

  private Binding(Bytes reportData) {
    this.reportData = reportData;
  }

  /// @param label what the evidence is for, with a version, as in `cloister/session/v1`
  public static Binding of(String label, Bytes... fields) {
    MessageDigest sha = sha512();
    byte[] name = label.getBytes(StandardCharsets.UTF_8);
    if (name.length == 0 || name.length > 0xffff) {
      throw new IllegalArgumentException("a label has 1 to 65535 bytes, not " + name.length);
    }
    sha.update(ByteBuffer.allocate(2).putShort((short) name.length).flip());
    sha.update(name);
    for (Bytes field : fields) {
      sha.update(ByteBuffer.allocate(4).putInt(field.size()).flip());
      sha.update(field.toArray());
    }
    return new Binding(Bytes.of(sha.digest()));
  }

  /// The 64 bytes themselves, for whoever kept them and audits evidence afterwards. A session
  /// computes its own with [#of].
  public static Binding ofReportData(Bytes reportData) {
    if (reportData.size() != BYTES) {
      throw new IllegalArgumentException(
          "report data have " + BYTES + " bytes, not " + reportData.size());
    }
    return new Binding(reportData);
  }

  /// SHA-256 of the 64 bytes, for TEEs that take less.
  public Bytes sha256() {
    return Bytes.of(Digest.of(reportData).toArray());
  }

  /// The nonce of a GPU's evidence: SHA-256 of `cloister/gpu/v1` and the 64 bytes.
  ///
  /// The enclave computes it from the binding that its own report holds, and asks its GPU with it.
  /// A verifier computes it from the binding that it expects, so evidence of a GPU that was asked
  /// for another session, or by another enclave, does not fit, and neither does evidence with a
  /// nonce of somebody's choice. What a nonce cannot show is the bus between the two: that the GPU
  /// was asked over the enclave's own secured session is what the enclave's measured code does.
  public Bytes gpuNonce() {
    return Bytes.of(Digest.of(Bytes.concat(GPU_LABEL, reportData)).toArray());
  }

  /// All 64 bytes, as a TEE takes them for its report.
  public Bytes reportData() {
    return reportData;
  }

  /// Compares all 32 bytes of a GPU's nonce in constant time.
  boolean isGpuNonce(Bytes found) {
    return MessageDigest.isEqual(gpuNonce().toArray(), found.toArray());
  }

  /// Compares all 64 bytes in constant time.
  boolean isReportData(Bytes found) {
    return MessageDigest.isEqual(reportData.toArray(), found.toArray());
  }

  private static MessageDigest sha512() {
    try {
      return MessageDigest.getInstance("SHA-512");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-512", e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Binding that && isReportData(that.reportData);
  }

  @Override
  public int hashCode() {
    return Objects.hashCode(reportData);
  }

  @Override
  public String toString() {
    return "Binding " + reportData.hex();
  }
}
